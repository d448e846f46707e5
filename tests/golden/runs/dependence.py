"""Dependent effects: multilevel models, sampling covariances, cluster-robust tests, dose-response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from evergrove.stats.dependence.options import (
    CoefficientTest,
    CorrelationScale,
    LikelihoodMethod,
    ResidualDf,
    RobustCorrection,
    RobustDf,
    SamplingStructure,
    SharedMeasure,
    Structure,
    WorkingModel,
)
from evergrove.stats.doses.options import (
    DifferenceMeasure,
    DoseApproach,
    DoseCovarianceMethod,
    DoseDesign,
    DoseMethod,
    DoseShape,
)
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

CLOSED = "closed-form"
COMPONENT, FROM_COMPONENTS, PROFILE = "component", "from-components", "profile"


def _columns(name: str, key: str) -> tuple[dict[str, np.ndarray], Any]:
    """Return the columns of a data set and its V: blocks where it has some, else variances."""
    content: dict[str, Any] = dict(golden(name).data[key])
    blocks = content.pop("V", None)
    columns = {column: np.array(values) for column, values in content.items()}
    return columns, columns.get("vi") if blocks is None else blocks


def _fit(name: str, case: dict[str, Any], **options: Any) -> stats.MultilevelResult:
    columns, v = _columns(name, case["set"])
    mods = case.get("mods") or None
    given = {
        key: [np.nan if entry is None else entry for entry in values]
        for key, values in (case.get("given") or {}).items()
    }
    return stats.multilevel(
        columns["yi"],
        v,
        random=case["random"],
        struct=case.get("struct", "CS"),
        data=columns,
        mods=None if not mods else np.column_stack([columns[one] for one in np.atleast_1d(mods)]),
        intercept=case.get("intercept", True),
        **given,
        **options,
    )


def _label(case: dict[str, Any]) -> str:
    kept = ("set", "random", "struct", "mods", "method", "test", "dfs", "given", "correlation_scale")
    return " ".join(str(case[key]) for key in kept if case.get(key) not in (None, [], {}))


def multilevel_fits() -> Iterator[Row]:
    for case in golden("multilevel_fits").cases:
        known = {
            name: (entry["levels"], np.array(entry["matrix"])) for name, entry in (case["R"] or {}).items()
        }
        options = {key: case[key] for key in ("method", "test", "dfs", "correlation_scale")}
        ours = _fit("multilevel_fits", case, R=known, **options)
        for quantity in ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "qm", "qm_p_value"):
            yield _label(case), quantity, FROM_COMPONENTS, getattr(ours, quantity), case[quantity]
        for quantity in ("log_likelihood", "aic", "bic", "aicc"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]
        for quantity in ("q", "q_p_value"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]
        yield _label(case), "df", CLOSED, ours.df, case.get("df")
        for kind, values in case["components"].items():
            yield _label(case), kind, COMPONENT, getattr(ours, kind), values


def multilevel_intervals() -> Iterator[Row]:
    for case in golden("multilevel_intervals").cases:
        berkey = {"mods": ["al", "pd"], "intercept": False} if case["set"] == "berkey1998" else {}
        fit = _fit("multilevel_intervals", {**case, **berkey})
        ours = stats.component_intervals(fit)
        for side, values in (("low", ours.ci_low), ("high", ours.ci_high)):
            theirs = np.array(case[side], dtype=float)
            found = ~np.isnan(theirs)  # metafor's optimiser failed at the others
            yield case["set"], side, PROFILE, values[found], theirs[found]


def multilevel_predictions() -> Iterator[Row]:
    for case in golden("multilevel_predictions").cases:
        berkey = {"intercept": False} if case["set"] == "berkey1998" else {}
        fit = _fit("multilevel_predictions", {**case, **berkey}, test=case["test"], dfs=case["dfs"])
        ours = stats.predict_multilevel(fit, case.get("new"))
        for quantity in ("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high"):
            yield case["set"], quantity, FROM_COMPONENTS, getattr(ours, quantity), case[quantity]
        effects = stats.random_effects(fit)
        for place, one in enumerate(effects):
            label = f"{case['set']} {one.term}"
            yield label, "effects", FROM_COMPONENTS, np.sort(one.estimate), np.sort(case["effects"][place])
            yield label, "effects_se", FROM_COMPONENTS, np.sort(one.se), np.sort(case["effects_se"][place])
            yield (
                label,
                "effects_low",
                FROM_COMPONENTS,
                np.sort(one.ci_low),
                np.sort(case["effects_low"][place]),
            )


def multilevel_influence() -> Iterator[Row]:
    for case in golden("multilevel_influence").cases:
        fit = _fit("multilevel_influence", case)
        columns, _ = _columns("multilevel_influence", case["set"])
        ours = stats.cluster_influence(fit, columns[case["cluster"]], reestimate=case["reestimate"])
        kind = "re-estimated" if case["reestimate"] else FROM_COMPONENTS
        for quantity in ("cooks_distance", "studentised", "chi2"):
            yield (
                f"{_label(case)} {case['reestimate']}",
                quantity,
                kind,
                getattr(ours, quantity),
                case[quantity],
            )
        yield f"{_label(case)} {case['reestimate']}", "dfbetas", kind, ours.dfbetas.T.ravel(), case["dfbetas"]


def multilevel_weights() -> Iterator[Row]:
    for case in golden("multilevel_weights").cases:
        columns, _ = _columns("multilevel_weights", case["set"])
        whole = stats.vcalc(columns["vi"], columns["study"], obs=range(columns["vi"].size), rho=0.6)
        weights = {
            "ones": np.ones(columns["vi"].size),
            "root": columns["vi"] ** -0.5,
            "matrix": np.linalg.inv(whole),
        }
        ours = _fit("multilevel_weights", case, W=weights[case["weights"]])
        for quantity in ("estimate", "se"):
            yield case["weights"], quantity, FROM_COMPONENTS, getattr(ours, quantity), case[quantity]
        for quantity in ("log_likelihood", "q"):
            yield case["weights"], quantity, CLOSED, getattr(ours, quantity), case[quantity]


def multilevel_formulas() -> Iterator[Row]:
    for case in golden("multilevel_formulas").cases:
        columns, v = _columns("multilevel_formulas", case["set"])
        ours = stats.multilevel(
            columns["yi"], v, random="~ 1 | district/school", data=columns, mods=case["formula"]
        )
        fitted = ours.model.design.matrix @ ours.estimate
        yield case["formula"], "fitted", FROM_COMPONENTS, fitted, case["fitted"]
        yield case["formula"], "qm", FROM_COMPONENTS, ours.qm, case["qm"]
        yield case["formula"], "log_likelihood", CLOSED, ours.log_likelihood, case["log_likelihood"]


def multilevel_comparison() -> Iterator[Row]:
    for case in golden("multilevel_comparison").cases:
        columns, v = _columns("multilevel_comparison", case["set"])
        options = {"data": columns, "method": case["method"]}
        nested, district = "~ 1 | district/school", "~ 1 | district"
        full = stats.multilevel(columns["yi"], v, random=nested, mods=["yc"], **options)
        less = (
            stats.multilevel(columns["yi"], v, random=nested, **options)
            if case["method"] == "ML"
            else stats.multilevel(columns["yi"], v, random=district, mods=["yc"], **options)
        )
        ours = stats.compare_models(full, less)
        for quantity in ("statistic", "df", "p_value", "aicc_full", "aicc_reduced"):
            yield case["method"], quantity, FROM_COMPONENTS, getattr(ours, quantity), case[quantity]


def multilevel_i2() -> Iterator[Row]:
    for case in golden("multilevel_i2").cases:
        if "by_level" in case:
            fit = _fit("multilevel_i2", {**case, "mods": ["al", "pd"], "intercept": False, "struct": "UN"})
            yield (
                case["set"],
                "by level",
                FROM_COMPONENTS,
                list(stats.i2_by_level(fit).values()),
                case["by_level"],
            )
            continue
        ours = _fit("multilevel_i2", case)
        yield case["set"], "i2", FROM_COMPONENTS, ours.i2, case["i2"]
        yield case["set"], "shares", FROM_COMPONENTS, list(ours.i2_components.values()), case["shares"]


def multilevel_moments() -> Iterator[Row]:
    for case in golden("multilevel_moments").cases:
        columns, v = _columns("multilevel_moments", case["set"])
        outcome = columns[case["outcome"]] if case["outcome"] in columns else ["one"] * columns["yi"].size
        ours = stats.multivariate_moments(columns["yi"], v, columns[case["study"]], outcome)
        for quantity in ("between", "estimate", "se"):
            yield case["set"], quantity, CLOSED, getattr(ours, quantity), case[quantity]


def multilevel_vcalc() -> Iterator[Row]:
    d = {name: np.array(values) for name, values in golden("multilevel_vcalc").data["d"].items()}
    vi, study, k = d["vi"], d["study"], d["vi"].size
    by_two = {"obs": d["obs"], "type": d["type"], "rho": (0.7, 0.4)}
    arms = {"grp1": list("abcdefgh"), "grp2": d["grp2"]}
    near = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    matrices = ((["1", "2"], np.array([[1, 0.6], [0.6, 1]])), (["a", "b"], np.array([[1, 0.3], [0.3, 1]])))
    found = {
        "obs": stats.vcalc(vi, study, obs=range(k), rho=0.7),
        "type": stats.vcalc(vi, study, subgroup=d["obs"], type=d["type"], rho=0.4),
        "both": stats.vcalc(vi, study, **by_two),
        "matrix": stats.vcalc(vi, study, obs=d["obs"], type=d["type"], rho=matrices),
        "time": stats.vcalc(vi, study, **by_two, time1=d["time1"], phi=0.9),
        "groups": stats.vcalc(vi, study, **arms),
        "sizes": stats.vcalc(vi, study, **arms, w1=d["w1"], w2=d["w2"]),
        "all": stats.vcalc(
            vi,
            study,
            **by_two,
            time1=d["time1"],
            phi=0.9,
            grp1=d["grp1"],
            grp2=d["grp2"],
            w1=d["w1"],
            w2=d["w2"],
        ),
        "impute": stats.impute_covariance(vi, study, 0.7),
        "smooth": stats.impute_covariance(vi, study, 0.7, smooth=True),
        "near": stats.vcalc(
            [0.1, 0.2, 0.3], [1, 1, 1], type=list("abc"), rho=(list("abc"), near), near_positive_definite=True
        ),
    }
    for case in golden("multilevel_vcalc").cases:
        # both iterate the nearest matrix to a change of 1e-7
        kind = COMPONENT if case["name"] == "near" else CLOSED
        yield case["name"], "matrix", kind, found[case["name"]], case["matrix"]


def multilevel_shared_control() -> Iterator[Row]:
    d = {name: np.array(values) for name, values in golden("multilevel_shared_control").data["d"].items()}
    arm = {
        "n2": d["n2"],
        "events2": d["e2"],
        "mean2": d["m2"],
        "sd2": d["sd2"],
        "yi": d["y"],
        "n_total": d["N"],
    }
    for case in golden("multilevel_shared_control").cases:
        ours = stats.shared_control_covariance(case["measure"], d["vi"], d["study"], **arm)
        yield case["measure"], "matrix", CLOSED, ours, case["matrix"]


def multilevel_aggregate() -> Iterator[Row]:
    d = {name: np.array(values) for name, values in golden("multilevel_aggregate").data["d"].items()}
    for case in golden("multilevel_aggregate").cases:
        given = {key: case[key] for key in ("struct", "rho", "phi", "weighted") if case.get(key) is not None}
        ours = stats.aggregate_effects(d["yi"], d["vi"], d["study"], time=d["time"], obs=d["obs"], **given)
        for quantity in ("yi", "vi"):
            yield (
                f"{case['struct']} {case['weighted']}",
                quantity,
                CLOSED,
                getattr(ours, quantity),
                case[quantity],
            )


def robust_tests() -> Iterator[Row]:
    fits: dict[str, stats.MultilevelResult] = {}
    for case in golden("robust_tests").cases:
        if case["set"] not in fits:
            fits[case["set"]] = _fit("robust_tests", {**case, "struct": "UN"})
        fit = fits[case["set"]]
        columns, _ = _columns("robust_tests", case["set"])
        ours = stats.robust(
            fit, columns[case["cluster"]], adjust=case["adjust"], df=case["df_method"], tested=range(fit.p)
        )
        label = f"{case['set']} {case['adjust']} {case['df_method']}"
        for quantity in ("estimate", "se", "p_value", "wald", "wald_p_value"):
            yield label, quantity, FROM_COMPONENTS, getattr(ours, quantity), case[quantity]
        if case.get("df") is not None:
            yield label, "df", FROM_COMPONENTS, ours.df, case["df"]


def robust_pooling() -> Iterator[Row]:
    d = {name: np.array(values) for name, values in golden("robust_pooling").data["bcg"].items()}
    fit = stats.pool(d["yi"], d["vi"], tau2="DL")
    for case in golden("robust_pooling").cases:
        df = "satterthwaite" if case["adjust"] == "CR2" else "clusters-p"
        ours = stats.robust(fit, d["alloc"], adjust=case["adjust"], df=df)
        for quantity in ("estimate", "se", "p_value", "ci_low", "ci_high", "df"):
            if case.get(quantity) is not None:
                yield case["adjust"], quantity, CLOSED, getattr(ours, quantity), case[quantity]


def robust_regression() -> Iterator[Row]:
    for case in golden("robust_regression").cases:
        columns, v = _columns("robust_regression", case["set"])
        fit = stats.meta_regression(columns["yi"], v, columns[case["mods"]], tau2="DL", ci="normal")
        ours = stats.robust(
            fit, columns[case["cluster"]], adjust=case["adjust"], df=case["df_method"], tested=[0, 1]
        )
        label = f"{case['set']} {case['adjust']} {case['df_method']}"
        for quantity in ("estimate", "se", "df", "p_value", "wald", "wald_p_value"):
            yield (
                label,
                quantity,
                "p-value" if "p_value" in quantity else CLOSED,
                getattr(ours, quantity),
                case[quantity],
            )


def _weighted_trials(name: str) -> tuple[dict[str, Any], Any]:
    """Return the columns of the BCG trials in pairs, and a matrix of weights."""
    d = {key: np.array(values) for key, values in golden(name).data["d"].items()}
    return d, d.pop("A").reshape(13, 13)


def robust_weights() -> Iterator[Row]:
    d, matrix = _weighted_trials("robust_weights")
    level = {"random": "~ 1 | pair/row", "data": d, "mods": "~ ablat", "sigma2": [0.1, 0.2]}
    fits = {
        "pool": stats.pool(d["yi"], d["vi"], tau2="DL", weights=d["w"]),
        "regression": stats.meta_regression(d["yi"], d["vi"], d["ablat"], tau2="DL", weights=d["w"]),
        "multilevel": stats.multilevel(d["yi"], d["vi"], W=d["w"], **level),
        "matrix": stats.multilevel(d["yi"], d["vi"], W=matrix, **level),
    }
    for case in golden("robust_weights").cases:
        fit = fits[case["model"]]
        ours = stats.robust(fit, d["pair"], adjust=case["adjust"], tested=range(np.size(fit.estimate)))
        for quantity in ("estimate", "se", "df", "p_value", "wald", "wald_p_value"):
            kind = "p-value" if "p_value" in quantity else CLOSED
            label = f"{case['model']} {case['adjust']}"
            if case[quantity] is not None:
                yield label, quantity, kind, getattr(ours, quantity), case[quantity]


def multilevel_weights_intervals() -> Iterator[Row]:
    d, matrix = _weighted_trials("multilevel_weights_intervals")
    for case in golden("multilevel_weights_intervals").cases:
        weights = matrix if case["weights"] == "matrix" else d["w"]
        fit = stats.multilevel(
            d["yi"],
            d["vi"],
            W=weights,
            random="~ 1 | pair/row",
            data=d,
            mods="~ ablat",
            method=case["method"],
        )
        place, label = case["component"] - 1, f"{case['weights']} {case['method']} {case['component']}"
        ours = stats.component_intervals(fit)
        yield label, "log_likelihood", FROM_COMPONENTS, fit.log_likelihood, case["log_likelihood"]
        yield label, "estimate", COMPONENT, ours.estimate[place], case["estimate"]
        yield label, "low", PROFILE, ours.ci_low[place], case["low"]
        yield label, "high", PROFILE, ours.ci_high[place], case["high"]


def robust_predictions() -> Iterator[Row]:
    d = {name: np.array(values) for name, values in golden("robust_predictions").data["d"].items()}
    fit = stats.meta_regression(d["yi"], d["vi"], d["ablat"], tau2="DL")
    for case in golden("robust_predictions").cases:
        df = "satterthwaite" if case["adjust"] == "CR2" else "clusters-p"
        robust = stats.robust(fit, d["pair"], adjust=case["adjust"], df=df)
        ours = fit.predict(case["rows"], robust=robust, level=case["level"])
        names = ("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high", "df")
        for quantity in names:
            yield (
                f"{case['adjust']} {case['level']}",
                quantity,
                CLOSED,
                getattr(ours, quantity),
                case[quantity],
            )


def multilevel_influence_weights() -> Iterator[Row]:
    d, matrix = _weighted_trials("multilevel_influence_weights")
    fit = stats.multilevel(
        d["yi"],
        d["vi"],
        random="~ 1 | pair/row",
        data=d,
        mods="~ ablat",
        sigma2=[0.1, 0.2],
        W=matrix,
    )
    ours = stats.cluster_influence(fit, d["pair"])
    for case in golden("multilevel_influence_weights").cases:
        for quantity in ("cooks_distance", "studentised", "chi2"):
            yield "weights", quantity, CLOSED, getattr(ours, quantity), case[quantity]
        yield "weights", "dfbetas", CLOSED, ours.dfbetas.T.ravel(), case["dfbetas"]


def residuals_standardised() -> Iterator[Row]:
    d, matrix = _weighted_trials("residuals_standardised")
    mods = {"mods": "~ ablat + year", "data": d}
    both = {**mods, "sigma2": [0.1, 0.2]}
    fits = {
        "matrix": stats.multilevel(d["yi"], d["vi"], random="~ 1 | pair/row", W=matrix, **both),
        "crossed": stats.multilevel(d["yi"], d["vi"], random=["~ 1 | pair", "~ 1 | alloc"], **both),
        "regression": stats.meta_regression(d["yi"], d["vi"], tau2=0.1, ci="normal", **mods),
        "pool": stats.pool(d["yi"], d["vi"], tau2="DL"),
    }
    for case in golden("residuals_standardised").cases:
        fit = fits[case["model"]]
        ours = stats.standardised_residuals(fit, d["pair"] if case["chi2"] else None)
        for quantity in ("residual", "se", "standardised", "hat", "chi2"):
            if case[quantity] is not None:
                yield case["model"], quantity, CLOSED, getattr(ours, quantity), case[quantity]
        if case["vif"] is not None:
            yield case["model"], "vif", CLOSED, stats.variance_inflation(fit).vif, case["vif"]


def robust_variance() -> Iterator[Row]:
    for case in golden("robust_variance").cases:
        columns, _ = _columns("robust_variance", case["set"])
        ours = stats.robust_variance(
            columns["yi"],
            columns["vi"],
            columns[case["cluster"]],
            model=case["model"],
            rho=case["rho"],
            small_sample=case["small_sample"],
            mods=list(np.atleast_1d(case["mods"])) if len(case["mods"]) else None,
            data=columns,
        )
        label = f"{case['set']} {case['mods']} {case['model']} {case['rho']} {case['small_sample']}"
        for quantity in ("estimate", "se", "df", "ci_low", "ci_high", "tau2", "omega2"):
            if case.get(quantity) is not None:
                yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]


def dose_response_covariance() -> Iterator[Row]:
    for case in golden("dose_response_covariance").cases:
        given = [case[key] for key in ("yi", "vi", "cases", "n")]
        ours = stats.ratio_covariance(*given, design=case["design"], method=case["method"])
        label = f"{case['design']} {case['method']}"
        yield label, "counts", CLOSED, ours.cases, case["counts"]
        yield label, "totals", CLOSED, ours.n, case["totals"]
        yield label, "matrix", CLOSED, ours.matrix, case["matrix"]


def dose_response_published() -> Iterator[Row]:
    for place, case in enumerate(golden("dose_response_published").cases):
        a, n = np.array(case["cases"]), np.array(case["n"], dtype=float)
        odds = np.log(a / (n - a))
        ours = stats.ratio_covariance(odds - odds[0], case["vi"], a, n, design=case["design"])
        rows, columns = np.triu_indices(a.size - 1, 1)
        yield f"study {place + 1}", "covariances", "printed", ours.matrix[rows, columns], case["off"]


def dose_response_rohan() -> Iterator[Row]:
    (case,) = golden("dose_response_rohan").cases
    given = [case[key] for key in ("yi", "vi", "dose")]
    counts = {"cases": case["cases"], "n": case["n"], "design": "cc"}
    ours = stats.dose_response(*given, ["one"] * 4, approach="one-stage", method="fixed", **counts)
    yield "Rohan & McMichael", "estimate", CLOSED, ours.estimate, case["estimate"]
    yield "Rohan & McMichael", "se", CLOSED, ours.se, case["se"]
    printed = [round(float(one), 4) for one in (ours.estimate[0], ours.se[0], ours.wald)]
    yield "Rohan & McMichael", "printed", CLOSED, printed, case["printed"]


CURVE_OPTIONS: dict[str, dict[str, Any]] = {
    "spline": {"knots": 3},
    "fractional-polynomial": {"powers": (0.5, 0.5), "shift": 1.0},
}


def dose_response_models() -> Iterator[Row]:
    table = golden("dose_response_models")
    d = {name: np.array(values) for name, values in table.data["d"].items()}
    for case in table.cases:
        ours = stats.dose_response(
            d["y"],
            d["v"],
            d["dose"],
            d["study"],
            cases=d["cases"],
            n=d["n"],
            design=list(d["type"]),
            shape=case["shape"],
            approach=case["approach"],
            method=case["method"],
            **CURVE_OPTIONS.get(case["shape"], {}),
        )
        label = f"{case['shape']} {case['approach']} {case['method']}"
        iterated = case["method"] in {"REML", "ML"}
        kind = FROM_COMPONENTS if iterated else CLOSED
        for quantity in ("estimate", "se", "wald", "deviance", "r2"):
            yield label, quantity, kind, getattr(ours, quantity), case[quantity]
        if case.get("nonlinear") is not None:
            yield label, "nonlinear", kind, ours.nonlinear, case["nonlinear"]
        yield label, "between", COMPONENT if iterated else CLOSED, ours.between, case["between"]
        curve = ours.curve([0.5, 2, 5], reference=1)
        yield label, "curve", kind, curve.estimate, case["curve"]
        yield label, "curve_se", kind, curve.se, case["curve_se"]


def dose_response_moderators() -> Iterator[Row]:
    table = golden("dose_response_moderators")
    d = {name: np.array(values) for name, values in table.data["d"].items()}
    counts = {"cases": d["cases"], "n": d["n"], "design": list(d["type"])}
    for case in table.cases:
        options = {name: case[name] for name in ("shape", "approach", "method")}
        ours = stats.dose_response(
            d["y"], d["v"], d["dose"], d["study"], mods={"z": d["z"]}, **counts, **options
        )
        kind = FROM_COMPONENTS if case["method"] in {"REML", "ML"} else CLOSED
        for quantity in ("estimate", "se", "q", "moderation"):
            yield " ".join(options.values()), quantity, kind, getattr(ours, quantity), case[quantity]


def dose_response_differences() -> Iterator[Row]:
    table = golden("dose_response_differences")
    d = {name: np.array(values) for name, values in table.data["d"].items()}
    for case in table.cases:
        ours = stats.difference_covariance(d["mean"], d["sd"], d["n"], measure=case["measure"])
        yield case["measure"], "yi", CLOSED, ours.yi, case["yi"]
        yield case["measure"], "matrix", CLOSED, ours.matrix, case["matrix"]


RUNS = (
    multilevel_fits,
    multilevel_intervals,
    multilevel_predictions,
    multilevel_influence,
    multilevel_weights,
    multilevel_formulas,
    multilevel_comparison,
    multilevel_i2,
    multilevel_moments,
    multilevel_vcalc,
    multilevel_shared_control,
    multilevel_aggregate,
    robust_tests,
    robust_pooling,
    robust_weights,
    robust_predictions,
    multilevel_weights_intervals,
    multilevel_influence_weights,
    residuals_standardised,
    robust_regression,
    robust_variance,
    dose_response_covariance,
    dose_response_published,
    dose_response_rohan,
    dose_response_models,
    dose_response_moderators,
    dose_response_differences,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    structures = {one for case in golden("multilevel_fits").cases for one in np.atleast_1d(case["struct"])}
    return {
        Structure: {str(one) for one in structures},
        LikelihoodMethod: seen("multilevel_fits", "method"),
        CoefficientTest: seen("multilevel_fits", "test"),
        ResidualDf: seen("multilevel_fits", "dfs"),
        CorrelationScale: seen("multilevel_fits", "correlation_scale"),
        RobustCorrection: seen("robust_tests", "adjust") | seen("robust_regression", "adjust"),
        RobustDf: seen("robust_tests", "df_method"),
        WorkingModel: seen("robust_variance", "model"),
        SamplingStructure: seen("multilevel_aggregate", "struct"),
        SharedMeasure: seen("multilevel_shared_control", "measure"),
        DoseDesign: seen("dose_response_covariance", "design"),
        # independent effects: the diagonal of the same matrices
        DoseCovarianceMethod: seen("dose_response_covariance", "method") | {"independent"},
        DoseShape: seen("dose_response_models", "shape"),
        DoseApproach: seen("dose_response_models", "approach"),
        DoseMethod: seen("dose_response_models", "method"),
        DifferenceMeasure: seen("dose_response_differences", "measure"),
    }
