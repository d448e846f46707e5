"""Which trial a report is of: numbers, references of registry entries, then likeness."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from evergrove.model.link import LinkVerdict
from evergrove.records.author_groups import AuthorGroups
from evergrove.records.link_weights import (
    DATE_BESIDE_NUMBER,
    FITTED,
    NATURE,
    NUMBER,
    NUMBER_ELSEWHERE,
    REFERENCE,
    REFERENCE_OF_OTHER_KIND,
    SEVERAL_TRIALS,
    Evidence,
    LikenessWeights,
    Scale,
    log_odds,
    probability,
    verdict_of,
)
from evergrove.records.links import Link, LinkKind
from evergrove.records.trial_items import Nature
from evergrove.records.trial_likeness import report_levels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrove.records.trial_candidates import EntryIndex
    from evergrove.records.trial_clusters import Clusters
    from evergrove.records.trial_items import Entry, Report
    from evergrove.records.trial_likeness import Rarity


#: Log odds below which no rival's absence makes a link possible.
_HOPELESS = -2.0


def _beside_number(item: Evidence) -> Evidence:
    """Return evidence as it weighs beside a number that the report itself gives."""
    return item._replace(weight=max(item.weight, DATE_BESIDE_NUMBER)) if item.kind == "date" else item


class ReportLinker:
    """Finds the trials of reports, one report at a time.

    Parameters
    ----------
    entries : dict of str to Entry
        By number.
    index : EntryIndex
        Of the entries, in their order.
    rarity : Rarity
    clusters : Clusters
        The numbers, joined to trials.
    weights : LikenessWeights
    groups : AuthorGroups, optional
        The authors of the reports that are linked so far.
    """

    def __init__(
        self,
        entries: dict[str, Entry],
        index: EntryIndex,
        rarity: Rarity,
        clusters: Clusters,
        weights: LikenessWeights = FITTED,
        *,
        groups: AuthorGroups | None = None,
    ) -> None:
        self._groups = groups if groups is not None else AuthorGroups()
        self._entries = entries
        self._numbers = list(entries)
        self._index = index
        self._rarity = rarity
        self._clusters = clusters
        self._base = weights.base
        self._scale = Scale(weights.table)
        self._cited: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for entry in entries.values():
            for key, kind in entry.references.items():
                self._cited[key].append((entry.number, kind))

    def links(self, report: Report) -> list[Link]:
        """Return the links of a report that are sure or possible, one a trial, the surest first."""
        explicit = self._explicit(report)
        found = self._weigh(report, explicit)
        if not any(link.verdict is LinkVerdict.LINKED for link in found):
            found += self.alike(report, {self._clusters.root(link.right) for link in found})
        best: dict[str, Link] = {}
        for link in sorted(found, key=lambda link: (-link.probability, link.right)):
            if link.verdict is not LinkVerdict.NOT:
                best.setdefault(self._clusters.root(link.right), link)
        return list(best.values())

    def learn(self, report: Report, links: Iterable[Link]) -> None:
        """Take the authors of a report for those of the trial that it is surely of, and of no other."""
        trials = {self._clusters.root(link.right) for link in links if link.verdict is LinkVerdict.LINKED}
        if len(trials) == 1 and report.nature not in {Nature.REVIEW, Nature.COMMENT}:
            self._groups.add(trials.pop(), report)

    def told_by_authors(self, report: Report) -> bool:
        """Return whether a report shares several authors with a report of a trial."""
        return bool(self._groups.trials_of(report))

    def _explicit(self, report: Report) -> dict[str, list[Evidence]]:
        """Return what is said in so many words: number -> the evidence."""
        told: dict[str, list[Evidence]] = defaultdict(list)
        for number, place in report.numbers.items():
            says = f"{number} stands in its {place}"
            told[number].append(Evidence("number", says, NUMBER.get(place, NUMBER_ELSEWHERE)))
        cited = {(number, kind) for key in report.keys for number, kind in self._cited.get(key, ())}
        for number, kind in sorted(cited):
            weight = REFERENCE.get(kind, REFERENCE_OF_OTHER_KIND)
            told[number].append(Evidence("reference", f"{number} names it as {kind} reference", weight))
        return told

    def _weigh(self, report: Report, explicit: dict[str, list[Evidence]]) -> list[Link]:
        said = {number for number, told in explicit.items() if any(item.weight > 0 for item in told)}
        trials = len({self._clusters.root(number) for number in said})
        links = []
        for number, told in explicit.items():
            evidence = [max(told, key=lambda item: item.weight)] if number in said else list(told)
            if number in said and trials > 1:
                weight = round(SEVERAL_TRIALS * math.log(trials), 2)
                evidence.append(Evidence("several", f"it is said of {trials} trials", weight))
            entry = self._entries.get(number)
            likeness = self._likeness(report, entry) if entry is not None else []
            if evidence[0].kind == "number":
                likeness = [_beside_number(item) for item in likeness]
            links.append(self._link(report, number, evidence + likeness))
        return links

    def alike(self, report: Report, known: Iterable[str] = (), *, every: bool = False) -> list[Link]:
        """Return the links to entries that a report is compared with.

        They share one chance, for at most one of them can be its trial.

        Parameters
        ----------
        report : Report
        known : iterable of str
            Roots of trials that are not looked at again.
        every : bool
            Also those that are hopeless.
        """
        if report.nature is Nature.REVIEW:
            return []
        passed = set(known)
        weighted: dict[str, tuple[float, str, list[Evidence]]] = {}
        compared = [self._numbers[place] for place in self._index.for_report(report)]
        for trial in self._groups.trials_of(report):
            compared += [number for number in self._clusters.members(trial) if number in self._entries]
        for number in dict.fromkeys(compared):
            root = self._clusters.root(number)
            if root in passed:
                continue
            evidence = self._likeness(report, self._entries[number])
            odds = log_odds(evidence, self._base)
            if root not in weighted or odds > weighted[root][0]:
                weighted[root] = (odds, number, evidence)
        total = math.log1p(sum(math.exp(min(odds, 30)) for odds, _, _ in weighted.values()))
        links = []
        for odds, number, evidence in weighted.values():
            if odds < _HOPELESS and not every:
                continue
            others = math.log(max(1.0, math.exp(total) - math.exp(min(odds, 30))))
            rivals = (
                [Evidence("rivals", "other entries are like it too", round(-others, 2))]
                if others > 0.05
                else []
            )
            links.append(self._link(report, number, evidence + rivals))
        return links

    def _likeness(self, report: Report, entry: Entry) -> list[Evidence]:
        levels = report_levels(report, entry, self._rarity)
        levels["authors"] = self._groups.level(report, self._clusters.root(entry.number))
        return self._scale.evidence(levels)

    def _link(self, report: Report, number: str, evidence: list[Evidence]) -> Link:
        if NATURE[report.nature]:
            evidence = [*evidence, Evidence("kind", f"it is a {report.nature.label}", NATURE[report.nature])]
        chance = probability(log_odds(evidence, self._base))
        ordered = tuple(sorted(evidence, key=lambda item: -abs(item.weight)))
        return Link(report.id, number, LinkKind.REPORT, chance, verdict_of(chance), ordered)
