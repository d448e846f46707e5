"""Who writes on a trial: reports that are linked to it tell the authors of those that are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evergrove.records.trial_items import Report

#: Authors in common from which a report is looked at for a trial whose title says nothing of it.
LOOKED_UP = 3
#: Reports of one author that are looked at: who writes more tells less, and costs too much.
MOST_OF_AN_AUTHOR = 200


class AuthorGroups:
    """The authors of the reports of each trial.

    Examples
    --------
    >>> from evergrove.records.trial_items import Report
    >>> groups, words = AuthorGroups(), frozenset()
    >>> groups.add("NCT1", Report("a", ("a",), None, words, authors=("li x", "roe k", "doe j")))
    >>> new = Report("b", ("b",), None, words, authors=("li x", "roe k", "doe j", "fox m"))
    >>> groups.level(new, "NCT1"), groups.trials_of(new), groups.level(new, "NCT2")
    ('group', ['NCT1'], 'unknown')
    """

    def __init__(self) -> None:
        self._reports: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
        self._trials: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, trial: str, report: Report) -> None:
        """Add a report that is linked to a trial."""
        if report.authors:
            authors = frozenset(report.authors)
            self._reports[trial].append((report.id, authors))
            for name in authors:
                self._trials[name].append((trial, report.id))

    def level(self, report: Report, trial: str) -> str:
        """Return how a report's authors agree with those of a trial's other reports; unknown without any."""
        held = [names for key, names in self._reports.get(trial, ()) if key != report.id]
        if not held or not report.authors:
            return "unknown"
        authors = frozenset(report.authors)
        best = max(len(authors & names) for names in held)
        smaller = min(len(authors), max(map(len, held)))
        if best >= LOOKED_UP and best >= 0.5 * smaller:
            return "group"
        return "several" if best > 1 else "one" if best == 1 else "none"

    def trials_of(self, report: Report) -> list[str]:
        """Return the trials of which a report has several authors in common with one report."""
        shared: Counter[tuple[str, str]] = Counter()
        for name in frozenset(report.authors):
            places = self._trials.get(name, [])
            if len(places) <= MOST_OF_AN_AUTHOR:
                shared.update(place for place in places if place[1] != report.id)
        return sorted({trial for (trial, _), count in shared.items() if count >= LOOKED_UP})
