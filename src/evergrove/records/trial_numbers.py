"""Registration numbers in one form, so that two spellings of a number are the same, and their registries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.registration_numbers import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.model.record import Record

_PREFIX = re.compile(r"NL-OMON|[A-Za-z]+")
_SPLIT = re.compile(r"[;,|\n\r\t]+")
_CTIS_VERSION = re.compile(r"(CTIS\d{4}-\d{6}-\d{2})-\d{2}")
#: Every number has this many digits together; most short texts do not, and are not looked at further.
_DIGITS = re.compile(r"[0-9O]{3}", re.IGNORECASE)
#: Fields in which a record's own words stand, in the order in which the place of a number is told.
_TEXTS = ("title", "abstract")


def number_key(text: str) -> str:
    """Return a registration number in the form by which two spellings of it are the same.

    Examples
    --------
    >>> number_key("EudraCT 2020-001287-28"), number_key("EUCTR2020-001287-28-FR")
    ('EUCTR2020-001287-28', 'EUCTR2020-001287-28')
    >>> number_key("JPRN-jRCT2031190264"), number_key("CTIS2022-500024-30-00"), number_key(" KS-17 ")
    ('jRCT2031190264', 'CTIS2022-500024-30', 'KS-17')
    """
    found = find(text)
    if not found:
        return text.strip()
    return _CTIS_VERSION.sub(r"\1", found[0])


def numbers_form(text: str) -> str:
    """Return the numbers of a list in one form, once each, in its order, with spaces between them.

    What is no registry's number stays as it is, in capitals and without spaces.

    Examples
    --------
    >>> numbers_form("NCT04355728; EUCTR2020-001682-36-ES | nct 04355728, ks 17")
    'NCT04355728 EUCTR2020-001682-36 KS17'
    """
    forms = []
    for part in _SPLIT.split(text):
        key = number_key(part)
        forms.append(key if key != part.strip() or find(part) else re.sub(r"\s+", "", key).upper())
    return " ".join(form for form in dict.fromkeys(forms) if form)


def numbers_in(text: str) -> tuple[str, ...]:
    """Return the registration numbers in a text, each in one form.

    Examples
    --------
    >>> numbers_in("NCT 04355728 and eudract 2020-001287-28")
    ('NCT04355728', 'EUCTR2020-001287-28')
    """
    if _DIGITS.search(text) is None:
        return ()
    return tuple(dict.fromkeys(_CTIS_VERSION.sub(r"\1", number) for number in find(text)))


def series_of(number: str) -> str:
    """Return the letters that begin the numbers of a registry: it gives one trial one number of a series.

    EudraCT and CTIS, NTR and NL, UMIN and jRCT are series of their own, for a trial may have one of each.

    Examples
    --------
    >>> series_of("NCT04355728"), series_of("ChiCTR-IPR-15006278"), series_of("CTIS2022-500024-30")
    ('NCT', 'CHICTR', 'CTIS')
    """
    found = _PREFIX.match(number)
    return found.group().upper() if found else ""


def numbers_of(record: Record) -> dict[str, str]:
    """Return the registration numbers in any field of a record, with the place where each stands.

    Parameters
    ----------
    record : Record

    Returns
    -------
    dict of str to str
        Number -> ``"title"``, ``"abstract"``, or the name of another field.
    """
    found: dict[str, str] = {}
    for place, text in _places(record):
        for number in numbers_in(text):
            found.setdefault(number, place)
    return found


def _places(record: Record) -> Iterator[tuple[str, str]]:
    for name in _TEXTS:
        text = getattr(record, name)
        if text:
            yield name, text
    yield "registration numbers", "\n".join(record.registrations)
    yield "accession numbers", "\n".join(record.accessions.values())
    for name, texts in (("keywords", record.keywords), ("notes", record.notes), ("addresses", record.urls)):
        yield name, "\n".join(texts)
    for name, texts in record.other.items():
        yield name, "\n".join(texts)
