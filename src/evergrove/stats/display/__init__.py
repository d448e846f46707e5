"""Results as figures: each takes a result or its columns, computes nothing that the result does not hold."""
