"""Whether a record is known. Services count citations and stamp dates, so the raw form does not say it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from evergrove.model.record import FileFormat

if TYPE_CHECKING:
    from evergrove.model.record import Record

_UPDATED = re.compile(r'"lastUpdatePostDateStruct"\s*:\s*\{[^{}]*?"date"\s*:\s*"([^"]{4,10})"')
_RESULTS = re.compile(r'"hasResults"\s*:\s*true')


class Identity(NamedTuple):
    """What a record is and in which version.

    Parameters
    ----------
    key : str
        Format and the database's own number.
    version : str
        Changes with what a reviewer reads: the letters and digits of title, abstract and publication types (a
        retraction is one); for a registry entry with its update and its results. Marks and spaces do not
        count, so that a later reader of the same answer finds the same version.
    """

    key: str
    version: str


def identity_of(record: Record) -> Identity:
    """Return the identity of a record; one without a number of its own is known by its raw form.

    Parameters
    ----------
    record : Record

    Returns
    -------
    Identity
    """
    form = record.source.format
    number: str | None
    if form is FileFormat.PUBMED_XML:
        number = record.pmid
    elif form is FileFormat.CROSSREF:
        number = record.doi
    else:
        number = next((f"{name}:{text}" for name, text in sorted(record.accessions.items())), None)
    types = sorted({_letters(kind) for kind in record.types})
    read: list[object] = [_letters(record.title), _letters(record.abstract), types]
    if form is FileFormat.CLINICALTRIALS_V2:
        updated = _UPDATED.search(record.raw)
        read = [updated.group(1) if updated else read, _RESULTS.search(record.raw) is not None]
    version = hashlib.sha256(json.dumps(read).encode()).hexdigest()[:24]
    return Identity(f"{form.value}:{number or record.id}", version)


def _letters(text: str | None) -> str:
    return "".join(filter(str.isalnum, text or "")).casefold()
