"""Analyses that a registry posts: which groups, which measure, estimate, interval and p-value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.extraction.printed_numbers import number, p_value
from evergrove.model.candidate import CandidateEffect
from evergrove.model.vocabulary import ReportedMeasure
from evergrove.sources.json_values import objects_at, text_at, texts_at

if TYPE_CHECKING:
    from evergrove.sources.json_records import Json

#: The entry's word for its measure -> the measure; the first that fits.
_MEASURES: tuple[tuple[re.Pattern[str], ReportedMeasure], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), measure)
    for pattern, measure in (
        (r"\bodds ratio\b", ReportedMeasure.OR),
        (r"\bhazard ratio\b", ReportedMeasure.HR),
        (r"\b(?:risk ratio|relative risk)\b", ReportedMeasure.RR),
        (r"\brisk difference\b|\bdifference in proportions?\b", ReportedMeasure.RD),
        (r"\b(?:incidence )?rate ratio\b", ReportedMeasure.IRR),
        (r"\bmedian difference\b", ReportedMeasure.MEDIAN_DIFFERENCE),
        (r"\bmean difference\b|\bdifference in (?:least[- ]squares?|LS)? ?means?\b", ReportedMeasure.MD),
    )
)
_PRINTED = (
    "paramValue",
    "ciLowerLimit",
    "ciUpperLimit",
    "ciPctValue",
    "pValue",
    "dispersionType",
    "dispersionValue",
)


def effects_of(outcome: Json) -> tuple[CandidateEffect, ...]:
    """Return the analyses of an outcome, in their order."""
    return tuple(_effect(analysis) for analysis in objects_at(outcome, "analyses"))


def measure_of(told: str | None) -> ReportedMeasure | None:
    """Return the measure that an entry's word means; ``None`` for a word that means none for sure.

    Examples
    --------
    >>> measure_of("Odds Ratio (OR)").value, measure_of("LS Mean Difference").value, measure_of("Slope")
    ('OR', 'MD', None)
    """
    return next((measure for pattern, measure in _MEASURES if told and pattern.search(told)), None)


def _effect(analysis: Json) -> CandidateEffect:
    told = text_at(analysis, "paramType")
    level = number(text_at(analysis, "ciPctValue"))
    notes = [text_at(analysis, name) for name in ("groupDescription", "estimateComment", "pValueComment")]
    return CandidateEffect(
        groups=tuple(texts_at(analysis, "groupIds")),
        measure=measure_of(told),
        measure_as_reported=told,
        estimate=number(text_at(analysis, "paramValue")),
        ci_low=number(text_at(analysis, "ciLowerLimit")),
        ci_high=number(text_at(analysis, "ciUpperLimit")),
        ci_level=level / 100 if level is not None and 0 < level < 100 else None,
        p=p_value(text_at(analysis, "pValue")),
        method=text_at(analysis, "statisticalMethod"),
        note="; ".join(note for note in notes if note) or None,
        printed={name: text for name in _PRINTED if (text := text_at(analysis, name)) is not None},
    )
