"""Score linking on real labelled data.

    python benchmarks/link/labelled_links.py

Data are looked for beside the checkout in ``../shared``, or where ``EVERGROVE_SHARED`` says.
"""

from __future__ import annotations

import csv
import platform
import re
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fit_weights import FITTED_ON, FOLDS, fit, pairs_of
from registry_references import DATA, SETS, WHEN, Labelled, labelled, records_in

from evergrove.model.link import LinkVerdict
from evergrove.model.record import FileFormat, Record, RecordKind
from evergrove.records.author_groups import AuthorGroups
from evergrove.records.cross_registration import cross_links, joined
from evergrove.records.link_weights import FITTED, LikenessWeights
from evergrove.records.linking import link
from evergrove.records.links import Link
from evergrove.records.report_links import ReportLinker
from evergrove.records.trial_candidates import EntryIndex
from evergrove.records.trial_clusters import Clusters
from evergrove.records.trial_items import Entry, entry_of, report_of
from evergrove.records.trial_likeness import Rarity
from evergrove.records.trial_numbers import number_key, numbers_in
from evergrove.sources.draft import Draft, Origin, doi_in
from evergrove.store import read_review

ROOT = Path(__file__).resolve().parents[2]
#: How much the scores hang on the split shows where there are other parts.
OTHER_FOLDS = (4, 6, 7, 10)
BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.9, 0.97, 1.0)


class Score(NamedTuple):
    """How many links are right.

    Parameters
    ----------
    true : int
        Reports that have a trial among the entries.
    right, wrong : int
        Reports linked to their trial, and to another.
    right_to_person, wrong_to_person : int
        Pairs that go to a person.
    """

    true: int
    right: int
    wrong: int
    right_to_person: int
    wrong_to_person: int

    def __str__(self) -> str:
        recall = self.right / self.true if self.true else float("nan")
        either = (self.right + self.right_to_person) / self.true if self.true else float("nan")
        linked = self.right + self.wrong
        return (
            f"linked {self.right}/{self.true} (recall {recall:.3f}; with those shown to a person {either:.3f}), "
            f"wrong {self.wrong} (precision {self.right / linked if linked else float('nan'):.3f}), "
            f"to a person {self.right_to_person} right and {self.wrong_to_person} wrong"
        )


def linker_of(found: Labelled, weights: LikenessWeights, groups: AuthorGroups | None = None) -> ReportLinker:
    """Return a linker that has likeness only: no numbers, no references."""
    entries = {entry.number: entry for entry in found.entries}
    rarity = Rarity.of(found.entries, found.reports)
    return ReportLinker(
        entries, EntryIndex(found.entries, rarity), rarity, Clusters(), weights, groups=groups
    )


def scored(found: Labelled, links: dict[str, list[Link]]) -> Score:
    """Return the score of the links of reports."""
    tally: Counter[str] = Counter()
    for report in found.reports:
        truth = found.truth[report.id]
        held = links[report.id]
        sure = [one for one in held if one.verdict is LinkVerdict.LINKED]
        tally["true"] += bool(truth)
        tally["right"] += any(one.right in truth for one in sure)
        tally["wrong"] += sum(one.right not in truth for one in sure)
        asked = [one for one in held if one.verdict is LinkVerdict.POSSIBLE]
        tally["right_to_person"] += any(one.right in truth for one in asked)
        tally["wrong_to_person"] += sum(one.right not in truth for one in asked)
    return Score(*(tally[name] for name in Score._fields))


class Validated(NamedTuple):
    """Links by likeness alone, each report weighed with weights that its trial had no part in.

    Parameters
    ----------
    scores : dict of str to (Score, Score)
        Set -> without and with the authors of other reports.
    pairs : list of (float, bool)
        Of all pairs compared, the probability and whether they belong together.
    """

    scores: dict[str, tuple[Score, Score]]
    pairs: list[tuple[float, bool]]


def validated(sets: dict[str, Labelled], folds: int) -> Validated:
    """Link cross-validated on the sets of the weights, with the weights as they are on the others."""
    pairs = [pair for name in FITTED_ON for pair in pairs_of(sets[name])]
    numbers = sorted({pair.entry for pair in pairs})
    fold = {number: place % folds for place, number in enumerate(numbers)}
    weights = [fit([pair for pair in pairs if fold[pair.entry] != held_out]) for held_out in range(folds)]
    scores, table = {}, []
    for name, found in sets.items():
        links = {}
        groups = AuthorGroups()
        linkers = [linker_of(found, one, groups) for one in (weights if name in FITTED_ON else [FITTED])]
        linker_for = {
            report.id: linkers[
                (fold.get(min(truth), 0) if (truth := found.truth[report.id]) else place) % len(linkers)
            ]
            for place, report in enumerate(found.reports)
        }
        for report in found.reports:
            links[report.id] = linker_for[report.id].links(report)
        for report in found.reports:
            linker_for[report.id].learn(report, links[report.id])
        first = scored(found, links)
        for report in found.reports:
            linker = linker_for[report.id]
            if not any(one.verdict is LinkVerdict.LINKED for one in links[report.id]):
                links[report.id] = linker.links(report)
            truth = found.truth[report.id]
            table += [(one.probability, one.right in truth) for one in linker.alike(report, every=True)]
        scores[name] = first, scored(found, links)
    return Validated(scores, table)


def likeness() -> None:
    """Print the scores of each set, how they change with the split, and the calibration."""
    sets = {name: labelled(records_in(DATA / path)) for name, path in SETS.items()}
    found = validated(sets, FOLDS)
    for name, (first, second) in found.scores.items():
        how = f"{FOLDS}-fold" if name in FITTED_ON else "held out"
        held = sets[name]
        print(f"{name} ({how}): {len(held.entries)} entries, {len(held.reports)} reports: {second}")
        print(f"  without the authors of other reports: {first}")
    largest = FITTED_ON[0]
    print(f"\n{largest}, split otherwise:")
    for folds in OTHER_FOLDS:
        print(f"  {folds}-fold: {validated(sets, folds).scores[largest][1]}")
    print(f"\ncalibration ({FOLDS}-fold, pairs compared, all sets):\nprobability      pairs   mean    true")
    for low, high in pairwise(BINS):
        held_pairs = [
            (chance, true)
            for chance, true in found.pairs
            if low <= chance < high or (high == 1.0 and chance >= low)
        ]
        if held_pairs:
            mean = sum(chance for chance, _ in held_pairs) / len(held_pairs)
            share = sum(true for _, true in held_pairs) / len(held_pairs)
            print(f"{low:.2f} to {high:.2f}  {len(held_pairs):>8}  {mean:.3f}   {share:.3f}")


def shipped_review() -> None:
    """The reports of the shipped review, their registrations hidden, against the MSC registry entries."""
    studies = read_review(ROOT / "reviews" / "msc-ards").studies
    records = records_in(DATA / SETS["MSC in ARDS (study_fields)"])
    entries = {number_key(record.registrations[0]) for record in records}
    truth: dict[str, set[str]] = {}
    reports: list[Record] = []
    for study in studies:
        for report in study.reports:
            if report.kind.value == "registry-record" or not report.title:
                continue
            draft = Draft(1, None, f"{study.id} {report.id}", RecordKind.ARTICLE, title=report.title)
            draft.authors, draft.year = list(report.authors), report.year
            draft.doi, draft.pmid = report.doi, report.pmid
            made = draft.finish(Origin(FileFormat.JSON_LINES, "review", "0" * 64, WHEN))
            reports.append(made)
            truth[made.id] = {number_key(text) for text in study.registrations} & entries
    found = Labelled(
        [entry_of([record]) for record in records], [report_of([one]) for one in reports], truth, set()
    )
    done = link([*records, *reports])
    links = {key: [one for one in done.links if one.left == key] for key in truth}
    print(
        f"\nshipped review: {len(reports)} reports with a title, {len(records)} entries: {scored(found, links)}"
    )
    for one in done.links:
        if one.left in truth:
            title = done.reports[one.left].title or ""
            print(
                f"  {'right' if one.right in truth[one.left] else 'WRONG'} {one.verdict.value} {title[:60]} {one}"
            )


def tracker() -> None:
    """The COVID-19 trials tracker: numbers and DOIs only, so what can be scored is reading and joining."""
    folder = DATA / "links" / "covid_trials_tracker"
    rows = list(csv.DictReader((folder / "results_links.csv").open(encoding="utf-8")))
    read = sum(len(numbers_in(row["trialid"])) == 1 for row in rows)
    links = [text for row in rows for text in row["results_link"].split()]
    dois = sum(doi_in(text) is not None for text in links)
    own = sum(bool(numbers_in(text)) for text in links)
    print(
        f"\nresult links: {read} of {len(rows)} numbers read; {dois} DOIs and {own} numbers in {len(links)} addresses"
    )
    groups: dict[str, set[str]] = {}
    spelled: list[str] = []
    for row in csv.DictReader((folder / "cross_registrations.csv").open(encoding="utf-8")):
        others = [text.strip() for text in row["additional_ids"].split(";") if text.strip()]
        spelled += [row["trial_id_keep"], *others, *([row["id_to_replace"]] if row["id_to_replace"] else [])]
        groups.setdefault(number_key(row["trial_id_keep"]), set()).update(map(number_key, others))
    unread = sorted({text for text in spelled if len(numbers_in(text)) != 1})
    print(
        f"cross-registrations: {len(groups)} groups; not read of {len(set(spelled))} numbers: {unread or 'none'}"
    )
    for who in ("the kept entry", "every other entry"):
        clusters, links_made = joined_by(groups, kept=who == "the kept entry")
        tally: Counter[str] = Counter()
        for kept, others in groups.items():
            for other in others - {kept}:
                tally["true"] += 1
                tally["right"] += clusters.root(kept) == clusters.root(other)
        wrong = [
            (one, two)
            for members in clusters.trials()
            for place, one in enumerate(members)
            for two in members[place + 1 :]
            if not any({one, two} <= {kept, *others} for kept, others in groups.items())
        ]
        asked = sum(one.verdict is LinkVerdict.POSSIBLE for one in links_made)
        print(
            f"  named by {who}: joined {tally['right']}/{tally['true']} pairs, wrong {len(wrong)} {wrong[:4]}, "
            f"{asked} links to a person"
        )


def joined_by(groups: dict[str, set[str]], *, kept: bool) -> tuple[Clusters, list[Link]]:
    """Return the trials that come out where one side of each group names the other."""
    named: dict[str, dict[str, str]] = {}
    for number, others in groups.items():
        for other in others - {number}:
            named.setdefault(number, {})
            named.setdefault(other, {})
            one, two = (number, other) if kept else (other, number)
            named[one][two] = "its secondary numbers"
    entries = {number: Entry(number, (), None, (), told) for number, told in named.items()}
    rarity = Rarity([])
    clusters = Clusters()
    links = cross_links(entries, {}, EntryIndex(list(entries.values()), rarity), rarity)
    return clusters, joined(links, clusters, {})


def twins() -> None:
    """Real entries torn in two: the brief title in one registry, the official title in another, no number shared."""
    sides: dict[str, Entry] = {}
    truth = set()
    for path in SETS.values():
        for record in records_in(DATA / path):
            if "official_title" not in record.other:
                continue
            entry = entry_of([record])
            other = record.model_copy(update={"title": record.other["official_title"][0]})
            kept = {name: values for name, values in record.other.items() if name != "official_title"}
            first = entry_of([record.model_copy(update={"other": kept})])
            second = entry_of([other])
            twin = re.sub(r"^NCT", "DRKS", entry.number)
            sides[first.number] = replace(first, named={}, acronyms=())
            sides[twin] = replace(second, number=twin, named={}, people=frozenset(), start=first.registered)
            truth.add((min(entry.number, twin), max(entry.number, twin)))
    rarity = Rarity.of(sides.values(), [])
    links = cross_links(sides, {}, EntryIndex(list(sides.values()), rarity), rarity)
    sure = [one for one in links if one.verdict is LinkVerdict.LINKED]
    right = sum((one.left, one.right) in truth for one in sure)
    asked = sum((one.left, one.right) in truth for one in links) - right
    print(
        f"\ntwins by likeness: linked {right}/{len(truth)} (recall {right / len(truth):.3f}), wrong {len(sure) - right}, "
        f"to a person {asked} right and {len(links) - len(sure) - asked} wrong"
    )


def main() -> None:
    """Print all scores."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}\n")
    likeness()
    shipped_review()
    tracker()
    twins()


if __name__ == "__main__":
    main()
