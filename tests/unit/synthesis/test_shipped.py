"""What the shipped review's data come to, followed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from evergrove.model import Review
from evergrove.store import read_review
from evergrove.synthesis import AnalysisResult, analyse


@pytest.fixture(scope="module")
def shipped(shipped_folder: Path) -> Review:
    return read_review(shipped_folder)


def run(shipped: Review, key: str) -> AnalysisResult:
    spec = next(item for item in shipped.protocol.analyses if item.id == key)
    return analyse(shipped, spec, {})


def test_the_chosen_deaths(shipped: Review) -> None:
    result = run(shipped, "mortality-28d")
    chosen = {effect.name: effect.numbers.describe() for effect in result.main.effects}
    assert chosen == {
        "Adas 2021": "3/10 v 6/10",
        "Bowdish 2023": "42/112 v 47/110",
        "Dilogo 2021": "10/20 v 16/20",
        "Ichikado 2023": "5/19 v 3/7",
        "Lanzoni 2021": "2/12 v 7/12",
        "Matthay 2019": "12/40 v 3/20",
        "Monsel 2022": "5/21 v 4/24",
        "Rebelatto 2022": "5/11 v 1/6",
        "Shi 2021": "0/65 v 0/35",
        "Shu 2020": "0/12 v 3/29",
        "Zarrabi 2023": "3/11 v 8/24",
        "Zheng 2014": "1/6 v 2/6",
        "Zhu 2021": "0/29 v 2/29",
    }


def test_the_three_conflicts_are_shown_and_combined(shipped: Review) -> None:
    result = run(shipped, "mortality-28d")
    conflicts = {
        choice.name: [option.label for option in choice.conflict]
        for choice in result.main.choices
        if choice.conflict
    }
    assert conflicts.keys() == {"Bellingan 2022", "Lanzoni 2021", "Zarrabi 2023"}
    assert [label.split(" (")[0] for label in conflicts["Lanzoni 2021"]] == [
        "2/12 v 7/12",
        "1/11 v 7/12",
        "1/12 v 7/12",
    ]
    assert [label.split(" (")[0] for label in conflicts["Bellingan 2022"]] == [
        "left out",
        "5/20 v 45 % of 10",
        "2/20 v 4/10",
    ]
    assert conflicts["Zarrabi 2023"][1] == "RR 0.49 (0.14 to 1.11) as printed; its own counts give 0.82"
    assert len(result.main.combinations) == 18
    assert all(item.fit is not None for item in result.main.combinations)


def test_follow_up_reports_are_one_study(shipped: Review) -> None:
    assert [report.id for report in shipped.study("shi-2021").reports] == ["shi-2021", "shi-2022"]
    assert [report.id for report in shipped.study("lanzoni-2021").reports] == [
        "lanzoni-2021",
        "kouroupis-2021",
    ]


def test_nothing_is_pooled_where_one_trial_reports(shipped: Review) -> None:
    for key in ("pao2-fio2-7d", "crp-7d", "ct-score", "ct-lesion-volume", "six-minute-walk"):
        result = run(shipped, key)
        assert result.main.fit is None, key
        assert len(result.main.effects) == 1, key
        assert result.main.not_pooled.startswith("only one study")


def test_what_was_not_seen_stays_missing(shipped: Review) -> None:
    result = run(shipped, "il-6-7d")
    assert not result.main.effects
    assert all(choice.chosen is None for choice in result.main.choices)
    assert len(result.main.choices) == 7
