"""All pairs of numbers by quantity, and the questions that one side did not answer."""

from __future__ import annotations

import math
import warnings
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import numpy as np
from answers import answers
from exchange import Fit, LeftOut, Row

from evergrove.errors import EvergroveError

WORDS = {"NA": math.nan, "NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}
#: From which relative difference on a value is a disagreement, by how it is reached.
TOLERANCE = {
    "closed": 1e-9,  # closed forms
    "iterated": 1e-6,  # what follows from an iterated tau²
    "tau2": 1e-5,  # iterated tau², against R with the tightest threshold at which it ends
    "r2": 1e-4,  # a difference of two iterated tau²
    "deleted": 1e-4,  # differences of two fits, which R makes with its own thresholds
    "difference": 1e-7,  # differences of two closed forms
    "likelihood": 1e-7,  # height of a maximum (absolute)
    "component": 1e-3,  # R's optimisers stop where the likelihood is flat: relative to the largest component
    "components": 1e-4,  # what follows from such components
    "profile": 1e-3,  # limits from R's inner optimisations
    "searched": 5e-3,  # maxima that R searches without derivatives, and lme4's inner iterations
}


def numbers(value: Any) -> Any:
    """Return what R wrote with its words for missing and infinite values as numbers."""
    if isinstance(value, str):
        return WORDS.get(value, value)
    if isinstance(value, list):
        return [numbers(one) for one in value]
    return {name: numbers(one) for name, one in value.items()} if isinstance(value, dict) else value


class Seen(NamedTuple):
    """One pair of values."""

    gap: float
    set: str
    part: str
    call: str
    ours: float
    theirs: float


class Ledger:
    """All pairs by quantity, and the questions that one side did not answer."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self.kind: dict[str, str] = {}
        self.above: dict[str, list[Seen]] = defaultdict(list)
        self.only: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        self.where: dict[tuple[str, str], str] = {}
        self.questions: Counter[str] = Counter()
        self.sets: set[str] = set()

    def take(self, record: dict[str, Any], fits: dict[int, Fit]) -> None:
        """Put one record to evergrove."""
        self.questions[record["part"]] += 1
        self.sets.add(record["set"])
        place = f"{record['set']}: {record['call']}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                rows = answers(record, fits)
        except LeftOut as reason:
            self._lost(record["kind"], f"left out: {reason}", place)
            return
        except EvergroveError as error:
            self._lost(record["kind"], f"refused: {type(error).__name__}: {str(error)[:110]}", place)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the page shows it
            self._lost(record["kind"], f"failed: {type(error).__name__}: {str(error)[:110]}", place)
            return
        for row in rows:
            self._pair(row, record)

    def _lost(self, kind: str, what: str, place: str) -> None:
        self.refused[kind, what] += 1
        self.where.setdefault((kind, what), place)

    def _pair(self, row: Row, record: dict[str, Any]) -> None:
        ours, theirs = (
            np.array(np.nan if one is None else one, dtype=float).ravel() for one in (row.ours, row.theirs)
        )
        if ours.size != theirs.size:
            self._lost(
                record["kind"],
                f"another number of values: {row.quantity}",
                f"{record['set']}: {record['call']}",
            )
            return
        self.kind[row.quantity] = row.kind
        for mine, other in zip(ours, theirs, strict=True):
            if math.isnan(mine) or math.isnan(other):
                if math.isnan(mine) != math.isnan(other):
                    self.only[row.quantity, "R" if math.isnan(mine) else "here"] += 1
                    self.where.setdefault(
                        (row.quantity, "R" if math.isnan(mine) else "here"),
                        f"{record['set']}: {record['call']}",
                    )
                continue
            gap = (
                0.0
                if mine == other
                else abs(mine - other) / max(abs(other), row.floor)
                if math.isfinite(mine) and math.isfinite(other)
                else math.inf
            )
            self.values[row.quantity].append(gap)
            if gap > TOLERANCE[row.kind]:
                self.above[row.quantity].append(
                    Seen(gap, record["set"], record["part"], record["call"], mine, other)
                )
