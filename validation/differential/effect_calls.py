"""Calls of `escalc` on drawn data, with what `effect_size` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import data_sets as draw
import numpy as np

from evergrove import stats
from evergrove.stats.effects.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: escalc's names of evergrove's columns.
IN_R = {
    "events1": "ai",
    "events2": "ci",
    "n1": "n1i",
    "n2": "n2i",
    "time1": "t1i",
    "time2": "t2i",
    "mean1": "m1i",
    "sd1": "sd1i",
    "mean2": "m2i",
    "sd2": "sd2i",
    "r": "ri",
    "n": "ni",
    "events": "xi",
    "time": "ti",
    "mean": "mi",
    "sd": "sdi",
    "alpha": "ai",
    "items": "mi",
    "aa": "ai",
    "ab": "bi",
    "bb": "ci",
    "t": "ti",
    "r2": "r2i",
    "both": "ai",
    "only1": "bi",
    "only2": "ci",
    "neither": "di",
    "predictors": "mi",
    "d": "di",
}
RULES = {"only-zero": "only0", "all": "all", "if-any-zero": "if0all", "none": "none"}

Variant = tuple[dict[str, Any], dict[str, Any]]
PLAIN: tuple[Variant, ...] = (({}, {}),)


def _variances(*names: str, **ours: Any) -> tuple[Variant, ...]:
    return tuple(({"vtype": name}, {"variance": name, **ours}) for name in names)


def _correct_sides(kept: dict[str, Any]) -> tuple[Variant, ...]:
    """`addyi` and `addvi`, which metafor heeds for some measures only."""
    return (
        ({"addyi": False}, {"correct_effect": False, **kept}),
        ({"addvi": False}, {"correct_variance": False, **kept}),
    )


def _corrections(*, drop: bool = True) -> tuple[Variant, ...]:
    """Every rule, amount and treatment of double-zero studies."""
    found: list[Variant] = []
    for ours, theirs in RULES.items():
        for dropped in (False, True) if drop else (None,):
            both = ({}, {}) if dropped is None else ({"drop00": dropped}, {"drop_double_zero": dropped})
            found.append(({"to": theirs, **both[0]}, {"to": ours, **both[1]}))
    kept = ({}, {"drop_double_zero": False}) if drop else ({}, {})
    found.extend(({"add": a, "to": "all"}, {"add": a, "to": "all", **kept[1]}) for a in (0.25, 1.0))
    return tuple(found)


NOTHING, KEEP = {"bias_correction": "none"}, {"drop_double_zero": False}
TABLE = _corrections()
ONE_GROUP = _corrections(drop=False)


def _kept(*variants: Variant) -> tuple[Variant, ...]:
    return tuple((theirs, {**ours, **KEEP}) for theirs, ours in variants)


Rows = tuple[str, "Callable[[np.random.Generator, int], draw.Columns]", tuple[Variant, ...]]
#: Measures, the data they are drawn on, and the options under which metafor 3.8 computes what evergrove does.
CALLS: tuple[Rows, ...] = (
    ("RR OR PETO RD", draw.tables, TABLE),
    ("AS PHI YUQ YUY PBIT OR2D OR2DN OR2DL", draw.tables, TABLE),
    ("RR OR RD OR2D OR2DN", draw.tables, _correct_sides(KEEP)),
    ("PR PLN PLO", draw.proportions, _correct_sides({})),
    ("IR IRLN IRS", draw.single_rates, _correct_sides({})),
    ("IRR IRD IRSD", draw.rates, _correct_sides(KEEP)),
    ("RD", draw.tables, _kept(*_variances("LS", "UB", "AV"))),
    ("PHI", draw.tables, _variances("ST", "CS")),
    ("OR", draw.tables, ((({"onlyo1": True}, {"cells": "events", **KEEP})),)),
    ("RR OR RD PHI YUQ", draw.full_tables, PLAIN),
    ("MPRD MPRR MPOR MPORC MPPETO", draw.pairs, ONE_GROUP),
    ("IRR IRD IRSD", draw.rates, TABLE),
    ("MD RPB RBIS D2OR D2ORN D2ORL VR", draw.arms, PLAIN),
    ("SMD SMD1", draw.arms, _variances("LS", "LS2", "UB", "AV")),
    ("SMD", draw.reported_d, PLAIN),
    ("SMD", draw.reported_t, PLAIN),
    ("RPB", draw.arms, _variances("ST", "CS")),
    ("SMDH SMD1H", draw.arms, (({}, {"variance": "LS-3.8"}),)),
    ("ROM", draw.positive_arms, _variances("LS", "HO", "AV", "AVHO", **NOTHING)),
    ("CVR", draw.positive_arms, (({}, {"bias_correction": "first-order"}),)),
    ("COR UCOR", draw.correlations, _variances("LS", "AV")),
    ("UCOR", draw.correlations, _variances("UB")),
    ("ZCOR", draw.correlations, PLAIN),
    ("SPCOR", draw.partial, _variances("LS", "AV")),
    ("PCOR ZPCOR", draw.partial, (({}, {"variance": "LS-3.8"}),)),
    ("PR PLN PLO", draw.proportions, ONE_GROUP),
    ("PAS PFT", draw.proportions, ONE_GROUP),
    ("PR", draw.proportions, _variances("UB", "AV")),
    ("PLN PLO", draw.proportions, _variances("AV")),
    ("IR IRLN IRS IRFT", draw.single_rates, ONE_GROUP),
    ("MN SMN MNLN SDLN CVLN", draw.single_means, PLAIN),
    ("MC VRC", draw.changes, PLAIN),
    ("SMCC SMCR", draw.changes, _variances("LS", "LS2")),
    ("SMCRH", draw.changes, (({}, {"variance": "LS-3.8"}),)),
    ("ROMC CVRC", draw.changes, (({}, NOTHING),)),
    ("ARAW AHW ABT", draw.alphas, PLAIN),
    ("REH", draw.genotypes, PLAIN),
)


def _for_r(columns: draw.Columns) -> dict[str, list[float]]:
    names = IN_R | ({"events1": "x1i", "events2": "x2i"} if "time1" in columns else {})
    return {names[name]: values.tolist() for name, values in columns.items()}


def calls(seed: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Yield R's arguments, the label and evergrove's result of every call."""
    for number, (measures, drawn, variants) in enumerate(CALLS):
        for k in draw.SIZES:
            rng = np.random.default_rng([seed, number, k])
            for _ in range(repeats):
                columns = drawn(rng, k)
                for measure in measures.split():
                    names = RECIPES[stats.EffectMeasure(measure)].names
                    own = {name: values for name, values in columns.items() if name in names}
                    for theirs, ours in variants:
                        label = (
                            f"{measure} {' '.join(f'{key}={value}' for key, value in theirs.items())}".strip()
                        )
                        yield {
                            "kind": "escalc",
                            "group": measure,
                            "label": f"{label}, k = {k}",
                            "arguments": {"measure": measure, **_for_r(own), **theirs},
                            "ours": stats.effect_size(measure, **own, **ours),
                        }
