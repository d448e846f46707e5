"""Samples of every format, invented for these tests: what is read, what is mended, what is left out."""

from pathlib import Path

import pytest

from evergrove.errors import UsageError
from evergrove.model.record import FileFormat, RecordKind
from evergrove.sources.opening import open_file
from evergrove.sources.table import mapping_of
from support.reading import read_file, read_text

SAMPLES = Path(__file__).parent / "samples"
FORMATS = {
    "cochrane.ris": FileFormat.RIS,
    "embase.ris": FileFormat.RIS,
    "ovid.ris": FileFormat.RIS,
    "scopus.ris": FileFormat.RIS,
    "web-of-science.ris": FileFormat.RIS,
    "zotero.ris": FileFormat.RIS,
    "pubmed.nbib": FileFormat.MEDLINE,
    "pubmed.xml": FileFormat.PUBMED_XML,
    "endnote.xml": FileFormat.ENDNOTE_XML,
    "endnote.enw": FileFormat.ENDNOTE_TAGGED,
    "ovid.txt": FileFormat.OVID_TEXT,
    "web-of-science.ciw": FileFormat.WEB_OF_SCIENCE,
    "library.bib": FileFormat.BIBTEX,
    "scopus.csv": FileFormat.TABLE,
    "rayyan.csv": FileFormat.RAYYAN,
    "revman.rm5": FileFormat.REVMAN_RM5,
    "revman-web-data-rows.csv": FileFormat.REVMAN_CSV,
}


def sample(name):
    form, records, left_out = read_file(SAMPLES / name)
    assert form is FORMATS[name]
    return records, left_out


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_format_is_known_by_content_in_every_encoding(name, encoding, tmp_path):
    text = (SAMPLES / name).read_text(encoding="utf-8").replace("UTF-8", encoding.upper()[:6].rstrip("-"))
    form, records, left_out = read_text(tmp_path, text.encode(encoding))
    plain, plain_left_out = sample(name)
    assert form is FORMATS[name]
    assert [record.title for record in records] == [record.title for record in plain]
    assert len(left_out) == len(plain_left_out)


ALPHA = {
    "volume": "4",
    "issue": "2",
    "pages": "11-19",
    "year": 2021,
    "doi": "10.5555/alpha.2021",
    "issn": ("1234-5679",),
}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ovid.ris", {**ALPHA, "registrations": ("NCT09999991",), "authors": ("Rossi A.", "Bianchi B.")}),
        ("pubmed.nbib", {**ALPHA, "pmid": "99000001", "pmcid": "PMC9900001", "date": "2021-04-02"}),
        ("pubmed.xml", {**ALPHA, "pmid": "99000001", "pmcid": "PMC9900001", "date": "2021-04-02"}),
        (
            "endnote.xml",
            {**ALPHA, "issn": ("1234-5679", "1234-5687"), "pmid": "99000001", "date": "2021-04-02"},
        ),
        ("endnote.enw", {**ALPHA, "pmid": "99000001", "date": "2021-04-02", "keywords": ("cells", "lung")}),
        (
            "ovid.txt",
            {
                **ALPHA,
                "pmid": "99000001",
                "title": "Invented cells: a trial",
                "authors": ("Rossi, Anna", "Bianchi, Bruno"),
                "date": "2021-04",
                "journal": "Journal of Invented Medicine",
                "keywords": ("cells", "lung"),
                "types": ("Article", "Original Article: PDF Only"),
                "registrations": ("NCT09999991",),
            },
        ),
        ("web-of-science.ciw", {**ALPHA, "pmid": "99000001", "date": "2021-04-02"}),
        ("library.bib", {"volume": "4", "pages": "11-19", "date": "2021-04", "doi": "10.5555/alpha_2021"}),
        ("scopus.csv", {**ALPHA, "pmid": "99000001", "title": "Invented cells; a trial"}),
        ("rayyan.csv", {**ALPHA, "pmid": "99000001", "date": "2021-04-02"}),
    ],
)
def test_the_first_record_has_what_the_file_says(name, said):
    first = sample(name)[0][0]
    assert {field: getattr(first, field) for field in said} == said


def test_dialects_of_ris():
    ovid, embase, scopus, wos, cochrane, zotero = (
        sample(f"{name}.ris")[0][0]
        for name in ("ovid", "embase", "scopus", "web-of-science", "cochrane", "zotero")
    )
    assert ovid.source.database == "Embase"
    assert ovid.abstract.endswith("It goes on here (ClinicalTrials.gov NCT 09999991).")
    assert ovid.other["JA"] == ("J. Invent. Med.",)
    assert (embase.kind, embase.pmid, embase.accessions) == (
        RecordKind.CONFERENCE,
        "99000002",
        {"embase": "L639999999"},
    )
    assert embase.registrations == ("NCT09999991",)
    assert scopus.pmid == "99000001"
    assert (wos.date, wos.accessions) == ("2021-04-02", {"web-of-science": "WOS:000999999900001"})
    assert cochrane.kind is RecordKind.REGISTRY_ENTRY
    assert cochrane.accessions == {"cochrane": "CN-09999991", "embase": "639999999"}
    assert (cochrane.pmid, cochrane.doi) == ("99000001", "10.5555/alpha.2021")
    assert zotero.notes == ("a note & more",)
    assert (zotero.pmid, zotero.date) == ("99000001", "2021-04-02")


def test_ovids_running_text_has_its_sources_editors_and_trials():
    (first, second, third), (left,) = sample("ovid.txt")
    assert first.source.database == "Ovid MEDLINE(R) ALL"
    assert first.abstract.startswith("The first part of an invented abstract. ClinicalTrials.gov")
    assert first.other["references"] == ("Verdi C. 2001. An older trial, NCT00000001. Old Journal 1: 2-3.",)
    assert (second.kind, second.authors) == (RecordKind.CONFERENCE, ("Neri D.",))
    assert second.other["Editor"] == ("Verdi, Carla",)
    assert (second.journal, second.volume, second.issue) == ("Congress of Nowhere", "3", "1")
    assert (second.pages, second.date) == ("7-8", "2020-05")
    assert (third.journal, third.volume, third.issue) == ("Stem Cells of Nowhere", "10", "5")
    assert (third.pages, third.date, third.registrations) == ("660-673", "2021", ("NCT09999992",))
    assert (left.position, left.reason) == (4, "no field has text; allowed: at least one")


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("Khan MD;  Smith MA 1", ("Khan MD", "Smith MA")),
        ("Smith, MA;  Rossi, A. MD", ("Smith, MA", "Rossi, A. MD")),
        ("van Vugt, Arie MD, PhD +", ("van Vugt, Arie",)),
        ("Bunkers, Sandra Schmidt RN; PhD; FAAN 1", ("Bunkers, Sandra Schmidt",)),
        ("Rossi, Anna (1,2);  Ma, Ma", ("Rossi, Anna", "Ma, Ma")),
        ("Rossi, Anna MD, " * 3000 + "x", None),
        ("1 " * 30_000 + "x", None),
        ("* " * 30_000 + "x", None),
    ],
)
def test_degrees_are_taken_off_names_and_initials_are_not(tmp_path, printed, names):
    _, (record,), _ = read_text(tmp_path, f"<1>\nTitle\n  A trial\nAuthor\n  {printed}\n")
    assert names is None or record.authors == names  # what is nonsense only has to come to an end


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("Ecohydrology.   8(6):1048-1064, September 2015.", ("Ecohydrology", "8", "6", "1048-1064", 2015)),
        (
            "Critical Care (London, England).  26(1):48, 2022 02 21.",
            ("Critical Care (London, England)", "26", "1", "48", 2022),
        ),
        (
            "Critical Care. 26(1) (no pagination), 2022. Article Number: 48.",
            ("Critical Care", "26", "1", None, 2022),
        ),
        ("Very Long Title. Vol 28(2) April 2015, 103-106.", ("Very Long Title", "28", "2", "103-106", 2015)),
        ("School Psychology Quarterly. ", ("School Psychology Quarterly", None, None, None, None)),
        ("Rossi (2015). A Book. (pp. 3-6) X pp. Rome: Nobody", (None, None, None, None, 2015)),
        ("Something of 2014 and 2015 printed otherwise", (None, None, None, None, None)),
    ],
)
def test_what_ovid_prints_in_one_line_is_taken_apart_only_where_its_form_is_known(tmp_path, source, told):
    text = f"<1>\nTitle\n  A trial\nAuthor\n  Rossi A.\nSource\n  {source}\n"
    _, (record,), _ = read_text(tmp_path, text)
    assert (record.journal, record.volume, record.issue, record.pages, record.year) == told
    assert record.other["Source"] == (" ".join(source.split()),)


def test_a_note_in_rayyan_may_have_lines_brackets_and_semicolons(tmp_path):
    told = 'RAYYAN-INCLUSION: {""Ann""=>""Included""} | '
    told += 'USER-NOTES: {""Ann""=>[""see [1]; again"", ""two\nlines""]}'
    header = (SAMPLES / "rayyan.csv").read_text(encoding="utf-8").splitlines()[0]
    cells = ["r1", "A trial", *[""] * (header.count(",") - 1)]
    cells[header.split(",").index("notes")] = f'"{told}"'
    form, (record,), _ = read_text(tmp_path, f"{header}\n{','.join(cells)}\n")
    assert form is FileFormat.RAYYAN
    assert record.other["rayyan-note"] == ("Ann: see [1]; again", "Ann: two lines")
    assert record.other["rayyan-decision"] == ("Ann: Included",)
    assert not record.notes


def test_what_rayyan_writes_otherwise_is_kept_as_it_stands(tmp_path):
    text = "TY  - JOUR\nTI  - A trial\nN1  - RAYYAN-INCLUSION: Included | USER-NOTES: none\nER  - \n"
    _, (record,), _ = read_text(tmp_path, text)
    assert record.other == {"rayyan-decision": ("Included",), "rayyan-note": ("none",)}


def test_a_power_of_ten_is_not_run_together(tmp_path):
    """A dose of 10 to the power of 6 that reads 106 would be a wrong number."""
    formula = '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">{}</mml:math>'
    power = formula.format("<mml:msup><mml:mn>10</mml:mn><mml:mn>6</mml:mn></mml:msup>")
    half = formula.format("<mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac>")
    text = (
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>99000009</PMID><Article><ArticleTitle>"
        "1 x 10<sup>6</sup> cells, PaO<sub>2</sub>, the 4<sup>th</sup> day</ArticleTitle><Abstract>"
        f"<AbstractText>{power} or 10<sup>-2</sup> or {half}; NCT04355728<sup>1</sup></AbstractText>"
        "</Abstract></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
    _, (record,), _ = read_text(tmp_path, text)
    assert record.title == "1 x 10⁶ cells, PaO2, the 4th day"
    assert record.abstract == "10⁶ or 10⁻² or 1 2; NCT04355728¹"
    assert record.registrations == ("NCT04355728",)


def test_a_field_that_stands_twice_in_bibtex_loses_nothing(tmp_path):
    text = "@article{b, title={Two}, Title={Three}, note={x}, note={y}, doi={10.5555/a}, doi={10.5555/b},"
    text += " year=2020}"
    _, (record,), left_out = read_text(tmp_path, text)
    assert not left_out
    assert (record.title, record.notes, record.doi, record.year) == ("Two", ("x", "y"), "10.5555/a", 2020)
    assert record.other == {"key": ("b",), "title": ("Three",), "doi": ("10.5555/b",)}


def test_what_rispy_loses_is_kept(tmp_path):
    text = "TY  - JOUR\nTI  - One\nT1  - Another\nT1  - A third\nXX  - unknown\nN1  - a\n  b\n"
    text += "AB  - x\ny\nER  - \n"
    _, (record,), _ = read_text(tmp_path, text)
    assert record.title == "One"
    assert record.other == {"T1": ("Another", "A third"), "XX": ("unknown",)}
    assert (record.notes, record.abstract) == (("a", "b"), "x y")  # a line of a note is a note, as for rispy
    assert record.raw == text.rstrip("\n")


@pytest.mark.parametrize(
    ("text", "titles", "left_out"),
    [
        ("TY  - JOUR\nTI  - one\nTY  - JOUR\nTI  - two\nER  - \n", ["one", "two"], 0),
        ("TI  - one\nAU  - A\nER  - \n\nTY  - JOUR\nER  - \nTY - JOUR\nTI - two\nER -\n", ["one", "two"], 1),
        ("TY  - JOUR\nTI  - no end", ["no end"], 0),
    ],
)
def test_broken_ris_loses_no_record(tmp_path, text, titles, left_out):
    _, records, lost = read_text(tmp_path, text)
    assert [record.title for record in records] == titles
    assert len(lost) == left_out


def test_medline_in_detail():
    (article, chapter), _ = sample("pubmed.nbib")
    assert article.title == "Invented cells in an invented syndrome"
    assert article.authors == ("The Invented Group", "Rossi, Anna", "Bianchi B")
    assert article.other["LID"] == ("S1 [pii]",)
    assert article.keywords == ("Humans", "cells")
    assert article.registrations == ("NCT09999991",)
    assert (chapter.kind, chapter.title, chapter.journal) == (
        RecordKind.CHAPTER,
        "A chapter",
        "An invented book.",
    )


def test_pubmed_xml_in_detail():
    (article, book), (broken,) = sample("pubmed.xml")
    assert article.title == "Invented cells in an invented syndrome"
    assert article.abstract == "BACKGROUND: An invented abstract. Its end."
    assert article.authors == ("Rossi, Anna", "The Invented Group")
    assert article.keywords == ("Lung/*immunology", "cells")
    assert article.registrations == ("NCT09999991",)
    assert (book.kind, book.isbn, book.publisher) == (RecordKind.BOOK, ("9781860163593",), "Invented Press")
    assert (broken.position, broken.line) == (2, 5)
    assert "not well-formed" in broken.reason


def test_endnote_xml_in_detail():
    (article, book), (broken,) = sample("endnote.xml")
    assert article.title == "Invented cells in an invented syndrome"
    assert article.abstract == "An invented abstract & more."
    assert (book.kind, book.title) == (RecordKind.BOOK, "An invented book")
    assert (broken.position, broken.reason[:12]) == (2, "the end tag ")


def test_web_of_science_in_detail():
    ((record,), _) = sample("web-of-science.ciw")
    assert record.authors == ("Rossi, Anna", "Bianchi, Bruno")
    assert record.types == ("Article", "Early Access")
    assert record.registrations == ()  # those of cited works are not its own
    assert record.source.database == "Web of Science"


def test_bibtex_in_detail():
    (article, book), (broken,) = sample("library.bib")
    assert article.title == "Invented Cells in an über-invented syndrome: 5% & more"
    assert article.journal == "Journal of Invented Medicine"
    assert book.publisher == "Invented Press"
    assert (broken.position, broken.line) == (2, 11)


def test_tables_in_detail():
    (first,), (broken,) = sample("scopus.csv")
    assert first.authors == ("Rossi A.", "Bianchi B.")
    assert first.other["Author full names"] == ("Rossi, Anna (99999999); Bianchi, Bruno (99999998)",)
    assert first.accessions == {"scopus": "2-s2.0-99"}
    assert (broken.position, broken.line) == (2, 4)
    assert "22 cells; allowed: at most 19" in broken.reason


def test_columns_are_mapped_by_a_person():
    opened = open_file(SAMPLES / "plain.tsv")
    mapping = {"Heading": "title", "Who": "authors", "When": "year"}
    assert mapping_of(opened, mapping) == {"Nr": "other", **mapping}
    with pytest.raises(UsageError, match="no column 'What'"):
        mapping_of(opened, {"What": "title"})
    with pytest.raises(UsageError, match="found 'heading'; allowed: kind, title"):
        mapping_of(opened, {"Who": "heading"})


def test_decisions_of_rayyan_are_kept():
    (first, second), _ = sample("rayyan.csv")
    assert first.other["rayyan-decision"] == ("Ann: Included", "Bo: Excluded")
    assert first.other["rayyan-label"] == ("cells", "adults")
    assert first.other["rayyan-exclusion-reason"] == ("wrong design",)
    assert first.other["rayyan-note"] == ("Ann: ask the authors",)
    assert first.notes == ("seen before",)
    assert first.authors == ("Rossi, A.", "Bianchi, B.")
    assert "rayyan-decision" not in second.other


def test_revman_5_gives_studies_references_data_and_bias():
    records, (empty,) = sample("revman.rm5")
    assert empty.reason.startswith("no part of the reference of Beta 2022 has text")
    alpha, article, registration, beta, gamma, _ = records
    assert [record.kind for record in (alpha, beta, gamma)] == [RecordKind.REVIEW_STUDY] * 3
    death, ventilation = alpha.other["data row"]
    assert '"EVENTS_1": "4"' in death
    assert '"effect measure": "RR"' in death
    assert '"method"' not in ventilation  # of the outcome before
    assert '"subgroup": "Adults"' in ventilation
    assert alpha.other["risk of bias: Random sequence generation (selection bias)"] == ("low",)
    blinding = "risk of bias: Blinding of outcome assessment (detection bias)"
    assert alpha.other[f"{blinding} [Death]"] == ("low",)
    assert alpha.other[f"{blinding} [Days of ventilation]"] == ("high",)
    assert beta.other["risk of bias: Random sequence generation (selection bias)"] == ("unclear",)
    assert (article.doi, article.pmid, article.other["study"]) == (
        "10.5555/alpha.2021",
        "99000001",
        ("Alpha 2021",),
    )
    assert registration.registrations == ("NCT09999991",)
    assert gamma.other["study group"] == ("excluded",)


def test_revman_5_keeps_what_stood_before_a_break(tmp_path):
    text = (SAMPLES / "revman.rm5").read_text(encoding="utf-8")
    _, records, (_, broken) = read_text(tmp_path, text[: text.index("<ANALYSES_AND_DATA>")] + "<A><B></A>")
    assert len(records) == 6
    assert "not well-formed XML from here on" in broken.reason


def test_revman_web_gives_a_record_a_study():
    (alpha, beta), _ = sample("revman-web-data-rows.csv")
    assert (alpha.title, alpha.year, len(alpha.other["data row"])) == ("Alpha 2021", 2021, 2)
    assert beta.other["risk of bias: Bias arising from the randomization process"] == ("Some concerns",)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">'
    '<!ENTITY c SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("entity", ["b", "c"])
def test_no_entity_is_expanded_and_nothing_is_fetched(tmp_path, entity):
    inner = f"<ref-type name='Book'>6</ref-type><titles><title>&{entity};</title></titles>"
    _, records, left_out = read_text(
        tmp_path, f"{BOMB}<xml><records><record>{inner}</record></records></xml>"
    )
    assert not records
    assert "not well-formed" in left_out[0].reason
    study = f'<STUDY ID="1" NAME="A"><REFERENCE><TI>x&{entity};</TI></REFERENCE></STUDY>'
    review = f"<COCHRANE_REVIEW><INCLUDED_STUDIES>{study}</INCLUDED_STUDIES></COCHRANE_REVIEW>"
    _, records, left_out = read_text(tmp_path, BOMB + review)
    assert "haha" not in repr(records)
    assert "root:" not in repr(records)


def test_latin_1_as_the_declaration_says(tmp_path):
    head = '<?xml version="1.0" encoding="ISO-8859-1"?><xml><records>'
    text = f"{head}<record><titles><title>Müller</title></titles></record></records></xml>"
    _, (record,), _ = read_text(tmp_path, text.encode("latin-1"))
    assert record.title == "Müller"


LONG = ("word " * 200 + "\n") * 22_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"TY  - JOUR\nAB  - {LONG}TY  - JOUR\nTI  - after\nER  - \n", "allowed: at most 20,971,520"),
        (f"<xml><records><record>{LONG}<record><titles><title>after</title></titles></record>", "more than"),
        (f"@article{{a, title = {{{LONG}\n@article{{b, title = {{after}}}}\n", "not readable as BibTeX"),
    ],
    ids=["ris", "endnote-xml", "bibtex"],
)
def test_a_record_without_an_end_costs_itself_only(tmp_path, text, reason):
    _, records, left_out = read_text(tmp_path, text)
    assert records[-1].title == "after"
    assert len(records) < 5
    assert reason in left_out[0].reason


def test_a_quotation_mark_that_is_not_closed_costs_nothing_else(tmp_path):
    _, records, left_out = read_text(tmp_path, 'title,year\n"no end,2020\nafter,2021\n')
    assert [record.title for record in records] == ['"no end', "after"]
    assert not left_out


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("%A Rossi, A\n", FileFormat.ENDNOTE_TAGGED),
        ("PMCR- 2021/01/02\nTI  - A title that goes\n      on here\nAB  - Text\n", FileFormat.MEDLINE),
    ],
)
def test_a_short_file_whose_every_line_is_tagged_is_known(tmp_path, text, form):
    found, records, left_out = read_text(tmp_path, text)
    assert (found, len(records), left_out) == (form, 1, [])


@pytest.mark.parametrize("text", ["%PDF-1.7\n%A x\n", "% Encoding: UTF-8\n", "PMCR- 1\nand then a letter\n"])
def test_a_file_that_only_begins_so_is_not(tmp_path, text):
    with pytest.raises(UsageError, match="the format is not known"):
        read_text(tmp_path, text)
