"""What can be taken away: results for machines, data as tables, reports for reference managers."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from evergrove._version import __version__
from evergrove.model import PoolingModel
from evergrove.model.diagnostics import Diagnostics
from evergrove.report.citations import studies_ris
from evergrove.report.data_tables import chosen_csv, data_csv
from evergrove.stats import Scale
from evergrove.stats.fingerprint import json_safe

if TYPE_CHECKING:
    from evergrove.model import Analysis, Datum
    from evergrove.model.analysis import Sensitivity
    from evergrove.report.findings import Answer, Findings
    from evergrove.stats import PoolResult
    from evergrove.synthesis import (
        ArmNumbers,
        Choice,
        Combination,
        Numbers,
        Option,
        PooledSet,
        SensitivityResult,
        StudyEffect,
        SubgroupResult,
    )

__all__ = ["SCHEMA_VERSION", "chosen_csv", "data_csv", "results_json", "studies_ris"]

SCHEMA_VERSION = 1
#: The pooling of an analysis that says nothing of it.
_USUAL = PoolingModel().resolved().model_dump(mode="json", exclude_none=True)


def results_json(findings: Findings) -> str:
    """Return all results of a review as JSON.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    str
        Strict JSON: a number that is missing, infinite or undefined is ``null``. The same findings give the
        same bytes. ``content_sha256`` is the hash of the rest, written compactly with sorted keys.
    """
    review = findings.review
    content: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "software": "evergrove",
        "software_version": __version__,
        "review": {
            "id": review.id,
            "title": review.protocol.title,
            "studies": len(review.studies),
            "reports": sum(len(study.reports) for study in review.studies),
        },
        "analyses": [_analysis(answer) for answer in findings.answers],
        "risk_of_bias": [item.to_dict() for item in findings.judged.values()],
        "claims": [item.to_dict() for item in findings.claims],
    }
    safe = json_safe(content)
    compact = json.dumps(safe, allow_nan=False, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(compact.encode()).hexdigest()
    whole = {"content_sha256": digest, **(safe if isinstance(safe, dict) else {})}
    return json.dumps(whole, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _analysis(answer: Answer) -> dict[str, object]:
    """Return one analysis: what was asked, the four steps, and what follows from the result."""
    result = answer.result
    return {
        "id": result.analysis.id,
        "title": result.analysis.title,
        "spec": _spec(result.analysis),
        "outcome": result.outcome.model_dump(mode="json"),
        "comparison": result.comparison.model_dump(mode="json"),
        "left_out": [
            {"study": item.study, "name": item.name, "step": item.step, "why": item.why}
            for item in result.left_out
        ],
        "main": _set(result.main),
        "beside": _set(result.beside) if result.beside is not None else None,
        "absolute_effect": answer.absolute.to_dict() if answer.absolute is not None else None,
        "certainty": answer.certainty.to_dict() if answer.certainty is not None else None,
        "statement": answer.statement or None,
    }


def _spec(asked: Analysis) -> dict[str, object]:
    """Return what the protocol asks; words newer than version 1 of the schema only where they are used."""
    content = asked.model_dump(mode="json")
    content["pooling"] = _pooling(asked.pooling)
    content["sensitivity"] = [_other_way(item) for item in asked.sensitivity]
    if asked.diagnostics == Diagnostics():
        del content["diagnostics"]
    return content


def _other_way(asked: Sensitivity) -> dict[str, object]:
    return {**asked.model_dump(mode="json"), "pooling": asked.pooling and _pooling(asked.pooling)}


def _pooling(asked: PoolingModel) -> dict[str, object]:
    """Return the words of the pooling.

    In version 1 of the schema each has a value: one that the protocol leaves out stands at the default of
    random effects by inverse variance, also where the method does not use it. What was used stands in the
    options of the result.
    """
    return {**_USUAL, **asked.model_dump(mode="json", exclude_none=True)}


def _set(pooled: PooledSet) -> dict[str, object]:
    """Return steps 2 to 4 of one group of designs; step 1 stands with the analysis."""
    return {
        "label": pooled.label,
        "randomised": pooled.randomised,
        "participants": pooled.participants,
        "events": pooled.events,
        "control_risk": pooled.control_risk,
        "chosen": [_choice(choice) for choice in pooled.choices],
        "effects": [_effect(effect) for effect in pooled.effects],
        "pooled_studies": [effect.study for effect in pooled.pooled],
        "result": pooled.fit.to_dict() if pooled.fit is not None else None,
        "not_pooled": pooled.not_pooled or None,
        "leave_one_out": pooled.leave_one_out.to_dict() if pooled.leave_one_out is not None else None,
        "small_study_effects": pooled.asymmetry.found and pooled.asymmetry.found.to_dict(),
        "subgroups": [_subgroup(item) for item in pooled.subgroups],
        "sensitivity": [_sensitivity(item) for item in pooled.sensitivity],
        "combinations": [_combination(item) for item in pooled.combinations],
        **_looked_for(pooled),
    }


def _looked_for(pooled: PooledSet) -> dict[str, object]:
    """Return what else was looked for, or why it was not found; nothing where it was not asked for."""
    content: dict[str, object] = {}
    if pooled.asymmetry.why_not:
        content["small_study_effects_why_not"] = pooled.asymmetry.why_not
    for name, looked in (("trim_and_fill", pooled.missing), ("influence", pooled.influence)):
        if looked.found is not None:
            content[name] = looked.found.to_dict()
        elif looked.why_not:
            content[f"{name}_why_not"] = looked.why_not
    return content


def _source(datum: Datum) -> dict[str, object]:
    """Return a datum's id and where it was read."""
    where = datum.provenance
    return {
        "datum": datum.id,
        "time": {"day": datum.time.day, "label": datum.time.label},
        "report": where.report,
        "source_type": where.source_type.value,
        "url": where.source.url,
        "locator": where.source.locator,
        "derived": where.derived,
    }


def _choice(choice: Choice) -> dict[str, object]:
    return {
        "study": choice.study,
        "name": choice.name,
        "design": choice.design.value,
        "chosen": _option(choice.chosen) if choice.chosen is not None else None,
        "why": choice.why,
        "rivals": [
            {**_source(rival.datum), "numbers": rival.shown or None, "why": rival.why}
            for rival in choice.rivals
        ],
        "conflict": [_option(option) for option in choice.conflict],
    }


def _option(option: Option) -> dict[str, object]:
    found: dict[str, object] = {"label": option.label}
    if option.datum is not None:
        found |= _source(option.datum)
    if option.numbers is not None:
        found["numbers"] = _numbers(option.numbers)
    return found


def _numbers(numbers: Numbers) -> dict[str, object]:
    printed = numbers.printed
    return {
        "experimental": _arms(numbers.experimental),
        "control": _arms(numbers.control),
        "printed": {
            "estimate": printed.estimate,
            "ci_low": printed.ci_low,
            "ci_high": printed.ci_high,
            "level": printed.level,
        }
        if printed is not None
        else None,
        "complete": numbers.complete,
        "derived": numbers.derived,
    }


def _arms(side: ArmNumbers | None) -> dict[str, object] | None:
    if side is None:
        return None
    known = {"n": side.n, "events": side.events, "mean": side.mean, "sd": side.sd}
    return {"arms": list(side.arms), **{name: value for name, value in known.items() if value is not None}}


def _effect(effect: StudyEffect) -> dict[str, object]:
    return {
        "study": effect.study,
        "name": effect.name,
        "datum": effect.datum.id,
        "numbers": _numbers(effect.numbers),
        "yi": effect.yi,
        "vi": effect.vi,
        "estimate": effect.estimate,
        "ci_low": effect.ci_low,
        "ci_high": effect.ci_high,
        "corrected": effect.corrected,
        "why_not": effect.why_not or None,
        "steps": list(effect.steps),
    }


def _subgroup(item: SubgroupResult) -> dict[str, object]:
    return {
        "by": item.by.value,
        "title": item.title,
        "groups": [
            {
                "label": group.label,
                "studies": [effect.study for effect in group.effects],
                "tested": group.tested,
                "result": group.fit.to_dict() if group.fit is not None else None,
            }
            for group in item.groups
        ],
        "test": item.test.to_dict() if item.test is not None else None,
        "why_not": item.why_not or None,
    }


def _sensitivity(item: SensitivityResult) -> dict[str, object]:
    return {
        "id": item.spec.id,
        "label": item.spec.label,
        "spec": _other_way(item.spec),
        "measure": item.measure,
        "left_out": list(item.left_out),
        "result": item.fit.to_dict() if item.fit is not None else None,
        "why_not": item.why_not or None,
    }


def _combination(item: Combination) -> dict[str, object]:
    """Return a combination in short: hundreds of them may stand in one file."""
    return {
        "main": item.main,
        "options": [{"study": study, "option": label} for study, label in item.options],
        "result": _short(item.fit) if item.fit is not None else None,
        "why_not": item.why_not or None,
    }


def _short(fit: PoolResult) -> dict[str, object]:
    return {
        "k": fit.k,
        "estimate": fit.estimate,
        "se": fit.se,
        "ci_low": fit.ci_low,
        "ci_high": fit.ci_high,
        "p_value": fit.p_value,
        "tau2": fit.tau2,
        "i2": fit.i2,
        "natural": fit.natural().to_dict() if fit.scale is not Scale.FREEMAN_TUKEY else None,
        "inputs_sha256": fit.content_hash,
    }
