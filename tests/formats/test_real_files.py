"""Real files of many programs: one library in several formats is one library; expected parses come out."""

import json
import re
import tarfile

import pytest

from evergrove.model.record import FileFormat, RecordKind
from support.reading import SHARED, read_file, shared

FIELDS = ("title", "authors", "year", "volume", "issue", "pages", "doi", "journal", "keywords", "language")
LIBRARY = ("ris", "nbib", "xml")


def library(form, place):
    _, records, left_out = read_file(shared(f"reflib/blue-light.{form}.xz", place))
    assert not left_out
    return {record.pmid: record for record in records}


def plain(text):
    return re.sub(r"\W+", "", (text or "").lower())


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
        for name in (
            "title",
            "authors",
            "year",
            "volume",
            "issue",
            "pages",
            "doi",
            "journal",
            "keywords",
            "language",
        ):
            assert getattr(xml[pmid], name) == getattr(record, name), (pmid, name)
        if pmid not in medline:
            continue
        assert plain(medline[pmid].title) == plain(record.title)
        assert medline[pmid].other["TA"] == (record.journal,)
        assert set(record.issn) <= set(medline[pmid].issn)


#: How a pair of JabRef's fixtures may differ: its .bib drops or rewrites these on purpose.
_STEMS = sorted(path.stem for path in SHARED.glob("jabref/*.bib"))
SOURCES = (".ris", ".xml", ".nbib", ".txt", ".isi", ".enw")
OTHER_FORMATS = re.compile(r"Copac|RepecNep|Ovid|InvalidFormat")
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


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("rispy/*.ris", FileFormat.RIS),
        ("asreview_small/*.ris", FileFormat.RIS),
        ("asreview_small/*.?sv", FileFormat.TABLE),
        ("jabref/*.ris", FileFormat.RIS),
        ("jabref/*WOS*.isi", FileFormat.WEB_OF_SCIENCE),
        ("jabref/Endnote.[be]*.enw", FileFormat.ENDNOTE_TAGGED),
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
