"""How alike a report and a registry entry, or two entries, are: one level for each kind of evidence."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from evergrove.records.trial_acronyms import names_acronym
from evergrove.records.trial_people import same_person

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from evergrove.records.trial_items import Entry, Report

UNKNOWN = "unknown"
#: Lower bounds of the levels of likeness of two titles, and of the share of a title that an entry's text has.
TITLE_BOUNDS = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
#: How rare a word is: in how many entries it stands at most, and in what share of all. To stand in one entry
#: only says little where there are twenty.
_RARE = (
    ("only", 1, 0.01),
    ("few", 3, 0.02),
    ("some", math.inf, 0.05),
    ("many", math.inf, 0.15),
    ("common", math.inf, 1.0),
)
#: Days within which two registries' dates of start are the same.
_SAME_START = 62 / 365


class Rarity:
    """How much a word tells: the rarer in the titles of the review, the more.

    Parameters
    ----------
    titles : iterable of frozenset of str
        The words of every title.
    subjects : iterable of str
        All that each entry says of its subject, as `Entry.subject`.
    capitals : iterable of frozenset of str
        The words of every title that can be of an acronym.
    """

    def __init__(
        self,
        titles: Iterable[frozenset[str]],
        subjects: Iterable[str] = (),
        capitals: Iterable[frozenset[str]] = (),
    ) -> None:
        counts: Counter[str] = Counter()
        total = 0
        for words in titles:
            counts.update(words)
            total += 1
        self._capitals = Counter(word for words in capitals for word in words)
        self._many = max(5, total // 20)
        highest = math.log(total + 1)
        self._weights = {word: max(0.1, highest - math.log(count + 0.5)) for word, count in counts.items()}
        self._unseen = highest - math.log(0.5)
        self._sums: dict[frozenset[str], float] = {}
        #: In how many entries a word of a title stands; words of no title are never asked for.
        self._entries: Counter[str] = Counter()
        self._all_entries = 0
        for text in subjects:
            self._entries.update(word for word in text.split() if word in counts)
            self._all_entries += 1

    @classmethod
    def of(cls, entries: Collection[Entry], reports: Collection[Report]) -> Rarity:
        """Return the rarity of words among entries and reports."""
        titles = [*(entry.all_words for entry in entries), *(report.words for report in reports)]
        capitals = [*(entry.capitals for entry in entries), *(report.capitals for report in reports)]
        return cls(titles, (entry.subject for entry in entries), capitals)

    def weight(self, word: str) -> float:
        """Return the weight of a word, at least 0.1."""
        return self._weights.get(word, self._unseen)

    def _sum(self, words: frozenset[str]) -> float:
        held = self._sums.get(words)
        if held is None:
            held = self._sums[words] = sum(map(self.weight, words))
        return held

    def common(self, word: str) -> bool:
        """Return whether a word in capitals stands in so many titles that it is no trial's own."""
        return self._capitals[word] > self._many

    def own(self, acronyms: Iterable[frozenset[str]]) -> list[frozenset[str]]:
        """Return the acronyms that are a trial's own: ``COVID-19`` is not one among trials in COVID-19."""
        return [words for words in acronyms if not all(word.isdigit() or self.common(word) for word in words)]

    def rarest(self, words: Iterable[str]) -> str:
        """Return how rare the rarest of words is, counted over what all entries say of their subjects.

        Returns
        -------
        str
            Of the first kind of `_RARE` that it is; ``"none"`` where there is none.
        """
        fewest = min((self._entries[word] for word in words), default=0)
        if fewest == 0:
            return "none"
        return next(
            level
            for level, entries, share in _RARE
            if fewest <= entries and fewest <= share * self._all_entries
        )

    def share(self, words: Iterable[str], of: frozenset[str]) -> float:
        """Return the weight of words over that of all, 0 to 1."""
        return sum(map(self.weight, words)) / self._sum(of)

    def likeness(self, one: frozenset[str], two: frozenset[str]) -> float:
        """Return the weight of the common words over the geometric mean of both weights, 0 to 1."""
        common = one & two
        if not common:
            return 0.0
        shared = sum(map(self.weight, common))
        return shared / math.sqrt(self._sum(one) * self._sum(two))


def title_level(likeness: float) -> str:
    """Return the level of a likeness, ``"0"`` for none to ``"6"`` for the same title.

    Examples
    --------
    >>> title_level(0.0), title_level(0.5), title_level(1.0)
    ('0', '4', '6')
    """
    return str(bisect_right(TITLE_BOUNDS, likeness))


def report_levels(report: Report, entry: Entry, rarity: Rarity) -> dict[str, str]:
    """Return the level of each kind of evidence that a report is of an entry's trial.

    Parameters
    ----------
    report : Report
    entry : Entry
    rarity : Rarity

    Returns
    -------
    dict of str to str
        Kind -> level; ``"unknown"`` where one side says nothing.
    """
    word, subject = _subject(report, entry, rarity)
    return {
        "title": _title(report, entry, rarity),
        "investigator": _investigator(report.authors, entry.people),
        "acronym": _acronym(report, entry, rarity),
        "word": word,
        "subject": subject,
        "date": _date(report, entry),
        "size": _size(report.sizes, entry.size),
        "design": _design(report, entry),
    }


def _title(report: Report, entry: Entry, rarity: Rarity) -> str:
    if not report.words or not entry.words:
        return UNKNOWN
    return title_level(max(rarity.likeness(report.words, words) for words in entry.words))


def _subject(report: Report, entry: Entry, rarity: Rarity) -> tuple[str, str]:
    """Return the levels of the rarest word of a title in an entry, and of the share of it that is there."""
    if not report.words or not entry.subject:
        return UNKNOWN, UNKNOWN
    spoken = [word for word in report.words if f" {word} " in entry.subject]
    return rarity.rarest(spoken), str(bisect_right(TITLE_BOUNDS, rarity.share(spoken, report.words)))


def _investigator(authors: tuple[str, ...], people: frozenset[str]) -> str:
    if not authors or not people:
        return UNKNOWN
    if _in_common(people, {authors[0], authors[-1]}):
        return "first-or-last"
    return "among" if _in_common(people, authors) else "none"


def _in_common(people: frozenset[str], others: Collection[str]) -> bool:
    if not people.isdisjoint(others):
        return True
    # Only where an initial is missing can two be the same that are not written the same.
    nameless = [one for one in (*people, *others) if " " not in one]
    return bool(nameless) and any(same_person(one, two) for one in people for two in others)


def _acronym(report: Report, entry: Entry, rarity: Rarity) -> str:
    acronyms = rarity.own(entry.acronyms)
    if not acronyms or not report.title:
        return UNKNOWN
    if any(names_acronym(report.title, report.capitals, words) for words in acronyms):
        return "named"
    own = {word for words in acronyms for word in words if len(word) > 3 and not rarity.common(word)}
    return "part" if own & report.capitals else "not-named"


def published_before(report: Report, entry: Entry) -> bool:
    """Return whether a report appeared in a year that was over when the trial began: it cannot be of it."""
    start = entry.start if entry.start is not None else entry.registered
    return report.year is not None and start is not None and report.year + 1 < start


def _date(report: Report, entry: Entry) -> str:
    start = entry.start if entry.start is not None else entry.registered
    year = report.year
    if year is None or start is None:
        return UNKNOWN
    if published_before(report, entry):
        return "before-start"
    end = entry.end if entry.end is not None else start + 2
    if year < int(end):
        return "under-way"
    return "soon" if year - int(end) <= 3 else "late"


def _size(sizes: frozenset[int], size: int | None) -> str:
    if not sizes or not size:
        return UNKNOWN
    if size in sizes:
        return "same" if size >= 10 else "same-small"
    return "near" if any(abs(one - size) <= 0.1 * size for one in sizes) else "other"


def _design(report: Report, entry: Entry) -> str:
    told = [
        (report.randomised, entry.randomised, report.randomised == entry.randomised),
        (report.phases, entry.phases, bool(report.phases & entry.phases)),
    ]
    known = [
        agrees
        for one, two, agrees in told
        if one not in (None, frozenset()) and two not in (None, frozenset())
    ]
    if not known:
        return UNKNOWN
    return "agrees" if all(known) else "contradicts"


def entry_levels(one: Entry, two: Entry, rarity: Rarity) -> dict[str, str]:
    """Return the level of each kind of evidence that two registries' entries are of one trial."""
    likeness = max((rarity.likeness(a, b) for a in one.words for b in two.words), default=0.0)
    return {
        "title": title_level(likeness) if one.words and two.words else UNKNOWN,
        "sponsor": _sponsor(one, two),
        "acronym": _same_acronym(rarity.own(one.acronyms), rarity.own(two.acronyms)),
        "size": _same_size(one.size, two.size),
        "start": _same_start(one.start, two.start),
        "investigator": _same_people(one.people, two.people),
        "intervention": _same_interventions(one.interventions, two.interventions),
    }


def _sponsor(one: Entry, two: Entry) -> str:
    if not one.sponsor or not two.sponsor:
        return UNKNOWN
    share = len(one.sponsor & two.sponsor) / min(len(one.sponsor), len(two.sponsor))
    return "same" if share >= 0.6 else "other"


def _same_acronym(one: list[frozenset[str]], two: list[frozenset[str]]) -> str:
    if not one or not two:
        return UNKNOWN
    return "same" if any(words in two for words in one) else "other"


def _same_size(one: int | None, two: int | None) -> str:
    if not one or not two:
        return UNKNOWN
    if one == two:
        return "same"
    return "near" if abs(one - two) <= 0.1 * max(one, two) else "other"


def _same_start(one: float | None, two: float | None) -> str:
    if one is None or two is None:
        return UNKNOWN
    return "same" if abs(one - two) <= _SAME_START else "near" if abs(one - two) <= 1 else "other"


_NO_DRUG = frozenset({"placebo", "control", "standard", "care", "usual", "saline", "sham", "group", "arm"})


def _same_interventions(one: tuple[frozenset[str], ...], two: tuple[frozenset[str], ...]) -> str:
    left = [words for words in one if not words <= _NO_DRUG]
    right = [words for words in two if not words <= _NO_DRUG]
    if not left or not right:
        return UNKNOWN
    if any(words <= other or other <= words for words in left for other in right):
        return "same"
    return "part" if frozenset().union(*left) & frozenset().union(*right) - _NO_DRUG else "other"


def _same_people(one: frozenset[str], two: frozenset[str]) -> str:
    if not one or not two:
        return UNKNOWN
    return "same" if _in_common(one, two) else "other"
