"""Tests on stratified tables: Cochran-Mantel-Haenszel, and homogeneity of odds and rate ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.options import choose
from evergrove.stats.result import Result
from evergrove.stats.sparse.counts import checked_counts
from evergrove.stats.sparse.mantel_haenszel_formulas import odds_ratio_kernel, rate_ratio_kernel
from evergrove.stats.sparse.options import Homogeneity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StratifiedTest(Result):
    """A chi-square test on stratified tables.

    Parameters
    ----------
    test : str
        In words.
    statistic, df, p_value : float, int, float
        Chi-square, degrees of freedom, upper tail.
    k : int
        Strata that carry information.
    estimate : float or None
        The ratio (natural scale) at which homogeneity was tested.
    diagnostics : tuple of Diagnostic
    options : mapping
        As resolved.
    """

    test: str
    statistic: float
    df: int
    p_value: float
    k: int
    estimate: float | None
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<StratifiedTest {self.test}: chi²={self.statistic:.4f}, df={self.df}, p={self.p_value:.4g}, "
            f"k={self.k}>"
        )


def _association(
    difference: float, variance: float, *, continuity: bool, beyond_zero: bool, what: str
) -> tuple[float, tuple[Diagnostic, ...]]:
    """Return the one-degree-of-freedom chi-square, with the correction where it does not pass 0."""
    if not variance > 0:
        raise DataError(
            f"{what}: found no variance in any stratum; allowed: a stratum with events and non-events in "
            "arms that both have patients; state the counts"
        )
    step = 0.5 if continuity and (beyond_zero or abs(difference) >= 0.5) else 0.0
    remarks: tuple[Diagnostic, ...] = ()
    if continuity and step == 0.0:
        message = "observed and expected events differ by less than 1/2: no continuity correction"
        remarks = (Diagnostic("continuity-correction-left-out", message, "statistic"),)
    return (abs(difference) - step) ** 2 / variance, remarks


def cochran_mantel_haenszel_test(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    continuity: bool = True,
    beyond_zero: bool = False,
    cochran: bool = False,
) -> StratifiedTest:
    """Test whether events are independent of the arm within every study.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients per arm.
    continuity : bool
        Whether 1/2 is taken off the difference between observed and expected events.
    beyond_zero : bool
        Whether that is done even where the difference is smaller than 1/2 (metafor).
    cochran : bool
        Whether the variance has n in its denominator, for fixed arms, rather than n - 1, for fixed margins
        (Cochran 1954; metafor's ``CO``; without continuity meta's ``Q.CMH``).

    Returns
    -------
    StratifiedTest
        One degree of freedom.

    Raises
    ------
    DataError
        For counts that cannot be, and where no study has both events and non-events.
    TooFewStudiesError
        Without any study.

    See Also
    --------
    mantel_haenszel : the estimate.

    Notes
    -----
    The correction is left out where it would pass 0, as R's ``mantelhaen.test`` does. metafor applies it
    there too, and tests the tables after a correction of the pooling, where there is one.

    References
    ----------
    [Mantel1959]; [Cochran1954].

    Examples
    --------
    >>> cochran_mantel_haenszel_test([4, 6, 3], [123, 306, 231], [11, 29, 11], [139, 303, 220])
    <StratifiedTest Cochran-Mantel-Haenszel: chi²=22.0398, df=1, p=2.671e-06, k=3>
    """
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    a, size1, c, size2 = columns.values()
    total, events = size1 + size2, a + c
    # one patient has no variance: its product below is 0
    others = total if cochran else np.maximum(total - 1.0, 1.0)
    variance = (size1 / total) * (size2 / total) * events * ((total - events) / others)
    difference = float((a - size1 * events / total).sum())
    name = "Cochran" if cochran else "Cochran-Mantel-Haenszel"
    statistic, remarks = _association(
        difference, float(variance.sum()), continuity=continuity, beyond_zero=beyond_zero, what=name
    )
    return StratifiedTest(
        test=name,
        statistic=statistic,
        df=1,
        p_value=chi2_tail(statistic, 1),
        k=int((variance > 0).sum()),
        estimate=None,
        diagnostics=remarks,
        options={"continuity": bool(continuity), "beyond_zero": bool(beyond_zero), "cochran": bool(cochran)},
    )


def mantel_haenszel_rates_test(
    events1: ArrayLike,
    time1: ArrayLike,
    events2: ArrayLike,
    time2: ArrayLike,
    *,
    continuity: bool = True,
    beyond_zero: bool = False,
) -> StratifiedTest:
    """Test whether the rates of two arms are equal within every study.

    Parameters
    ----------
    events1, time1, events2, time2 : array-like, shape (k,)
        Events and person-time per arm.
    continuity : bool
        Whether 1/2 is taken off the difference between observed and expected events.
    beyond_zero : bool
        Whether that is done even where the difference is smaller than 1/2 (metafor).

    Returns
    -------
    StratifiedTest
        One degree of freedom.

    Raises
    ------
    DataError
        For counts that cannot be, and without any event.
    TooFewStudiesError
        Without any study.

    References
    ----------
    [Rothman2008], chapter 15.

    Examples
    --------
    >>> mantel_haenszel_rates_test([3, 5], [120.0, 310.0], [9, 11], [118.0, 295.0]).df
    1
    """
    columns = checked_counts({"events1": events1, "time1": time1, "events2": events2, "time2": time2})
    x1, t1, x2, t2 = columns.values()
    share, events = t1 / (t1 + t2), x1 + x2
    difference = float((x1 - events * share).sum())
    variance = float((events * share * (1.0 - share)).sum())
    statistic, remarks = _association(
        difference, variance, continuity=continuity, beyond_zero=beyond_zero, what="Mantel-Haenszel rates"
    )
    return StratifiedTest(
        test="Mantel-Haenszel rates",
        statistic=statistic,
        df=1,
        p_value=chi2_tail(statistic, 1),
        k=int((events > 0).sum()),
        estimate=None,
        diagnostics=remarks,
        options={"continuity": bool(continuity), "beyond_zero": bool(beyond_zero)},
    )


def _expected_events(ratio: float, n1: FloatArray, n2: FloatArray, events: FloatArray) -> FloatArray:
    """Return the events of arm 1 that give each table the odds ratio `ratio` at its margins."""
    if ratio == 1.0:
        return np.asarray(n1 * events / (n1 + n2))
    linear = ratio * (n1 + events) + n2 - events
    root = np.sqrt(linear**2 - 4.0 * ratio * (ratio - 1.0) * n1 * events)
    # the smaller root, without the cancellation of linear - root
    return np.asarray(2.0 * ratio * n1 * events / (linear + root))


def homogeneity_test(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    method: str = Homogeneity.TARONE,
) -> StratifiedTest:
    """Test whether the studies share one odds ratio, without effects per study.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients per arm.
    method : Homogeneity or str
        ``"tarone"`` or ``"breslow-day"``.

    Returns
    -------
    StratifiedTest
        k - 1 degrees of freedom, k the studies with both events and non-events; `estimate` is the
        Mantel-Haenszel odds ratio at which the expected counts are taken.

    Raises
    ------
    DataError
        For counts that cannot be, and where the Mantel-Haenszel odds ratio is undefined.
    TooFewStudiesError
        Without any study.
    UsageError
        For another method.

    Notes
    -----
    Chi-square for large strata only: with a handful of events per study neither the level nor the power can
    be relied on.

    References
    ----------
    [Breslow1980], p. 142; [Tarone1985].

    Examples
    --------
    >>> homogeneity_test([4, 6, 3], [123, 306, 231], [11, 29, 11], [139, 303, 220])
    <StratifiedTest Tarone: chi²=0.9519, df=2, p=0.6213, k=3>
    """
    chosen = choose(Homogeneity, method, "method")
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    a, size1, c, size2 = columns.values()
    pooled = odds_ratio_kernel(a, size1, c, size2)
    if math.isnan(pooled.estimate):
        raise DataError(
            f"homogeneity_test: found {a.sum():g}/{size1.sum():g} and {c.sum():g}/{size2.sum():g} events: "
            "the Mantel-Haenszel odds ratio is 0, infinite or undefined; allowed: events and non-events in "
            "both arms; state the counts"
        )
    ratio = math.exp(pooled.estimate)
    events = a + c
    used = (events > 0) & (events < size1 + size2)
    a, size1, size2, events = a[used], size1[used], size2[used], events[used]
    expected = _expected_events(ratio, size1, size2, events)
    cells = np.stack([expected, size1 - expected, events - expected, size2 - events + expected])
    variance = 1.0 / (1.0 / cells).sum(axis=0)
    statistic = float(((a - expected) ** 2 / variance).sum())
    if chosen is Homogeneity.TARONE:
        statistic -= float((a - expected).sum()) ** 2 / float(variance.sum())
    df = int(used.sum()) - 1
    statistic = max(0.0, statistic) if df else 0.0
    return StratifiedTest(
        test="Tarone" if chosen is Homogeneity.TARONE else "Breslow-Day",
        statistic=statistic,
        df=df,
        p_value=chi2_tail(statistic, df),
        k=int(used.sum()),
        estimate=ratio,
        diagnostics=(),
        options={"method": str(chosen)},
    )


def rate_homogeneity_test(
    events1: ArrayLike, time1: ArrayLike, events2: ArrayLike, time2: ArrayLike
) -> StratifiedTest:
    """Test whether the studies share one rate ratio, given each study's total of events.

    Parameters
    ----------
    events1, time1, events2, time2 : array-like, shape (k,)
        Events and person-time per arm.

    Returns
    -------
    StratifiedTest
        k - 1 degrees of freedom, k the studies with events; `estimate` is the Mantel-Haenszel rate ratio.

    Raises
    ------
    DataError
        For counts that cannot be, and where an arm has no event in all studies.
    TooFewStudiesError
        Without any study.

    Notes
    -----
    Score statistic of the conditional binomial model, less Tarone's correction for estimating the ratio by
    Mantel-Haenszel. Not for a handful of events per study.

    References
    ----------
    [Breslow1987], chapter 3; [Tarone1985].

    Examples
    --------
    >>> rate_homogeneity_test([3, 5], [120.0, 310.0], [9, 11], [118.0, 295.0]).df
    1
    """
    columns = checked_counts({"events1": events1, "time1": time1, "events2": events2, "time2": time2})
    x1, t1, x2, t2 = columns.values()
    pooled = rate_ratio_kernel(x1, t1, x2, t2)
    if math.isnan(pooled.estimate):
        raise DataError(
            f"rate_homogeneity_test: found {x1.sum():g} and {x2.sum():g} events: the rate ratio is 0, "
            "infinite or undefined; allowed: events in both arms; state the counts"
        )
    ratio = math.exp(pooled.estimate)
    used = x1 + x2 > 0
    share = ratio * t1[used] / (ratio * t1[used] + t2[used])
    events = (x1 + x2)[used]
    difference, variance = x1[used] - events * share, events * share * (1.0 - share)
    df = int(used.sum()) - 1
    whole = float((difference**2 / variance).sum()) - float(difference.sum()) ** 2 / float(variance.sum())
    statistic = max(0.0, whole) if df else 0.0
    return StratifiedTest(
        test="Tarone, rate ratios",
        statistic=statistic,
        df=df,
        p_value=chi2_tail(statistic, df),
        k=int(used.sum()),
        estimate=ratio,
        diagnostics=(),
        options={},
    )
