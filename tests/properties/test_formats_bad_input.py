"""No file, however spoiled, stops a parser: no crash, no hang, every record kept or listed, in order."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove.errors import UsageError
from evergrove.model.record import FileFormat
from evergrove.services.folders import new_review
from evergrove.services.import_records import Choices, import_files
from evergrove.sources.draft import Draft, LeftOut
from evergrove.sources.formats import MODULES, reader_of
from evergrove.sources.opening import open_file
from evergrove.sources.registration_numbers import (
    _REGISTRIES,
    _TYPED,
    _UNTYPED,
    _in_capitals,
    find,
    registry_of,
)

SAMPLES = Path(__file__).resolve().parents[1] / "formats" / "samples"
OF = {
    FileFormat.RIS: "ovid.ris",
    FileFormat.MEDLINE: "pubmed.nbib",
    FileFormat.PUBMED_XML: "pubmed.xml",
    FileFormat.ENDNOTE_XML: "endnote.xml",
    FileFormat.ENDNOTE_TAGGED: "endnote.enw",
    FileFormat.OVID_TEXT: "ovid.txt",
    FileFormat.WEB_OF_SCIENCE: "web-of-science.ciw",
    FileFormat.BIBTEX: "library.bib",
    FileFormat.TABLE: "scopus.csv",
    FileFormat.RAYYAN: "rayyan.csv",
    FileFormat.REVMAN_RM5: "revman.rm5",
    FileFormat.REVMAN_CSV: "revman-web-data-rows.csv",
}
PIECES = st.sampled_from(
    ["\n", "\n\n", "\"", "<", ">", "&x;", "{", "}", "\x00", "\ufeff", ",", ";", "\t", "@article{", "<record>",
     "TY  - ", "ER  - ", "PMID- ", "%0 ", "PT J\n", "\\", "]]>", "<!--", "<![CDATA[", "%", "\r", "x" * 300]
)  # fmt: skip


@st.composite
def spoiled(draw, form):
    """A sample with parts taken out, doubled, moved or put in."""
    text = (SAMPLES / OF[form]).read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 80)))
        put = draw(st.one_of(PIECES, st.just(""), st.just(text[start:end] * 2), st.text(max_size=8)))
        text = text[:start] + put + text[end:]
    return text


def check(place, form, data):
    """Read a file as this format; what comes out can be imported and is numbered in order."""
    path = place / "file"
    path.write_bytes(data or b" ")
    opened = open_file(path)
    reader = reader_of(form)
    reader.recognise(opened.head)
    items = list(reader.read(opened))
    assert [item.position for item in items] == list(range(1, len(items) + 1))
    for item in items:
        assert isinstance(item, Draft | LeftOut)
        assert item.line is None or item.line >= 1
        if isinstance(item, LeftOut):
            assert item.reason
            item.noted()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("spoiled")


@pytest.mark.parametrize("form", OF)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_spoiled_sample_is_read_as_far_as_it_can_be(place, form, data):
    check(place, form, data.draw(spoiled(form)).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("form", OF)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8"))))
def test_arbitrary_bytes_are_read_as_far_as_they_can_be(place, form, data):
    check(place, form, data)


@pytest.fixture(scope="module")
def review(place):
    return new_review(place / "mine")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(data=st.data())
def test_the_counts_of_an_import_add_up(place, review, data):
    form = data.draw(st.sampled_from(list(OF)))
    path = place / "import"
    path.write_text(data.draw(spoiled(form)), encoding="utf-8")
    try:
        (run,) = import_files(review, [path], Choices(form=form)).runs
    except UsageError:
        return
    assert run.read == run.added + run.known + len(run.left_out)
    (again,) = import_files(review, [path], Choices(form=form)).runs
    assert (again.added, again.read, again.left_out) == (0, run.read, run.left_out)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.sampled_from(["NCT", "ISRCTN", "ChiCTR", "EudraCT", "jRCT", "NL", "PER-"]))
def test_numbers_that_are_found_are_numbers(text, name):
    for number in find(f"{text} {name}{text}"):
        assert registry_of(number) is not None
        assert find(number) == (number,)


#: Numbers of every registry as they are found in texts, and what stands around them or looks like them.
PARTS = (
    *("NTCO4355728", "ACRTN registry (12620000459910)"),
    *("NCT04355728", "nct 0435 5728", "NCTO4355728", "ISRCTN-47524255", "ISCRTN 47524255", "KCT0004913"),
    *("IRCT20200217046526N2", "IRCT20200217046526 N 123", "ISRCTN - identifier : 4752 4255"),
    *("NTR1234", "ISRCTN 123"),
    *("ChiCTR2000029990", "ChiCTR-IPR-17012345", "EudraCT - Identifier : 2020-001682-36", "RPCEC00000363"),
    *("2020-001682-36", "CTIS 2022-", "2022-500024-30-00", "jRCT2031190264", "jRCTs031190264"),
    *("NL-OMON12345", "NL"),
    *("UMIN000012345", "JapicCTI-205355", "JMA-IIA00123", "DRKS00012345", "DRKS-ID: DRKS00012345", "NL8491"),
    *("CTRI/2020/04/024479", "ACTRN12620000459910", "RBR-3fz9yr", "rbr-7xm5Z2", "PACTR202004893013257"),
    *("TCTR20200404004", "NL63", "SLCTR/2020/014", "LBCTR2020043495", "PER-012-20", "NCT", "EUCTR", "1234"),
    *("2020", "20", "000", "OOO", "only", "control", "\u2010", "\u00ad", "\u200b", "ſ", "ß", "治疗", " "),
    *("\n", "-", "n" * 30, "cells " * 12, "Ω " * 40, "7" * 60, "(", ")", ". ", "; "),
)


def found_everywhere(text):
    typed = _UNTYPED.sub(lambda sign: _TYPED[sign.group()], text)
    return {
        registry.form(match)
        for registry in _REGISTRIES
        for match in registry.pattern.finditer(typed if registry.cased else _in_capitals(typed))
    }


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("far", ["", "cells " * 20, "Ω " * 40])
def test_each_number_is_found_far_from_other_digits(part, far):
    assert set(find(far + part + far)) == found_everywhere(far + part + far)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), max_size=12).map("".join))
def test_looking_around_digits_finds_what_looking_everywhere_finds(text):
    assert set(find(text)) == found_everywhere(text)


def test_every_format_is_spoiled_here():
    mine = {form for form in MODULES if MODULES[form].rsplit(".", 1)[1] != "json_lines"}
    assert set(OF) <= mine
