"""Folder -> review -> folder changes no byte; review -> folder -> review changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from evergrove.model import Study
from evergrove.store import read_review, write_review
from evergrove.store.write import review_files, study_text
from evergrove.store.yaml_text import parse

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60)
LABEL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60)
NAME = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
NUMBER = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 6))


@st.composite
def studies(draw: st.DrawFn) -> Study:
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    arms = [
        {"id": name, "role": "experimental", "label": draw(LABEL), "n": draw(st.integers(0, 500))}
        for name in names
    ]
    data = []
    for index in range(draw(st.integers(0, 4))):
        values = {}
        for name in draw(st.lists(st.sampled_from(names), unique=True)):
            n = draw(st.none() | st.integers(1, 300))
            events = draw(st.none() | st.integers(0, n if n is not None else 9))
            mean = draw(st.none() | NUMBER)
            values[name] = {"n": n, "events": events, "mean": mean, "sd": draw(st.none() | st.floats(0, 1e6))}
        data.append(
            {
                "id": f"d{index}",
                "outcome": draw(NAME),
                "reported_as": draw(TEXT),
                "qualifier": draw(st.none() | TEXT),
                "kind": "dichotomous",
                "time": {"day": draw(st.none() | st.floats(0, 1000)), "label": draw(st.none() | TEXT)},
                "values": values,
                "provenance": {
                    "source": {"url": "https://example.org/a?b=c#d", "locator": draw(TEXT)},
                    "source_type": "report",
                },
                "note": draw(st.none() | TEXT),
            }
        )
    return Study.model_validate(
        {
            "id": draw(NAME),
            "name": draw(LABEL),
            "reports": [{"id": "r", "title": draw(TEXT), "authors": draw(st.lists(TEXT, max_size=3))}],
            "design": {"type": "case-series", "phase": draw(st.none() | TEXT)},
            "population": {"condition": draw(TEXT)},
            "arms": arms,
            "data": data,
            "notes": draw(st.lists(TEXT, max_size=3)),
        }
    )


@given(studies())
def test_a_study_survives_its_text(study: Study) -> None:
    text = study_text(study)
    again = Study.model_validate(parse(text, "x.yaml"))
    assert again == study
    assert study_text(again) == text


def test_the_shipped_review_is_written_as_it_stands(shipped_folder: Path) -> None:
    review = read_review(shipped_folder)
    for name, text in review_files(review).items():
        assert (shipped_folder / name).read_text(encoding="utf-8") == text, name
    with tempfile.TemporaryDirectory() as folder:
        write_review(review, Path(folder))
        assert read_review(Path(folder)) == review
