"""Simulates the grid of designs behind docs/explanation/which-method.md and writes validation/simulation/.

Run from the repository's root: python validation/simulation/grid.py [--replications 20000]
Writes normal.csv, prediction.csv, two_arms.csv and README.md. One core; a few minutes. Every cell has a seed of its own, made from
its place in the grid, so a cell does not change when others are added.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import platform
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import scipy
from scipy import special

import evergrove
from evergrove.stats import NormalDesign, TwoArmDesign, performance, simulate
from evergrove.stats.simulation.sparse_pools import mantel_haenszel_groups, peto_groups

FOLDER = Path(__file__).parent
STUDIES = (2, 3, 5, 10, 20, 40)
#: Sizes 20 to 400 patients, log-uniform: sampling variances 0.01 to 0.2, typical about 0.03.
SIZES = (20.0, 400.0)
TAU2 = (0.0, 0.01, 0.03, 0.1, 0.5)
NORMAL_METHODS = [
    (tau2, ci)
    for tau2 in ("REML", "DL", "PM")
    for ci in ("normal", "t", "hartung-knapp", "hartung-knapp-adhoc", "hartung-knapp-truncated")
]
#: Prediction intervals: the pooled fit whose standard error they use, and what the df fall short of k; None is normal.
PREDICTION_METHODS = {
    "Hartung-Knapp se, t(k-1)": ("hartung-knapp", 1),
    "classic se, t(k-1)": ("normal", 1),
    "classic se, t(k-2)": ("normal", 2),
    "classic se, normal": ("normal", None),
}
RISKS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5)
TAU2_OF_ODDS = (0.0, 0.1, 0.4)
ODDS_RATIOS = (1.0, 0.5)
SHARES = (0.5, 2 / 3)
TWO_ARM_SIZES = (40.0, 1000.0)
TWO_ARM_METHODS = [
    ("REML", "hartung-knapp"),
    ("REML", "hartung-knapp-adhoc"),
    ("PM", "hartung-knapp"),
    ("DL", "normal"),
    ("DL", "hartung-knapp"),
]
FIELDS = (
    "replications",
    "fitted_share",
    "coverage",
    "coverage_mcse",
    "bias",
    "bias_mcse",
    "rmse",
    "width",
    "width_mcse",
    "median_width",
    "rejection",
    "rejection_mcse",
)


def seed_of(*cell: object) -> int:
    return zlib.crc32(repr(cell).encode())


def row_of(
    cell: dict[str, object], method: str, fits: object, effect: float, drawn: int
) -> dict[str, object]:
    found = performance(fits, effect, replications=drawn)
    converged = getattr(fits, "converged", None)
    share = float(converged.mean()) if converged is not None else 1.0
    values = {name: getattr(found, name) for name in FIELDS}
    return {**cell, "method": method, **{n: float(f"{v:.6g}") for n, v in values.items()}, "converged": share}


def normal_rows(replications: int) -> list[dict[str, object]]:
    rows = []
    for k, tau2 in itertools.product(STUDIES, TAU2):
        design = NormalDesign(k=k, effect=0.0, tau2=tau2, sizes=SIZES)
        drawn = simulate(design, replications, rng=seed_of("normal", k, tau2))
        for estimator, ci in NORMAL_METHODS:
            fits = drawn.pool(tau2=estimator, ci=ci)
            rows.append(row_of({"k": k, "tau2": tau2}, f"{estimator}, {ci}", fits, 0.0, replications))
        common = drawn.pool(model="common")
        rows.append(row_of({"k": k, "tau2": tau2}, "common, normal", common, 0.0, replications))
    return rows


def prediction_rows(replications: int) -> list[dict[str, object]]:
    """How often the interval for a new study's true effect, tau² by REML, holds one that is then drawn."""
    rows = []
    for k, tau2 in itertools.product(STUDIES[1:], TAU2):
        drawn = simulate(
            NormalDesign(k=k, tau2=tau2, sizes=SIZES), replications, rng=seed_of("normal", k, tau2)
        )
        new = math.sqrt(tau2) * np.random.default_rng(seed_of("new", k, tau2)).normal(size=replications)
        fits = {ci: drawn.pool(tau2="REML", ci=ci) for ci in ("hartung-knapp", "normal")}
        for method, (ci, fewer) in PREDICTION_METHODS.items():
            fit = fits[ci]
            quantile = special.ndtri(0.975) if fewer is None else special.stdtrit(k - fewer, 0.975)
            half = quantile * np.sqrt(fit.tau2 + fit.se**2)
            coverage = float((np.abs(new - fit.estimate) <= half).mean())
            values = {
                "coverage": coverage,
                "coverage_mcse": math.sqrt(coverage * (1.0 - coverage) / replications),
                "median_width": float(np.median(2.0 * half)),
            }
            cell = {"k": k, "tau2": tau2, "method": method, "replications": replications}
            rows.append({**cell, **{name: float(f"{value:.6g}") for name, value in values.items()}})
    return rows


def two_arm_rows(replications: int) -> list[dict[str, object]]:
    rows = []
    for k, risk, tau2, ratio, share in itertools.product(STUDIES, RISKS, TAU2_OF_ODDS, ODDS_RATIOS, SHARES):
        effect = math.log(ratio)
        design = TwoArmDesign(k=k, effect=effect, tau2=tau2, risk=risk, sizes=TWO_ARM_SIZES, share=share)
        drawn = simulate(design, replications, rng=seed_of("two arms", k, risk, tau2, ratio, share))
        cell = {"k": k, "risk": risk, "tau2": tau2, "odds_ratio": ratio, "share_in_arm_1": round(share, 3)}
        for estimator, ci in TWO_ARM_METHODS:
            fits = drawn.pool(tau2=estimator, ci=ci)
            rows.append(row_of(cell, f"{estimator}, {ci}", fits, effect, replications))
        for name, method in (("Mantel-Haenszel", mantel_haenszel_groups), ("Peto", peto_groups)):
            fits = method(**drawn.data, group=drawn.data_group, groups=replications)
            rows.append(row_of(cell, name, fits, effect, replications))
    return rows


def write(name: str, rows: list[dict[str, object]]) -> None:
    with (FOLDER / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def percent(rows: list[dict[str, object]], field: str, **cell: object) -> str:
    """The mean over the cells that agree, in percent; a range where they differ by a point."""
    values = [
        100 * float(row[field]) for row in rows if all(row[name] == value for name, value in cell.items())
    ]
    low, high = min(values), max(values)
    return (
        f"{np.mean(values):.1f}" if high - low < 1.0 else f"{np.mean(values):.1f} ({low:.1f} to {high:.1f})"
    )


def table(rows, field, across, down, **fixed) -> str:
    """A markdown table of a percentage: methods down, one column per value of `across`."""
    (name, values), lines = across, []
    lines.append(f"| method | {' | '.join(f'{name} = {value:g}' for value in values)} |")
    lines.append("|---" * (len(values) + 1) + "|")
    for method in down:
        cells = [percent(rows, field, method=method, **{name: value}, **fixed) for value in values]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def readme(normal, prediction, two_arms, replications: int, seconds: float) -> str:
    first = [f"{tau2}, {ci}" for tau2, ci in NORMAL_METHODS if ci != "t"] + ["common, normal"]
    sparse = [f"{tau2}, {ci}" for tau2, ci in TWO_ARM_METHODS] + ["Mantel-Haenszel", "Peto"]
    error = 100 * math.sqrt(0.05 * 0.95 / replications)
    machine = f"{platform.machine()}, one core; Python {platform.python_version()}, NumPy {np.__version__}"
    return f"""# How the methods do on simulated meta-analyses

`python validation/simulation/grid.py --replications {replications}`, {datetime.now(UTC):%Y-%m-%d}, evergrove \
{evergrove.__version__}, {machine}, SciPy {scipy.__version__}; {seconds:.0f} s of CPU.
{replications} replications per cell. Monte Carlo standard error of a coverage or an error rate near 95 or 5 %: \
{error:.2f} points. Every value with its own error is in `normal.csv` ({len(normal)} rows), `prediction.csv` \
({len(prediction)} rows) and `two_arms.csv` ({len(two_arms)} rows). A value with a range is a mean over cells that differ by a point or more.

What is simulated: `NormalDesign` (effects normal about the mean with variance tau², sampling variances known, \
{SIZES[0]:g} to {SIZES[1]:g} patients per trial, log-uniform; the truth is 0) and `TwoArmDesign` (binomial events, \
{TWO_ARM_SIZES[0]:g} to {TWO_ARM_SIZES[1]:g} patients, odds ratio 1 or 0.5, arms 1:1 or 2:1).

## Known variances: coverage of the 95 % interval, in percent

### By number of studies, tau² = 0.03 (about as large as a typical sampling variance, I² near 50 %)

{table(normal, "coverage", ("k", STUDIES), first, tau2=0.03)}

### Without heterogeneity, tau² = 0

{table(normal, "coverage", ("k", STUDIES), first, tau2=0.0)}

### Large heterogeneity, tau² = 0.5

{table(normal, "coverage", ("k", STUDIES), first, tau2=0.5)}

### Median width of the interval x 100, tau² = 0.03

{table(normal, "median_width", ("k", STUDIES), first, tau2=0.03)}

## The true effect of a new study: coverage of the 95 % prediction interval, tau² by REML, in percent

### Moderate heterogeneity, tau² = 0.03

{table(prediction, "coverage", ("k", STUDIES[1:]), PREDICTION_METHODS, tau2=0.03)}

### Large heterogeneity, tau² = 0.5

{table(prediction, "coverage", ("k", STUDIES[1:]), PREDICTION_METHODS, tau2=0.5)}

### Median width of the prediction interval x 100, tau² = 0.03

{table(prediction, "median_width", ("k", STUDIES[1:]), PREDICTION_METHODS, tau2=0.03)}

## Events in two arms: coverage of the 95 % interval for the odds ratio, in percent

### By event risk, 10 studies, no heterogeneity, arms 1:1, odds ratio 1

{table(two_arms, "coverage", ("risk", RISKS), sparse, k=10, tau2=0.0, share_in_arm_1=0.5, odds_ratio=1.0)}

### The same with arms 2:1 and odds ratio 0.5

{table(two_arms, "coverage", ("risk", RISKS), sparse, k=10, tau2=0.0, share_in_arm_1=0.667, odds_ratio=0.5)}

### Heterogeneity tau² = 0.1, arms 1:1, odds ratio 0.5, 10 studies

{table(two_arms, "coverage", ("risk", RISKS), sparse, k=10, tau2=0.1, share_in_arm_1=0.5, odds_ratio=0.5)}

### Bias of the log odds ratio x 100, tau² = 0, arms 2:1, odds ratio 0.5, 10 studies

{table(two_arms, "bias", ("risk", RISKS), sparse, k=10, tau2=0.0, share_in_arm_1=0.667, odds_ratio=0.5)}

### 40 studies, tau² = 0, arms 1:1, odds ratio 0.5: coverage

{table(two_arms, "coverage", ("risk", RISKS), sparse, k=40, tau2=0.0, share_in_arm_1=0.5, odds_ratio=0.5)}

### Share of replications with an estimate, 3 studies, in percent

{table(two_arms, "fitted_share", ("risk", RISKS), ["REML, hartung-knapp", "Mantel-Haenszel", "Peto"], k=3, tau2=0.0, share_in_arm_1=0.5, odds_ratio=1.0)}

## Convergence

tau² was found in every fit with two or more studies: lowest share of converged fits over all cells \
{min(float(row["converged"]) for row in [*normal, *two_arms]):.6f}.

What follows for a choice of method is in `docs/explanation/which-method.md`.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replications", type=int, default=20_000)
    given = parser.parse_args()
    started = time.process_time()
    normal = normal_rows(given.replications)
    write("normal.csv", normal)
    prediction = prediction_rows(given.replications)
    write("prediction.csv", prediction)
    two_arms = two_arm_rows(given.replications)
    write("two_arms.csv", two_arms)
    text = readme(normal, prediction, two_arms, given.replications, time.process_time() - started)
    (FOLDER / "README.md").write_text(text)


if __name__ == "__main__":
    main()
