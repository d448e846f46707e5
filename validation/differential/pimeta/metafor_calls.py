"""The questions about metafor's effect sizes, conversions, transformations and event counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import data_sets
import models_sparse
import numpy as np
from meta_calls import lists, shown
from questions import Question, named, reading

from evergrove import stats


def escalc(rng: np.random.Generator, count: int) -> Iterator[Question]:
    names = {
        "events1": "ai",
        "n1": "n1i",
        "events2": "ci",
        "n2": "n2i",
        "mean1": "m1i",
        "sd1": "sd1i",
        "mean2": "m2i",
        "sd2": "sd2i",
        "time1": "t1i",
        "time2": "t2i",
    }
    take = {"yi": "yi", "vi": "vi"}
    for _ in range(count):
        k = int(rng.integers(1, 10))
        tables, arms = lists(data_sets.full_tables(rng, k)), lists(data_sets.arms(rng, k))
        for measure in ("RR", "OR", "RD", "AS", "PETO"):
            given = {names[name]: values for name, values in tables.items()}
            extra = {"add": 0.0, "to": "none"} if measure == "PETO" else {}
            yield Question(
                f"escalc {measure}, no zero cell",
                shown(tables),
                [("escalc", {"measure": measure, **given})],
                take,
                reading(take, stats.effect_size, measure, **tables, **extra),
            )
        kinds = {"MD": ("LS",), "SMD": ("LS", "LS2", "LS3", "UB", "AV", "H0"), "SMDH": ("LS", "LS2", "LS3")}
        for measure, variances in kinds.items():
            for variance in variances:
                given = {names[name]: values for name, values in arms.items()}
                yield Question(
                    f"escalc {measure} {variance}",
                    shown(arms),
                    [("escalc", {"measure": measure, "vtype": variance, **given})],
                    take,
                    reading(take, stats.effect_size, measure, **arms, variance=variance),
                )
        pairs = lists(data_sets.correlations(rng, k))
        yield Question(
            "escalc ZCOR",
            shown(pairs),
            [("escalc", {"measure": "ZCOR", "ri": pairs["r"], "ni": pairs["n"]})],
            take,
            reading(take, stats.effect_size, "ZCOR", **pairs),
        )
        events = {"events": tables["events1"], "n": tables["n1"]}
        for measure in ("PR", "PLN", "PLO", "PAS", "PFT"):
            yield Question(
                f"escalc {measure}",
                shown(events),
                [("escalc", {"measure": measure, "xi": events["events"], "ni": events["n"]})],
                take,
                reading(take, stats.effect_size, measure, **events),
            )


def conversions(rng: np.random.Generator, count: int) -> Iterator[Question]:
    for _ in range(count):
        n = float(rng.integers(8, 400))
        five = np.sort(rng.gamma(rng.choice([1.0, 4.0, 30.0]), 2.0, 5)).round(3).tolist()
        names = ("minimum", "q1", "median", "q3", "maximum")
        sets_of = {"min, median, max": (0, 2, 4), "quartiles": (1, 2, 3), "all five": (0, 1, 2, 3, 4)}
        for what, which in sets_of.items():
            ours = {names[i]: [five[i]] for i in which}
            theirs = {("min", "q1", "median", "q3", "max")[i]: [five[i]] for i in which}
            kinds = [
                ("luo/wan/shi", "luo-shi"),
                ("wan2014", "wan"),
                ("hozo2005", "hozo"),
                ("bland2015", "bland"),
            ]
            for method, ours_named in kinds:
                if (what == "quartiles" and method in ("hozo2005", "bland2015")) or (
                    what == "all five" and method == "hozo2005"
                ):
                    continue
                if what == "min, median, max" and method == "bland2015":
                    continue
                for test in (True, False):
                    yield Question(
                        f"conv.fivenum {method}, {what}",
                        f"n {n}, {five}, test {test}",
                        [("conv_fivenum", {**theirs, "n": n, "method": method, "test": test})],
                        {"mean": "mean", "sd": "sd"},
                        reading(
                            {"mean": "", "sd": ""},
                            stats.means_from_quantiles,
                            [n],
                            ours["median"],
                            **{k: v for k, v in ours.items() if k != "median"},
                            method=ours_named,
                            skewed_rows="leave-out" if test else "keep",
                        ),
                    )
        yield from _printed(rng)
        yield from _margins(rng)


def _printed(rng: np.random.Generator) -> Iterator[Question]:
    out, width = rng.normal(0, 1, 4), rng.gamma(2, 0.3, 4)
    low, high, level = out - width, out + 1.1 * width, float(rng.choice([95.0, 90.0]))
    take = {"yi": "yi", "vi": "vi"}
    yield Question(
        "conv.wald",
        "differences",
        [("conv_wald", {"out": out.tolist(), "ci_lb": low.tolist(), "ci_ub": high.tolist(), "level": level})],
        take,
        reading(take, stats.effects_from_printed, estimate=out, ci_low=low, ci_high=high, level=level / 100),
    )
    yield Question(
        "conv.wald with transf=log",
        "ratios",
        [
            (
                "conv_wald",
                {
                    "out": np.exp(out).tolist(),
                    "ci_lb": np.exp(low).tolist(),
                    "ci_ub": np.exp(high).tolist(),
                    "level": level,
                    "transf": {"function": "log"},
                },
            )
        ],
        take,
        reading(
            take,
            stats.effects_from_printed,
            estimate=np.exp(out),
            ci_low=np.exp(low),
            ci_high=np.exp(high),
            log=True,
            level=level / 100,
        ),
    )
    for name, transform in (("exp", np.exp), ("tanh", np.tanh), ("square", np.square)):
        yield Question(
            "conv.delta",
            name,
            [("conv_delta", {"yi": out.tolist(), "vi": (width**2).tolist(), "transf": {"function": name}})],
            take,
            reading(take, stats.delta_method, out, width**2, transform),
        )


def _margins(rng: np.random.Generator) -> Iterator[Question]:
    a, b, c, d = (float(one) for one in rng.integers(1, 60, 4))
    n, row, column = a + b + c + d, a + b, a + c
    phi = (a * d - b * c) / math.sqrt(row * (n - row) * column * (n - column))
    chi2 = math.copysign(n * phi**2, phi)
    take = {"a": "ai", "b": "bi", "c": "ci", "d": "di"}
    for name, ours, value in (
        ("ori", "odds_ratio", a * d / (b * c)),
        ("ri", "phi", phi),
        ("x2i", "chi2", chi2),
    ):
        yield Question(
            f"conv.2x2 {name}",
            f"{a, b, c, d}",
            [("conv_2x2", {name: [value], "ni": [n], "n1i": [row], "n2i": [column], "correct": False})],
            take,
            reading(take, stats.tables_from_margins, [n], [row], [column], **{ours: [value]}, correct=False),
        )


def transforms() -> Iterator[Question]:
    x = np.linspace(-0.5, 2.0, 26)
    n = 37.0
    ways: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("transf_ilogit", "PLO", {}, {}),
        ("transf_iprobit", "PRZ", {}, {}),
        ("transf_iarcsin", "PAS", {}, {}),
        ("transf_iabt", "ABT", {}, {}),
        ("transf_iahw", "AHW", {}, {}),
        ("transf_isqrt", "IRS", {}, {}),
        ("transf_ztor", "ZCOR", {}, {}),
        ("transf_ipft", "PFT", {"ni": n}, {"n": [n]}),
        ("transf_iirft", "IRFT", {"ti": n}, {"n": [n]}),
    ]
    for name, measure, theirs, ours in ways:
        yield Question(
            name,
            "-0.5 to 2",
            [(name, {"xi": x.tolist(), **theirs})],
            {"natural": ""},
            named("natural", stats.back_transform, x, measure, **ours),
        )
    means = (
        ("exp", "RR"),
        ("ilogit", "PLO"),
        ("iprobit", "PRZ"),
        ("iarcsin", "PAS"),
        ("iabt", "ABT"),
        ("iahw", "AHW"),
        ("ztor", "ZCOR"),
    )
    for name, measure in means:
        for tau2 in (0.0, 0.01, 0.1, 1.0):
            yield Question(
                f"transf_{name}_int",
                f"tau² {tau2}",
                [(f"transf_{name}_int", {"xi": x.tolist(), "targs": {"tau2": tau2}})],
                {"mean": ""},
                named("mean", stats.average_back_transform, x, measure, tau2),
            )
    risk = 0.2
    for name, ours in (("transf_lnortorr", "RR"), ("transf_lnortord", "RD")):
        yield Question(
            name,
            "risk 0.2",
            [(name, {"xi": x.tolist(), "pc": risk})],
            {"effect": ""},
            named("effect", _at_risk, x, risk, ours),
        )


def _at_risk(log_odds_ratios: np.ndarray, risk: float, measure: str) -> list[float]:
    ratios = np.exp(log_odds_ratios).tolist()
    if measure == "RR":
        return [stats.odds_ratio_to_risk_ratio(one, risk) for one in ratios]
    return [stats.absolute_effect("OR", one, one, one, risk, per=1.0).difference for one in ratios]


def events(rng: np.random.Generator, count: int) -> Iterator[Question]:
    """rma.mh, rma.peto and rma.glmm of tables without and with zeros."""
    mh = {
        "estimate": "beta",
        "se": "se",
        "ci_low": "ci_lb",
        "ci_high": "ci_ub",
        "p_value": "pval",
        "q": "QE",
        "q_p_value": "QEp",
    }
    for _ in range(count):
        columns = models_sparse.tables(rng)
        a, n1, c, n2 = (np.array(values) for values in columns.values())
        if a.size < 2:
            continue
        cells = {"ai": a.tolist(), "bi": (n1 - a).tolist(), "ci": c.tolist(), "di": (n2 - c).tolist()}
        whole = (
            "zero cells"
            if (np.minimum(np.minimum(a, n1 - a), np.minimum(c, n2 - c)) == 0).any()
            else "no zero cell"
        )
        for measure in ("OR", "RR", "RD"):
            yield Question(
                f"rma.mh {measure}, {whole}",
                shown(columns),
                [("rma_mh", {**cells, "measure": measure})],
                mh,
                reading(mh, stats.mantel_haenszel, *columns.values(), measure=measure),
            )
        yield Question(
            f"rma.peto, {whole}",
            shown(columns),
            [("rma_peto", cells)],
            mh,
            reading(mh, stats.peto, *columns.values()),
        )
    take = {"estimate": "b.0", "se": "se.0", "tau2": "tau2", "q_wald": "QE_Wld", "q_lrt": "QE_LRT"}
    for _ in range(max(2, count // 4)):
        columns = lists(data_sets.full_tables(rng, int(rng.integers(4, 9))))
        for effects in ("FE", "ML"):
            yield Question(
                f"rma.glmm PLO {effects}",
                shown(columns),
                [
                    (
                        "rma_glmm",
                        {"measure": "PLO", "xi": columns["events1"], "ni": columns["n1"], "method": effects},
                    )
                ],
                take,
                reading(
                    take,
                    stats.glmm,
                    "PLO",
                    events=columns["events1"],
                    n=columns["n1"],
                    effects="common" if effects == "FE" else "random",
                ),
            )


def questions(rng: np.random.Generator, count: int) -> list[Question]:
    return [
        *escalc(rng, max(2, count // 4)),
        *conversions(rng, count),
        *transforms(),
        *events(rng, count),
    ]
