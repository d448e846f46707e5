"""What is exported comes back with the same fields, in every format, whatever stands in them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove.model.record import FileFormat, RecordKind
from evergrove.sources.carried_fields import field_values
from evergrove.sources.draft import Draft, Origin, clean
from evergrove.sources.exporting import ExportFormat, exported
from evergrove.sources.formats import recognise
from evergrove.sources.opening import open_file

ORIGIN = Origin(FileFormat.RIS, "a.ris", "0" * 64, datetime(2026, 1, 2, tzinfo=UTC), database="Embase")
SIGNS = [
    "{",
    "}",
    "\\",
    "%",
    "&",
    "--",
    "``",
    "''",
    ";",
    ",",
    "|",
    '"',
    "<i>",
    "&amp;",
    "~",
    "^",
    "$x$",
    "#",
    "_",
]
LETTERS = ["é", "Ж", "試", "\u2028", "...", ".", "]]>", "=>"]
WORDS = [" and ", "TY  - JOUR", "ER  - ", "PMID- 1", "10.1/x", "doi.org/10.1000/182", "NCT04355728"]
MARKS = ["1234-5678", "PMC12", "evergrove:{}", "Preprint", "RAYYAN-LABELS: a", "a b", "x"]
ODD = st.sampled_from([*SIGNS, *LETTERS, *WORDS, *MARKS])
TEXT = st.lists(st.one_of(ODD, st.text(max_size=12)), min_size=1, max_size=6).map("".join).map(clean)
VALUE = TEXT.filter(bool)
LIST = st.lists(VALUE, max_size=3)


@st.composite
def records(draw):
    draft = Draft(1, None, draw(VALUE), kind=draw(st.sampled_from(RecordKind)))
    for name in ("title", "journal", "volume", "issue", "pages", "publisher", "language", "abstract"):
        setattr(draft, name, draw(st.none() | VALUE))
    for name in ("authors", "issn", "isbn", "registrations", "keywords", "types", "urls", "notes"):
        setattr(draft, name, draw(LIST))
    draft.year = draw(st.none() | st.integers(1500, 2100))
    draft.date = draw(st.none() | st.sampled_from(["2020", "2020-04", "2020-04-06", "Spring 2020", "n.d."]))
    draft.doi = draw(st.none() | st.sampled_from(["10.1000/182", "10.5555/a{b}_c"]) | VALUE)
    draft.pmid = draw(st.none() | st.sampled_from(["1", "32171076"]))
    draft.pmcid = draw(st.none() | st.just("PMC123"))
    draft.accessions = draw(st.dictionaries(st.sampled_from(["embase", "scopus", "x"]), VALUE, max_size=2))
    return draft.finish(ORIGIN)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@pytest.mark.parametrize("form", ExportFormat)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(held=st.lists(records(), min_size=1, max_size=2))
def test_an_export_reads_back_the_same(place, form, held):
    path = place / f"export.{form.value}"
    path.write_text("".join(exported(held, form)), encoding="utf-8")
    opened = open_file(path)
    found = list(recognise(opened).reader.read(opened))
    assert [field_values(item) for item in found] == [field_values(record) for record in held]
