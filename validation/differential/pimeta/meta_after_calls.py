"""The questions about what meta does with a pooled result: bias, influence, absolute effects, ways back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import data_sets
import models_sparse
import numpy as np
from meta_calls import lists, shown, zeros
from questions import Question, Values, named, reading

from evergrove import stats


def resting_on_metagen(seed: int) -> Iterator[Question]:
    """metainf, metacum, cidprop, nnt, rd, smd2or, or2smd, metabias without events, trim and fill by metafor."""
    for shape, yi, vi in data_sets.fit_sets(seed, 1):
        if yi.size < 3 or np.abs(yi).max() > 20:
            continue
        columns = {"TE": yi.tolist(), "seTE": np.sqrt(vi).tolist()}
        names = {
            "estimate": "TE",
            "se": "seTE",
            "ci_low": "lower",
            "ci_high": "upper",
            "q": "Q",
            "tau2": "tau2",
        }
        ends = {name: path for name, path in names.items() if name in ("estimate", "se", "ci_low", "ci_high")}
        fit = stats.pool(yi, vi, tau2="DL", ci="normal")
        yield Question(
            "metainf, DL",
            shape,
            [("metainf", {**columns, "method_tau": "DL"})],
            names,
            reading(names, stats.leave_one_out, fit),
        )
        yield Question(
            "metacum, DL",
            shape,
            [("metacum", {**columns, "method_tau": "DL"})],
            ends,
            reading(ends, stats.cumulative, fit),
        )
        for measure, low, high in (("MD", -0.2, 0.2), ("RR", 0.8, 1.25)):
            yield Question(
                f"cidprop, {'difference' if measure == 'MD' else 'ratio'}",
                shape,
                [
                    ("metagen", {**columns, "sm": measure, "method_tau": "DL"}),
                    ("cidprop", {"result": {"result": 0}, "cid": [high]}),
                ],
                {
                    "below": "prop_cid_below_null.0",
                    "within": "prop_within_cid",
                    "above": "prop_cid_above_null.0",
                },
                partial(_shares, yi, vi, measure, low, high),
            )
        for measure in ("RR", "OR"):
            yield Question(
                f"rd, nnt of {measure}",
                shape,
                [
                    ("metagen", {**columns, "sm": measure, "method_tau": "DL"}),
                    ("nnt", {"result": {"result": 0}, "p_c": [0.2]}),
                ],
                {"rd": "random.RD.0", "nnt": "nnt_random.NNT.0"},
                partial(_needed, yi, vi, measure),
            )
        for name, factor in (
            ("smd2or", "logistic"),
            ("smd2or", "cox"),
            ("or2smd", "logistic"),
            ("or2smd", "cox"),
        ):
            ours = stats.smd_to_log_odds_ratio if name == "smd2or" else stats.log_odds_ratio_to_smd
            first, second = ("smd", "se_smd") if name == "smd2or" else ("lnOR", "selnOR")
            yield Question(
                f"{name}",
                f"{factor}, {shape}",
                [
                    (
                        name,
                        {
                            first: yi.tolist(),
                            second: np.sqrt(vi).tolist(),
                            "method": {"logistic": "HH", "cox": "CS"}[factor],
                        },
                    )
                ],
                {"yi": "TE", "se": "seTE"},
                partial(_converted, ours, yi, vi, factor),
            )
        for method in ("Egger", "Begg", "Thompson"):
            for correct in (False, True) if method == "Begg" else (False,):
                yield Question(
                    f"metabias {method}{', DL' if method == 'Thompson' else ''}",
                    f"{shape}{', corrected' if correct else ''}",
                    [
                        (
                            "metabias",
                            {
                                "x": yi.tolist(),
                                "seTE": np.sqrt(vi).tolist(),
                                "method_bias": method,
                                "k_min": 3,
                                "method_tau": "DL",
                                "correct": correct,
                            },
                        )
                    ],
                    RANK if method == "Begg" else LINE,
                    reading(
                        RANK if method == "Begg" else LINE,
                        stats.asymmetry_test,
                        method.lower(),
                        yi=yi,
                        vi=vi,
                        tau2="DL",
                        correct=correct,
                    ),
                )


def _shares(yi: np.ndarray, vi: np.ndarray, measure: str, low: float, high: float) -> Values:
    fit = stats.pool(yi, vi, tau2="DL", ci="normal", prediction="V", measure=measure)
    share = stats.expected_share(fit, low, high)
    return {"below": share.below, "within": share.between, "above": share.above}


def _needed(yi: np.ndarray, vi: np.ndarray, measure: str) -> Values:
    effect = stats.pool(yi, vi, tau2="DL", ci="normal").estimate
    baseline = 0.2
    ratio = float(np.exp(effect))
    difference = stats.absolute_effect(measure, ratio, ratio, ratio, baseline, per=1.0).difference
    return {"rd": difference, "nnt": -1.0 / difference}


def _converted(ours: Any, yi: np.ndarray, vi: np.ndarray, factor: str) -> Values:
    found = [ours(float(one), float(spread), factor=factor) for one, spread in zip(yi, vi, strict=True)]
    return {"yi": [one.yi for one in found], "se": [float(np.sqrt(one.vi)) for one in found]}


LINE = {
    "slope": "estimate.0",
    "slope_se": "estimate.1",
    "intercept": "intercept",
    "intercept_se": "se_intercept",
    "statistic": "statistic",
    "p_value": "pval",
}
RANK = {"score": "estimate.0", "score_se": "estimate.1", "statistic": "statistic", "p_value": "pval"}


def metabias_of_events(rng: np.random.Generator, sets: int) -> Iterator[Question]:
    for _ in range(sets):
        columns = models_sparse.tables(rng)
        if len(columns["n1"]) < 4:
            continue
        kind, label = zeros(columns), shown(columns)
        given = dict(zip(("event_e", "n_e", "event_c", "n_c"), columns.values(), strict=True))
        for method in ("Harbord", "Peters", "Deeks", "Schwarzer", "Macaskill", "Egger", "Begg"):
            for measure in ("OR", "RR") if method == "Harbord" else ("OR",):
                extra = {"score_variance": "balanced"} if measure == "RR" else {}
                yield Question(
                    f"metabias {method} of events{' (RR)' if measure == 'RR' else ''}, {kind}",
                    label,
                    [
                        ("metabin", {**given, "sm": measure, "method": "Inverse"}),
                        ("metabias", {"x": {"result": 0}, "method_bias": method, "k_min": 3}),
                    ],
                    RANK if method in ("Schwarzer", "Begg") else LINE,
                    reading(
                        RANK if method in ("Schwarzer", "Begg") else LINE,
                        stats.asymmetry_test,
                        method.lower(),
                        **columns,
                        measure=measure,
                        **extra,
                    ),
                )
        means = lists(data_sets.arms(rng, 12))
        names = ("mean_e", "sd_e", "n_e", "mean_c", "sd_c", "n_c")
        found = stats.effect_size("SMD", **means)
        if not np.isfinite(found.vi).all():
            continue
        for method in ("Pustejovsky", "Macaskill"):
            yield Question(
                f"metabias {method} of means",
                shown(means),
                [
                    ("metacont", {**dict(zip(names, means.values(), strict=True)), "sm": "SMD"}),
                    ("metabias", {"x": {"result": 0}, "method_bias": method}),
                ],
                LINE,
                reading(
                    LINE,
                    stats.asymmetry_test,
                    method.lower(),
                    yi=found.yi,
                    vi=found.vi,
                    n1=means["n1"],
                    n2=means["n2"],
                ),
            )


def backtransf(rng: np.random.Generator, sets: int) -> Iterator[Question]:
    """Ways back, and asin2p and asin2ir beyond their ends."""
    x = np.linspace(-0.6, 2.2, 29)
    for _ in range(sets):
        n = float(rng.integers(1, 400))
        for sm, measure in (
            ("PLOGIT", "PLO"),
            ("PAS", "PAS"),
            ("PLN", "PLN"),
            ("ZCOR", "ZCOR"),
            ("RR", "RR"),
            ("IRS", "IRS"),
            ("MLN", "MNLN"),
        ):
            yield Question(
                f"backtransf {sm}",
                "-0.6 to 2.2",
                [("backtransf", {"x": x.tolist(), "sm": sm})],
                {"natural": ""},
                named("natural", stats.back_transform, x, measure),
            )
        for sm, size in (("PFT", "n"), ("IRFT", "time")):
            yield Question(
                f"backtransf {sm}",
                f"{size} = {n}",
                [("backtransf", {"x": x.tolist(), "sm": sm, size: n})],
                {"natural": ""},
                named("natural", stats.back_transform, x, sm, n=[n]),
            )


def questions(rng: np.random.Generator, sets: int) -> list[Question]:
    seed = int(rng.integers(1, 1000))
    return [*resting_on_metagen(seed), *metabias_of_events(rng, sets), *backtransf(rng, max(1, sets // 5))]
