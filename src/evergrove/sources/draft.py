"""What a format module yields: a record being filled in, or one that had to be left out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from evergrove.model.record import FileFormat, LeftOutRecord, Record, RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

#: Characters of a record left out that are kept to find it again.
START = 200
#: A run of characters longer than this is no DOI, whatever it begins with.
LONGEST_DOI = 500
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d|21\d\d)(?!\d)")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+", re.IGNORECASE)
#: What may cling to the end of a DOI in running text.
_DOI_END = re.compile(r"(?:[.,;:]|\[doi\]|\)(?![^(]*\())+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that could not be read.

    Parameters
    ----------
    position : int
        Number in the file, from 1.
    line : int or None
        Line on which it begins.
    reason : str
        What is wrong, the value found, what is allowed.
    raw : str
        The record as it came.
    """

    position: int
    line: int | None
    reason: str
    raw: str

    def noted(self) -> LeftOutRecord:
        """Return the entry for the log of imports."""
        return LeftOutRecord(
            position=self.position,
            line=self.line,
            reason=self.reason,
            start=_CONTROL.sub(" ", self.raw[:START]),
        )


@dataclass(slots=True)
class Draft:
    """A record as a format module fills it in; see `Record` for the fields.

    Parameters
    ----------
    position : int
        Number in the file, from 1.
    line : int or None
        Line on which it begins.
    raw : str
        The record exactly as it came.
    database, form : str or None, FileFormat or None
        Where the record itself names them; else those of the file.
    """

    position: int
    line: int | None
    raw: str
    kind: RecordKind = RecordKind.UNKNOWN
    title: str | None = None
    authors: list[str] = field(default_factory=list)
    year: int | None = None
    date: str | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    language: str | None = None
    abstract: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    issn: list[str] = field(default_factory=list)
    isbn: list[str] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)
    accessions: dict[str, str] = field(default_factory=dict)
    keywords: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    other: dict[str, list[str]] = field(default_factory=dict)
    database: str | None = None
    form: FileFormat | None = None

    def keep(self, name: str, values: Iterable[str] | str) -> None:
        """Keep what has no field of its own under the name that the source gives it."""
        added = [values] if isinstance(values, str) else list(values)
        if any(value.strip() for value in added):
            self.other.setdefault(name, []).extend(value for value in added if value.strip())

    def finish(self, origin: Origin) -> Record:
        """Return the record with its source.

        Parameters
        ----------
        origin : Origin
            The file.
        """
        values: dict[str, object] = {}
        for name in _RECORD_FIELDS:
            value = getattr(self, name)
            if not value and value != 0:  # a year 0 is no missing year
                continue
            # two authors may well have one name; anything else that stands twice says nothing more
            if isinstance(value, list):
                value = tuple(value if name == "authors" else dict.fromkeys(value))
            values[name] = value
        if self.other:
            values["other"] = {name: tuple(held) for name, held in self.other.items()}
        form = self.form or origin.format
        source = {
            "format": form,
            "file": origin.file,
            "file_sha256": origin.sha256,
            "position": self.position,
            "line": self.line,
            "database": self.database or origin.database,
            "platform": origin.platform,
            "search": origin.search,
            "imported": origin.when,
        }
        return Record.model_validate(
            {"id": record_id(form, self.raw), "source": source, "raw": self.raw} | values
        )


_RECORD_FIELDS = tuple(
    entry.name
    for entry in fields(Draft)
    if entry.name not in {"position", "line", "raw", "database", "form", "other"}
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that records come from.

    Parameters
    ----------
    format : FileFormat
    file, sha256 : str
        Name and sha256 of the file.
    when : datetime
        With its time zone.
    database, platform, search : str or None
        As the person says; a record that names its own database keeps that.
    """

    format: FileFormat
    file: str
    sha256: str
    when: datetime
    database: str | None = None
    platform: str | None = None
    search: str | None = None


def record_id(form: FileFormat, raw: str) -> str:
    """Return the id of a record: 24 hexadecimal digits of the sha256 of its format and raw form.

    Examples
    --------
    >>> record_id(FileFormat.RIS, "TY  - JOUR")
    '61552fd6efd8f3b4a1f2218e'
    """
    return hashlib.sha256(f"{form.value}\0{raw}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


def clean(text: object) -> str:
    r"""Return text on one line: control characters out, white space folded.

    Examples
    --------
    >>> clean("  Mesenchymal\n   stromal\x00 cells ")
    'Mesenchymal stromal cells'
    """
    value = str(text)
    if not value.isprintable():
        return " ".join(_CONTROL.sub("", value).split())
    # no white space but single spaces is printable: most values are clean as they come
    return " ".join(value.split()) if "  " in value else value.strip(" ")


def year_in(text: object) -> int | None:
    """Return the first year from 1500 to 2199 in a text.

    Examples
    --------
    >>> year_in("2020 Jan-Feb"), year_in("20201"), year_in("n.d.")
    (2020, None, None)
    """
    found = _YEAR.search(str(text))
    return int(found.group()) if found else None


def doi_in(text: object) -> str | None:
    """Return the first DOI in a text, in lower case, without what clings to its end.

    Examples
    --------
    >>> doi_in("https://doi.org/10.1016/S2213-2600(18)30418-1 [doi]")
    '10.1016/s2213-2600(18)30418-1'
    >>> doi_in("see 10.1002/x.1.)"), doi_in("none")
    ('10.1002/x.1', None)
    """
    found = _DOI.search(str(text).replace("%2F", "/").replace("%2f", "/"))
    if found is None or len(found.group()) > LONGEST_DOI:
        return None
    return _DOI_END.sub("", found.group()).lower()
