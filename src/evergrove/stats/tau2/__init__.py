"""The between-study variance tau²: estimators, confidence limits and standard errors for any design.

`lay_out` makes the data scale-free, `estimate_tau2` is the one entry to the estimators, `limits` holds
the confidence limits. All are pure functions of float64 arrays.
"""

from evergrove.stats.tau2.estimate import Tau2Estimate, estimate_tau2
from evergrove.stats.tau2.layout import Contrasts, Layout, Profile, lay_out, profile
from evergrove.stats.tau2.likelihood import maximum_likelihood, restricted_maximum_likelihood
from evergrove.stats.tau2.limits import (
    generalised_q_limits,
    profile_likelihood_limits,
    q_profile,
    wald_limits,
)
from evergrove.stats.tau2.moments import paule_mandel
from evergrove.stats.tau2.standard_error import standard_error_of_tau2

__all__ = [
    "Contrasts",
    "Layout",
    "Profile",
    "Tau2Estimate",
    "estimate_tau2",
    "generalised_q_limits",
    "lay_out",
    "maximum_likelihood",
    "paule_mandel",
    "profile",
    "profile_likelihood_limits",
    "q_profile",
    "restricted_maximum_likelihood",
    "standard_error_of_tau2",
    "wald_limits",
]
