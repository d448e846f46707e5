"""The examples of metafor's help pages on dependent effects and cluster-robust tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.help_pages import AS_METAFOR, asks, compared, effects, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from golden.help_pages import Answer, Data, Row

    Fit = Callable[[dict[str, Data]], stats.MultilevelResult]

# --- multilevel models ------------------------------------------------------------------------------------
MULTILEVEL = "help_pages_multilevel"


def _vcalc_assink(own: Data) -> np.ndarray:
    return stats.vcalc(own["vi"], own["study"], obs=own["esid"], rho=0.6)


def _vcalc_berkey(own: Data) -> np.ndarray:
    return stats.vcalc(np.ones(own["yi"].size), own["trial"], rvars=own["v"])


def _model(
    name: str, random: str, *, v: Callable[[Data], Any] = lambda own: own["vi"], **options: Any
) -> Fit:
    """Return the call ``rma.mv(yi, V, random = ..., data = ...)`` on a data set."""

    def fit(data: dict[str, Data]) -> stats.MultilevelResult:
        own = data[name]
        columns = {key: values for key, values in own.items() if key not in {"v", "V"}}
        return stats.multilevel(own["yi"], v(own), random=random, data=columns, **options)

    return fit


NESTED = "~ 1 | district/school"
WITHIN = "~ 1 | study/esid"
_nested = _model("konst", NESTED)
_inner = _model("konst", "~ school | district")
_bivariate = _model("arms", "~ group | study", mods="~ group", struct="UN")
_delinquency = _model("assink", WITHIN, v=_vcalc_assink)
_types = _model("assink", WITHIN, v=_vcalc_assink, mods="~ deltype")
_outcomes = _model("berkey", "~ outcome | trial", v=_vcalc_berkey, mods="~ outcome - 1", struct="UN")


@asks(MULTILEVEL, "rma.mv", "one term")
def _one_term(data: dict[str, Data]) -> Answer:
    sizes = effects(data["bcg"], "OR")
    return stats.multilevel(sizes.yi, sizes.vi, random="~ 1 | trial", data={"trial": data["bcg"]["trial"]})


asks(MULTILEVEL, "rma.mv", "bivariate")(_bivariate)
asks(MULTILEVEL, "matreg", "bivariate ML")(
    _model("colditz", "~ group | trial", mods="~ group - 1", struct="UN", method="ML")
)
asks(MULTILEVEL, "matreg", "six correlations")(
    _model("craft", "~ pair | study", v=lambda own: own["V"], mods="~ pair - 1", struct="UN")
)
asks(MULTILEVEL, "confint.rma", "district/school")(_nested)
asks(MULTILEVEL, "confint.rma", "school | district")(_inner)
asks(MULTILEVEL, "anova.rma", "study/esid")(_delinquency)
asks(MULTILEVEL, "anova.rma", "deltype")(_types)
asks(MULTILEVEL, "robust", "two outcomes")(_outcomes)


def _ratio(full: Fit, reduced: Fit) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: stats.compare_models(full(data), reduced(data))


def _without_variance(data: dict[str, Data]) -> stats.MultilevelResult:
    return stats.multilevel(data["konst"]["yi"], data["konst"]["vi"])


asks(MULTILEVEL, "anova.rma", "no variance of districts")(
    _ratio(_nested, _model("konst", NESTED, sigma2=[0, np.nan]))
)
asks(MULTILEVEL, "anova.rma", "no variance of schools")(
    _ratio(_nested, _model("konst", NESTED, sigma2=[np.nan, 0]))
)
asks(MULTILEVEL, "anova.rma", "no variance")(_ratio(_nested, _without_variance))
asks(MULTILEVEL, "anova.rma", "no variance of studies")(
    _ratio(_delinquency, _model("assink", WITHIN, v=_vcalc_assink, sigma2=[0, np.nan]))
)
asks(MULTILEVEL, "anova.rma", "no variance within studies")(
    _ratio(_delinquency, _model("assink", WITHIN, v=_vcalc_assink, sigma2=[np.nan, 0]))
)
asks(MULTILEVEL, "influence.rma.mv", "each effect")(lambda data: stats.cluster_influence(_nested(data)))
asks(MULTILEVEL, "influence.rma.mv", "hat values")(
    lambda data: stats.cluster_influence(_nested(data), reestimate=False)
)
asks(MULTILEVEL, "influence.rma.mv", "each district")(
    lambda data: stats.cluster_influence(_nested(data), data["konst"]["district"])
)

asks(MULTILEVEL, "confint.rma", "limits, district/school")(
    lambda data: stats.component_intervals(_nested(data))
)
asks(MULTILEVEL, "confint.rma", "limits, school | district")(
    lambda data: stats.component_intervals(_inner(data))
)
asks(MULTILEVEL, "methods.confint.rma", "limits, two outcomes")(
    lambda data: stats.component_intervals(_outcomes(data))
)


def _profile(fit: Fit, page: str, case: str, place: int) -> None:
    """Ask for the likelihood at the values that R chose."""

    @asks(MULTILEVEL, page, case)
    def profile(data: dict[str, Data]) -> Answer:
        fitted, values = fit(data), values_of(MULTILEVEL, page, case)["value"]
        name = fitted.components[place].name
        return {"value": values, "log_likelihood": stats.likelihood_profile(fitted, name, values)}


_profile(_nested, "confint.rma", "profile, districts", 0)
_profile(_nested, "confint.rma", "profile, schools", 1)
_profile(_inner, "confint.rma", "profile, correlation of schools", 1)
_profile(_bivariate, "profile.rma", "controls", 0)
_profile(_bivariate, "profile.rma", "vaccinated", 1)
_profile(_bivariate, "profile.rma", "correlation", 2)

COMPONENTS = ("sigma2", "tau2", "rho")


def _kind_of_multilevel(case: str, name: str) -> str:
    if name in {"q", "q_df", "k", "qm_df", "df", "q_p_value"}:
        return "closed-form"
    if case.startswith("each"):
        return "re-estimated"
    if case.startswith("limits"):
        return "profile"
    return "component" if name in COMPONENTS else "from-components"


def help_pages_multilevel() -> Iterator[Row]:
    yield from compared(MULTILEVEL, _kind_of_multilevel)


# --- cluster-robust tests -----------------------------------------------------------------------------------
ROBUST = "help_pages_robust"
ENDINGS: dict[str, dict[str, Any]] = {
    "plain": {"adjust": "CR1p", "df": "clusters-p"},
    "clubSandwich": {"adjust": "CR2", "df": "satterthwaite"},
}


def _bangert_mean(data: dict[str, Data]) -> stats.PoolResult:
    return stats.pool(data["bangert"]["yi"], data["bangert"]["vi"], **AS_METAFOR)


def _bangert_length(data: dict[str, Data]) -> stats.MetaRegressionResult:
    return stats.meta_regression("yi", "vi", "~ length", data=data["bangert"], missing="drop", **AS_METAFOR)


def _robust(fit: Any, name: str, cluster: str, ending: str) -> Callable[[dict[str, Data]], Answer]:
    def test(data: dict[str, Data]) -> stats.RobustResult:
        fitted = fit(data)
        rows = getattr(fitted, "rows", slice(None))  # two trials without a length are left out
        return stats.robust(fitted, data[name][cluster][rows], **ENDINGS[ending])

    return test


for _ending in ENDINGS:
    asks(ROBUST, "robust", f"one mean, {_ending}")(_robust(_bangert_mean, "bangert", "id", _ending))
    asks(ROBUST, "robust", f"length, {_ending}")(_robust(_bangert_length, "bangert", "id", _ending))
    asks(ROBUST, "robust", f"district/school, {_ending}")(_robust(_nested, "konst", "district", _ending))
    asks(ROBUST, "robust", f"two outcomes, {_ending}")(_robust(_outcomes, "berkey", "trial", _ending))
asks(ROBUST, "anova.rma", "study/esid, clubSandwich")(
    _robust(_delinquency, "assink", "study", "clubSandwich")
)
asks(ROBUST, "anova.rma", "deltype, clubSandwich")(_robust(_types, "assink", "study", "clubSandwich"))


def help_pages_robust() -> Iterator[Row]:
    yield from compared(ROBUST, lambda _, name: "closed-form" if name == "wald_df" else "from-components")


# --- covariances and aggregation ----------------------------------------------------------------------------
COVARIANCES = "help_pages_covariances"


def _types_of_assink(own: Data) -> np.ndarray:
    return stats.vcalc(own["vi"], own["study"], type=own["deltype"], obs=own["esid"], rho=[0.7, 0.5])


def _whole(name: str, make: Callable[[Data], np.ndarray]) -> Callable[[dict[str, Data]], Answer]:
    return lambda data: {"matrix": make(data[name]).ravel()}


asks(COVARIANCES, "vcalc", "one correlation")(_whole("assink", _vcalc_assink))
asks(COVARIANCES, "vcalc", "two correlations")(_whole("assink", _types_of_assink))
asks(COVARIANCES, "vcalc", "autocorrelation")(
    _whole("ishak", lambda own: stats.vcalc(own["vi"], own["study"], time1=own["time"], phi=0.97))
)
asks(COVARIANCES, "vcalc", "types")(
    _whole("kalaian", lambda own: stats.vcalc(own["vi"], own["study"], type=own["outcome"], rho=0.66))
)
asks(COVARIANCES, "vcalc", "covariances given")(_whole("berkey", _vcalc_berkey))
asks(COVARIANCES, "vcalc", "types of Berkey")(
    _whole("berkey", lambda own: stats.vcalc(own["vi"], own["trial"], type=own["outcome"], rho=0.4))
)


@asks(COVARIANCES, "vcalc", "shared groups and a matrix")
def _shared_groups(data: dict[str, Data]) -> Answer:
    own = data["knapp"]
    names = [f"{task}.{difficulty}" for task in (1, 2) for difficulty in (1, 2, 3, 4)]
    arms = {"grp1": own["group1"], "grp2": own["group2"], "w1": own["n_sz"], "w2": own["n_hc"]}
    whole = stats.vcalc(own["vi"], own["study"], obs=own["task.diff"], rho=(names, own["R"]), **arms)
    return {"matrix": whole.ravel()}


def _aggregated(
    name: str, cluster: str, **options: Any
) -> Callable[[dict[str, Data]], stats.AggregatedEffects]:
    return lambda data: stats.aggregate_effects(
        data[name]["yi"],
        data[name]["vi"],
        data[name][cluster],
        **{key: value(data[name]) if callable(value) else value for key, value in options.items()},
    )


asks(COVARIANCES, "aggregate.escalc", "independent")(_aggregated("konst", "district", struct="ID"))
asks(COVARIANCES, "aggregate.escalc", "rho")(_aggregated("assink", "study", rho=0.6))
asks(COVARIANCES, "aggregate.escalc", "V")(_aggregated("assink", "study", V=_vcalc_assink))
asks(COVARIANCES, "aggregate.escalc", "V of two correlations")(
    _aggregated("assink", "study", V=_types_of_assink)
)
asks(COVARIANCES, "aggregate.escalc", "autocorrelation")(
    _aggregated("ishak", "study", struct="CAR", time=lambda own: own["time"], phi=0.9)
)


def help_pages_covariances() -> Iterator[Row]:
    yield from compared(COVARIANCES, lambda _case, _name: "closed-form")


RUNS = (help_pages_multilevel, help_pages_robust, help_pages_covariances)


def COVERED() -> dict[type, set[str]]:  # noqa: N802 - stands beside RUNS
    """Return nothing: the options are covered by the other families."""
    return {}
