"""Two groups and events: ratios, differences, correlations of the table and transformations to the SMD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.effect_formulas import peto_parts
from evergrove.stats.effects.options import CorrectedCells
from evergrove.stats.effects.request import Outcome, Pair, Request, fisher_z, weighted_mean
from evergrove.stats.effects.tetrachoric import tetrachoric
from evergrove.stats.effects.zero_cells import drop_double_zero, steps
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray

#: Log odds ratio over this is an SMD of normal data (Cox & Snell 1989, p. 24).
COX_SNELL = 1.65
#: Log odds ratio times this is an SMD of logistic data.
LOGISTIC = np.sqrt(3.0) / np.pi


@dataclass(frozen=True, slots=True)
class Table:
    """Two-by-two tables: events and non-events of arm 1 (a, b) and of arm 2 (c, d).

    Parameters
    ----------
    a, b, c, d : ndarray, shape (k,)
        Cells, corrected or not.
    """

    a: FloatArray
    b: FloatArray
    c: FloatArray
    d: FloatArray

    @property
    def n1(self) -> FloatArray:
        """Patients of arm 1."""
        return self.a + self.b

    @property
    def n2(self) -> FloatArray:
        """Patients of arm 2."""
        return self.c + self.d

    @property
    def n(self) -> FloatArray:
        """All patients."""
        return self.n1 + self.n2

    @property
    def risks(self) -> Pair:
        """Risks of both arms."""
        return self.a / self.n1, self.c / self.n2

    def risks_for(self, method: VarianceMethod) -> tuple[FloatArray | float, FloatArray | float]:
        """Return the risks that a variance is computed from: own, averaged (AV) or pooled (H0).

        Parameters
        ----------
        method : VarianceMethod
            LS and UB: the study's own.

        Returns
        -------
        p1, p2 : ndarray or float
        """
        own = self.risks
        if method is VarianceMethod.AV:
            return weighted_mean(own[0], self.n1), weighted_mean(own[1], self.n2)
        if method is VarianceMethod.H0:
            pooled = (self.a + self.c) / self.n
            return pooled, pooled
        return own


def _risk_ratio(table: Table, method: VarianceMethod) -> Pair:
    """Log risk ratio (Katz 1978)."""
    first, second = table.risks
    yi = np.log(first) - np.log(second)
    if method is VarianceMethod.LS:
        return yi, 1 / table.a - 1 / table.n1 + 1 / table.c - 1 / table.n2
    p1, p2 = table.risks_for(method)
    return yi, (1 - p1) / (p1 * table.n1) + (1 - p2) / (p2 * table.n2)


def _odds_ratio(table: Table, method: VarianceMethod) -> Pair:
    """Log odds ratio (Woolf 1955)."""
    yi = np.log(table.a) + np.log(table.d) - np.log(table.b) - np.log(table.c)
    if method is VarianceMethod.LS:
        return yi, 1 / table.a + 1 / table.b + 1 / table.c + 1 / table.d
    p1, p2 = table.risks_for(method)
    return yi, 1 / (p1 * (1 - p1) * table.n1) + 1 / (p2 * (1 - p2) * table.n2)


def _risk_difference(table: Table, method: VarianceMethod) -> Pair:
    """Risk difference with binomial variances."""
    first, second = table.risks
    if method is VarianceMethod.LS:
        return first - second, table.a * table.b / table.n1**3 + table.c * table.d / table.n2**3
    p1, p2 = table.risks_for(method)
    less = 1.0 if method is VarianceMethod.UB else 0.0
    return first - second, p1 * (1 - p1) / (table.n1 - less) + p2 * (1 - p2) / (table.n2 - less)


def _peto(table: Table, _: VarianceMethod) -> Pair:
    """One-step log odds ratio (Yusuf 1985)."""
    difference, information = peto_parts(table.a, table.n1, table.c, table.n2)
    return difference / information, 1 / information


def _arcsine(table: Table, _: VarianceMethod) -> Pair:
    """Difference of arcsine square roots (Rücker 2009)."""
    first, second = table.risks
    return (
        np.arcsin(np.sqrt(first)) - np.arcsin(np.sqrt(second)),
        1 / (4 * table.n1) + 1 / (4 * table.n2),
    )


def _phi(table: Table, method: VarianceMethod) -> Pair:
    """Phi with Yule's variance (1912, p. 603), or with the groups' sizes fixed."""
    n, events, others = table.n, table.a + table.c, table.b + table.d
    yi = (table.a * table.d - table.b * table.c) / np.sqrt(table.n1 * table.n2 * events * others)
    if method is VarianceMethod.ST:
        return yi, _phi_stratified(table, yi)
    rows, columns = (table.n1 - table.n2) / n, (events - others) / n
    row_spread, column_spread = table.n1 * table.n2 / n**2, events * others / n**2
    cross = yi * (1 + yi**2 / 2) * rows * columns / np.sqrt(row_spread * column_spread)
    tilt = 0.75 * yi**2 * (rows**2 / row_spread + columns**2 / column_spread)
    return yi, (1 - yi**2 + cross - tilt) / n


def _phi_stratified(table: Table, yi: FloatArray) -> FloatArray:
    """Delta method of phi as a function of two independent risks."""
    p1, p2 = table.risks
    pooled = (table.a + table.c) / table.n
    # phi = √(w1 w2) (p1 - p2) / √(pooled (1 - pooled)), where pooled = w1 p1 + w2 p2
    weights = (table.n1 / table.n, table.n2 / table.n)
    spread = pooled * (1 - pooled)
    lean = 0.5 * yi * (1 - 2 * pooled) / spread
    by_first = np.sqrt(weights[0] * weights[1] / spread) - lean * weights[0]
    by_second = -np.sqrt(weights[0] * weights[1] / spread) - lean * weights[1]
    return by_first**2 * p1 * (1 - p1) / table.n1 + by_second**2 * p2 * (1 - p2) / table.n2


def _yule(table: Table, power: float) -> Pair:
    """(ω - 1) / (ω + 1) with ω the odds ratio to a power: Q (1) and Y (1/2)."""
    log_odds_ratio, variance = _odds_ratio(table, VarianceMethod.LS)
    half = power * log_odds_ratio / 2
    return np.tanh(half), (power / 2) ** 2 / np.cosh(half) ** 4 * variance  # 1 - tanh² is 1/cosh²


def _probit(table: Table, _: VarianceMethod) -> Pair:
    """Difference of probits (Rosenthal 1994; Sánchez-Meca, Marín-Martínez & Chacón-Moscoso 2003)."""
    z = [special.ndtri(risk) for risk in table.risks]
    spread = [
        2 * np.pi * risk * (1 - risk) * np.exp(quantile**2) / size
        for risk, quantile, size in zip(table.risks, z, (table.n1, table.n2), strict=True)
    ]
    return z[0] - z[1], spread[0] + spread[1]


def _scaled_odds_ratio(table: Table, method: VarianceMethod, factor: float) -> Pair:
    """Log odds ratio times a constant."""
    yi, vi = _odds_ratio(table, method)
    return factor * yi, factor**2 * vi


def _tetrachoric(table: Table, _: VarianceMethod) -> Pair:
    """Tetrachoric correlation."""
    return tetrachoric(table.a, table.b, table.c, table.d)


FORMULAS = {
    EffectMeasure.RR: _risk_ratio,
    EffectMeasure.OR: _odds_ratio,
    EffectMeasure.RD: _risk_difference,
    EffectMeasure.AS: _arcsine,
    EffectMeasure.PETO: _peto,
    EffectMeasure.PHI: _phi,
    EffectMeasure.ZPHI: lambda table, method: fisher_z(*_phi(table, method)),
    EffectMeasure.YUQ: lambda table, _: _yule(table, 1.0),
    EffectMeasure.YUY: lambda table, _: _yule(table, 0.5),
    EffectMeasure.RTET: _tetrachoric,
    EffectMeasure.ZTET: lambda table, method: fisher_z(*_tetrachoric(table, method)),
    EffectMeasure.PBIT: _probit,
    EffectMeasure.OR2D: lambda table, method: _scaled_odds_ratio(table, method, LOGISTIC),
    EffectMeasure.OR2DL: lambda table, method: _scaled_odds_ratio(table, method, LOGISTIC),
    EffectMeasure.OR2DN: lambda table, method: _scaled_odds_ratio(table, method, 1 / COX_SNELL),
    EffectMeasure.MPORM: _odds_ratio,
}


def table_of(request: Request) -> tuple[Table, Table, BoolArray]:
    """Return the tables that effect and variance come from, and which rows are corrected.

    Parameters
    ----------
    request : Request
        With events1, n1, events2, n2.

    Returns
    -------
    for_effect, for_variance : Table
    corrected : ndarray of bool, shape (k,)
    """
    a, n1, c, n2 = (request[name] for name in ("events1", "n1", "events2", "n2"))
    drop_double_zero(request, (a == 0) & (c == 0), (a == n1) & (c == n2))
    a, c = (np.where(request.rows.lost, np.nan, events) for events in (a, c))
    raw = Table(a, n1 - a, c, n2 - c)
    first, second, corrected = steps(request, (raw.a, raw.b, raw.c, raw.d), (n1, n2))
    every = 0.0 if request.zero.cells is CorrectedCells.EVENTS else 1.0
    moved = Table(a + first, raw.b + every * first, c + second, raw.d + every * second)
    plan = request.zero
    return (moved if plan.in_effect else raw), (moved if plan.in_variance else raw), corrected


def two_by_two(request: Request) -> Outcome:
    """Return effects of two groups of events.

    Parameters
    ----------
    request : Request
        With events1, n1, events2, n2.

    Returns
    -------
    Outcome
    """
    formula = FORMULAS[request.measure]
    with np.errstate(divide="ignore", invalid="ignore"):  # empty cells: such rows become not estimable
        for_effect, for_variance, corrected = table_of(request)
        yi, vi = formula(for_effect, request.variance)
        if for_variance is not for_effect:
            vi = formula(for_variance, request.variance)[1]
        if request.measure is EffectMeasure.RR and request.zero.cells is CorrectedCells.EVENTS:
            vi = _only_events(request, for_variance, vi)
    return Outcome(yi, vi, corrected)


def _only_events(request: Request, table: Table, vi: FloatArray) -> FloatArray:
    """Leave the amount out of the events where all have one (Hartung & Knapp 2001, formula 18)."""
    a, c = request["events1"], request["events2"]
    everybody = (a == request["n1"]) & (c == request["n2"])
    return np.where(everybody, 1 / a - 1 / table.n1 + 1 / c - 1 / table.n2, vi)
