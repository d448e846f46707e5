"""Peto's one-step odds ratio and the difference of arcsines: sparse tables without dividing by a cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import checked_labels, checked_level
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.effect_formulas import peto_parts
from evergrove.stats.options import (
    EffectMeasure,
    PoolModel,
    PredictionMethod,
    Scale,
    Tau2Method,
    ZeroCells,
    choose,
)
from evergrove.stats.pooling import pool
from evergrove.stats.sparse.cell_corrections import Correction, checked_correction
from evergrove.stats.sparse.closed_form_result import PETO_METHOD, ClosedForm, common_effect, random_effects
from evergrove.stats.sparse.counts import checked_counts, without_information
from evergrove.stats.sparse.mantel_haenszel_formulas import Pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.pool_result import PoolResult


def peto(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    model: str = PoolModel.COMMON,
    correction: float = 0.0,
    to: str = ZeroCells.ONLY_ZERO,
    tau2: str | float = Tau2Method.DL,
    ci: str | None = "normal",
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool two-by-two tables by Peto's one-step odds ratio, without continuity correction.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients: intervention, comparator. Events within 0..n.
    model : PoolModel or str
        ``"common"``; ``"random"`` pools (O - E) / V with variance 1 / V by inverse variance and tau².
    correction : float
        Added to every cell of the studies that `to` names; 0 by default, and best so.
    to : ZeroCells or str
        Which studies get it; never those without information.
    tau2, ci, prediction
        Random effects only, as in `pool`.
    level : float
        Confidence level.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult
        Log odds ratio; under the common effect `tau2` is None. `yi` is (O - E) / V and `vi` is 1 / V;
        rows with V = 0 have weight 0 and are named in a diagnostic.

    Raises
    ------
    DataError
        For numbers that cannot be, and where no study has both an event and a patient without one.
    TooFewStudiesError
        Without any study.
    UsageError
        For an unknown option or a negative correction.

    Notes
    -----
    Biased where the odds ratio is far from 1 or the arms are of unequal size (Greenland & Salvan 1990;
    Bradburn 2007): use `mantel_haenszel` there.

    References
    ----------
    [Yusuf1985].

    Examples
    --------
    >>> round(peto([1, 0, 2], [50, 40, 60], [3, 0, 4], [50, 41, 60]).natural().estimate, 4)
    0.4356
    """
    level = checked_level(level)
    chosen = choose(PoolModel, model, "model")
    asked = checked_correction("correction", correction, to, "to")
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    names = checked_labels(labels, columns["n1"].size)
    fit = _fit(columns, names, asked)
    remarks = without_information(~fit.informative, names, "no event, or only events, in both arms")
    options: dict[str, object] = {"measure": "PETO", "level": level}
    if asked.add > 0:
        options |= {"correction": asked.add, "to": str(asked.rule)}
        message = f"{asked.add:g} was added to each cell of the studies chosen by to={str(asked.rule)!r}"
        remarks += (Diagnostic("continuity-correction", message),)
    if chosen is PoolModel.COMMON:
        return common_effect(fit, options, remarks)
    options["model"] = str(chosen)
    return random_effects(fit, options, remarks, tau2=tau2, ci=ci, prediction=prediction)


def _fit(columns: dict[str, np.ndarray], labels: tuple[str, ...] | None, asked: Correction) -> ClosedForm:
    """Return observed minus expected events over their variance, pooled."""
    a, n1, c, n2 = columns.values()
    used = peto_parts(a, n1, c, n2)[1] > 0
    if not used.any():
        raise DataError(
            f"Peto: found {float((a + c).sum()):g} events among {float((n1 + n2).sum()):g} patients and "
            "no study with both events and patients without; allowed: one such study at least; "
            "state the counts"
        )
    step = asked.steps((a, n1 - a, c, n2 - c), used)
    difference, information = peto_parts(a + step, n1 + 2 * step, c + step, n2 + 2 * step)
    all_information = float(information[used].sum())
    estimate = float(difference[used].sum()) / all_information
    yi, vi = np.full(a.size, np.nan), np.full(a.size, np.nan)
    yi[used] = difference[used] / information[used]
    vi[used] = 1.0 / information[used]
    return ClosedForm(
        pooled=Pooled(estimate, 1.0 / all_information, np.where(used, information, 0.0)),
        measure=str(EffectMeasure.PETO),
        scale=Scale.LOG,
        yi=yi,
        vi=vi,
        informative=used,
        q=float((information[used] * (yi[used] - estimate) ** 2).sum()),
        q_df=int(used.sum()) - 1,
        method=PETO_METHOD,
        columns=columns,
        labels=labels,
    )


def arcsine_difference(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str | None = None,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool differences of the arcsine square roots of two risks: defined for every table.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients: intervention, comparator. Events within 0..n.
    model, tau2, ci, prediction
        As in `pool`.
    level : float
        Confidence level.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult
        In radians: arcsin √risk₁ - arcsin √risk₂, variance (1/n1 + 1/n2) / 4. That is its natural scale, too:
        such a difference has no way back to risks.

    Raises
    ------
    DataError
        For numbers that cannot be.
    TooFewStudiesError
        Without any study.
    UsageError
        For an unknown option.

    Notes
    -----
    Needs no correction and includes studies without events, which pull it to 0. A test more than an
    estimate: few readers can interpret the difference. Its variance does not depend on the counts.

    References
    ----------
    [Rucker2009].

    Examples
    --------
    >>> round(arcsine_difference([0, 2], [50, 60], [4, 5], [50, 60], model="common").estimate, 4)
    -0.1899
    """
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    a, size1, c, size2 = columns.values()
    yi = np.arcsin(np.sqrt(a / size1)) - np.arcsin(np.sqrt(c / size2))
    vi = 0.25 * (1.0 / size1 + 1.0 / size2)
    result = pool(
        yi, vi, model=model, tau2=tau2, ci=ci, prediction=prediction, level=level, measure="AS", labels=labels
    )  # fmt: skip
    return replace(result, method=f"arcsine difference; {result.method}", inputs=columns)
