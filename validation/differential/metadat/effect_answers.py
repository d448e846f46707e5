"""Effect sizes: what evergrove answers to `escalc`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from exchange import RULES, Answer, Asked, Row, array

from evergrove import stats
from evergrove.stats.effects.recipes import RECIPES

#: metafor's arguments that hold raw data
RAW = (
    "ai",
    "bi",
    "ci",
    "di",
    "n1i",
    "n2i",
    "x1i",
    "x2i",
    "t1i",
    "t2i",
    "m1i",
    "m2i",
    "sd1i",
    "sd2i",
    "xi",
    "mi",
    "ri",
    "ti",
    "fi",
    "pi",
    "sdi",
    "r2i",
    "ni",
)


def sizes_of(asked: Asked) -> dict[str, np.ndarray]:
    """Return evergrove's columns of metafor's arguments."""
    raw = {name: array(value) for name, value in asked.items() if name in RAW}
    names = RECIPES[stats.EffectMeasure(asked["measure"])].names
    found: dict[str, np.ndarray] = {}
    if "events2" in names and "time1" in names:
        found = {"events1": raw["x1i"], "time1": raw["t1i"], "events2": raw["x2i"], "time2": raw["t2i"]}
    elif "events2" in names:
        found = {"events1": raw["ai"], "n1": raw["n1i"] if "n1i" in raw else raw["ai"] + raw["bi"]}
        found |= {"events2": raw["ci"], "n2": raw["n2i"] if "n2i" in raw else raw["ci"] + raw["di"]}
    elif "aa" in names:
        found = {"aa": raw["ai"], "ab": raw["bi"], "bb": raw["ci"]}
    elif "alpha" in names:
        found = {"alpha": raw["ai"], "items": raw["mi"], "n": raw["ni"]}
    elif "events" in names:
        size = (
            {"time": raw["ti"]} if "ti" in raw else {"n": raw["ni"] if "ni" in raw else raw["xi"] + raw["mi"]}
        )
        found = {"events": raw["xi"], **size}
    elif "mean2" in names or "sd2" in names:
        r = {"mean1": "m1i", "sd1": "sd1i", "n1": "n1i", "mean2": "m2i", "sd2": "sd2i", "n2": "n2i"}
        r |= {"n": "ni", "r": "ri"}
        found = {ours: raw[theirs] for ours, theirs in r.items() if ours in names and theirs in raw}
    elif "mean" in names or "sd" in names:
        found = {
            ours: raw[theirs]
            for ours, theirs in {"mean": "mi", "sd": "sdi", "n": "ni"}.items()
            if ours in names
        }
    else:
        r = {"r": "ri", "n": "ni", "t": "ti", "predictors": "mi", "r2": "r2i"}
        found = {ours: raw[theirs] for ours, theirs in r.items() if theirs in raw and ours in names}
    return found


#: What metafor 3.8 computes where later versions, and evergrove, differ.
OLDER = {
    "SMDH": {"variance": "LS-3.8"},
    "SMD1H": {"variance": "LS-3.8"},
    "SMCRH": {"variance": "LS-3.8"},
    "PCOR": {"variance": "LS-3.8"},
    "ZPCOR": {"variance": "LS-3.8"},
    "ROM": {"bias_correction": "none"},
    "CVR": {"bias_correction": "first-order"},
    "ROMC": {"bias_correction": "none"},
    "CVRC": {"bias_correction": "none"},
}


def complete(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return the rows without missing values or arms without patients, which evergrove refuses."""
    known = ~np.any([np.isnan(one) for one in columns.values()], axis=0)
    empty = [one == 0 for name, one in columns.items() if name in ("n", "n1", "n2")]
    return np.asarray(known & ~np.any(empty, axis=0) if empty else known)


def effect_sizes(asked: Asked, answer: Answer) -> Iterator[Row]:
    """Compare escalc."""
    measure = asked["measure"]
    options: dict[str, Any] = dict(OLDER.get(measure, {}))
    if "add" in asked:
        options["add"] = asked["add"]
    if "to" in asked:
        options["to"] = RULES[asked["to"]]
    if "events2" in RECIPES[stats.EffectMeasure(measure)].names:
        options["drop_double_zero"] = bool(asked.get("drop00", False))
    if "vtype" in asked:
        options["variance"] = asked["vtype"]
    columns = sizes_of(asked)
    given = complete(columns)
    ours = stats.effect_size(measure, **{name: one[given] for name, one in columns.items()}, **options)
    theirs = {name: array(answer[name])[given] for name in ("yi", "vi")}
    usable = ours.estimable & np.isfinite(theirs["yi"]) & np.isfinite(theirs["vi"])
    lost = int((~ours.estimable & (theirs["vi"] > 0)).sum())
    yield Row(f"{measure} rows only in R", lost, 0)
    rounding = 1e-6 * float(np.sqrt(np.median(theirs["vi"][usable]) if usable.any() else 1.0))
    # R finds the tetrachoric correlation by a simplex, and its variance from differences
    kind, rounding = ("searched", 0.01) if measure == "RTET" else ("closed", rounding)
    yield Row(f"{measure} yi", ours.yi[usable], theirs["yi"][usable], kind, rounding)
    yield Row(f"{measure} vi", ours.vi[usable], theirs["vi"][usable], kind)
