"""Authors and investigators in a form in which the same person is known again."""

from __future__ import annotations

import re

from anyascii import anyascii

_LETTERS = re.compile(r"[a-z]+")
#: Behind a comma these are no given names.
_DEGREE = re.compile(
    r"\s*(?:[A-Z]{2,6}|[A-Z][a-z]{0,3}[A-Z][A-Za-z]{0,3}|Jr|Sr|Pr|Dr|[Mm]aster|(?:\w+\s)?(?:[Pp]rof|[Dd]octor)\w*)\b"
)
_SUFFIX = frozenset({"jr", "sr", "ii", "iii", "iv", "2nd", "3rd"})
#: They belong to the family name behind them.
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "di", "da", "do", "dos", "das", "du", "la", "le"}
    | {"ter", "ten", "te", "zu", "zur", "af", "av", "bin", "ibn", "al", "el", "st", "san"}
)
#: Umlauts written as two letters, or without their dots.
_SPELLINGS = re.compile(r"(?<=[aou])e")


def person_of(name: str) -> str:
    """Return a person's family name and first initial, as far as both are there.

    Examples
    --------
    >>> person_of("Matthay, Michael A."), person_of("Matthay MA"), person_of("Michael A Matthay, MD")
    ('matthay m', 'matthay m', 'matthay m')
    >>> person_of("Iwan CC van der Horst, MD, PhD"), person_of("van der Horst IC")
    ('vanderhorst i', 'vanderhorst i')
    >>> person_of("Tschöpe C"), person_of("Carsten Tschoepe, Prof."), person_of("Burnett JC Jr")
    ('tschope c', 'tschope c', 'burnett j')
    >>> person_of("NETT Research Group"), person_of("")
    ('group n', '')
    """
    plain = name if name.isascii() else anyascii(name)
    before, _, behind = plain.partition(",")
    words = before.replace(".", " ").split()
    while len(words) > 1 and words[-1].lower() in _SUFFIX:
        words.pop()
    if not words:
        return ""
    family, given = _parts(words, behind)
    letters = "".join(_LETTERS.findall("".join(family).lower()))
    folded = _SPELLINGS.sub("", letters) or letters
    initial = next(iter(_LETTERS.findall(given.lower())), "")[:1]
    return f"{folded} {initial}" if folded and initial else folded


def _parts(words: list[str], behind: str) -> tuple[list[str], str]:
    """Return the words of the family name, and the given names."""
    if behind.strip() and _DEGREE.match(behind.replace(".", "")) is None:
        return words, behind
    if len(words) > 1 and words[-1].isupper() and len(words[-1]) <= 3:
        return words[:-1], words[-1]
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return words[start:], words[0] if start else ""


def people_of(name: str) -> frozenset[str]:
    """Return the forms in which an investigator of a registry may be an author.

    Two words without a comma may be a given and a family name in either order.

    Examples
    --------
    >>> sorted(people_of("Wang Fusheng")), sorted(people_of("Michael A Matthay, MD"))
    (['fusheng w', 'wang f'], ['matthay m'])
    """
    usual = person_of(name)
    words = name.split()
    found = {usual}
    if "," not in name and len(words) == 2 and all(len(word) > 2 for word in words):
        found.add(person_of(f"{words[1]} {words[0]}"))
    return frozenset(person for person in found if len(person) > 1)


def family_of(person: str) -> str:
    """Return the family name of a person in the form of `person_of`.

    Examples
    --------
    >>> family_of("matthay m")
    'matthay'
    """
    return person.partition(" ")[0]


def same_person(one: str, two: str) -> bool:
    """Return whether two may be one person: family names are the same, and initials where both have one.

    Examples
    --------
    >>> same_person("chen h", "chen h"), same_person("chen h", "chen"), same_person("chen h", "chen w")
    (True, True, False)
    """
    if one == two:
        return True
    family, _, initial = one.partition(" ")
    other_family, _, other = two.partition(" ")
    return family == other_family and not (initial and other)


__all__ = ["family_of", "people_of", "person_of", "same_person"]
