"""Pooling of many groups of studies in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import same_length
from evergrove.stats.bulk.fits import Columns, Members, Plan, fit_all, plan
from evergrove.stats.bulk.grouping import NOTHING, Grouping, checked_studies, columns_of, flat, group_rows
from evergrove.stats.bulk.intervals import FLAGS
from evergrove.stats.bulk.pooled_groups import FitsByStudy, PooledGroups
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import PoolModel

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray

IN_WORDS = {
    "one-study": "groups of one study: their own estimate, nothing is pooled",
    "two-maxima": "groups whose likelihood has several maxima; the highest is used",
    "hartung-knapp-two-studies": "groups of two studies, whose interval is often too wide to be of use",
    "hartung-knapp-narrower": "groups whose Hartung-Knapp interval is narrower than the classic normal one",
    "classic-interval-used": "groups for which the wider classic interval and test are given",
    "hartung-knapp-zero-width": "groups of equal effects: the interval has no width, which is no certainty",
    "hartung-knapp-factor-one": "groups with factor 1, since narrower than DerSimonian-Laird's interval",
}


class _Studies(NamedTuple):
    """Checked input."""

    yi: FloatArray
    vi: FloatArray
    grouping: Grouping


def _studies(yi: Any, vi: Any, group: Any, data: Any, by: Any) -> _Studies:  # noqa: ANN401 - any frame
    """Return arrays and groups from arrays or from columns of a frame."""
    if data is None and hasattr(yi, "columns"):
        data, yi = yi, None
    if group is not None and by is not None:
        raise UsageError("group, by: found both; allowed: one of them, which mean the same; leave one out")
    group = by if group is None else group
    if group is None:
        raise UsageError(
            "group: found none; allowed: one key per study, or by= with the name of a column; "
            "for one meta-analysis use pool"
        )
    if data is not None:
        names = {"yi": "yi" if yi is None else yi, "vi": "vi" if vi is None else vi, "group": group}
        found = columns_of(data, names)
        yi, vi, group = found["yi"], found["vi"], found["group"]
    if yi is None or vi is None:
        raise UsageError("yi, vi: found one or none; allowed: effects and variances; pass both, or a frame")
    effects, variances = flat("yi", yi), flat("vi", vi)
    k = same_length({"yi": effects, "vi": variances})
    grouping = group_rows(group)
    keys = int(grouping.starts[-1])
    if keys != k:
        raise DataError(
            f"group: found {keys} keys for {k} studies; allowed: one key per study; pass arrays of one length"
        )
    checked_studies(effects, variances, grouping)
    return _Studies(effects, variances, grouping)


def _remarks(found: Columns) -> tuple[Diagnostic, ...]:
    """Return how many fits carry which remark, and the remarks on the whole."""
    flags, converged = found.values["flags"], found.values["converged"]
    counts = [
        Diagnostic(code, f"{count} {words}", "flags")
        for code, words in IN_WORDS.items()
        if (count := int(np.count_nonzero(flags & FLAGS[code])))
    ]
    failed = int(np.count_nonzero(~converged))
    if failed:
        counts.append(
            Diagnostic("no-convergence", f"{failed} fits for which tau² was not found", "converged")
        )
    return (*counts, *found.remarks)


def pool_groups(
    yi: Any = None,  # noqa: ANN401 - array-like, name, or any data frame
    vi: ArrayLike | str | None = None,
    group: ArrayLike | Iterable[Hashable] | str | None = None,
    *,
    data: Any = None,  # noqa: ANN401 - any data frame
    by: ArrayLike | Iterable[Hashable] | str | None = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float | None = None,
    ci: str | None = None,
    level: float = 0.95,
) -> PooledGroups:
    """Pool every group of studies, each as `pool` would, many at once.

    Parameters
    ----------
    yi : array-like, shape (n,), str, or data frame
        Effects on the pooling scale; finite. With `data`, the name of their column. Or the data frame itself.
    vi : array-like, shape (n,), or str
        Sampling variances (not standard errors); finite and above 0. With `data`, a column's name. In a frame
        the columns are ``"yi"`` and ``"vi"`` unless named otherwise.
    group : sequence, shape (n,), or str or list of str
        Key of the group of each study: numbers, strings, dates, tuples; in any order. With `data`, the
        name of a column, or a list of names whose values together are the key (a tuple).
    data : data frame or None
        pandas, polars, pyarrow or another that narwhals knows.
    by : as `group`
        The same under the name that frames use for it.
    model : PoolModel or str
        ``"random"`` or ``"common"``.
    tau2 : Tau2Method, str, float or None
        Any estimator (None is ``"REML"``) but ``"GENQ"`` and ``"GENQM"``, or a known variance not below 0.
    ci : IntervalMethod, str or None
        Any but ``"kenward-roger"``. None is Hartung-Knapp for random effects and normal for a common effect.
    level : float
        Of the intervals, in (0, 1).

    Returns
    -------
    PooledGroups
        One array per quantity; groups in the order in which they first appear. `PooledGroups.fit` gives the
        whole `PoolResult` of a group.

    Raises
    ------
    DataError
        For effects or variances that cannot be, naming rows and groups, and for missing keys.
    UsageError
        For an option that is unknown or only single fits have.

    See Also
    --------
    pool : one meta-analysis with all that belongs to it.
    leave_one_out_groups, cumulative_groups : each group without each study, or as its studies accrue.
    gosh : all subsets of one meta-analysis.

    Notes
    -----
    The numbers are those of `pool` (to rounding), since both run the same source; with numba (the extra
    ``fast``) it is compiled and runs on all cores, without it NumPy fits groups of equal size side by side.
    A group whose tau² is not found is not an error here: ``converged`` is False and its columns are NaN.
    Time and memory are linear in the number of studies; beyond the input it takes about 70 bytes per group
    and, where rows of a group are apart, 8 per study.

    References
    ----------
    As `pool`; the search of the likelihood is described in docs/methods/bulk.md.

    Examples
    --------
    >>> fits = pool_groups([0.1, 0.3, 0.5, -0.2], [0.02, 0.03, 0.02, 0.05], ["a", "a", "a", "b"])
    >>> fits.estimate.round(3), fits.k
    (array([ 0.3, -0.2]), array([3, 1]))
    >>> fits["a"].k
    3

    A frame with the columns yi and vi:

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"yi": [0.1, 0.3, 0.5], "vi": [0.02, 0.03, 0.02], "outcome": ["a", "a", "b"]})
    >>> pool_groups(frame, by="outcome", tau2="DL", ci="normal").k
    array([2, 1])
    """
    chosen = plan(model, tau2, ci, level)
    studies = _studies(yi, vi, group, data, by)
    grouping = studies.grouping
    k = np.diff(grouping.starts)
    found = fit_all(chosen, studies.yi, studies.vi, Members(grouping.rows, grouping.starts[:-1], k))
    return PooledGroups(
        group=grouping.labels,
        k=k,
        **found.values,
        options=chosen,
        diagnostics=_remarks(found),
        yi=studies.yi,
        vi=studies.vi,
        grouping=grouping,
    )


def _by_study(chosen: Plan, studies: _Studies, kind: str) -> FitsByStudy:
    """Fit each group once per study, and put the fits in the order of the input."""
    grouping = studies.grouping
    sizes = np.diff(grouping.starts)
    first = np.repeat(grouping.starts[:-1], sizes)
    place = np.arange(studies.yi.size) - first
    if kind == "leave-one-out":
        members = Members(grouping.rows, first, np.repeat(sizes, sizes) - 1, place)
    else:
        members = Members(grouping.rows, first, place + 1, NOTHING)
    found = fit_all(chosen, studies.yi, studies.vi, members)
    order: NDArray[np.intp] | slice = slice(None)
    if grouping.rows.size:
        order = np.empty(studies.yi.size, dtype=np.intp)
        order[grouping.rows] = np.arange(studies.yi.size)
    return FitsByStudy(
        group=np.repeat(grouping.labels, sizes)[order],
        k=members.sizes[order],
        **{name: values[order] for name, values in found.values.items()},
        options=chosen,
        diagnostics=_remarks(found),
        kind=kind,
    )


def leave_one_out_groups(
    yi: Any = None,  # noqa: ANN401 - array-like, name, or any data frame
    vi: ArrayLike | str | None = None,
    group: ArrayLike | Iterable[Hashable] | str | None = None,
    *,
    data: Any = None,  # noqa: ANN401 - any data frame
    by: ArrayLike | Iterable[Hashable] | str | None = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float | None = None,
    ci: str | None = None,
    level: float = 0.95,
) -> FitsByStudy:
    """Pool every group again without each of its studies.

    Parameters
    ----------
    yi, vi, group, data, by, model, tau2, ci, level
        As `pool_groups`.

    Returns
    -------
    FitsByStudy
        Row i is the group of study i without it, in the order of the input; NaN for a group of one.

    Raises
    ------
    DataError, UsageError
        As `pool_groups`.

    See Also
    --------
    leave_one_out : one meta-analysis and any model.

    Examples
    --------
    >>> leave_one_out_groups([0.1, 0.3, 0.8], [0.1, 0.1, 0.1], ["a", "a", "a"]).estimate.round(3)
    array([0.55, 0.45, 0.2 ])
    """
    return _by_study(plan(model, tau2, ci, level), _studies(yi, vi, group, data, by), "leave-one-out")


def cumulative_groups(
    yi: Any = None,  # noqa: ANN401 - array-like, name, or any data frame
    vi: ArrayLike | str | None = None,
    group: ArrayLike | Iterable[Hashable] | str | None = None,
    *,
    data: Any = None,  # noqa: ANN401 - any data frame
    by: ArrayLike | Iterable[Hashable] | str | None = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float | None = None,
    ci: str | None = None,
    level: float = 0.95,
) -> FitsByStudy:
    """Pool every group as its studies accrue, in the order given.

    Parameters
    ----------
    yi, vi, group, data, by, model, tau2, ci, level
        As `pool_groups`; sort the rows by date first.

    Returns
    -------
    FitsByStudy
        Row i is the pool of the studies of its group up to and with study i. Repeated looks at accruing data
        raise the type-I error: these are no tests.

    Raises
    ------
    DataError, UsageError
        As `pool_groups`.

    References
    ----------
    [Lau1992].

    Examples
    --------
    >>> cumulative_groups([0.1, 0.3, 0.8], [0.1, 0.1, 0.1], ["a", "a", "a"], ci="normal").estimate.round(3)
    array([0.1, 0.2, 0.4])
    """
    return _by_study(plan(model, tau2, ci, level), _studies(yi, vi, group, data, by), "cumulative")
