"""Small-study effects and bias: asymmetry tests, trim and fill, selection models, p-curves, fail-safe N."""
