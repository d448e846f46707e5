"""Names of authors as databases print them: who comes first, and which family names are there."""

from __future__ import annotations

import re
from typing import NamedTuple

from evergrove.records.normal_forms import ascii_text

_JOINED = re.compile(r"(?<=[A-Z]\.)(?=[A-Z][a-z'])|(?<=\.)(?=[A-Z][\w'’-]+ [A-Z]\.)")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’?][^\W\d_]+)*")
_INITIALS = re.compile(r"^[A-Z]{1,3}$|^(?:[A-Z][.-]?){1,4}$")
#: "Smith, John", "Smith JA" and "Smith J. A.", the forms of nearly all names.
_USUAL = re.compile(r"([A-Z][a-z]+), |([A-Z][a-z]+) (?:[A-Z]\.?[ -]?){1,4}$")
_ET_AL = re.compile(r"[\s,;]*(?:\band\s+)?\bet al\b[\s.,;]*$", re.IGNORECASE)
#: "A. Smith": a name that begins with its initials.
_INITIAL_FIRST = re.compile(r"\s*(?:[A-Z]\.[ -]?){1,4}[A-Z][\w'’-]")
_APART = {ord(" "): "", ord("-"): ""}
_NOBODY = frozenset(
    {"unknown", "anonymous", "anon", "no authors listed", "not available", "n/a", "na", "none", "nan", ""}
)
_PARTICLES = frozenset(
    {
        "van",
        "von",
        "de",
        "der",
        "den",
        "da",
        "do",
        "dos",
        "del",
        "della",
        "di",
        "la",
        "le",
        "el",
        "al",
        "ter",
        "ten",
        "du",
        "st",
        "jr",
        "sr",
        "ii",
        "iii",
        "et",
        "others",
        "md",
        "phd",
        "and",
    }
)


class Names(NamedTuple):
    """The authors of one record.

    Parameters
    ----------
    first : str
        Words of the first author's family name; all words of the name where it cannot be told apart.
    everyone : str
        The same of all authors, sorted.
    number : int
        Of names.
    """

    first: str
    everyone: str
    number: int


def names_form(text: str) -> Names:
    """Return the normal form of a list of authors, however it is separated.

    Parameters
    ----------
    text : str
        ``"Zhou, X. and Lan, J."``, ``"Zhou X; Lan J"``, ``"Zhou X.Lan J."``, ``"Zhou X, Lan J"`` ...

    Returns
    -------
    Names

    Examples
    --------
    >>> names_form("Zhou, Xiangdong and van der Berg, J.")
    Names(first='zhou', everyone='berg zhou', number=2)
    >>> names_form("Tan A.Schulze A.O'Donnell C. P.").everyone
    'odonnell schulze tan'
    >>> names_form("B. Abrahao; P. Parigi").first, names_form("Anonymous").number
    ('abrahao', 0)
    """
    names = split_names(text)
    families = [words for name in names if (words := family_words(name))]
    if not families:
        return Names("", "", 0)
    if "?" in text:
        # Letters that another encoding lost: such a name says nothing, if others are whole.
        whole = [words for name in names if "?" not in name and (words := family_words(name))]
        return Names(families[0], _sorted_words(whole or families), len(families))
    return Names(families[0], _sorted_words(families), len(families))


def _sorted_words(families: list[str]) -> str:
    return " ".join(sorted({word for name in families for word in name.split()}))


def split_names(text: str) -> list[str]:
    """Return the names of a list of authors.

    Examples
    --------
    >>> split_names("Smith J, Jones AB"), split_names("Smith, John and Jones, A. B.")
    (['Smith J', 'Jones AB'], ['Smith, John', 'Jones, A. B.'])
    """
    text = _ET_AL.sub("", text.strip())
    if text.lower() in _NOBODY:
        return []
    for mark in (";", "\n", "\r", "|", "//"):
        if mark in text:
            return [part.strip() for part in text.split(mark) if part.strip()]
    pieces = text.replace(" and ", ", ").split(",")
    if len(pieces) > 1 and all(_INITIAL_FIRST.match(piece) for piece in pieces if piece.strip()):
        return [piece.strip() for piece in pieces if piece.strip()]
    if " and " in text:
        parts = text.split(" and ")
        # "Smith J, Jones A, and Brown K" is a list of commas with a last "and".
        if len(parts) > 2 or not ("," in parts[0] and parts[0].count(",") > 1):
            return [part.strip(" ,") for part in parts if part.strip(" ,")]
        text = ",".join(parts)
    joined = _JOINED.split(text)
    if len(joined) > 1:
        return [part.strip(" ,") for part in joined if part.strip(" ,")]
    return _split_at_commas(text)


def _split_at_commas(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) < 2 or all(" " in part for part in parts):
        return parts
    # "Smith, J., Jones, A. B.": family names and initials take turns.
    if len(parts) % 2 == 0 and all(_INITIALS.match(part.translate(_APART)) for part in parts[1::2]):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    return [text] if len(parts) == 2 else parts


def family_words(name: str) -> str:
    """Return the words of a family name, or of the whole name where it cannot be told apart.

    Examples
    --------
    >>> family_words("Müller-Werdan, U."), family_words("Kjær T"), family_words("Omulo Sylvia")
    ('muller werdan', 'kjer', 'omulo sylvia')
    """
    usual = _USUAL.match(name)
    if usual is not None and (family := (usual.group(1) or usual.group(2)).lower()) not in _PARTICLES:
        return family.replace("ae", "e").replace("oe", "e")
    family = name.split(",", 1)[0] if "," in name else name
    words = [word for word in re.split(r"[\s.]+", family) if _WORD.search(word)]
    if "," not in name and len(words) > 1:
        capitals = all(word.isupper() for word in words if len(word) > 3)
        kept = [word for word in words if not _INITIALS.match(word)]
        if kept and not (capitals and len(kept) == 0):
            words = kept
    plain = re.sub(r"[^a-z]+", " ", ascii_text(" ".join(words))).replace("ae", "e").replace("oe", "e").split()
    strong = [word for word in plain if word not in _PARTICLES and len(word) > 1]
    return " ".join(strong or plain)
