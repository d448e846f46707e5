"""Meta-regression, location-scale models, permutation tests, hypotheses, several tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError
from evergrove.stats.regression.splines import spline_knots
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

CLOSED = "closed-form"
ITERATED = ("REML", "ML", "PM", "PMM", "EB")
COEFFICIENTS = ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high")
CRITERIA = ("log_likelihood", "deviance", "aic", "bic", "aicc")


def _label(case: dict[str, Any]) -> str:
    return " ".join(str(value) for value in case.values() if isinstance(value, str))


def _set(file: str, name: str) -> dict[str, Any]:
    return {
        key: np.array(values) if isinstance(values[0], str) else np.array(values, dtype=float)
        for key, values in golden(file).data[name].items()
    }


def _fit(file: str, case: dict[str, Any], **options: Any) -> stats.MetaRegressionResult:
    data = _set(file, case["set"])
    mods = [name for name in data if name not in {"yi", "vi"}]
    method = case.get("tau2_method", "DL")
    model = {"model": "common"} if method == "EE" else {"tau2": method}
    return stats.meta_regression("yi", "vi", mods, data=data, **{**model, "ci": case.get("ci"), **options})


def _kind(quantity: str, *, iterated: bool) -> str:
    if quantity.startswith("tau2"):
        return "tau2" if iterated else CLOSED
    if quantity.endswith("p_value"):
        return "from-tau2" if iterated and quantity != "q_p_value" else "p-value"
    return "from-tau2" if iterated and quantity != "q" else CLOSED


def regression_fits() -> Iterator[Row]:
    file = "regression_fits"
    for case in golden(file).cases:
        own = case["tau2_method"] == "GENQ"
        weights = {"tau2_weights": 1.0 / np.sqrt(_set(file, case["set"])["vi"])} if own else {}
        ours = _fit(file, case, **weights)
        iterated = case["tau2_method"] in ITERATED
        names = [name for name in case if name not in {"set", "tau2_method", "ci", "qm", "qm_p_value"}]
        for quantity in names:
            # metafor's iterations end just above a tau² that is 0
            vanished = iterated and case["tau2"] < 1e-10 and quantity in {"tau2", "i2"}
            theirs = 0.0 if vanished else case[quantity]
            yield _label(case), quantity, _kind(quantity, iterated=iterated), getattr(ours, quantity), theirs
        if "qm" in case:
            kind = _kind("qm", iterated=iterated)
            yield _label(case), "qm", kind, ours.moderator_test.statistic, case["qm"]
            kind = _kind("p_value", iterated=iterated)
            yield _label(case), "qm p_value", kind, ours.moderator_test.p_value, case["qm_p_value"]


def regression_two_step() -> Iterator[Row]:
    for case in golden("regression_two_step").cases:
        ours = _fit("regression_two_step", case, ci="normal")
        for quantity in ("tau2", "estimate", "se"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]


def regression_adhoc() -> Iterator[Row]:
    for case in golden("regression_adhoc").cases:
        ours = _fit("regression_adhoc", case)
        for quantity in ("se", "ci_low", "ci_high", "p_value"):
            kind = _kind(quantity, iterated=False)
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def regression_q_profile() -> Iterator[Row]:
    for case in golden("regression_q_profile").cases:
        ours = _fit("regression_q_profile", case, level=case["level"])
        empty = "tau2-interval-empty" in [remark.code for remark in ours.diagnostics]
        for quantity in ("tau2_ci_low", "tau2_ci_high"):
            # metafor gives an empty set as 0 to 0 with a warning; here it is None with a diagnostic
            theirs = None if empty and case["tau2_ci_high"] == 0 else case[quantity]
            yield f"{case['set']} {case['level']}", quantity, "tau2", getattr(ours, quantity), theirs


def regression_residuals() -> Iterator[Row]:
    for case in golden("regression_residuals").cases:
        ours = _fit("regression_residuals", case)
        for quantity in ("leverage", "residuals", "fitted", "weights"):
            yield case["set"], quantity, CLOSED, getattr(ours, quantity), case[quantity]
        yield case["set"], "hat matrix", CLOSED, ours.hat_matrix()[0], case["hat"]


def regression_predictions() -> Iterator[Row]:
    for case in golden("regression_predictions").cases:
        fit = _fit("regression_predictions", case, prediction="test")
        ours = fit.predict(case["rows"], level=case["level"])
        for quantity in ("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high"):
            label = f"{_label(case)} {case['level']}"
            yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]


def regression_weights() -> Iterator[Row]:
    for case in golden("regression_weights").cases:
        vi = _set("regression_weights", case["set"])["vi"]
        weights = np.ones_like(vi) if case["weights"] == "ones" else 1.0 / np.sqrt(vi)
        ours = _fit("regression_weights", case, weights=weights)
        for quantity in (*COEFFICIENTS, "tau2", "i2", "h2", "r2", "q", *CRITERIA):
            kind = _kind(quantity, iterated=False)
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]
        yield _label(case), "qm", CLOSED, ours.moderator_test.statistic, case["qm"]


def regression_variants() -> Iterator[Row]:
    for case in golden("regression_variants").cases:
        plain = _fit("regression_variants", case, intercept=False)
        for quantity in ("estimate", "se", "tau2", "i2", "q", "log_likelihood"):
            yield _label(case), quantity, CLOSED, getattr(plain, quantity), case[quantity]
        given = _fit("regression_variants", case, tau2=0.2, test=[1])
        for quantity in ("estimate", "se"):
            yield (
                _label(case),
                f"given {quantity}",
                CLOSED,
                getattr(given, quantity),
                case[f"given_{quantity}"],
            )
        for fit, start in ((plain, ""), (given, "given_")):
            test = fit.moderator_test
            yield _label(case), f"{start}qm", CLOSED, test.statistic, case[f"{start}qm"]
            yield _label(case), f"{start}qm p_value", "p-value", test.p_value, case[f"{start}qm_p_value"]


def regression_formulas() -> Iterator[Row]:
    data = _set("regression_formulas", "bcg")
    for case in golden("regression_formulas").cases:
        ours = stats.meta_regression("yi", "vi", case["formula"], data=data, tau2="DL", ci="normal")
        yield case["formula"], "qm", CLOSED, ours.moderator_test.statistic, case["qm"]
        yield case["formula"], "q", CLOSED, ours.q, case["q"]
        yield case["formula"], "fitted", CLOSED, ours.fitted, case["fitted"]
        # orthogonal polynomials are the same up to sign
        yield case["formula"], "estimate", CLOSED, np.abs(ours.estimate), np.abs(case["estimate"])
        yield case["formula"], "se", CLOSED, ours.se, case["se"]


def regression_splines() -> Iterator[Row]:
    for case in golden("regression_splines").cases:
        x = _set("regression_splines", case["set"])["x"]
        label = f"{case['set']} {case['count']}"
        basis = stats.rcs(x, case["count"])
        yield label, "knots", CLOSED, spline_knots(x, case["count"]), case["knots"]
        yield label, "second column", CLOSED, basis.matrix[:, 1], case["second"]
        yield label, "last column", CLOSED, basis.matrix[:, -1], case["last"]


def regression_incomplete() -> Iterator[Row]:
    for case in golden("regression_incomplete").cases:
        if "redundant" in case:
            data = _set("regression_incomplete", "bcg")
            data |= {"sum": data["ablat"] + data["year"], "half": 0.5 * data["ablat"]}
            mods, option = ["ablat", "year", "sum", "half"], {"redundant": case["redundant"]}
        else:
            data, mods, option = (
                _set("regression_incomplete", "bangert"),
                ["meta"],
                {"missing": case["missing"]},
            )
        label = str(option)
        if "error" in option.values():
            with pytest.raises(DataError) as caught:
                stats.meta_regression("yi", "vi", mods, data=data, tau2="DL", ci="normal", **option)
            if "redundant" in case:
                named = re.findall(r"'(\w+)'", str(caught.value).split("(")[0])
                yield label, "named", CLOSED, [name in case["dropped"] for name in named], [1.0, 1.0]
            else:
                rows = [float(row) for row in re.findall(r"row (\d+)", str(caught.value))]
                yield label, "rows", CLOSED, rows, case["lost"]
            continue
        ours = stats.meta_regression("yi", "vi", mods, data=data, tau2="DL", ci="normal", **option)
        for quantity in ("estimate", "se"):
            yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]


def regression_hypotheses() -> Iterator[Row]:
    for case in golden("regression_hypotheses").cases:
        fit = _fit("regression_hypotheses", case)
        ours = stats.linear_hypothesis(fit, case["matrix"], case["rhs"])
        for quantity in ("estimate", "se", "statistic", "p_value"):
            kind = _kind(quantity, iterated=False)
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]
        yield _label(case), "joint", CLOSED, ours.joint.statistic, case["joint"]
        yield _label(case), "joint p_value", "p-value", ours.joint.p_value, case["joint_p_value"]


def regression_comparisons() -> Iterator[Row]:
    for case in golden("regression_comparisons").cases:
        data = _set("regression_comparisons", case["set"])
        mods = [name for name in data if name not in {"yi", "vi"}]
        fits = [
            stats.meta_regression("yi", "vi", chosen, data=data, tau2="ML") for chosen in (mods, mods[:1])
        ]
        ours = stats.compare_models(*fits)
        for quantity in (
            "statistic",
            "df",
            "p_value",
            "r2",
            "aic_full",
            "aic_reduced",
            "bic_full",
            "aicc_reduced",
        ):
            yield case["set"], quantity, "from-tau2", getattr(ours, quantity), case[quantity]


def regression_inflation() -> Iterator[Row]:
    for case in golden("regression_inflation").cases:
        fit = _fit("regression_inflation", case)
        yield _label(case), "vif", CLOSED, stats.variance_inflation(fit).vif, case["vif"]
        pair = stats.variance_inflation(fit, groups=[[1, 2]])
        yield _label(case), "pair", CLOSED, pair.vif[0], case["pair"]


def regression_inflation_simulated() -> Iterator[Row]:
    for case in golden("regression_inflation_simulated").cases:
        fit = _fit("regression_inflation_simulated", {**case, "tau2_method": "DL", "ci": "normal"})
        ours = stats.variance_inflation(fit, simulations=1000, reestimate=case["reestimate"], rng=3)
        label = f"{case['set']} {case['reestimate']}"
        yield label, "share", "monte-carlo", ours.share, case["share"]
        quartiles = np.nanquantile(ours.simulated, [0.25, 0.5, 0.75], axis=0).T
        yield label, "quartiles", "monte-carlo", quartiles, case["quartiles"]


def regression_location_scale() -> Iterator[Row]:
    for case in golden("regression_location_scale").cases:
        data = _set("regression_location_scale", case["set"])
        ours = stats.location_scale(
            "yi",
            "vi",
            case["mods"] or None,
            case["scale"],
            data=data,
            likelihood=case["likelihood"],
            link=case["link"],
            ci=case["ci"],
        )
        for quantity in ("estimate", "se", "scale_estimate", "tau2"):
            yield _label(case), quantity, "optimised", getattr(ours, quantity), case[quantity]
        for quantity in ("scale_se", "scale_p_value"):
            yield _label(case), quantity, "numerical-hessian", getattr(ours, quantity), case[quantity]
        yield _label(case), "qs", "numerical-hessian", ours.scale_test.statistic, case["qs"]
        yield _label(case), "q", CLOSED, ours.q, case["q"]
        for quantity in ("log_likelihood", "aic", "bic", "aicc"):
            yield _label(case), quantity, "optimised", getattr(ours, quantity), case[quantity]
        theirs = case["metafor_scale_estimate"]
        yield _label(case), "scale_estimate of metafor", "derivative-free", ours.scale_estimate, theirs


def regression_location_scale_given() -> Iterator[Row]:
    table = golden("regression_location_scale_given")
    d = table.data["d"]
    scale = {name: d[name] for name in ("ni", "meta")}
    for case in table.cases:
        options = {"likelihood": case["likelihood"], "link": case["link"], "scale_given": case["given"]}
        ours = stats.location_scale(d["yi"], d["vi"], {"meta": d["meta"]}, scale, ci="t", **options)
        label = f"{case['likelihood']} {case['link']} {case['given']}"
        for quantity in ("scale_estimate", "log_likelihood", "aic"):
            yield label, quantity, "optimised", getattr(ours, quantity), case[quantity]
        yield label, "scale_se", "numerical-hessian", ours.scale_se[case["free"]], case["scale_se"]
        theirs = case["metafor_scale_estimate"]
        yield label, "scale_estimate of metafor", "derivative-free", ours.scale_estimate, theirs


def _permuted(file: str, case: dict[str, Any], **options: Any) -> stats.PermutationTest:
    fit = _fit(file, case, level=case.get("level", 0.95), ci=case.get("ci", "normal"))
    return stats.permutation_test(fit, exact=True, **options)


def regression_permutation() -> Iterator[Row]:
    for case in golden("regression_permutation").cases:
        options = {name: case[name] for name in ("alternative", "two_sided", "compared")}
        ours = _permuted("regression_permutation", case, **options)
        for quantity in ("p_value", "joint_p_value", "distinct"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]


def regression_location_scale_permutation() -> Iterator[Row]:
    table = golden("regression_location_scale_permutation")
    d = table.data["bcg"]
    fits = {
        "scale": stats.location_scale(d["yi"], d["vi"], None, {"z": d["z"]}),
        "location": stats.location_scale(d["yi"], d["vi"], {"z": d["z"]}, {"south": d["south"]}),
    }
    for case in table.cases:
        options = {name: case[name] for name in ("part", "alternative", "compared")}
        ours = stats.location_scale_permutation_test(fits[case["part"]], **options)
        for quantity in ("p_value", "joint_p_value"):
            label = " ".join(options.values())
            yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]


def regression_permutation_limits() -> Iterator[Row]:
    for case in golden("regression_permutation_limits").cases:
        ours = _permuted("regression_permutation_limits", case, interval=True)
        for quantity in ("ci_low", "ci_high"):
            yield case["set"], quantity, "step-function", getattr(ours, quantity), case[quantity]


def regression_p_adjust() -> Iterator[Row]:
    for case in golden("regression_p_adjust").cases:
        given = np.array(case["p_values"], dtype=float)
        ours = stats.adjust_p_values(given, case["method"])
        yield f"{case['method']} {case['p_values']}", "adjusted", CLOSED, ours, case["adjusted"]


def regression_step_down() -> Iterator[Row]:
    for case in golden("regression_step_down").cases:
        ours = stats.step_down_max(case["observed"], case["permuted"])
        yield f"{len(case['observed'])} tests", "adjusted", CLOSED, ours, case["adjusted"]


RUNS = (
    regression_fits,
    regression_two_step,
    regression_adhoc,
    regression_q_profile,
    regression_residuals,
    regression_predictions,
    regression_weights,
    regression_variants,
    regression_formulas,
    regression_splines,
    regression_incomplete,
    regression_hypotheses,
    regression_comparisons,
    regression_inflation,
    regression_inflation_simulated,
    regression_location_scale,
    regression_location_scale_given,
    regression_permutation,
    regression_location_scale_permutation,
    regression_permutation_limits,
    regression_p_adjust,
    regression_step_down,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    return {
        stats.RedundantColumns: seen("regression_incomplete", "redundant"),
        stats.MissingModerators: seen("regression_incomplete", "missing"),
        stats.ModelPart: seen("regression_location_scale_permutation", "part"),
        stats.ScaleLink: seen("regression_location_scale", "link"),
        stats.Likelihood: seen("regression_location_scale", "likelihood"),
        stats.Alternative: seen("regression_permutation", "alternative"),
        stats.TwoSidedRule: seen("regression_permutation", "two_sided"),
        stats.PermutedStatistic: seen("regression_permutation", "compared"),
        stats.PAdjustment: seen("regression_p_adjust", "method"),
    }
