"""Predicted true effects: those of the studies, and the share of studies to come beyond thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrove import stats
from golden.stats_reference import golden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

QUANTITIES = (
    *("effect", "se", "ci_low", "ci_high"),
    *("deviation", "deviation_se", "deviation_ci_low", "deviation_ci_high"),
)
#: Absolute latitudes of the BCG trials (metadat's dat.bcg).
LATITUDES = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]


def _model(case: dict[str, Any]) -> dict[str, str]:
    method = case["tau2_method"]
    return {"model": "common"} if method == "EE" else {"tau2": method}


def _rows(case: dict[str, Any], ours: stats.StudyEffects) -> Iterator[Row]:
    label = " ".join(case[name] for name in ("set", "tau2_method", "ci"))
    kind = "closed-form" if case["tau2_method"] in ("EE", "DL") else "from-tau2"
    for quantity in QUANTITIES:
        yield label, quantity, kind, getattr(ours, quantity), case[quantity]


def true_effects_blups() -> Iterator[Row]:
    table = golden("true_effects_blups")
    for case in table.cases:
        fit = stats.pool(**table.columns(case), **_model(case), ci=case["ci"])
        yield from _rows(case, stats.blups(fit))


def true_effects_regression() -> Iterator[Row]:
    table = golden("true_effects_regression")
    for case in table.cases:
        data = table.columns(case)
        fit = stats.meta_regression(
            data["yi"], data["vi"], {"ablat": LATITUDES}, tau2=case["tau2_method"], ci=case["ci"]
        )
        yield from _rows(case, stats.blups(fit))


def true_effects_share() -> Iterator[Row]:
    table = golden("true_effects_share")
    for case in table.cases:
        fit = stats.pool(
            **table.columns(case), measure=case["measure"], ci="normal", prediction=case["prediction"]
        )
        ours = stats.expected_share(fit, case["low"], case["high"])
        label = f"{case['set']} {case['prediction']} {case['low']}"
        for quantity in ("below", "above"):
            yield label, quantity, "from-tau2", getattr(ours, quantity), case[quantity]


RUNS = (true_effects_blups, true_effects_regression, true_effects_share)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return nothing: the options are those of `pool`."""
    return {}
