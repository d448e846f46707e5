"""The definition of an outcome."""

from __future__ import annotations

from evergrove.model.base import Label, Model, Positive, Slug, Text
from evergrove.model.units import UnitSymbol
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
    unit: UnitSymbol | None = None
    better: Better
    description: Text | None = None
    minimal_important_difference: Positive | None = None
    complement_of: Slug | None = None
