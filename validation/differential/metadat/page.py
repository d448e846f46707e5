"""The page metadat.md: counts, digits, and each disagreement with its reason."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
from reasons import disagreement, unanswered

if TYPE_CHECKING:
    from ledger import Ledger

TOP = """# metadat, clubSandwich and robumeta, asked of both

Every analysis in the help pages of metadat, clubSandwich and robumeta is run in R, its arguments and answers are recorded, and the same
question is put to evergrove: `metadat/recorder.R` stands before metafor's functions and notes what they are given, so no example is
written a second time by hand. `metadat/battery.R` then asks a fixed list of each set that has counts, rates, means, correlations,
proportions or effects: every `escalc` measure that applies, twelve estimators of τ² with four tests each, predictions, limits, asymmetry, trim and
fill, refits, influence, a meta-regression on each usable column, Mantel-Haenszel, Peto, mixed models, robust tests. Of sets with more than 60 rows the first 60 are asked.

    python validation/differential/metadat/compare.py

takes about fifteen minutes of R's time and some of Python's, and writes this page. A selection is kept as golden values
(`validation/golden/metadat.R`). metafor's iterations end at 1e-13 where they end at all (as shipped: 1e-5); multilevel models are
searched by BFGS to 1e-14, else by nlminb.
"""


def page(ledger: Ledger, versions: dict[str, str], stopped: list[dict[str, str]]) -> str:
    """Return the page."""
    parts = ", ".join(f"{count} of {part}" for part, count in ledger.questions.items())
    total = sum(len(values) for values in ledger.values.values())
    cells = len(ledger.values.get("vcalc", ()))
    above = sum(len(seen) for seen in ledger.above.values())
    unexplained = sum(disagreement(name, one) is None for name, seen in ledger.above.items() for one in seen)
    names = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "r")
    lines = [
        TOP,
        f"Run with {versions['r']}, {names}: {sum(ledger.questions.values())} questions ({parts}) on {len(ledger.sets)} sets and "
        f"pages; {total:,} numbers compared, {cells:,} of them cells of sampling covariances. {above} differ by more than the tolerance of their kind, {unexplained} of them without a known reason.",
        "",
        "## What was compared",
        "",
        "Relative differences (of what may be 0, to a stated floor). Tolerances: closed forms 1e-9, what follows from an iterated τ² 1e-6, "
        "τ² itself 1e-5, differences of refits 1e-4, what R searches 5e-3.",
        "",
        *_families(ledger),
        "",
        "## What differs, and why",
        "",
        *_disagreements(ledger),
        "",
        "## What one side alone answers",
        "",
        *_one_sided(ledger),
        "",
        "## What R did not answer",
        "",
        *_stopped(stopped),
        "",
    ]
    return "\n".join(lines)


def _family(name: str) -> str:
    """Return the question that a quantity belongs to."""
    words = name.split()
    return " ".join(words[:-1]) if len(words) > 1 else name


def _families(ledger: Ledger) -> list[str]:
    rows = [
        "| question | numbers | median | 99 % | worst | of | above tolerance |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    families: dict[str, list[str]] = defaultdict(list)
    for name in ledger.values:
        if not name.endswith("rows only in R"):
            families[_family(name)].append(name)
    for family, names in sorted(families.items(), key=lambda pair: pair[0].lower()):
        gaps = np.concatenate([ledger.values[name] for name in names])
        worst = max(names, key=lambda name: max(ledger.values[name]))
        above = sum(len(ledger.above[name]) for name in names)
        rows.append(
            f"| {family} | {gaps.size} | {np.median(gaps):.0e} | {np.quantile(gaps, 0.99):.0e} | {gaps.max():.0e} | "
            f"{worst.split()[-1]} | {above or ''} |"
        )
    return rows


def _disagreements(ledger: Ledger) -> list[str]:
    """Return one row per family and reason, with the worst case."""
    grouped: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for name, seen in ledger.above.items():
        for one in seen:
            reason = disagreement(name, one) or "**not explained**"
            example = f"{name.split()[-1]} {one.ours:.8g}, R {one.theirs:.8g} ({one.set})"
            grouped[_family(name), reason].append((one.gap, example))
    rows = ["| question | numbers | worst | for example | reason |", "| --- | --- | --- | --- | --- |"]
    for (family, reason), found in sorted(grouped.items()):
        gap, example = max(found)
        rows.append(f"| {family} | {len(found)} | {gap:.0e} | {example} | {reason} |")
    return rows


def _one_sided(ledger: Ledger) -> list[str]:
    rows = ["| question | times | what | first seen | reason |", "| --- | --- | --- | --- | --- |"]
    found = [(kind, what, count, ledger.where[kind, what]) for (kind, what), count in ledger.refused.items()]
    found += [
        (name, f"a number in {side} alone", count, ledger.where[name, side])
        for (name, side), count in ledger.only.items()
    ]
    merged: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], str] = {}
    for kind, what, count, place in found:
        reason = unanswered(kind, what, place) or "**not explained**"
        told = re.sub(r"row \d+(, row \d+)+", "rows", what)
        key = (
            kind if told.startswith(("refused", "left", "failed")) else _family(kind),
            told.replace("|", "/"),
            reason,
        )
        merged[key] += count
        first.setdefault(key, place.split(":")[0])
    rows += [
        f"| {kind} | {count} | {what} | {first[kind, what, reason]} | {reason} |"
        for (kind, what, reason), count in sorted(merged.items())
    ]
    return rows


#: What a call of R says when a package that is not installed was to give it its data.
FOLLOWS = (
    "not found",
    "could not find function",
    "plot.new",
    "there is no package",
    "cannot coerce type 'closure'",
)


def _stopped(stopped: list[dict[str, str]]) -> list[str]:
    pages = sorted({one["set"] for one in stopped if any(word in one["error"] for word in FOLLOWS)})
    others: Counter[str] = Counter()
    where: dict[str, str] = {}
    for one in stopped:
        if not any(word in one["error"] for word in FOLLOWS):
            key = " ".join(one["error"].split())[:110].replace("|", "/")
            others[key] += 1
            where.setdefault(key, f"{one['set']}: `{' '.join(one['call'].split())[:70].replace('|', '/')}`")
    rows = [
        "Packages that are not installed (netmeta, igraph, ape, rms, dfoptim, plm, AER, geepack, mlmRev, carData) stop calls on these pages; "
        "network meta-analysis is a family of its own, and the few functions of ape and rms that are needed stand in `help_pages.R`: "
        f"{', '.join(pages)}.",
        "",
        "| times | R says | first seen |",
        "| --- | --- | --- |",
    ]
    return [*rows, *(f"| {count} | {error} | {where[error]} |" for error, count in sorted(others.items()))]
