"""The effect sizes of a set of studies, as a result object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.stats.fingerprint import content_hash
from evergrove.stats.result import Result
from evergrove.stats.scales import scale_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.options import EffectMeasure, Scale


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EffectSizes(Result):
    """Effects and sampling variances, one per study, on the pooling scale.

    Parameters
    ----------
    measure : EffectMeasure
        What is compared.
    scale : Scale
        The scale of `yi`: a log risk ratio is on the ``"log"`` scale.
    yi, vi : ndarray, shape (k,)
        Effects and variances; NaN where not estimable.
    corrected : ndarray of bool, shape (k,)
        Rows to which the continuity correction was added.
    estimable : ndarray of bool, shape (k,)
        Rows that can be pooled.
    reasons : tuple of str
        Why a row is not estimable; empty where it is.
    options : mapping
        Options as resolved.
    diagnostics : tuple of Diagnostic
        What was noticed.
    inputs : mapping of str to ndarray
        The columns given.
    """

    measure: EffectMeasure
    scale: Scale
    yi: FloatArray
    vi: FloatArray
    corrected: BoolArray
    estimable: BoolArray
    reasons: tuple[str, ...]
    options: Mapping[str, object]
    diagnostics: tuple[Diagnostic, ...]
    inputs: Mapping[str, FloatArray]

    HIDDEN = ("inputs",)

    @property
    def k(self) -> int:
        """Number of estimable rows."""
        return int(self.estimable.sum())

    @property
    def content_hash(self) -> str:
        """The sha256 of the numbers given and the options as resolved."""
        return content_hash(dict(self.inputs), {"measure": str(self.measure), **self.options})

    def __repr__(self) -> str:
        left_out = self.yi.size - self.k
        more = f", {left_out} not estimable" if left_out else ""
        return f"<EffectSizes {self.measure}, {self.scale} scale, {self.k} studies{more}>"

    def summary(self) -> str:
        """Return one line per row."""
        lines = [repr(self)]
        for row, reason in enumerate(self.reasons):
            note = " (corrected)" if self.corrected[row] else ""
            value = f"{self.yi[row]: .4f}, variance {self.vi[row]:.4g}{note}"
            lines.append(f"row {row}: {reason or value}")
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the effect sizes as JSON-safe data; NaN becomes None."""
        return {**Result.to_dict(self), "inputs_sha256": self.content_hash}

    def columns(self) -> dict[str, Any]:
        """Return the inputs, effects and variances; one row per study."""
        own = {name: getattr(self, name) for name in ("yi", "vi", "corrected", "estimable")}
        return {**self.inputs, **own, "reason": np.array(self.reasons)}


def finished(
    measure: EffectMeasure,
    pair: tuple[FloatArray, FloatArray],
    reasons: list[str],
    *,
    corrected: BoolArray,
    options: Mapping[str, object],
    inputs: Mapping[str, FloatArray],
    diagnostics: tuple[Diagnostic, ...] = (),
) -> EffectSizes:
    """Blank the rows that cannot be pooled and assemble the result.

    Parameters
    ----------
    measure : EffectMeasure
        What is compared.
    pair : tuple of ndarray, shape (k,)
        Effects and variances from a kernel.
    reasons : list of str
        Reasons known beforehand; empty where none.
    corrected : ndarray of bool
        Rows with the continuity correction.
    options, inputs : mapping
        As resolved; as given.
    diagnostics : tuple of Diagnostic
        What was noticed.

    Returns
    -------
    EffectSizes
    """
    yi, vi = pair[0].copy(), pair[1].copy()
    for row in range(yi.size):
        if reasons[row]:
            continue
        if not (np.isfinite(yi[row]) and np.isfinite(vi[row])):
            reasons[row] = f"{measure} is undefined for these numbers (a zero cell, mean or SD)"
        elif vi[row] <= 0:
            reasons[row] = "the sampling variance is 0"
    estimable = np.array([not reason for reason in reasons], dtype=bool)
    yi[~estimable] = np.nan
    vi[~estimable] = np.nan
    for array in (yi, vi):
        array.setflags(write=False)
    return EffectSizes(
        measure,
        scale_of(measure),
        yi,
        vi,
        corrected & estimable,
        estimable,
        tuple(reasons),
        dict(options),
        diagnostics,
        dict(inputs),
    )
