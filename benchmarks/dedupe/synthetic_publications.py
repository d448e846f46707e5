"""Invented publications, and for some a neighbour that is no duplicate; nothing in them is real.

Publications have titles, authors, journals, volumes and pages with distributions like those of medical databases.
`TWINS` names the ways in which another publication comes near one without being it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
_DRUG_ENDINGS = [
    "statin",
    "dipine",
    "olol",
    "pril",
    "mab",
    "platin",
    "cillin",
    "sartan",
    "azole",
    "mycin",
    "sone",
    "solone",
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
    "rats",
    "mice",
    "patients",
    "outpatients",
    "pregnant women",
    "older adults",
    "male rats",
    "female rats",
    "critically ill patients",
]
_FRAMES = (
    "Effect of {a} on {b} in {g} with {c}",
    "Effects of {d} on {m} in {g}",
    "Efficacy and safety of {d} versus {a} for {c} in {g}",
    "{a} and {b} in {c}",
    "The role of {m} in the management of {c}",
    "Association between {a} and {b} among {g} with {c}",
    "{d} for the prevention of {c} after {b}",
    "Long-term outcomes of {a} therapy for {c}",
    "Comparison of {d} with {b} in the treatment of {c}",
    "{m} attenuates {c} through {a} in {g}",
    "{c} in {g}",
)
#: Substances whose letters databases print in many ways.
_MARKED = (
    "TNF-α", "TGF-β1", "IFN-γ", "interleukin-1β", "CO₂", "H₂O₂", "Ca²⁺", "Na⁺/K⁺-ATPase", "5-HT₂A", "17β-estradiol",
    "CD4⁺ T cells", "NF-κB", "interleukin-6", "PGE₂", "PPAR-γ", "Aβ42", "α-synuclein", "IgG & IgM",
)  # fmt: skip
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
#: Titles that many publications have.
_GENERIC = (
    "Editorial", "Reply", "Letter to the editor", "Introduction", "Book review", "Authors' reply", "In reply",
    "Editor's choice", "Commentary", "Abstracts", "Preface", "Annual report", "Case report", "Discussion",
)  # fmt: skip

#: How another publication comes near one -> how often, relative to each other.
TWINS: dict[str, float] = {
    "meeting": 3,  # the abstract of the same work at a conference
    "supplement": 1,  # the abstract of the same work in a supplement of the same journal and volume
    "two meetings": 1,  # the same abstract at two conferences
    "preprint": 1,
    "part": 1,  # part 1 and part 2, a page after each other
    "erratum": 1,
    "erratum in brackets": 1,  # the article's title with "(vol 12, pg 3, 2001)" behind it
    "update": 1,  # the same title a year later
    "annual report": 1,  # the year stands in the title
    "paper": 1,  # another paper of the same authors
    "sibling": 2,  # one word of the title is another one: a drug of like name, another group
    "sibling abstract": 1,  # the same, on one page of a supplement, perhaps under the supplement's one DOI
    "letters": 1,  # two letters of the same title and page by different people
    "reply": 1,
    "two journals": 1,  # a guideline printed by two journals in one year
    "editions": 0.5,  # the same article in the journal's other language
    "another hand": 0.5,  # same title, other authors, another journal
}


@dataclass
class Journal:
    """A journal with its names and the place where its next article stands."""

    name: str
    short: str
    society: str
    place: str
    other_name: str
    issn: str
    eissn: str
    first_year: int
    doi: str
    electronic: bool
    page: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Publication:
    """One publication as it is in truth; the journal is a name only where it has no volumes."""

    title: str
    authors: tuple[tuple[str, str], ...]
    year: int
    journal: Journal | str
    volume: str
    issue: str
    start: str
    end: str
    doi: str
    abstract: str
    online_first: bool = False


Maker = Callable[[], tuple[Publication, Publication]]


class Generator:
    """Makes publications; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.words = sorted({self._word() for _ in range(14_000)})
        self.rng.shuffle(self.words)
        self.drugs = [self._word(1, 2) + ending for ending in _DRUG_ENDINGS for _ in range(25)]
        self.families = sorted({self._family() for _ in range(25_000)})
        self.givens = sorted({self._word(2, 2).capitalize() for _ in range(2_500)})
        self.journals = [self._journal() for _ in range(3_000)]

    def _word(self, low: int = 2, high: int = 5) -> str:
        return "".join(self.rng.choices(_SYLLABLES, k=self.rng.randint(low, high)))

    def _family(self) -> str:
        name = self._word(1, 3).capitalize()
        chance = self.rng.random()
        if chance < 0.04:
            return f"{name}-{self._word(2, 2).capitalize()}"
        if chance < 0.07:
            return self.rng.choice(("van ", "de ", "van der ", "Mc", "O'")) + name
        if chance < 0.15:
            plain, marked = self.rng.choice((("a", "ä"), ("o", "ø"), ("e", "é"), ("o", "ö"), ("s", "š")))
            return name[0] + name[1:].replace(plain, marked, 1)
        return name

    def skewed(self, items: list) -> object:
        """Return an item; the first ones are far more frequent, as words and names are."""
        return items[int(len(items) * self.rng.random() ** 2.2)]

    def _issn(self) -> str:
        return f"{self.rng.randint(1000, 9999)}-{self.rng.randint(1000, 9999)}"

    def _journal(self) -> Journal:
        rng = self.rng
        words = [self.skewed(self.words).capitalize() for _ in range(2)]
        name = rng.choice(_JOURNAL_FRAMES).format(*words)
        kept = [word for word in name.split() if word.lower() not in {"of", "the", "and"}]
        short = " ".join(word[: rng.randint(3, 5)] if len(word) > 6 else word for word in kept)
        return Journal(
            name,
            short.replace("Journ", "J").replace("Jour", "J"),
            f"official journal of the {words[0]} Society",
            self._word(2, 3).capitalize(),
            " ".join(self._word(2, 2) for _ in range(4)) if rng.random() < 0.08 else "",
            self._issn(),
            self._issn(),
            rng.randint(1920, 2012),
            f"10.{rng.randint(1000, 1199)}/{self._word(2, 2)}",
            rng.random() < 0.12,
        )

    def title(self) -> str:
        """Return a title."""
        rng = self.rng

        def words(most: int) -> str:
            return " ".join(str(self.skewed(self.words)) for _ in range(rng.randint(1, most)))

        title = rng.choice(_FRAMES).format(
            a=words(2),
            b=words(2),
            c=words(3),
            d=rng.choice(self.drugs),
            m=rng.choice(_MARKED) if rng.random() < 0.5 else words(1),
            g=rng.choice(_GROUPS),
        )
        if rng.random() < 0.6:
            title += ": " + rng.choice(_DESIGNS)
        if rng.random() < 0.02:
            title = rng.choice(_GENERIC)
        return title[:1].upper() + title[1:]

    def publication(self, journal: Journal | None = None) -> Publication:
        """Return a publication."""
        rng = self.rng
        journal = journal or self.skewed(self.journals)
        year = max(journal.first_year, 2024 - int(45 * rng.random() ** 1.6))
        volume = year - journal.first_year + 1
        page = journal.page.get(volume, rng.randint(1, 1800))
        length = int(rng.expovariate(1 / 7))
        journal.page[volume] = page + length + rng.choice((0, 1, rng.randint(1, 40)))
        start = f"e{rng.randint(10000, 99999)}" if journal.electronic else str(page)
        authors = tuple(self.author() for _ in range(1 + int(rng.expovariate(1 / 4.5))))
        return Publication(
            self.title(),
            authors[:40],
            year,
            journal,
            str(volume),
            str(rng.randint(1, 12)),
            start,
            "" if journal.electronic else str(page + length),
            f"{journal.doi}.{year}.{page}" if year > 1998 and rng.random() < 0.9 else "",
            self.abstract() if rng.random() < 0.7 else "",
        )

    def author(self) -> tuple[str, str]:
        """Return a family name and given names."""
        given = " ".join(str(self.skewed(self.givens)) for _ in range(self.rng.choice((1, 1, 2))))
        return str(self.skewed(self.families)), given

    def abstract(self) -> str:
        """Return an abstract of four parts."""
        rng = self.rng
        return "\n".join(
            " ".join(str(self.skewed(self.words)) for _ in range(rng.randint(10, 18))) + "." for _ in range(4)
        )

    def twin(self, one: Publication) -> tuple[str, Publication, Publication]:
        """Return a kind of `TWINS`, a publication, perhaps changed, and one near it that is no duplicate of it."""
        kind = self.rng.choices(list(TWINS), weights=list(TWINS.values()))[0]
        other = self.publication()
        makers = self._elsewhere(one, other) | self._in_one_journal(one, other)
        return kind, *makers[kind]()

    def _elsewhere(self, one: Publication, other: Publication) -> dict[str, Maker]:
        """Return what makes the same work at another place: a conference, a preprint server, another journal."""
        rng = self.rng
        same = replace(other, title=one.title, authors=one.authors)

        def meeting() -> tuple[Publication, Publication]:
            return one, replace(
                same,
                year=one.year - rng.randint(0, 2),
                start=self._page_of_abstracts(2000),
                end="",
                doi=same.doi if rng.random() < 0.3 else "",
                abstract=one.abstract if rng.random() < 0.3 else same.abstract,
            )

        def two_meetings() -> tuple[Publication, Publication]:
            place = {"end": "", "doi": "", "year": one.year, "abstract": one.abstract}
            first = replace(one, start=f"P{rng.randint(1, 900)}", **place)
            return first, replace(same, start=self._page_of_abstracts(2000), **place)

        def supplement() -> tuple[Publication, Publication]:
            page = self._page_of_abstracts(400)
            issue = f"Suppl {rng.randint(1, 4)}"
            return one, replace(one, issue=issue, start=page, end=page, doi="", abstract=same.abstract)

        def preprint() -> tuple[Publication, Publication]:
            doi = f"10.1101/2021.{rng.randint(10, 12)}.{rng.randint(10, 28)}.{rng.randint(10**7, 10**8)}"
            bare = replace(one, journal="medRxiv", volume="", issue="", start="", end="")
            return one, replace(bare, doi=doi, year=one.year - rng.randint(0, 1))

        return {
            "meeting": meeting,
            "two meetings": two_meetings,
            "supplement": supplement,
            "preprint": preprint,
            "two journals": lambda: (one, replace(same, year=one.year, abstract=one.abstract)),
            "another hand": lambda: (one, replace(same, authors=other.authors, year=one.year)),
        }

    def _in_one_journal(self, one: Publication, other: Publication) -> dict[str, Maker]:
        """Return what makes a near publication in the same journal."""
        rng, after, title = self.rng, self._after(one), one.title
        end = "" if one.journal.electronic else str(int(after) + rng.randint(0, 9))
        near = replace(one, start=after, end=end, doi=one.doi and f"{one.doi}1", abstract=other.abstract)
        later = replace(near, year=one.year + 1, volume=str(int(one.volume) + 1))
        place = f"(vol {one.volume}, pg {one.start}, {one.year})"
        report = f"{title}: report of the registry"
        answer = rng.choice((f"{title}: reply", f"{title} - Authors' reply", f"Re: {title}"))
        other_words = title.replace("Effect", "Mechanism", 1) + " " + str(self.skewed(self.words))

        def letters() -> tuple[Publication, Publication]:
            short = f"{self.skewed(self.words)} in practice".capitalize()
            letter = rng.choice((title, "Letter to the editor", short))
            start = one.start if rng.random() < 0.5 and not one.journal.electronic else near.start
            second = replace(near, title=letter, authors=other.authors, start=start, end="")
            return replace(one, title=letter, end=one.start), second

        def sibling_abstract() -> tuple[Publication, Publication]:
            page = self._page_of_abstracts(400)
            both = {
                "start": page,
                "end": page,
                "issue": "Suppl 1",
                "doi": one.doi if rng.random() < 0.5 else "",
            }
            return replace(one, **both), replace(near, title=self._sibling(title), **both)

        return {
            "part": lambda: (replace(one, title=title + ". Part 1"), replace(near, title=title + ". Part 2")),
            "erratum": lambda: (one, replace(near, title="Erratum: " + title, abstract="")),
            "erratum in brackets": lambda: (one, replace(near, title=f"{title} {place}", abstract="")),
            "update": lambda: (one, later),
            "annual report": lambda: (
                replace(one, title=f"{report}, {one.year}"),
                replace(later, title=f"{report}, {one.year + 1}"),
            ),
            "letters": letters,
            "reply": lambda: (
                one,
                replace(near, title=answer, authors=rng.choice((one.authors, other.authors, other.authors))),
            ),
            "editions": lambda: (one, replace(near, journal=other.journal, abstract=one.abstract)),
            "sibling": lambda: (one, replace(near, title=self._sibling(title))),
            "sibling abstract": sibling_abstract,
            "paper": lambda: (one, replace(near, title=other_words)),
        }

    def _page_of_abstracts(self, last: int) -> str:
        return self.rng.choice(("S", "A", "P", "")) + str(self.rng.randint(1, last))

    def _after(self, one: Publication) -> str:
        if one.start.startswith("e"):
            return f"e{self.rng.randint(10000, 99999)}"
        return str(int(one.end or one.start) + self.rng.randint(1, 9))

    def _sibling(self, title: str) -> str:
        """Return a title in which one word is another: a drug with the same ending, a group, a sex, a word."""
        rng = self.rng
        words = title.split()
        for at, word in enumerate(words):
            plain = word.lower().strip(":,.")
            if plain in self.drugs and rng.random() < 0.8:
                ending = next(end for end in _DRUG_ENDINGS if plain.endswith(end))
                others = [drug for drug in self.drugs if drug.endswith(ending) and drug != plain]
                words[at] = word.lower().replace(plain, rng.choice(others))
                return " ".join(words)[:1].upper() + " ".join(words)[1:]
            if plain in _GROUPS and rng.random() < 0.5:
                words[at] = word.replace(plain, rng.choice([group for group in _GROUPS if group != plain]))
                return " ".join(words)
        at = max(range(len(words)), key=lambda place: len(words[place]))
        words[at] = (
            str(self.skewed(self.words))
            if words[at].isalpha()
            else words[at] + " " + str(self.skewed(self.words))
        )
        return " ".join(words)
