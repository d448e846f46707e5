"""Reads the golden values of `tests/golden/stats` and holds the tolerance of each quantity.

`compare` is what the tests assert and what `validation/measure_agreement.py` reports.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "stats"

#: Relative tolerance (and what sets it) by quantity.
TOLERANCE = {
    # Closed forms: both sides sum in double precision; R prints 15 digits.
    "closed-form": 1e-9,
    # metafor's SMD and ROM: gamma functions and logs, still closed.
    "effect": 1e-9,
    # tau² by iteration: metafor's root is tightened to 1e-14 (absolute, PM) or 1e-12 (REML, absolute
    # change of tau²), which on the smallest tau² of the sets (2e-5) leaves 1e-7.
    "tau2": 1e-6,
    # R's optimize() on a likelihood's flat top: half the digits of double precision.
    "optimised": 1e-6,
    # What follows from an iterated tau².
    "from-tau2": 1e-7,
    # What a fit without one study gives: differences of two fits with an iterated tau² each.
    "deleted": 1e-6,
    # Delta methods whose slope R takes by Richardson's extrapolation (numDeriv::grad), twice for a Hessian.
    "differentiated": 1e-7,
    # hc() rests on R's integrate() at its default tolerance, about 1e-4 (met to 1e-7 here).
    "integrated": 1e-6,
    # tau² drawn for the bootstrap: interpolated in a table of 1500 points, against the exact quantile.
    "tabulated": 1e-4,
    # Bootstrap limits: 25,000 draws against 400,000 others; the quantiles have a standard error of 1 to 2 %.
    "simulated": 5e-2,
    # Newton's method on a partial likelihood: R stops at a relative change of 1e-14 in it, half the digits.
    "newton": 1e-7,
    # A share of 200,000 simulations: its standard error is at most 0.0011, held against shares above 0.1.
    "monte-carlo": 0.03,
    # Components of mixed models: Newton steps on metafor's log-likelihood with difference derivatives, whose
    # rounding leaves up to 5e-7 of a component where the likelihood is flat.
    "component": 1e-6,
    # What follows from such components; small p values magnify it.
    "from-components": 5e-6,
    # What fits without one cluster give: BFGS at reltol 1e-15 on difference derivatives, once per cluster.
    "re-estimated": 2e-4,
    # Profile limits: uniroot tightened to 1e-10 within metafor's inner optimisations.
    "profile": 1e-6,
    # Printed with seven to eight digits.
    "printed": 1e-6,
    # Coefficients where R's optimisers search without derivatives, with a barrier at tau² = 0.
    "derivative-free": 5e-3,
    # Limits where a permutation p value steps: R's root finder stops at 1e-9, absolute.
    "step-function": 1e-7,
    # Standard errors from a second derivative that R takes by differences.
    "numerical-hessian": 1e-5,
    # Tails: R's and SciPy's t and chi-square, out to 1e-300.
    "p-value": 1e-8,
    # Q of three studies almost on a line: R's product y'Py cancels; exact fractions agree with ours to 1e-14.
    "near-line": 1e-8,
    # BiasedUrn's hypergeometric probabilities, asked for a precision of 1e-10.
    "biased-urn": 1e-8,
    # lme4's maxima: bobyqa to 1e-11 and penalised iterations to 1e-13 .. 1e-8, on a likelihood's flat top.
    "lme4": 2e-6,
    # A variance at lme4's maximum: its square root is what bobyqa sees.
    "lme4-variance": 2e-5,
    # lme4's Hessian: differences of 1e-4 of a deviance known to about 1e-10.
    "lme4-hessian": 1e-3,
    # R's uniroot to 1e-14, glm and clogit to 1e-12: what rounding in the function leaves.
    "r-tight-root": 1e-8,
    # A likelihood written out in R, its maximum by Newton on numDeriv's gradient.
    "numeric-peak": 1e-6,
    # numDeriv's second derivatives at that maximum.
    "numeric-hessian": 1e-5,
    # What follows from a tau² that metafor's scoring finds to 1e-12 (absolute): regression tests, filled
    # meta-analyses. tau² of single data sets is near 0.01.
    "bias-iterated": 1e-6,
    # R inverts X'WX whose condition number is 2e11 (a year beside a constant): entries near 0 of what follows
    # keep 6 digits. Exact fractions side with evergrove (2e-10 off).
    "ill-conditioned": 1e-6,
    # rma.mv by BFGS: its likelihood is flat to half the digits.
    "bias-multilevel": 2e-5,
    # R's lm on 1/se of very different sizes, and its correlation near 1 in G².
    "bias-limit": 1e-8,
    # uniroot() to 1e-13 absolute.
    "bias-root": 1e-8,
    # R's noncentral chi-square and F (series to 1e-12) inside uniroot().
    "bias-curve": 1e-6,
    # Maxima of likelihoods: nlminb and Newton with numDeriv's derivatives (about 1e-8).
    "bias-likelihood": 1e-5,
    # nlminb alone: half the digits.
    "bias-flat-top": 1e-4,
    # Contours of such maxima, and where lines fitted to them cross.
    "bias-path": 1e-3,
}
#: A difference below this is rounding of a value that is exactly 0 on paper (never used for p values).
ABSOLUTE = 1e-14


@dataclass(frozen=True)
class Golden:
    """One file of golden values."""

    source: dict[str, Any]
    data: dict[str, dict[str, list[float]]]
    cases: list[dict[str, Any]]

    def columns(self, case: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return the data set that a case names."""
        return {name: np.array(values, dtype=float) for name, values in self.data[case["set"]].items()}


@cache
def golden(name: str) -> Golden:
    """Read one file."""
    content = json.loads((FOLDER / f"{name}.json").read_text())
    return Golden(content["source"], content["data"] or {}, content["cases"])


def seen(name: str, key: str) -> set[str]:
    """Return the values that a key takes over the cases of a file."""
    return {case[key] for case in golden(name).cases if case.get(key) is not None}


def disagreement(ours: Any, theirs: Any, *, absolute: float = ABSOLUTE) -> float:
    """Return the largest relative difference; infinite where one side lacks a value."""
    left = np.atleast_1d(np.array(ours, dtype=float))
    right = np.atleast_1d(np.array(theirs, dtype=float))
    if left.shape != right.shape or bool((np.isnan(left) != np.isnan(right)).any()):
        return math.inf
    both = ~np.isnan(left)
    gap = np.abs(left - right)[both]
    size = np.abs(right[both])
    safe = np.where(size > 0, size, 1.0)
    relative = np.where(gap <= absolute, 0.0, np.where(size > 0, gap / safe, np.inf))
    return float(relative.max(initial=0.0))
