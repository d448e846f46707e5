"""How two records agree, field by field."""

from __future__ import annotations

from enum import IntEnum


class Agreement(IntEnum):
    """How one field of two records agrees."""

    #: Both say something, and not the same.
    DIFFERS = -1
    #: One of them says nothing.
    MISSING = 0
    #: Alike but not the same: a year apart, a misprint, a shorter form.
    NEAR = 1
    SAME = 2


#: The fields compared, in the order in which they are told.
FIELDS = (
    "title",
    "authors",
    "year",
    "journal",
    "volume",
    "issue",
    "pages",
    "doi",
    "pmid",
    "abstract",
    "registration",
)
