"""What pymetaanalysis keeps of metafor 5.0.1 and meta 8.5.0, asked of evergrove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.published.kept import ITERATED, Row, columns, from_tau2, kept, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "pymetaanalysis"
FOLDER = "tests/reference"
#: pymetaanalysis's words for the models of a regression -> options of evergrove.
MODELS = {
    "common": {"model": "common", "ci": "normal"},
    "mixed_dl": {"tau2": "DL", "ci": "normal"},
    "mixed_pm": {"tau2": "PM", "ci": "normal"},
    "mixed_reml": {"ci": "normal"},
    "mixed_reml_hartung_knapp": {"ci": "hartung-knapp"},
    "mixed_reml_hartung_knapp_adhoc": {"ci": "hartung-knapp-truncated"},
    "common_categorical": {"model": "common", "ci": "normal"},
    "mixed_multivariable_reml": {"ci": "normal"},
}
NUMERIC = "~ mean_age"
REGION = "~ C(region, Treatment('North'), levels=['North', 'South', 'East'])"
SEVERAL = "~ mean_age + dose + C(region, levels=['North', 'South', 'East'])"


def _values(name: str) -> dict[str, Any]:
    return kept(SOURCE, f"{FOLDER}/{name}.json")


def _data(name: str) -> dict[str, Any]:
    return columns(SOURCE, f"{FOLDER}/{name}_input.csv")


def _counts(name: str) -> dict[str, Any]:
    table = _data(name)
    return {
        "events1": table["event_treat"],
        "n1": table["n_treat"],
        "events2": table["event_control"],
        "n2": table["n_control"],
    }


def _weights(fit: Any) -> Any:
    shares = np.asarray(fit.weights, dtype=float)
    return shares[np.isfinite(shares) & (shares > 0)]


def _fit(label: str, fit: Any, theirs: dict[str, Any], kind: str) -> Iterator[Row]:
    """Yield what `fit_summary` of the R scripts holds of one pooled fit."""
    ours = {
        "estimate": fit.estimate,
        "standard_error": fit.se,
        "ci": [fit.ci_low, fit.ci_high],
        "weights": _weights(fit),
        "display_estimate": fit.natural().estimate if fit.measure else None,
        "display_ci": [fit.natural().ci_low, fit.natural().ci_high] if fit.measure else None,
    }
    yield from rows(label, kind, ours, theirs)
    if "tau2" in theirs and fit.tau2 is not None:
        yield label, "tau2", "tau2", fit.tau2, theirs["tau2"]
    if "heterogeneity" in theirs:
        yield from _heterogeneity(label, fit, theirs["heterogeneity"], kind)


def _heterogeneity(label: str, fit: Any, theirs: dict[str, Any], kind: str) -> Iterator[Row]:
    ours = {"q": fit.q, "df": fit.q_df, "pvalue": fit.q_p_value, "i2": fit.i2 / 100, "h2": fit.h2}
    yield from rows(label, kind, ours, theirs)


def generic() -> Iterator[Row]:
    data, theirs = _data("generic"), _values("generic_metafor")
    yi, vi = data["effect"], data["variance"]
    common = stats.pool(yi, vi, model="common")
    yield from _fit("EE", common, theirs["common"], "closed-form")
    yield from _heterogeneity("EE", common, theirs["heterogeneity"], "closed-form")
    for method, wanted in theirs["random"].items():
        fit = stats.pool(yi, vi, tau2=method, ci="normal")
        yield from _fit(method, fit, wanted, from_tau2(method))
    for key, ci in (
        ("reml_hartung_knapp", "hartung-knapp"),
        ("reml_hartung_knapp_adhoc", "hartung-knapp-truncated"),
    ):
        fit = stats.pool(yi, vi, ci=ci, prediction="t(k-2)")
        yield from _fit(f"REML {ci}", fit, theirs[key], ITERATED)
        interval = theirs[key.replace("reml_", "reml_prediction_interval_")]
        yield f"REML {ci}", "riley", ITERATED, [fit.prediction_low, fit.prediction_high], interval
    two = stats.pool(yi[[0, 3]], vi[[0, 3]], ci="hartung-knapp")
    yield from _fit("two studies", two, theirs["reml_hartung_knapp_k2"], ITERATED)
    plain = stats.pool(yi, vi, ci="normal", prediction="t(k-2)")
    ours = [plain.prediction_low, plain.prediction_high]
    yield "REML z", "riley", ITERATED, ours, theirs["reml_prediction_interval_hts"]
    spread = plain.heterogeneity()
    for name, wanted in theirs["reml_q_profile"].items():
        if isinstance(wanted, dict):
            ours = np.array([getattr(spread, f"{name}{end}") for end in ("", "_ci_low", "_ci_high")])
            ours = ours / 100 if name == "i2" else ours
            yield "Q-profile", name, "tau2", ours, [wanted["estimate"], wanted["ci_low"], wanted["ci_high"]]


def binary() -> Iterator[Row]:
    theirs = _values("binary_metafor")
    for name, table in (("clean", "binary"), ("sparse", "binary_sparse")):
        counts = _counts(table)
        for measure, wanted in theirs[name].items():
            label = f"{name} {measure}"
            keep = {"drop_double_zero": "keep"} if measure == "RD" else {"drop_double_zero": "drop"}
            sizes = stats.effect_size(measure, **counts, **keep)
            effect = wanted.get("effect", wanted.get("metafor_effect"))
            yield label, "effect", "closed-form", sizes.yi, effect
            yield label, "variance", "closed-form", sizes.vi, wanted["variance"]
            yield from _pooled_counts(label, measure, counts, sizes, wanted)


def _pooled_counts(label: str, measure: str, counts: Any, sizes: Any, wanted: Any) -> Iterator[Row]:
    usable = np.isfinite(sizes.yi)
    yi, vi = sizes.yi[usable], sizes.vi[usable]
    if "common_iv" in wanted:
        yield from _fit(f"{label} EE", stats.pool(yi, vi, model="common"), wanted["common_iv"], "closed-form")
    if "random_reml_iv" in wanted:
        fit = stats.pool(yi, vi, ci="normal")
        yield from _fit(f"{label} REML", fit, wanted["random_reml_iv"], ITERATED)
    options = {"measure": measure, "drop_double_zero": measure != "RD"}
    plain = stats.mantel_haenszel(**counts, **options)
    yield from _fit(f"{label} rma.mh", plain, wanted["mantel_haenszel"], "closed-form")
    if "mantel_haenszel_corrected" in wanted:
        corrected = stats.mantel_haenszel(**counts, **options, correction=0.5)
        theirs = wanted["mantel_haenszel_corrected"]
        yield from _fit(f"{label} rma.mh corrected", corrected, theirs, "closed-form")
    if "peto" in wanted:
        sizes = stats.effect_size("PETO", **counts, drop_double_zero="drop")
        yield f"{label} PETO", "effect", "closed-form", sizes.yi, wanted["peto"]["effect"]
        yield f"{label} PETO", "variance", "closed-form", sizes.vi, wanted["peto"]["variance"]
        yield from _fit(f"{label} rma.peto", stats.peto(**counts), wanted["peto"]["fit"], "closed-form")


def means() -> Iterator[Row]:
    table, theirs = _data("continuous"), _values("continuous_metafor")
    arms = {
        f"{name}{number}": table[f"{name}_{arm}"]
        for number, arm in ((1, "treat"), (2, "control"))
        for name in ("mean", "sd", "n")
    }
    for name in ("md", "smd"):
        sizes = stats.effect_size(name.upper(), **arms)
        fit = stats.pool(sizes.yi, sizes.vi, model="common")
        ours = {"effect": sizes.yi, "variance": sizes.vi}
        yield from rows(name.upper(), "closed-form", ours, theirs[name])
        yield from _fit(f"{name.upper()} EE", fit, theirs[name], "closed-form")


def correlations() -> Iterator[Row]:
    table, theirs = _data("correlation"), _values("correlation_metafor")
    sizes = stats.effect_size("ZCOR", r=table["correlation"], n=table["n"])
    yield from rows("ZCOR", "closed-form", {"effect": sizes.yi, "variance": sizes.vi}, theirs)
    common = stats.pool(sizes.yi, sizes.vi, model="common", measure="ZCOR")
    yield from _fit("ZCOR EE", common, theirs["common"], "closed-form")
    random = stats.pool(sizes.yi, sizes.vi, ci="normal", measure="ZCOR")
    yield from _fit("ZCOR REML", random, theirs["random_reml"], ITERATED)


def subgroups_and_refits() -> Iterator[Row]:
    data, theirs = _data("workflow"), _values("workflow_metafor")
    yi, vi, group = data["effect"], data["variance"], data["subgroup"]
    wanted = theirs["subgroup_common"]
    common = stats.pool(yi, vi, model="common")
    yield from _fit("EE", common, wanted["overall"], "closed-form")
    split = stats.subgroups(yi, vi, list(group), model="common")
    for name, part in wanted["groups"].items():
        yield from _fit(f"EE {name}", split.results[name], part, "closed-form")
    test = split.test
    ours = {
        "q_between": test.q,
        "q_between_df": test.df,
        "q_between_pvalue": test.p_value,
        "i2_between": test.i2 / 100,
    }
    yield from rows("EE between", "closed-form", ours, wanted)
    split = stats.subgroups(yi, vi, list(group), ci="normal")
    for name, part in theirs["subgroup_random_q_profile"]["groups"].items():
        fit = split.results[name]
        ours = {"estimate": fit.tau2, "ci_low": fit.tau2_ci_low, "ci_high": fit.tau2_ci_high}
        yield from rows(f"Q-profile {name}", "tau2", ours, part)
    alone = stats.pool(yi[:1], vi[:1], ci="normal")
    yield from _fit("one study", alone, theirs["singleton_random"], "closed-form")
    random = stats.pool(yi, vi, ci="normal")
    for key, fit, kind in (("common", common, "closed-form"), ("random_reml", random, ITERATED)):
        left_out = stats.leave_one_out(fit)
        added = stats.cumulative(fit, order=data["year"])
        yield from _series(f"leave-one-out {key}", left_out, theirs["leave_one_out"][key], kind)
        yield from _series(f"cumulative {key}", added, theirs["cumulative"][key], kind)


def _series(label: str, ours: Any, theirs: dict[str, Any], kind: str) -> Iterator[Row]:
    names = {"standard_error": "se", "q_pvalue": "q_p_value"}
    for name in ("estimate", "standard_error", "ci_low", "ci_high", "tau2", "q", "q_pvalue", "i2", "h2"):
        values = np.array(getattr(ours, names.get(name, name)), dtype=float)
        values = values / 100 if name == "i2" else values
        closed = name in {"q", "q_pvalue"}
        own = (
            "closed-form" if closed else "tau2" if name in {"tau2", "i2", "h2"} and kind == ITERATED else kind
        )
        wanted = np.array(theirs[name], dtype=float)
        for row in range(len(wanted)):
            yield f"{label} {row + 1}", name, own, values[row], wanted[row]


def _regression(key: str, formula: str, **extra: Any) -> Any:
    options = MODELS[key] | extra
    table = _data("meta_regression")
    return stats.meta_regression("effect", "variance", formula, data=table, **options)


def regression() -> Iterator[Row]:
    theirs = _values("meta_regression_metafor")
    yield from _line("common", _regression("common", NUMERIC), theirs["common_numeric"], "closed-form")
    for method, wanted in theirs["mixed_numeric"].items():
        fit = _regression(f"mixed_{method.lower()}", NUMERIC)
        yield from _line(method, fit, wanted, from_tau2(method))
    for name, wanted in theirs["mixed_numeric_inference"].items():
        fit = _regression(f"mixed_reml_{name}", NUMERIC)
        yield from _line(name, fit, wanted, ITERATED)
        if "predictions" in wanted:
            given = {"mean_age": wanted["prediction_values"]}
            yield from _predictions(name, fit, given, wanted, ITERATED)
    fit = _regression("common", "~ 0 + mean_age", centred=True)
    yield from _line("common, no constant", fit, theirs["common_no_intercept"], "closed-form")
    yield from _through_the_origin(theirs["mixed_no_intercept_reml"])
    fit = _regression("common_categorical", REGION)
    yield from _line("categorical", fit, theirs["common_categorical"], "closed-form")
    yield from _several(theirs["mixed_multivariable_reml"])


def _through_the_origin(wanted: dict[str, Any]) -> Iterator[Row]:
    fit = _regression("mixed_reml", "~ 0 + mean_age")
    label = "REML, no constant"
    yield from _line(label, fit, wanted, ITERATED)
    yield label, "tau2 solved", "tau2", fit.tau2, wanted["independently_solved_tau2"]
    centred = _regression("mixed_reml", "~ 0 + mean_age", centred=True)
    yield label, "tau2 centred", "tau2", centred.tau2, wanted["metafor_default_tau2"]
    yield from _predictions(label, fit, {"mean_age": wanted["prediction_values"]}, wanted, ITERATED)


def _several(wanted: dict[str, Any]) -> Iterator[Row]:
    fit = _regression("mixed_multivariable_reml", SEVERAL)
    yield from _line("several", fit, wanted, ITERATED)
    joint = stats.linear_hypothesis(fit, np.eye(5)[3:]).joint
    ours = {"statistic": joint.statistic, "df_num": joint.df, "pvalue": joint.p_value}
    yield from rows("region", ITERATED, ours, wanted["region_test"])
    yield from _predictions("several", fit, wanted["prediction_rows"], wanted, ITERATED)


def regression_edges() -> Iterator[Row]:
    theirs = _values("meta_regression_metafor")["boundary_cases"]
    table = _data("meta_regression_boundary")
    fit = stats.meta_regression("linear_effect", "variance", "~ x", data=table, ci="normal")
    wanted = theirs["zero_tau2_reml"]
    yield from _line("perfect fit", fit, wanted, ITERATED)
    yield from _predictions("perfect fit", fit, {"x": wanted["prediction_values"]}, wanted, ITERATED)
    whole = {name: values[theirs["missing_common"]["included_rows"]] for name, values in table.items()}
    fit = stats.meta_regression("observed_effect", "variance", "~ x", data=whole, model="common", ci="normal")
    yield from _line("missing rows", fit, theirs["missing_common"], "closed-form")
    four = {name: values[:4] for name, values in table.items()}
    fit = stats.meta_regression("observed_effect", "variance", "~ x", data=four, ci="hartung-knapp")
    yield from _line("four studies", fit, theirs["small_sample_hartung_knapp"], ITERATED)


def _line(label: str, fit: Any, theirs: dict[str, Any], kind: str) -> Iterator[Row]:
    """Yield what `fit_summary` of the R script holds of one regression."""
    slopes = {
        "estimate": fit.estimate,
        "standard_error": fit.se,
        "statistic": fit.statistic,
        "pvalue": fit.p_value,
        "ci_low": fit.ci_low,
        "ci_high": fit.ci_high,
        "covariance": fit.covariance,
    }
    yield from rows(label, kind, slopes, theirs["coefficients"])
    tau2 = "closed-form" if kind == "closed-form" else "tau2"
    yield label, "tau2", tau2, fit.tau2, theirs["tau2"]
    if theirs["tau2_null"] is not None:
        yield label, "tau2_null", tau2, fit.tau2_null, theirs["tau2_null"]
    if theirs["pseudo_r2"] is not None:
        yield label, "pseudo_r2", tau2, fit.r2 / 100, theirs["pseudo_r2"]
    spread = {
        "q": fit.q,
        "df": fit.q_df,
        "pvalue": fit.q_p_value,
    }
    yield from rows(label, "closed-form", spread, theirs["residual_heterogeneity"])
    if theirs["residual_heterogeneity"]["i2"] is not None:
        yield from rows(label, tau2, {"i2": fit.i2 / 100, "h2": fit.h2}, theirs["residual_heterogeneity"])
    test = fit.moderator_test
    ours = {"statistic": test.statistic, "df_num": test.df, "pvalue": test.p_value}
    yield from rows(label, kind, ours, theirs["global_moderator_test"])
    ours = {
        "residual_scale": fit.scale_factor,
        "normalized_weights": fit.weights,
        "fitted_values": fit.fitted,
        "residuals": fit.residuals,
        "leverage": fit.leverage,
    }
    yield from rows(label, kind, ours, theirs)


def _predictions(label: str, fit: Any, given: Any, theirs: dict[str, Any], kind: str) -> Iterator[Row]:
    for key, prediction in (("predictions", "test"), ("predictions_riley", "t(k-2)")):
        ours = fit.predict(given, prediction=prediction)
        answers = {
            "estimate": ours.estimate,
            "standard_error": ours.se,
            "ci_low": ours.ci_low,
            "ci_high": ours.ci_high,
            "pi_low": ours.prediction_low,
            "pi_high": ours.prediction_high,
        }
        yield from rows(f"{label} {key}", kind, answers, theirs[key])


def regression_influence() -> Iterator[Row]:
    theirs = _values("meta_regression_influence_metafor")["models"]
    designs = {"common_categorical": REGION, "mixed_multivariable_reml": SEVERAL}
    names = {
        "deleted_residual": "deleted_residual",
        "deleted_residual_se": "deleted_residual_se",
        "externally_standardized_residual": "rstudent",
        "cook_distance": "cook",
        "dfbetas": "dfbetas",
    }
    for key, wanted in theirs.items():
        fit = _regression(key, designs.get(key, NUMERIC))
        found = stats.influence_diagnostics(fit.yi, fit.vi, fit.design.matrix, **MODELS[key])
        kind = "closed-form" if "common" in key or "dl" in key else "deleted"
        yield from rows(key, kind, {name: getattr(found, own) for name, own in names.items()}, wanted)


def regression_contrasts() -> Iterator[Row]:
    theirs = _values("meta_regression_contrasts_metafor")
    for key, wanted in theirs["models"].items():
        found = stats.linear_hypothesis(_regression(key, SEVERAL), theirs["contrast_matrix"])
        ours = {
            "estimate": found.estimate,
            "standard_error": found.se,
            "statistic": found.statistic,
            "pvalue": found.p_value,
            "joint_statistic": found.joint.statistic,
            "joint_pvalue": found.joint.p_value,
        }
        yield from rows(key, "closed-form" if key == "common" else ITERATED, ours, wanted)


def regression_collinearity() -> Iterator[Row]:
    theirs = _values("meta_regression_collinearity_metafor")
    for key, wanted in theirs["models"].items():
        fit = _regression(key, SEVERAL)
        single = stats.variance_inflation(fit)
        grouped = stats.variance_inflation(fit, groups=[[1], [2], [3, 4]])
        ours = {
            "term_vif": single.vif,
            "term_sif": single.sif,
            "moderator_gvif": grouped.vif,
            "moderator_gsif": grouped.sif,
        }
        yield from rows(key, "closed-form" if key == "common" else ITERATED, ours, wanted)


def asymmetry() -> Iterator[Row]:
    data = _data("small_study_effects")
    egger = stats.regression_test(data["effect"], data["variance"], model="multiplicative")
    yield from _asymmetry("Egger", egger, _values("small_study_effects_metafor"), "intercept")
    counts = _counts("peters_small_study_effects")
    harbord = stats.asymmetry_test("harbord", **counts)
    yield from _asymmetry("Harbord", harbord, _values("harbord_small_study_effects_meta"), "intercept")
    peters = stats.asymmetry_test("peters", **counts)
    yield from _asymmetry("Peters", peters, _values("peters_small_study_effects_meta"), "slope")
    yield from _ranks(data["effect"], data["variance"].copy())


def _asymmetry(label: str, test: Any, theirs: dict[str, Any], name: str) -> Iterator[Row]:
    ours = {
        name: test.slope,
        f"{name}_standard_error": test.slope_se,
        f"{name}_ci": [test.slope_ci_low, test.slope_ci_high],
        "statistic": test.statistic,
        "df": test.df,
        "pvalue": test.p_value,
        "limit_estimate": test.intercept,
        "limit_standard_error": test.intercept_se,
        "residual_dispersion": test.dispersion,
    }
    yield from rows(label, "closed-form", ours, theirs)


def _ranks(yi: Any, vi: Any) -> Iterator[Row]:
    theirs = _values("begg_ranktest_metafor")
    exact = stats.rank_test(yi, vi)
    ours = {"tau": exact.tau, "statistic": exact.score, "pvalue": exact.p_value}
    yield from rows("Begg", "closed-form", ours, theirs)
    vi[1] = vi[0]
    tied = stats.rank_test(yi, vi)
    ours = {"tau": tied.tau, "statistic": tied.statistic, "pvalue": tied.p_value}
    yield from rows("Begg tied", "closed-form", ours, theirs["tied_asymptotic"])
    corrected = stats.rank_test(yi, vi, exact=False, correct=True)
    ours = {"statistic": corrected.statistic, "pvalue": corrected.p_value}
    yield from rows("Begg tied, corrected", "closed-form", ours, theirs["tied_continuity_corrected"])


def trim() -> Iterator[Row]:
    theirs = _values("trimfill_metafor")
    for key, wanted in theirs["cases"].items():
        method, estimator, side = key.split("_")
        model = {"model": "common"} if method == "fe" else {}
        fit = stats.trim_and_fill(
            theirs["yi"], theirs["vi"], estimator=estimator, side=side, ci="normal", **model
        )
        kind = "closed-form" if method == "fe" else ITERATED
        ours = {
            "k0": fit.missing,
            "estimate": [[fit.estimate]],
            "k0_standard_error": fit.missing_se,
            "k0_pvalue": fit.missing_p_value,
        }
        yield from rows(key, kind, ours, wanted)
        yield key, "tau2", "tau2", fit.tau2 or 0.0, wanted["tau2"]


RUNS = (
    generic,
    binary,
    means,
    correlations,
    subgroups_and_refits,
    regression,
    regression_edges,
    regression_influence,
    regression_contrasts,
    regression_collinearity,
    asymmetry,
    trim,
)
