"""Findings to draw and to write down: of the shipped review, once per session, and of a tiny one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evergrove.report.findings import Answer, Findings
from evergrove.services.evaluate import evaluate
from evergrove.store import read_review
from evergrove.synthesis import analyse
from support.tiny_review import analysis, counts, datum, review, study

if TYPE_CHECKING:
    from pathlib import Path

    from evergrove.model import Review

MANTEL_HAENSZEL = {
    "id": "mantel-haenszel",
    "label": "Mantel–Haenszel",
    "pooling": {"method": "mantel-haenszel", "model": "common"},
}


def bare_findings(made: Review) -> Findings:
    """Return findings without appraisal, certainty and statements."""
    answers = tuple(
        Answer(analyse(made, item, {}), certainty=None, absolute=None, statement="")
        for item in made.protocol.analyses
    )
    return Findings(made, answers, {}, ())


@pytest.fixture(scope="session")
def shipped(shipped_folder: Path) -> Findings:
    """The shipped review, evaluated once."""
    return evaluate(read_review(shipped_folder))


@pytest.fixture(scope="session")
def tiny() -> Findings:
    """Six invented trials: one without events, one with a printed ratio only, one with two counts."""
    printed = {"effect": {"measure": "RR", "estimate": 2.9, "ci_low": 0.6, "ci_high": 13.2}}
    trials = [
        study("alpha", [datum("d", counts(4), counts(8))]),
        study("beta", [datum("d", counts(5), counts(7))]),
        study("gamma", [datum("d", counts(0), counts(0))], cell_source="umbilical-cord"),
        study("delta", [datum("d", {}, {}, **printed)], cell_source="umbilical-cord"),
        study(
            "epsilon",
            [datum("d", counts(3), counts(9)), datum("e", counts(2), counts(9), source_type="review")],
            cell_source="umbilical-cord",
        ),
        study("zeta", [datum("d", {"n": 20}, counts(5))]),
    ]
    spec = analysis(sensitivity=[MANTEL_HAENSZEL], subgroups=["cell-source"])
    return bare_findings(review(trials, [spec]))
