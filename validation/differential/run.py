"""Ask R's metafor and evergrove the same on drawn data, and print where they differ most.

    python validation/differential/run.py [--seed 1] [--repeats 1] [--list]

Needs R with metafor and jsonlite; takes some minutes. The tables in README.md are its output. With ``--list`` every
disagreement is printed, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import effect_calls
import exact
import fit_calls
import numpy as np
import way_back_calls

HERE = Path(__file__).parent
#: From this relative difference on a value is counted and listed.
NOTED = 1e-6
#: What is rounding of 0, by quantity; differences are relative to the value, to what is given here at least.
FLOOR = {
    "i2": 1e-4,
    "dffits": 1e-6,
    "cook": 1e-8,
    "dfbetas": 1e-6,
    "rstudent": 1e-6,
    "rstandard": 1e-6,
    "residual": 1e-8,
    "ml": 1.0,
    "reml": 1.0,
    "statistic": 1e-6,
}
WIDE = "1e-12 to 1e12"


def asked(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return R's versions and its answers, in order."""
    with tempfile.TemporaryDirectory() as folder:
        question, reply = Path(folder, "calls.json"), Path(folder, "answers.json")
        question.write_text(json.dumps([{key: call[key] for key in ("kind", "arguments")} for call in calls]))
        subprocess.run(["Rscript", HERE / "answers.R", question, reply], check=True)
        return json.loads(reply.read_text())


def numbers(values: object) -> np.ndarray:
    return np.atleast_1d(np.array(values, dtype=float))


def gaps(ours: np.ndarray, theirs: np.ndarray, floor: float) -> np.ndarray:
    """Differences relative to R's value, or to the floor where that is larger."""
    with np.errstate(invalid="ignore"):
        return np.where(ours == theirs, 0.0, np.abs(ours - theirs) / np.maximum(np.abs(theirs), floor))


class Tally:
    """What was seen of one quantity."""

    def __init__(self) -> None:
        self.values = self.noted = self.only_here = self.only_there = 0
        self.worst, self.where = 0.0, ""

    def add(
        self, ours: np.ndarray, theirs: np.ndarray, *, floor: float, label: str
    ) -> list[tuple[float, int]]:
        """Count; return the noted differences with their places."""
        here, there = ~np.isnan(ours), ~np.isnan(theirs)
        self.only_here += int((here & ~there).sum())
        self.only_there += int((there & ~here).sum())
        both = np.flatnonzero(here & there)
        found = gaps(ours[both], theirs[both], floor)
        self.values += both.size
        noted = [(float(gap), int(at)) for gap, at in zip(found, both, strict=True) if gap > NOTED]
        self.noted += len(noted)
        if found.size and found.max() > self.worst:
            self.worst, self.where = float(found.max()), label
        return noted


def effects(calls: list[dict[str, Any]], answers: list[dict[str, Any]], *, show: bool) -> None:
    """Print the table of effect sizes."""
    tallies: dict[str, tuple[Tally, Tally]] = defaultdict(lambda: (Tally(), Tally()))
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    stopped: Counter[str] = Counter()
    for call, answer in zip(calls, answers, strict=True):
        if "stopped" in answer:
            stopped[f"{call['group']}: {answer['stopped']}"] += 1
            continue
        sizes, group = call["ours"], call["group"]
        theirs = {name: numbers(answer[name]) for name in ("yi", "vi")}
        there = np.isfinite(theirs["yi"]) & np.isfinite(theirs["vi"])
        reasons[group].update(sizes.reasons[at] for at in np.flatnonzero(there & ~sizes.estimable))
        for tally, name in zip(tallies[group], ("yi", "vi"), strict=True):
            ours = np.where(sizes.estimable, getattr(sizes, name), np.nan)
            other = np.where(there, theirs[name], np.nan)
            # an effect of 0 is rounding of 0 where it is far below its standard error
            floor = (
                1e-6 * np.sqrt(np.nanmin(np.where(there, theirs["vi"], np.nan), initial=1.0))
                if name == "yi"
                else 1e-300
            )
            for gap, at in tally.add(ours, other, floor=float(floor), label=call["label"]):
                if show:
                    inputs = {key: float(column[at]) for key, column in sizes.inputs.items()}
                    print(f"{gap:.1e} {name} {call['label']}: {ours[at]!r}, R {other[at]!r}; {inputs}")
    print("| measure | rows | yi | vi | only here | only in R |")
    print("| --- | --- | --- | --- | --- | --- |")
    for group, (yi, vi) in tallies.items():
        lost = "; ".join(
            f"{count}: {reason.replace(group, 'it')}" for reason, count in reasons[group].items()
        )
        print(f"| {group} | {yi.values} | {yi.worst:.1e} | {vi.worst:.1e} | {yi.only_here or ''} | {lost} |")
    print(f"\nR stopped: {dict(stopped) or 'never'}\n")


def fits(calls: list[dict[str, Any]], answers: list[dict[str, Any]], *, show: bool) -> None:
    """Print the tables of fits and what rests on them."""
    tallies: dict[tuple[str, str, bool], Tally] = defaultdict(Tally)
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    stopped: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for call, answer in zip(calls, answers, strict=True):
        if "stopped" in answer:
            stopped[f"{call['kind']}: {answer['stopped'].splitlines()[0][:70]}"] += 1
            continue
        if "refused" in call["ours"]:
            refused[f"{call['kind']}: {call['ours']['refused'][:70]}"] += 1
            continue
        method = call["arguments"].get("method", "")
        if call["kind"] == "fit":
            verdict = exact.nearer(method, call["yi"], call["vi"], call["ours"], answer)
            verdicts[method][verdict or "the same"] += 1
        wide = WIDE in call["label"]
        for name in call["ours"].keys() & answer.keys():
            ours, theirs = numbers(call["ours"][name]), numbers(answer[name])
            if ours.shape != theirs.shape:  # R gives no tau² for refits of the common effect
                continue
            floor = FLOOR.get(name, 1e-300)
            if name.startswith("tau2"):
                floor = 1e-6 * float(call["vi"].min())
            tally = tallies[call["kind"], name, wide]
            for gap, at in tally.add(ours, theirs, floor=floor, label=call["label"]):
                if show:
                    print(
                        f"{gap:.1e} {call['kind']} {name} {call['label']} [{at}]: {ours[at]!r}, R {theirs[at]!r}"
                    )
    print(
        "| call | quantity | values | worst | above 1e-6 | only here | only in R | variances 1e-12 to 1e12: above 1e-6 of |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, name, wide in sorted(tallies):
        if wide:
            continue
        seen, far = tallies[kind, name, False], tallies[kind, name, True]
        counts = f"{seen.noted or ''} | {seen.only_here or ''} | {seen.only_there or ''} | {far.noted} of {far.values}"
        print(f"| {kind} | {name} | {seen.values} | {seen.worst:.1e} ({seen.where}) | {counts} |")
    print(
        "\n| tau² by | fits the same | evergrove nearer | R nearer | neither |\n| --- | --- | --- | --- | --- |"
    )
    for method, counts in verdicts.items():
        shown = " | ".join(str(counts[key]) for key in ("the same", "evergrove", "R", "neither"))
        print(f"| {method} | {shown} |")
    print(f"\nR stopped: {dict(stopped) or 'never'}\n\nevergrove refused: {dict(refused) or 'nothing'}\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print every disagreement")
    options = parser.parse_args()
    own = list(effect_calls.calls(options.seed, options.repeats))
    ways = list(way_back_calls.calls(options.seed, 10 * options.repeats))
    fitted = list(fit_calls.calls(options.seed, options.repeats))
    print(
        f"{len(own)} calls of escalc, {len(ways)} of transf.*, {len(fitted)} of rma and others",
        file=sys.stderr,
    )
    found = asked([*own, *ways, *fitted])
    answers = found["answers"]
    print(f"{found['versions']['r']}, metafor {found['versions']['metafor']}, seed {options.seed}\n")
    effects(own, answers[: len(own)], show=options.list)
    rest = answers[len(own) :]
    worst = [
        float(gaps(numbers(call["ours"]["natural"]), numbers(answer["natural"]), 1e-12).max())
        for call, answer in zip(ways, rest, strict=False)
    ]
    print("| way back | worst |\n| --- | --- |")
    for group in dict.fromkeys(call["group"] for call in ways):
        print(
            f"| {group} | {max(gap for gap, call in zip(worst, ways, strict=True) if call['group'] == group):.1e} |"
        )
    print()
    fits(fitted, rest[len(ways) :], show=options.list)


if __name__ == "__main__":
    main()
