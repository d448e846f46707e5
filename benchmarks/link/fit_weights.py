"""Fit the weights of `evergrove.records.link_weights` on real entries and the publications that they cite.

    python benchmarks/link/fit_weights.py

A logistic regression: each report chooses one of the entries that it is compared with, or none of them. Each level
of each kind of evidence has a weight. The weights have a normal prior (PENALTY), and where levels have an order they
may not fall along it: titles that are more alike never speak less for a link. Each report is there twice, with the
authors of the trial's other reports not known and known, because a first pass knows none of them.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parent))

from registry_references import DATA, SETS, Labelled, labelled, records_in

from evergrove.records.author_groups import AuthorGroups
from evergrove.records.link_weights import FITTED, LikenessWeights
from evergrove.records.trial_candidates import EntryIndex
from evergrove.records.trial_likeness import UNKNOWN, Rarity, report_levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 5
FITTED_ON = list(SETS)[:2]
#: 1 / variance of the prior of each weight: a weight of 1.6 is one standard deviation. From 0.1 to 0.8 the loss on
#: entries held out is the same within 2%.
PENALTY = 0.4
#: Levels from the one that speaks least for a link to the one that speaks most.
ORDERED = {
    "title": tuple("0123456"),
    "word": ("none", "common", "many", "some", "few", "only"),
    "subject": tuple("0123456"),
    "investigator": ("none", "among", "first-or-last"),
    "acronym": ("not-named", "part", "named"),
    "authors": ("none", "one", "several", "group"),
    # Most results appear within three years.
    "date": ("before-start", "under-way", "late", "soon"),
}
#: Their lowest level is never evidence for a link, however often it comes with one.
AGAINST = frozenset({"investigator", "acronym", "authors"})
#: Nor is what contradicts, and what agrees never speaks against one.
SIGNS = {("design", "contradicts"): (None, 0.0), ("design", "agrees"): (0.0, None)}
#: There are too few citations that tell it: the stated weights stay.
STATED = "size"
#: Share of the pairs from which on a kind counts as always known.
ALWAYS = 0.99


class Pair(NamedTuple):
    """A report and an entry that it is compared with.

    Parameters
    ----------
    report, entry : str
    levels : dict of str to str
        Of each kind of evidence.
    true : bool
        Whether they belong together.
    """

    report: str
    entry: str
    levels: dict[str, str]
    true: bool


def pairs_of(found: Labelled) -> list[Pair]:
    """Return each candidate pair."""
    rarity = Rarity.of(found.entries, found.reports)
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
            levels = report_levels(report, by_number[number], rarity)
            levels["authors"] = groups.level(report, number)
            pairs.append(Pair(report.id, number, levels, number in found.truth[report.id]))
    return pairs


class Design(NamedTuple):
    """Pairs as the rows of a regression.

    Parameters
    ----------
    matrix : array, shape (pairs, columns)
        1 where a pair has a level, or, in an ordered kind, that level or a higher one.
    columns : list of (str, str)
        Kind and level of each.
    bounds : list of (float or None, float or None)
        Of each weight.
    report : array of int, shape (pairs,)
    true : array, shape (pairs,)
    stated : array, shape (pairs,)
        The weights that are not fitted.
    """

    matrix: Floats
    columns: list[tuple[str, str]]
    bounds: list[tuple[float | None, float | None]]
    report: NDArray[np.int64]
    true: Floats
    stated: Floats


def design_of(pairs: list[Pair]) -> Design:
    """Return the regression's rows and columns."""
    places: dict[tuple[str, str], int] = {}
    rows = []
    for pair in pairs:
        held = []
        for kind, level in pair.levels.items():
            if level == UNKNOWN or kind == STATED:
                continue
            held += [places.setdefault((kind, step), len(places)) for step in _steps(kind, level)]
        rows.append(held)
    matrix = np.zeros((len(pairs), len(places)))
    for row, held in enumerate(rows):
        matrix[row, held] = 1.0
    _, report = np.unique([pair.report for pair in pairs], return_inverse=True)
    return Design(
        matrix,
        list(places),
        [_bounds(*column) for column in places],
        report,
        np.array([pair.true for pair in pairs], dtype=float),
        np.array([FITTED.table[STATED].get(pair.levels.get(STATED, UNKNOWN), 0.0) for pair in pairs]),
    )


def _steps(kind: str, level: str) -> tuple[str, ...]:
    """Return a level and those below it; a level that has no place in the order stands for itself."""
    order = ORDERED.get(kind, ())
    return order[: order.index(level) + 1] if level in order else (level,)


def _bounds(kind: str, level: str) -> tuple[float | None, float | None]:
    if level not in ORDERED.get(kind, ()):
        return SIGNS.get((kind, level), (None, None))
    if level != ORDERED[kind][0]:
        return 0.0, None
    return None, 0.0 if kind in AGAINST else None


def loss(values: Floats, design: Design) -> tuple[float, Floats]:
    """Return minus the penalised log likelihood of base and weights, and its gradient."""
    base, weights = values[0], values[1:]
    odds = np.exp(np.minimum(base + design.stated + design.matrix @ weights, 50.0))
    total = 1.0 + np.bincount(design.report, odds)
    right = np.bincount(design.report, odds * design.true)
    has = right > 0
    likelihood = np.where(has, np.log(np.where(has, right, 1.0)), 0.0) - np.log(total)
    share = odds / total[design.report]
    of_right = odds * design.true / np.where(has, right, 1.0)[design.report]
    residual = share - of_right
    penalty = 0.5 * PENALTY * float(weights @ weights)
    gradient = np.concatenate(([residual.sum()], design.matrix.T @ residual + PENALTY * weights))
    return penalty - float(likelihood.sum()), gradient


def fit(pairs: list[Pair]) -> LikenessWeights:
    """Return base and weights; see the text above."""
    blind = [
        Pair(f"{pair.report} alone", pair.entry, pair.levels | {"authors": UNKNOWN}, pair.true)
        for pair in pairs
    ]
    design = design_of([*pairs, *blind])
    start = np.zeros(len(design.columns) + 1)
    start[0] = -4.0
    found = minimize(
        loss,
        start,
        args=(design,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), *design.bounds],
        options={"maxiter": 2000},
    )
    if not found.success:
        raise SystemExit(f"the weights did not converge: {found.message}")
    steps = dict(zip(design.columns, found.x[1:].tolist(), strict=True))
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for kind, level in design.columns:
        table[kind][level] = sum(steps.get((kind, step), 0.0) for step in _steps(kind, level))
    base = float(found.x[0])
    for kind, weights in table.items():
        shift = _shift(kind, weights, pairs)
        base += shift
        table[kind] = {level: weight - shift for level, weight in weights.items()}
    return LikenessWeights(base, dict(table) | {STATED: FITTED.table[STATED]})


def _shift(kind: str, weights: dict[str, float], pairs: list[Pair]) -> float:
    """Return what the levels of a kind that is always known lose to the base.

    Nobody can say then what it weighs that nothing is known. As with log(m / u), over other pairs the mean of
    exp(weight) is 1, so that what is not known counts neither for nor against.
    """
    known = [pair for pair in pairs if pair.levels.get(kind, UNKNOWN) != UNKNOWN]
    if len(known) < ALWAYS * len(pairs):
        return 0.0
    others = Counter(pair.levels[kind] for pair in known if not pair.true)
    total = sum(others.values())
    return math.log(sum(count / total * math.exp(weights[level]) for level, count in others.items()))


def counted(pairs: list[Pair]) -> dict[str, dict[str, Counter[bool]]]:
    """Return how often each level is seen in true pairs and in others."""
    counts: dict[str, dict[str, Counter[bool]]] = defaultdict(lambda: defaultdict(Counter))
    for pair in pairs:
        for kind, level in pair.levels.items():
            if level != UNKNOWN:
                counts[kind][level][pair.true] += 1
    return counts


def main() -> None:
    """Print the counts, weights and base."""
    pairs = []
    for name in FITTED_ON:
        more = pairs_of(labelled(records_in(DATA / SETS[name])))
        print(f"{name}: {len(more)} candidate pairs, {sum(pair.true for pair in more)} true")
        pairs += more
    fitted = fit(pairs)
    for kind, by_level in counted(pairs).items():
        print(kind)
        for level in dict.fromkeys((*ORDERED.get(kind, ()), *sorted(by_level))):
            count, weight = by_level[level], fitted.table[kind].get(level, 0.0)
            print(f"  {level:<14}{count[True]:>5} true {count[False]:>6} others  {weight:+.2f}")
    print(f"base {fitted.base:.2f}")


if __name__ == "__main__":
    main()
