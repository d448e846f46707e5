"""Real files of many programs: one library in several formats is one library; expected parses come out."""

import json
import lzma
import re
import tarfile
import unicodedata
from collections import Counter
from contextlib import suppress

import pytest

from evergrove.errors import UsageError
from evergrove.model.record import FileFormat, RecordKind
from evergrove.services.export_records import export_to_file
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.sources.carried_fields import field_values
from evergrove.sources.exporting import ExportFormat
from evergrove.store.logs import read_imports
from evergrove.store.records import read_records
from support.reading import SHARED, read_file, shared

LIBRARY = ("ris", "nbib", "xml")


def library(form, place):
    _, records, left_out = read_file(shared(f"reflib/blue-light.{form}.xz", place))
    assert not left_out
    return {record.pmid: record for record in records}


def plain(text):
    """Return letters and digits only; raised digits are digits, as others print them."""
    return re.sub(r"\W+", "", unicodedata.normalize("NFKC", text or "").lower())


@pytest.mark.parametrize("form", LIBRARY)
def test_one_library_in_its_formats_gives_the_same_records(form, tmp_path):
    """Truth is the JSON beside the files; given names, which differ by format, are not compared."""
    truth = json.loads(shared("reflib/blue-light.json.xz", tmp_path).read_text(encoding="utf-8"))
    numbers = library("xml", tmp_path)
    by_title = {plain(record.title): record for record in library(form, tmp_path).values()}
    assert len(truth) == len(numbers) == 102
    assert len(by_title) == (102 if form != "nbib" else 80)  # the nbib file holds 80 of them
    for item in truth:
        if form == "nbib" and plain(item["title"]) not in by_title:
            continue
        record = by_title[plain(item["title"])]
        assert record.kind is RecordKind.ARTICLE
        assert record.year == int(item["year"])
        assert (record.volume, record.issue) == (item.get("volume"), item.get("number"))
        assert plain(record.pages) == plain(item.get("pages"))
        assert plain(record.abstract)[:400] == plain(item.get("abstract"))[:400]
        if "doi" in item:
            assert record.doi == item["doi"].lower()
        families = [name.split(",")[0].lower() for name in item.get("authors", ())]
        assert [name.split(",")[0].lower() for name in record.authors][: len(families)] == families
        assert record.pmid in numbers


def test_the_formats_of_one_library_agree_field_by_field(tmp_path):
    tagged, medline, xml = (library(form, tmp_path) for form in LIBRARY)
    assert tagged.keys() == xml.keys() >= medline.keys()
    for pmid, record in tagged.items():
        assert field_values(xml[pmid]) == field_values(record), pmid
        if pmid not in medline:
            continue
        assert plain(medline[pmid].title) == plain(record.title)
        assert medline[pmid].other["TA"] == (record.journal,)
        assert set(record.issn) <= set(medline[pmid].issn)


#: How a pair of JabRef's fixtures may differ: its .bib drops or rewrites these on purpose.
_STEMS = sorted(path.stem for path in SHARED.glob("jabref/*.bib"))
SOURCES = (".ris", ".xml", ".nbib", ".txt", ".isi", ".enw")
OTHER_FORMATS = re.compile(r"Copac|RepecNep|OvidImporterTestBib|InvalidFormat")
#: JabRef takes these otherwise: it joins repeated titles and abstracts, takes a book's title for that of
#: the chapter, the PubMed number of an address for that of the record, and writes formulas as LaTeX.
OTHERWISE = {
    "MedlinePlainImporterTestMultiTitle",
    "MedlinePlainImporterTestMultiAbstract",
    "MedlineImporterTestMinimalEntry",
    "MedlineImporterTestBookArticleSet",
    "MedlineImporterTestKeywordSingleEntry",
    "MedlineImporterTestMathML",
    "NbibImporterTest",
    "RisImporterTest1",
}


#: The pairs that are read here as JabRef reads them; without ../shared a name that is not there.
PAIRS = [stem for stem in _STEMS if not OTHER_FORMATS.search(stem) and stem not in OTHERWISE] or ["absent"]


@pytest.mark.parametrize("stem", PAIRS)
def test_fixtures_come_out_as_their_expected_parse(stem):
    expected = shared(f"jabref/{stem}.bib")
    source = next(path for ending in SOURCES if (path := expected.with_suffix(ending)).exists())
    _, wanted, _ = read_file(expected)
    _, found, _ = read_file(source)
    assert len(found) >= len(wanted)
    for want, have in zip(wanted, found, strict=False):
        for name in ("title", "volume", "abstract"):
            told = getattr(want, name)
            if told is not None:
                assert plain(getattr(have, name)) == plain(told), name
        for name in ("doi", "pmid", "year"):
            if getattr(want, name) is not None:
                assert getattr(have, name) == getattr(want, name), name


@pytest.mark.parametrize("number", [3, 4, 5, 6, 7])
def test_ovids_running_text_comes_out_as_jabref_expects(number):
    """Degrees, which JabRef takes for names, are no part of a name here."""
    _, (want,), _ = read_file(shared(f"jabref/OvidImporterTestBib{number}.bib"))
    _, (have,), left_out = read_file(shared(f"jabref/OvidImporterTest{number}.txt"))
    assert not left_out
    for name in ("title", "abstract", "doi", "issn", "language"):
        assert getattr(have, name) == getattr(want, name), name
    assert "; ".join(have.keywords).replace("; ", ", ") == ", ".join(want.keywords)
    if number not in {5, 6}:
        assert have.authors == want.authors


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("rispy/*.ris", FileFormat.RIS),
        ("asreview_small/*.ris", FileFormat.RIS),
        ("asreview_small/*.?sv", FileFormat.TABLE),
        ("jabref/*.ris", FileFormat.RIS),
        ("jabref/*WOS*.isi", FileFormat.WEB_OF_SCIENCE),
        ("jabref/Endnote.[be]*.enw", FileFormat.ENDNOTE_TAGGED),
        ("jabref/Ovid*.txt", FileFormat.OVID_TEXT),
        ("jabref/EndnoteXml*.xml", FileFormat.ENDNOTE_XML),
        ("nbib/biopython/*.txt", FileFormat.MEDLINE),
        ("pubmed_xml/*/*.xml", FileFormat.PUBMED_XML),
    ],
)
def test_formats_are_known_by_content_and_counts_add_up(pattern, form):
    paths = sorted(SHARED.glob(pattern))
    if not paths:
        pytest.skip(f"real files not there: {SHARED / pattern}")
    for path in paths:
        if path.name == "example_wos.ris":  # Web of Science, whatever its name says
            assert read_file(path)[0] is FileFormat.WEB_OF_SCIENCE
            continue
        if path.name == "Endnote.pattern.no_enw":
            continue
        found, records, left_out = read_file(path)
        assert found is form, path.name
        assert records or left_out, path.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "example_basic",
            {
                "title": "A Mathematical Theory of Communication",
                "authors": ("Shannon, Claude E.",),
                "date": "1948-07",
                "journal": "Bell System Technical Journal",
                "pages": "379-423",
                "volume": "27",
            },
        ),
        (
            "example_multiline",
            {
                "abstract": "first line, ER then second line and at the end the last line",
                "notes": ("first line", "* second line", "* last line"),
            },
        ),
        ("example_single_unknown_tag", {"other": {"JP": ("CRISPR", "Direct Current")}}),
        ("example_multi_unknown_tags", {"other": {"JP": ("CRISPR",), "DC": ("Direct Current",)}}),
        ("example_bom", {"doi": "10.1186/s40981-020-0316-0"}),
        ("example_custom_list_tags", {"other": {"SN": ("12345", "ABCDEFG", "666666")}}),
        ("example_urls", {"urls": ("http://example.com",)}),
    ],
)
def test_what_rispy_expects_of_its_own_examples_comes_out(name, expected):
    """The values stand in rispy's tests; they differ in names, and its dates are as printed."""
    _, (first, *_), left_out = read_file(shared(f"rispy/{name}.ris"))
    assert not left_out
    assert {field: getattr(first, field) for field in expected} == expected


def test_articles_of_pubmed_have_what_the_xml_says(tmp_path):
    packed = shared("pubmed_xml/metapub_pmid_xml.tar.xz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    paths = sorted(tmp_path.rglob("*.xml"))
    assert len(paths) == 41
    for path in paths:
        _, (record,), left_out = read_file(path)
        assert not left_out
        assert record.pmid == path.stem
        assert record.title
        assert record.raw in path.read_text(encoding="utf-8")


REAL = (
    *("reflib", "reflib_node", "nbib", "jabref", "rispy", "pubmed_xml"),
    *("asreview_small", "openalex", "europepmc"),
)


@pytest.fixture(scope="module")
def all_real(tmp_path_factory):
    """A review with every real file of a known format, each imported through the service."""
    place = tmp_path_factory.mktemp("real")
    review = new_review(place / "review")
    for folder in REAL:
        for path in sorted(shared(folder).rglob("*")):
            if path.is_dir() or path.suffix == ".tar":
                continue
            if path.suffix == ".xz":
                packed, path = path, place / f"{folder}-{path.stem}"  # noqa: PLW2901 - the same file, unpacked
                path.write_bytes(lzma.decompress(packed.read_bytes()))
            with suppress(UsageError):  # of no known format, or empty
                import_files(review, [path])
    return review


def test_the_counts_of_every_real_file_add_up(all_real):
    runs = read_imports(all_real)
    assert len(runs) > 100
    assert all(run.read == run.added + run.known + len(run.left_out) for run in runs)
    assert sum(run.added for run in runs) == len(list(read_records(all_real))) > 600


@pytest.mark.parametrize("form", ExportFormat)
def test_an_export_of_real_records_gives_back_the_same_records(all_real, tmp_path, form):
    def fields(review):
        return Counter(json.dumps(field_values(record), sort_keys=True) for record in read_records(review))

    export_to_file(all_real, form.value, tmp_path / "export")
    back = new_review(tmp_path / "back")
    import_files(back, [tmp_path / "export"])
    assert fields(back) == fields(all_real)
