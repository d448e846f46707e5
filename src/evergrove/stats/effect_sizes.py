"""The effect sizes of a set of studies, as a result object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.fingerprint import content_hash
from evergrove.stats.options import Scale
from evergrove.stats.result import Result
from evergrove.stats.scales import back_transform, scale_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.options import EffectMeasure


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StudyIntervals(Result):
    """Confidence intervals and tests of single studies.

    Parameters
    ----------
    estimate, ci_low, ci_high : ndarray, shape (k,)
        Effects and limits; NaN where a study is not estimable.
    statistic, p_value : ndarray, shape (k,)
        Wald test of `null`, two-sided, on the pooling scale.
    null : float
        Value tested, on the pooling scale.
    level : float
        Confidence level.
    measure : EffectMeasure
        What is compared.
    scale : Scale
        The scale of estimate and limits.
    """

    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    null: float
    level: float
    measure: EffectMeasure
    scale: Scale

    def __repr__(self) -> str:
        what = f"{self.estimate.size} studies, {100 * self.level:g} %, {self.scale} scale"
        return f"<StudyIntervals {self.measure}, {what}>"

    def columns(self) -> dict[str, Any]:
        """Return estimate, limits and test; one row per study."""
        return {
            name: getattr(self, name) for name in ("estimate", "ci_low", "ci_high", "statistic", "p_value")
        }


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

    def intervals(
        self,
        level: float = 0.95,
        *,
        df: FloatArray | float | None = None,
        natural: bool = False,
        null: float = 0.0,
    ) -> StudyIntervals:
        """Return each study's Wald interval and test.

        Parameters
        ----------
        level : float
            Confidence level, in (0, 1).
        df : array-like, float or None
            Degrees of freedom of t (n1 + n2 - 2 for MD in meta); None: normal.
        natural : bool
            Whether limits are taken back to the measure's natural scale, Freeman-Tukey at each study's
            own size.

        Returns
        -------
        StudyIntervals

        Raises
        ------
        UsageError
            For a level outside (0, 1).

        Examples
        --------
        >>> from evergrove.stats import effect_size
        >>> sizes = effect_size("RR", events1=4, n1=123, events2=11, n2=139)
        >>> sizes.intervals(natural=True).ci_high.round(3)
        array([1.257])
        """
        level = checked_level(level)
        freedom = np.full(self.yi.size, np.nan) if df is None else np.broadcast_to(df, self.yi.shape)
        quantile = np.full(self.yi.size, normal_quantile(level))
        known = ~np.isnan(freedom)
        quantile[known] = -special.stdtrit(freedom[known], (1.0 - level) / 2.0)
        if not np.isfinite(null):
            raise UsageError(f"null: found {null!r}; allowed: a finite number on the pooling scale")
        errors = np.sqrt(self.vi)
        half = quantile * errors
        statistic = np.full(self.yi.size, np.nan)
        with np.errstate(over="ignore"):  # beyond all numbers it is infinite
            np.divide(self.yi - null, errors, out=statistic, where=errors > 0)
        tails = np.where(
            known,
            special.stdtr(np.where(known, freedom, 1.0), -abs(statistic)),
            special.ndtr(-abs(statistic)),
        )
        limits = [self.yi.copy(), self.yi - half, self.yi + half]
        if natural:
            size = self.inputs.get("n", self.inputs.get("time"))
            limits = [back_transform(each, self.measure, n=size, each=True) for each in limits]
        scale = Scale.NATURAL if natural else self.scale
        estimate, low, high = limits
        p_value = 2.0 * tails
        return StudyIntervals(
            estimate, low, high, statistic, p_value, float(null), level, self.measure, scale
        )

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
    yi, vi = np.array(pair[0]), np.array(pair[1])
    open_rows = np.array([not reason for reason in reasons], dtype=bool)
    finite = np.isfinite(yi) & np.isfinite(vi)
    for row in np.flatnonzero(open_rows & ~finite):
        reasons[row] = f"{measure} is undefined for these numbers (a zero cell, mean or SD)"
    for row in np.flatnonzero(open_rows & finite & (vi <= 0)):
        reasons[row] = "the sampling variance is 0" if vi[row] == 0 else "the sampling variance is negative"
    estimable = open_rows & finite & (vi > 0)
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
