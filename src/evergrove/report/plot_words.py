"""The words around a figure: headers, axes, directions, and the result told to those who do not see it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.figures import ForestPlot, Scale
from evergrove.model.measures import review_measure
from evergrove.model.vocabulary import Better, OutcomeKind
from evergrove.report.numerals import (
    count,
    heterogeneity,
    interval,
    number,
    percent,
    short_measure,
    unit_suffix,
)
from evergrove.stats.options import PoolModel
from evergrove.synthesis.result import natural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.figures import ForestRow
    from evergrove.model import Comparison, Outcome
    from evergrove.stats import PoolResult
    from evergrove.synthesis import AnalysisResult, PooledSet

NO_BREAK = "\u00a0"
_MODELS = {
    PoolModel.RANDOM: "Random effects",
    PoolModel.COMMON: "Common effect",
    PoolModel.IVHET: "Inverse variance heterogeneity",
    PoolModel.HENMI_COPAS: "Henmi–Copas",
}
TICKS_PERCENT = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)


def in_sentence(label: str) -> str:
    """Return a label as it stands in the middle of a sentence; abbreviations and symbols stay.

    Examples
    --------
    >>> in_sentence("Death near day 28"), in_sentence("PaO2/FiO2 near day 7"), in_sentence("CT score")
    ('death near day 28', 'PaO2/FiO2 near day 7', 'CT score')
    """
    word = label.split(" ", 1)[0]
    plain_word = word[:1].isupper() and word[1:].islower() and word[1:2].isalpha()
    return label[0].lower() + label[1:] if plain_word else label


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def lower(text: str) -> str:
    """Return a text with a small first letter."""
    return text[:1].lower() + text[1:]


def kept_together(text: str) -> str:
    """Return a text in which no line break parts a number from its per cent sign."""
    return text.replace(" %", f"{NO_BREAK}%")


def directions(outcome: Outcome, comparison: Comparison, measure: str) -> tuple[str, str]:
    """Say what values below and above no effect mean.

    Parameters
    ----------
    outcome : Outcome
        ``better`` says which direction is good.
    comparison : Comparison
        Names both sides.
    measure : str
        A hazard ratio of a time runs against the time: more of the hazard is sooner.

    Returns
    -------
    tuple of str
        For lower and higher values; empty for proportions of one arm.
    """
    if review_measure(measure).proportion:
        return "", ""
    here, there = in_sentence(comparison.experimental_label), in_sentence(comparison.control_label)
    if outcome.better is Better.NEITHER:
        return f"lower with {here}", f"higher with {here}"
    lower_is_better = outcome.better is Better.LOWER
    if measure == "HR" and outcome.kind is OutcomeKind.TIME_TO_EVENT:
        lower_is_better = not lower_is_better
    low, high = (here, there) if lower_is_better else (there, here)
    return f"favours {low}", f"favours {high}"


def axis_title(outcome: Outcome, measure: str) -> str:
    """Return what the axis of a measure shows."""
    asked = review_measure(measure)
    if asked.proportion:
        return "Patients with the event, %"
    name = capital(asked.words)
    return f"{name} (log scale)" if asked.ratio else f"{name},{unit_suffix(outcome, measure)}".rstrip(",")


def effect_header(measure: str, level: float = 0.95) -> str:
    """Return the header of a column of effects: ``RR (95 % CI)``."""
    return f"{short_measure(measure)} ({percent(level, 0)} CI)"


@dataclass(frozen=True, slots=True)
class Axis:
    """How one measure of one outcome is drawn.

    Parameters
    ----------
    measure : str
    outcome : Outcome
    comparison : Comparison
    """

    measure: str
    outcome: Outcome
    comparison: Comparison

    @property
    def single_arm(self) -> bool:
        """Whether the measure is a proportion of one arm."""
        return review_measure(self.measure).proportion

    def place(self, value: float | None) -> float | None:
        """Return where a value stands on the axis: per cent for proportions; ``None`` for no number."""
        if value is None or math.isnan(value):
            return None
        return 100 * value if self.single_arm else value

    def plot(
        self,
        title: str,
        desc: str,
        rows: Sequence[ForestRow],
        left_headers: tuple[str, ...],
        right_headers: tuple[str, ...],
        *,
        rob: bool = False,
        footnotes: Sequence[str] = (),
    ) -> ForestPlot:
        """Return the rows as a plot on this axis."""
        drawn = any(row.estimate is not None or row.interval is not None for row in rows)
        low, high = directions(self.outcome, self.comparison, self.measure)
        null = math.nan if self.single_arm else None
        x_min, x_max = (0.0, 100.0) if self.single_arm else (None, None)
        if not drawn and not self.single_arm:
            x_min, x_max = (0.1, 10.0) if review_measure(self.measure).ratio else (-1.0, 1.0)
        return ForestPlot(
            title=title,
            desc=" ".join(desc.split()),
            rows=tuple(rows),
            left_headers=left_headers,
            right_headers=right_headers,
            scale=Scale.LOG if review_measure(self.measure).ratio else Scale.LINEAR,
            null=null,
            axis_title=axis_title(self.outcome, self.measure),
            favours_low=low,
            favours_high=high,
            x_min=x_min,
            x_max=x_max,
            ticks=TICKS_PERCENT if self.single_arm else (),
            rob_headers=("",) if rob else (),
            rob_title="RoB",
            footnotes=tuple(kept_together(note) for note in footnotes),
        )


def axis_of(result: AnalysisResult, measure: str | None = None) -> Axis:
    """Return the axis of an analysis, or of another measure of it."""
    return Axis(measure or result.analysis.measure, result.outcome, result.comparison)


def model_name(fit: PoolResult) -> str:
    """Return the model of a fit: ``Random effects (REML, Hartung–Knapp)``.

    The method's own words, without that it weights by inverse variance.
    """
    kind = _MODELS[PoolModel(fit.model)]
    told = {"inverse variance", "Henmi-Copas", kind.lower()}
    words = ", ".join(word for word in fit.method.split(", ") if word not in told)
    return f"{kind} ({words})".replace("Hartung-Knapp", "Hartung–Knapp").replace(" ()", "")


def how_many(k: int, *, randomised: bool) -> str:
    """Return a number of studies with its noun.

    Examples
    --------
    >>> how_many(1, randomised=True), how_many(4, randomised=False)
    ('1 trial', '4 studies')
    """
    noun = ("trial" if k == 1 else "trials") if randomised else ("study" if k == 1 else "studies")
    return f"{count(k)} {noun}"


def patients(pooled: PooledSet) -> str:
    """Return the patients of the pooled studies; "at least" where a study does not say how many it had."""
    if pooled.participants is not None:
        return f"{count(pooled.participants)} patients"
    silent = any(
        item.numbers.printed is not None and not any(value.n for value in item.datum.values.values())
        for item in pooled.pooled
    )
    known = pooled.known_participants
    return f"{'at least ' if silent and known else ''}{count(known)} patients" if known else ""


def pooled_sentence(result: AnalysisResult, pooled: PooledSet) -> str:
    """Say the result of a set of studies in words, or why there is none."""
    fit, measure = pooled.fit, result.analysis.measure
    if fit is None:
        return f"Nothing was pooled: {pooled.not_pooled}."
    found, unit = natural(fit, pooled.pooled), unit_suffix(result.outcome, measure)
    level = percent(fit.level, 0)
    estimate = f"{number(found.estimate, measure)}{unit}"
    limits = interval(found.ci_low, found.ci_high, measure)
    parts = [f"Pooled {review_measure(measure).words} {estimate}, {level} confidence interval {limits}"]
    if found.prediction_low is not None:
        low_high = interval(found.prediction_low, found.prediction_high, measure)
        parts.append(f"{level} prediction interval {low_high}")
    who = ", ".join(
        part for part in (how_many(fit.k, randomised=pooled.randomised), patients(pooled)) if part
    )
    return f"{'; '.join(parts)} ({who}). Heterogeneity: {heterogeneity(fit)}."


def meaning(result: AnalysisResult) -> str:
    """Say which direction is which."""
    measure = result.analysis.measure
    low, high = directions(result.outcome, result.comparison, measure)
    if not low:
        return ""
    null = "1" if review_measure(measure).ratio else "0"
    return f"Below {null} {low}, above {null} {high}."
