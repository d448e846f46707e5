"""The likelihood of each study by its effect: normal, or exact for the odds ratio of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import checked_level, effects_and_variances, row_labels
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.effects import effect_size
from evergrove.stats.options import EffectMeasure, choose
from evergrove.stats.result import Result
from evergrove.stats.scalars import how_many
from evergrove.stats.sparse.conditional_tables import margins
from evergrove.stats.sparse.counts import checked_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import BoolArray, FloatArray

#: Values of the effect at which curves are taken, and the interval within which each is kept.
POINTS, LEVEL = 1000, 0.9999


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StudyLikelihoods(Result):
    """Likelihoods of k studies at m values of the effect.

    Parameters
    ----------
    effect : ndarray, shape (m,)
        On the pooling scale, evenly spaced.
    likelihood : ndarray, shape (k, m)
        NaN outside the study's normal interval of the level.
    labels : tuple of str
        Names of the studies.
    measure : str or None
        What the effects are.
    exact : bool
        Whether these are exact conditional likelihoods.
    scaled : bool
        Whether each has the area 1 over the axis; else it is the probability (density) of what was observed.
    level : float
        Of the interval.
    diagnostics : tuple of Diagnostic
        What was left out.
    """

    effect: FloatArray
    likelihood: FloatArray
    labels: tuple[str, ...]
    measure: str | None
    exact: bool
    scaled: bool
    level: float
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        kind = "exact" if self.exact else "normal"
        return (
            f"<StudyLikelihoods {len(self.labels)} studies, {kind}, effects {self.effect[0]:.4f} to "
            f"{self.effect[-1]:.4f}>"
        )

    def columns(self) -> dict[str, Any]:
        """Return one row per study and value of the effect."""
        k, m = self.likelihood.shape
        return {
            "study": np.repeat(np.array(self.labels), m),
            "effect": np.tile(self.effect, k),
            "likelihood": self.likelihood.ravel(),
        }


def normal_likelihoods(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    measure: str | None = None,
    points: int = POINTS,
    level: float = LEVEL,
    scaled: bool = True,
    labels: Sequence[str] | None = None,
) -> StudyLikelihoods:
    """Return the normal likelihood of each study over the range of all.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale; finite.
    vi : array-like, shape (k,)
        Sampling variances; finite and above 0.
    measure : EffectMeasure, str or None
        What the effects are, for the axis of `likelihood_plot`.
    points : int
        Values of the effect, 2 or more.
    level : float
        The range, and where each curve ends: the normal interval of each study.
    scaled : bool
        Whether each curve gets the area 1 (by the trapezoidal rule over the axis).
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    StudyLikelihoods

    Raises
    ------
    DataError
        For effects or variances that cannot be.
    UsageError
        For an unknown measure, a level outside (0, 1) or fewer than 2 points.

    See Also
    --------
    likelihood_plot : the picture.
    odds_ratio_likelihoods : exact ones for sparse tables.

    Notes
    -----
    metafor's ``llplot(measure="GEN")``: the density of the observed effect at each true one.

    References
    ----------
    [VanHouwelingen1993].

    Examples
    --------
    >>> found = normal_likelihoods([0.1, 0.5], [0.04, 0.09], points=501)
    >>> np.nanmax(found.likelihood, axis=1).round(2)
    array([1.99, 1.33])
    """
    effects, variances = effects_and_variances(yi, vi)
    level = checked_level(level)
    axis, inside = _axis(effects, variances, level, how_many("points", points, 2))
    z2 = (axis - effects[:, np.newaxis]) ** 2 / variances[:, np.newaxis]
    logs = -0.5 * (z2 + np.log(2.0 * np.pi * variances[:, np.newaxis]))
    name = None if measure is None else str(choose(EffectMeasure, measure, "measure"))
    return StudyLikelihoods(
        effect=axis,
        likelihood=np.where(inside, _likelihood(logs, axis, scaled=scaled), np.nan),
        labels=row_labels(labels, None, effects.size),
        measure=name,
        exact=False,
        scaled=bool(scaled),
        level=level,
        diagnostics=(),
    )


def odds_ratio_likelihoods(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    points: int = POINTS,
    level: float = LEVEL,
    scaled: bool = True,
    labels: Sequence[str] | None = None,
) -> StudyLikelihoods:
    """Return the exact conditional likelihood of the log odds ratio of each study.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Whole numbers: patients with the event and patients, intervention and comparator.
    points, level, scaled, labels
        As in `normal_likelihoods`; the interval is that of the log odds ratio, with 1/2 added to the cells of
        tables with a zero.

    Returns
    -------
    StudyLikelihoods
        Tables without events, or with events only, say nothing of the odds ratio: left out, with a
        diagnostic.

    Raises
    ------
    DataError
        For counts that cannot be or are no whole numbers, or no table that says anything.
    UsageError
        As `normal_likelihoods`.

    Notes
    -----
    Fisher's non-central hypergeometric distribution given the margins (metafor's ``llplot(measure="OR")``).
    Where an arm has no events, or events only, the likelihood does not fall on that side: the curve runs to
    the end of its interval, and its area depends on the axis.

    References
    ----------
    [VanHouwelingen1993].

    Examples
    --------
    >>> found = odds_ratio_likelihoods([3, 0], [20, 15], [9, 2], [20, 15], points=201)
    >>> round(float(found.effect[np.nanargmax(found.likelihood[0])]), 2)
    -1.5
    """
    counts = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2}, whole=True)
    names = np.array(row_labels(labels, None, counts["n1"].size))
    level, wanted = checked_level(level), how_many("points", points, 2)
    tables = [margins(*row) for row in zip(*counts.values(), strict=True)]
    informative = np.array([table.values.size > 1 for table in tables], dtype=bool)
    if not informative.any():
        raise DataError(
            "odds_ratio_likelihoods: found no table with events and non-events; allowed: one or more; state "
            "the counts"
        )
    used = {name: column[informative] for name, column in counts.items()}
    sizes = effect_size("OR", **used)
    axis, inside = _axis(sizes.yi, sizes.vi, level, wanted)
    kept = [table for table, says in zip(tables, informative, strict=True) if says]
    logs = np.empty((len(kept), axis.size))
    for row, (table, observed) in enumerate(zip(kept, used["events1"], strict=True)):
        cumulant = table.moments(axis)[0]
        logs[row] = table.log_weights[round(observed - table.values[0])] + axis * observed - cumulant
    left_out = ", ".join(names[~informative])
    message = "tables without events, or with events only, say nothing of the odds ratio: left out"
    return StudyLikelihoods(
        effect=axis,
        likelihood=np.where(inside, _likelihood(logs, axis, scaled=scaled), np.nan),
        labels=tuple(names[informative].tolist()),
        measure=str(EffectMeasure.OR),
        exact=True,
        scaled=bool(scaled),
        level=level,
        diagnostics=(Diagnostic("no-information", message, left_out),) if left_out else (),
    )


def _axis(yi: FloatArray, vi: FloatArray, level: float, points: int) -> tuple[FloatArray, BoolArray]:
    """Return the values of the effect, shape (m,), and which lie within each study's interval, (k, m)."""
    half = normal_quantile(level) * np.sqrt(vi)
    low, high = yi - half, yi + half
    axis = np.linspace(low.min(), high.max(), points)
    if not (np.diff(axis) > 0).all():
        raise DataError(
            f"yi: found effects about {float(np.abs(yi).max()):g} whose standard errors vanish beside them; "
            "allowed: effects and errors of like size; give the outcome from another origin"
        )
    return axis, (axis >= low[:, np.newaxis]) & (axis <= high[:, np.newaxis])


def _likelihood(logs: FloatArray, axis: FloatArray, *, scaled: bool) -> FloatArray:
    """Return likelihoods of their logs, with the area 1 if asked."""
    if not scaled:
        return np.asarray(np.exp(logs))
    relative = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(relative / np.trapezoid(relative, axis, axis=1)[:, np.newaxis])
