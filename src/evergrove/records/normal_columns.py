"""The normal forms of many records in columns, made in parts so that several processes can share the work."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

import numpy as np

from evergrove.records.journal_names import journal_form
from evergrove.records.normal_forms import (
    Sort,
    cochrane_id,
    doi_form,
    issue_form,
    numbers_in,
    pages_form,
    sort_of,
    title_form,
    volume_form,
    year_form,
)
from evergrove.records.person_names import names_form
from evergrove.records.trial_numbers import numbers_form
from evergrove.records.trial_numbers import numbers_in as registrations_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from evergrove.records.columns import Fields

T = TypeVar("T")

#: Records that one process takes at once.
PART = 20_000
#: Characters of a title's beginning and end by which records meet.
TITLE_KEY = 20
#: Characters of an abstract that are compared.
ABSTRACT = 300
#: Titles shorter than this, or of fewer words, may name several publications: "Asthma in children".
SHORT_TITLE, FEW_WORDS = 20, 4
#: Rows of issues each one more than the last that no journal has.
LONGEST_RUN = 20
_PMID = re.compile(r"^\s*(?:pmid:?\s*)?0*(\d{1,9})\s*$", re.IGNORECASE)
_ISSN = re.compile(r"\b(\d{4})-?(\d{3}[\dxX])\b")
_REGISTRY_SITE = re.compile(
    r"clinicaltrials\.gov|trialsearch|clinicaltrialsregister\.eu|isrctn\.|anzctr\.org|drks\.de|chictr\.org|"
    r"irct\.(?:ir|org)|umin\.ac|trialregister\.nl|jrct\.|rctportal|controlled-trials\.com",
    re.IGNORECASE,
)
_PAGE_OF_SUPPLEMENT = re.compile(r"(?:s|a|p|o|op|po|ps|pp|sp)\d")
_GENERIC = re.compile(
    r"^(?:the |an? )?(?:unknown|untitled|no title.*|(?:guest |invited )?editorials?|from the editors?|"
    r"editors? (?:choice|note|page)|in this issue|introduction|overview|summary|(?:book|media) reviews?|"
    r"letters?|letters? to the editor|correspondence|dear (?:editor|sir)|research letters?|comments?|"
    r"commentar(?:y|ies)|discussion|(?:in )?reply|(?:in )?response|authors? (?:repl(?:y|ies)|responses?)|"
    r"preface|foreword|(?:conference |meeting |poster |selected )?abstracts?|news|news and (?:notes|views)|"
    r"(?:poster|oral) (?:sessions?|presentations?)|in brief|announcements?|obituar(?:y|ies)|quiz|"
    r"questions? and answers?|(?:clinical |two |three )?case (?:reports?|studies|study|series)|"
    r"(?:annual|meeting|conference) reports?|table of contents|contributors|acknowledgments?|"
    r"(?:author |subject )?index)$"
)


@dataclass(slots=True)
class NormalColumns:
    """Normal forms, one entry per record; an empty text or 0 is missing.

    Parameters
    ----------
    title, numbers, first, everyone, journal, volume, issue, start, end, doi, pmid, abstract, issn : list
        Texts. `first` and `everyone` are authors' family names; `start` and `end` are pages.
    cochrane : list
        Numbers of Cochrane reviews.
    registrations : list
        Numbers of registries with spaces between them, that of the entry itself first.
    year, authors, sort, generic, short, supplement : array of shape (n,)
        `authors` counts names; `sort` holds `Sort` flags; `generic` marks titles that many publications have,
        `short` those of few words, `supplement` what says that it stands in one.
    keys : array of shape (n, k)
        Numbers under which records meet; 0 for none.
    """

    title: list[str]
    numbers: list[str]
    first: list[str]
    everyone: list[str]
    journal: list[str]
    volume: list[str]
    issue: list[str]
    start: list[str]
    end: list[str]
    doi: list[str]
    pmid: list[str]
    abstract: list[str]
    issn: list[str]
    cochrane: list[str]
    registrations: list[str]
    year: NDArray[np.int32]
    authors: NDArray[np.int32]
    sort: NDArray[np.int32]
    generic: NDArray[np.bool_]
    short: NDArray[np.bool_]
    supplement: NDArray[np.bool_]
    keys: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.title)


def normal_columns(
    given: Fields, *, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> NormalColumns:
    """Return the normal forms of records.

    Parameters
    ----------
    given : dict of str to list of str
        As `fields_of` returns them.
    workers : int
        Processes; more than one pays from some ten thousand records.
    progress : callable, optional
        Called with the records done and their number.

    Returns
    -------
    NormalColumns
    """
    count = len(given["title"])
    given = {**given, "issue": _without_serial_numbers(given["issue"])}
    slices = [slice(start, start + PART) for start in range(0, count, PART)] or [slice(0, 0)]
    parts = ({name: values[part] for name, values in given.items()} for part in slices)
    done: list[NormalColumns] = []

    def gather(made: Iterator[NormalColumns]) -> None:
        for item in made:
            done.append(item)
            if progress is not None:
                progress(min(len(done) * PART, count), count)

    if workers > 1 and len(slices) > 1:
        with ProcessPoolExecutor(workers) as pool:
            gather(pool.map(_part, parts))
    else:
        gather(map(_part, parts))
    return _joined(done)


_REPEATED = frozenset({"numbers", "first", "journal", "volume", "issue", "start", "end", "issn", "cochrane"})


def _joined(parts: Sequence[NormalColumns]) -> NormalColumns:
    values: dict[str, Any] = {}
    for entry in fields(NormalColumns):
        held = [getattr(part, entry.name) for part in parts]
        if not isinstance(held[0], list):
            values[entry.name] = np.concatenate(held)
        elif entry.name in _REPEATED:
            # The same text of two parts becomes one.
            known: dict[str, str] = {}
            values[entry.name] = [known.setdefault(text, text) for text in chain.from_iterable(held)]
        else:
            values[entry.name] = list(chain.from_iterable(held))
    return NormalColumns(**values)


def _without_serial_numbers(issues: list[str]) -> list[str]:
    """Empty issues that only number the records: a spreadsheet's fill handle turns 1 into 1, 2, 3, ...

    Issues repeat: few journals have more than 52 a year. So a column of at least 50 numbers nearly all of
    which are different holds none, nor does a run of 20 rows each of which is one more than the row above.
    """
    numbers = [text for text in issues if text.isdigit()]
    if len(numbers) >= 50 and len(set(numbers)) > 0.9 * len(numbers):
        return [""] * len(issues)
    cleaned = list(issues)
    start, last = 0, None
    for row, text in enumerate([*issues, ""]):
        number = int(text) if text.isdecimal() and len(text) < 10 else None
        if number is None or last is None or number != last + 1:
            if row - start >= LONGEST_RUN:
                cleaned[start:row] = [""] * (row - start)
            start = row
        last = number
    return cleaned


def _part(given: Fields) -> NormalColumns:
    """Return the normal forms of some records."""
    titles = [title_form(text) for text in given["title"]]
    names = [names_form(text) for text in given["authors"]]
    journals = _remembered(journal_form, given["journal"])
    volumes = _remembered(volume_form, given["volume"])
    pages = [pages_form(text) if text else ("", "") for text in given["pages"]]
    dois = [
        doi_form(text) if text else doi_form(url) if "doi.org/" in url else ""
        for text, url in zip(given["doi"], given["urls"], strict=True)
    ]
    years = [year_form(text) if text else 0 for text in given["year"]]
    sorts = [
        sort_of(title, journal, doi) | _KIND.get(kind, Sort.NONE)
        for title, journal, doi, kind in zip(titles, journals, dois, given["kind"], strict=True)
    ]
    registrations = [numbers_form(text) if text else "" for text in given["registrations"]]
    for row, number in _entries_of_registries(given):
        registrations[row] = " ".join(dict.fromkeys((*number, *registrations[row].split())))
        sorts[row] |= Sort.REGISTRY
    numbers = _remembered(issue_form, given["issue"])
    pmids = [found.group(1) if (found := _PMID.match(text)) else "" for text in given["pmid"]]
    volume = [
        "" if found[0].isdigit() and int(found[0]) == year else found[0]
        for found, year in zip(volumes, years, strict=True)
    ]
    issue = [one or two for one, (_, two) in zip(numbers, volumes, strict=True)]
    normal = NormalColumns(
        title=titles,
        numbers=[" ".join(sorted(numbers_in(title))) for title in titles],
        first=[name.first for name in names],
        everyone=[name.everyone for name in names],
        journal=journals,
        volume=volume,
        issue=issue,
        start=[start for start, _ in pages],
        end=[end for _, end in pages],
        doi=dois,
        pmid=pmids,
        abstract=[title_form(text[: 2 * ABSTRACT])[:ABSTRACT] if text else "" for text in given["abstract"]],
        issn=[" ".join(sorted(a + b.lower() for a, b in _ISSN.findall(text))) for text in given["issn"]],
        cochrane=[cochrane_id(a, b) for a, b in zip(given["pages"], dois, strict=True)],
        registrations=registrations,
        year=np.array(years, dtype=np.int32),
        authors=np.array([name.number for name in names], dtype=np.int32),
        sort=np.array([int(sort) for sort in sorts], dtype=np.int32),
        generic=np.array(
            [_is_generic(title, journal) for title, journal in zip(titles, journals, strict=True)], dtype=bool
        ),
        short=np.array(
            [len(title) < SHORT_TITLE or title.count(" ") + 1 < FEW_WORDS for title in titles], dtype=bool
        ),
        supplement=_in_supplement(issue, pages),
        keys=np.zeros((0, 0), dtype=np.uint32),
    )
    normal.keys = _keys(normal)
    return normal


def _in_supplement(issues: list[str], pages: list[tuple[str, str]]) -> NDArray[np.bool_]:
    return np.array(
        [
            issue.startswith("s") or _PAGE_OF_SUPPLEMENT.match(start) is not None
            for issue, (start, _) in zip(issues, pages, strict=True)
        ],
        dtype=bool,
    )


def _entries_of_registries(given: Fields) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield row and numbers of records whose journal is the site of a registry, as libraries list it."""
    for row, journal in enumerate(given["journal"]):
        if "." in journal and _REGISTRY_SITE.search(journal) is not None:
            told = (journal, given["urls"][row], given["pages"][row], given["title"][row])
            numbers = registrations_in(" ".join(told))
            if numbers:
                yield row, numbers


_KIND = {
    "preprint": Sort.PREPRINT,
    "conference": Sort.CONFERENCE,
    "registry-entry": Sort.REGISTRY,
}


def _remembered(form: Callable[[str], T], texts: list[str]) -> list[T]:
    """Apply a form to texts that repeat, once to each."""
    known = {text: form(text) for text in set(texts)}
    return [known[text] for text in texts]


def _is_generic(title: str, journal: str) -> bool:
    if " " not in title or _GENERIC.match(title):
        return True
    # The title only repeats the journal's name.
    return bool(journal) and len(journal) > SHORT_TITLE and set(journal.split()) <= set(title.split())


def _keys(normal: NormalColumns) -> NDArray[np.uint32]:
    """Return the numbers under which records meet: equal numbers make a candidate pair."""
    rows = []
    columns = zip(
        normal.title,
        normal.first,
        normal.journal,
        normal.volume,
        normal.start,
        normal.end,
        normal.doi,
        normal.pmid,
        normal.year.tolist(),
        strict=True,
    )
    for title, first, journal, volume, start, end, doi, pmid, year in columns:
        compact = title.replace(" ", "")
        words = sorted({word for word in title.split() if len(word) > 4}, key=_rarity)
        author = first[:5]
        rows.append(
            (
                _key("d", doi),
                _key("p", pmid),
                _key("t", compact[:TITLE_KEY]),
                _key("e", compact[-TITLE_KEY:]),
                _key("m", compact[len(compact) // 2 - 10 : len(compact) // 2 + 10])
                if len(compact) > 60
                else 0,
                _key("w", *words[:3]) if len(words) > 2 else 0,
                _key("x", *words[-3:]) if len(words) > 5 else 0,
                _key("a", author, str(year), start) if author and year and start else 0,
                _key("v", volume, start, str(year)) if volume and start and year else 0,
                _key("j", journal[:1], author, volume, start) if author and volume and start else 0,
                _key("b", journal[:1], volume, start, end) if volume and start and end else 0,
                _key("y", author, str(year), compact[:5]) if author and year else 0,
            )
        )
    return np.array(rows, dtype=np.uint32) if rows else np.zeros((0, 1), dtype=np.uint32)


def _key(mark: str, *parts: str) -> int:
    # Two different texts with one number only make a pair that is then told apart.
    return crc32("\0".join((mark, *parts)).encode()) if any(parts) else 0


@lru_cache(maxsize=200_000)
def _rarity(word: str) -> int:
    """Return a number that orders words the same way everywhere, by nothing in particular."""
    return crc32(word.encode())
