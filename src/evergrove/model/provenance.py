"""Where a fact was read, by whom, when, and how it was derived."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from evergrove.model.base import Model, Slug, Text, Year
from evergrove.model.vocabulary import PRIMARY_SOURCES, SourceType

#: A web address, or a stored file named by its public repository.
Address = Annotated[str, StringConstraints(strict=True, pattern=r"^(https?://|github:)\S", max_length=2000)]


class Source(Model):
    """A place that can be opened again: an address and the spot on it."""

    url: Address
    locator: Text


class Provenance(Model):
    """Where one datum was read.

    Parameters
    ----------
    source : Source
        Address and locator, such as "Table 2, row Death".
    source_type : SourceType
        What sort of source that is; a trial's own report and its registry entry are primary.
    report : str, optional
        The report of the study that it is about, where that is known.
    derived : str, optional
        How the number was worked out, where it is not printed as it stands.
    extracted_by, extracted_on : optional
        Who read it and when; missing where it was not recorded.
    """

    source: Source
    source_type: SourceType
    report: Slug | None = None
    derived: Text | None = None
    extracted_by: Text | None = None
    extracted_on: date | None = None

    @property
    def primary(self) -> bool:
        """Whether the source belongs to the trial itself."""
        return self.source_type in PRIMARY_SOURCES


class Citation(Model):
    """The bibliographic facts of one publication; what was not seen is missing."""

    title: Text | None = None
    authors: tuple[Text, ...] = ()
    journal: Text | None = None
    year: Year | None = None
    volume: Text | None = None
    issue: Text | None = None
    pages: Text | None = None
    doi: Annotated[str, StringConstraints(strict=True, pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    pmid: Annotated[str, StringConstraints(strict=True, pattern=r"^\d{1,9}$")] | None = None
    pmcid: Annotated[str, StringConstraints(strict=True, pattern=r"^PMC\d+$")] | None = None
    url: Address | None = None
