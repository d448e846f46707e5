"""The rank correlation test of funnel asymmetry (Begg & Mazumdar)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FloatArray, effects_and_variances
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.kendall import Kendall, kendall
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

FEWEST_STUDIES = 3


@dataclass(frozen=True, slots=True, repr=False)
class RankTest(Result):
    """A rank correlation between effects and their variances.

    Parameters
    ----------
    tau : float
        Kendall's tau-b.
    score, score_se : float
        Concordant minus discordant pairs (continuity-corrected where asked) and its standard error.
    statistic : float
        score / score_se; NaN for the exact test.
    p_value : float
        Two-sided.
    exact : bool
        Whether p comes from the exact distribution.
    k : int
        Studies.
    diagnostics : tuple of Diagnostic
        Ties, few studies.
    options : mapping
        Options as resolved.
    """

    tau: float
    score: float
    score_se: float
    statistic: float
    p_value: float
    exact: bool
    k: int
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        kind = "exact" if self.exact else f"z={self.statistic:.3f}"
        return f"<RankTest tau={self.tau:.4f}, {kind}, p={self.p_value:.3g}, k={self.k}>"

    def summary(self) -> str:
        """Return the test in one line and its remarks."""
        return "\n".join([repr(self).strip("<>"), *(f"note: {remark}" for remark in self.diagnostics)])


def rank_result(
    standardised: FloatArray, spread: FloatArray, *, exact: bool | None, correct: bool, name: str
) -> RankTest:
    """Correlate standardised effects with a measure of spread and assemble the result."""
    if np.unique(spread).size < 2 or np.unique(standardised).size < 2:
        raise DataError(
            f"{name}: found one value for all studies; allowed: studies that differ in effect and in "
            "precision; without them asymmetry cannot be seen"
        )
    found: Kendall = kendall(standardised, spread, exact=exact, correct=correct)
    k = int(spread.size)
    remarks = few_studies(k)
    if found.ties and exact is not False:
        message = "tied values: p comes from the normal approximation with the variance for ties"
        remarks = (*remarks, Diagnostic("ties", message))
    options = {"exact": exact, "correct": correct, "test": name}
    return RankTest(
        found.tau, found.score, found.score_se, found.z, found.p_value, found.exact, k, remarks, options
    )


def rank_test(yi: ArrayLike, vi: ArrayLike, *, exact: bool | None = None, correct: bool = False) -> RankTest:
    """Test for funnel asymmetry by the rank correlation of effects and variances.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    exact : bool or None
        Exact p value; None uses it where there are no ties (metafor's ``ranktest``). False is the normal
        approximation (meta's ``metabias(method.bias = "Begg")``). True with ties is refused.
    correct : bool
        Continuity correction of the normal approximation (meta's ``correct``).

    Returns
    -------
    RankTest

    Raises
    ------
    TooFewStudiesError
        With fewer than 3 studies.
    DataError
        Where all variances are equal.
    UsageError
        For an exact test of tied values.

    See Also
    --------
    regression_test : usually more powerful.

    Notes
    -----
    Kendall's tau-b of (y_i - mean) / √(v_i - 1 / Σ 1/v) and v_i, the mean being that of a common effect.
    It has little power below 25 studies (Begg & Mazumdar) and is not recommended below 10.

    References
    ----------
    [Begg1994]; [Kendall1990].

    Examples
    --------
    >>> rank_test([0.1, 0.3, 0.35, 0.65, 0.5], [0.01, 0.03, 0.05, 0.09, 0.07])
    <RankTest tau=1.0000, exact, p=0.0167, k=5>
    """
    y, v = effects_and_variances(yi, vi)
    k = int(y.size)
    if k < FEWEST_STUDIES:
        raise TooFewStudiesError(f"rank_test: found {k} studies; allowed: 3 or more; leave the test out")
    if v.max() - v.min() <= 1e-10 * v.max():
        raise DataError(
            f"rank_test: found one variance ({float(v[0])!r}) for all studies; allowed: studies of different "
            "precision; without them asymmetry cannot be seen"
        )
    mean = weighted_mean(y, v, 0.0)
    standardised = (y - mean.estimate) / np.sqrt(v - mean.se**2)
    if exact and (np.unique(v).size < k or np.unique(standardised).size < k):
        raise UsageError(
            "exact: found True with tied values; allowed: None or False; ties have no exact test"
        )
    return rank_result(standardised, v, exact=exact, correct=correct, name="rank_test")
