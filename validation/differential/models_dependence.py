"""Multilevel models, cluster-robust tests, robust variance estimation, vcalc and aggregation on random data.

A multilevel model is fitted here first. R then (1) searches for itself: its likelihood must not be higher; and
(2) takes our components as given: everything that follows from them must agree.

Run from the repository's root: python validation/differential/models_dependence.py [--sets 60] [--kind multilevel]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from models_exchange import Case, Row, run

from evergrove import stats
from evergrove.errors import EvergroveError

#: What R is given of each kind of component.
KINDS = ("sigma2", "tau2", "rho", "gamma2", "phi")
ADJUSTMENTS = ("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3")
DFS = ("satterthwaite", "clusters-1", "clusters-p", "normal")


def listed(values: Any) -> list[float]:
    """Return numbers that JSON carries."""
    return [float(one) for one in np.asarray(values, dtype=float).ravel()]


def rows(rng: np.random.Generator) -> dict[str, Any]:
    """Draw studies with one to five effects each: study, effect, outcome, time, lab, two moderators."""
    studies = int(rng.choice([4, 6, 10, 25]))
    sizes = rng.integers(1, 6, studies) if rng.random() < 0.7 else np.full(studies, int(rng.integers(2, 4)))
    study = np.repeat(np.arange(studies), sizes)
    place = np.concatenate([np.arange(one) for one in sizes])
    outcome = np.concatenate([rng.permutation(int(max(sizes)))[:one] for one in sizes])
    gaps = np.concatenate([np.cumsum(rng.choice([0.5, 1.0, 2.0], one)) for one in sizes])
    labs = rng.integers(0, max(2, studies // 2), studies)
    data = {
        "study": study,
        "effect": np.arange(study.size),
        "outcome": outcome,
        "time": place,
        "months": gaps,
        "lab": labs[study],
    }
    data |= {
        "x1": rng.normal(0, 1, study.size).round(3),
        "x2": (rng.random(studies) < 0.5).astype(float)[study],
    }
    return {name: values.tolist() for name, values in data.items()}


def model(rng: np.random.Generator) -> dict[str, Any]:
    """Choose random terms and structures."""
    plain = [
        ["~ 1 | study"],
        ["~ 1 | study/effect"],
        ["~ 1 | study", "~ 1 | lab"],
        ["~ 1 | lab/study/effect"],
    ]
    kind = rng.random()
    if kind < 0.4:
        return {"random": plain[int(rng.integers(0, 4))], "struct": []}
    if kind < 0.8:
        struct = str(rng.choice(["CS", "HCS", "UN", "DIAG", "ID", "AR", "HAR", "CAR"]))
        inner = {"AR": "time", "HAR": "time", "CAR": "months"}.get(struct, "outcome")
        return {"random": [f"~ {inner} | study"], "struct": [struct]}
    if kind < 0.9:
        return {"random": ["~ x1 | study"], "struct": [str(rng.choice(["GEN", "GDIAG"]))]}
    if kind < 0.95:
        return {
            "random": ["~ 1 | lab", "~ outcome | study"],
            "struct": [str(rng.choice(["CS", "DIAG", "ID"]))],
        }
    return {
        "random": ["~ outcome | study", "~ time | lab"],
        "struct": [str(rng.choice(["CS", "ID"])), str(rng.choice(["ID", "DIAG"]))],
    }


def effects(rng: np.random.Generator, data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw effects, variances and their covariance matrix."""
    study, k = np.array(data["study"]), len(data["study"])
    vi = 10 ** rng.uniform(-2.3, -0.5, k) if rng.random() < 0.7 else np.full(k, 0.04)
    rho = float(rng.choice([0.0, 0.5]))
    matrix = np.where(study[:, None] == study[None, :], rho, 0.0) * np.sqrt(vi[:, None] * vi[None, :])
    np.fill_diagonal(matrix, vi)
    between, within = (float(one) for one in rng.choice([0.0, 0.2, 0.6], 2))
    u, lab, level = (
        rng.normal(0, between, study.max() + 1),
        rng.normal(0, 0.2, max(data["lab"]) + 1),
        rng.normal(0, within, 9),
    )
    own = u[study] + lab[data["lab"]] + level[data["outcome"]] + rng.normal(0, within, k)
    y = (
        0.2
        + own
        + 0.3 * np.array(data["x1"]) * rng.normal(1, 0.5, study.max() + 1)[study]
        + np.linalg.cholesky(matrix) @ rng.normal(0, 1, k)
    )
    return y.round(5), vi, matrix


def fitted(case: Case) -> stats.MultilevelResult:
    """Fit a case here."""
    mods = np.column_stack(case["mods"]) if case["mods"] else None
    return stats.multilevel(
        case["yi"], case["V"], random=case["random"], struct=case["struct"] or "CS", data=case["data"], mods=mods,
        intercept=case["intercept"], method=case["method"], test=case["test"], dfs=case["dfs"],
    )  # fmt: skip


def given(fit: stats.MultilevelResult) -> dict[str, list[float]]:
    """Return our components as R takes them."""
    found = {kind: listed(getattr(fit, kind)) for kind in KINDS}
    return {kind: values for kind, values in found.items() if values}


def draw(rng: np.random.Generator, sets: int) -> list[Case]:
    """Draw data sets and the fits to make of each."""
    cases: list[Case] = []
    for _ in range(sets):
        data = rows(rng)
        y, vi, matrix = effects(rng, data)
        mods = [data[name] for name in ("x1", "x2") if rng.random() < 0.4 and np.ptp(data[name]) > 0]
        base = {"yi": listed(y), "mods": mods, "data": data}
        dfs = str(rng.choice(["residual", "contain"]))
        case: Case = {
            "kind": "multilevel",
            **base,
            "V": matrix.tolist(),
            **model(rng),
            "intercept": True,
            "method": str(rng.choice(["REML", "ML"])),
            "dfs": dfs,
            "test": "t" if dfs == "contain" else str(rng.choice(["z", "t"])),
        }
        if rng.random() < 0.7 and not any("lab" in one for one in case["random"]):
            case |= {
                "cluster": data["study"],
                "adjust": str(rng.choice(ADJUSTMENTS)),
                "df": str(rng.choice(DFS)),
            }
        if len(y) < 30 and case["random"] in (["~ 1 | study"], ["~ 1 | study/effect"]):
            case["profile"] = True
        case["deletion"] = "cluster" in case and rng.random() < 0.5
        case["W"] = listed(rng.uniform(0.2, 2.0, len(y)).round(3))
        try:
            case["given"] = given(fitted(case))
            cases.append(case)
        except EvergroveError as error:
            cases.append({**case, "given": {}, "refused": f"{type(error).__name__}: {error}"})
        own = {"yi": listed(y), "vi": listed(vi), "mods": mods, "cluster": data["study"]}
        cases.append(
            {
                "kind": "regression",
                **own,
                "method": str(rng.choice(["DL", "HE"])),
                "adjust": str(rng.choice(ADJUSTMENTS)),
                "df": str(rng.choice(DFS)),
            }
        )
        cases.append(
            {
                "kind": "moments",
                **own,
                "model": str(rng.choice(["CORR", "HIER"])),
                "rho": float(rng.choice([0.0, 0.5, 0.8, 1.0])),
                "small": bool(rng.random() < 0.7),
            }
        )
        cases.append(covariance(rng, data, vi))
        struct = str(rng.choice(["ID", "CS", "CAR", "CS+CAR", "CS*CAR"]))
        extra = {"rho": 0.5} if "CS" in struct else {}
        extra |= {"phi": 0.8, "time": data["months"]} if "CAR" in struct else {}
        extra |= {"obs": data["outcome"]} if struct == "CS*CAR" else {}
        cases.append(
            {
                "kind": "aggregate",
                "yi": listed(y),
                "vi": listed(vi),
                "cluster": data["study"],
                "struct": struct,
                "weighted": bool(rng.random() < 0.7),
                **extra,
            }
        )
    return cases


def covariance(rng: np.random.Generator, data: dict[str, Any], vi: np.ndarray) -> Case:
    """Draw arguments of vcalc."""
    k = len(vi)
    case: Case = {"kind": "vcalc", "vi": listed(vi), "cluster": data["study"]}
    use = rng.random(5) < 0.5
    if use[0]:
        case["obs"] = data["effect"]
    if use[1]:
        case["type"] = [f"t{one}" for one in rng.integers(0, 2, k)]
    if use[0] or use[1]:
        case["rho"] = [float(one) for one in rng.uniform(0.1, 0.8, int(use[0]) + int(use[1])).round(2)]
    if use[2]:
        case |= {"time1": data["months"], "phi": 0.7}
    if use[3]:
        case |= {
            "grp1": [f"g{one}" for one in range(k)],
            "grp2": [f"c{one}" for one in rng.integers(0, 2, k)],
        }
        if use[4]:
            case |= {"w1": listed(rng.integers(10, 60, k)), "w2": listed(rng.integers(10, 60, k))}
        if use[2] and rng.random() < 0.5:
            case["time2"] = listed(np.array(data["months"]) + rng.choice([0.0, 1.0], k))
    if rng.random() < 0.2:
        case["subgroup"] = listed(rng.integers(0, 2, k))
    return case


def fit(case: Case, answer: Any) -> Iterator[Row]:
    """Fit one case here and pair it with R's answer; no rows where R has none."""
    if "refused" in case:
        raise EvergroveError(case["refused"])
    yield from {
        "multilevel": multilevel,
        "regression": regression,
        "moments": moments,
        "vcalc": vcalc,
        "aggregate": aggregate,
    }[case["kind"]](case, answer)


def multilevel(case: Case, answer: Any) -> Iterator[Row]:
    """Compare a multilevel model, its robust tests and its profile limits."""
    ours = fitted(case)
    if not answer:
        return
    for quantity in (
        "estimate",
        "se",
        "ci_low",
        "ci_high",
        "p_value",
        "qm",
        "qm_p_value",
        "q",
        "q_p_value",
        "log_likelihood",
    ):
        yield f"at our components: {quantity}", getattr(ours, quantity), answer[quantity]
    if ours.df is not None:
        yield "at our components: df", ours.df, answer["df"]
    yield from searches(case, ours, answer)
    yield from predicted(case, ours, answer)
    if "cluster" in case:
        yield from robust(case, ours, answer)
    if "profile_low" in answer:
        yield from profiles(ours, answer)
    if "cooks" in answer:
        yield from deletions(case, ours, answer)
    yield from weighted(case, answer)


def weighted(case: Case, answer: Any) -> Iterator[Row]:
    """Compare the model with weights of the caller."""
    options = {
        "random": case["random"],
        "struct": case["struct"] or "CS",
        "data": case["data"],
        "method": case["method"],
    }
    mods = np.column_stack(case["mods"]) if case["mods"] else None
    mine = stats.multilevel(case["yi"], case["V"], mods=mods, W=case["W"], **options)
    for quantity in ("estimate", "se", "log_likelihood"):
        yield f"weights of the caller: {quantity}", getattr(mine, quantity), answer["weighted"][quantity]


def searches(case: Case, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare our maximum with the one of R's own search."""
    name = " ".join(case["struct"]) or "intercepts"
    if not answer["free"]:
        yield "R found no maximum", 0.0, 0.0
        return
    gain = ours.log_likelihood - answer["own_log_likelihood"]
    most = int(np.bincount(case["data"]["study"]).max())
    correlations = [one for kind in ("rho", "phi") for one in listed(answer["own"][kind])]
    if name in ("CS", "HCS") and most > 1 and min(correlations, default=0.0) < -1.0 / (most - 1) - 1e-6:
        # its likelihood can grow without bound there
        yield f"R's matrix is no covariance: {name}", 0.0, 0.0
        return
    yield f"likelihood not below R's: {name}", min(gain, 0.0) if gain < -1e-7 else 0.0, 0.0
    if gain > 1e-4:
        yield f"better maximum here: {name}", 0.0, 0.0
    elif abs(gain) <= 1e-7:
        for kind in KINDS:
            mine, theirs = np.array(listed(getattr(ours, kind))), np.array(listed(answer["own"][kind]))
            if mine.size and kind in ("sigma2", "tau2", "gamma2"):
                top = max(mine.max(), 1e-3)
                yield (
                    f"own {kind} within 1e-3 of the largest: {name}",
                    bool((np.abs(mine - theirs) <= 1e-3 * top).all()),
                    True,
                )


def predicted(case: Case, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare predictions and random effects."""
    if "pred" in answer and len(ours.tau2) <= 1:
        shown = stats.predict_multilevel(ours)
        yield "predicted", shown.estimate[:1], np.atleast_1d(answer["pred"])[:1]
        if not case["struct"] and not np.isnan(np.atleast_1d(answer["pi_low"])).any():
            yield (
                "prediction interval",
                [shown.prediction_low[0], shown.prediction_high[0]],
                [answer["pi_low"][0], answer["pi_high"][0]],
            )
    if "effects" in answer:
        for one, theirs, errors in zip(
            stats.random_effects(ours), answer["effects"], answer["effects_se"], strict=True
        ):
            yield "random effects", np.sort(one.estimate), theirs
            yield "random effects se", np.sort(one.se), errors


def robust(case: Case, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare cluster-robust tests: clubSandwich's, and metafor's three."""
    mine = stats.robust(ours, case["cluster"], adjust=case["adjust"], df=case["df"], tested=range(ours.p))
    theirs = answer["robust"]
    name = f"robust {case['adjust']}"
    yield f"{name} se", mine.se, theirs["se"]
    yield f"{name} {case['df']} p", mine.p_value, theirs["p_value"]
    if theirs["df"] is not None and mine.df is not None:
        yield f"{name} df", mine.df, theirs["df"]
    if not np.isnan(theirs["wald"]):
        yield f"{name} {case['df']} wald", mine.wald, theirs["wald"]
        yield f"{name} {case['df']} wald p", mine.wald_p_value, theirs["wald_p"]
    for adjust, df in (("CR0", "clusters-p"), ("CR1p", "clusters-p"), ("CR2", "satterthwaite")):
        mine, theirs = stats.robust(ours, case["cluster"], adjust=adjust, df=df), answer[f"metafor_{adjust}"]
        for quantity in ("se", "p_value", "ci_low", "ci_high"):
            yield f"metafor robust {adjust} {quantity}", getattr(mine, quantity), theirs[quantity]
        if not np.isnan(theirs["qm"]):
            yield f"metafor robust {adjust} qm", mine.wald, theirs["qm"]
            yield f"metafor robust {adjust} qm p", mine.wald_p_value, theirs["qm_p"]


def deletions(case: Case, ours: Any, answer: Any) -> Iterator[Row]:
    """Compare what each cluster changes, the components kept."""
    mine = stats.cluster_influence(ours, case["cluster"], reestimate=False)
    known = ~np.isnan(mine.cooks_distance)
    if known.all() and not np.isnan(answer["cooks"]).any():
        yield "deletion cooks", mine.cooks_distance, answer["cooks"]
        yield "deletion dfbetas", mine.dfbetas.T.ravel(), answer["dfbetas"]
        yield "deletion rstudent", mine.studentised, answer["rstudent"]
        yield "deletion chi2", mine.chi2, answer["cluster_x2"]


def profiles(ours: Any, answer: Any) -> Iterator[Row]:
    """Compare profile limits where metafor's search did not fail."""
    mine = stats.component_intervals(ours)
    for side, values in (("low", mine.ci_low), ("high", mine.ci_high)):
        theirs = np.array(answer[f"profile_{side}"], dtype=float)
        kept = ~np.isnan(theirs) & (np.abs(theirs) < 90)
        if kept.any() and len(values) == theirs.size:
            gap = np.abs(np.asarray(values)[kept] - theirs[kept]) <= 2e-4 + 1e-3 * np.abs(theirs[kept])
            yield f"profile {side} within 1e-3", gap, np.ones(int(kept.sum()))


def regression(case: Case, answer: Any) -> Iterator[Row]:
    """Compare the robust tests of a meta-regression."""
    mods = np.column_stack(case["mods"]) if case["mods"] else None
    ours = stats.meta_regression(case["yi"], case["vi"], mods, tau2=case["method"], ci="normal")
    mine = stats.robust(ours, case["cluster"], adjust=case["adjust"], df=case["df"], tested=range(ours.p))
    if not answer:
        return
    yield "regression robust se", mine.se, answer["se"]
    yield f"regression robust {case['df']} p", mine.p_value, answer["p_value"]
    if answer["df"] is not None and mine.df is not None:
        yield "regression robust df", mine.df, answer["df"]
    if not np.isnan(answer["wald"]):
        yield f"regression robust {case['df']} wald", mine.wald, answer["wald"]
        yield f"regression robust {case['df']} wald p", mine.wald_p_value, answer["wald_p"]
    plain = stats.robust(ours, case["cluster"], adjust="CR1p", df="clusters-p")
    yield "regression metafor robust se", plain.se, answer["metafor_se"]
    yield "regression metafor robust p", plain.p_value, answer["metafor_p"]
    yield "regression metafor robust qm", plain.wald, answer["metafor_qm"]
    yield "regression metafor robust qm p", plain.wald_p_value, answer["metafor_qm_p"]


def moments(case: Case, answer: Any) -> Iterator[Row]:
    """Compare robust variance estimation."""
    mods = np.column_stack(case["mods"]) if case["mods"] else None
    kind = {"CORR": "correlated", "HIER": "hierarchical"}[case["model"]]
    ours = stats.robust_variance(
        case["yi"],
        case["vi"],
        case["cluster"],
        model=kind,
        rho=case["rho"],
        small_sample=case["small"],
        mods=mods,
    )
    if not answer:
        return
    for quantity in ("estimate", "se", "df", "p_value", "ci_low", "ci_high", "tau2", "omega2"):
        if answer.get(quantity) is not None and getattr(ours, quantity) is not None:
            yield (
                f"{case['model']} {'small' if case['small'] else 'large'} {quantity}",
                getattr(ours, quantity),
                answer[quantity],
            )


def vcalc(case: Case, answer: Any) -> Iterator[Row]:
    """Compare covariance matrices; ours are refused where they are no covariance."""
    options = {name: value for name, value in case.items() if name not in ("kind", "vi", "cluster", "rho")}
    rho = case.get("rho")
    rho = None if rho is None else rho[0] if len(rho) == 1 else tuple(rho)
    if answer and not answer["positive"]:
        return
    ours = stats.vcalc(case["vi"], case["cluster"], rho=rho, **options)
    if answer:
        yield "vcalc", ours.ravel(), answer["matrix"]


def aggregate(case: Case, answer: Any) -> Iterator[Row]:
    """Compare aggregated effects."""
    options = {name: case[name] for name in ("rho", "phi", "time", "obs") if name in case}
    ours = stats.aggregate_effects(
        case["yi"], case["vi"], case["cluster"], struct=case["struct"], weighted=case["weighted"], **options
    )
    if answer:
        yield f"aggregate {case['struct']} yi", ours.yi, answer["yi"]
        yield f"aggregate {case['struct']} vi", ours.vi, answer["vi"]


if __name__ == "__main__":
    run("models_dependence.R", draw, fit, tolerance=1e-6)
