"""Reports and registry entries become trials: each link with its evidence, a person's word before all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from evergrove.model.link import LinkAction, LinkVerdict, is_record_id
from evergrove.model.vocabulary import ReportKind
from evergrove.records.cross_registration import cross_links, joined
from evergrove.records.link_weights import RELATIVE, Evidence, probability, verdict_of
from evergrove.records.links import Link, Linked, LinkKind, Trial
from evergrove.records.report_links import ReportLinker
from evergrove.records.trial_candidates import EntryIndex
from evergrove.records.trial_clusters import STUDY, Clusters
from evergrove.records.trial_items import Entry, Report, entry_number, entry_of, is_entry, report_of
from evergrove.records.trial_likeness import Rarity
from evergrove.records.trial_numbers import number_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evergrove.model.link import LinkDecision
    from evergrove.model.record import Record
    from evergrove.model.study import Study

    Progress = Callable[[str, int, int], None]

#: Reports between two calls of the progress.
STEP = 500
_SURE = 0.9999
_REVIEW = "the review"


class Works(NamedTuple):
    """What deduplication found.

    Parameters
    ----------
    merged : mapping of str to str
        Record id -> id of the report that it is a record of; a record that is missing is a report of its own.
    relatives : sequence of (str, str, str)
        Records of two reports of one work, and how they belong together: ``"preprint"``. Where one is
        linked, so is the other.
    """

    merged: Mapping[str, str]
    relatives: Sequence[tuple[str, str, str]]


def link(
    records: Iterable[Record],
    studies: Sequence[Study] = (),
    decisions: Sequence[LinkDecision] = (),
    works: Works | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link reports to trials, and one trial's entries in several registries to each other.

    Parameters
    ----------
    records : iterable of Record
        Of any kind; registry entries are told from reports.
    studies : sequence of Study
        Of the review: what they say of their registrations and reports is decided.
    decisions : sequence of LinkDecision
        Those that stand; see `evergrove.store.links.standing`.
    works : Works, optional
        What deduplication found; without it, each record is a report.
    progress : callable, optional
        Called with the stage, what is done and the total.

    Returns
    -------
    Linked
    """
    works = works or Works({}, ())
    entries, reports = sides(records, works.merged)
    rarity = Rarity.of(entries.values(), reports.values())
    index = EntryIndex(list(entries.values()), rarity)
    alias = {key: report.id for report in reports.values() for key in report.records}
    alias |= {key: entry.number for entry in entries.values() for key in entry.records}
    decided = _Decided(decisions, alias, set(reports))
    clusters = Clusters(decided.apart)
    for number in entries:
        clusters.add(number)
    known = _put_together(studies, decided, clusters)
    crossed = joined(
        cross_links(entries, reports, index, rarity, _merged_numbers(entries, works.merged)),
        clusters,
        {entry.number: entry.former for entry in entries.values() if entry.former},
    )
    links = [one for one in crossed if (one.left, one.right) not in decided.numbers]
    links += decided.links(LinkKind.CROSS)
    linker = ReportLinker(entries, index, rarity, clusters)
    found_for: dict[str, list[Link]] = {}
    for done, report in enumerate(reports.values(), start=1):
        found_for[report.id] = _links_of(report, linker, decided, clusters, known)
        if progress is not None and done % STEP == 0:
            progress("link", done, len(reports))
    # Once the authors of all sure reports are known, the others are worth a second look.
    for key, held in found_for.items():
        linker.learn(reports[key], held)
    for key, held in found_for.items():
        unsure = not any(one.verdict is LinkVerdict.LINKED for one in held)
        if unsure and linker.told_by_authors(reports[key]):
            found_for[key] = _links_of(reports[key], linker, decided, clusters, known)
    links += [one for held in found_for.values() for one in held]
    links += _through_relatives(works.relatives, links, alias, decided)
    trials = _trials(entries, reports, links, clusters)
    found = {one.left for one in links if one.kind is LinkKind.REPORT and one.verdict is LinkVerdict.LINKED}
    unlinked = tuple(key for key in reports if key not in found)
    return Linked(tuple(links), trials, unlinked, entries, reports)


def sides(records: Iterable[Record], merged: Mapping[str, str]) -> tuple[dict[str, Entry], dict[str, Report]]:
    """Return registry entries by number, and reports by id.

    Parameters
    ----------
    records : iterable of Record
    merged : mapping of str to str
        Record id -> report id.
    """
    by_number: dict[str, list[Record]] = defaultdict(list)
    by_report: dict[str, list[Record]] = defaultdict(list)
    reports: dict[str, Report] = {}
    for record in records:
        if is_entry(record):
            by_number[entry_number(record)].append(record)
        elif record.id in merged:
            by_report[merged[record.id]].append(record)
        else:
            reports[record.id] = report_of([record])
    for held in by_report.values():
        report = report_of(held)
        reports[report.id] = report
    return {number: entry_of(held) for number, held in by_number.items()}, reports


def _merged_numbers(entries: dict[str, Entry], merged: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs of numbers whose entries deduplication put together."""
    home: dict[str, str] = {}
    pairs = []
    for entry in entries.values():
        for key in entry.records:
            first = home.setdefault(merged.get(key, key), entry.number)
            if first != entry.number:
                pairs.append((min(first, entry.number), max(first, entry.number)))
    return pairs


def _through_relatives(
    relatives: Iterable[tuple[str, str, str]], links: list[Link], alias: Mapping[str, str], decided: _Decided
) -> list[Link]:
    """Return links of reports that have none of their own, by a sure link of a report of the same work."""
    sure: dict[str, list[Link]] = defaultdict(list)
    for link_ in links:
        if link_.kind is LinkKind.REPORT and link_.verdict is LinkVerdict.LINKED:
            sure[link_.left].append(link_)
    found = []
    for one, two, how in relatives:
        for known, new in ((alias.get(one), alias.get(two)), (alias.get(two), alias.get(one))):
            if known is None or new is None or new in sure or new in decided.of_report:
                continue
            for held in sure.get(known, ()):
                evidence = (Evidence("relative", f"it and {known}, which is linked: {how}", RELATIVE),)
                chance = held.probability * probability(RELATIVE)
                found.append(Link(new, held.right, LinkKind.REPORT, chance, verdict_of(chance), evidence))
    return found


class _Decided:
    """What persons decided, on reports and numbers."""

    def __init__(
        self, decisions: Sequence[LinkDecision], alias: Mapping[str, str], reports: set[str]
    ) -> None:
        self.apart: list[tuple[str, str]] = []
        self.together: list[tuple[str, str]] = []
        self.numbers: dict[tuple[str, str], LinkDecision] = {}
        self.of_report: dict[str, list[tuple[str, LinkDecision]]] = defaultdict(list)
        for decision in decisions:
            one, two = (
                alias.get(item, item if is_record_id(item) else number_key(item)) for item in decision.items
            )
            if two in reports or is_record_id(two):
                one, two = two, one
            if one in reports or is_record_id(one):
                self.of_report[one].append((two, decision))
                continue
            pair = (one, two) if one < two else (two, one)
            self.numbers[pair] = decision
            (self.together if decision.action is LinkAction.ACCEPT else self.apart).append(pair)

    def links(self, kind: LinkKind) -> list[Link]:
        """Return the decisions about pairs of numbers as links."""
        return [_decided_link(one, two, kind, decision) for (one, two), decision in self.numbers.items()]


def _decided_link(left: str, right: str, kind: LinkKind, decision: LinkDecision) -> Link:
    accepted = decision.action is LinkAction.ACCEPT
    says = f"{decision.id}, {decision.when:%Y-%m-%d}: {decision.why}"
    return Link(
        left,
        right,
        kind,
        1.0 if accepted else 0.0,
        LinkVerdict.LINKED if accepted else LinkVerdict.NOT,
        (Evidence("decision", says, 0.0),),
        decision.who,
    )


class _Known(NamedTuple):
    """What the review says.

    Parameters
    ----------
    nodes : dict of str to str
        ``pmid:…`` or ``doi:…`` of a report -> the node of its study.
    numbers : dict of str to frozenset of str
        Node of a study -> the registrations that it gives.
    """

    nodes: dict[str, str]
    numbers: dict[str, frozenset[str]]


def _put_together(studies: Sequence[Study], decided: _Decided, clusters: Clusters) -> _Known:
    """Join what the review and persons say is one trial."""
    in_review: dict[str, str] = {}
    numbers: dict[str, frozenset[str]] = {}
    for study in studies:
        node = f"{STUDY}{study.id}"
        clusters.add(node)
        numbers[node] = frozenset(map(number_key, study.registrations))
        for number in sorted(numbers[node]):
            # One number in two studies (two phases of one trial) leaves it with the first.
            if not any(member.startswith(STUDY) for member in clusters.members(number)):
                clusters.join(node, number, decided=True)
        for report in study.reports:
            if report.kind is ReportKind.REGISTRY_RECORD:
                continue
            for key in (f"pmid:{report.pmid}", f"doi:{(report.doi or '').lower()}"):
                in_review.setdefault(key, node)
    for one, two in decided.together:
        clusters.join(one, two, decided=True)
    return _Known(in_review, numbers)


def _links_of(
    report: Report, linker: ReportLinker, decided: _Decided, clusters: Clusters, known: _Known
) -> list[Link]:
    own = [
        _decided_link(report.id, number, LinkKind.REPORT, decision)
        for number, decision in decided.of_report.get(report.id, ())
    ]
    settled = {clusters.root(link.right) for link in own}
    node = next((known.nodes[key] for key in sorted(report.keys) if key in known.nodes), None)
    if node is not None:
        settled |= {clusters.root(number) for number in known.numbers[node]} - {clusters.root(node)}
    if node is not None and clusters.root(node) not in settled:
        says = f"{node.removeprefix(STUDY)} has it among its reports"
        evidence = (Evidence("review", says, 0.0),)
        own.append(Link(report.id, node, LinkKind.REPORT, _SURE, LinkVerdict.LINKED, evidence, _REVIEW))
        settled.add(clusters.root(node))
    found = [link for link in linker.links(report) if clusters.root(link.right) not in settled]
    if node is not None or any(link.verdict is LinkVerdict.LINKED for link in own):
        # Settled reports may be of a second trial only where that is said in so many words.
        found = [link for link in found if link.evidence[0].kind in {"number", "reference"}]
    return own + found


def _trials(
    entries: dict[str, Entry], reports: dict[str, Report], links: list[Link], clusters: Clusters
) -> tuple[Trial, ...]:
    linked: dict[str, list[str]] = defaultdict(list)
    possible: dict[str, list[str]] = defaultdict(list)
    for one in links:
        if one.kind is LinkKind.REPORT and one.verdict is not LinkVerdict.NOT:
            side = linked if one.verdict is LinkVerdict.LINKED else possible
            side[clusters.root(one.right)].append(one.left)
    trials = []
    for members in clusters.trials():
        root = clusters.root(members[0])
        with_entry = tuple(sorted(number for number in members if number in entries))
        others = sorted(
            number for number in members if number not in entries and not number.startswith(STUDY)
        )
        study = next((number.removeprefix(STUDY) for number in members if number.startswith(STUDY)), None)
        # A number that is only spoken of, by a report that is no report of it, is no trial of this review.
        if not with_entry and study is None and root not in linked:
            continue
        titles = [entries[number].title for number in with_entry]
        titles += [reports[key].title for key in linked[root]]
        trials.append(
            Trial(
                (*with_entry, *others),
                with_entry,
                tuple(dict.fromkeys(linked[root])),
                tuple(dict.fromkeys(possible[root])),
                study,
                next((title for title in titles if title), None),
            )
        )
    return tuple(sorted(trials, key=lambda trial: (trial.study or "~", trial.numbers)))


__all__ = ["Works", "link", "sides"]
