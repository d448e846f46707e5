"""Tests of funnel asymmetry made for events, and for standardised mean differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats import effect_size, mantel_haenszel
from evergrove.stats.arrays import (
    BoolArray,
    FloatArray,
    checked_level,
    column,
    effects_and_variances,
    refuse_rows,
    row_names,
    same_length,
)
from evergrove.stats.bias.asymmetry import RegressionTest, regression_result
from evergrove.stats.bias.line import additive_line, checked_predictor, multiplicative_line
from evergrove.stats.bias.options import FROM_EVENTS, AsymmetryMethod, ScoreVariance
from evergrove.stats.bias.rank import RankTest, rank_result, rank_test
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import EffectMeasure, Tau2Method, ZeroCells, choose

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ARCSINE = {
    AsymmetryMethod.ARCSINE_EGGER: AsymmetryMethod.EGGER,
    AsymmetryMethod.ARCSINE_THOMPSON: AsymmetryMethod.THOMPSON,
    AsymmetryMethod.ARCSINE_BEGG: AsymmetryMethod.BEGG,
}


class _Table(NamedTuple):
    """Events and patients of both arms."""

    events1: FloatArray
    n1: FloatArray
    events2: FloatArray
    n2: FloatArray

    @property
    def total(self) -> FloatArray:
        """Patients."""
        return self.n1 + self.n2

    @property
    def events(self) -> FloatArray:
        """Patients with the event."""
        return self.events1 + self.events2

    @property
    def one_group(self) -> bool:
        """Whether there is no second arm."""
        return not self.n2.any()

    def at(self, rows: BoolArray) -> _Table:
        """Return some rows."""
        return _Table(*(values[rows] for values in self))


class _Funnel(NamedTuple):
    """Effects, variances, and what else the studies have."""

    y: FloatArray
    v: FloatArray
    table: _Table | None
    n1: FloatArray | None
    n2: FloatArray | None
    remarks: tuple[Diagnostic, ...]


def _table(given: dict[str, ArrayLike | None]) -> _Table | None:
    """Return checked counts, or None where no events are given."""
    if given["events1"] is None and given["events2"] is None:
        return None
    if given["events1"] is not None and given["events2"] is None and given["n2"] is None:
        nothing = np.zeros(column("events1", given["events1"]).size)
        given = {**given, "events2": nothing, "n2": nothing}
    missing = [name for name, values in given.items() if values is None]
    if missing:
        raise UsageError(
            f"asymmetry_test: found no {', '.join(missing)}; allowed: events1, n1, events2, n2 together"
        )
    columns = {name: column(name, values) for name, values in given.items() if values is not None}
    same_length(columns)
    for name, values in columns.items():
        refuse_rows(name, values, ~np.isfinite(values), allowed="a number", todo="leave the study out")
    return _Table(columns["events1"], columns["n1"], columns["events2"], columns["n2"])


def _arcsine(table: _Table) -> tuple[FloatArray, FloatArray]:
    """Return arcsine differences and variances 1/(4 n1) + 1/(4 n2), without a correction (Rücker 2008)."""
    y = np.arcsin(np.sqrt(table.events1 / table.n1)) - np.arcsin(np.sqrt(table.events2 / table.n2))
    return y, 0.25 / table.n1 + 0.25 / table.n2


def _proportions(
    method: AsymmetryMethod, effects: tuple[ArrayLike | None, ArrayLike | None], table: _Table
) -> _Funnel:
    """Return given effects of proportions; rows without events or with events only are left out and named."""
    yi, vi = effects
    if method not in {AsymmetryMethod.PETERS, AsymmetryMethod.MACASKILL} or yi is None or vi is None:
        raise UsageError(
            f"asymmetry_test({str(method)!r}): found events of one group; allowed: 'peters' and 'macaskill' "
            "with yi and vi, the transformed proportions; give events2 and n2 for two arms"
        )
    y, v = effects_and_variances(yi, vi)
    same_length({"yi": y, "events1": table.events1})
    mixed = (table.events > 0) & (table.events < table.total)
    keep = mixed if method is AsymmetryMethod.PETERS else np.ones(y.size, dtype=bool)
    remarks: tuple[Diagnostic, ...] = ()
    if not keep.all():
        message = "no event, or only events: Peters' weight is 0; left out of the test"
        remarks = (Diagnostic("rows-left-out", message, row_names(np.flatnonzero(~keep))),)
    inside = table.at(keep)
    return _Funnel(y[keep], v[keep], inside, inside.n1, inside.n2, remarks)


def _funnel(
    method: AsymmetryMethod,
    effects: tuple[ArrayLike | None, ArrayLike | None],
    table: _Table | None,
    sizes: tuple[ArrayLike | None, ArrayLike | None],
    corrected: tuple[EffectMeasure, float, ZeroCells],
) -> _Funnel:
    """Return effects and variances, given or from counts; rows without an effect are left out and named."""
    yi, vi = effects
    if table is None:
        if method in FROM_EVENTS:
            raise UsageError(
                f"asymmetry_test({str(method)!r}): found no events; allowed: events1, n1, events2, n2"
            )
        if yi is None or vi is None:
            raise UsageError(
                f"asymmetry_test({str(method)!r}): found no effects; allowed: yi and vi, or counts"
            )
        y, v = effects_and_variances(yi, vi)
        columns = {
            name: column(name, values)
            for name, values in zip(("n1", "n2"), sizes, strict=True)
            if values is not None
        }
        same_length({"yi": y, **columns})
        return _Funnel(y, v, None, columns.get("n1"), columns.get("n2"), ())
    if table.one_group:
        return _proportions(method, effects, table)
    if yi is not None or vi is not None:
        raise UsageError(
            "asymmetry_test: found effects and events; allowed: one of the two; leave yi, vi out"
        )
    measure, add, rule = corrected
    found = effect_size(measure, **table._asdict(), add=add, to=rule)
    if method in ARCSINE:
        y, v = _arcsine(table)
        return _Funnel(y, v, table, table.n1, table.n2, ())
    keep = np.isfinite(found.yi) & np.isfinite(found.vi) & (found.vi > 0)
    mixed = (table.events > 0) & (table.events < table.total)
    if method is AsymmetryMethod.HARBORD:
        keep = mixed
    elif method is AsymmetryMethod.PETERS:
        keep &= mixed
    remarks = []
    if not keep.all():
        message = "no effect (no event, or only events, in both arms): left out of the test"
        remarks.append(Diagnostic("rows-left-out", message, row_names(np.flatnonzero(~keep))))
    inside = table.at(keep)
    used = found.corrected[keep]
    if used.any() and method not in {AsymmetryMethod.HARBORD, AsymmetryMethod.SCHWARZER}:
        rows = np.flatnonzero(keep)[used]
        message = f"{add:g} was added to the cells of these studies; Harbord's test needs no correction"
        remarks.append(Diagnostic("zero-cells-corrected", message, row_names(rows)))
    return _Funnel(found.yi[keep], found.vi[keep], inside, inside.n1, inside.n2, tuple(remarks))


def _scores(table: _Table, measure: EffectMeasure, variance: ScoreVariance) -> tuple[FloatArray, FloatArray]:
    """Return score over information, and 1 over information, of log odds ratios or log risk ratios."""
    n, d = table.total, table.events
    h = n - d
    if measure is EffectMeasure.RR:
        score = (table.events1 * n - d * table.n1) / h
        arms = n / 4.0 if variance is ScoreVariance.BALANCED else table.n1 * table.n2 / n
        information = arms * d / h
    else:
        score = table.events1 - d * table.n1 / n
        information = table.n1 * table.n2 * d * h / (n**2 * (n - 1.0))
    return score / information, 1.0 / information


def _hypergeometric(table: _Table, odds_ratio: float) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the events of arm 1 given all margins, at an odds ratio."""
    for name, values in table._asdict().items():
        refuse_rows(
            name, values, values != np.round(values), allowed="a whole number", todo="this test needs counts"
        )
    means, variances = np.empty(table.n1.size), np.empty(table.n1.size)
    for row, (n1, d, n2) in enumerate(zip(table.n1, table.events, table.n2, strict=True)):
        x = np.arange(max(0.0, d - n2), min(n1, d) + 1.0)
        log_mass = x * np.log(odds_ratio) - (
            special.gammaln(x + 1)
            + special.gammaln(n1 - x + 1)
            + special.gammaln(d - x + 1)
            + special.gammaln(n2 - d + x + 1)
        )
        mass = np.exp(log_mass - log_mass.max())
        mass /= mass.sum()
        means[row] = float((mass * x).sum())
        variances[row] = float((mass * (x - means[row]) ** 2).sum())
    return means, variances


def _schwarzer(funnel: _Funnel, *, correct: bool) -> RankTest:
    """Correlate standardised events with the inverse of their variance, at Mantel-Haenszel's odds ratio."""
    table = funnel.table
    if table is None:
        raise UsageError("asymmetry_test('schwarzer'): found no events; allowed: counts")
    zero = (np.minimum(table.events1, table.n1 - table.events1) == 0) | (
        np.minimum(table.events2, table.n2 - table.events2) == 0
    )
    pooled = mantel_haenszel(**table._asdict(), measure="OR", correction=0.5 if zero.any() else 0.0)
    mean, variance = _hypergeometric(table, float(np.exp(pooled.estimate)))
    if not (variance > 0).all():
        raise DataError(
            "asymmetry_test('schwarzer'): found studies whose margins fix the events; leave them out"
        )
    return rank_result(
        (table.events1 - mean) / np.sqrt(variance),
        1.0 / variance,
        exact=False,
        correct=correct,
        name="schwarzer",
    )


def _line_of(
    method: AsymmetryMethod, funnel: _Funnel, measure: EffectMeasure, variance: ScoreVariance
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return response, inverse weights and predictor of a weighted regression test."""
    table = funnel.table
    if table is not None and method is AsymmetryMethod.HARBORD:
        y, v = _scores(table, measure, variance)
        return y, v, np.sqrt(v)
    if table is not None and method is AsymmetryMethod.PETERS:
        return funnel.y, 1.0 / table.events + 1.0 / (table.total - table.events), 1.0 / table.total
    if table is not None and method is AsymmetryMethod.DEEKS:
        effective = 4.0 * table.n1 * table.n2 / table.total
        return funnel.y, 1.0 / effective, 1.0 / np.sqrt(effective)
    if method in {AsymmetryMethod.MACASKILL, AsymmetryMethod.PUSTEJOVSKY}:
        if funnel.n1 is None or funnel.n2 is None:
            raise UsageError(
                f"asymmetry_test({str(method)!r}): found no n1 and n2; allowed: patients of both arms"
            )
        if method is AsymmetryMethod.MACASKILL:
            return funnel.y, funnel.v, funnel.n1 + funnel.n2
        return funnel.y, funnel.v, np.sqrt(1.0 / funnel.n1 + 1.0 / funnel.n2)
    return funnel.y, funnel.v, np.sqrt(funnel.v)


def asymmetry_test(
    method: str,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    events1: ArrayLike | None = None,
    n1: ArrayLike | None = None,
    events2: ArrayLike | None = None,
    n2: ArrayLike | None = None,
    measure: str = EffectMeasure.OR,
    add: float = 0.5,
    to: str = ZeroCells.ONLY_ZERO,
    tau2: str | float = Tau2Method.REML,
    correct: bool = False,
    score_variance: str = ScoreVariance.EXACT,
    level: float = 0.95,
) -> RegressionTest | RankTest:
    """Test for funnel asymmetry by a named test, with the conventions of R's meta.

    Parameters
    ----------
    method : AsymmetryMethod or str
        The test.
    yi, vi : array-like, shape (k,), or None
        Effects and sampling variances, for tests that need no events.
    events1, n1, events2, n2 : array-like, shape (k,), or None
        Patients with the event and patients, per arm; ``n1`` and ``n2`` alone (with `yi`, `vi`) for
        ``"macaskill"`` and ``"pustejovsky"``; ``events1`` and ``n1`` alone (with `yi`, `vi`) for
        proportions of one group by ``"peters"`` and ``"macaskill"``.
    measure : EffectMeasure or str
        Effect computed from events: ``"OR"``, ``"RR"`` or ``"RD"``. Harbord's score is that of the log risk
        ratio for ``"RR"``, else of the log odds ratio.
    add, to : float, ZeroCells or str
        Correction of zero cells where the test uses the effects; see `effect_size`. Events themselves
        (Harbord, Peters' weights, Schwarzer, arcsine) are never corrected.
    tau2 : Tau2Method, str or float
        For the Thompson-Sharp tests.
    correct : bool
        Continuity correction of rank tests.
    score_variance : ScoreVariance or str
        Of Harbord's test for risk ratios.
    level : float
        Of intervals.

    Returns
    -------
    RegressionTest or RankTest
        t(k - 2) for regressions; the normal approximation for rank tests.

    Raises
    ------
    UsageError
        For columns that the test needs and were not given.
    DataError
        For numbers that cannot be, or studies of one precision.
    TooFewStudiesError
        With fewer than 3 studies.
    ConvergenceError
        Where tau² was not found.

    Notes
    -----
    Which one: Harbord or Peters for odds ratios, the arcsine tests with strong heterogeneity (Sterne 2011),
    Pustejovsky for standardised mean differences, Egger for mean differences, Deeks for diagnostic odds
    ratios. Do not run several and report one. For a study without events in either arm there is no odds
    or risk ratio: it is left out and named. Schwarzer's odds ratio is Mantel-Haenszel's, with 1/2 added to
    studies with a zero cell as in meta.

    References
    ----------
    See `AsymmetryMethod`; [Sterne2011]; [Schwarzer2015], chapter 5.

    Examples
    --------
    >>> bcg = {"events1": [4, 6, 3, 62, 33], "n1": [123, 306, 231, 13598, 5069],
    ...        "events2": [11, 29, 11, 248, 47], "n2": [139, 303, 220, 12867, 5808]}
    >>> asymmetry_test("harbord", **bcg)
    <RegressionTest harbord: slope 0.9222 (se 1.9731), t(3)=0.467, p=0.672, k=5>
    """
    chosen = choose(AsymmetryMethod, method, "method")
    effect = choose(EffectMeasure, measure, "measure")
    variance = choose(ScoreVariance, score_variance, "score_variance")
    level = checked_level(level)
    if effect not in {EffectMeasure.OR, EffectMeasure.RR, EffectMeasure.RD}:
        raise UsageError(f"measure: found {str(effect)!r}; allowed: 'OR', 'RR', 'RD'")
    table = _table({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    rule = choose(ZeroCells, to, "to")
    funnel = _funnel(chosen, (yi, vi), table, (n1, n2), (effect, add, rule))
    plain = ARCSINE.get(chosen, chosen)
    if chosen is AsymmetryMethod.SCHWARZER:
        return _with_remarks(_schwarzer(funnel, correct=correct), funnel)
    if plain is AsymmetryMethod.BEGG:
        return _with_remarks(rank_test(funnel.y, funnel.v, exact=False, correct=correct), funnel)
    y, v, x = _line_of(plain, funnel, effect, variance)
    checked_predictor(f"asymmetry_test({str(chosen)!r})", x)
    if plain is AsymmetryMethod.THOMPSON:
        line = additive_line(y, v, x, tau2=tau2, ci="t", level=level)
    else:
        line = multiplicative_line(y, v, x)
    limit = plain is not AsymmetryMethod.MACASKILL
    options = {
        "method": chosen,
        "measure": None if table is None else effect,
        "add": add,
        "to": rule,
        "tau2": str(tau2) if plain is AsymmetryMethod.THOMPSON else None,
        "score_variance": variance,
    }
    return regression_result(
        line, int(y.size), level, test=str(chosen), limit=limit, options=options, remarks=funnel.remarks
    )


def _with_remarks(found: RankTest, funnel: _Funnel) -> RankTest:
    """Return a rank test with what was said of the data."""
    return RankTest(
        found.tau,
        found.score,
        found.score_se,
        found.statistic,
        found.p_value,
        found.exact,
        found.k,
        found.diagnostics + funnel.remarks,
        found.options,
    )
