"""The answer of a review in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrove.report.numerals import estimate_text, short_measure, unit_suffix
from evergrove.report.plot_words import patients
from evergrove.synthesis.result import natural as natural_of

if TYPE_CHECKING:
    from evergrove.report.findings import Answer, Findings
    from evergrove.services.timings import Timings


def answer_lines(findings: Findings, most: int = 3) -> list[str]:
    """Return one line for each of the first main outcomes."""
    return [_line(answer) for answer in findings.main_answers[:most]]


def _line(answer: Answer) -> str:
    result = answer.result
    if result.main.fit is None:
        return f"{result.analysis.title}: {result.main.not_pooled}."
    measure = result.analysis.measure
    natural = natural_of(result.main.fit, result.main.pooled)
    size = f"{short_measure(measure)} {estimate_text(natural, measure)}{unit_suffix(result.outcome, measure)}"
    scope = ", ".join(filter(None, (f"{result.main.fit.k} trials", patients(result.main))))
    return f"{result.analysis.title}: {answer.statement} ({size}; {scope})"


def answers_data(findings: Findings) -> list[dict[str, Any]]:
    """Return the main answers as JSON-safe data."""
    rows = []
    for answer in findings.main_answers:
        result = answer.result
        fit = result.main.fit
        rows.append(
            {
                "analysis": result.analysis.id,
                "title": result.analysis.title,
                "statement": answer.statement,
                "measure": result.analysis.measure,
                "result": None if fit is None else natural_of(fit, result.main.pooled).to_dict(),
                "k": 0 if fit is None else fit.k,
                "participants": result.main.known_participants or None,
                "certainty": answer.certainty.level.value
                if answer.certainty is not None and answer.certainty.level is not None
                else None,
                "absolute": answer.absolute.to_dict() if answer.absolute is not None else None,
                "not_pooled": result.main.not_pooled,
            }
        )
    return rows


def timing_lines(timings: Timings) -> list[str]:
    """Return one line for each stage, and the total."""
    rows = [*timings.seconds.items(), ("total", timings.total)]
    return [f"{name:<16} {seconds:6.2f} s" for name, seconds in rows]
