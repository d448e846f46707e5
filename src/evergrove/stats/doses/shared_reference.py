"""Covariances of effects at several doses against one reference, recovered from what reports give."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError
from evergrove.stats.arrays import FAR, NEAR, column, refuse_rows, same_length
from evergrove.stats.doses.options import DifferenceMeasure, DoseCovarianceMethod, DoseDesign
from evergrove.stats.options import choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import BoolArray, FloatArray

MOST_STEPS = 200
TOLERANCE = 1e-12


class RatioCovariance(NamedTuple):
    """Covariance of log ratios against one reference, with the counts behind it.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        Of the doses other than the reference, in their order.
    cases, n : ndarray, shape (m + 1,)
        Effective numbers, the reference among them in its place; NaN where none were needed.
    """

    matrix: FloatArray
    cases: FloatArray
    n: FloatArray


class DifferenceCovariance(NamedTuple):
    """Differences of means against one reference and their covariance.

    Parameters
    ----------
    yi : ndarray, shape (m,)
        Differences of the doses other than the reference.
    matrix : ndarray, shape (m, m)
        Their covariance.
    """

    yi: FloatArray
    matrix: FloatArray


def reference_row(vi: FloatArray, place: str) -> BoolArray:
    """Return which row is the reference: the one whose variance is 0 or missing."""
    found = ~(vi > 0)
    if found.sum() != 1:
        raise DataError(
            f"{place}: found {int(found.sum())} reference rows (variance 0 or missing); allowed: "
            "one, with effect "
            "0; every dose is compared with it"
        )
    return found


def _greenland_longnecker(
    y: FloatArray, cases: FloatArray, n: FloatArray, reference: BoolArray, design: DoseDesign
) -> tuple[FloatArray, FloatArray]:
    """Return cases that keep the margins and fit the ratios, by damped Newton steps."""
    others = ~reference
    total, odds = float(cases.sum()), design is not DoseDesign.INCIDENCE_RATE
    current = cases[others].astype(np.float64).copy()
    top = n[others] if odds else np.full(current.size, np.inf)
    n0 = float(n[reference][0])

    def misfit(a: FloatArray) -> FloatArray | None:
        a0 = total - float(a.sum())
        if not (a0 > 0 and (a > 0).all() and (a < top).all() and (not odds or a0 < n0)):
            return None
        rest, rest0 = (n[others] - a, n0 - a0) if odds else (n[others], n0)
        return np.asarray(y[others] + np.log(a0) + np.log(rest) - np.log(a) - np.log(rest0))

    gap = misfit(current)
    if gap is None:
        shares = n[others] / n.sum()
        current = total * shares
        gap = misfit(current)
    if gap is None:
        raise DataError("cases, n: no counts fit these margins; allowed: cases above 0 and below n")
    for _ in range(MOST_STEPS):
        a0 = total - float(current.sum())
        own = 1.0 / current + (1.0 / (n[others] - current) if odds else 0.0)
        base = 1.0 / a0 + (1.0 / (n0 - a0) if odds else 0.0)
        step = np.linalg.solve(np.diag(own) + base, gap)
        share = 1.0
        while (found := misfit(current + share * step)) is None or np.abs(found).max() > np.abs(gap).max() * (
            1.0 + 1e-9
        ):
            share /= 2.0
            if share < 1e-12:
                break
        if found is None:
            break
        current, gap = current + share * step, found
        if float(np.abs(share * step / current).max()) < TOLERANCE or share < 1e-12:
            break
    if float(np.abs(gap).max()) > 1e-9:
        raise ConvergenceError(
            f"Greenland-Longnecker: largest misfit {float(np.abs(gap).max()):.3g} after "
            f"{MOST_STEPS} steps; look "
            "at cases and n, or use method='hamling'"
        )
    counts = np.empty(n.size)
    counts[others], counts[reference] = current, total - current.sum()
    return counts, n


def _hamling_counts(
    a0: float, b0: float, ratio: FloatArray, v: FloatArray, design: DoseDesign
) -> tuple[FloatArray, FloatArray] | None:
    """Return cases and non-cases (or totals) that give the ratios and variances."""
    own = {
        DoseDesign.CASE_CONTROL: 1.0 / a0 + 1.0 / b0,
        DoseDesign.INCIDENCE_RATE: 1.0 / a0,
        DoseDesign.CUMULATIVE_INCIDENCE: 1.0 / a0 - 1.0 / b0,
    }[design]
    left = v - own
    if not (left > 0).all():
        return None
    risk = a0 * ratio / b0
    sign = {
        DoseDesign.CASE_CONTROL: 1.0,
        DoseDesign.INCIDENCE_RATE: 0.0,
        DoseDesign.CUMULATIVE_INCIDENCE: -1.0,
    }[design]
    a = (1.0 + sign * risk) / left
    return (a, a / risk) if (a > 0).all() else None


def _hamling(
    y: FloatArray,
    v: FloatArray,
    cases: FloatArray,
    n: FloatArray,
    *,
    reference: BoolArray,
    design: DoseDesign,
) -> tuple[FloatArray, FloatArray]:
    """Return counts that fit ratios and variances; the reference's share and the total per case are kept."""
    others = ~reference
    control = design is DoseDesign.CASE_CONTROL
    other_count = n - cases if control else n
    p = float(other_count[reference][0]) / float(other_count.sum())
    z = float(other_count.sum()) / float(cases.sum())
    ratio, variance = np.exp(y[others]), v[others]

    def gap(x: FloatArray) -> FloatArray | None:
        a0, b0 = np.exp(x)
        found = _hamling_counts(float(a0), float(b0), ratio, variance, design)
        if found is None:
            return None
        total_b, total_a = b0 + found[1].sum(), a0 + found[0].sum()
        return np.array([np.log(b0 / total_b / p), np.log(total_b / total_a / z)])

    x = np.log(np.array([float(cases[reference][0]), float(other_count[reference][0])]))
    for _ in range(60):
        if gap(x) is not None:
            break
        x += 0.1
    x = _newton_2(gap, x)
    a0, b0 = np.exp(x)
    found = _hamling_counts(float(a0), float(b0), ratio, variance, design)
    assert found is not None  # noqa: S101 - _newton_2 ends inside the domain
    a, b = np.empty(n.size), np.empty(n.size)
    a[others], a[reference], b[others], b[reference] = found[0], a0, found[1], b0
    return a, (a + b if control else b)


def _newton_2(gap: Callable[[FloatArray], FloatArray | None], x: FloatArray) -> FloatArray:
    """Return the root of two equations by damped Newton steps with difference derivatives."""
    value = gap(x)
    for _ in range(MOST_STEPS):
        if value is None or float(np.abs(value).max()) < 1e-13:
            break
        slopes = np.empty((2, 2))
        for place in range(2):
            shift = np.zeros(2)
            shift[place] = 1e-6
            up, down = gap(x + shift), gap(x - shift)
            if up is None or down is None:
                up, down = (value if up is None else up), (value if down is None else down)
                slopes[:, place] = (up - down) / 1e-6
            else:
                slopes[:, place] = (up - down) / 2e-6
        step = -np.linalg.lstsq(slopes, value, rcond=None)[0]
        share = 1.0
        while (found := gap(x + share * step)) is None or np.abs(found).max() >= np.abs(value).max():
            share /= 2.0
            if share < 1e-10:
                break
        if share < 1e-10 or found is None:
            break
        x, value = x + share * step, found
    if value is None or float(np.abs(value).max()) > 1e-8:
        left = "outside the domain" if value is None else f"misfit {float(np.abs(value).max()):.3g}"
        raise ConvergenceError(
            f"Hamling: no counts fit the ratios and variances ({left}); the reported intervals "
            "contradict cases "
            "and n: check them, or use method='greenland-longnecker'"
        )
    return x


def ratio_covariance(
    yi: ArrayLike,
    vi: ArrayLike,
    cases: ArrayLike,
    n: ArrayLike,
    *,
    design: str,
    method: str = DoseCovarianceMethod.GREENLAND_LONGNECKER,
) -> RatioCovariance:
    """Return the covariance of one study's log ratios at several doses against a shared reference.

    Parameters
    ----------
    yi : array-like, shape (m + 1,)
        Log odds, rate or risk ratios, adjusted or not; 0 in the reference row.
    vi : array-like, shape (m + 1,)
        Variances; 0 or missing in the reference row, and only there.
    cases, n : array-like, shape (m + 1,)
        Cases, and subjects (cases among them) or person-time.
    design : DoseDesign or str
        ``"cc"``, ``"ir"`` or ``"ci"``.
    method : DoseCovarianceMethod or str
        ``"greenland-longnecker"``, ``"hamling"`` or ``"independent"``.

    Returns
    -------
    RatioCovariance

    Raises
    ------
    DataError
        For no or several reference rows, cases or n that cannot be.
    ConvergenceError
        Where no counts fit.

    Notes
    -----
    Covariance of doses i and j: s0/√(s_i s_j) √(v_i v_j), with s0 and s_i from effective counts: 1/A0 + 1/B0
    (cc), 1/A0 (ir), 1/A0 - 1/N0 (ci). Greenland-Longnecker counts keep total cases and each dose's n; as in
    Stata's ``glst`` and R's ``dosresmeta`` they fit odds ratios also for ``"ci"``. Hamling counts reproduce
    ratios and variances exactly; dosresmeta finds them by a loose search and exchanges ir and ci.

    References
    ----------
    [Greenland1992]; [Hamling2008]; [Orsini2012].

    Examples
    --------
    >>> import numpy as np
    >>> found = ratio_covariance(np.log([1, 0.80, 1.16, 1.57]), [0, 0.0542, 0.0563, 0.0563],
    ...                          [165, 74, 90, 122], [337, 167, 186, 212], design="cc")
    >>> round(float(found.matrix[0, 1]), 4)
    0.0188
    """
    kind = choose(DoseDesign, design, "design")
    how = choose(DoseCovarianceMethod, method, "method")
    numbers = {"yi": column("yi", yi), "vi": column("vi", vi)}
    same_length(numbers)
    reference = reference_row(numbers["vi"], "ratio_covariance")
    others = ~reference
    v = numbers["vi"]
    y = np.where(reference, 0.0, numbers["yi"])
    refuse_rows("yi", y, ~(np.abs(y) <= FAR), allowed="a finite number", todo="leave the dose out")
    if how is DoseCovarianceMethod.INDEPENDENT:
        none = np.full(v.size, np.nan)
        return RatioCovariance(np.diag(v[others]), none, none)
    counts = {"cases": column("cases", cases), "n": column("n", n)}
    same_length({**numbers, **counts})
    people = kind is not DoseDesign.INCIDENCE_RATE
    a, total = counts["cases"], counts["n"]
    todo = "correct it; a dose without cases has no ratio: leave it out or join doses"
    refuse_rows("cases", a, ~((a >= NEAR) & (a <= FAR)), allowed="above 0", todo=todo)
    low = total <= a if people else total <= 0
    refuse_rows(
        "n", total, ~(total <= FAR) | low, allowed="above the cases" if people else "above 0", todo=todo
    )
    if how is DoseCovarianceMethod.GREENLAND_LONGNECKER:
        a, total = _greenland_longnecker(y, a, total, reference, kind)
    else:
        a, total = _hamling(y, v, a, total, reference=reference, design=kind)
    each = {
        DoseDesign.CASE_CONTROL: 1.0 / a + 1.0 / (total - a) if people else a,
        DoseDesign.INCIDENCE_RATE: 1.0 / a,
        DoseDesign.CUMULATIVE_INCIDENCE: 1.0 / a - 1.0 / total,
    }[kind]
    base = float(each[reference][0])
    own = base + each[others]
    roots = np.sqrt(v[others] / own)
    matrix = base * np.outer(roots, roots)
    np.fill_diagonal(matrix, v[others])
    return RatioCovariance(matrix, a, total)


def difference_covariance(
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    *,
    reference: int = 0,
    measure: str = DifferenceMeasure.MD,
) -> DifferenceCovariance:
    """Return one study's differences of means at several doses against a reference, with their covariance.

    Parameters
    ----------
    mean, sd, n : array-like, shape (m + 1,)
        Of each dose group.
    reference : int
        Row of the reference dose.
    measure : DifferenceMeasure or str
        ``"MD"`` or ``"SMD"``.

    Returns
    -------
    DifferenceCovariance

    Raises
    ------
    DataError
        For groups that cannot be.
    TooFewStudiesError
        With fewer than two groups.

    Notes
    -----
    MD: variances s²(1/n_i + 1/n_0) and covariances s²/n_0, s the SD pooled over all groups, so that the
    matrix is one of a common-variance model; dosresmeta puts sd_0²/n_0 off the diagonal instead. SMD:
    d_i = MD/s, covariance 1/n_0 + d_i d_j/(2N), variance 1/n_i more.

    References
    ----------
    [Crippa2016a]; [Gleser2009].

    Examples
    --------
    >>> difference_covariance([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [10, 10, 20]).matrix.round(3)
    array([[0.2 , 0.1 ],
           [0.1 , 0.15]])
    """
    kind = choose(DifferenceMeasure, measure, "measure")
    groups = {"mean": column("mean", mean), "sd": column("sd", sd), "n": column("n", n)}
    size = same_length(groups)
    if size < 2:
        raise TooFewStudiesError(f"difference_covariance: found {size} dose groups; allowed: 2 or more")
    if not 0 <= reference < size:
        raise DataError(f"reference: found {reference}; allowed: 0 to {size - 1}")
    for name, array in groups.items():
        low = np.zeros(size, dtype=bool) if name == "mean" else array <= (1 if name == "n" else 0)
        bound = {"mean": "a finite number", "sd": "above 0", "n": "above 1"}[name]
        bad = ~(np.abs(array) <= FAR) | low
        refuse_rows(name, array, bad, allowed=bound, todo="correct the group")
    m, s, count = groups["mean"], groups["sd"], groups["n"]
    pooled = float(((count - 1) * s**2).sum() / (count - 1).sum())
    others = np.arange(size) != reference
    difference = (m - m[reference])[others]
    base = np.diag(1.0 / count[others]) + 1.0 / count[reference]
    if kind is DifferenceMeasure.MD:
        return DifferenceCovariance(difference, pooled * base)
    d = difference / np.sqrt(pooled)
    return DifferenceCovariance(d, base + np.outer(d, d) / (2.0 * count.sum()))
