"""Acronyms of trials: as registries give them, as titles show them, and whether a title names one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOKEN = re.compile(r"[A-Za-z0-9]+")
#: A word that is printed as an acronym is: with two capitals or more.
_IN_CAPITALS = re.compile(r"(?<![A-Za-z0-9])[a-z0-9]*[A-Z][a-z0-9]*[A-Z][A-Za-z0-9]*")
#: Letters and digits that an acronym has at least.
_LEAST = 4
_AT_END = re.compile(r"\((?:the )?([^\s()]+(?: [^\s()]+){0,2})\)[\s.]*(?:\w+\s*)?$", re.IGNORECASE)
_BEFORE_COLON = re.compile(r"([\w-]+(?: \d(?:\.\d)?)?):")
_BEFORE_TRIAL = re.compile(r"\b([A-Za-z0-9][\w-]*(?: \d(?:\.\d)?)?) (?:trial|study)\b", re.IGNORECASE)
_KINDS = frozenset({"THE", "TRIAL", "STUDY", "PILOT", "PHASE", "RCT"})
_NO_NAME = re.compile(r"(?:open|double|single|placebo|non|multi|long|dose|parallel|cross)-", re.IGNORECASE)


def acronym_words(text: str) -> frozenset[str]:
    """Return the words of an acronym in capitals; none where it has too few letters to tell a trial.

    Examples
    --------
    >>> sorted(acronym_words("GIPS-III")), sorted(acronym_words("MSC"))
    (['GIPS', 'III'], [])
    """
    words = frozenset(word.upper() for word in _TOKEN.findall(text)) - _KINDS
    return words if sum(map(len, words)) >= _LEAST else frozenset()


def acronyms_of(given: Iterable[str], titles: Iterable[str]) -> tuple[frozenset[str], ...]:
    """Return the acronyms of a registry entry: those that it gives, and those that its titles show.

    Parameters
    ----------
    given : iterable of str
        The registry's field.
    titles : iterable of str
        An acronym stands in brackets at the end, before a colon, or before "trial" or "study".

    Examples
    --------
    >>> [sorted(words) for words in acronyms_of((), ["Tirzepatide in HFpEF: The SUMMIT Trial"])]
    [['SUMMIT']]
    >>> [sorted(words) for words in acronyms_of((), ["Home Blood Pressure Checks (BP-CHECK)"])]
    [['BP', 'CHECK']]
    >>> acronyms_of((), ["Cells for acute respiratory distress syndrome (ARDS)"])
    ()
    """
    found = [acronym_words(text) for text in given]
    for title in titles:
        if not title.isupper():  # else every word looks like one
            found += [acronym_words(text) for text in _shown(title)]
    return tuple(dict.fromkeys(words for words in found if words))


def _shown(title: str) -> Iterator[str]:
    """Yield what a title shows as the name of a trial."""
    at_end, leading = _AT_END.search(title), _BEFORE_COLON.match(title)
    texts = [leading.group(1)] if leading is not None else []
    texts += _BEFORE_TRIAL.findall(title)
    if at_end is not None and not _shortens(at_end.group(1), title[: at_end.start()]):
        texts.append(at_end.group(1))
    for text in texts:
        if _IN_CAPITALS.search(text) is not None and _NO_NAME.match(text) is None:
            yield text


def _shortens(text: str, before: str) -> bool:
    """Return whether a text is made of the initials of the words right before it: a disease, no trial."""
    words = _TOKEN.findall(before)
    longer = [word for word in words if len(word) > 3 or word.isupper()]
    return any(
        "".join(word[0] for word in held[-len(text) :]).upper() == text.upper() for held in (words, longer)
    )


def capitals_of(title: str) -> frozenset[str]:
    """Return the words of a title that can be of an acronym, in capitals.

    Examples
    --------
    >>> sorted(capitals_of("Cells in ARDS (2020): the OptimEx trial of GS6615 in HFpEF"))
    ['ARDS', 'GS6615', 'HFPEF', 'OPTIMEX']
    """
    return frozenset(map(str.upper, _IN_CAPITALS.findall(title)))


def names_acronym(title: str, capitals: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether a title names an acronym: all of its words together, one of them in capitals.

    Parameters
    ----------
    title : str
    capitals : frozenset of str
        See `capitals_of`.
    words : frozenset of str
        Of the acronym.

    Examples
    --------
    >>> title = "Exercise in heart failure: Training-HR study protocol"
    >>> names_acronym(title, capitals_of(title), frozenset({"TRAINING", "HR"}))
    True
    """
    if not words & capitals:
        return False
    if words <= capitals:
        return True
    tokens = [token.upper() for token in _TOKEN.findall(title)]
    size = len(words)
    return any(words == set(tokens[place : place + size]) for place in range(len(tokens) - size + 1))


__all__ = ["acronym_words", "acronyms_of", "capitals_of", "names_acronym"]
