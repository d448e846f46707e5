"""One seeded generator of bibliographic records with the faults of real exports; nothing in it is real.

Each publication of `synthetic_publications` is printed once or several times in the styles of five databases
(`Style`), each print with the faults whose rates `Habits` names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from synthetic_publications import Generator, Publication

if TYPE_CHECKING:
    import random

COLUMNS = ("id", "title", "author", "year", "journal", "volume", "number", "pages", "doi", "abstract", "isbn")


class Style(IntEnum):
    """Five ways of printing a record."""

    MEDLINE = 0
    SCOPUS = 1
    WEB_OF_SCIENCE = 2
    ENDNOTE = 3
    FULL_NAMES = 4


@dataclass(frozen=True)
class Habits:
    """How often a record is printed with a fault; shares of the records to which each can happen."""

    # --- what is missing
    no_abstract: float = 0.30
    no_pages: float = 0.05
    no_volume: float = 0.04
    no_issue: float = 0.15
    no_authors: float = 0.005
    no_journal: float = 0.005
    no_issn: float = 0.40
    # --- titles
    misprint_in_title: float = 0.04
    subtitle_dropped: float = 0.02
    title_cut: float = 0.005
    in_brackets: float = 0.10
    language_behind: float = 0.03
    original_behind: float = 0.01
    note_behind: float = 0.02
    abstract_number_before: float = 0.01
    html: float = 0.05
    entity_twice: float = 0.01
    wrong_encoding: float = 0.01
    hyphens_lost: float = 0.03
    sign_lost: float = 0.05
    # --- authors
    misprint_in_authors: float = 0.02
    first_author_only: float = 0.03
    cut_with_et_al: float = 0.05
    capitals: float = 0.05
    signs_lost_in_names: float = 0.03
    collective_added: float = 0.02
    given_and_family_swapped: float = 0.005
    half_of_double_name: float = 0.20
    # --- the place
    year_off_by_one: float = 0.03
    online_first: float = 0.03
    supplement_in_volume: float = 0.30
    issue_range: float = 0.03
    pages_became_date: float = 0.03
    first_page_only: float = 0.05
    own_pages: float = 0.02
    wrong_pages: float = 0.005
    wrong_volume: float = 0.002
    society_in_journal: float = 0.05
    place_in_journal: float = 0.05
    two_journal_names: float = 0.50
    # --- numbers
    doi_with_prefix: float = 0.30
    doi_in_capitals: float = 0.05
    # --- abstracts
    headings: float = 0.30
    copyright: float = 0.15
    cut_abstract: float = 0.05
    other_abstract: float = 0.01
    #: share of the rows whose issue is a running number of the spreadsheet
    issues_drag_filled: float = 0.20


_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊⁰¹²³⁴⁵⁶⁷⁸⁹⁺", "0123456789+0123456789+")
_RAISED = re.compile(r"[₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺]+")
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "κ": "kappa"}
_GREEK_LETTER = re.compile("[αβγκ]")
_HEADINGS = ("BACKGROUND: ", "METHODS: ", "RESULTS: ", "CONCLUSIONS: ")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_PLAIN = str.maketrans("äøéöš", "aoeos")
#: How often each style gives a DOI.
_WITH_DOI = {
    Style.MEDLINE: 0.9,
    Style.SCOPUS: 0.7,
    Style.WEB_OF_SCIENCE: 0.8,
    Style.ENDNOTE: 0.15,
    Style.FULL_NAMES: 0.4,
}


class Printer:
    """Prints publications as records."""

    def __init__(self, rng: random.Random, habits: Habits) -> None:
        self.rng = rng
        self.habits = habits
        #: habits that happened to the record that is being printed
        self.happened: list[str] = []

    def _happens(self, habit: str) -> bool:
        happens: bool = self.rng.random() < getattr(self.habits, habit)
        if happens:
            self.happened.append(habit)
        return happens

    def record(self, one: Publication, style: Style) -> dict[str, str]:
        """Return how a database prints a publication; `happened` tells the faults."""
        self.happened = []
        volume, issue = one.volume, one.issue
        if issue.startswith("Suppl") and self._happens("supplement_in_volume"):
            volume, issue = f"{volume} {issue}", ""
        elif style in {Style.SCOPUS, Style.ENDNOTE} and issue.startswith("Suppl"):
            issue = issue.replace("Suppl ", "SUPPL. ")
        elif issue.isdigit() and self._happens("issue_range"):
            issue = f"{issue}-{int(issue) + 1}"
        values = {
            "title": self._title(one, style),
            "author": self._authors(one.authors, style),
            "year": str(one.year),
            "journal": self._journal(one, style),
            "volume": volume,
            "number": issue,
            "pages": self._pages(one, style),
            "doi": self._doi(one.doi, style),
            "abstract": self._abstract(one.abstract),
            "isbn": self._serials(one),
        }
        self._spoil(values, article=not one.issue.startswith("Suppl"))
        return values

    def _title(self, one: Publication, style: Style) -> str:
        title = self._signs(one.title, style)
        if ": " in title and self._happens("subtitle_dropped"):
            title = title.split(": ")[0]
        if self._happens("misprint_in_title"):
            title = self._misprint(title)
        if self._happens("title_cut"):
            title = title[: self.rng.randint(60, 100)]
        if self._happens("hyphens_lost"):
            title = title.replace("-", self.rng.choice(("", " ", "–")))
        if self._happens("wrong_encoding"):
            title = title.replace(": ", " – ").replace("'", "’").encode().decode("cp1252", "replace")
        return self._dressed(self._in_style(title, style), one)

    def _in_style(self, title: str, style: Style) -> str:
        if style is Style.WEB_OF_SCIENCE:
            return title.upper() if self.rng.random() < 0.5 else title
        if style is Style.ENDNOTE:
            return title.replace("randomised", "randomized") + "."
        if style is Style.MEDLINE and self.rng.random() < 0.3:
            return title + "."
        return f"[{title}]" if style is Style.FULL_NAMES and self._happens("in_brackets") else title

    def _dressed(self, title: str, one: Publication) -> str:
        """Return a title with what databases put before and behind it."""
        rng = self.rng
        if self._happens("language_behind"):
            title += rng.choice((" [German]", " [Chinese]", " LA: Fre", " [Article in French]"))
        if self._happens("original_behind"):
            title += rng.choice((" <ORIGINAL> ", ". [French] ", " = ")) + " ".join(one.title.split()[::-1])
        if self._happens("note_behind"):
            title += rng.choice(
                (" [see comments]", " (letter)", " [Review] [34 refs]", " [corrected]", " (abstract)")
            )
        if one.issue.startswith("Suppl") and self._happens("abstract_number_before"):
            number = f"{rng.choice(('P', 'Abstract ', 'PO-', ''))}{rng.randint(1, 900)}"
            title = f"{number}{rng.choice((' ', ': ', '. '))}{title}"
        return title

    def _signs(self, title: str, style: Style) -> str:
        """Print Greek letters and raised or lowered digits."""
        if self._happens("html"):
            title = _RAISED.sub(lambda found: f"<sub>{found.group().translate(_SUBSCRIPTS)}</sub>", title)
            first, *rest = title.split(" ")
            title = " ".join([f"<i>{first}</i>", *rest]).replace("&", "&amp;")
            if self._happens("entity_twice"):
                title = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        elif style is Style.SCOPUS:
            title = _RAISED.sub(lambda found: found.group().translate(_SUBSCRIPTS), title)
        elif style is not Style.MEDLINE:
            around = "({})" if style is Style.ENDNOTE else "{}"
            title = _RAISED.sub(lambda found: around.format(found.group().translate(_SUBSCRIPTS)), title)
        if _GREEK_LETTER.search(title):
            if self._happens("sign_lost"):
                return _GREEK_LETTER.sub(self.rng.choice(("", "?", "a")), title)
            if style in {Style.WEB_OF_SCIENCE, Style.ENDNOTE}:
                around = self.rng.choice(("{}", "{}", "[{}]", "{{{}}}"))
                title = _GREEK_LETTER.sub(lambda found: around.format(_GREEK[found.group()]), title)
        return title

    def _authors(self, given: tuple[tuple[str, str], ...], style: Style) -> str:
        rng = self.rng
        authors = [
            (family.split("-")[0] if "-" in family and self._happens("half_of_double_name") else family, name)
            for family, name in given
        ]
        if self._happens("first_author_only"):
            authors = authors[:1]
        ending = ""
        if len(authors) > 6 and self._happens("cut_with_et_al"):
            authors, ending = authors[: rng.choice((1, 3, 6))], "et al."
        if self._happens("given_and_family_swapped"):
            authors = [(name.split()[0], family) for family, name in authors]
        if self._happens("signs_lost_in_names"):
            authors = [(family.encode("ascii", "replace").decode(), name) for family, name in authors]
        elif rng.random() < 0.5:
            authors = [(family.translate(_PLAIN), name) for family, name in authors]
        text = self._names(authors, style, ending)
        if self._happens("collective_added") and not ending:
            text += {Style.ENDNOTE: " and ", Style.SCOPUS: ", "}.get(style, "; ") + "Trial Study Group"
        return text.upper() if self._happens("capitals") else text

    @staticmethod
    def _names(authors: list[tuple[str, str]], style: Style, ending: str) -> str:
        initials = [(family, "".join(word[0] for word in name.split())) for family, name in authors]
        more = [ending] if ending else []
        if style is Style.MEDLINE:
            return "; ".join([*(f"{family} {letters}" for family, letters in initials), *more])
        if style is Style.SCOPUS:
            return ", ".join([*(f"{family} {'.'.join(letters)}." for family, letters in initials), *more])
        if style is Style.WEB_OF_SCIENCE:
            return "; ".join([*(f"{family}, {name}" for family, name in authors), *more])
        if style is Style.ENDNOTE:
            return " and ".join(
                [*(f"{family}, {'. '.join(letters)}." for family, letters in initials), *more]
            )
        return "; ".join([*(f"{name} {family}" for family, name in authors), *more])

    def _journal(self, one: Publication, style: Style) -> str:
        journal = one.journal
        if isinstance(journal, str):
            return journal
        name = journal.short if style in {Style.MEDLINE, Style.FULL_NAMES} else journal.name
        if journal.other_name and self._happens("two_journal_names"):
            name = self.rng.choice((journal.other_name, f"{journal.other_name} = {journal.name}"))
        if style is Style.MEDLINE and self.rng.random() < 0.3:
            name = ". ".join(name.split()) + "."
        elif style is Style.ENDNOTE:
            name = name.replace(" and ", " & ")
        if self._happens("society_in_journal"):
            name = f"{name} : {journal.society}"
        elif self._happens("place_in_journal"):
            name = f"{name} ({journal.place}, {journal.place}land)"
        return name.upper() if style is Style.WEB_OF_SCIENCE else name

    def _serials(self, one: Publication) -> str:
        if isinstance(one.journal, str) or self._happens("no_issn"):
            return ""
        issn, electronic = one.journal.issn, one.journal.eissn
        return self.rng.choice(
            (issn, electronic, issn.replace("-", ""), f"{electronic} (Electronic) {issn} (Linking)")
        )

    def _pages(self, one: Publication, style: Style) -> str:
        rng = self.rng
        start, end = one.start, one.end
        if self._happens("own_pages") and start.startswith("e"):
            return f"1-{rng.randint(4, 15)}"
        if not end or start == end or self._happens("first_page_only"):
            return start if start.startswith("e") or not rng.random() < 0.1 else f"{start}-{start}"
        if (
            style is Style.FULL_NAMES
            and int(start) <= 12
            and int(end) <= 31
            and self._happens("pages_became_date")
        ):
            return f"{end}-{_MONTHS[int(start) - 1]}"
        if style is Style.WEB_OF_SCIENCE and rng.random() < 0.1:
            return f"{start}-+"
        if style in {Style.MEDLINE, Style.ENDNOTE} and len(start) == len(end):
            same = next((at for at, (a, b) in enumerate(zip(start, end, strict=True)) if a != b), 0)
            text = f"{start}-{end[same:]}"
            return f"{text}; discussion {int(end) + 1}-{int(end) + 2}" if rng.random() < 0.02 else text
        return f"{start}–{end}" if style is Style.SCOPUS else f"{start}-{end}"

    def _doi(self, doi: str, style: Style) -> str:
        if not doi or self.rng.random() >= _WITH_DOI[style]:
            return ""
        if self._happens("doi_in_capitals"):
            doi = doi.upper()
        if self._happens("doi_with_prefix"):
            return self.rng.choice(
                ("doi:{}", "https://doi.org/{}", "http://dx.doi.org/{}", "DOI {}", "{} [doi]")
            ).format(doi)
        return doi

    def _abstract(self, abstract: str) -> str:
        if not abstract or self._happens("no_abstract"):
            return ""
        if self._happens("other_abstract"):
            return " ".join(abstract.split()[::-1])
        parts = abstract.split("\n")
        if self._happens("headings"):
            parts = [head + part for head, part in zip(_HEADINGS, parts, strict=True)]
        text = " ".join(parts)
        if self._happens("copyright"):
            notice = self.rng.choice(
                (
                    "Copyright © 2010 S. Invented AG, Basel. ",
                    "(C) 2010 Invented Science B.V. All rights reserved. ",
                )
            )
            text = notice + text if self.rng.random() < 0.3 else text + " " + notice
        return text[: self.rng.randint(150, 250)] if self._happens("cut_abstract") else text

    def _spoil(self, values: dict[str, str], *, article: bool) -> None:
        rng = self.rng
        for habit, name in (
            ("no_pages", "pages"),
            ("no_volume", "volume"),
            ("no_issue", "number"),
            ("no_authors", "author"),
            ("no_journal", "journal"),
        ):
            if self._happens(habit):
                values[name] = ""
        if self._happens("misprint_in_authors"):
            values["author"] = self._misprint(values["author"])
        if article and values["volume"] and self._happens("online_first"):
            values.update(volume="", number="", pages=rng.choice(("", "1-9", "n/a", "no pagination")))
            values["year"] = str(int(values["year"]) - rng.randint(0, 1))
        elif self._happens("year_off_by_one"):
            values["year"] = str(int(values["year"]) + rng.choice((-1, 1)))
        if values["pages"][:1].isdigit() and self._happens("wrong_pages"):
            values["pages"] = str(rng.randint(1, 900))
        if values["volume"].isdigit() and self._happens("wrong_volume"):
            values["volume"] = str(int(values["volume"]) + rng.choice((-1, 1, 10)))

    def _misprint(self, text: str) -> str:
        """Return a text with a letter left out, doubled, swapped with the next, or another one, within a word."""
        rng = self.rng
        inner = [at for at in range(1, len(text) - 2) if text[at - 1 : at + 2].isalpha()]
        if not inner:
            return text
        at = rng.choice(inner)
        return rng.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + text[at] + text[at:],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
                text[:at] + rng.choice("aeiorstn") + text[at + 1 :],
            )
        )


@dataclass(frozen=True)
class Synthetic:
    """Records and what is true of them.

    Parameters
    ----------
    columns : dict of str to list of str
    truth : list of int
        For each record the number of its publication.
    happened : list of tuple of str
        For each record the habits that spoiled it.
    twins : dict of int to str
        The publications that have a neighbour which is no duplicate -> of which kind it is.
    """

    columns: dict[str, list[str]]
    truth: list[int]
    happened: list[tuple[str, ...]]
    twins: dict[int, str]


def synthetic_records(
    count: int, seed: int = 20261127, habits: Habits | None = None, twins: float = 0.10
) -> Synthetic:
    """Return records of invented publications.

    Parameters
    ----------
    count : int
    seed : int
    habits : Habits, optional
    twins : float
        Share of the publications that have a neighbour which is no duplicate.

    Returns
    -------
    Synthetic
    """
    habits = habits or Habits()
    made = Generator(seed)
    rng = made.rng
    printer = Printer(rng, habits)
    rows: list[tuple[tuple[str, ...], int, tuple[str, ...]]] = []
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    kinds: dict[int, str] = {}
    number = 0
    while len(rows) < count:
        one = made.publication()
        kind, *family = made.twin(one) if rng.random() < twins else ("", one)
        for member in family:
            number += 1
            if kind:
                kinds[number] = kind
            styles = rng.sample(list(Style), k=rng.choices((1, 2, 3, 4, 5), weights=(62, 20, 11, 5, 2))[0])
            for style in styles:
                values = printer.record(member, style)
                told = tuple(printer.happened)
                rows.append(
                    (tuple(values[name] for name in COLUMNS[1:]), number, known.setdefault(told, told))
                )
    rng.shuffle(rows)
    rows = rows[:count]
    columns = {name: [values[at] for values, _, _ in rows] for at, name in enumerate(COLUMNS[1:])}
    columns["id"] = [f"s{row:07d}" for row in range(count)]
    # A spreadsheet's fill handle numbered the issues of some records.
    filled = int(count * habits.issues_drag_filled)
    start = rng.randrange(max(1, count - filled))
    for step, row in enumerate(range(start, min(count, start + filled))):
        columns["number"][row] = str(step + 1)
    return Synthetic(columns, [number for _, number, _ in rows], [told for _, _, told in rows], kinds)
