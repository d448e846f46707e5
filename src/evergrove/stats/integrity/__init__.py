"""Can these printed numbers belong together? Arithmetic only: a verdict on numbers, never on people."""
