"""The definition of an outcome."""

from __future__ import annotations

from pydantic import field_validator

from evergrove.model.base import Label, Model, Positive, Slug, Text, fault
from evergrove.model.units import UNIT_SYMBOLS
from evergrove.model.vocabulary import Better, OutcomeKind


class Outcome(Model):
    """What is measured, in what unit, and which direction is good.

    Parameters
    ----------
    id : str
    label : str
        For pages: "Death", "C-reactive protein".
    kind : OutcomeKind
    unit : str, optional
        The unit of analysis; data in another unit of the dimension are converted.
    better : Better
    description : str, optional
    minimal_important_difference : float, optional
        In the unit; missing where none is agreed.
    complement_of : str, optional
        The outcome that counts the other patients (survival is the complement of death).
    """

    id: Slug
    label: Label
    kind: OutcomeKind
    unit: Text | None = None
    better: Better
    description: Text | None = None
    minimal_important_difference: Positive | None = None
    complement_of: Slug | None = None

    @field_validator("unit")
    @classmethod
    def _unit_is_known(cls, value: str | None) -> str | None:
        if value is not None and value not in UNIT_SYMBOLS:
            raise fault(f"unknown unit {value!r}", ", ".join(UNIT_SYMBOLS))
        return value
