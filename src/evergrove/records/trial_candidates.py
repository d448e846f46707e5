"""Which pairs are worth comparing: those that share rare words, an acronym or a person; never all of them."""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.records.trial_items import Entry, Report
    from evergrove.records.trial_likeness import Rarity

#: Entries that a word may stand in to be looked up: a commoner one tells too little and costs too much.
COMMONEST = 100
#: Words of a title that are looked up, the rarest first.
LOOKED_UP = 8
#: Entries that a report is compared with in full.
COMPARED = 10
#: What a common acronym or person counts for, in units of a word's rarity.
_NAME = 4.0


class EntryIndex:
    """Registry entries by their words, acronyms and people.

    Parameters
    ----------
    entries : list of Entry
    rarity : Rarity
    """

    def __init__(self, entries: list[Entry], rarity: Rarity) -> None:
        self._rarity = rarity
        found: dict[str, list[int]] = defaultdict(list)
        for position, entry in enumerate(entries):
            for key in (
                *entry.all_words,
                *(f"acronym {word}" for words in entry.acronyms for word in words),
                *(f"person {name}" for name in entry.people),
            ):
                found[key].append(position)
        self._found = {key: places for key, places in found.items() if len(places) <= COMMONEST}

    def for_report(self, report: Report) -> list[int]:
        """Return the positions of the entries to compare a report with."""
        names = [f"acronym {name}" for name in report.capitals]
        names += [f"person {name}" for name in report.authors]
        return self._best(report.words, names)

    def for_entry(self, entry: Entry, own: int) -> Iterator[int]:
        """Yield the positions of the entries to compare an entry with that stand behind it."""
        names = [f"acronym {word}" for words in entry.acronyms for word in words]
        names += [f"person {name}" for name in entry.people]
        return (place for place in self._best(entry.all_words, names) if place > own)

    def _best(self, words: frozenset[str], names: list[str]) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        known = [word for word in words if word in self._found]
        for word in sorted(known, key=lambda word: (len(self._found[word]), word))[:LOOKED_UP]:
            weight = self._rarity.weight(word)
            for place in self._found[word]:
                scores[place] += weight
        for name in names:
            for place in self._found.get(name, ()):
                scores[place] += _NAME
        best = nlargest(COMPARED, ((score, -place) for place, score in scores.items()))
        return [-place for _, place in best]
