"""What a model refuses, as faults of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.errors import Fault
from evergrove.model.faults import Refused, first_refused

if TYPE_CHECKING:
    from pydantic import ValidationError


def fault_of(file: str, line: int | None, item: Refused) -> Fault:
    """Return what a model refuses as a fault of a file."""
    return Fault(file, line, item.place, item.shown, item.problem, item.allowed)


def line_fault(file: str, line: int, error: ValidationError) -> Fault:
    """Return the first fault of a line that the program itself wrote."""
    return fault_of(file, line, first_refused(error))
