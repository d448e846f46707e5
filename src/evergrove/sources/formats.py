"""All file formats: which module reads each, and how a file is recognised by its content."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from evergrove.errors import UsageError
from evergrove.model.record import FileFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evergrove.sources.draft import Draft, LeftOut
    from evergrove.sources.opening import Opened

#: format -> module that reads it, those first whose mark is surest; loaded when a file is looked at.
MODULES: dict[FileFormat, str] = {
    FileFormat.JSON_LINES: "evergrove.sources.json_lines",
    FileFormat.REVMAN_RM5: "evergrove.sources.revman_rm5",
    FileFormat.PUBMED_XML: "evergrove.sources.pubmed_xml",
    FileFormat.ENDNOTE_XML: "evergrove.sources.endnote_xml",
    FileFormat.ENDNOTE_TAGGED: "evergrove.sources.endnote_tagged",
    FileFormat.WEB_OF_SCIENCE: "evergrove.sources.web_of_science",
    FileFormat.RIS: "evergrove.sources.ris",
    FileFormat.MEDLINE: "evergrove.sources.medline",
    FileFormat.OVID_TEXT: "evergrove.sources.ovid_text",
    FileFormat.BIBTEX: "evergrove.sources.bibtex",
    FileFormat.RAYYAN: "evergrove.sources.rayyan",
    FileFormat.REVMAN_CSV: "evergrove.sources.revman_csv",
    FileFormat.CLINICALTRIALS_V2: "evergrove.sources.clinicaltrials_v2",
    FileFormat.CLINICALTRIALS_V1: "evergrove.sources.clinicaltrials_v1",
    FileFormat.CLINICALTRIALS_FIELDS: "evergrove.sources.clinicaltrials_fields",
    FileFormat.ICTRP_XML: "evergrove.sources.ictrp_xml",
    FileFormat.ICTRP_TABLE: "evergrove.sources.ictrp_table",
    FileFormat.OPENALEX: "evergrove.sources.openalex",
    FileFormat.CROSSREF: "evergrove.sources.crossref",
    FileFormat.EUROPE_PMC: "evergrove.sources.europe_pmc",
    FileFormat.TABLE: "evergrove.sources.table",
}


class Reader(Protocol):
    """What a format module holds."""

    def recognise(self, head: str) -> bool:
        """Return whether a file that begins so is of this format."""

    def read(self, opened: Opened) -> Iterator[Draft | LeftOut]:
        """Yield the records of a file, one by one."""


@runtime_checkable
class TableReader(Reader, Protocol):
    """What the module of a format with columns holds: a person may say what some of them are."""

    def mapping_of(self, opened: Opened, mapping: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the field that each column of a file is read as."""

    def read(self, opened: Opened, mapping: Mapping[str, str] | None = None) -> Iterator[Draft | LeftOut]:
        """Yield the records of a file, one by one."""


def mapping_of(reader: Reader, opened: Opened, mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Return the field that each column of a file is read as; nothing for a format without columns.

    Raises
    ------
    UsageError
        For a mapping where the format has no columns to choose, or one that does not fit the file.
    """
    if isinstance(reader, TableReader):
        return reader.mapping_of(opened, mapping)
    if mapping:
        raise UsageError(
            f"{opened.path}: a mapping of columns (--map) is for tables, and this file is none; "
            "allowed: a table; leave the mapping out"
        )
    return {}


def read_with(reader: Reader, opened: Opened, mapping: Mapping[str, str] | None) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file; arguments and errors as in `mapping_of`."""
    mapping_of(reader, opened, mapping)
    return reader.read(opened, mapping) if isinstance(reader, TableReader) else reader.read(opened)


class Recognised(NamedTuple):
    """A format and the module that reads it."""

    format: FileFormat
    reader: Reader


def reader_of(form: FileFormat) -> Reader:
    """Return the module that reads a format."""
    module: Reader = import_module(MODULES[form])
    return module


def recognise(opened: Opened, form: FileFormat | None = None, *, mapped: bool = False) -> Recognised:
    """Find the format of a file by its content; its name does not matter.

    Parameters
    ----------
    opened : Opened
    form : FileFormat or None
        Given by the person: then it is not looked for.
    mapped : bool
        Whether the person says what columns are: then a file of no other format is a table.

    Returns
    -------
    Recognised

    Raises
    ------
    UsageError
        Where no format fits.
    """
    if form is not None:
        return Recognised(form, reader_of(form))
    for candidate in MODULES:
        reader = reader_of(candidate)
        if reader.recognise(opened.head):
            return Recognised(candidate, reader)
    if mapped:
        return Recognised(FileFormat.TABLE, reader_of(FileFormat.TABLE))
    start = opened.head.strip()[:60]
    begins = repr(start) if start else "with nothing but spaces"
    allowed = ", ".join(form.value for form in MODULES)
    raise UsageError(
        f"{opened.path}: the format is not known (it begins {begins}); allowed: {allowed}; export it in one "
        "of these, name the format with --format, or say which column of a table is the title with --map "
        "COLUMN=title"
    )
