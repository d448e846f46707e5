"""The questions about meta's functions that pool."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import data_sets
import models_sparse
import numpy as np
from questions import Question, Values, reading

from evergrove import stats

#: Where a pooled result of pimeta's drivers holds what ours holds by these names.
POOLED = {
    "estimate": "pooled_est",
    "se": "pooled_se",
    "statistic": "z",
    "p_value": "p_value",
    "q": "q",
    "q_p_value": "q_p",
}
#: tau² estimators of both; REML, ML, EB and PM are iterated to metafor's thresholds by pimeta, to rounding here.
CLOSED = ("DL", "HE", "HS", "SJ")
ITERATED = ("REML", "ML", "PM", "EB")

Columns = dict[str, list[float]]


def under(prefix: str, names: dict[str, str]) -> dict[str, str]:
    return {f"{prefix} {name}": f"{prefix}.{path}" for name, path in names.items()}


def of(prefix: str, fit: Any, names: dict[str, str]) -> dict[str, Any]:
    return {f"{prefix} {name}": getattr(fit, name) for name in names}


def shown(columns: dict[str, Any]) -> str:
    return ", ".join(f"{name} {np.round(values, 6).tolist()}" for name, values in columns.items())


def lists(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(values, dtype=float).tolist() for name, values in columns.items()}


def both_pooled(yi: np.ndarray, vi: np.ndarray, tau2: str) -> Values:
    """Pool by both models with Wald intervals; rows without an effect left out."""
    rows = np.isfinite(yi) & np.isfinite(vi)
    common = stats.pool(yi[rows], vi[rows], model="common")
    random = stats.pool(yi[rows], vi[rows], tau2=tau2, ci="normal")
    names = {**POOLED}
    return {
        **of("fixed", common, names),
        **of("random", random, names),
        "tau2": random.tau2,
        "i2": random.i2_q,
        "yi": yi[rows],
        "vi": vi[rows],
    }


BOTH = {**under("fixed", POOLED), **under("random", POOLED), "tau2": "random.tau2", "yi": "yi", "vi": "vi"}


# --- metabin ------------------------------------------------------------------------------------------


def zeros(columns: Columns) -> str:
    """Name what kind of zero cells a set of tables has."""
    a, n1, c, n2 = (np.array(columns[name]) for name in ("events1", "n1", "events2", "n2"))
    none, only = (a == 0) & (c == 0), (a == n1) & (c == n2)
    if (none | only).any():
        return "arms of none or all in both"
    empty = (a == 0) | (c == 0) | (a == n1) | (c == n2)
    return "zero cells" if empty.any() else "no zero cell"


def metabin(rng: np.random.Generator, sets: int) -> Iterator[Question]:
    for _ in range(sets):
        columns = models_sparse.tables(rng)
        kind, label = zeros(columns), shown(columns)
        given = dict(zip(("event_e", "n_e", "event_c", "n_c"), columns.values(), strict=True))
        tau2 = str(rng.choice([*CLOSED, "REML"]))
        for sm in ("RR", "OR", "RD", "AS"):
            arguments = {**given, "sm": sm, "method": "Inverse", "method_tau": tau2}
            asked = [("metabin", arguments)]
            yield Question(
                f"metabin Inverse {sm}, {kind}",
                f"{tau2}, {label}",
                asked,
                BOTH,
                partial(_inverse, sm, columns, tau2),
            )
            if sm == "AS":
                continue
            yield Question(
                f"metabin MH {sm} (as MH.exact), {kind}",
                label,
                [("metabin", {**given, "sm": sm, "method": "MH"})],
                {"estimate": "fixed.pooled_est", "se": "fixed.pooled_se", "p_value": "fixed.p_value"},
                reading(
                    ("estimate", "se", "p_value"),
                    stats.mantel_haenszel,
                    *columns.values(),
                    measure=sm,
                    variance="greenland-robins" if sm == "RD" else None,
                ),
            )
            yield Question(
                f"metabin MH {sm}, DL about MH (Q.Cochrane), {kind}",
                label,
                [("metabin", {**given, "sm": sm, "method": "MH", "method_tau": "DL"})],
                {"estimate": "random.pooled_est", "se": "random.pooled_se", "tau2": "random.tau2"},
                reading(
                    ("estimate", "se", "tau2"),
                    stats.mantel_haenszel,
                    *columns.values(),
                    measure=sm,
                    model="random",
                    row_effect=sm != "RD",
                    row_double_zero={"RD": "keep", "RR": "drop-no-event", "OR": "drop"}[sm],
                ),
            )
        ends = {
            "estimate": "fixed.pooled_est",
            "se": "fixed.pooled_se",
            "p_value": "fixed.p_value",
            "q": "fixed.q",
        }
        asked = [("metabin", {**given, "sm": "OR", "method": "Peto"})]
        yield Question(
            f"metabin Peto, {kind}", label, asked, ends, reading(ends, stats.peto, *columns.values())
        )
        take = {"estimate": "fixed.pooled_est", "se": "fixed.pooled_se", "phi": "phi"}
        take["random se (meta: times phi)"] = "random.pooled_se"
        asked = [("metabin", {**given, "sm": "OR", "method": "LRP"})]
        yield Question(f"metabin LRP, {kind}", label, asked, take, partial(_penalised, columns))


def _inverse(sm: str, columns: Columns, tau2: str) -> Values:
    extra: dict[str, Any] = {"RD": {"correct_effect": False}, "AS": {"add": 0.0, "to": "none"}}.get(sm, {})
    found = stats.effect_size(sm, **columns, **extra)
    return both_pooled(found.yi, found.vi, tau2)


def _penalised(columns: Columns) -> Values:
    fit = stats.event_regression(*columns.values(), profile=False)
    random = fit.se * fit.dispersion
    return {
        "estimate": fit.estimate,
        "se": fit.se,
        "phi": fit.dispersion,
        "random se (meta: times phi)": random,
    }


# --- means, correlations, single groups ---------------------------------------------------------------


def metacont(rng: np.random.Generator, sets: int) -> Iterator[Question]:
    for number in range(sets):
        columns = lists(data_sets.arms(rng, int(rng.integers(2, 14))))
        names = ("mean_e", "sd_e", "n_e", "mean_c", "sd_c", "n_c")
        given = dict(zip(names, columns.values(), strict=True))
        tau2 = (*CLOSED, "REML")[number % 5]
        for sm in ("MD", "SMD", "SMDH"):
            arguments = {**given, "sm": sm, "method_tau": tau2}
            name = f"metacont {sm}, {'REML' if tau2 == 'REML' else 'closed tau²'}"
            yield Question(
                name,
                f"{tau2}, {shown(columns)}",
                [("metacont", arguments)],
                BOTH,
                partial(_inverse_of_means, sm, columns, tau2),
            )


def _inverse_of_means(sm: str, columns: Columns, tau2: str) -> Values:
    found = stats.effect_size(sm, **columns)
    return both_pooled(found.yi, found.vi, tau2)


def single_groups(rng: np.random.Generator, sets: int) -> Iterator[Question]:
    """metaprop, metarate, metamean, metacor: effects, pooled values and the way back."""
    for number in range(sets):
        k = int(rng.integers(2, 14))
        tau2 = (*CLOSED, "REML")[number % 5]
        iterated = "REML" if tau2 == "REML" else "closed tau²"
        counts = lists(data_sets.proportions(rng, k))
        for sm, measure in (
            ("PLOGIT", "PLO"),
            ("PLN", "PLN"),
            ("PRAW", "PR"),
            ("PAS", "PAS"),
            ("PFT", "PFT"),
        ):
            whole = "with 0 or n events" if _extreme(counts) else "1 to n - 1 events"
            yield Question(
                f"metaprop {sm}, {whole}, {iterated}",
                f"{tau2}, {shown(counts)}",
                [("metaprop", {"event": counts["events"], "n": counts["n"], "sm": sm, "method_tau": tau2})],
                {
                    **BOTH,
                    "natural": "random_prop",
                    "natural low": "random_lower",
                    "natural high": "random_upper",
                },
                partial(_proportions, measure, counts, tau2),
            )
        rates = lists(data_sets.single_rates(rng, k))
        for measure in ("IR", "IRLN", "IRS", "IRFT"):
            for rule, to in (("only0", "only-zero"), ("if0all", "if-any-zero"), ("all", "all")):
                yield Question(
                    f"metarate {measure}, {iterated}",
                    f"{rule}, {tau2}, {shown(rates)}",
                    [
                        (
                            "metarate",
                            {
                                "event": rates["events"],
                                "time": rates["time"],
                                "sm": measure,
                                "method_tau": tau2,
                                "method_incr": rule,
                            },
                        )
                    ],
                    {
                        **BOTH,
                        "natural": "random_rate",
                        "natural low": "random_lower",
                        "natural high": "random_upper",
                    },
                    partial(_rates, measure, rates, tau2, to),
                )
        means = lists(data_sets.single_means(rng, k))
        for sm, measure in (("MRAW", "MN"), ("MLN", "MNLN")):
            yield Question(
                f"metamean {sm}, {iterated}",
                f"{tau2}, {shown(means)}",
                [("metamean", {**means, "sm": sm, "method_tau": tau2})],
                {
                    **BOTH,
                    "natural": "random_mean",
                    "natural low": "random_lower",
                    "natural high": "random_upper",
                },
                partial(_natural, measure, stats.effect_size(measure, **means), tau2),
            )
        pairs = lists(data_sets.correlations(rng, k))
        for sm in ("ZCOR", "COR"):
            yield Question(
                f"metacor {sm}, {iterated}",
                f"{tau2}, {shown(pairs)}",
                [("metacor", {"cor": pairs["r"], "n": pairs["n"], "sm": sm, "method_tau": tau2})],
                {
                    **BOTH,
                    "natural": "random_cor",
                    "natural low": "random_lower",
                    "natural high": "random_upper",
                },
                partial(_natural, sm, stats.effect_size(sm, **pairs), tau2),
            )


def _extreme(counts: Columns) -> bool:
    events, n = np.array(counts["events"]), np.array(counts["n"])
    return bool(((events == 0) | (events == n)).any())


def _natural(measure: str, found: Any, tau2: str, **back: Any) -> Values:
    rows = np.isfinite(found.yi) & np.isfinite(found.vi)
    fit = stats.pool(found.yi[rows], found.vi[rows], tau2=tau2, ci="normal")
    ends = [
        float(stats.back_transform(one, measure, **back)) for one in (fit.estimate, fit.ci_low, fit.ci_high)
    ]
    names = ("natural", "natural low", "natural high")
    return {**both_pooled(found.yi, found.vi, tau2), **dict(zip(names, ends, strict=True))}


def _proportions(measure: str, counts: Columns, tau2: str) -> Values:
    extra: dict[str, Any] = {"PLN": {"cells": "events"}, "PR": {"correct_effect": False}}.get(measure, {})
    back = {"n": counts["n"]} if measure == "PFT" else {}
    return _natural(measure, stats.effect_size(measure, **counts, **extra), tau2, **back)


def _rates(measure: str, rates: Columns, tau2: str, to: str) -> Values:
    rule = {"to": to} if measure in ("IR", "IRLN") else {"add": 0.0, "to": "none"}
    back = {"n": rates["time"]} if measure == "IRFT" else {}
    return _natural(measure, stats.effect_size(measure, **rates, **rule), tau2, **back)


def metainc(rng: np.random.Generator, sets: int) -> Iterator[Question]:
    for number in range(sets):
        columns = models_sparse.rates(rng)
        given = dict(zip(("event_e", "time_e", "event_c", "time_c"), columns.values(), strict=True))
        tau2 = (*CLOSED, "REML")[number % 5]
        none = np.minimum(columns["events1"], columns["events2"]) == 0
        kind = "an arm without events" if none.any() else "events in all arms"
        for sm in ("IRR", "IRD", "IRSD"):
            yield Question(
                f"metainc Inverse {sm}, {kind}, {'REML' if tau2 == 'REML' else 'closed tau²'}",
                f"{tau2}, {shown(columns)}",
                [("metainc", {**given, "sm": sm, "method": "Inverse", "method_tau": tau2})],
                BOTH,
                partial(_two_rates, sm, columns, tau2),
            )
        ends = {"estimate": "fixed.pooled_est", "se": "fixed.pooled_se", "p_value": "fixed.p_value"}
        for sm in ("IRR", "IRD"):
            yield Question(
                f"metainc MH {sm}, {kind}",
                shown(columns),
                [("metainc", {**given, "sm": sm, "method": "MH"})],
                ends,
                reading(ends, stats.mantel_haenszel_rates, *columns.values(), measure=sm),
            )
        yield Question(
            f"metainc Cochran IRR, {kind}",
            shown(columns),
            [("metainc", {**given, "sm": "IRR", "method": "Cochran"})],
            ends,
            reading(ends, stats.cochran_rate_ratio, *columns.values()),
        )


def _two_rates(sm: str, columns: Columns, tau2: str) -> Values:
    # pimeta corrects all studies where one has an arm without events (method.incr = "if0all")
    rule: dict[str, dict[str, Any]] = {
        "IRSD": {"add": 0.0, "to": "none"},
        "IRD": {"to": "if-any-zero", "correct_effect": False},
        "IRR": {"to": "if-any-zero", "drop_double_zero": "keep"},
    }
    found = stats.effect_size(sm, **columns, **rule[sm])
    return both_pooled(found.yi, found.vi, tau2)


# --- metagen and what rests on it ---------------------------------------------------------------------


def metagen(seed: int) -> Iterator[Question]:
    parts = {
        "common": "TE_common",
        "common se": "seTE_common",
        "common low": "lower_common",
        "common high": "upper_common",
        "estimate": "TE_random",
        "se": "seTE_random",
        "ci_low": "lower_random",
        "ci_high": "upper_random",
        "p_value": "pval_random",
        "q": "Q",
        "q_df": "df_Q",
        "q_p_value": "pval_Q",
        "tau2": "tau2",
        "h_q": "H",
        "h_q_ci_low": "lower_H",
        "h_q_ci_high": "upper_H",
        "i2_q": "I2",
        "i2_q_ci_low": "lower_I2",
        "i2_q_ci_high": "upper_I2",
        "prediction_low": "lower_predict",
        "prediction_high": "upper_predict",
    }
    for shape, yi, vi in data_sets.fit_sets(seed, 1):
        if yi.size < 2:
            continue
        for tau2 in (*CLOSED, *ITERATED):
            kind = "closed tau²" if tau2 in CLOSED else tau2
            yield Question(
                f"metagen, {kind}",
                f"{shape}, {tau2}",
                [("metagen", {"TE": yi.tolist(), "seTE": np.sqrt(vi).tolist(), "method_tau": tau2})],
                parts,
                partial(_generic, yi, vi, tau2),
            )


def _generic(yi: np.ndarray, vi: np.ndarray, tau2: str) -> Values:
    common = stats.pool(yi, vi, model="common")
    fit = stats.pool(yi, vi, tau2=tau2, ci="normal", prediction="V")
    spread = fit.heterogeneity()
    share = {
        name: getattr(spread, name) / 100 if getattr(spread, name) is not None else None
        for name in ("i2_q", "i2_q_ci_low", "i2_q_ci_high")
    }
    names = (
        "estimate",
        "se",
        "ci_low",
        "ci_high",
        "p_value",
        "q",
        "q_df",
        "q_p_value",
        "tau2",
        "prediction_low",
        "prediction_high",
    )
    return {
        "common": common.estimate,
        "common se": common.se,
        "common low": common.ci_low,
        "common high": common.ci_high,
        **{name: getattr(fit, name) for name in names},
        "h_q": spread.h_q,
        "h_q_ci_low": spread.h_q_ci_low,
        "h_q_ci_high": spread.h_q_ci_high,
        **share,
    }


def questions(rng: np.random.Generator, sets: int) -> list[Question]:
    return [
        *metabin(rng, sets),
        *metacont(rng, sets),
        *single_groups(rng, sets),
        *metainc(rng, sets),
        *metagen(int(rng.integers(1, 1000))),
    ]
