"""Numbers as registries print them."""

from __future__ import annotations

import math
import re

from pydantic import ValidationError

from evergrove.model.datum import ArmValue, PValue
from evergrove.model.faults import first_refused

_NUMBER = re.compile(r"[+-]?(?:\d+(?:,\d{3})*|\d*)(?:\.\d+|(?<=\d)\.)?(?:[eE][+-]?\d{1,3})?")
_P = re.compile(r"p?\s*([<>=≤≥]?)\s*=?\s*(0?\.\d+|[01](?:\.0*)?|\d(?:\.\d+)?[eE]-\d{1,3})", re.IGNORECASE)


def number(printed: str | None) -> float | None:
    """Return a printed number; ``None`` where it is none, such as ``NA`` or a bound.

    Examples
    --------
    >>> number("1,234.5"), number("-.5"), number("18408.50"), number("NA"), number("<0.1"), number("")
    (1234.5, -0.5, 18408.5, None, None, None)
    """
    text = (printed or "").strip().replace("\u2212", "-")
    if not text or not any(letter.isdecimal() for letter in text) or not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", ""))
    return value if math.isfinite(value) else None


def whole(printed: str | None) -> int | None:
    """Return a printed count; ``None`` where it is none.

    Examples
    --------
    >>> whole("12"), whole("12.0"), whole("12.5"), whole("-1")
    (12, 12, None, None)
    """
    value = number(printed)
    if value is None or not value.is_integer() or not 0 <= value <= 10**9:
        return None
    return int(value)


def p_value(printed: str | None) -> PValue | None:
    """Return a printed p-value; ``None`` where it is none.

    Examples
    --------
    >>> str(p_value("<0.001")), str(p_value("= 0.04")), str(p_value("p=.5")), p_value("NS"), p_value("7")
    ('<0.001', '0.04', '0.5', None, None)
    """
    found = _P.fullmatch((printed or "").strip())
    if found is None:
        return None
    sign = {"": "=", "≤": "<", "≥": ">"}.get(found.group(1), found.group(1))
    try:
        return PValue.model_validate({"relation": sign, "value": float(found.group(2))})
    except ValidationError:
        return None


def arm_value(values: dict[str, float | int | None]) -> ArmValue | str:
    """Return the value of an arm, or what is wrong with its numbers.

    Examples
    --------
    >>> arm_value({"events": 2, "n": 12}).events
    2
    >>> arm_value({"q1": 3.0, "median": 2.0})
    'q1 3 is above median 2'
    """
    try:
        return ArmValue.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = first_refused(error)
        return f"{first.place}: {first.problem}" if first.place else first.problem
