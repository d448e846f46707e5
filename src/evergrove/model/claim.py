"""A statement about a study or a body of evidence, to be checked against the data."""

from __future__ import annotations

from evergrove.model.base import Model, Slug, Text
from evergrove.model.provenance import Source


class Claim(Model):
    """One claim in words."""

    id: Slug
    study: Slug | None = None
    statement: Text
    sources: tuple[Source, ...] = ()
    note: Text | None = None
