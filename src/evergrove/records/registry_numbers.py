"""Numbers of trial registries in one form, so that two registries' spellings of a number are the same."""

from __future__ import annotations

import re
from enum import IntEnum

_SPLIT = re.compile(r"[;,|\n\r\t]+")
_EU = re.compile(
    r"^(?:eudract|euctr|ctis|eu)?[-:]?(20\d\d-5?\d{5,6}-\d\d)(?:-\d\d)?(?:-[a-z]{2}|-3rd|-outside.*)?$"
)
_JAPAN = re.compile(r"^jprn-(.+)$")
_LETTERS = re.compile(r"^[a-z]+")


def number_form(text: str) -> str:
    """Return a registration number in lower case without spaces, country suffix or relay prefix.

    Examples
    --------
    >>> number_form("EUCTR2020-001682-36-ES"), number_form("JPRN-jRCT2031190264")
    ('eu2020-001682-36', 'jrct2031190264')
    >>> number_form("NCT 04355728"), number_form("CTRI/2020/04/024479")
    ('nct04355728', 'ctri/2020/04/024479')
    """
    plain = re.sub(r"\s+", "", text).lower()
    if (found := _JAPAN.match(plain)) is not None:
        plain = found.group(1)
    if (found := _EU.match(plain)) is not None:
        return "eu" + found.group(1)
    return plain


def numbers_form(text: str) -> str:
    """Return the numbers of a list in normal form, once each, in its order, with spaces between them.

    Examples
    --------
    >>> numbers_form("NCT04355728; EUCTR2020-001682-36-ES; nct 04355728")
    'nct04355728 eu2020-001682-36'
    """
    return " ".join(dict.fromkeys(form for part in _SPLIT.split(text) if (form := number_form(part))))


def registry_of(number: str) -> str:
    """Return the letters by which a registry's numbers begin, for a number in normal form.

    Examples
    --------
    >>> registry_of("nct04355728"), registry_of("eu2020-001682-36"), registry_of("12345")
    ('nct', 'eu', '')
    """
    found = _LETTERS.match(number)
    return found.group() if found is not None else ""


class EntryLink(IntEnum):
    """How the registration numbers of two registry entries belong together."""

    #: Not two registry entries.
    NO_ENTRIES = -2
    #: Two numbers of one registry: two trials.
    SAME_REGISTRY = -1
    NONE = 0
    #: Both name a third number.
    SHARED = 1
    #: One names the other.
    NAMED = 2
    #: Each names the other.
    BOTH_NAMED = 3
    #: The same number.
    SAME = 4


def entry_link(one: list[str], two: list[str]) -> EntryLink:
    """Return how the numbers of two registry entries belong together.

    Parameters
    ----------
    one, two : list of str
        Numbers in normal form, the entry's own first.

    Returns
    -------
    EntryLink

    Examples
    --------
    >>> entry_link(["nct01", "eu2020-001682-36"], ["eu2020-001682-36"]).name
    'NAMED'
    >>> entry_link(["nct01", "nct02"], ["nct02"]).name
    'SAME_REGISTRY'
    """
    if not one or not two:
        return EntryLink.NONE
    if one[0] == two[0]:
        return EntryLink.SAME
    if registry_of(one[0]) and registry_of(one[0]) == registry_of(two[0]):
        return EntryLink.SAME_REGISTRY
    named = (one[0] in two) + (two[0] in one)
    if named:
        return EntryLink.BOTH_NAMED if named == 2 else EntryLink.NAMED
    return EntryLink.SHARED if set(one) & set(two) else EntryLink.NONE
