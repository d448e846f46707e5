"""Choices made study by study: the variance method, and the sign of the effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import column, refuse_rows
from evergrove.stats.scales import measure_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.effect_sizes import EffectSizes


def with_own_variances(names: Sequence[str], compute: Callable[[str], EffectSizes]) -> EffectSizes:
    """Return effect sizes whose variances come from a method per study.

    Parameters
    ----------
    names : sequence of str, length k
        A VarianceMethod for each study.
    compute : callable
        From one method to the effect sizes of all studies; averages over studies ("AV") are over all of them.

    Returns
    -------
    EffectSizes
        With the list of methods in `options`.

    Raises
    ------
    DataError
        Where there is not one method per study.
    """
    found = {str(name): compute(str(name)) for name in names}
    if not found or len(names) != next(iter(found.values())).yi.size:
        k = next(iter(found.values())).yi.size if found else 0
        raise DataError(
            f"variance: found {len(names)} methods; allowed: one for all, or one per study, here {k}; "
            "pass as many as studies"
        )
    rows = [found[str(name)] for name in names]

    def picked(field: str) -> np.ndarray:
        array = np.array([getattr(sizes, field)[row] for row, sizes in enumerate(rows)])
        array.setflags(write=False)
        return array

    return replace(
        rows[0],
        yi=picked("yi"),
        vi=picked("vi"),
        corrected=picked("corrected"),
        estimable=picked("estimable"),
        reasons=tuple(sizes.reasons[row] for row, sizes in enumerate(rows)),
        options={**rows[0].options, "variance": [str(name) for name in names]},
    )


def turned(sizes: EffectSizes, flip: ArrayLike) -> EffectSizes:
    """Return effect sizes with the sign of some effects turned.

    Parameters
    ----------
    sizes : EffectSizes
        Of a measure whose value of no effect is 0.
    flip : array-like of bool, shape (k,) or one
        Studies in which arms or scale run the other way.

    Returns
    -------
    EffectSizes
        With `flip` in `options`.

    Raises
    ------
    UsageError
        For a measure that has no opposite: one of a single group, or an area under a curve.
    DataError
        For another length, or values that are neither true nor false.
    """
    if measure_facts(sizes.measure).null != 0.0:
        raise UsageError(
            f"flip: found {sizes.measure}; allowed: measures whose value of no effect is 0; leave it out"
        )
    marks = column("flip", flip)
    if np.ndim(flip) == 0:
        marks = np.full(sizes.yi.size, marks[0])
    if marks.size != sizes.yi.size:
        raise DataError(
            f"flip: found {marks.size} values; allowed: one, or one per study, here {sizes.yi.size}; check it"
        )
    refuse_rows("flip", marks, ~np.isin(marks, (0.0, 1.0)), allowed="true or false", todo="mark each study")
    yi = np.where(marks == 1.0, -sizes.yi, sizes.yi)
    yi.setflags(write=False)
    return replace(sizes, yi=yi, options={**sizes.options, "flip": (marks == 1.0).tolist()})
