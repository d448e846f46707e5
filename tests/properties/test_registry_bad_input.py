"""No registry file or JSON answer, however spoiled, stops its reader; what it posts never does either."""

import io
import json
from contextlib import suppress

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evergrove.errors import UsageError
from evergrove.extraction.candidates import candidates_in
from evergrove.extraction.printed_numbers import number, p_value, whole
from evergrove.extraction.recomputed import recomputed
from evergrove.extraction.registry_study import registry_study
from evergrove.model.record import FileFormat
from evergrove.sources.draft import Draft, LeftOut, Origin
from evergrove.sources.formats import reader_of
from evergrove.sources.ictrp_trial import date_of
from evergrove.sources.openalex import in_order
from evergrove.sources.opening import open_file
from support.registry_samples import SAMPLES, WHEN

OF = {
    FileFormat.CLINICALTRIALS_V2: "ctgov-v2-study.json",
    FileFormat.CLINICALTRIALS_V1: "ctgov-v1.json",
    FileFormat.CLINICALTRIALS_FIELDS: "ctgov-fields.json",
    FileFormat.ICTRP_XML: "ictrp.xml",
    FileFormat.ICTRP_TABLE: "ictrp.csv",
    FileFormat.EUROPE_PMC: "europe-pmc.json",
    FileFormat.CROSSREF: "crossref.json",
    FileFormat.OPENALEX: "openalex.json",
}
JSON_OF = {form: name for form, name in OF.items() if name.endswith(".json")}
PIECES = st.sampled_from(
    ['"', "\\", "{", "}", "[", "]", ",", ":", "null", "NaN", "1e999", "\n", "\x00", "\ufeff", "\\ud800",
     "<br>", "<Trial>", "</Trial>", "&x;", "<!DOCTYPE a [", "9" * 5000, "[" * 400, '{"nctId":']
)  # fmt: skip
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "NA", "<0.1", "1,000", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("spoiled-registry") / "file"


def check(place, form, data):
    """Read a file as this format: numbered in order, each kept or listed; what it posts is found."""
    place.write_bytes(data or b" ")
    opened = open_file(place)
    reader = reader_of(form)
    reader.recognise(opened.head)
    origin = Origin(form, "file", opened.sha256, WHEN)
    items = list(reader.read(opened))
    assert [item.position for item in items] == list(range(1, len(items) + 1))
    for item in items:
        if isinstance(item, LeftOut):
            assert item.reason
            item.noted()
            continue
        assert isinstance(item, Draft)
        try:
            record = item.finish(origin)
        except ValidationError:  # an import lists it as left out
            continue
        for candidate in candidates_in(record):
            for effect in candidate.effects:
                recomputed(candidate, effect)
        registry_study(record)


def spoil(draw, text):
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 80)))
        put = draw(st.one_of(PIECES, st.just(""), st.just(text[start:end] * 2), st.text(max_size=6)))
        text = text[:start] + put + text[end:]
    return text


@pytest.mark.parametrize("form", OF)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_spoiled_sample_is_read_as_far_as_it_can_be(place, form, data):
    text = (SAMPLES / OF[form]).read_text(encoding="utf-8-sig")
    check(place, form, spoil(data.draw, text).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("form", OF)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read(place, form, data):
    with suppress(UsageError):  # says what is wrong with the file as a whole
        check(place, form, data)


def paths_in(node, at=()):
    """Yield the path of every value inside a JSON value."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from paths_in(value, (*at, key))


@pytest.mark.parametrize("form", JSON_OF)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_value_may_stand_anywhere(place, form, data):
    value = json.loads((SAMPLES / JSON_OF[form]).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(list(paths_in(value))))
        node = value
        for key in path:
            node = node[key]
        node[last] = data.draw(ODD)
    check(place, form, json.dumps(value).encode())


@pytest.fixture(scope="module")
def workbook():
    book = openpyxl.Workbook()
    book.active.append(["TrialID", "Public title", "Scientific title"])
    book.active.append(["NL1", "x", "y"])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


@settings(max_examples=30, deadline=None)
@given(at=st.lists(st.tuples(st.floats(0.001, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_spoiled_workbook_is_refused_or_read(place, workbook, at):
    raw = bytearray(workbook)
    for where, byte in at:
        raw[4 + int(where * (len(raw) - 4))] = byte
    with suppress(UsageError):
        check(place, FileFormat.ICTRP_TABLE, bytes(raw))


@given(st.text(max_size=30))
def test_printed_numbers_are_read_or_are_none(text):
    for read in (number, whole, p_value, date_of):
        read(text)


@given(st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=30))
def test_an_inverted_abstract_is_put_back(words):
    index: dict[str, list[int]] = {}
    for place_of, word in enumerate(words):
        index.setdefault(word, []).append(place_of)
    assert in_order(index) == " ".join(words)
