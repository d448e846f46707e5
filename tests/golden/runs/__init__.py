"""Runs evergrove.stats on every golden case: one module per family of methods, one generator per golden file.

Each generator is named after its file in `tests/golden/stats` and yields (label, quantity, kind of tolerance,
our value, reference value). Each module has `RUNS`, a tuple of its generators, and `COVERED`, which says for
each option (a StrEnum of evergrove.stats) which of its members have a golden value.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

FAMILIES = [importlib.import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__)]

#: Golden file -> the generator that compares it.
RUNS: dict[str, Callable[[], Iterator[Row]]] = {
    run.__name__: run for family in FAMILIES for run in family.RUNS
}


def covered() -> dict[type[StrEnum], set[str]]:
    """Return the members of each option that have a golden value."""
    found: dict[type[StrEnum], set[str]] = {}
    for family in FAMILIES:
        for option, members in family.COVERED().items():
            found.setdefault(option, set()).update(members)
    return found
