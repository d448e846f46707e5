"""Tables for spreadsheets and statistics programs: every datum of a review, and the data of each analysis.

Numbers stand as they are held (a point as decimal mark, no rounding), and what is missing stays empty.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from evergrove.model import ArmValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from evergrove.model import Datum, Outcome, Review, Study
    from evergrove.report.findings import Findings
    from evergrove.synthesis import AnalysisResult, ArmNumbers, PooledSet, StudyEffect

Cell = str | int | float | bool | None

#: A text cell that starts so would be run as a formula by a spreadsheet; the full-width forms too.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")

#: The numbers of an arm, in the order of the model.
ARM_COLUMNS = tuple(ArmValue.model_fields)

DATA_COLUMNS = (
    "study", "study_id", "design", "report", "datum", "outcome", "outcome_id", "reported_as", "qualifier",
    "kind", "day", "time", "unit", "unit_as_reported", "arm", "arm_label", "role", *ARM_COLUMNS,
    "effect_measure", "effect_as_reported", "effect_estimate", "effect_ci_low", "effect_ci_high",
    "effect_ci_level", "p_relation", "p_value", "effect_orientation", "finding", "finding_contrast",
    "primary_outcome", "source_type", "source_url", "locator", "derived", "extracted_by", "extracted_on",
    "note",
)  # fmt: skip

_SIDES = ("experimental", "control")
CHOSEN_COLUMNS = (
    "analysis", "analysis_title", "measure", "set", "set_label", "study", "study_id", "datum", "pooled",
    "yi", "vi", "weight", "estimate", "ci_low", "ci_high", "continuity_correction", "not_estimable_because",
    *(f"{side}_{name}" for side in _SIDES for name in ("arms", "n", "events", "mean", "sd")),
    "printed_estimate", "printed_ci_low", "printed_ci_high", "printed_ci_level", "conversions",
    "source_type", "source_url", "locator",
)  # fmt: skip


def data_csv(review: Review) -> str:
    """Return every datum of every study as CSV.

    Parameters
    ----------
    review : Review

    Returns
    -------
    str
        One row per arm value, in the order of the files. A datum that gives no value by arm has one row with
        the arm empty. What belongs to the datum (its printed effect, its source) stands on each of its rows,
        so count effects by ``study_id`` and ``datum``.
    """
    outcomes = {outcome.id: outcome for outcome in review.protocol.outcomes}
    rows = (
        row
        for study in review.studies
        for datum in study.data
        for row in _datum_rows(study, datum, outcomes.get(datum.outcome))
    )
    return _written(DATA_COLUMNS, rows)


def chosen_csv(findings: Findings) -> str:
    """Return the chosen data behind every analysis as CSV.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    str
        One row per study and analysis: ``yi`` and ``vi`` on the pooling scale (log for ratios), effect and
        95 % interval on the natural scale, share of the weight, the numbers of both sides.
    """
    return _written(CHOSEN_COLUMNS, _chosen_rows(findings))


def _chosen_rows(findings: Findings) -> Iterator[dict[str, Cell]]:
    for answer in findings.answers:
        for name, pooled in (("main", answer.result.main), ("beside", answer.result.beside)):
            if pooled is None:
                continue
            shares = pooled.shares
            for effect in pooled.effects:
                yield _chosen_row(answer.result, name, pooled, effect, shares.get(effect.study))


def safe_text(text: str) -> str:
    """Return text that a spreadsheet shows and does not run: a quote is put before a formula sign.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("Adas 2021")
    ("'=1+1", 'Adas 2021')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


def _cell(value: Cell) -> str:
    """Return a value as a cell: numbers in full, missing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _written(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """Return rows as CSV; a row that names a column that does not exist is an error."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _datum_rows(study: Study, datum: Datum, outcome: Outcome | None) -> Iterator[dict[str, Cell]]:
    shared = _about_datum(study, datum, outcome) | _about_effect(datum) | _about_source(datum)
    if not datum.values:
        yield shared
    arms = {arm.id: arm for arm in study.arms}
    for arm_id, value in datum.values.items():
        arm = arms.get(arm_id)
        yield shared | {
            "arm": arm_id,
            "arm_label": arm.label if arm is not None else None,
            "role": arm.role.value if arm is not None else None,
            **{name: getattr(value, name) for name in ARM_COLUMNS},
        }


def _about_datum(study: Study, datum: Datum, outcome: Outcome | None) -> dict[str, Cell]:
    return {
        "study": study.name,
        "study_id": study.id,
        "design": study.design.type.value,
        "report": datum.provenance.report,
        "datum": datum.id,
        "outcome": outcome.label if outcome is not None else None,
        "outcome_id": datum.outcome,
        "reported_as": datum.reported_as,
        "qualifier": datum.qualifier,
        "kind": datum.kind.value,
        "day": datum.time.day,
        "time": datum.time.label,
        "unit": datum.unit,
        "unit_as_reported": datum.unit_as_reported,
        "primary_outcome": datum.primary_outcome,
        "note": datum.note,
    }


def _about_effect(datum: Datum) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    effect, direction = datum.effect, datum.direction
    if effect is not None:
        row |= {
            "effect_measure": effect.measure.value if effect.measure is not None else None,
            "effect_as_reported": effect.measure_as_reported,
            "effect_estimate": effect.estimate,
            "effect_ci_low": effect.ci_low,
            "effect_ci_high": effect.ci_high,
            # Without an interval the level says nothing of the source.
            "effect_ci_level": effect.ci_level
            if effect.ci_low is not None or effect.ci_high is not None
            else None,
            "effect_orientation": effect.orientation.value,
        }
        if effect.p is not None:
            # As text an equals sign alone would be taken for a formula; the guard would change it.
            row |= {"p_relation": _RELATIONS[effect.p.relation], "p_value": effect.p.value}
    if direction is not None:
        row |= {"finding": direction.finding.value, "finding_contrast": direction.contrast.value}
    return row


_RELATIONS = {"=": "equal", "<": "below", ">": "above"}


def _about_source(datum: Datum) -> dict[str, Cell]:
    where = datum.provenance
    return {
        "source_type": where.source_type.value,
        "source_url": where.source.url,
        "locator": where.source.locator,
        "derived": where.derived,
        "extracted_by": where.extracted_by,
        "extracted_on": where.extracted_on.isoformat() if where.extracted_on is not None else None,
    }


def _chosen_row(
    result: AnalysisResult, name: str, pooled: PooledSet, effect: StudyEffect, weight: float | None
) -> dict[str, Cell]:
    printed, where = effect.numbers.printed, effect.datum.provenance
    row: dict[str, Cell] = {
        "analysis": result.analysis.id,
        "analysis_title": result.analysis.title,
        "measure": result.analysis.measure,
        "set": name,
        "set_label": pooled.label,
        "study": effect.name,
        "study_id": effect.study,
        "datum": effect.datum.id,
        "pooled": weight is not None,
        "yi": effect.yi,
        "vi": effect.vi,
        "weight": weight,
        "estimate": effect.estimate,
        "ci_low": effect.ci_low,
        "ci_high": effect.ci_high,
        "continuity_correction": effect.corrected,
        "not_estimable_because": effect.why_not or None,
        "conversions": "; ".join(effect.steps) or None,
        "source_type": where.source_type.value,
        "source_url": where.source.url,
        "locator": where.source.locator,
    }
    for side in _SIDES:
        row |= _about_side(side, getattr(effect.numbers, side))
    if printed is not None:
        row |= {
            "printed_estimate": printed.estimate,
            "printed_ci_low": printed.ci_low,
            "printed_ci_high": printed.ci_high,
            "printed_ci_level": printed.level,
        }
    return row


def _about_side(side: str, numbers: ArmNumbers | None) -> dict[str, Cell]:
    if numbers is None:
        return {}
    return {
        f"{side}_arms": ", ".join(numbers.arms),
        f"{side}_n": numbers.n,
        f"{side}_events": numbers.events,
        f"{side}_mean": numbers.mean,
        f"{side}_sd": numbers.sd,
    }
