"""Reads the numbers that are kept of other projects' archives and holds the tolerance of each kind.

One JSON per source in `values/`, written by `validation/published/compare.py` from the unpacked archives:
numbers and one-word labels only.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from golden.stats_reference import ABSOLUTE, disagreement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "values"

#: (what was asked, quantity, kind of tolerance, our value, the published value).
Row = tuple[str, str, str, Any, Any]

#: What follows from a tau² (or another parameter) that both sides iterate.
ITERATED = "estimate"
#: Relative tolerance by kind, and the absolute difference that it lets pass.
TOLERANCE = {
    # Both sides sum in double precision; the archives print 12 to 17 digits.
    "closed-form": (1e-9, ABSOLUTE),
    # Iterated tau²: the R scripts stop at a change of 1e-10 (absolute).
    "tau2": (1e-5, ABSOLUTE),
    ITERATED: (1e-6, ABSOLUTE),
    # Differences of two fits with an iterated tau² each.
    "deleted": (1e-5, ABSOLUTE),
    # A likelihood of ours that reaches the published one, or a higher.
    "not lower": (1e-6, ABSOLUTE),
    # A year beside a constant: R inverts X'WX with a condition number of 1e11.
    "ill-conditioned": (1e-7, ABSOLUTE),
    # tau² by metafor as shipped: it stops when tau² changes by less than 1e-5 (absolute).
    "threshold": (5e-5, 2e-5),
    # What follows from such a tau² that the source does not state.
    "stopped": (2e-4, ABSOLUTE),
    # Roots by metafor as shipped (PM, Q-profile, profile likelihood, hc): absolute tolerance of 1.2e-4.
    "root": (1e-6, 1.3e-4),
    # R's integrate() at its default relative tolerance of 1.2e-4.
    "integrated": (1e-4, 1e-9),
    # brglm2, glm: they stop at a change of 1e-8.
    "brglm": (1e-6, ABSOLUTE),
    "newton": (5e-6, ABSOLUTE),
    # lme4 with seven quadrature points: bobyqa, and a Hessian by differences.
    "lme4": (2e-4, ABSOLUTE),
    # rma.mv's nlminb on a likelihood that is flat to half the digits.
    "components": (1e-6, ABSOLUTE),
    "boundary": (5e-6, ABSOLUTE),
    "profile": (1e-6, ABSOLUTE),
    "refitted": (5e-5, ABSOLUTE),
    # Flat tops: location-scale models with an identity link, selection models, many dimensions.
    "flat": (3e-3, ABSOLUTE),
    "selection": (5e-3, ABSOLUTE),
    "flat in many dimensions": (1e-3, ABSOLUTE),
}
#: Never compared by their absolute difference.
P_VALUES = {"p_value", "pvalue", "pval", "QEp", "q_pvalue", "Qp", "QMp", "q_between_pvalue"}
CLOSED_TAU2 = {"DL", "HE", "HS", "HSk", "SJ", "FE", "EE"}


def from_tau2(method: str) -> str:
    """Return the kind of what follows from an estimator of tau²."""
    return "closed-form" if method in CLOSED_TAU2 else ITERATED


@cache
def archive(source: str) -> dict[str, Any]:
    """Return what is kept of one archive: `source` and `files`."""
    return json.loads((FOLDER / f"{source}.json").read_text(encoding="utf-8"))


def kept(source: str, file: str) -> Any:
    """Return the content of one file of an archive."""
    return archive(source)["files"][file]


def columns(source: str, file: str) -> dict[str, np.ndarray]:
    """Return a table of an archive by column: numbers where every entry is one (or missing)."""
    return {
        name: np.array(values)
        if any(isinstance(value, str) for value in values)
        else np.array(values, dtype=float)
        for name, values in kept(source, file).items()
    }


def rows(label: str, kind: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the quantities that both sides have, by the source's names."""
    for name, value in ours.items():
        if theirs.get(name) is not None:
            yield label, name, kind, value, theirs[name]


def tolerance(kind: str) -> float:
    """Return the relative tolerance of a kind; ``estimate, 7 digits`` is also half a unit of the seventh."""
    name, _, digits = kind.removesuffix(" digits").partition(", ")
    return max(TOLERANCE[name][0], 5.1 * 10.0 ** -int(digits)) if digits else TOLERANCE[name][0]


def gap(row: Row) -> float:
    """Return the largest relative difference of a row, infinite where one side lacks a value."""
    _, quantity, kind, ours, theirs = row
    passed = TOLERANCE.get(kind.partition(", ")[0], (0.0, ABSOLUTE))[1]
    absolute = 0.0 if quantity in P_VALUES else passed
    return disagreement(_numbers(ours), _numbers(theirs), absolute=absolute)


def _numbers(values: Any) -> np.ndarray:
    """Return an array in which a missing value is not a number."""
    if isinstance(values, (list, tuple)):
        return np.array([_numbers(value) for value in values], dtype=float)
    return np.asarray(math.nan if values is None else values, dtype=float)
