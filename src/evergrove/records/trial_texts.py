"""What a title, a name or an abstract says, in a form that two texts about one trial share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[a-z0-9]+")
#: "omega-3" and "omega3", "GS-6615" and "GS6615" are one word.
_NUMBERED = re.compile(r"(?<=[a-z])-(?=\d)")
_NO_CONTENT = frozenset(
    _WORD.findall(
        "the and for with from that this into versus after before among using use used study studies trial "
        "trials clinical patient patients effect effects efficacy safety evaluation evaluate evaluating "
        "assessment assess randomized randomised randomisation controlled blind blinded double single open "
        "label placebo phase pilot multicenter multicentre prospective treatment therapy adult adults "
        "investigate compare comparing compared comparison results result investigation between their who "
        "its are was were than not via based "
    )
)
#: "haemodynamic" and "hemodynamic", "oedema" and "edema".
_SPELLINGS = re.compile(r"[ao]e")
_SIZE = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,6}+)(?![\d.%]|,\d)(?:\s++[a-z-]++){0,3}?\s+"
    r"(?:patients|participants|subjects|adults|children|infants|women|men|individuals|volunteers|people)\b",
    re.IGNORECASE,
)
_EQUALS = re.compile(r"\bn\s*=\s*(\d{1,6})(?![\d.])", re.IGNORECASE)
_RANDOM = re.compile(r"(?<!non)(?<!non[- ])\brandom(?:i[sz]ed|ly|i[sz]ation)")
_NOT_RANDOM = re.compile(
    r"\b(?:non[- ]?randomi[sz]ed|single[- ]arm|case[- ]series|case report|retrospective|observational"
    r"|cohort study)\b"
)
#: One of these stands in any text that the pattern fits; far quicker to look for.
_NOT_RANDOM_MARKS = ("non", "arm", "case", "retrospective", "observational", "cohort")
_PHASE = re.compile(
    r"\bphase[\s_]*([1-4](?![0-9])|iv|i{1,3})\b"
    r"(?:\s*(?:/|-|and|or)\s*([1-4](?![0-9])|iv|i{1,3})\b)?",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text that carry its subject, in lower case, without the plural's s.

    Examples
    --------
    >>> sorted(words_of("Efficacy of Mesenchymal Stem Cells in COVID-19: a randomised trial"))
    ['cell', 'covid19', 'mesenchymal', 'stem']
    """
    plain = _NUMBERED.sub("", (text if text.isascii() else anyascii(text)).lower())
    return frozenset(
        _form(word)
        for word in _WORD.findall(plain)
        if word not in _NO_CONTENT and (len(word) > 2 or word.isdigit())
    )


def _form(word: str) -> str:
    """Return a word without the plural's s, in one spelling where British and American differ."""
    if len(word) > 3:
        if word.endswith("s") and not word.endswith("ss"):
            word = word[:-1]
        word = _SPELLINGS.sub("e", word)
        if word.endswith("isation"):
            word = word[:-7] + "ization"
    return word


def sizes_in(text: str) -> frozenset[int]:
    """Return the numbers of persons that a text names.

    Examples
    --------
    >>> sorted(sizes_in("We randomised 1,210 hospitalised adult patients (n = 605 each), 37.5% women"))
    [605, 1210]
    """
    patterns = (_SIZE, _EQUALS) if "=" in text else (_SIZE,)
    found = [found.group(1) for pattern in patterns for found in pattern.finditer(text)]
    return frozenset(int(number.replace(",", "")) for number in found)


def randomised_in(text: str) -> bool | None:
    """Return whether a text says that the allocation was random; ``None`` where it says nothing.

    Examples
    --------
    >>> randomised_in("a randomised trial"), randomised_in("A non-randomized study"), randomised_in("A trial")
    (True, False, None)
    """
    lower = text.lower()
    if any(mark in lower for mark in _NOT_RANDOM_MARKS) and _NOT_RANDOM.search(lower):
        return False
    return True if "random" in lower and _RANDOM.search(lower) else None


def phases_in(text: str) -> frozenset[int]:
    """Return the phases that a text names.

    Examples
    --------
    >>> sorted(phases_in("Phase I/II trial")), sorted(phases_in("PHASE2")), sorted(phases_in("phase 12"))
    ([1, 2], [2], [])
    """
    found: set[int] = set()
    if "phase" not in text.lower():
        return frozenset()
    for match in _PHASE.finditer(text):
        found |= {int(part) if part.isdigit() else _ROMAN[part.lower()] for part in match.groups() if part}
    return frozenset(found)


def years_of(date: str | None) -> float | None:
    """Return a date as far as it is known in years, the middle of what is left open; ``None`` for no date.

    Examples
    --------
    >>> years_of("2020"), years_of("2020-07"), years_of("soon")
    (2020.5, 2020.5416666666667, None)
    """
    found = _DATE.match(date or "")
    if found is None:
        return None
    year, month, day = found.groups()
    if month is None:
        return int(year) + 0.5
    return int(year) + (int(month) - 1) / 12 + (0.5 / 12 if day is None else (int(day) - 1) / 365)


def first_of(values: Iterable[str]) -> str | None:
    """Return the first value, or ``None``."""
    return next(iter(values), None)
