"""What rests on a fit: predictions, contrasts, limits of components, true effects, weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from exchange import Answer, Asked, Fit, LeftOut, Row, array, how, model_options

from evergrove import stats

#: metafor's names of ways back, by the measure whose way back it is
WAYS_BACK = {
    "exp": "OR",
    "transf.ztor": "ZCOR",
    "transf.ilogit": "PLO",
    "transf.iahw": "AHW",
    "transf.iabt": "ABT",
}


def predictions(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare predict."""
    fit = fits[asked["fit"]]
    ours, kind = fit.result, how(fit.asked) if "method" in fit.asked else "closed"
    kind = "searched" if isinstance(ours, stats.GlmmResult) else kind
    rows = None if "X" not in asked else np.array(asked["X"], dtype=float)
    if isinstance(ours, (stats.PoolResult, stats.GlmmResult)):
        found = {"pred": ours.estimate, "se": ours.se, "ci_low": ours.ci_low, "ci_high": ours.ci_high}
        found |= {"pi_low": ours.prediction_low, "pi_high": ours.prediction_high}
        if asked["level"] != ours.level:
            return
    elif isinstance(ours, stats.RobustResult) and not isinstance(fit.base, stats.MultilevelResult):
        raise LeftOut("predictions from robust tests of a model without random terms")
    else:
        if isinstance(ours, stats.MetaRegressionResult):
            given = None if rows is None else rows[:, 1:] if fit.asked["intercept"] else rows
            shown: Any = stats.predict_effects(ours, given, level=asked["level"])
            if not fit.asked["intercept"] and rows is None:
                shown = stats.predict_effects(ours, np.array(fit.asked["X"]), level=asked["level"])
        else:
            kind = "components"
            shown = predicted_multilevel(asked, answer, fit, rows)
        found = {"pred": shown.estimate, "se": shown.se, "ci_low": shown.ci_low, "ci_high": shown.ci_high}
        found |= {f"pi_{one}": getattr(shown, f"prediction_{one}", None) for one in ("low", "high")}
    se = float(np.nanmin(array(answer.get("se")), initial=1.0))
    back = way_back(asked)
    for quantity, value in found.items():
        if quantity not in answer or (quantity == "se" and asked["transformed"]) or value is None:
            continue
        mine, theirs = array(back(array(value))), array(answer[quantity])
        if mine.size != theirs.size and theirs.size == 1:
            mine = mine[:1]
        if quantity.startswith("pi_") and not np.isfinite(mine).any():
            continue
        yield Row(f"predict {quantity}", mine, theirs, kind, 1.0 if asked["transformed"] else se)


def way_back(asked: Asked) -> Callable[[np.ndarray], np.ndarray]:
    """Return the transformation of a predict."""
    if not asked["transformed"]:
        return lambda values: values
    named = re.search(r"transf = ([\w.]+)", asked["call"])
    measure = WAYS_BACK[named.group(1) if named else ""]
    return lambda values: stats.back_transform(values, measure)


def predicted_multilevel(asked: Asked, answer: Answer, fit: Fit, rows: np.ndarray | None) -> Any:
    """Predict from a multilevel model at rows of its design."""
    given: Any = None
    if rows is not None and not np.isfinite(array(answer.get("pi_low"))).any() and fit.base is None:
        return stats.linear_hypothesis(fit.result, rows)  # a mean over inner levels of different variances
    design = np.array(fit.asked["X"], dtype=float)
    if rows is None and design.shape[1] > 1:
        rows = design
    if rows is not None:
        if fit.asked["intercept"] and (rows[:, 0] == 0).any():
            raise LeftOut("predictions without the intercept of the model")
        given = rows[:, 1:] if fit.asked["intercept"] else rows
    options: dict[str, Any] = {"level": asked["level"]}
    if "tau2.levels" in asked:
        levels = sorted(set(fit.asked["random"]["columns"]["c1"]))
        options["inner_levels"] = [levels[int(one) - 1] for one in np.atleast_1d(asked["tau2.levels"])]
    if isinstance(fit.result, stats.RobustResult):
        return stats.predict_multilevel(fit.base, given, robust=fit.result, **options)
    return stats.predict_multilevel(fit.result, given, **options)


def contrasts(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare anova with contrasts or chosen coefficients."""
    fit = fits[asked["fit"]]
    ours, kind = (
        fit.result,
        "components" if isinstance(fit.result, stats.MultilevelResult) else how(fit.asked),
    )
    matrix = (
        np.eye(len(ours.names))[array(asked["btt"]).astype(int)]
        if "btt" in asked
        else np.array(asked["X"], dtype=float)
    )
    test = stats.linear_hypothesis(ours, matrix)
    if "estimate" in answer:
        for quantity in ("estimate", "se", "p_value"):
            floor = 1e-3 if quantity == "p_value" and kind == "components" else 1e-300
            yield Row(f"anova {quantity}", getattr(test, quantity), answer[quantity], kind, floor)
    if "qm" in answer:
        yield Row("anova qm", test.joint.statistic, answer["qm"], kind)
        yield Row(
            "anova qm_p",
            test.joint.p_value,
            answer["qm_p_value"],
            kind,
            1e-3 if kind == "components" else 1e-300,
        )


def comparison(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare likelihood-ratio tests."""
    if asked["other"] not in fits:
        raise LeftOut("a question about a fit that was left out")
    one, two = fits[asked["fit"]].result, fits[asked["other"]].result
    if one.log_likelihood < two.log_likelihood:
        one, two = two, one
    ours = stats.compare_models(one, two)
    yield Row("compare statistic", ours.statistic, answer["statistic"], "components", 1e-3)
    yield Row("compare p", ours.p_value, answer["p_value"], "components", 1e-6)


def limits(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare confint of tau² or of components."""
    fit = fits[asked["fit"]]
    if isinstance(fit.result, stats.MultilevelResult):
        found = stats.component_intervals(fit.result)
        yield Row("confint mv low", found.ci_low, answer["low"], "profile", 1e-3)
        yield Row("confint mv high", found.ci_high, answer["high"], "profile", 1e-3)
        return
    kinds = {"QP": "q-profile", "PL": "profile-likelihood", "HT": "higgins-thompson"}
    spread = float(np.min(array(fit.asked["vi"])))
    if isinstance(fit.result, stats.PoolResult):
        options = model_options(fit.asked)
        found = stats.pool(fit.asked["yi"], fit.asked["vi"], tau2_ci=kinds[asked["type"]], **options)
    elif asked["type"] == "QP":
        found = fit.result
    else:
        raise LeftOut("likelihood limits of tau² in meta-regression")
    kind = "tau2" if asked["type"] == "QP" else "profile"
    low, high = (array(getattr(found, f"tau2_ci_{one}")) for one in ("low", "high"))
    if np.isnan(low).all() and answer["tau2_high"] == 0.0:
        raise LeftOut("an empty set of tau², which metafor shows as 0 to 0")
    yield Row(
        f"confint {asked['type']} tau2",
        [low[0], high[0]],
        [answer["tau2_low"], answer["tau2_high"]],
        kind,
        spread,
    )
    if isinstance(found, stats.PoolResult):
        yield Row(
            f"confint {asked['type']} i2",
            [found.i2_ci_low, found.i2_ci_high],
            [answer["i2_low"], answer["i2_high"]],
            kind,
            1.0,
        )


def true_effects(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare blup."""
    fit = fits[asked["fit"]]
    ours = stats.blups(fit.result)
    kind, se = how(fit.asked), float(np.nanmin(array(answer["se"]), initial=1.0))
    for mine, theirs in {"effect": "estimate", "se": "se", "ci_low": "low", "ci_high": "high"}.items():
        yield Row(f"blup {theirs}", getattr(ours, mine), answer[theirs], kind, max(se, 1e-6))


def inflation(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare vif."""
    fit = fits[asked["fit"]]
    yield Row("vif", stats.variance_inflation(fit.result).vif, answer["vif"], how(fit.asked))


def share_of_weight(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare weights."""
    fit = fits[asked["fit"]]
    if isinstance(fit.result, stats.PoolResult):
        yield Row("weights", fit.result.weights, answer["weights"], how(fit.asked))
