"""Every word of a record is in its fields, but for what the reference lists as only in the raw form."""

import json
import lzma
import re
import unicodedata
from pathlib import Path

import pytest
from lxml import etree

from evergrove.errors import UsageError
from evergrove.model.record import FileFormat
from evergrove.sources.bibliographic_values import partial_date
from evergrove.sources.formats import recognise
from evergrove.sources.opening import open_file
from support.reading import read_file, shared

DOCS = Path(__file__).parents[2] / "docs" / "reference"
SAMPLES = Path(__file__).parent / "samples"
HEADING = "| only in the raw form |"
#: Marks within a text: what they enclose is one text with what stands around them.
INLINE = {"b", "i", "u", "em", "strong", "sub", "sup", "style", "math", "mml"}
WORD = re.compile(r"[^\W_]+")
TAGGED = {
    "ris": re.compile(r"\ufeff?(DOI|[A-Z][A-Z0-9])\s+-\s?(.*)"),
    "medline": re.compile(r"([A-Z]{2,4}) *-\s?(.*)"),
    "endnote-tagged": re.compile(r"\ufeff?%(.)\s?(.*)"),
    "web-of-science": re.compile(r"([A-Z][A-Z0-9])( .*|$)"),
    "ovid-text": re.compile(r"([A-Z][A-Za-z0-9/ -]*?)()\s*$"),
}
REAL = (
    *("jabref", "nbib", "openalex", "pubmed_xml", "reflib", "reflib_node", "rispy", "europepmc"),
    *("../registry/ctgov_v2", "../registry/ctgov_v2_partial", "../registry/ctgov_v2_bulk"),
)
#: Of tables every column is a field or in `other`; RevMan's are told in words; the first interface of
#: ClinicalTrials.gov is put into the words of the second.
NO_PARTS = {
    *(FileFormat.BIBTEX, FileFormat.TABLE, FileFormat.RAYYAN, FileFormat.REVMAN_RM5, FileFormat.REVMAN_CSV),
    *(FileFormat.CLINICALTRIALS_V1, FileFormat.CLINICALTRIALS_FIELDS),
}
#: Words that a field says in another form: an address before a DOI, marks, media of an ISSN, yes and no.
TOLD_OTHERWISE = {
    *(
        "http",
        "https",
        "dx",
        "doi",
        "org",
        "www",
        "pii",
        "pmid",
        "pmcid",
        "pmc",
        "isbn",
        "pubmed",
        "ncbi",
        "nlm",
    ),
    *(
        "nih",
        "gov",
        "nbk",
        "electronic",
        "print",
        "linking",
        "p",
        "i",
        "b",
        "br",
        "h4",
        "jats",
        "amp",
        "articles",
        "true",
        "false",
    ),
    *("n", "y", "actual", "estimated"),
}
#: Tags whose word is another in our own: kinds; names that stand twice, short and full.
OTHERWISE = {"ris": {"TY", "ER"}, "web-of-science": {"PT"}, "medline": {"AU"}, "endnote-tagged": {"0"}}
OTHERWISE["ovid-text"] = {"?"}  # the number of a record


def only_raw(form):
    """Return the parts that the reference says a format has only in its raw form."""
    for page in ("formats.md", "registry-formats.md"):
        for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
            if line.startswith(f"| `{form}` |"):
                return set(re.findall(r"`([^`]+)`", line.split("|")[2]))
    raise AssertionError(f"{form}: no row in the tables 'only in the raw form' of the reference")


def texts(form, raw):
    """Yield the texts of a raw record, each with the names on the way to it."""
    if form in TAGGED:
        tag = "?"
        for line in raw.split("\n"):
            found = TAGGED[form].match(line)
            tag, text = found.groups() if found else (tag, line)
            yield (tag,), text
    elif raw.lstrip().startswith("<"):
        clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", raw)
        yield from xml_texts(etree.fromstring(clean, etree.XMLParser(recover=True, resolve_entities=False)))
    else:
        yield from json_texts(json.loads(raw))


def xml_texts(node, way=()):
    way = (*way, str(node.tag))
    for name, value in node.attrib.items():
        yield (*way, f"@{name}"), value
    parts = [part for part in node if isinstance(part.tag, str)]
    if all(part.tag.rsplit("}", 1)[-1] in INLINE for part in parts):
        yield way, "".join(node.itertext())
        return
    yield way, " ".join(filter(None, [node.text, *(part.tail for part in parts)]))
    for part in parts:
        yield from xml_texts(part, way)


def json_texts(value, way=()):
    if isinstance(value, dict):
        for name, part in value.items():
            yield from json_texts(part, (*way, name))
    elif isinstance(value, list):
        for part in value:
            yield from json_texts(part, way)
    elif value is not None:
        yield way, str(value)


def words(text):
    return set(WORD.findall(text.lower()))


def lost(path):
    """Return the parts of a file of which a word is in no field, with an example each."""
    form, records, _ = read_file(path)
    allowed = only_raw(form.value) | OTHERWISE.get(form.value, set())
    found = {}
    for record in records:
        fields = record.model_dump(mode="json", exclude={"raw"})
        # raised digits count as the digits that they are
        held = unicodedata.normalize("NFKC", json.dumps(fields, ensure_ascii=False).replace("\\n", " "))
        have, joined = words(held), "".join(WORD.findall(held.lower()))
        for way, printed in texts(form.value, record.raw):
            text = unicodedata.normalize("NFKC", printed)
            # a number may stand there without the hyphens of the source
            whole = "".join(WORD.findall(text.lower()))
            missing = words(text) - have - TOLD_OTHERWISE if whole not in joined else set()
            if partial_date(text) is not None or partial_date(f"2000 {text}") is not None:
                missing = set()
            missing = {word for word in missing if len(word) < 6 or word not in joined}  # PMC9900001
            if missing and allowed.isdisjoint(way) and not ("@" in allowed and way[-1].startswith("@")):
                found.setdefault("/".join(way), (sorted(missing), text[:80]))
    return found


@pytest.mark.parametrize(
    "name",
    [
        path.name
        for path in sorted(SAMPLES.iterdir())
        if path.suffix in {".ris", ".nbib", ".enw", ".ciw", ".xml", ".txt"}
    ]
    + [f"registry/{name}" for name in ("crossref.json", "ctgov-v2-page.json", "ctgov-v2-study.json")]
    + [f"registry/{name}" for name in ("europe-pmc.json", "ictrp.xml", "ictrp-2026.xml", "openalex.json")],
)
def test_what_is_in_no_field_of_a_sample_is_listed_in_the_reference(name):
    assert not lost(SAMPLES / name)


@pytest.mark.parametrize("name", REAL)
def test_what_is_in_no_field_of_a_real_file_is_listed_in_the_reference(name, tmp_path):
    gone = {}
    read = 0
    for path in sorted(shared(name).rglob("*")):
        if path.suffix in {".tar", ".bib", ".csv"} or path.is_dir():
            continue
        if path.suffix == ".xz":
            packed, path = path, tmp_path / path.stem  # noqa: PLW2901 - the same file, unpacked
            path.write_bytes(lzma.decompress(packed.read_bytes()))
        try:
            form, _ = recognise(open_file(path))
        except UsageError:  # a file of no known format: other tests see to them
            continue
        if form not in NO_PARTS:
            read += 1
            gone |= {f"{path.name}: {way}": example for way, example in lost(path).items()}
    assert read
    assert not gone
