"""Fit the weights of `evergrove.records.link_weights`: how much oftener a level is seen in true pairs than in others.

    python benchmarks/link/fit_weights.py

Weights are log(m / u) with half a pair added to each level; the slope and base are a logistic regression of the
summed weights on the truth (Platt), on pairs whose trial was in another fifth when the weights were made.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from registry_references import DATA, SETS, Labelled, labelled, records_in

from evergrove.records.link_weights import FITTED, LikenessWeights
from evergrove.records.trial_candidates import EntryIndex
from evergrove.records.trial_likeness import UNKNOWN, Rarity, report_levels

FOLDS = 5
FITTED_ON = list(SETS)[:2]
Pair = tuple[str, dict[str, str], bool]


def pairs_of(found: Labelled) -> list[Pair]:
    """Return each candidate pair: its entry, levels, and whether it is true."""
    rarity = Rarity(
        [entry.all_words for entry in found.entries] + [report.words for report in found.reports]
    )
    index = EntryIndex(found.entries, rarity)
    pairs = []
    for report in found.reports:
        for place in index.for_report(report):
            entry = found.entries[place]
            levels = report_levels(report, entry, rarity)
            pairs.append((entry.number, levels, entry.number in found.truth[report.id]))
    return pairs


def counted(pairs: list[Pair]) -> dict[str, dict[str, Counter[bool]]]:
    """Return how often each level is seen in true pairs and in others."""
    counts: dict[str, dict[str, Counter[bool]]] = defaultdict(lambda: defaultdict(Counter))
    for _, levels, true in pairs:
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


def platt(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return base and slope of a logistic regression, by Newton's method with a slight pull to slope 1."""
    x = np.column_stack([np.ones_like(scores), scores])
    beta = np.array([-3.0, 0.7])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (truth - p) - 1e-3 * (beta - [0, 1])
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        beta = beta + np.linalg.solve(hessian, gradient)
    return float(beta[0]), float(beta[1])


def fit(pairs: list[Pair]) -> LikenessWeights:
    """Return weights; slope and base come from pairs of entries that the weights were not made on."""
    fold = {number: place % FOLDS for place, number in enumerate(sorted({number for number, _, _ in pairs}))}
    scores, truth = [], []
    for held_out in range(FOLDS):
        table = table_of([pair for pair in pairs if fold[pair[0]] != held_out])
        for number, levels, true in pairs:
            if fold[number] == held_out:
                scores.append(score(levels, table))
                truth.append(true)
    base, slope = platt(np.array(scores), np.array(truth, dtype=float))
    return LikenessWeights(base, slope, table_of(pairs))


def main() -> None:
    """Print the counts, weights, base and slope."""
    pairs = []
    for name in FITTED_ON:
        more = pairs_of(labelled(records_in(DATA / SETS[name])))
        print(f"{name}: {len(more)} candidate pairs, {sum(true for _, _, true in more)} true")
        pairs += more
    fitted = fit(pairs)
    for kind, by_level in counted(pairs).items():
        print(kind)
        for level, count in sorted(by_level.items()):
            print(f"  {level:<14}{count[True]:>5} true {count[False]:>6} others  {fitted.table[kind].get(level, 0):+.2f}")
    print(f"base {fitted.base:.2f}, slope {fitted.slope:.2f}")


if __name__ == "__main__":
    main()
