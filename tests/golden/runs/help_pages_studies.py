"""The examples of metafor's help pages on single studies, sparse data and small-study effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.help_pages import (
    AS_METAFOR,
    asks,
    bcg_mean,
    compared,
    dorn,
    effects,
    pignon,
    pooled,
    values_of,
    viechtbauer,
    without_isis4,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from golden.help_pages import Answer, Data, Row


# --- single studies -------------------------------------------------------------------------------------
STUDIES = "help_pages_studies"
LIMITS = ("estimate", "ci_low", "ci_high")


def counts(own: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return events and patients of the two arms of the BCG trials."""
    return own["tpos"], own["tpos"] + own["tneg"], own["cpos"], own["cpos"] + own["cneg"]


def _mantel_haenszel(own: Data, measure: str = "RR") -> Callable[[Any], stats.PoolResult]:
    return lambda keep: stats.mantel_haenszel(*(arm[keep] for arm in counts(own)), measure=measure)


def _peto(own: Data) -> Callable[[Any], stats.PoolResult]:
    return lambda keep: stats.peto(*(arm[keep] for arm in counts(own)))


def _year(data: dict[str, Data]) -> np.ndarray:
    return data["bcg"]["year"]


asks(STUDIES, "escalc", "RR")(lambda data: effects(data["bcg"]))
asks(STUDIES, "print.escalc", "summary")(lambda data: effects(data["bcg"]).intervals())
asks(STUDIES, "print.escalc", "risk ratios")(lambda data: effects(data["bcg"]).intervals(natural=True))
asks(STUDIES, "cumul", "random effects")(lambda data: stats.cumulative(bcg_mean(data), order=_year(data)))
asks(STUDIES, "cumul", "Mantel-Haenszel")(
    lambda data: stats.cumulative(_mantel_haenszel(data["bcg"]), 13, order=_year(data))
)
asks(STUDIES, "cumul", "Peto")(lambda data: stats.cumulative(_peto(data["bcg"]), 13, order=_year(data)))
asks(STUDIES, "cumul", "a missing effect, without study 2")(
    lambda data: stats.cumulative(bcg_mean(data, slice(2, None)), order=_year(data)[2:])
)
asks(STUDIES, "leave1out", "random effects")(lambda data: stats.leave_one_out(bcg_mean(data)))
asks(STUDIES, "leave1out", "Mantel-Haenszel")(
    lambda data: stats.leave_one_out(_mantel_haenszel(data["bcg"]), 13)
)
asks(STUDIES, "leave1out", "Peto")(lambda data: stats.leave_one_out(_peto(data["bcg"]), 13))
asks(STUDIES, "baujat", "EE")(lambda data: stats.baujat(*pignon(data), model="common", ci="normal"))


def _blups(data: dict[str, Data]) -> dict[str, Any]:
    found = stats.blups(bcg_mean(data))
    return {"estimate": found.effect, "se": found.se, "ci_low": found.ci_low, "ci_high": found.ci_high}


asks(STUDIES, "blup", "log risk ratios")(_blups)
asks(STUDIES, "blup", "risk ratios")(
    lambda data: {name: np.exp(value) for name, value in _blups(data).items() if name != "se"}
)


@asks(STUDIES, "ranef", "log risk ratios")
def _deviations(data: dict[str, Data]) -> Answer:
    found = stats.blups(bcg_mean(data))
    return {
        "estimate": found.deviation,
        "se": found.deviation_se,
        "ci_low": found.deviation_ci_low,
        "ci_high": found.deviation_ci_high,
    }


def _diagnostics(*moderators: str) -> Callable[[dict[str, Data]], stats.InfluenceDiagnostics]:
    def diagnose(data: dict[str, Data]) -> stats.InfluenceDiagnostics:
        sizes = effects(data["bcg"])
        columns = [data["bcg"][name] for name in moderators]
        design = np.column_stack([np.ones(sizes.yi.size), *columns])
        return stats.influence_diagnostics(sizes.yi, sizes.vi, design, ci="normal")

    return diagnose


def _deleted(found: stats.InfluenceDiagnostics) -> dict[str, Any]:
    return {
        "residual": found.deleted_residual,
        "residual_se": found.deleted_residual_se,
        "z": found.rstudent,
    }


@asks(STUDIES, "influence.rma.uni", "ablat + year")
def _influence(data: dict[str, Data]) -> Answer:
    found = _diagnostics("ablat", "year")(data)
    return {**found.columns(), "dfbetas": found.dfbetas.T.ravel()}


asks(STUDIES, "residuals.rma", "random effects")(lambda data: _deleted(_diagnostics()(data)))
asks(STUDIES, "residuals.rma", "ablat")(lambda data: _deleted(_diagnostics("ablat")(data)))


@asks(STUDIES, "residuals.rma", "random effects, standardised")
def _standardised(data: dict[str, Data]) -> Answer:
    found = _diagnostics()(data)
    return {"residual": found.residual, "residual_se": found.residual_se, "z": found.rstandard}


@asks(STUDIES, "methods.list.rma", "dose")
def _dose(data: dict[str, Data]) -> Answer:
    sizes = viechtbauer(data)
    design = np.column_stack([np.ones(sizes.yi.size), data["viechtbauer"]["dose"]])
    return _deleted(stats.influence_diagnostics(sizes.yi, sizes.vi, design, ci="normal"))


@asks(STUDIES, "profile.rma", "OR")
def _profile(data: dict[str, Data]) -> Answer:
    sizes = effects(data["bcg"], "OR")
    grid = values_of(STUDIES, "profile.rma", "OR")["tau2"]
    fits = [pooled(sizes, tau2=value) for value in grid]
    own = {name: [getattr(fit, name) for fit in fits] for name in LIMITS}
    return {"tau2": grid, "log_likelihood": [fit.fit_statistics().reml.log_likelihood for fit in fits], **own}


def _kind_of_study(case: str, name: str) -> str:
    if case in {"Mantel-Haenszel", "Peto", "RR", "summary", "risk ratios"} and "p_value" not in name:
        return "closed-form"
    return "tau2" if name == "tau2" else "deleted"


def help_pages_studies() -> Iterator[Row]:
    yield from compared(STUDIES, _kind_of_study)


# --- sparse data ------------------------------------------------------------------------------------------
SPARSE = "help_pages_sparse"


def _with_tests(arms: tuple[np.ndarray, ...], measure: str) -> dict[str, Any]:
    fit = stats.mantel_haenszel(*arms, measure=measure)
    tests = {
        "mantel_haenszel": stats.cochran_mantel_haenszel_test(*arms, beyond_zero=True),
        "tarone": stats.homogeneity_test(*arms, method="tarone"),
        "breslow_day": stats.homogeneity_test(*arms, method="breslow-day"),
    }
    found = {name: test.statistic for name, test in tests.items()}
    found |= {f"{name}_p_value": test.p_value for name, test in tests.items()}
    names = (
        "estimate", "se", "statistic", "p_value", "ci_low", "ci_high", "q", "q_df", "q_p_value", "i2", "h2",
        "weights",
    )  # fmt: skip
    return {**{name: getattr(fit, name) for name in names}, **found}


def _hahn_arms(data: dict[str, Data]) -> tuple[np.ndarray, ...]:
    return tuple(data["hahn"][name] for name in ("ai", "n1i", "ci", "n2i"))


asks(SPARSE, "rma.mh", "OR")(lambda data: _with_tests(counts(data["bcg"]), "OR"))
asks(SPARSE, "rma.mh", "RR")(lambda data: stats.mantel_haenszel(*counts(data["bcg"]), measure="RR"))
asks(SPARSE, "rma.peto", "OR")(lambda data: stats.peto(*counts(data["bcg"])))
asks(SPARSE, "selmodel", "Hahn MH")(lambda data: _with_tests(_hahn_arms(data), "OR"))


def _glmm(model: str, *moderators: str) -> Callable[[dict[str, Data]], Answer]:
    def fit(data: dict[str, Data]) -> Answer:
        arms = dict(zip(("events1", "n1", "events2", "n2"), counts(data["bcg"]), strict=True))
        columns = np.column_stack([data["bcg"][name] for name in moderators]) if moderators else None
        found = stats.glmm("OR", model=model, moderators=columns, **arms)
        names = (
            "tau2",
            "i2",
            "h2",
            "q_wald",
            "q_wald_p_value",
            "q_lrt",
            "q_lrt_p_value",
            "q_df",
            "k",
            "parameters",
        )
        more = ("sigma2", "q_model", "q_model_p_value")
        return {
            **{name: getattr(found, name) for name in names + more},
            "estimate": found.coefficients,
            "se": found.coefficient_ses,
            "statistic": found.coefficients / found.coefficient_ses,
            "p_value": found.coefficient_p_values,
            "ci_low": found.coefficient_ci_lows,
            "ci_high": found.coefficient_ci_highs,
        }

    return fit


for _model in ("UM.FS", "UM.RS", "CM.AL", "CM.EL"):
    asks(SPARSE, "rma.glmm", _model)(_glmm(_model))
for _model in ("UM.FS", "CM.AL"):
    asks(SPARSE, "update.rma", _model)(_glmm(_model, "ablat"))


def _kind_of_sparse(case: str, name: str) -> str:
    if case.startswith(("UM", "CM")):
        fitted = {"estimate", "i2", "h2", "q_lrt", "q_df", "k", "parameters"}
        return "lme4-variance" if name in {"tau2", "sigma2"} else "lme4" if name in fitted else "lme4-hessian"
    return "p-value" if "p_value" in name else "closed-form"


def help_pages_sparse() -> Iterator[Row]:
    yield from compared(SPARSE, _kind_of_sparse)


# --- small-study effects ------------------------------------------------------------------------------------
BIAS = "help_pages_bias"
PREDICTORS = {"sei": "se", "vi": "variance", "ni": "n", "ninv": "1/n"}
MODELS = {"lm": "multiplicative", "rma": "random"}


def _asymmetry(model: str, predictor: str, *, beside: bool = False) -> Callable[[dict[str, Data]], Answer]:
    def test(data: dict[str, Data]) -> Answer:
        sizes = without_isis4(data)
        own = {name: np.delete(values, 15) for name, values in data["egger"].items()}
        return stats.regression_test(
            sizes.yi,
            sizes.vi,
            predictor=PREDICTORS[predictor],
            model=MODELS[model],
            n=own["n1i"] + own["n2i"],
            moderators=own["year"] if beside else None,
        )

    return test


for _kind in MODELS:
    for _predictor in PREDICTORS:
        asks(BIAS, "regtest", f"{_kind} {_predictor}")(_asymmetry(_kind, _predictor))
    asks(BIAS, "regtest", f"{_kind} beside year")(_asymmetry(_kind, "sei", beside=True))


def _on_bcg(function: Any, **options: Any) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: function((sizes := effects(data["bcg"])).yi, sizes.vi, **options)


asks(BIAS, "ranktest", "RR")(_on_bcg(stats.rank_test))
asks(BIAS, "fsn", "Rosenthal")(_on_bcg(stats.fail_safe_n))
asks(BIAS, "fsn", "Orwin")(
    lambda data: stats.fail_safe_n(effects(data["bcg"]).yi, method="orwin", target=np.log(0.95))
)
asks(BIAS, "fsn", "Orwin, weighted")(_on_bcg(stats.fail_safe_n, method="orwin", target=np.log(0.95)))
asks(BIAS, "fsn", "Rosenberg")(_on_bcg(stats.fail_safe_n, method="rosenberg"))


def _excess(**options: Any) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: stats.excess_significance(
        (sizes := dorn(data)).yi, sizes.vi, test="chi-square", **options
    )


asks(BIAS, "tes", "chi2")(_excess())
asks(BIAS, "tes", "limit")(_excess())
for _theta in (0, 0.2, 0.6, 1):
    asks(BIAS, "tes", f"theta {_theta}")(_excess(theta=_theta))
for _alpha in (0.01, 0.2, 0.7):
    asks(BIAS, "tes", f"alpha {_alpha}")(_excess(alpha=_alpha))


def _trimmed(**options: Any) -> Callable[[dict[str, Data]], Answer]:
    def fill(data: dict[str, Data]) -> Answer:
        found = _on_bcg(stats.trim_and_fill, ci="normal", **options)(data)
        names = (
            "estimate", "se", "statistic", "p_value", "ci_low", "ci_high", "tau2", "i2", "h2", "q", "q_df",
            "q_p_value", "k",
        )  # fmt: skip
        return {
            **{name: getattr(found, name) for name in ("missing", "missing_se", "missing_p_value")},
            "filled_yi": np.sort(found.filled.yi),
            **{name: getattr(found.filled, name) for name in names},
        }

    return fill


asks(BIAS, "trimfill", "L0 EE")(_trimmed(model="common"))
asks(BIAS, "trimfill", "R0 EE")(_trimmed(model="common", estimator="R0"))
asks(BIAS, "trimfill", "L0 REML")(_trimmed())
asks(BIAS, "trimfill", "trimmed EE, filled REML")(
    lambda data: _on_bcg(stats.trim_and_fill, trim_model="common", **AS_METAFOR)(data).filled
)


def _henmi_copas(data: dict[str, Data]) -> stats.PoolResult:
    return stats.pool((sizes := effects(data["lee"], "OR")).yi, sizes.vi, model="henmi-copas")


asks(BIAS, "hc", "log odds ratios")(_henmi_copas)
asks(BIAS, "hc", "odds ratios")(
    lambda data: {
        **{name: np.exp(getattr(_henmi_copas(data), name)) for name in LIMITS},
        "tau2": _henmi_copas(data).tau2,
    }
)
asks(BIAS, "transf", "median risk ratio")(lambda data: bcg_mean(data, measure="RR").natural())


@asks(BIAS, "transf", "mean risk ratio")
def _mean_ratio(data: dict[str, Data]) -> Answer:
    fit = bcg_mean(data)
    names = (*LIMITS, "prediction_low", "prediction_high")
    return {name: stats.average_back_transform(getattr(fit, name), "RR", fit.tau2) for name in names}


def _kind_of_bias(case: str, name: str) -> str:
    return "integrated" if "odds ratios" in case or case == "mean risk ratio" else "bias-iterated"


def help_pages_bias() -> Iterator[Row]:
    yield from compared(BIAS, _kind_of_bias)


RUNS = (help_pages_studies, help_pages_sparse, help_pages_bias)


def COVERED() -> dict[type, set[str]]:  # noqa: N802 - stands beside RUNS
    """Return nothing: the options are covered by the other families."""
    return {}
