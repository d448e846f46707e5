"""Residuals of studies about a pooled effect, with the study and without it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.influence.case_deletion import SMALLEST_RESIDUAL
from evergrove.stats.influence.refits import leave_one_out
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.result import Result, wanted_result

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

COLUMNS = (
    "residual",
    "residual_se",
    "rstandard",
    "deleted_residual",
    "deleted_residual_se",
    "rstudent",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DeletedResiduals(Result):
    """How far each study's own effect lies from the pooled one; all arrays of shape (k,).

    Parameters
    ----------
    residual, residual_se, rstandard : ndarray
        The study's effect minus the pooled one, the square root of its sampling variance, their ratio.
    deleted_residual, deleted_residual_se, rstudent : ndarray
        The study's effect minus that of the others pooled; √(v + their variance); their ratio.
    labels : tuple of str or None
        Names of the studies.
    reasons : tuple of str
        Why a study has no residual, or none without it; empty where it has both.
    """

    residual: FloatArray
    residual_se: FloatArray
    rstandard: FloatArray
    deleted_residual: FloatArray
    deleted_residual_se: FloatArray
    rstudent: FloatArray
    labels: tuple[str, ...] | None
    reasons: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.residual.size)

    def __repr__(self) -> str:
        furthest = float(np.nanmax(np.abs(self.rstudent), initial=0.0))
        return f"<DeletedResiduals {self.k} studies, furthest {furthest:.3f} standard errors from the others>"

    def summary(self) -> str:
        """Return one line per study."""
        lines = [repr(self)]
        for row, reason in enumerate(self.reasons):
            name = f"row {row}" if self.labels is None else self.labels[row]
            shown = f"rstandard {self.rstandard[row]:.3f}, rstudent {self.rstudent[row]:.3f}"
            lines.append(f"{name}: {reason or shown}")
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per study."""
        return {name: getattr(self, name) for name in COLUMNS}


def deleted_residuals(fit: PoolResult) -> DeletedResiduals:
    """Standardise the residuals of a Mantel-Haenszel or Peto fit, with each study and without it.

    Parameters
    ----------
    fit : PoolResult
        Of `mantel_haenszel`, `mantel_haenszel_rates` or `peto` under the common effect; refitted without each
        study with its own options.

    Returns
    -------
    DeletedResiduals
        A study without an effect of its own, or without which nothing can be pooled, has NaN and its reason.

    Raises
    ------
    UsageError
        For another fit.
    TooFewStudiesError
        With fewer than 2 studies.

    See Also
    --------
    influence_diagnostics : for inverse variances, with or without τ² and moderators.
    standardised_residuals : of multilevel fits.

    Notes
    -----
    metafor's ``rstandard`` and ``rstudent`` of ``rma.mh`` and ``rma.peto``. The study's own effect is that of
    `yi` and `vi` of the fit, corrected where it has a zero cell (`row_correction`; Peto's needs none), so a
    residual of a study with few events rests on the correction. The standard error of a residual leaves out
    that the study is in the pooled effect; `rstudent`, where it is not, is the one to judge by. About one
    study in twenty lies beyond 1.96 by chance.

    References
    ----------
    [Viechtbauer2010b]; [Viechtbauer2021].

    Examples
    --------
    >>> from evergrove.stats import mantel_haenszel
    >>> fit = mantel_haenszel([4, 6, 3, 62], [123, 306, 231, 998], [11, 29, 11, 248], [139, 303, 220, 967])
    >>> deleted_residuals(fit).rstudent.round(2)
    array([ 0.93, -0.43,  0.09, -0.2 ])
    """
    wanted_result("fit", fit, PoolResult)
    if fit.inputs is None or fit.tau2 is not None:
        raise UsageError(
            f"deleted_residuals: found a fit by {fit.method!r}; allowed: mantel_haenszel, "
            "mantel_haenszel_rates or peto under the common effect; for effects and variances use "
            "influence_diagnostics"
        )
    without = leave_one_out(fit)
    own = np.isfinite(fit.yi) & np.isfinite(fit.vi) & (fit.vi > 0)
    yi, vi = np.where(own, fit.yi, math.nan), np.where(own, fit.vi, math.nan)
    residual, deleted = _rounded(yi - fit.estimate), _rounded(yi - without.estimate)
    se, deleted_se = np.sqrt(vi), np.sqrt(vi + without.se**2)
    reasons = tuple(
        reason if has_one else "no effect of its own"
        for has_one, reason in zip(own, without.reasons, strict=True)
    )
    return DeletedResiduals(
        residual=residual,
        residual_se=se,
        rstandard=residual / se,
        deleted_residual=deleted,
        deleted_residual_se=deleted_se,
        rstudent=deleted / deleted_se,
        labels=fit.labels,
        reasons=reasons,
    )


def _rounded(residual: FloatArray) -> FloatArray:
    """Return residuals in which rounding is 0."""
    return np.where(np.abs(residual) < SMALLEST_RESIDUAL, 0.0, residual)
