"""Raised digits: a dose of 10 to the power of 6 must not be read as 106."""

from __future__ import annotations

_RAISED = str.maketrans("0123456789+-\u2212=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_KEYS = frozenset(map(chr, _RAISED))


def raised(text: str) -> str:
    """Return a superscript in Unicode's own letters, where there are such for all of it.

    Examples
    --------
    >>> raised("6"), raised(" -2 "), raised("th")
    ('⁶', ' ⁻² ', 'th')
    """
    return text.translate(_RAISED) if text.strip() and _KEYS.issuperset(text.replace(" ", "")) else text
