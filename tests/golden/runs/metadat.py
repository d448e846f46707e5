"""Sets of metadat: contrasts of multilevel models, robust contrasts and predictions, whole sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.stats_reference import golden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

#: evergrove's columns of metafor's arguments
COLUMNS = {
    "ai": "events1",
    "n1i": "n1",
    "ci": "events2",
    "n2i": "n2",
    "m1i": "mean1",
    "sd1i": "sd1",
    "m2i": "mean2",
    "sd2i": "sd2",
    "xi": "events",
    "ni": "n",
}
INTERVALS = {
    "REML": "hartung-knapp",
    "DL": "normal",
    "PM": "hartung-knapp-truncated",
    "EE": "normal",
}


def _covariance(content: dict[str, Any], cluster: str) -> np.ndarray:
    """Return V from its blocks, one for each cluster in the order in which they appear."""
    labels = np.array(content[cluster])
    matrix = np.zeros((labels.size, labels.size))
    for label, block in zip(dict.fromkeys(labels.tolist()), content["V"], strict=True):
        rows = np.flatnonzero(labels == label)
        matrix[np.ix_(rows, rows)] = np.array(block)
    return matrix


def _model(case: dict[str, Any]) -> tuple[stats.MultilevelResult, list[str]]:
    """Fit a case with its components given; return it with its clusters."""
    content = golden("metadat_contrasts").data[case["set"]]
    given = {kind: np.atleast_1d(values).tolist() for kind, values in (case["given"] or {}).items()}
    fit = stats.multilevel(
        content["yi"],
        _covariance(content, case["cluster"]),
        random=case.get("random") or (),
        struct=case["struct"],
        data={name: np.array(values) for name, values in content.items() if name not in ("yi", "V")},
        mods=np.column_stack([content[name] for name in case["mods"]]),
        intercept=case["intercept"],
        test=case["test"],
        dfs=case["dfs"],
        **given,
    )
    return fit, content[case["cluster"]]


def metadat_contrasts() -> Iterator[Row]:
    for case in golden("metadat_contrasts").cases:
        label = f"{case['set']} {case['test']} {case['dfs']}"
        fit, cluster = _model(case)
        ours = stats.linear_hypothesis(fit, np.array(case["X"]))
        yield from _tests(label, ours, case["contrast"])
        if "robust_contrast" in case:
            found = stats.linear_hypothesis(stats.robust(fit, cluster), np.array(case["X"]))
            yield from _tests(f"{label} robust", found, case["robust_contrast"])
        for name, options in (
            ("robust_prediction", {}),
            ("robust_prediction_metafor", {"adjust": "CR1p", "df": "clusters-p"}),
        ):
            if name in case:
                at = stats.predict_multilevel(
                    fit, np.array(case["new"]), robust=stats.robust(fit, cluster, **options)
                )
                for quantity, theirs in case[name].items():
                    yield label, f"{name} {quantity}", "closed-form", getattr(at, quantity), theirs


def _tests(label: str, ours: stats.LinearHypothesis, theirs: dict[str, Any]) -> Iterator[Row]:
    """Compare combinations, and their joint test where R has one."""
    assert ours.joint is not None
    joint = {
        "joint": ours.joint.statistic,
        "joint_df": ours.joint.df_residual,
        "joint_p_value": ours.joint.p_value,
    }
    for quantity, value in theirs.items():
        mine = joint[quantity] if quantity in joint else getattr(ours, quantity)
        yield label, quantity, "closed-form", mine, value


def metadat_sets() -> Iterator[Row]:
    data = golden("metadat_sets").data
    for case in golden("metadat_sets").cases:
        raw = {COLUMNS.get(name, name): np.array(values) for name, values in data[case["set"]].items()}
        yi, vi = raw.get("yi"), raw.get("vi")
        if case["measure"]:
            drop = {"drop_double_zero": False} if "events2" in raw else {}
            sizes = stats.effect_size(case["measure"], **raw, **drop)
            yi, vi = sizes.yi[sizes.estimable], sizes.vi[sizes.estimable]
            yield case["set"], "yi", "effect", yi, case["yi"]
            yield case["set"], "vi", "effect", vi, case["vi"]
        for method, ci in INTERVALS.items():
            model = {"model": "common"} if method == "EE" else {"tau2": method}
            fit = stats.pool(yi, vi, ci=ci, prediction="test", **model)
            iterated = method in ("REML", "PM")
            for quantity, theirs in case[method].items():
                kind = "from-tau2" if iterated else "closed-form"
                if iterated and quantity == "tau2":
                    kind = "tau2"
                yield f"{case['set']} {method}", quantity, kind, getattr(fit, quantity), theirs
        for name, pool in (("mantel_haenszel", stats.mantel_haenszel), ("peto", stats.peto)):
            if name in case:
                options = {"measure": case["measure"]} if name == "mantel_haenszel" else {}
                fit = pool(**raw, **options)
                for quantity, theirs in case[name].items():
                    yield f"{case['set']} {name}", quantity, "closed-form", getattr(fit, quantity), theirs


RUNS = (metadat_contrasts, metadat_sets)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - the name that golden.runs asks for
    """Return nothing: every option that stands here has a golden value elsewhere."""
    return {}
