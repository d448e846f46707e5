"""Names and numbers of many print forms have one normal form."""

import pytest

from evergrove.records.columns import fields_of
from evergrove.records.journal_names import AGREES, DIFFERS, journal_form, likeness
from evergrove.records.normal_forms import doi_form, pages_form, title_form, volume_form
from evergrove.records.person_names import names_form


@pytest.mark.parametrize(
    ("text", "first", "number"),
    [
        ("Smith J, Jones AB, Lee K", "smith", 3),
        ("Smith, J., Jones, A. B.", "smith", 2),
        ("Smith, John and Jones, Ann", "smith", 2),
        ("SMITH J; JONES A", "smith", 2),
        ("J. Smith; A. Jones", "smith", 2),
        ("Müller-Lüdenscheidt, A.", "muller ludenscheidt", 1),
        ("de Vries, K.", "vries", 1),
        ("Li X; Wu Y", "li", 2),
        ("The Invented Group", "the invented group", 1),
        ("Anonymous", "", 0),
        ("", "", 0),
    ],
)
def test_authors(text, first, number):
    names = names_form(text)
    assert (names.first, names.number) == (first, number)


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("123-9", ("123", "129")),
        ("S12-9", ("s12", "s19")),
        ("e1234", ("e1234", "")),
        ("230-5, 246-51", ("230", "235")),
        ("246-51+230-5", ("230", "235")),
        ("01-Sep", ("1", "9")),
        ("Nov-19", ("11", "19")),
        ("P63 [tp 104]", ("p63", "")),
        ("pp. 7-11", ("7", "11")),
        ("", ("", "")),
        ("in press", ("", "")),
    ],
)
def test_pages(text, pages):
    assert pages_form(text) == pages


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("DOI: 10.1000/ABC.1.", "10.1000/abc.1"),
        ("https://doi.org/10.1000%2Fabc", "10.1000/abc"),
        (
            "10.1002/(SICI)1097(1999)85:1&lt;1::AID-X1&gt;3.0.CO;2-G",
            "10.1002/(sici)1097(1999)85:1<1::aid-x1>3.0.co;2-g",
        ),
        ("10.1000/abc</a>", "10.1000/abc"),
        ("none", ""),
    ],
)
def test_dois(text, doi):
    assert doi_form(text) == doi


def test_journals():
    full = journal_form("Proceedings of the National Academy of Sciences of the United States of America")
    assert likeness(journal_form("PNAS"), full) >= AGREES
    assert likeness(journal_form("Proc. Natl. Acad. Sci. U.S.A."), full) >= AGREES
    assert likeness(journal_form("Lancet (London, England)"), journal_form("The Lancet")) == 100
    assert likeness(journal_form("Heart"), journal_form("Nephrology")) < DIFFERS


def test_titles_and_volumes():
    assert title_form("A <sub>2</sub> trial &amp; more  (author's transl)") == "a 2 trial more"
    assert volume_form("10 Suppl 2") == ("10", "s2")
    assert volume_form("n/a")[0] == "n"


def test_start_and_end_page_columns_are_joined():
    _, fields = fields_of(
        {"Article Title": ["A"], "Start Page": ["5"], "End Page": ["9"], "Journal": [""], "booktitle": ["B"]}
    )
    assert (fields["pages"], fields["journal"]) == (["5-9"], ["B"])
