"""What PyMARE keeps of metafor 4.6.0, robumeta 2.1 and clubSandwich 0.5.11, asked of evergrove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.published.kept import Row, columns, from_tau2, kept, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "pymare"
FOLDER = "pymare/tests/data"
TESTS = {"z": "normal", "knha": "hartung-knapp", "adhoc": "hartung-knapp-truncated"}
MODELS = {
    "intercept": (),
    "one": ("mod1",),
    "two": ("mod1", "mod2"),
    "within": ("within",),
    "both": ("within", "between"),
}

#: The likelihood has two maxima and metafor stops at the lower one (tau² = 0; metafor 3.8 does too).
LOWER_MAXIMUM = {"extreme_k10 one ML z"}


def _label(case: dict[str, Any]) -> str:
    named = ("design", "variances", "model", "method", "test", "rho")
    return " ".join(str(case[name]) for name in named if name in case)


def _mods(case: dict[str, Any], table: dict[str, Any]) -> np.ndarray | None:
    named = MODELS[case["model"]]
    return np.column_stack([table[name] for name in named]) if named else None


def _fit(case: dict[str, Any], table: dict[str, Any], effect: str, variance: str, **options: Any) -> Any:
    mods = _mods(case, table)
    method = {"model": "common"} if case["method"] == "FE" else {"tau2": case["method"]}
    return stats.meta_regression(table[effect], table[variance], mods, **method, **options)


def _design(case: dict[str, Any]) -> dict[str, Any]:
    table = columns(SOURCE, f"{FOLDER}/metafor_small_sample.csv")
    chosen = table["case"] == case["design"]
    return {name: values[chosen] for name, values in table.items()}


def fits() -> Iterator[Row]:
    """Yield fits given R's own tau², so that only what follows from it is compared."""
    for case in kept(SOURCE, f"{FOLDER}/metafor_reference.json")["cases"]:
        given = case if case["method"] == "FE" else case | {"method": case["tau2"]}
        fit = _fit(given, _design(case), "y", "v", ci=TESTS[case["test"]])
        ours = {
            "beta": fit.estimate,
            "se": fit.se,
            "pval": fit.p_value,
            "ci_lb": fit.ci_low,
            "ci_ub": fit.ci_high,
            "dof": fit.df,
            "QE": fit.q,
            "QEp": fit.q_p_value,
            "I2": fit.i2,
            "H2": fit.h2,
        }
        yield from rows(_label(case), "closed-form", ours, case)


def tau2_estimates() -> Iterator[Row]:
    """Yield tau², its Q-profile limits, and whether our likelihood is at least as high as at R's tau²."""
    for case in kept(SOURCE, f"{FOLDER}/metafor_reference.json")["cases"]:
        if case["test"] != "z" or case["method"] == "FE":
            continue
        fit = _fit(case, _design(case), "y", "v", ci="normal")
        limits = {"tau2_ci_lb": fit.tau2_ci_low, "tau2_ci_ub": fit.tau2_ci_high}
        yield from rows(_label(case), "tau2", limits, case)
        if case["method"] in {"DL", "HE"}:
            yield _label(case), "tau2", "closed-form", fit.tau2, case["tau2"]
            continue
        if _label(case) not in LOWER_MAXIMUM:
            yield _label(case), "tau2", "threshold", fit.tau2, case["tau2"]
        ours, theirs = (_likelihood(case, tau2) for tau2 in (fit.tau2, case["tau2"]))
        yield _label(case), "likelihood not lower", "closed-form", ours, max(ours, theirs)


def _likelihood(case: dict[str, Any], tau2: float) -> float:
    """Return the (restricted) log-likelihood at a tau², up to a constant of the data."""
    table = _design(case)
    design = np.column_stack([np.ones(len(table["y"])), *(table[name] for name in MODELS[case["model"]])])
    weights = 1 / (table["v"] + tau2)
    information = design.T * weights @ design
    residuals = table["y"] - design @ np.linalg.solve(information, design.T @ (weights * table["y"]))
    likelihood = 0.5 * (np.log(weights).sum() - weights @ residuals**2)
    return float(likelihood - (0.5 * np.linalg.slogdet(information)[1] if case["method"] == "REML" else 0.0))


def effect_sizes() -> Iterator[Row]:
    table = columns(SOURCE, f"{FOLDER}/metafor_escalc_inputs.csv")
    theirs = kept(SOURCE, f"{FOLDER}/metafor_escalc_reference.json")["cases"]
    ones = np.ones(len(table["n"]))
    two_arms = {
        f"{name}{arm}": table[f"{short}{arm}"]
        for arm in (1, 2)
        for name, short in (("mean", "m"), ("sd", "sd"), ("n", "n"))
    }
    sizes = {
        "MN": stats.effect_size("MN", mean=table["m"], sd=table["sd"], n=table["n"]),
        "COR": stats.effect_size("COR", r=table["r"], n=table["n"]),
        "ZCOR": stats.effect_size("ZCOR", r=table["r"], n=table["n"]),
        "SMCC": stats.effect_size(
            "SMCC", mean1=table["m"], mean2=0 * ones, sd1=table["sd"], sd2=0 * ones, n=table["n"], r=0 * ones
        ),
        "MD": stats.effect_size("MD", **two_arms),
        "SMD": stats.effect_size("SMD", **two_arms),
    }
    assert [case["case"] for case in theirs] == list(table["case"])
    for measure, found in sizes.items():
        for row, case in enumerate(theirs):
            ours = {"yi": found.yi[row], "vi": found.vi[row]}
            yield from rows(f"{measure} {case['case']}", "closed-form", ours, case[measure])


def permutations() -> Iterator[Row]:
    for case in kept(SOURCE, f"{FOLDER}/metafor_permutest_reference.json")["cases"]:
        fit = _fit(case, _design(case), "y", "v", ci="normal")
        found = stats.permutation_test(fit, exact=True)
        ours = {"pval": found.p_value, "zval": found.statistic, "n_perm": found.permutations}
        yield from rows(_label(case), from_tau2(case["method"]), ours, case)


def cluster_robust() -> Iterator[Row]:
    table = columns(SOURCE, f"{FOLDER}/robumeta_correlated_effects.csv")
    for case in kept(SOURCE, f"{FOLDER}/clubsandwich_reference.json")["cases"]:
        fit = _fit(case, table, "effect", case["variances"], ci="normal")
        found = stats.robust(fit, table["study"], adjust="CR2")
        ours = {
            "tau2": fit.tau2,
            "beta": found.estimate,
            "se": found.se,
            "dof": found.df,
            "pval": found.p_value,
            "cov": np.ravel(found.covariance),
            "n_groups": found.clusters,
        }
        yield from rows(_label(case), "closed-form", ours, case)


def correlated_effects() -> Iterator[Row]:
    table = columns(SOURCE, f"{FOLDER}/robumeta_correlated_effects.csv")
    for case in kept(SOURCE, f"{FOLDER}/robumeta_reference.json")["cases"]:
        mods = _mods(case, table)
        found = stats.robust_variance(
            table["effect"], table[case["variances"]], table["study"], mods=mods, rho=case["rho"]
        )
        ours = {"tau2": found.tau2, "beta": found.estimate, "se": found.se, "dof": found.df}
        yield from rows(_label(case), "closed-form", ours, case)


RUNS = (fits, tau2_estimates, effect_sizes, permutations, cluster_robust, correlated_effects)
