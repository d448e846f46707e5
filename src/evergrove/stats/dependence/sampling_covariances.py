"""Sampling covariances that reports leave out: built from what is known of the effects of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import (
    column,
    entries,
    is_number,
    level_names,
    listed,
    real_array,
    refuse_missing,
    refuse_rows,
    same_length,
)
from evergrove.stats.dependence.nearest_correlation import nearest_correlation
from evergrove.stats.dependence.random_terms import factor_codes
from evergrove.stats.scalars import finite, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray

#: Smallest eigenvalue of the correlations of a cluster that counts as positive (metafor's).
POSITIVE = 2.220446049250313e-16


class _Levels(NamedTuple):
    """Codes of a column and the correlations between its levels."""

    codes: NDArray[np.intp]
    correlation: FloatArray


def level_codes(name: str, values: Any, k: int) -> tuple[NDArray[np.intp], tuple[str, ...]]:  # noqa: ANN401 - any column
    """Return codes and names of the levels of a column."""
    array = entries(values)
    if array.shape != (k,):
        raise DataError(f"{name}: found shape {array.shape}; allowed: one per effect, here {k}")
    refuse_missing(name, array)
    codes, names, _ = factor_codes(array)
    return codes, names


def checked_variances(vi: ArrayLike) -> FloatArray:
    """Return checked sampling variances."""
    variances = column("vi", vi)
    refuse_rows(
        "vi (sampling variance)",
        variances,
        ~(np.isfinite(variances) & (variances > 0)),
        allowed="a finite number above 0",
        todo="leave the effect out or correct it",
    )
    return variances


def _level_correlations(name: str, rho: Any, codes: NDArray[np.intp], names: tuple[str, ...]) -> _Levels:  # noqa: ANN401 - number or matrix
    """Return the correlations between the levels of a column, from a number or (levels, matrix)."""
    if isinstance(rho, tuple) and len(rho) == 2 and not np.isscalar(rho[0]):
        order, matrix = [str(one) for one in rho[0]], real_array(f"rho of {name}", rho[1])
        lacking = [one for one in names if one not in order]
        if matrix.shape != (len(order), len(order)) or lacking:
            raise UsageError(
                f"rho of {name}: found levels {', '.join(order)} and shape {matrix.shape}; allowed: a square "
                f"matrix with a row for each of {', '.join(names)}"
            )
        place = [order.index(one) for one in names]
        matrix = matrix[np.ix_(place, place)]
    elif is_number(rho):
        matrix = np.full((len(names), len(names)), finite(f"rho of {name}", rho))
        np.fill_diagonal(matrix, 1.0)
    else:
        raise UsageError(f"rho of {name}: found {rho!r}; allowed: a number, or (levels, matrix)")
    if not (np.abs(matrix) <= 1).all() or not np.allclose(matrix, matrix.T):
        raise UsageError(f"rho of {name}: allowed: correlations from -1 to 1, a symmetric matrix")
    return _Levels(codes, matrix)


def _both_levels(
    rho: Any,  # noqa: ANN401 - one or two
    obs: Any,  # noqa: ANN401 - any column
    type_of: Any,  # noqa: ANN401 - any column
    k: int,
) -> tuple[_Levels, _Levels]:
    """Return correlations of observations and of types."""
    none = _Levels(np.zeros(k, dtype=np.intp), np.ones((1, 1)))
    given = [name for name, one in (("obs", obs), ("type", type_of)) if one is not None]
    if given and rho is None:
        raise UsageError(f"rho: found None; allowed: the correlation of different {' and '.join(given)}")
    if len(given) == 2:
        parts = list(rho) if isinstance(rho, list | tuple) and len(rho) == 2 else None
        if parts is None:
            raise UsageError("rho: allowed with obs and type: two, within a type and between types")
        return (
            _level_correlations("obs", parts[0], *level_codes("obs", obs, k)),
            _level_correlations("type", parts[1], *level_codes("type", type_of, k)),
        )
    if given == ["obs"]:
        return _level_correlations("obs", rho, *level_codes("obs", obs, k)), none
    if given == ["type"]:
        return none, _level_correlations("type", rho, *level_codes("type", type_of, k))
    return none, none


class _Contrast(NamedTuple):
    """Groups, times and group sizes of the two sides of each effect."""

    groups: tuple[NDArray[Any], NDArray[Any]]
    times: tuple[FloatArray, FloatArray]
    sizes: tuple[FloatArray, FloatArray]


def _side(a: int, b: int, one: _Contrast, phi: float) -> FloatArray:
    """Return the correlation of side a of row i with side b of row j, times 1/√(n n)."""
    same = one.groups[a][:, None] == one.groups[b][None, :]
    gap = np.abs(one.times[a][:, None] - one.times[b][None, :])
    apart = np.where(gap == 0, 1.0, np.power(phi, gap))
    return np.asarray(same * apart / np.sqrt(one.sizes[a][:, None] * one.sizes[b][None, :]))


def _contrast_correlation(one: _Contrast, phi: float) -> FloatArray:
    """Return the correlation that shared groups and nearby times give two contrasts."""
    covariance = _side(0, 0, one, phi) - _side(0, 1, one, phi) - _side(1, 0, one, phi) + _side(1, 1, one, phi)
    own = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / own[:, None] / own[None, :])


def _contrasts(
    k: int,
    grp1: Any,  # noqa: ANN401 - any column
    grp2: Any,  # noqa: ANN401 - any column
    times: tuple[ArrayLike | None, ArrayLike | None],
    sizes: tuple[ArrayLike | None, ArrayLike | None],
) -> _Contrast:
    """Return checked groups, times and sizes."""
    if grp2 is not None and grp1 is None:
        raise UsageError("grp2: given without grp1; allowed: grp1 alone, both, or neither")
    for name, pair in (("time", times), ("w", sizes)):
        if pair[1] is not None and (pair[0] is None or grp2 is None):
            raise UsageError(f"{name}2: given without {name}1 and grp2; allowed: with both")
    first = np.array(["1"] * k if grp1 is None else level_names("grp1", grp1, "one per effect"))
    second = np.array(["\0second"] * k if grp2 is None else level_names("grp2", grp2, "one per effect"))
    columns = {}
    for name, value, default in (
        ("time1", times[0], np.ones(k)),
        ("time2", times[1] if times[1] is not None else times[0], np.ones(k)),
        ("w1", sizes[0], np.ones(k)),
        ("w2", sizes[1] if sizes[1] is not None else sizes[0], np.ones(k)),
    ):
        array = default if value is None else column(name, value)
        low = array <= 0 if name.startswith("w") else np.zeros(array.size, dtype=bool)
        refuse_rows(name, array, ~np.isfinite(array) | low, allowed="a finite number", todo="fill in")
        columns[name] = array
    same_length({**columns, "vi": np.ones(k), "grp1": np.ones(first.size), "grp2": np.ones(second.size)})
    return _Contrast((first, second), (columns["time1"], columns["time2"]), (columns["w1"], columns["w2"]))


def vcalc(
    vi: ArrayLike,
    cluster: Sequence[object],
    *,
    subgroup: Sequence[object] | None = None,
    obs: Sequence[object] | None = None,
    type: Sequence[object] | None = None,  # noqa: A002 - metafor's name
    time1: ArrayLike | None = None,
    time2: ArrayLike | None = None,
    grp1: Sequence[object] | None = None,
    grp2: Sequence[object] | None = None,
    w1: ArrayLike | None = None,
    w2: ArrayLike | None = None,
    rho: Any = None,  # noqa: ANN401 - number, two, or matrices
    phi: float | None = None,
    rvars: ArrayLike | None = None,
    near_positive_definite: bool = False,
) -> FloatArray:
    """Return the covariance matrix of effects whose sampling errors correlate within clusters.

    Parameters
    ----------
    vi : array-like, shape (k,)
        Sampling variances.
    cluster : sequence, length k
        Effects of different clusters (studies) are independent.
    subgroup : sequence or None
        Independent samples within a cluster.
    obs : sequence or None
        Different observations of one construct on the same people; `rho` is their correlation.
    type : sequence or None
        Types of outcome (constructs); `rho` is the correlation between types.
    time1, time2 : array-like or None
        Times of the first and second side of the contrast; `phi` is the correlation one unit apart.
    grp1, grp2 : sequence or None
        Groups compared (arms): effects that share one, such as a control, correlate.
    w1, w2 : array-like or None
        Sizes of the groups; equal where None.
    rho : float, (float, float), or (levels, matrix)
        Correlation of observations, or of types; with both: the pair (observations, types).
    phi : float or None
        Autocorrelation, -1 to 1.
    rvars : array-like, shape (k, m), or None
        Instead of all that: columns that hold, for the rows of each cluster in order, the lower triangle of
        their correlations (with ``vi=1``: covariances).
    near_positive_definite : bool
        Replace a cluster's correlations that are no correlation matrix by the nearest one (Higham 2002).

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    UsageError, DataError
        For arguments that do not fit together, and for a cluster whose correlations are not positive
        definite, naming it.

    See Also
    --------
    impute_covariance, shared_control_covariance

    Notes
    -----
    The correlation of two effects is ρ(type or obs) × that of their contrasts, where two sides of contrasts
    correlate if they are the same group, by phi^|time difference|, weighted by 1/√(n n): metafor's
    ``vcalc``, which however returns such a matrix with a warning where it is not positive definite.
    The value of rho is a guess: repeat the analysis over a range of them.

    References
    ----------
    [Gleser2009]; [Wei2013]; [Higham2002].

    Examples
    --------
    >>> vcalc([0.04, 0.01, 0.09], ["a", "a", "b"], obs=[1, 2, 1], rho=0.5)
    array([[0.04, 0.01, 0.  ],
           [0.01, 0.01, 0.  ],
           [0.  , 0.  , 0.09]])
    >>> vcalc([1.0, 1.0], [1, 1], grp1=["high", "low"], grp2=["placebo", "placebo"])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    variances = checked_variances(vi)
    if np.ndim(vi) == 0:  # one for all
        variances = np.repeat(variances, len(listed("cluster", cluster, "one per effect")))
    k = variances.size
    codes, names = level_codes("cluster", cluster, k)
    if subgroup is not None:
        inner, inner_names = level_codes("subgroup", subgroup, k)
        found, codes = np.unique(codes * len(inner_names) + inner, return_inverse=True)
        names = tuple(
            f"{names[int(one) // len(inner_names)]}, {inner_names[int(one) % len(inner_names)]}"
            for one in found
        )
    if rvars is not None:
        ignored = {"obs": obs, "type": type, "grp1": grp1, "time1": time1, "w1": w1, "rho": rho, "phi": phi}
        used = [name for name, value in ignored.items() if value is not None]
        if used:
            raise UsageError(f"rvars: found with {', '.join(used)}; allowed: rvars alone")
        return _from_columns(variances, real_array("rvars", rvars), codes, names, near_positive_definite)
    observations, types = _both_levels(rho, obs, type, k)
    if time1 is not None and phi is None:
        raise UsageError("phi: found None with time1; allowed: a correlation from -1 to 1")
    decay = 1.0 if phi is None else phi
    if not (is_number(decay) and -1 <= decay <= 1):
        raise UsageError(f"phi: found {shown(phi)}; allowed: -1 to 1; give a correlation")
    whole = _contrasts(k, grp1, grp2, (time1, time2), (w1, w2))
    matrix = np.zeros((k, k))
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        part = _Contrast(*(tuple(side[rows] for side in pair) for pair in whole))  # type: ignore[arg-type]
        same_type = types.codes[rows][:, None] == types.codes[rows][None, :]
        between = np.where(
            same_type,
            observations.correlation[np.ix_(observations.codes[rows], observations.codes[rows])],
            types.correlation[np.ix_(types.codes[rows], types.codes[rows])],
        )
        correlation = between * _contrast_correlation(part, decay)
        matrix[np.ix_(rows, rows)] = _checked(correlation, name, rows, near_positive_definite)
    roots = np.sqrt(variances)
    return np.asarray(matrix * roots[:, None] * roots[None, :])


def _checked(correlation: FloatArray, name: str, rows: NDArray[np.intp], near: bool) -> FloatArray:
    """Return the correlations of a cluster if they are positive definite, or the nearest that are."""
    scale = np.sqrt(np.diag(correlation))
    unit = correlation / scale[:, None] / scale[None, :]
    if rows.size == 1 or float(np.linalg.eigvalsh(unit)[0]) > POSITIVE * rows.size:
        return correlation
    if near:
        return nearest_correlation(correlation)
    raise DataError(
        f"vcalc: the correlations of cluster {name} (rows "
        f"{', '.join(str(int(row)) for row in rows)}) are not "
        "positive definite; allowed: effects that differ in obs, type, time or group; two rows with "
        "the same of "
        "all these are duplicates. Name what distinguishes them, or use near_positive_definite=True"
    )


def _from_columns(
    variances: FloatArray,
    given: FloatArray,
    codes: NDArray[np.intp],
    names: tuple[str, ...],
    near: bool,
) -> FloatArray:
    """Return the matrix from columns that hold the lower triangles."""
    k = variances.size
    sizes = np.bincount(codes)
    if given.ndim != 2 or given.shape[0] != k or given.shape[1] != int(sizes.max()):
        raise DataError(
            f"rvars: found shape {given.shape}; allowed: {k} rows and as many columns as the largest cluster "
            f"has effects, here {int(sizes.max())}"
        )
    matrix = np.zeros((k, k))
    roots = np.sqrt(variances)
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        lower = np.tril(given[rows][:, : rows.size])
        block = lower + np.tril(lower, -1).T
        if not np.isfinite(block).all():
            raise DataError(f"rvars: cluster {name} has missing values; allowed: its whole lower triangle")
        matrix[np.ix_(rows, rows)] = _checked(block, name, rows, near)
    return np.asarray(matrix * roots[:, None] * roots[None, :])


def impute_covariance(
    vi: ArrayLike, cluster: Sequence[object], rho: float, *, smooth: bool = False
) -> FloatArray:
    """Return the covariance matrix of effects with one guessed correlation within each cluster.

    Parameters
    ----------
    vi : array-like, shape (k,)
        Sampling variances.
    cluster : sequence, length k
        Study of each effect.
    rho : float
        Correlation, above -1/(largest cluster - 1) and below 1.
    smooth : bool
        Whether each cluster's variances are replaced by their mean (a chance imbalance of variances then
        carries no weight).

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    DataError, UsageError
        As `vcalc`.

    Notes
    -----
    clubSandwich's ``impute_covariance_matrix``. Use it as a working model and with `robust`.

    References
    ----------
    [Pustejovsky2022].

    Examples
    --------
    >>> impute_covariance([0.04, 0.01], ["a", "a"], 0.8)
    array([[0.04 , 0.016],
           [0.016, 0.01 ]])
    """
    variances = checked_variances(vi)
    codes, _ = level_codes("cluster", cluster, variances.size)
    if smooth:
        variances = (np.bincount(codes, variances) / np.bincount(codes))[codes]
    return vcalc(variances, cluster, obs=list(range(variances.size)), rho=rho)
