"""The Jinja environment: everything escaped, every unknown name an error, and the words of the filters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from evergrove.report import numerals
from evergrove.report.forest_rows import arm_cell
from evergrove.report.plot_words import capital, in_sentence
from evergrove.report.site import addresses, values, wording

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a page may load: its own style sheet and pictures. A browser that does not take a file beside the page
#: for its own ("self") still opens the site from a folder, by ``file:``.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' file:; img-src 'self' data: file:; "
    "base-uri 'none'; form-action 'none'"
)
_BLANK_LINES = re.compile(r"\n\s*\n+")
_MISSING = Markup('<span class="missing">{}</span>').format(numerals.MISSING)


def seen(value: object) -> object:
    """Return a value as it is, or a mark that it was not seen."""
    if value is None or value in ("", ()):
        return _MISSING
    return value


def marked(text: str) -> Markup:
    """Return text, escaped, in which every "not seen" is marked as missing."""
    return Markup(str(escape(text)).replace(numerals.MISSING, str(_MISSING)))  # noqa: S704 - escaped here


def environment() -> Environment:
    """Return the environment of the site's templates.

    Examples
    --------
    >>> environment().from_string("{{ '<b>' }}").render()
    '&lt;b&gt;'
    """
    found = Environment(
        loader=PackageLoader("evergrove.report.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "seen": seen,
        "marked": marked,
        "linked": addresses.linked,
        "host": addresses.host,
        "plain": numerals.plain,
        "count": numerals.count,
        "percent": numerals.percent,
        "p_value": numerals.p_value,
        "number": numerals.number,
        "arm_value": values.arm_value,
        "reported_effect": values.reported_effect,
        "in_short": values.in_short,
        "unit_of": values.unit_of,
        "cells": values.cells,
        "cells_per_kg": values.cells_per_kg,
        "total_dose": values.total_dose,
        "days": values.days,
        "short_intervention": values.short_intervention,
        "arm_cell": arm_cell,
        "estimate_text": numerals.estimate_text,
        "in_sentence": in_sentence,
        "absolute_text": numerals.absolute_text,
        "sentence": wording.sentence,
        "lower_first": wording.lower_first,
        "capital": capital,
        "country": wording.country,
        "long_date": wording.long_date,
        "plural": wording.plural,
        "kilobytes": wording.kilobytes,
    }
    found.filters.update(filters)
    found.globals.update(
        registration=addresses.registration,
        doi=addresses.doi,
        pubmed=addresses.pubmed,
        pubmed_central=addresses.pubmed_central,
        source=addresses.source,
        study_page=addresses.study_page,
        datum_place=addresses.datum_place,
        analysis_page=addresses.analysis_page,
        csp=CONTENT_SECURITY_POLICY,
        MISSING=numerals.MISSING,
    )
    return found


def tidy(html: str) -> str:
    """Return a page without the blank lines that the templates leave."""
    return _BLANK_LINES.sub("\n", html)
