"""Small pieces of language: sentences from fields, plurals, dates, countries, references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.report.plot_words import capital
from evergrove.report.site.countries import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from evergrove.model.provenance import Citation
    from evergrove.model.review import Question

#: Authors printed before "et al."
_AUTHORS = 6
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def lower_first(text: str) -> str:
    """Return text fit for the middle of a sentence; an abbreviation keeps its capital.

    Examples
    --------
    >>> lower_first("Adults with ARDS"), lower_first("ARDS")
    ('adults with ARDS', 'ARDS')
    """
    if len(text) > 1 and text[0].isupper() and not text[1].isupper() and not text[1].isdigit():
        return text[0].lower() + text[1:]
    return text


def sentence(text: str) -> str:
    """Return text as a sentence: a capital at its start, a full stop at its end.

    Examples
    --------
    >>> sentence("no event in either arm")
    'No event in either arm.'
    """
    stripped = text.strip()
    return capital(stripped) + ("" if stripped.endswith((".", "?", "!", "…")) else ".")


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> plural(1, "trial"), plural(4, "study", "studies")
    ('1 trial', '4 studies')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def joined(parts: Iterable[str]) -> str:
    """Return parts as a list in a sentence: ``a, b and c``."""
    known = list(parts)
    return known[0] if len(known) == 1 else " and ".join([", ".join(known[:-1]), known[-1]]) if known else ""


def country(code: str) -> str:
    """Return the name of a country."""
    return COUNTRIES.get(code, code)


def long_date(day: date) -> str:
    """Return a date in words.

    Examples
    --------
    >>> from datetime import date
    >>> long_date(date(2026, 11, 2))
    '2 November 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def kilobytes(size: int) -> str:
    """Return the size of a file.

    Examples
    --------
    >>> kilobytes(300), kilobytes(52_400), kilobytes(2_560_000)
    ('1 kB', '52 kB', '2.6 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1000))} kB"


def main_part(text: str) -> str:
    """Return a text up to its first semicolon."""
    return text.partition(";")[0].strip()


def question_sentence(question: Question) -> str:
    """Return the question of a review in one sentence."""
    return (
        f"What is the effect of {lower_first(main_part(question.intervention))}, compared with "
        f"{lower_first(main_part(question.comparator))}, in {lower_first(main_part(question.population))}?"
    )


def authors(names: Sequence[str]) -> str:
    """Return authors as a reference prints them; the first six of many.

    Examples
    --------
    >>> authors(["Doe J", "et al"])
    'Doe J, et al.'
    """
    known = [name for name in names if name.lower().rstrip(".") != "et al"]
    shown = ", ".join(known[:_AUTHORS])
    if len(known) > _AUTHORS or len(known) < len(names):
        return f"{shown}, et al."
    return f"{shown}." if shown else ""


def place(citation: Citation) -> str:
    """Return journal, year, volume, issue and pages: ``JAMA 2012;307(23):2526-2533``."""
    text = " ".join(part for part in (citation.journal, str(citation.year or "")) if part)
    if citation.volume is not None:
        text += f";{citation.volume}"
    if citation.issue is not None:
        text += f"({citation.issue})"
    if citation.pages is not None:
        text += f":{citation.pages}"
    return text
