"""Covariances of comparisons that share a control arm, from the control arm's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import column, refuse_rows, same_length
from evergrove.stats.dependence.options import SharedMeasure
from evergrove.stats.dependence.sampling_covariances import checked_variances, level_codes
from evergrove.stats.options import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray


def shared_control_covariance(
    measure: str,
    vi: ArrayLike,
    control: Sequence[object],
    *,
    n2: ArrayLike,
    events2: ArrayLike | None = None,
    mean2: ArrayLike | None = None,
    sd2: ArrayLike | None = None,
    yi: ArrayLike | None = None,
    n_total: ArrayLike | None = None,
) -> FloatArray:
    """Return the covariance matrix of comparisons that share a control arm, from the control arm's numbers.

    Parameters
    ----------
    measure : SharedMeasure or str
        ``"RR"``, ``"OR"``, ``"RD"``, ``"MD"``, ``"SMD"`` or ``"ROM"``.
    vi : array-like, shape (k,)
        Sampling variances.
    control : sequence, length k
        Names the control arm of each comparison; those that name the same one share it.
    n2 : array-like, shape (k,)
        Size of the control arm.
    events2 : array-like or None
        Its events (RR, OR, RD), corrected as the effects were.
    mean2, sd2 : array-like or None
        Its mean (ROM) and standard deviation (MD, ROM).
    yi, n_total : array-like or None
        Standardised mean differences, and the size of all arms of the study together (SMD).

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    DataError
        For numbers that cannot be or rows that share a control but differ in its numbers.
    UsageError
        For an unknown measure or numbers that are lacking.

    Notes
    -----
    Covariances of two comparisons with one control: log RR 1/e - 1/n; log OR 1/e + 1/(n - e); RD
    p(1 - p)/n; MD sd²/n; log ROM sd²/(n mean²); SMD 1/n + d_i d_j / (2 N), N over all arms.

    References
    ----------
    [Gleser2009], ch. 19; [Franchini2012]; [Lajeunesse2011].

    Examples
    --------
    >>> shared_control_covariance("RR", [0.3, 0.25], ["trial 1", "trial 1"], n2=[50, 50], events2=[10, 10])
    array([[0.3 , 0.08],
           [0.08, 0.25]])
    """
    kind = choose(SharedMeasure, measure, "measure")
    variances = checked_variances(vi)
    k = variances.size
    codes, names = level_codes("control", control, k)
    needed: dict[str, ArrayLike | None] = {"n2": n2}
    needed |= {
        SharedMeasure.MD: {"sd2": sd2},
        SharedMeasure.ROM: {"sd2": sd2, "mean2": mean2},
        SharedMeasure.SMD: {"yi": yi, "n_total": n_total},
    }.get(kind, {"events2": events2})
    lacking = [name for name, value in needed.items() if value is None]
    if lacking:
        raise UsageError(
            f"measure={str(kind)!r}: found no {', '.join(lacking)}; allowed: {', '.join(needed)}; pass them"
        )
    numbers = {name: column(name, value) for name, value in needed.items() if value is not None}
    same_length({"vi": variances, **numbers})
    for name, array in numbers.items():
        bad = ~np.isfinite(array) | (
            (array <= 0) if name not in {"yi", "mean2"} else (name == "mean2") & (array == 0)
        )
        refuse_rows(
            name, array, bad, allowed="a finite number above 0", todo="correct it or add the correction"
        )
    matrix = np.diag(variances)
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        if rows.size > 1:
            own = {key: array[rows] for key, array in numbers.items()}
            if any(np.ptp(array) > 0 for key, array in own.items() if key != "yi"):
                raise DataError(
                    f"control {name}: its rows give different numbers; allowed: the same arm in each row"
                )
            block = _shared(kind, own)
            np.fill_diagonal(block, variances[rows])
            matrix[np.ix_(rows, rows)] = block
    return np.asarray(matrix)


def _shared(kind: SharedMeasure, own: dict[str, FloatArray]) -> FloatArray:
    """Return the covariances of comparisons with one control."""
    n = float(own["n2"][0])
    size = own["n2"].size
    if kind is SharedMeasure.SMD:
        return np.asarray(1.0 / n + np.outer(own["yi"], own["yi"]) / (2.0 * float(own["n_total"][0])))
    if kind is SharedMeasure.MD:
        value = float(own["sd2"][0]) ** 2 / n
    elif kind is SharedMeasure.ROM:
        value = (float(own["sd2"][0]) / float(own["mean2"][0])) ** 2 / n
    else:
        e = float(own["events2"][0])
        if e > n or (e == n and kind is SharedMeasure.OR):
            raise DataError(
                f"events2: found {e:g} of {n:g}; allowed: fewer events than patients; add a correction"
            )
        value = {
            SharedMeasure.RR: 1.0 / e - 1.0 / n,
            SharedMeasure.OR: 1.0 / e + 1.0 / (n - e) if e < n else np.inf,
            SharedMeasure.RD: e / n * (1.0 - e / n) / n,
        }[kind]
    return np.full((size, size), value)
