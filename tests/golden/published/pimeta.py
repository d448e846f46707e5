"""What pimeta's tests state of metafor 5.2-1 and meta 8.5-0, asked of evergrove.

`values/pimeta.json` says for each group of numbers where it stands, the call of R that gave it, and the steps
of `evergrove.stats` that answer the same question. In the arguments of a step ``@bcg.yi`` is a column of the
data sets, ``@bcg`` the whole set, ``#yi`` a field of the step before and ``#`` its whole result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.published.kept import Row, archive

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "pimeta"


def _delta_of_exp(yi: Any, vi: Any) -> Any:
    return stats.delta_method(yi, vi, np.exp, derivative=np.exp)


def _exp_of_estimate(fit: Any, order: int) -> Any:
    return stats.transform_estimates(fit.estimate, fit.se**2, np.exp, order=order)


def _ratio_of_estimates(estimate: Any, variances: Any) -> Any:
    return stats.transform_estimates(estimate, np.diag(variances), lambda pair: pair[0] / pair[1])


def _tables_by_rows(n: Any, row1: Any, column1: Any, **given: Any) -> dict[str, Any]:
    """Return whole tables of two arms: the arms are the rows of conv.2x2 (`n1i`, `n2i`)."""
    found = stats.tables_from_margins(n, row1, column1, **given)
    return {name: getattr(found, own) for name, own in zip(("ai", "bi", "ci", "di"), "abcd", strict=True)}


def _number_needed_at(fit: Any, control_risk: float) -> dict[str, Any]:
    natural = fit.natural()
    limits = (natural.estimate, natural.ci_low, natural.ci_high)
    found = stats.convert_effect("OR", "RD", *limits, control_risk)
    return {"difference": found.estimate, "number": 1 / abs(found.estimate)}


def _each(name: str, yi: Any, vi: Any, **options: Any) -> dict[str, Any]:
    found = [getattr(stats, name)(*pair, **options) for pair in zip(yi, vi, strict=True)]
    variances = np.array([one.vi for one in found])
    return {"yi": np.array([one.yi for one in found]), "vi": variances, "se": np.sqrt(variances)}


def _glmm_as_metafor(**options: Any) -> Any:
    """Return the fit with metafor's log-likelihood, which rests on lme4's conditional deviance."""
    fit = stats.glmm(**options)
    deviance = fit.conditional_deviance
    if deviance is None:
        deviance = 2 * (fit.log_likelihood_saturated - fit.log_likelihood)
    named = {
        name: getattr(fit, name) for name in ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high")
    }
    named |= {name: getattr(fit, name) for name in ("tau2", "i2", "h2", "q_wald", "q_lrt")}
    return named | {"deviance": deviance, "log_likelihood": fit.log_likelihood_saturated - deviance / 2}


def _restricted_likelihoods(yi: Any, vi: Any, tau2: Any) -> np.ndarray:
    return np.array([stats.pool(yi, vi, tau2=value).fit_statistics().reml.log_likelihood for value in tau2])


def _refits_of_counts(method: str, refit: str, counts: Any, **options: Any) -> Any:
    extra = {"measure": "OR"} if method == "mantel_haenszel" else {}
    return getattr(stats, refit)(getattr(stats, method)(**counts, **extra), **options)


def _likelihood_ratio(full: Any, reduced: Any) -> Any:
    return stats.compare_models(stats.multilevel(**full), stats.multilevel(**reduced))


#: Steps that are no function of `evergrove.stats` by themselves.
STEPS = {
    "delta_of_exp": _delta_of_exp,
    "exp_of_estimate": _exp_of_estimate,
    "ratio_of_estimates": _ratio_of_estimates,
    "tables_from_margins_by_rows": _tables_by_rows,
    "number_needed_at": _number_needed_at,
    "restricted_likelihoods": _restricted_likelihoods,
    "refits_of_counts": _refits_of_counts,
    "likelihood_ratio": _likelihood_ratio,
    "each": _each,
    "glmm_as_metafor": _glmm_as_metafor,
    "item": lambda items, position: items[position],
}


def _argument(value: Any, before: Any) -> Any:
    if isinstance(value, dict):
        return {name: _argument(entry, before) for name, entry in value.items()}
    if not isinstance(value, str) or value[:1] not in {"@", "#"}:
        return value
    if value[0] == "#":
        return _field(before, value[1:]) if value != "#" else before
    name, _, column = value[1:].partition(".")
    table = archive(SOURCE)["data"][name]
    return np.array(table[column]) if column else {key: np.array(values) for key, values in table.items()}


def _result(steps: list[dict[str, Any]]) -> Any:
    before: Any = None
    for step in steps:
        function = STEPS.get(step["function"]) or getattr(stats, step["function"])
        arguments = {name: _argument(value, before) for name, value in step["arguments"].items()}
        if step["function"] in ON_A_FIT:
            before = function(arguments.pop("fit"), **arguments)
        else:
            before = function(**arguments)
    return before


#: Functions whose first argument is a fit.
ON_A_FIT = {
    "leave_one_out",
    "cumulative",
    "blups",
    "predict_effects",
    "variance_inflation",
    "robust",
    "random_effects",
    "deleted_residuals",
    "heteroscedasticity_test",
}
#: Roots of what evergrove reports.
ROOTS = {"tau2_root": "tau2", "dispersion_root": "dispersion"}


def _field(result: Any, path: str) -> Any:
    """Return a field: ``natural.estimate`` calls what is a method, ``i2/100`` scales, ``tau2[:4]`` picks."""
    if path in ROOTS:
        return np.sqrt(getattr(result, ROOTS[path]))
    path, scale, by = re.fullmatch(r"(.*?)(?:([*/])(\d+))?", path).groups()
    for name, picked in re.findall(r"(\w+)(?:\[([^\]]+)\])?", path):
        if name != "values":
            result = result[name] if isinstance(result, dict) else getattr(result, name)
            result = result() if callable(result) else result
        if picked:
            result = np.asarray(result, dtype=float)[_index(picked)]
    if scale:
        result = np.asarray(result, dtype=float) * (float(by) if scale == "*" else 1 / float(by))
    return result


def _index(text: str) -> Any:
    if ":" in text:
        return slice(*(int(end) if end else None for end in text.split(":")))
    return tuple(int(part) for part in text.split(","))


def family(name: str) -> Iterator[Row]:
    """Yield the rows of one family of calls."""
    for case in archive(SOURCE)["cases"]:
        if case["family"] != name:
            continue
        result = _result(case["steps"])
        label = f"{case['file']}:{case['line']} {case['call']}"
        for quantity, theirs in case["expected"].items():
            kind = case.get("kinds", {}).get(quantity, case["kind"])
            if quantity in case.get("digits", {}):
                kind = f"{kind}, {case['digits'][quantity]} digits"
            if quantity in case.get("differs", {}):
                kind = f"differs: {case['differs'][quantity]}"
            ours = _field(result, quantity)
            yield label, quantity, kind, ours, max(ours, theirs) if kind == "not lower" else theirs


def families() -> list[str]:
    """Return the families in the order of the file."""
    return list(dict.fromkeys(case["family"] for case in archive(SOURCE)["cases"]))
