"""Fit the weights of `evergrove.records.link_weights`: how much oftener a level is seen in true pairs than in others.

    python benchmarks/link/fit_weights.py

Weights are log(m / u) with half a pair added to each level. Slope and base put their sum on the scale of log odds:
a logistic regression (one class an entry that a report is compared with, and one for none of them) on pairs whose
entry was in another fifth when the weights were made.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy.optimize import minimize, minimize_scalar

sys.path.insert(0, str(Path(__file__).resolve().parent))

from registry_references import DATA, SETS, Labelled, labelled, records_in

from evergrove.records.author_groups import AuthorGroups
from evergrove.records.link_weights import FITTED, LikenessWeights
from evergrove.records.trial_candidates import EntryIndex
from evergrove.records.trial_likeness import UNKNOWN, Rarity, report_levels

FOLDS = 5
FITTED_ON = list(SETS)[:2]
#: Report, entry, level of each kind of evidence, whether they belong together.
Pair = tuple[str, str, dict[str, str], bool]


def pairs_of(found: Labelled) -> list[Pair]:
    """Return each candidate pair: its entry, levels, and whether it is true."""
    rarity = Rarity([entry.all_words for entry in found.entries] + [report.words for report in found.reports])
    index = EntryIndex(found.entries, rarity)
    groups = AuthorGroups()
    for report in found.reports:
        for number in found.truth[report.id]:
            groups.add(number, report)
    by_number = {entry.number: entry for entry in found.entries}
    pairs = []
    for report in found.reports:
        numbers = [found.entries[place].number for place in index.for_report(report)]
        for number in dict.fromkeys((*numbers, *groups.trials_of(report))):
            entry = by_number[number]
            levels = report_levels(report, entry, rarity)
            levels["authors"] = groups.level(report, number)
            pairs.append((report.id, entry.number, levels, entry.number in found.truth[report.id]))
    return pairs


def counted(pairs: list[Pair]) -> dict[str, dict[str, Counter[bool]]]:
    """Return how often each level is seen in true pairs and in others."""
    counts: dict[str, dict[str, Counter[bool]]] = defaultdict(lambda: defaultdict(Counter))
    for _, _, levels, true in pairs:
        for kind, level in levels.items():
            if level != UNKNOWN:
                counts[kind][level][true] += 1
    return counts


def table_of(pairs: list[Pair]) -> dict[str, dict[str, float]]:
    """Return log(m / u) by kind of evidence and level, half a pair added to each."""
    table = {}
    for kind, by_level in counted(pairs).items():
        if kind == "size":  # too few: the stated weights stay
            table[kind] = FITTED.table[kind]
            continue
        totals = {side: sum(count[side] for count in by_level.values()) for side in (True, False)}
        half = 0.5 * len(by_level)
        table[kind] = {
            level: math.log(
                (count[True] + 0.5) / (totals[True] + half) / ((count[False] + 0.5) / (totals[False] + half))
            )
            for level, count in sorted(by_level.items())
        }
    return table


def score(levels: dict[str, str], table: dict[str, dict[str, float]]) -> float:
    """Return the summed weights."""
    return sum(table.get(kind, {}).get(level, 0.0) for kind, level in levels.items())


def loss(scores: dict[str, list[tuple[float, bool]]], base: float, slope: float) -> float:
    """Return how badly the chances of the entries of each report, and of none, fit the truth."""
    total = 0.0
    for held in scores.values():
        odds = [base + slope * value for value, _ in held]
        right = [one for one, (_, true) in zip(odds, held, strict=True) if true]
        total += math.log1p(sum(map(math.exp, odds))) - (
            math.log(sum(map(math.exp, right))) if right else 0.0
        )
    return total


def calibrated(scores: dict[str, list[tuple[float, bool]]]) -> tuple[float, float]:
    """Return base and slope under which the chances of the entries of a report, and of none, fit the truth best.

    Parameters
    ----------
    scores : dict of str to list of (float, bool)
        Report -> for each entry compared the summed weights and whether it is true. At most one of the entries is
        thought to be the report's trial, as `ReportLinker.alike` does.
    """

    found = minimize(
        lambda both: loss(scores, *both),
        np.array([-3.0, 0.7]),
        method="Nelder-Mead",
        options={"xatol": 1e-3, "fatol": 1e-3},
    )
    return float(found.x[0]), float(found.x[1])


def fit(pairs: list[Pair]) -> LikenessWeights:
    """Return weights; slope and base come from pairs of entries that the weights were not made on.

    Authors of other reports are known for a trial only once these are linked, so base and slope are fitted without
    them, and a factor of their own on top.
    """
    fold = {number: place % FOLDS for place, number in enumerate(sorted({pair[1] for pair in pairs}))}
    without: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    authors: dict[str, list[float]] = defaultdict(list)
    for held_out in range(FOLDS):
        table = table_of([pair for pair in pairs if fold[pair[1]] != held_out])
        for report, number, levels, true in pairs:
            if fold[number] == held_out:
                more = table["authors"].get(levels["authors"], 0.0)
                without[report].append((score(levels, table) - more, true))
                authors[report].append(more)
    base, slope = calibrated(without)

    def with_authors(factor: float) -> float:
        scores = {
            report: [
                (value + factor * more / slope, true)
                for (value, true), more in zip(held, authors[report], strict=True)
            ]
            for report, held in without.items()
        }
        return loss(scores, base, slope)

    factor = minimize_scalar(with_authors, bounds=(0.0, 2.0), method="bounded").x
    table = table_of(pairs)
    table["authors"] = {level: float(weight * factor / slope) for level, weight in table["authors"].items()}
    return LikenessWeights(base, slope, table)


def main() -> None:
    """Print the counts, weights, base and slope."""
    pairs = []
    for name in FITTED_ON:
        more = pairs_of(labelled(records_in(DATA / SETS[name])))
        print(f"{name}: {len(more)} candidate pairs, {sum(pair[-1] for pair in more)} true")
        pairs += more
    fitted = fit(pairs)
    for kind, by_level in counted(pairs).items():
        print(kind)
        for level, count in sorted(by_level.items()):
            print(
                f"  {level:<14}{count[True]:>5} true {count[False]:>6} others  {fitted.table[kind].get(level, 0):+.2f}"
            )
    print(f"base {fitted.base:.2f}, slope {fitted.slope:.2f}")


if __name__ == "__main__":
    main()
