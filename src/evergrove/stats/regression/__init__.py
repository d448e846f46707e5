"""Meta-regression: moderators, location-scale models, permutation tests, hypotheses about coefficients."""
