"""Many meta-analyses at once: the same numbers as one at a time, by the same source."""
