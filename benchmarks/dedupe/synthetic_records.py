"""One seeded generator of bibliographic records with the faults of real exports; nothing in it is real.

Publications have titles, authors, journals, volumes and pages with distributions like those of medical databases.
Each is printed once or several times in the styles of five databases, with their abbreviations, page forms, missing
fields, misprints and swapped names. Some have a twin that is no duplicate: a conference abstract, a preprint, a
second part, an erratum, a yearly update.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

COLUMNS = ("id", "title", "author", "year", "journal", "volume", "number", "pages", "doi", "abstract")
_SYLLABLES = [
    "ba",
    "be",
    "bo",
    "bra",
    "ca",
    "ce",
    "chi",
    "co",
    "da",
    "de",
    "di",
    "do",
    "dra",
    "fa",
    "fe",
    "fi",
    "fo",
    "ga",
    "ge",
    "gi",
    "go",
    "gra",
    "ha",
    "he",
    "hi",
    "ho",
    "ka",
    "ke",
    "ki",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "pa",
    "pe",
    "pi",
    "po",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
    "vi",
    "vo",
    "wa",
    "we",
    "za",
    "zo",
    "ran",
    "ten",
    "mar",
    "lin",
    "son",
    "ber",
    "man",
    "ler",
]
_DESIGNS = (
    "a randomised controlled trial",
    "a randomized, double-blind, placebo-controlled trial",
    "a prospective cohort study",
    "a systematic review",
    "a pilot study",
    "results of a multicentre trial",
    "a case series",
    "a retrospective analysis",
    "an open-label study",
)
_GROUPS = [
    "children",
    "adults",
    "women",
    "men",
    "infants",
    "adolescents",
    "pregnant-women",
    "older-adults",
    "patients",
    "outpatients",
]
_FRAMES = (
    "Effect of {a} on {b} in {g} with {c}",
    "Efficacy and safety of {a} versus {b} for {c} in {g}",
    "{a} and {b} in {c}",
    "The role of {a} in the management of {c}",
    "Association between {a} and {b} among {g} with {c}",
    "{a} for the prevention of {c} after {b}",
    "Long-term outcomes of {a} therapy for {c}",
    "Comparison of {a} with {b} in the treatment of {c}",
)
_JOURNAL_FRAMES = (
    "Journal of {} {}",
    "{} {}",
    "American Journal of {} {}",
    "European Journal of {} and {}",
    "Annals of {} {}",
    "The {} {} Journal",
    "International Journal of {} {}",
    "{} and {}",
)


@dataclass
class Journal:
    """A journal with its names and the place where its next article stands."""

    name: str
    short: str
    first_year: int
    doi: str
    page: dict[int, int] = field(default_factory=dict)


@dataclass
class Publication:
    """One publication as it is in truth."""

    title: str
    authors: list[tuple[str, str]]
    year: int
    journal: Journal | str
    volume: str
    issue: str
    start: str
    end: str
    doi: str
    abstract: str


class Generator:
    """Makes records; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.words = sorted({self._word() for _ in range(14_000)})
        self.rng.shuffle(self.words)
        self.families = sorted({self._word(2, 3).capitalize() for _ in range(25_000)})
        self.givens = sorted({self._word(2, 2).capitalize() for _ in range(2_500)})
        self.journals = [self._journal() for _ in range(3_000)]

    def _word(self, low: int = 2, high: int = 5) -> str:
        return "".join(self.rng.choices(_SYLLABLES, k=self.rng.randint(low, high)))

    def _skewed(self, items: list) -> object:
        """Return an item; the first ones are far more frequent, as words and names are."""
        return items[int(len(items) * self.rng.random() ** 2.2)]

    def _journal(self) -> Journal:
        words = [self._skewed(self.words).capitalize() for _ in range(2)]
        name = self.rng.choice(_JOURNAL_FRAMES).format(*words)
        kept = [word for word in name.split() if word.lower() not in {"of", "the", "and"}]
        short = " ".join(word[: self.rng.randint(3, 5)] if len(word) > 6 else word for word in kept)
        doi = f"10.{self.rng.randint(1000, 1199)}/{self._word(2, 2)}"
        return Journal(
            name, short.replace("Journ", "J").replace("Jour", "J"), self.rng.randint(1920, 2012), doi
        )

    def publication(self) -> Publication:
        """Return a publication."""
        rng = self.rng
        journal = self._skewed(self.journals)
        year = max(journal.first_year, 2024 - int(45 * rng.random() ** 1.6))
        parts = {
            "a": " ".join(self._skewed(self.words) for _ in range(rng.randint(1, 2))),
            "b": " ".join(self._skewed(self.words) for _ in range(rng.randint(1, 2))),
            "c": " ".join(self._skewed(self.words) for _ in range(rng.randint(1, 3))),
            "g": rng.choice(_GROUPS).replace("-", " "),
        }
        title = rng.choice(_FRAMES).format(**parts)
        if rng.random() < 0.6:
            title += ": " + rng.choice(_DESIGNS)
        if rng.random() < 0.01:
            title = rng.choice(("Editorial", "Reply", "Letter to the editor", "Introduction", "Book review"))
        title = title[:1].upper() + title[1:]
        volume = year - journal.first_year + 1
        page = journal.page.get(volume, rng.randint(1, 1800))
        length = 1 + int(rng.expovariate(1 / 7))
        journal.page[volume] = page + length + rng.randint(0, 40)
        electronic = rng.random() < 0.12
        start = f"e{rng.randint(10000, 99999)}" if electronic else str(page)
        doi = f"{journal.doi}.{year}.{page}" if year > 1998 and rng.random() < 0.9 else ""
        authors = [
            (self._skewed(self.families), self._given()) for _ in range(1 + int(rng.expovariate(1 / 4.5)))
        ]
        abstract = " ".join(self._skewed(self.words) for _ in range(45)) if rng.random() < 0.7 else ""
        return Publication(
            title,
            authors[:40],
            year,
            journal,
            str(volume),
            str(rng.randint(1, 12)),
            start,
            "" if electronic else str(page + length),
            doi,
            abstract,
        )

    def _given(self) -> str:
        names = [self._skewed(self.givens) for _ in range(self.rng.choice((1, 1, 2)))]
        return " ".join(names)

    def twin(self, one: Publication) -> Publication:
        """Return a publication that is near another and no duplicate of it."""
        rng, other = self.rng, self.publication()
        kind = rng.choice(
            ("conference", "conference", "conference", "preprint", "part", "erratum", "update", "paper")
        )
        twin = Publication(**{name: getattr(other, name) for name in Publication.__dataclass_fields__})
        twin.authors, twin.title = list(one.authors), one.title
        if kind == "conference":
            twin.year = one.year - rng.randint(0, 2)
            twin.start = rng.choice(("A", "S", "P", "")) + str(rng.randint(1, 2000))
            twin.end, twin.doi = "", twin.doi if rng.random() < 0.3 else ""
            twin.abstract = one.abstract if rng.random() < 0.3 else twin.abstract
        elif kind == "preprint":
            twin.journal, twin.volume, twin.issue, twin.start, twin.end = "medRxiv", "", "", "", ""
            twin.doi, twin.abstract = (
                f"10.1101/2021.{rng.randint(10, 12)}.{rng.randint(10, 28)}.{rng.randint(10**7, 10**8)}",
                one.abstract,
            )
            twin.year = one.year - rng.randint(0, 1)
        elif kind == "part":
            one.title, twin.title = one.title + ". Part 1", one.title + ". Part 2"
            twin.journal, twin.year, twin.volume, twin.issue = one.journal, one.year, one.volume, one.issue
        elif kind == "erratum":
            twin.title, twin.journal, twin.year = "Erratum: " + one.title, one.journal, one.year
            twin.volume = one.volume
        elif kind == "update":
            twin.journal, twin.year, twin.volume = one.journal, one.year + 1, str(int(one.volume) + 1)
        else:
            twin.title = one.title.replace("Effect", "Mechanism", 1) + " " + self._skewed(self.words)
        return twin

    def record(self, one: Publication, style: int) -> dict[str, str]:
        """Return how a database of one of five styles prints a publication, with its faults."""
        rng = self.rng
        journal = (
            one.journal
            if isinstance(one.journal, str)
            else one.journal.short
            if style in {0, 4}
            else one.journal.name
        )
        values = {
            "title": one.title,
            "author": self._authors(one.authors, style),
            "year": str(one.year),
            "journal": journal.upper() if style == 2 else journal,
            "volume": one.volume,
            "number": one.issue,
            "pages": self._pages(one, style),
            "doi": one.doi if rng.random() < (0.9, 0.7, 0.8, 0.15, 0.4)[style] else "",
            "abstract": one.abstract,
        }
        if style == 2:
            values["title"] = values["title"].upper()
        elif style == 3:
            values["title"] = values["title"].replace("randomised", "randomized") + "."
        elif style == 4 and rng.random() < 0.15:
            values["title"] = f"[{values['title']}]"
        self._spoil(values)
        return values

    def _authors(self, authors: list[tuple[str, str]], style: int) -> str:
        initials = [(family, "".join(word[0] for word in given.split())) for family, given in authors]
        if style == 0:
            return "; ".join(f"{family} {letters}" for family, letters in initials)
        if style == 1:
            return ", ".join(f"{family} {'.'.join(letters)}." for family, letters in initials)
        if style == 2:
            return "; ".join(f"{family}, {given}" for family, given in authors)
        if style == 3:
            return " and ".join(f"{family}, {'. '.join(letters)}." for family, letters in initials)
        return "; ".join(f"{given} {family}" for family, given in authors)

    def _pages(self, one: Publication, style: int) -> str:
        if not one.end or one.start == one.end:
            return one.start
        if style in {0, 3} and len(one.start) == len(one.end):
            same = next((at for at, (a, b) in enumerate(zip(one.start, one.end, strict=True)) if a != b), 0)
            return f"{one.start}-{one.end[same:]}"
        if style == 4 and self.rng.random() < 0.03 and int(one.start) <= 12 and int(one.end) <= 31:
            months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            return f"{one.end}-{months[int(one.start) - 1]}"
        return f"{one.start}-{one.end}" if style != 1 else f"{one.start}–{one.end}"

    def _spoil(self, values: dict[str, str]) -> None:
        rng = self.rng
        for name, chance in (
            ("pages", 0.05),
            ("volume", 0.04),
            ("number", 0.15),
            ("author", 0.005),
            ("abstract", 0.3),
            ("journal", 0.005),
        ):
            if rng.random() < chance:
                values[name] = ""
        if rng.random() < 0.04:
            values["title"] = self._misprint(values["title"])
        if rng.random() < 0.02:
            values["author"] = self._misprint(values["author"])
        if rng.random() < 0.03:
            values["year"] = str(int(values["year"]) + rng.choice((-1, 1)))
        if rng.random() < 0.02 and ": " in values["title"]:
            values["title"] = values["title"].split(": ")[0]
        if rng.random() < 0.005 and values["pages"][:1].isdigit():
            values["pages"] = str(rng.randint(1, 900))

    def _misprint(self, text: str) -> str:
        rng = self.rng
        if len(text) < 10:
            return text
        at = rng.randrange(1, len(text) - 1)
        return rng.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
                text[:at] + "e" + text[at + 1 :],
            )
        )


def synthetic_records(count: int, seed: int = 20261127) -> tuple[dict[str, list[str]], list[int]]:
    """Return records in columns and for each the number of its publication.

    Parameters
    ----------
    count : int
    seed : int

    Returns
    -------
    columns : dict of str to list of str
    truth : list of int
    """
    made = Generator(seed)
    rng = made.rng
    rows: list[tuple[dict[str, str], int]] = []
    number = 0
    while len(rows) < count:
        one = made.publication()
        family = [one, made.twin(one)] if rng.random() < 0.08 else [one]
        for member in family:
            number += 1
            styles = rng.sample(range(5), k=rng.choices((1, 2, 3, 4, 5), weights=(62, 20, 11, 5, 2))[0])
            rows += [(made.record(member, style), number) for style in styles]
    rng.shuffle(rows)
    rows = rows[:count]
    columns = {name: [values.get(name, "") for values, _ in rows] for name in COLUMNS}
    columns["id"] = [f"s{row:07d}" for row in range(count)]
    # A spreadsheet's fill handle numbered the issues of a fifth of the records.
    start = rng.randrange(max(1, count * 4 // 5))
    for step, row in enumerate(range(start, min(count, start + count // 5))):
        columns["number"][row] = str(step + 1)
    return columns, [number for _, number in rows]
