"""The examples of metafor's help pages on one mean and on moderators."""

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
    hahn,
    pignon,
    pooled,
    viechtbauer,
    without_isis4,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from golden.help_pages import Answer, Data, Row

# --- one mean -------------------------------------------------------------------------------------------
MEANS = "help_pages_means"


def _allocated(how: str) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: bcg_mean(data, data["bcg"]["alloc"] == how)


for _how in ("alternate", "random", "systematic"):
    asks(MEANS, "rma.uni", _how)(_allocated(_how))
asks(MEANS, "rma.uni", "REML")(bcg_mean)
asks(MEANS, "rma.uni", "FE")(lambda data: bcg_mean(data, model="common"))
asks(MEANS, "fsn", "EE")(lambda data: bcg_mean(data, model="common"))
asks(MEANS, "fitstats", "ML")(lambda data: bcg_mean(data, tau2="ML"))
asks(MEANS, "funnel", "2:10")(lambda data: bcg_mean(data, slice(1, 10)))
asks(MEANS, "cumul", "a missing effect, without study 2")(lambda data: bcg_mean(data, slice(2, None)))
asks(MEANS, "rma.uni", "Bangert-Drowns")(
    lambda data: stats.pool(data["bangert"]["yi"], data["bangert"]["vi"], **AS_METAFOR)
)
asks(MEANS, "rma.mv", "OR")(lambda data: pooled(effects(data["bcg"], "OR")))
asks(MEANS, "rma.glmm", "OR ML")(lambda data: pooled(effects(data["bcg"], "OR"), tau2="ML"))
asks(MEANS, "forest.rma", "PR")(
    lambda data: pooled(stats.effect_size("PR", events=data["pritz"]["xi"], n=data["pritz"]["ni"]))
)
asks(MEANS, "funnel", "simulated correlations EE")(
    lambda data: pooled(
        stats.effect_size("ZCOR", r=data["simulated"]["ri"], n=data["simulated"]["ni"]), model="common"
    )
)
asks(MEANS, "baujat", "EE")(lambda data: stats.pool(*pignon(data), model="common"))
asks(MEANS, "hc", "REML")(lambda data: pooled(effects(data["lee"], "OR")))
asks(MEANS, "gosh", "EE")(lambda data: pooled(effects(data["egger"], "OR"), model="common"))
asks(MEANS, "regtest", "without ISIS-4")(lambda data: pooled(without_isis4(data)))
asks(MEANS, "profile.rma", "RD")(lambda data: pooled(effects(data["hine"], "RD")))
asks(MEANS, "tes", "EE")(lambda data: pooled(dorn(data), model="common"))
asks(MEANS, "selmodel", "Baskerville ML")(
    lambda data: stats.pool(
        data["baskerville"]["smd"], data["baskerville"]["se"] ** 2, tau2="ML", **AS_METAFOR
    )
)
asks(MEANS, "selmodel", "Hackshaw ML")(
    lambda data: stats.pool(data["hackshaw"]["yi"], data["hackshaw"]["vi"], tau2="ML", **AS_METAFOR)
)
asks(MEANS, "selmodel", "Cohen ML")(
    lambda data: pooled(stats.effect_size("ZCOR", r=data["cohen"]["ri"], n=data["cohen"]["ni"]), tau2="ML")
)


@asks(MEANS, "selmodel", "Hahn EE")
def _hahn_common(data: dict[str, Data]) -> Answer:
    sizes = hahn(data)
    return pooled(sizes, sizes.estimable, model="common")


def _kind_of_mean(case: str, name: str) -> str:
    if name.endswith("p_value"):
        return "p-value" if "EE" in case or case == "FE" or name == "q_p_value" else "from-tau2"
    if "tau2" in name:
        return "tau2"
    return "closed-form" if "EE" in case or case == "FE" or name in {"q", "q_df", "k"} else "from-tau2"


def help_pages_means() -> Iterator[Row]:
    yield from compared(MEANS, _kind_of_mean)


# --- moderators -----------------------------------------------------------------------------------------
MODERATORS = "help_pages_moderators"


def _on(mods: Any, **options: Any) -> Callable[[dict[str, Data]], stats.MetaRegressionResult]:
    """Return the call ``rma(yi, vi, mods = ...)`` on the BCG trials."""

    def fit(data: dict[str, Data]) -> stats.MetaRegressionResult:
        sizes = effects(data["bcg"])
        given = {name: data["bcg"][name] for name in ("ablat", "year", "alloc")}
        return stats.meta_regression(sizes.yi, sizes.vi, mods, data=given, **{**AS_METAFOR, **options})

    return fit


def _bangert(mods: str) -> Callable[[dict[str, Data]], stats.MetaRegressionResult]:
    return lambda data: stats.meta_regression(
        "yi", "vi", mods, data=data["bangert"], missing="drop", **AS_METAFOR
    )


def _without_isis4_on_year(data: dict[str, Data]) -> Answer:
    sizes = without_isis4(data)
    return stats.meta_regression(
        sizes.yi, sizes.vi, {"year": np.delete(data["egger"]["year"], 15)}, **AS_METAFOR
    )


def _blind(data: dict[str, Data]) -> stats.MetaRegressionResult:
    own = data["baskerville"]
    return stats.meta_regression(own["smd"], own["se"] ** 2, {"blind": own["blind"]}, tau2="ML", **AS_METAFOR)


SEVEN = "~ length + wic + feedback + info + pers + imag + meta"
asks(MODERATORS, "rma.uni", "ablat + year")(_on("~ ablat + year"))
asks(MODERATORS, "rma.uni", "cbind")(_on(["ablat", "year"]))
asks(MODERATORS, "rma.uni", "btt of a factor")(_on("~ alloc + year + ablat", test=[1, 2]))
asks(MODERATORS, "rma.uni", "factor without intercept")(_on("~ alloc - 1"))
asks(MODERATORS, "rma.uni", "factor")(_on("~ alloc"))
asks(MODERATORS, "rma.uni", "FE ablat + year")(_on("~ ablat + year", model="common"))
asks(MODERATORS, "addpoly.rma", "ablat")(_on("~ ablat"))
asks(MODERATORS, "anova.rma", "ML ablat + year")(_on("~ ablat + year", tau2="ML"))
asks(MODERATORS, "anova.rma", "ML ablat + year + alloc")(_on("~ ablat + year + alloc", tau2="ML"))
asks(MODERATORS, "anova.rma", "alloc + ablat")(_on("~ alloc + ablat"))
asks(MODERATORS, "regplot", "quadratic")(_on("~ ablat + I(ablat**2)"))
asks(MODERATORS, "regplot", "interaction")(_on("~ ablat * alloc"))
asks(MODERATORS, "regtest", "year")(_without_isis4_on_year)
asks(MODERATORS, "robust", "length")(_bangert("~ length"))
asks(MODERATORS, "vif", "seven moderators")(_bangert(SEVEN))
asks(MODERATORS, "selmodel", "blind")(_blind)
asks(MODERATORS, "methods.list.rma", "dose")(
    lambda data: stats.meta_regression(
        (sizes := viechtbauer(data)).yi, sizes.vi, {"dose": data["viechtbauer"]["dose"]}, **AS_METAFOR
    )
)


def _kind_of_regression(case: str, name: str) -> str:
    closed = case.startswith("FE")
    if name.endswith("p_value"):
        return "p-value" if closed or name == "q_p_value" else "from-tau2"
    if "tau2" in name:
        return "tau2"
    return "closed-form" if closed or name in {"q", "q_df", "k", "qm_df"} else "from-tau2"


def help_pages_moderators() -> Iterator[Row]:
    yield from compared(MODERATORS, _kind_of_regression)


# --- location-scale models ---------------------------------------------------------------------------------
SCALE = "help_pages_scale"


def _scaled(mods: str | None, scale: str) -> Callable[[dict[str, Data]], stats.LocationScaleResult]:
    return lambda data: stats.location_scale("yi", "vi", mods, scale, data=data["bangert"], missing="drop")


asks(SCALE, "rma.uni", "scale = ~ 1")(_scaled(None, "~ 1"))
asks(SCALE, "rma.uni", "tau2 predicted")(lambda data: _scaled(None, "~ 1")(data).predict_tau2([[]]))
asks(SCALE, "rma.uni", "ni100 in both")(_scaled("~ ni100", "~ ni100"))
asks(SCALE, "rma.uni", "other variables in each")(_scaled("~ ni100 + meta", "~ ni100 + imag"))


def _kind_of_scale(_case: str, name: str) -> str:
    if name in {"q", "q_df", "k"}:
        return "closed-form"
    curved = name.startswith(("scale_se", "scale_statistic", "scale_ci", "qs", "ci_"))
    return "numerical-hessian" if curved or name.endswith("p_value") else "optimised"


def help_pages_scale() -> Iterator[Row]:
    yield from compared(SCALE, _kind_of_scale)


# --- what is asked of such fits -----------------------------------------------------------------------------
MODERATED = "help_pages_moderated"


def _rows(columns: dict[str, Any], mods: str, **options: Any) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: stats.predict_effects(_on(mods, **options)(data), columns)


def _exponentiated(answer: Any) -> dict[str, np.ndarray]:
    names = ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")
    return {name: np.exp(getattr(answer, name)) for name in names}


def _hypotheses(answer: stats.LinearHypothesis) -> dict[str, Any]:
    own = {name: getattr(answer, name) for name in ("estimate", "se", "statistic", "p_value")}
    if answer.joint is None:
        return own
    joint = {f"joint_{name}": getattr(answer.joint, name) for name in ("statistic", "df", "p_value")}
    return {**own, **joint}


def _joint(rows: Any, mods: str, **options: Any) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: stats.linear_hypothesis(_on(mods, **options)(data), rows).joint


SPREAD = np.arange(0.0, 61.0, 5.0)
THREE = {"alloc": ["alternate", "random", "systematic"]}
asks(MODERATED, "predict.rma", "every study")(_rows(None, "~ ablat"))
asks(MODERATED, "predict.rma", "every study, risk ratios")(
    lambda data: _exponentiated(_rows(None, "~ ablat")(data))
)
asks(MODERATED, "predict.rma", "10 to 60 degrees")(_rows({"ablat": [10, 20, 30, 40, 50, 60]}, "~ ablat"))
asks(MODERATED, "predict.rma", "two moderators")(
    lambda data: _exponentiated(
        _rows({"ablat": [10, 60, 10, 60], "year": [1950, 1950, 1980, 1980]}, "~ ablat + year")(data)
    )
)
asks(MODERATED, "predict.rma", "three levels")(_rows({"ablat": 30, **THREE}, "~ ablat + alloc"))
asks(MODERATED, "addpoly.predict.rma", "three levels")(_rows(THREE, "~ alloc - 1"))
asks(MODERATED, "regplot", "quadratic")(_rows({"ablat": SPREAD}, "~ ablat + I(ablat**2)"))
asks(MODERATED, "regplot", "interaction")(_rows({"ablat": [0, 30, 60], "alloc": "random"}, "~ ablat * alloc"))
asks(MODERATED, "selmodel", "blind")(lambda data: stats.predict_effects(_blind(data), {"blind": [0, 1]}))
asks(MODERATED, "anova.rma", "both moderators")(
    lambda data: _on("~ ablat + year", tau2="ML")(data).moderator_test
)
asks(MODERATED, "anova.rma", "both moderators by X")(
    lambda data: _hypotheses(
        stats.linear_hypothesis(_on("~ ablat + year", tau2="ML")(data), [[0, 1, 0], [0, 0, 1]])
    )
)
asks(MODERATED, "anova.rma", "35 degrees in 1970")(
    lambda data: _hypotheses(stats.linear_hypothesis(_on("~ ablat + year", tau2="ML")(data), [1, 35, 1970]))
)
asks(MODERATED, "anova.rma", "35 degrees in 1970, predicted")(
    _rows({"ablat": 35, "year": 1970}, "~ ablat + year", tau2="ML")
)
asks(MODERATED, "anova.rma", "likelihood ratio")(
    lambda data: stats.compare_models(_on("~ ablat + year", tau2="ML")(data), _on(None, tau2="ML")(data))
)
ALLOC = [[0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
asks(MODERATED, "anova.rma", "alloc")(_joint(ALLOC, "~ ablat + year + alloc", tau2="ML"))
asks(MODERATED, "methods.anova.rma", "alloc")(_joint([[0, 1, 0, 0], [0, 0, 1, 0]], "~ alloc + ablat"))
asks(MODERATED, "methods.anova.rma", "contrast")(
    lambda data: _hypotheses(stats.linear_hypothesis(_on("~ alloc + ablat")(data), [0, 1, -1, 0]))
)
asks(MODERATED, "methods.anova.rma", "refit")(
    lambda data: stats.compare_models(_on("~ alloc + ablat", tau2="ML")(data), _on(None, tau2="ML")(data))
)


@asks(MODERATED, "anova.rma", "each moderator")
def _each_moderator(data: dict[str, Data]) -> Answer:
    fit = _on("~ ablat + year + alloc", tau2="ML")(data)
    alone = stats.linear_hypothesis(fit, [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]])
    factor = stats.linear_hypothesis(fit, ALLOC).joint
    return {
        "statistic": [*alone.statistic**2, factor.statistic],
        "df": [1, 1, factor.df],
        "p_value": [*alone.p_value, factor.p_value],
    }


@asks(MODERATED, "rma.uni", "pairwise differences, Holm")
def _pairwise(data: dict[str, Data]) -> Answer:
    fit = _on("~ alloc - 1")(data)
    found = stats.linear_hypothesis(fit, [[-1, 1, 0], [-1, 0, 1], [0, -1, 1]])
    return {**_hypotheses(found), "adjusted": stats.adjust_p_values(found.p_value, "holm")}


def _inflation(fit: Any, **options: Any) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: stats.variance_inflation(fit(data), **options)


_FACTOR = _on("~ ablat + alloc + year")
asks(MODERATED, "vif", "seven moderators")(_inflation(_bangert(SEVEN)))
asks(MODERATED, "vif", "seven moderators, estimated anew")(_inflation(_bangert(SEVEN), reestimate=True))
asks(MODERATED, "vif", "each coefficient")(_inflation(_FACTOR))
asks(MODERATED, "vif", "alloc")(_inflation(_FACTOR, groups=[[2, 3]]))
asks(MODERATED, "methods.vif.rma", "by term")(_inflation(_FACTOR, by_term=True))
asks(MODERATED, "vif", "by term, estimated anew")(_inflation(_FACTOR, by_term=True, reestimate=True))


@asks(MODERATED, "vcov.rma", "obs")
def _marginal(data: dict[str, Data]) -> Answer:
    fit = _on("~ ablat + year")(data)
    return {"matrix": np.diag(fit.vi + fit.tau2).ravel()}


@asks(MODERATED, "vcov.rma", "fitted")
def _of_fitted(data: dict[str, Data]) -> Answer:
    fit = _on("~ ablat + year")(data)
    return {"matrix": (fit.hat_matrix() * (fit.vi + fit.tau2)).ravel()}


@asks(MODERATED, "vcov.rma", "resid")
def _of_residuals(data: dict[str, Data]) -> Answer:
    fit = _on("~ ablat + year")(data)
    rest = np.eye(fit.k) - fit.hat_matrix()
    return {"matrix": (rest @ np.diag(fit.vi + fit.tau2) @ rest.T).ravel()}


@asks(MODERATED, "weights.rma", "matrix")
def _weight_matrix(data: dict[str, Data]) -> Answer:
    fit = _on("~ ablat + year")(data)
    return {"matrix": np.diag(1.0 / (fit.vi + fit.tau2)).ravel()}


asks(MODERATED, "model.matrix.rma", "two")(
    lambda data: {"matrix": _on("~ ablat + year")(data).design.matrix.T.ravel()}
)
asks(MODERATED, "permutest", "exact")(lambda data: stats.permutation_test(_on(None)(data), exact=True))
asks(MODERATED, "confint.rma", "ablat")(lambda data: _on("~ ablat")(data).heterogeneity())


def _kind_of_moderated(case: str, name: str) -> str:
    if name == "df" or name.startswith("parameters"):
        return "closed-form"
    if name == "matrix":
        return "ill-conditioned"
    return "tau2" if "tau" in name else "from-tau2"


def help_pages_moderated() -> Iterator[Row]:
    yield from compared(MODERATED, _kind_of_moderated)


RUNS = (help_pages_means, help_pages_moderators, help_pages_scale, help_pages_moderated)


def COVERED() -> dict[type, set[str]]:  # noqa: N802 - stands beside RUNS
    """Return nothing: the options are covered by the other families."""
    return {}
