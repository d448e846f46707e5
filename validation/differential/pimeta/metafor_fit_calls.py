"""The questions about metafor's fits and what rests on them: limits, predictions, bias, selection, dependence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import data_sets
import numpy as np
from questions import Question, Values, named, reading

from evergrove import stats

#: Fields of our fits by the names of pimeta's rma.
RMA = {
    "estimate": "b.0",
    "se": "se.0",
    "ci_low": "ci_lb.0",
    "ci_high": "ci_ub.0",
    "p_value": "pval.0",
    "tau2": "tau2",
    "i2": "I2",
    "h2": "H2",
    "q": "QE",
    "q_p_value": "QEp",
}
TESTS = {"z": "normal", "t": "t", "knha": "hartung-knapp", "adhoc": "hartung-knapp-truncated"}
CLOSED = ("DL", "HE", "HS", "SJ")
PLAIN_SHAPES = (
    "ordinary",
    "equal variances",
    "one study of nearly all weight",
    "variances 1e-4 to 1e2",
    "outlier",
)


def fields(found: Any, names: dict[str, str]) -> Values:
    return {name: getattr(found, name) for name in names}


def sets(seed: int, least: int = 2) -> Iterator[tuple[str, list[float], list[float]]]:
    """Yield effects and variances of ordinary size."""
    for shape, yi, vi in data_sets.fit_sets(seed, 1):
        if yi.size >= least and shape.split(",")[0] in PLAIN_SHAPES:
            yield shape, yi.tolist(), vi.tolist()


def fits(seed: int) -> Iterator[Question]:
    """rma, confint, predict, hc, the asymmetry tests, trim and fill, fail-safe N, excess significance."""
    for shape, yi, vi in sets(seed):
        for method in (*CLOSED, "REML", "ML", "PM", "EB"):
            for test, ci in TESTS.items():
                kind = "closed tau²" if method in CLOSED else method
                yield Question(
                    f"rma, {kind}",
                    f"{method}, {test}, {shape}",
                    [("rma", {"yi": yi, "vi": vi, "method": method, "test": test})],
                    RMA,
                    reading(RMA, stats.pool, yi, vi, tau2=method, ci=ci),
                )
        if len(yi) < 3:
            continue
        yield from _predictions(shape, yi, vi)
        limits = {
            "tau2_ci_low": "tau2_lb",
            "tau2_ci_high": "tau2_ub",
            "i2_ci_low": "i2_lb",
            "i2_ci_high": "i2_ub",
        }
        for kind, interval in (("QP", "q-profile"), ("HT", "higgins-thompson"), ("PL", "profile-likelihood")):
            fit = stats.pool(yi, vi, tau2="REML" if kind == "PL" else "DL", tau2_ci=interval)
            yield Question(
                f"confint tau² {kind}",
                shape,
                [("confint_tau2", {"y": yi, "v": vi, "tau2": fit.tau2, "type": kind, "method": "REML"})],
                limits,
                reading(limits, fit.heterogeneity),
            )
        ends = {"estimate": "beta", "se": "se", "ci_low": "ci_lb", "ci_high": "ci_ub", "tau2": "tau2"}
        yield Question(
            "hc",
            shape,
            [("hc_rma", {"yi": yi, "vi": vi})],
            ends,
            reading(ends, stats.pool, yi, vi, model="henmi-copas"),
        )
        yield from _bias(shape, yi, vi)


def _predictions(shape: str, yi: list[float], vi: list[float]) -> Iterator[Question]:
    take = {"ci_low": "ci_lb", "ci_high": "ci_ub", "prediction_low": "pi_lb", "prediction_high": "pi_ub"}
    for test, ci in (("z", "normal"), ("knha", "hartung-knapp")):
        for kind, prediction in (("default", "test"), ("riley", "t(k-2)"), ("t", "t(k-1)")):
            fit = stats.pool(yi, vi, tau2="DL", ci=ci, prediction=prediction)
            given = {
                "est": fit.estimate,
                "se": fit.se,
                "tau2": fit.tau2,
                "k": fit.k,
                "predtype": kind,
                "test": test,
            }
            yield Question(
                f"predict, predtype {kind}",
                f"{test}, {shape}",
                [("predict_rma", given)],
                take,
                partial(fields, fit, take),
            )


def _bias(shape: str, yi: list[float], vi: list[float]) -> Iterator[Question]:
    line = {
        "statistic": "stat",
        "p_value": "p",
        "intercept": "intercept",
        "slope": "slope",
        "slope_se": "slope_se",
    }
    n = [round(4.0 / one) + 2.0 for one in vi]
    words = {
        "sei": "se",
        "vi": "variance",
        "ni": "n",
        "ninv": "1/n",
        "sqrtni": "sqrt(n)",
        "sqrtninv": "1/sqrt(n)",
    }
    for theirs, ours in words.items():
        for model, options in (("lm", {"model": "multiplicative"}), ("rma", {"tau2": "DL"})):
            wanted = (
                line
                if theirs not in ("ni", "sqrtni")
                else {name: path for name, path in line.items() if name != "intercept"}
            )
            yield Question(
                f"regtest {model}",
                f"{theirs}, {shape}",
                [
                    (
                        "regtest",
                        {"y": yi, "v": vi, "ni": n, "predictor": theirs, "model": model, "method": "DL"},
                    )
                ],
                wanted,
                reading(wanted, stats.regression_test, yi, vi, predictor=ours, n=n, **options),
            )
    yield Question(
        "ranktest",
        shape,
        [("begg_test", {"y": yi, "v": vi})],
        {"tau": "tau", "p_value": "p"},
        reading({"tau": "", "p_value": ""}, stats.rank_test, yi, vi),
    )
    for estimator in ("L0", "R0", "Q0"):
        for method in ("EE", "DL"):
            fill = {"missing": "k0", "missing_se": "se_k0", "estimate": "filled_effect", "se": "filled_se"}
            options = {"model": "common"} if method == "EE" else {"tau2": "DL", "ci": "normal"}
            yield Question(
                f"trimfill {estimator} {method}",
                shape,
                [("trimfill", {"y": yi, "v": vi, "estimator": estimator, "method_tau": method})],
                fill,
                reading(fill, stats.trim_and_fill, yi, vi, estimator=estimator, **options),
            )
    for kind, method in (("Rosenthal", "rosenthal"), ("Rosenberg", "rosenberg"), ("Orwin", "orwin")):
        yield Question(
            f"fsn {kind}",
            shape,
            [("fsn", {"yi": yi, "vi": vi, "type": kind})],
            {"n": "fsnum"},
            reading({"n": ""}, stats.fail_safe_n, yi, vi, method=method),
        )
    if len(yi) > 13:
        return
    excess = {"observed": "O", "expected": "E", "p_value": "pval", "power": "power"}
    for test, ours in (("exact", "exact"), ("chi2", "chi-square"), ("binom", "binomial")):
        for side, alternative in (("two.sided", "two-sided"), ("greater", "greater"), ("less", "less")):
            for tau2 in (0.0, 0.1):
                yield Question(
                    f"tes {test}",
                    f"{side}, tau² {tau2}, {shape}",
                    [
                        (
                            "tes",
                            {
                                "yi": yi,
                                "vi": vi,
                                "test": test,
                                "alternative": side,
                                "tau2": tau2,
                                "find_lim": False,
                            },
                        )
                    ],
                    excess,
                    reading(
                        excess,
                        stats.excess_significance,
                        yi,
                        vi,
                        test=ours,
                        alternative=alternative,
                        tau2=tau2,
                    ),
                )


def regressions(rng: np.random.Generator, seed: int) -> Iterator[Question]:
    """rma with a moderator, its predictions and VIF; location-scale models."""
    take = {
        "estimate": "b",
        "se": "se",
        "p_value": "pval",
        "tau2": "tau2",
        "i2": "I2",
        "q": "QE",
        "q_p_value": "QEp",
    }
    for shape, yi, vi in sets(seed, 5):
        x = rng.normal(size=(len(yi), 2)).round(3)
        for method in ("DL", "HE", "SJ", "REML"):
            for test, ci in TESTS.items():
                yield Question(
                    f"rma with moderators, {'REML' if method == 'REML' else 'closed tau²'}",
                    f"{method}, {test}, {shape}",
                    [("rma", {"yi": yi, "vi": vi, "mods": x.tolist(), "method": method, "test": test})],
                    take,
                    reading(take, stats.meta_regression, yi, vi, x, tau2=method, ci=ci),
                )
        if len(yi) != 13:
            continue
        take_vif = {"vif": "vifs"}
        yield Question(
            "vif",
            shape,
            [
                ("rma", {"yi": yi, "vi": vi, "mods": x.tolist(), "method": "DL"}),
                ("vif", {"result": {"result": 0}}),
            ],
            take_vif,
            reading(
                take_vif, stats.variance_inflation, stats.meta_regression(yi, vi, x, tau2="DL", ci="normal")
            ),
        )
        scale = {
            "estimate": "b",
            "se": "se",
            "scale_estimate": "alpha",
            "scale_se": "se_alpha",
            "log_likelihood": "ll",
            "tau2": "tau2",
        }
        for likelihood in ("REML", "ML"):
            yield Question(
                f"rma.ls {likelihood}",
                shape,
                [("rma_ls", {"yi": yi, "vi": vi, "scale": x[:, :1].tolist(), "method": likelihood})],
                scale,
                reading(scale, stats.location_scale, yi, vi, scale=x[:, :1], likelihood=likelihood),
            )


def selection(seed: int) -> Iterator[Question]:
    take = {"estimate": "b.0", "tau2": "tau2", "delta": "delta", "log_likelihood": "ll"}
    kinds: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("stepfun", {"steps": [0.025]}, {"steps": 0.025}),
        ("stepfun", {"steps": [0.025, 0.5]}, {"steps": [0.025, 0.5]}),
        ("stepfun", {"steps": [0.025, 0.5], "decreasing": True}, {"steps": [0.025, 0.5], "decreasing": True}),
        ("beta", {}, {"weights": "beta"}),
        ("halfnorm", {}, {"weights": "half-normal"}),
        ("negexp", {}, {"weights": "negative-exponential"}),
        ("logistic", {}, {"weights": "logistic"}),
        ("power", {}, {"weights": "power"}),
        ("trunc", {"steps": [0.0]}, {"weights": "truncated", "steps": 0.0}),
    ]
    for shape, yi, vi in sets(seed, 13):
        if len(yi) > 13:
            continue
        for kind, theirs, ours in kinds:
            label = f"selmodel {kind}{' decreasing' if 'decreasing' in theirs else ''}"
            wanted = (
                {name: path for name, path in take.items() if name != "delta"}
                if "decreasing" in theirs or kind == "stepfun"
                else take
            )
            yield Question(
                label,
                shape,
                [
                    ("rma", {"yi": yi, "vi": vi, "method": "ML"}),
                    ("selmodel", {"x": {"result": 0}, "type": kind, **theirs}),
                ],
                wanted,
                reading(wanted, stats.selection_model, yi, vi, **ours),
            )


def dependent(rng: np.random.Generator, seed: int) -> Iterator[Question]:
    for shape, yi, vi in sets(seed, 13):
        k = len(yi)
        if k > 13:
            continue
        study = [int(one) for one in np.sort(rng.integers(0, max(3, k // 3), k))]
        obs = list(range(k))
        for rho in (0.0, 0.6):
            yield Question(
                "vcalc, obs",
                f"rho {rho}, {shape}",
                [("vcalc", {"vi": vi, "cluster": study, "obs": obs, "rho": rho})],
                {"V": ""},
                named("V", stats.vcalc, vi, study, obs=obs, rho=rho),
            )
        levels = {"estimate": "beta.0", "se": "se.0", "sigma2": "sigma2", "log_likelihood": "ll"}
        for method in ("REML", "ML"):
            yield Question(
                f"rma.mv nested, {method}",
                shape,
                [
                    (
                        "rma_mv",
                        {
                            "yi": yi,
                            "vi": vi,
                            "data": {"study": study, "obs": obs},
                            "random": "~ 1 | study/obs",
                            "method": method,
                        },
                    )
                ],
                levels,
                partial(_levels, yi, vi, study, obs, method),
            )


def _levels(yi: list[float], vi: list[float], study: list[int], obs: list[int], method: str) -> Values:
    fit = stats.multilevel(yi, vi, random="~ 1 | study/obs", data={"study": study, "obs": obs}, method=method)
    return {
        "estimate": fit.estimate[0],
        "se": fit.se[0],
        "sigma2": fit.sigma2,
        "log_likelihood": fit.log_likelihood,
    }


def questions(rng: np.random.Generator, _count: int) -> list[Question]:
    seed = int(rng.integers(1, 1000))
    return [*fits(seed), *regressions(rng, seed), *selection(seed), *dependent(rng, seed)]
