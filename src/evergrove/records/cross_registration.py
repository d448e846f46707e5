"""One trial in several registries: numbers that name each other, then entries that are alike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from evergrove.model.link import LinkVerdict
from evergrove.records.link_weights import (
    CROSS,
    CROSS_BASE,
    EACH_NAMES_THE_OTHER,
    JOINED,
    NAMED_TOGETHER,
    NAMES_THE_OTHER,
    ONE_BY_DEDUPLICATION,
    Evidence,
    Scale,
    log_odds,
    probability,
    verdict_of,
)
from evergrove.records.links import Link, LinkKind
from evergrove.records.trial_items import Nature
from evergrove.records.trial_likeness import entry_levels
from evergrove.records.trial_numbers import series_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evergrove.records.trial_candidates import EntryIndex
    from evergrove.records.trial_clusters import Clusters
    from evergrove.records.trial_items import Entry, Report
    from evergrove.records.trial_likeness import Rarity

    Pair = tuple[str, str]

#: Numbers that a report of one trial gives at most.
MOST_IN_A_REPORT = 3


def cross_links(
    entries: dict[str, Entry],
    reports: dict[str, Report],
    index: EntryIndex,
    rarity: Rarity,
    merged: Iterable[Pair] = (),
) -> list[Link]:
    """Return the links between registration numbers that the evidence speaks for, the surest first.

    Parameters
    ----------
    entries : dict of str to Entry
        By number.
    reports : dict of str to Report
    index : EntryIndex
        Of the entries, in their order.
    rarity : Rarity
    merged : iterable of pairs of str
        Numbers whose entries deduplication put together.
    """
    told: dict[Pair, list[Evidence]] = defaultdict(list)
    for pair, saying in (*_named(entries), *_together(reports)):
        told[pair].append(saying)
    for pair in merged:
        told[pair].append(Evidence("merge", "deduplication put their entries together", ONE_BY_DEDUPLICATION))
    for pair in _alike(entries, index):
        told.setdefault(pair, [])
    scale = Scale(CROSS)
    links = []
    for (one, two), explicit in told.items():
        evidence = sorted(explicit, key=lambda item: -item.weight)[:1]
        if one in entries and two in entries:
            evidence += scale.evidence(entry_levels(entries[one], entries[two], rarity))
        chance = probability(log_odds(evidence, CROSS_BASE))
        verdict = verdict_of(chance, JOINED)
        if verdict is not LinkVerdict.NOT:
            ordered = tuple(sorted(evidence, key=lambda item: -abs(item.weight)))
            links.append(Link(one, two, LinkKind.CROSS, chance, verdict, ordered))
    return sorted(links, key=lambda link: (-link.probability, link.left, link.right))


def _named(entries: dict[str, Entry]) -> Iterator[tuple[Pair, Evidence]]:
    for entry in entries.values():
        for number, where in entry.named.items():
            other = entries.get(number)
            if other is not None and entry.number in other.named:
                evidence = Evidence("number", "each entry names the other", EACH_NAMES_THE_OTHER)
            else:
                evidence = Evidence("number", f"{entry.number} names {number} in {where}", NAMES_THE_OTHER)
            yield _pair(entry.number, number), evidence


def _together(reports: dict[str, Report]) -> Iterator[tuple[Pair, Evidence]]:
    """Yield numbers of several registries that one report gives: authors list all of their trial."""
    for report in reports.values():
        numbers = list(report.numbers)
        if report.nature is Nature.REVIEW or not 2 <= len(numbers) <= MOST_IN_A_REPORT:
            continue
        if len({series_of(number) for number in numbers}) < len(numbers):
            continue
        for position, one in enumerate(numbers):
            for two in numbers[position + 1 :]:
                says = f"report {report.id} gives both and no other of these registries"
                yield _pair(one, two), Evidence("number", says, NAMED_TOGETHER)


def _alike(entries: dict[str, Entry], index: EntryIndex) -> Iterator[Pair]:
    numbers = list(entries)
    several = len({series_of(number) for number in numbers}) > 1
    for place, number in enumerate(numbers if several else []):
        for other in index.for_entry(entries[number], place):
            if series_of(numbers[other]) != series_of(number):
                yield _pair(number, numbers[other])


def _pair(one: str, two: str) -> Pair:
    return (one, two) if one < two else (two, one)


def joined(links: list[Link], clusters: Clusters, former: dict[str, frozenset[str]]) -> list[Link]:
    """Join the numbers of sure links, the surest first; what would join two trials goes to a person.

    Parameters
    ----------
    links : list of Link
        See `cross_links`.
    clusters : Clusters
        Changed.
    former : dict of str to frozenset of str
        Number -> numbers that the same registry had given the trial before.

    Returns
    -------
    list of Link
        The links with the verdicts that hold.
    """
    for number, earlier in former.items():
        for one in earlier:
            clusters.join(number, one, decided=True)
    held = []
    for link in links:
        verdict, evidence = link.verdict, link.evidence
        if verdict is LinkVerdict.LINKED:
            why = clusters.conflict(link.left, link.right)
            if why is None:
                clusters.join(link.left, link.right)
            else:
                verdict, evidence = LinkVerdict.POSSIBLE, (*evidence, Evidence("conflict", why, 0.0))
        held.append(Link(link.left, link.right, link.kind, link.probability, verdict, evidence))
    return held
