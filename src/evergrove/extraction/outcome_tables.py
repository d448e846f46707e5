"""Outcome tables of posted results: a candidate for every row, with one value for each group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from evergrove.extraction.entry_results import located
from evergrove.extraction.printed_numbers import arm_value, number, whole
from evergrove.extraction.reported_effects import effects_of
from evergrove.model.candidate import Candidate, CandidateArm, CandidatePart, ValueKind
from evergrove.sources.json_values import objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.extraction.entry_results import EntryResults
    from evergrove.sources.json_records import Json

_PEOPLE = re.compile(
    r"^(?:number of )?(?:participants|subjects|patients|people|individuals|persons)$", re.IGNORECASE
)
_PERCENT = re.compile(
    r"^(?:%|percent(?:age)?)(?: ?(?:of|\()? ?(?:participants|subjects|patients|people)\)?)?$", re.IGNORECASE
)
_EVENTS = re.compile(r"^(?:number of )?(?:adverse |serious adverse )*events?$", re.IGNORECASE)
_INTERVAL = re.compile(r"(\d\d(?:\.\d)?) ?% ?confidence interval", re.IGNORECASE)

#: What the dispersion is -> fields of an arm's value for its spread, its lower and its upper limit.
_SPREADS = {
    "standard deviation": ("sd", None, None),
    "standard error": ("se", None, None),
    "inter-quartile range": (None, "q1", "q3"),
    "full range": (None, "minimum", "maximum"),
}
_MEAN_KINDS = {"sd": ValueKind.MEAN_SD, "se": ValueKind.MEAN_SE, "ci_low": ValueKind.MEAN_INTERVAL}
_MEDIAN_KINDS = {
    "q1": ValueKind.MEDIAN_QUARTILES,
    "minimum": ValueKind.MEDIAN_RANGE,
    "ci_low": ValueKind.MEDIAN_INTERVAL,
}


class _Shape(NamedTuple):
    """How the numbers of an outcome are read."""

    kind: ValueKind
    #: Field of an arm's value for the number itself; ``None`` where none is sure.
    field: str | None
    spread: str | None = None
    low: str | None = None
    high: str | None = None


def outcome_candidates(entry: EntryResults) -> Iterator[Candidate]:
    """Yield a candidate for every row of every outcome table of an entry."""
    outcomes = objects_at(entry.results, "outcomeMeasuresModule", "outcomeMeasures")
    for index, outcome in enumerate(outcomes, start=1):
        yield from _rows(entry, index, outcome)


def _rows(entry: EntryResults, index: int, outcome: Json) -> Iterator[Candidate]:
    effects = effects_of(outcome)
    frame = text_at(outcome, "timeFrame")
    shared: dict[str, object] = {
        "number": index,
        "outcome": text_at(outcome, "title"),
        "outcome_type": (text_at(outcome, "type") or "").lower().replace("_", "-") or None,
        "time_frame": frame,
        "population": text_at(outcome, "populationDescription"),
        "unit": text_at(outcome, "unitOfMeasure"),
    }
    rows = [
        (group, category)
        for group in objects_at(outcome, "classes")
        for category in objects_at(group, "categories")
        if objects_at(category, "measurements")
    ]
    what = f"outcome {index}"
    head = {key: value for key, value in outcome.items() if key not in {"classes", "analyses"}}
    for group, category in rows:
        row = _row_name(group, category)
        shape = _shape(outcome)
        arms, remarks = _arms(outcome, group, category, shape)
        raw = {**head, "class": {**group, "categories": [category]}}
        alone = effects if len(rows) == 1 else ()
        if alone:
            raw["analyses"] = outcome.get("analyses")
        yield entry.candidate(
            CandidatePart.OUTCOME, shape.kind, located(what, frame, row), raw,
            row=row, arms=arms, effects=alone, remarks=remarks, **shared,
        )  # fmt: skip
    if effects and len(rows) != 1:
        remark = "the entry does not say which row of the outcome an analysis belongs to"
        yield entry.candidate(
            CandidatePart.OUTCOME, ValueKind.EFFECT, located(f"{what}, analyses", frame),
            {**head, "analyses": outcome.get("analyses")},
            effects=effects, arms=_titles(outcome), remarks=(remark,) if rows else (), **shared,
        )  # fmt: skip
    elif not rows:
        remark = "the outcome is listed without numbers that can be read by row and group"
        yield entry.candidate(
            CandidatePart.OUTCOME, ValueKind.NOT_POSTED, located(what, frame), outcome,
            arms=_titles(outcome), remarks=(remark,), **shared,
        )  # fmt: skip


def _row_name(group: Json, category: Json) -> str | None:
    parts = [text for node in (group, category) if (text := text_at(node, "title"))]
    return ": ".join(parts) or None


def _titles(outcome: Json) -> tuple[CandidateArm, ...]:
    return tuple(
        CandidateArm(group=group, title=text_at(entry, "title"), description=text_at(entry, "description"))
        for entry in objects_at(outcome, "groups")
        if (group := text_at(entry, "id"))
    )


def _arms(
    outcome: Json, group: Json, category: Json, shape: _Shape
) -> tuple[tuple[CandidateArm, ...], tuple[str, ...]]:
    """Return the values of a row by group, and what a person should know of them."""
    counts, units = _denominators(group, outcome)
    measured = {text_at(entry, "groupId"): entry for entry in objects_at(category, "measurements")}
    arms: list[CandidateArm] = []
    remarks: list[str] = []
    if units is not None and not _PEOPLE.match(units):
        remarks.append(f"the denominators count {units}, not participants")
    if shape.kind is ValueKind.LEAST_SQUARES_MEAN:
        remarks.append("least-squares means: adjusted by a model, not the means of the patients")
    for arm in _titles(outcome):
        entry = measured.get(arm.group, {})
        printed = {
            name: text
            for name in ("value", "spread", "lowerLimit", "upperLimit", "comment")
            if (text := text_at(entry, name)) is not None
        }
        n_printed = counts.get(arm.group)
        if n_printed is not None:
            printed["n"] = n_printed
        values = _read(shape, printed, whole(n_printed))
        if isinstance(values, str):
            remarks.append(f"{arm.title or arm.group}: {values}"[:300])
            values = {}
        value = arm_value(values) if values else None
        if isinstance(value, str):
            remarks.append(f"{arm.title or arm.group}: {value}"[:300])
            value = None
        arms.append(arm.model_copy(update={"values": value, "printed": printed}))
    return tuple(arms), tuple(remarks)


def _denominators(*nodes: Json) -> tuple[dict[str | None, str], str | None]:
    """Return the number analysed by group, of the row's class or else of the outcome, and what it counts."""
    for node in nodes:
        held = objects_at(node, "denoms")
        if not held:
            continue
        people = [entry for entry in held if _PEOPLE.match(text_at(entry, "units") or "")]
        chosen = (people or held)[0]
        counts = {
            text_at(entry, "groupId"): value
            for entry in objects_at(chosen, "counts")
            if (value := text_at(entry, "value")) is not None
        }
        return counts, text_at(chosen, "units")
    return {}, None


def _read(shape: _Shape, printed: dict[str, str], n: int | None) -> dict[str, float | int | None] | str:
    """Return the fields of an arm's value, or why the printed number is none."""
    told = printed.get("value")
    if told is None:
        return {}
    read: float | int | None = whole(told) if shape.field == "events" else number(told)
    if read is None or shape.field is None:
        return f"found {told!r}, which is no {'count' if shape.field == 'events' else 'number'}"
    values: dict[str, float | int | None] = {shape.field: read, "n": n}
    for field, name in ((shape.spread, "spread"), (shape.low, "lowerLimit"), (shape.high, "upperLimit")):
        if field is not None:
            values[field] = number(printed.get(name))
    if shape.field == "events" and shape.kind is ValueKind.COUNTS and n is not None and read > n:
        return f"{told} of {n}: more with the event than were analysed"
    return values


def _shape(outcome: Json) -> _Shape:  # noqa: PLR0911 - one for each kind of number
    """Return what the numbers of an outcome are, by what the entry says that they are."""
    told = (text_at(outcome, "paramType") or "").upper()
    unit = text_at(outcome, "unitOfMeasure") or ""
    spread, low, high = _dispersion(text_at(outcome, "dispersionType") or "")
    if told == "COUNT_OF_PARTICIPANTS" or (told == "NUMBER" and _PEOPLE.match(unit)):
        return _Shape(ValueKind.COUNTS, "events")
    if told == "NUMBER" and _PERCENT.match(unit):
        return _Shape(ValueKind.PERCENT, "percent")
    if told == "NUMBER" and _EVENTS.match(unit):
        return _Shape(ValueKind.EVENTS, "events")
    if told == "MEAN":
        kind = next((kind for field, kind in _MEAN_KINDS.items() if field in {spread, low}), ValueKind.MEAN)
        return _Shape(kind, "mean", spread, low, high)
    if told == "LEAST_SQUARES_MEAN":
        return _Shape(ValueKind.LEAST_SQUARES_MEAN, "mean", spread, low, high)
    if told == "MEDIAN":
        kind = next((kind for field, kind in _MEDIAN_KINDS.items() if field == low), ValueKind.MEDIAN)
        return _Shape(kind, "median", None, low, high)
    return _Shape(ValueKind.GEOMETRIC_MEAN if told == "GEOMETRIC_MEAN" else ValueKind.NUMBER, "value")


def _dispersion(told: str) -> tuple[str | None, str | None, str | None]:
    lower = told.lower().replace("_", " ")
    for name, fields in _SPREADS.items():
        if name in lower or name.replace("-", " ") in lower:
            return fields
    found = _INTERVAL.search(told)
    if found is not None and found.group(1) == "95":
        return None, "ci_low", "ci_high"
    return None, None, None
