"""Mantel-Haenszel, Peto, stratified tests and mixed models of events, on random tables with every kind of zero.

Run from the repository's root: python validation/differential/models_sparse.py [--sets 100] [--kind glmm]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from models_exchange import Case, Row, run

from evergrove import stats
from evergrove.errors import DataError

#: metafor's words for which tables are corrected, and ours.
TO = {"only0": "only-zero", "all": "all", "if0all": "if-any-zero", "none": "none"}
CODINGS = {0.5: "half", 1.0: "first", 0.0: "second"}
POOLED = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "q", "q_p_value", "i2", "h2")


def tables(rng: np.random.Generator) -> dict[str, list[float]]:
    """Draw two arms of patients: few or many, rare or common events, unequal arms, zeros and full arms."""
    k = int(rng.integers(1, 13))
    size = 10 ** rng.uniform(0.3, 3.0, k)
    ratio = 10 ** rng.uniform(-0.7, 0.7, k) if rng.random() < 0.5 else np.ones(k)
    n1, n2 = np.maximum(1, np.round(size * ratio)), np.maximum(1, np.round(size))
    level = rng.choice([0.005, 0.03, 0.2, 0.5, 0.97])
    logit = np.log(level / (1 - level)) + rng.normal(0, rng.choice([0.0, 0.5, 1.0]), k)
    shift = rng.normal(rng.normal(0, 0.7), rng.choice([0.0, 0.3, 1.0]), k)
    events1, events2 = (
        rng.binomial(n.astype(int), 1 / (1 + np.exp(-x))) for n, x in ((n1, logit + shift), (n2, logit))
    )
    for row in range(k):
        special = rng.random()
        if special < 0.05:
            events1[row] = events2[row] = 0
        elif special < 0.08:
            events1[row], events2[row] = n1[row], n2[row]
        elif special < 0.11:
            events1[row], events2[row] = n1[row], 0
    columns = {"events1": events1, "n1": n1, "events2": events2, "n2": n2}
    return {name: [float(one) for one in values] for name, values in columns.items()}


def rates(rng: np.random.Generator) -> dict[str, list[float]]:
    """Draw two arms of person-time."""
    k = int(rng.integers(1, 13))
    time1, time2 = (np.round(10 ** rng.uniform(0.5, 4.0, k), 2) for _ in range(2))
    level = np.log(rng.choice([0.001, 0.02, 0.3])) + rng.normal(0, 0.5, k)
    shift = rng.normal(rng.normal(0, 0.5), rng.choice([0.0, 0.4]), k)
    events1, events2 = rng.poisson(np.exp(level + shift) * time1), rng.poisson(np.exp(level) * time2)
    columns = {"events1": events1, "time1": time1, "events2": events2, "time2": time2}
    return {name: [float(one) for one in values] for name, values in columns.items()}


def draw(rng: np.random.Generator, sets: int) -> list[Case]:
    """Draw data sets and the fits to make of each."""
    cases: list[Case] = []
    for _ in range(sets):
        two, person_time = tables(rng), rates(rng)
        for measure in ("OR", "RR", "RD", "IRR", "IRD"):
            columns = person_time if measure.startswith("IR") else two
            rules: dict[str, Any] = {
                "to": [str(rng.choice([*TO])) for _ in range(2)],
                "add": [0.5, float(rng.choice([0.0, 0.1, 0.5]))],
            }
            rules |= {"drop00": [True, bool(rng.random() < 0.5)], "correct": bool(rng.random() < 0.5)}
            cases.append({"kind": "mh", "measure": measure, **rules, **columns})
        cases.append(
            {
                "kind": "peto",
                "to": [str(rng.choice([*TO])) for _ in range(2)],
                "add": [0.5, 0.5],
                "drop00": [True, True],
                **two,
            }
        )
        cases += glmms(rng, two, person_time)
    return cases


def glmms(rng: np.random.Generator, two: dict[str, Any], person_time: dict[str, Any]) -> Iterator[Case]:
    """Choose mixed models for a set of tables and a set of rates."""
    measure = str(rng.choice(["OR", "OR", "OR", "IRR", "PLO", "IRLN"]))
    columns = two if measure in ("OR", "PLO") else person_time
    k = len(columns["events1"])
    case: Case = {
        "kind": f"glmm {measure}",
        "measure": measure,
        "method": str(rng.choice(["ML", "ML", "ML", "EE"])),
        "test": "z",
    }
    if measure in ("OR", "IRR"):
        models = ["UM.FS", "UM.RS", "CM.EL"] + (["CM.AL"] if measure == "OR" else [])
        case["model"] = str(rng.choice(models))
        case["kind"] += f" {case['model']}"
        if case["model"].startswith("UM"):
            case["coding"] = float(rng.choice([0.5, 1.0, 0.0]))
    if case.get("model") == "UM.RS":
        case["nAGQ"] = 1 if case["method"] == "ML" else 7
    if k > 5 and rng.random() < 0.25:
        case["mods"] = [round(float(one), 3) for one in rng.normal(0, 1, k)]
    yield {**case, **columns}


def options_of(case: Case) -> dict[str, Any]:
    """Return metafor's add, to and drop00 as ours."""
    return {
        "correction": case["add"][1],
        "to": TO[case["to"][1]],
        "drop_double_zero": case["drop00"][1],
        "row_correction": case["add"][0],
        "row_to": TO[case["to"][0]],
    }


def fit(case: Case, answer: Any) -> Iterator[Row]:
    """Fit one case here and pair it with R's answer; no rows where R has none."""
    if case["kind"] == "mh":
        rows = mantel_haenszel(case, answer)
    elif case["kind"] == "peto":
        columns = {name: case[name] for name in ("events1", "n1", "events2", "n2")}
        ours = stats.peto(**columns, correction=case["add"][1], to=TO[case["to"][1]])
        rows = ((f"peto {name}", getattr(ours, name), answer[name]) for name in POOLED if answer)
    else:
        rows = glmm(case, answer)
    yield from rows


def mantel_haenszel(case: Case, answer: Any) -> Iterator[Row]:
    """Compare rma.mh and the tests that come with it."""
    rate = case["measure"].startswith("IR")
    size = "time" if rate else "n"
    columns = {name: case[name] for name in ("events1", f"{size}1", "events2", f"{size}2")}
    pool = stats.mantel_haenszel_rates if rate else stats.mantel_haenszel
    if answer and np.isnan(answer["estimate"]):
        try:
            ours = pool(**columns, measure=case["measure"], **options_of(case))
        except DataError:
            yield f"{case['measure']} undefined in both", 1.0, 1.0
            return
        yield f"{case['measure']} undefined in R only", ours.estimate, answer["estimate"]
        return
    ours = pool(**columns, measure=case["measure"], **options_of(case))
    if not answer:
        return
    degenerate = ours.se == 0.0  # a difference of certainties: no test here, infinite in R
    unweighted = case["measure"] == "RD" and not np.isfinite(
        answer["q"]
    )  # a row without variance: left out here
    for name in POOLED:
        if not (degenerate and name in ("statistic", "p_value")) and not (
            unweighted and name in ("q", "q_p_value", "i2", "h2")
        ):
            yield f"{case['measure']} {name}", getattr(ours, name), answer[name]
    if case["measure"] == "OR":
        yield from tests(case, columns, answer)


def tests(case: Case, columns: dict[str, Any], answer: Any) -> Iterator[Row]:
    """Compare Cochran-Mantel-Haenszel, Cochran, Breslow-Day and Tarone; metafor's stand on the corrected table."""
    if case["add"][1] > 0.0 and case["to"][1] != "none":
        return
    kept = {name: np.array(values) for name, values in columns.items()}
    if case["drop00"][1]:
        double = (kept["events1"] + kept["events2"] == 0) | (
            (kept["events1"] == kept["n1"]) & (kept["events2"] == kept["n2"])
        )
        kept = {name: values[~double] for name, values in kept.items()}
    if not np.isnan(answer["cmh"]):
        options = {"continuity": case["correct"], "beyond_zero": True}
        ours = stats.cochran_mantel_haenszel_test(**kept, **options)
        yield "cmh", ours.statistic, answer["cmh"]
        yield "cmh p", ours.p_value, answer["cmh_p"]
    for method, short in (("breslow-day", "bd"), ("tarone", "ta")):
        if not np.isnan(answer[short]):
            test = stats.homogeneity_test(**columns, method=method)
            yield short, test.statistic, answer[short]
            if test.df > 0:
                yield f"{short} p", test.p_value, answer[f"{short}_p"]


def glmm(case: Case, answer: Any) -> Iterator[Row]:
    """Compare a mixed model; where both differ, the higher likelihood is what counts."""
    measure = case["measure"]
    if measure in ("OR", "IRR"):
        size = "n" if measure == "OR" else "time"
        columns = {name: case[name] for name in ("events1", f"{size}1", "events2", f"{size}2")}
    else:
        size = "n" if measure == "PLO" else "time"
        columns = {"events": case["events1"], size: case[f"{size}1"]}
    options: dict[str, Any] = {
        "effects": "common" if case["method"] == "EE" else "random",
        "moderators": case.get("mods"),
    }
    options["model"] = case.get("model")
    if case.get("coding") is not None:
        options["coding"] = CODINGS[case["coding"]]
    if case.get("nAGQ"):
        options["points"] = case["nAGQ"]
    ours = stats.glmm(measure, **columns, **options)
    if not answer:
        return
    name = case["kind"] + (" EE" if case["method"] == "EE" else "") + (" mods" if "mods" in case else "")
    yield f"{name} k", ours.k, answer["k"]
    if case["method"] == "ML" and (case.get("model") == "UM.RS" or case["kind"] == "glmm OR CM.EL"):
        # R's log-likelihood is that of the model here; of the others it is the one at the modes
        gain = ours.log_likelihood - answer["log_likelihood"]
        yield f"{name} log-likelihood not below R's", min(gain, 0.0) if gain < -1e-6 else 0.0, 0.0
        if gain > 1e-6:
            yield f"{name} better maximum here", 0.0, 0.0
            return
    yield f"{name} beta", ours.coefficients, answer["coefficients"]
    yield f"{name} se", ours.coefficient_ses, answer["ses"]
    if case["method"] == "ML":
        yield (
            f"{name} tau2",
            ours.tau2 if ours.tau2 > 1e-6 else 0.0,
            answer["tau2"] if answer["tau2"] > 1e-6 else 0.0,
        )
    yield f"{name} q_wald", np.nan if ours.q_wald is None else ours.q_wald, answer["q_wald"]
    yield f"{name} q_lrt", np.nan if ours.q_lrt is None else ours.q_lrt, answer["q_lrt"]


if __name__ == "__main__":
    run("models_sparse.R", draw, fit, tolerance=1e-6)
