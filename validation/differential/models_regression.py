"""Meta-regression, contrasts, permutation tests and location-scale models on random and nasty data.

Run from the repository's root: python validation/differential/models_regression.py [--sets 100] [--kind scale]
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from models_exchange import Case, Row, run

from evergrove import stats

METHODS = ("REML", "ML", "DL", "HE", "HS", "HSk", "SJ", "PM", "PMM", "EB", "GENQ", "EE")
INTERVALS = {"z": "normal", "t": "t", "knha": "hartung-knapp", "adhoc": "hartung-knapp-truncated"}
ALWAYS = (
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "statistic",
    "p_value",
    "tau2",
    "tau2_se",
    "i2",
    "h2",
    "q",
    "q_p_value",
    "log_likelihood",
    "deviance",
    "aic",
    "bic",
    "aicc",
)


def listed(values: np.ndarray) -> list[float]:
    """Return numbers that JSON carries."""
    return [float(one) for one in values]


def moderators(rng: np.random.Generator, k: int) -> list[list[float]]:
    """Draw none to three moderators: numbers, years, indicators, strongly correlated ones, powers."""
    found: list[np.ndarray] = []
    for _ in range(int(rng.integers(0, 4))):
        kind = rng.choice(["normal", "year", "binary", "near", "tiny", "square"])
        x = rng.normal(0, 1, k)
        if kind == "year":
            x = np.round(1980 + 20 * rng.random(k))
        elif kind == "binary":
            x = (rng.random(k) < 0.4).astype(float)
        elif kind == "near" and found:
            x = found[-1] + 0.01 * x
        elif kind == "tiny":
            x = 1e-5 * x
        elif kind == "square" and found:
            x = found[-1] ** 2
        if np.ptp(x) > 0:
            found.append(x)
    return [listed(x) for x in found]


def data(rng: np.random.Generator, k: int, mods: list[list[float]]) -> dict[str, list[float]]:
    """Draw effects: homogeneous or not, variances alike or five powers of ten apart, sometimes a perfect fit."""
    spread = rng.choice(["alike", "usual", "wide"])
    vi = {
        "alike": np.full(k, 0.05),
        "usual": 10 ** rng.uniform(-2, -0.5, k),
        "wide": 10 ** rng.uniform(-4, 1, k),
    }[str(spread)]
    tau = float(rng.choice([0.0, 0.2, 1.0]))
    mean = 0.3 + sum((0.3 * (np.array(x) - np.mean(x)) / np.std(x) for x in mods), np.zeros(k))
    yi = mean if rng.random() < 0.04 else mean + rng.normal(0, 1, k) * np.sqrt(vi + tau**2)
    return {"yi": listed(np.round(yi, 6)), "vi": listed(np.round(vi, 7))}


def solved(left: list[list[Fraction]], right: list[list[Fraction]]) -> list[list[Fraction]]:
    """Return the exact solution of a linear system."""
    rows, n = [[*a, *b] for a, b in zip(left, right, strict=True)], len(left)
    for place in range(n):
        pivot = next(row for row in range(place, n) if rows[row][place] != 0)
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [one / rows[place][place] for one in rows[place]]
        for row in range(n):
            factor = rows[row][place]
            if row != place and factor != 0:
                rows[row] = [one - factor * other for one, other in zip(rows[row], rows[place], strict=True)]
    return [row[n:] for row in rows]


def exact(case: Case) -> tuple[float, float]:
    """Return Q and the moment estimate of DerSimonian and Laird in rational numbers: the judge of both sides."""
    y, w = [Fraction(one) for one in case["yi"]], [1 / Fraction(one) for one in case["vi"]]
    x = [[Fraction(1), *(Fraction(column[row]) for column in case["mods"])] for row in range(len(y))]
    p = range(len(x[0]))

    def crossed(values: list[Fraction]) -> list[list[Fraction]]:
        return [[sum(v * row[a] * row[b] for v, row in zip(values, x, strict=True)) for b in p] for a in p]

    right = [[sum(v * row[a] * one for v, row, one in zip(w, x, y, strict=True))] for a in p]
    beta = [row[0] for row in solved(crossed(w), right)]
    q = sum(v * (one - sum(row[a] * beta[a] for a in p)) ** 2 for v, row, one in zip(w, x, y, strict=True))
    squares = solved(crossed(w), crossed([v * v for v in w]))
    trace = sum(w) - sum(squares[a][a] for a in p)
    return float(q), float(max(Fraction(0), (q - (len(y) - len(p))) / trace))


def draw(rng: np.random.Generator, sets: int) -> list[Case]:
    """Draw data sets and the fits to make of each."""
    cases: list[Case] = []
    for _ in range(sets):
        k = int(rng.choice([2, 3, 4, 5, 8, 15, 40]))
        mods = moderators(rng, k)
        if rng.random() < 0.3:  # as many coefficients as studies, or one fewer
            k = max(1, len(mods) + 1 + int(rng.integers(0, 2)))
            mods = [x for x in (one[:k] for one in mods) if len(x) == k and np.ptp(x) > 0]
            k = len(mods[0]) if mods else k
        base = data(rng, k, mods)
        for method in rng.choice(METHODS, 4, replace=False):
            case: Case = {
                "kind": "fit",
                "method": str(method),
                "test": str(rng.choice([*INTERVALS])),
                "mods": mods,
                "intercept": not mods or bool(rng.random() < 0.9),
            }
            cases.append({**case, **base, "weights": listed(np.round(10 ** rng.uniform(-1, 1, k), 3))})
        if 4 <= k <= 5 and len(mods) in (0, 1):
            cases.append(
                {
                    "kind": "permutation",
                    "method": "DL",
                    "test": str(rng.choice(["z", "knha"])),
                    "mods": mods,
                    "intercept": True,
                    **base,
                }
            )
        if k >= 15 and rng.random() < 0.7:
            mods = [x for x in mods if np.ptp(x) > 0.1 and np.ptp(x) < 10]  # others stop R's optimiser
            scale = [listed(rng.normal(0, 1, k)) for _ in range(int(rng.integers(1, 3)))]
            cases.append(
                {
                    "kind": "scale",
                    "method": str(rng.choice(["REML", "ML"])),
                    "test": str(rng.choice(["z", "knha"])),
                    "link": str(rng.choice(["log", "log", "identity"])),
                    "mods": mods,
                    "scale": scale,
                    **base,
                }
            )
    return cases


def fit(case: Case, answer: Any) -> Iterator[Row]:
    """Fit one case here and pair it with R's answer; no rows where R has none."""
    mods = np.column_stack(case["mods"]) if case["mods"] else None
    if case["kind"] == "scale":
        yield from scale(case, mods, answer)
        return
    model: dict[str, Any] = {"model": "common"} if case["method"] == "EE" else {"tau2": case["method"]}
    if case["method"].startswith("GENQ"):  # metafor has one argument for both
        model |= {"tau2_weights": case["weights"], "weights": case["weights"]}
    ours = stats.meta_regression(
        case["yi"],
        case["vi"],
        mods,
        ci=INTERVALS[case["test"]],
        intercept=case["intercept"],
        centred=True,
        prediction="test",
        **model,
    )
    if not answer:
        return
    if (
        case["method"] == "DL"
        and case["intercept"]
        and ours.k > ours.p == answer["p"]
        and case["kind"] == "fit"
    ):
        q, tau2 = exact(case)
        for whose, found in (("here", {"q": ours.q, "tau2": ours.tau2}), ("R", answer)):
            yield f"{whose} against rational numbers: q", found["q"], q
            yield f"{whose} against rational numbers: tau2", found["tau2"], tau2
    if case["kind"] == "permutation":
        found = stats.permutation_test(ours, exact=True)
        yield "permutation p", found.p_value, answer["p_value"]
        return
    if answer["p"] != ours.p:
        yield "R dropped a moderator", 1.0, 0.0
        return
    name = f"fit {case['method']}" if ours.k > ours.p else "fit k = p"
    name += "" if case["intercept"] else " no intercept"
    yield from numbers_of(name, case, ours, answer)
    yield from predicted(name, case, ours, answer)
    yield from hypotheses(name, ours, answer)


def numbers_of(name: str, case: Case, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare what a fit reports."""
    vanished = case["method"] in ("REML", "ML", "EB") and answer["tau2"] < 1e-9
    for quantity in ALWAYS:
        theirs = answer[quantity]
        if vanished and quantity in ("tau2", "i2"):
            theirs = 0.0
        value = getattr(ours, quantity)
        yield f"{name} {quantity}", np.nan if value is None else value, theirs
    yield f"{name} qm", ours.moderator_test.statistic, answer["qm"]
    yield f"{name} qm_p", ours.moderator_test.p_value, answer["qm_p_value"]
    if not np.isnan(answer["r2"]):
        yield f"{name} r2", np.nan if ours.r2 is None else ours.r2, answer["r2"]
    if "tau2_ci" in answer and not np.isnan(answer["tau2_ci"]).any() and answer["tau2_ci"][1] > 0:
        low, high = ours.tau2_ci_low, ours.tau2_ci_high
        if high is None or high < 1e4:
            yield (
                f"{name} tau2_ci",
                [np.nan if low is None else low, np.nan if high is None else high],
                answer["tau2_ci"],
            )


def predicted(name: str, case: Case, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare fitted values and their intervals."""
    shown = ours.predict()
    pairs = {
        "pred": shown.estimate,
        "pred_se": shown.se,
        "pi_low": shown.prediction_low,
        "pi_high": shown.prediction_high,
        "hat": ours.leverage,
        "residuals": ours.residuals,
    }
    for quantity, value in pairs.items():
        if quantity.startswith("pi_") and case["method"] == "EE":
            continue
        theirs = np.atleast_1d(answer[quantity])
        one = value is not None and theirs.size == 1
        yield (
            f"{name} {quantity}",
            np.nan if value is None else np.asarray(value)[:1] if one else value,
            theirs,
        )


def hypotheses(name: str, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare contrasts and inflation factors."""
    if ours.p > 1:
        matrix = np.zeros((2, ours.p))
        matrix[0, 0], matrix[0, 1], matrix[1, -1] = 1.0, -1.0, 1.0
        test = stats.linear_hypothesis(ours, matrix)
        yield f"{name} contrast", test.estimate, answer["contrast"]
        yield f"{name} contrast_p", test.p_value, answer["contrast_p"]
        yield f"{name} joint", test.joint.statistic, answer["joint"]
    if "vif" in answer:
        yield f"{name} vif", stats.variance_inflation(ours).vif, answer["vif"]


def scale(case: Case, mods: Any, answer: Any) -> Iterator[Row]:
    """Compare a location-scale model; a higher likelihood here is a better maximum."""
    ours = stats.location_scale(
        case["yi"],
        case["vi"],
        mods,
        np.column_stack(case["scale"]),
        likelihood=case["method"],
        link=case["link"],
        ci=INTERVALS[case["test"]],
    )
    if not answer:
        return
    name = f"scale {case['link']}"
    gain = ours.log_likelihood - answer["log_likelihood"]
    yield f"{name} log-likelihood not below R's", min(gain, 0.0) if abs(gain) > 1e-7 else 0.0, 0.0
    if gain > 1e-5:
        yield f"{name} better maximum here", 0.0, 0.0
        return
    yield f"{name} alpha", ours.scale_estimate, answer["alpha"]
    yield f"{name} estimate", ours.estimate, answer["estimate"]
    yield f"{name} se", ours.se, answer["se"]
    yield f"{name} alpha_se", ours.scale_se, answer["alpha_se"]
    yield f"{name} q", ours.q, answer["q"]


if __name__ == "__main__":
    run("models_regression.R", draw, fit, tolerance=1e-6)
