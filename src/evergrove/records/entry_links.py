"""How two registry entries belong together by the registration numbers that they name."""

from __future__ import annotations

from enum import IntEnum

from evergrove.records.trial_numbers import series_of


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
        Numbers in one form (`numbers_form`), the entry's own first.

    Returns
    -------
    EntryLink

    Examples
    --------
    >>> entry_link(["NCT01234567", "EUCTR2020-001682-36"], ["EUCTR2020-001682-36"]).name
    'NAMED'
    >>> entry_link(["NCT01234567", "NCT01234568"], ["NCT01234568"]).name
    'SAME_REGISTRY'
    """
    if not one or not two:
        return EntryLink.NONE
    if one[0] == two[0]:
        return EntryLink.SAME
    if series_of(one[0]) and series_of(one[0]) == series_of(two[0]):
        return EntryLink.SAME_REGISTRY
    named = (one[0] in two) + (two[0] in one)
    if named:
        return EntryLink.BOTH_NAMED if named == 2 else EntryLink.NAMED
    return EntryLink.SHARED if set(one) & set(two) else EntryLink.NONE
