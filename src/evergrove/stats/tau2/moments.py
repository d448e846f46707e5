"""Estimators of tau² that equate a quadratic form of the effects to its expectation.

Each returns the estimate in the unit of the variances, not below 0, as a `Solution`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg, special

from evergrove.errors import UsageError
from evergrove.stats.roots import Solution, bracketed_root
from evergrove.stats.tau2.layout import AnyLayout, generalised_q, profile_at, residual_variances
from evergrove.stats.tau2.quadratic_form import MOST_TERMS, weighted_chi2_cdf

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

NO_DF = Solution(0.0, 0, True, "no degrees of freedom: tau² set to 0")
#: Sidik & Jonkman 2007: what stands in for a Hedges estimate of 0, in the unit of the outcome squared.
SMALLEST_HEDGES_START = 0.01


def _closed(data: AnyLayout, value: float) -> Solution:
    """Return a closed form, cut at 0, in the unit of the variances."""
    if value <= 0.0:
        return Solution(0.0, 0, True, "closed form; not above 0: tau² set to 0")
    return Solution(value * data.scale, 0, True, "closed form")


def _moment(data: AnyLayout, tau2: float) -> float:
    """Return (Q - its expectation at tau² = 0) / trace(P) for weights 1 / (v + tau²)."""
    at = profile_at(data, tau2)
    q, trace = float(at.q[0]), float(at.trace[0])
    return (q - data.df) / trace + tau2


def dersimonian_laird(data: AnyLayout) -> Solution:
    """Return (Q - df) / trace(P) at weights 1/v: DerSimonian & Laird, Control Clin Trials 7 (1986) 177."""
    return NO_DF if data.df == 0 else _closed(data, _moment(data, 0.0))


def two_step_dersimonian_laird(data: AnyLayout) -> Solution:
    """Return the moment estimate at weights 1/(v + DL): DerSimonian & Kacker, CCT 28 (2007) 105-114."""
    if data.df == 0:
        return NO_DF
    return _closed(data, _moment(data, max(0.0, _moment(data, 0.0))))


def _hedges(data: AnyLayout) -> float:
    """Return the unweighted moment estimate, not cut at 0."""
    return (data.sum_of_squares - residual_variances(data)[0]) / data.df


def hedges(data: AnyLayout) -> Solution:
    """Return the unweighted moment estimate: Hedges 1983; Cochran's analysis of variance."""
    return NO_DF if data.df == 0 else _closed(data, _hedges(data))


def two_step_cochran(data: AnyLayout) -> Solution:
    """Return the moment estimate at weights 1/(v + Cochran's): DerSimonian & Kacker 2007."""
    return NO_DF if data.df == 0 else _closed(data, _moment(data, max(0.0, _hedges(data))))


def hunter_schmidt(data: AnyLayout, *, corrected: bool) -> Solution:
    """Return (Q - k) / Σ w; with Q times k / df where corrected (Brannick et al. 2019)."""
    if data.df == 0:
        return NO_DF
    at, k = profile_at(data, 0.0), data.variances.size
    factor = k / data.df if corrected else 1.0
    return _closed(data, (factor * float(at.q[0]) - k) / float(at.weights[0]))


def total_variance(yi: FloatArray) -> float:
    """Return Σ (y - mean)² / k: Sidik and Jonkman's crude start, from the effects as given."""
    return float(np.var(yi - yi[0]))


def hedges_start(data: AnyLayout) -> float:
    """Return Hedges' estimate as a start for Sidik & Jonkman (2007), 0.01 where it is not above 0."""
    value = _hedges(data) * data.scale if data.df else 0.0
    return value if value > 0 else SMALLEST_HEDGES_START


def sidik_jonkman(data: AnyLayout, start: float) -> Solution:
    """Return start · Q / df at weights 1/(v + start): Sidik & Jonkman, JRSS C 54 (2005) 367-384.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`.
    start : float
        First value, above 0, in the unit of the variances.

    Returns
    -------
    Solution
        Above 0 wherever the effects differ, also where nothing else speaks for heterogeneity.
    """
    if data.df == 0:
        return NO_DF
    if start <= 0.0:
        return Solution(0.0, 0, True, "closed form; all effects are equal: tau² set to 0")
    return _closed(data, start / data.scale * generalised_q(data, start / data.scale) / data.df)


def tau2_where_q_is(data: AnyLayout, target: float) -> Solution:
    """Solve Q(tau²) = target on the layout's scale; 1 - target/Q is near to linear in tau²."""
    if generalised_q(data, 0.0) <= target:
        return Solution(0.0, 0, True, "Q at tau² = 0 is not above the target")
    high = data.sum_of_squares / target * (1.0 + 1e-9)
    return bracketed_root(lambda tau2: 1.0 - target / generalised_q(data, tau2), 0.0, high)


def paule_mandel(data: AnyLayout, *, median: bool = False) -> Solution:
    """Return tau² at which the generalised Q equals its degrees of freedom.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`.
    median : bool
        Whether Q shall equal the median of its chi-square distribution instead of the mean
        (Viechtbauer 2021: an estimate that is too large as often as too small).

    Returns
    -------
    Solution
        Source: Paule & Mandel, J Res Natl Bur Stand 87 (1982) 377-385. Q falls steadily in tau²
        (DerSimonian & Kacker 2007), so the root is unique. The empirical Bayes estimator (Morris
        1983) solves the same equation.
    """
    if data.df == 0:
        return NO_DF
    target = 2.0 * float(special.gammaincinv(data.df / 2.0, 0.5)) if median else float(data.df)
    found = tau2_where_q_is(data, target)
    return found._replace(value=found.value * data.scale)


class WeightedForm(NamedTuple):
    """The quadratic form y'P_A y at fixed weights A, with what its distribution needs.

    Parameters
    ----------
    q : float
        Its value.
    within, between : ndarray, shape (k - p, k - p)
        N'VN and N'N for P_A = N N'; the form is a sum of chi-squares weighted by the eigenvalues of
        within + tau² between (Jackson, Res Synth Methods 4 (2013) 220-229).
    """

    q: float
    within: FloatArray
    between: FloatArray

    def probability(self, tau2: float) -> float:
        """Return P(form >= q) at tau² (on the layout's scale): rises steadily from tau² = 0."""
        eigenvalues = np.linalg.eigvalsh(self.within + tau2 * self.between)
        return 1.0 - weighted_chi2_cdf(np.maximum(eigenvalues, 0.0), self.q)


def weighted_form(data: AnyLayout, weights: FloatArray) -> WeightedForm:
    """Return the generalised Q statistic at fixed weights.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`.
    weights : ndarray, shape (k,)
        Above 0, one per study in the order of the input; their unit does not matter.

    Returns
    -------
    WeightedForm
    """
    if data.df > MOST_TERMS:
        raise UsageError(
            f"generalised Q: found {data.df} degrees of freedom; allowed: up to {MOST_TERMS}; "
            "use tau2='PM' and the Q-profile interval for so many studies"
        )
    root = np.sqrt(weights[data.order] / weights.max())[:, np.newaxis]
    complement = linalg.qr(root * data.design)[0][:, data.design.shape[1] :]
    factor = root * complement
    return WeightedForm(
        float(((factor.T @ data.effects) ** 2).sum()),
        factor.T @ (data.variances[:, np.newaxis] * factor),
        factor.T @ factor,
    )


def generalised_moment(data: AnyLayout, weights: FloatArray) -> Solution:
    """Return the moment estimate at fixed weights: DerSimonian & Kacker 2007; metafor's ``GENQ``."""
    if data.df == 0:
        return NO_DF
    form = weighted_form(data, weights)
    return _closed(data, (form.q - float(np.trace(form.within))) / float(np.trace(form.between)))


def generalised_median(data: AnyLayout, weights: FloatArray) -> Solution:
    """Return tau² at which the generalised Q is the median of its distribution: metafor's ``GENQM``."""
    if data.df == 0:
        return NO_DF
    found = tau2_at_probability(data, weighted_form(data, weights), 0.5)
    return found._replace(value=found.value * data.scale)


def tau2_at_probability(data: AnyLayout, form: WeightedForm, probability: float) -> Solution:
    """Solve P(form >= q; tau²) = probability on the layout's scale; 0 where it is already larger there."""
    if form.probability(0.0) >= probability:
        return Solution(0.0, 0, True, "the probability at tau² = 0 is not below the target")
    high = max(data.largest, form.q / float(np.trace(form.between)))
    while form.probability(high) < probability:
        high *= 4.0
    return bracketed_root(lambda tau2: form.probability(tau2) - probability, 0.0, high)
