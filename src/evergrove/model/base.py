"""The base of every model: frozen, closed to unknown fields, strict about numbers and text."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

#: Longest text a single field may hold; a longer one is a pasted document, not a fact.
LONGEST_TEXT = 20_000


class Model(BaseModel):
    """Base of all models: frozen, unknown fields are faults, defaults are validated too."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


#: A whole number of patients or events, 0 or more; neither text nor true/false is taken for one.
Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
#: A finite number; neither text nor true/false is taken for one.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Percent = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=100)]
Year = Annotated[int, Field(strict=True, ge=1900, le=2100)]
#: Text without control characters other than line breaks and tabs.
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Text = Annotated[str, StringConstraints(strict=True, max_length=LONGEST_TEXT, pattern=_PRINTABLE)]
#: A name or label, short enough for a figure.
Label = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=300, pattern=_PRINTABLE)]
#: A short name used in addresses and cross-references: lower case, digits, hyphens.
Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


def _date_as_text(value: object) -> object:
    """YAML reads a full date as a date and a year as a number; both are kept as text."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


#: A calendar date as far as it is known: 2020, 2020-04 or 2020-04-06.
PartialDate = Annotated[
    str,
    BeforeValidator(_date_as_text),
    StringConstraints(strict=True, pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"),
]


def fault(problem: str, allowed: str, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """Return the error a validator raises: what is wrong, what may stand there, and the place below it."""
    return PydanticCustomError("evergrove", "{problem}", {"problem": problem, "allowed": allowed, "at": at})


def first_twice(ids: list[str]) -> int | None:
    """Return the position of the first id that stood before, or ``None``."""
    seen: set[str] = set()
    for index, key in enumerate(ids):
        if key in seen:
            return index
        seen.add(key)
    return None
