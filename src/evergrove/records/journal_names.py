"""Names of journals: one name may abbreviate another."""

from __future__ import annotations

import re

from evergrove.records.normal_forms import ascii_text

_SMALL = frozenset(
    [
        "of",
        "and",
        "the",
        "for",
        "in",
        "on",
        "a",
        "an",
        "de",
        "la",
        "le",
        "les",
        "et",
        "der",
        "die",
        "das",
        "und",
        "fur",
        "des",
        "du",
        "del",
        "y",
        "d",
        "l",
        "di",
        "e",
    ]
)
_COMMON = frozenset(
    [
        "journal",
        "j",
        "annals",
        "ann",
        "archives",
        "arch",
        "american",
        "am",
        "british",
        "br",
        "european",
        "eur",
        "international",
        "int",
        "acta",
        "official",
        "society",
        "association",
    ]
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_SUBTITLE = re.compile(r"\s*(?:[:;/]|\bofficial (?:journal|publication|organ)\b).*$|\s*\([^)]*\)")
#: Agreement at or above, contradiction below; between them the names do not say.
AGREES, DIFFERS = 85, 55


def journal_form(name: str) -> str:
    """Return the words of a journal's name; alternative names stay apart by ``=``.

    Examples
    --------
    >>> journal_form("The Lancet (London, England)")
    'lancet'
    >>> journal_form("Ai zheng = Chinese journal of cancer")
    'ai zheng=chinese journal cancer'
    """
    forms = []
    for part in ascii_text(name).replace("[", "=").replace("]", "").split("="):
        plain = _NOT_WORD.sub(" ", _SUBTITLE.sub("", part) or part)
        words = [word for word in plain.split() if word not in _SMALL]
        if words and (form := " ".join(words)) not in forms:
            forms.append(form)
    return "=".join(forms)


def likeness(one: str, other: str) -> float:
    """Return how well two names in normal form agree, from 0 to 100.

    Examples
    --------
    >>> likeness("am j respir crit care med", "american journal respiratory critical care medicine")
    100.0
    >>> likeness("jpen", "journal parenteral enteral nutrition"), likeness("chest", "thorax") < DIFFERS
    (100.0, True)
    """
    from rapidfuzz import fuzz  # noqa: PLC0415 - loaded where names are compared

    best = 0.0
    for left in one.split("="):
        for right in other.split("="):
            if left == right or abbreviates(left, right) or abbreviates(right, left):
                return 100.0
            score = fuzz.ratio(left, right)
            if begins(left, right) or begins(right, left):
                score = max(score, 100.0 if min(left.count(" "), right.count(" ")) >= 2 else 70.0)
            if min(left.count(" "), right.count(" ")) >= 1:
                score = max(score, min(fuzz.token_set_ratio(left, right), 90.0))
            if score < AGREES and _share_no_word(_own(left), _own(right)):
                # "European Journal of A" and "American Journal of B" share words that name no journal.
                score = min(score, DIFFERS - 1.0)
            best = max(best, score)
    return best


def _own(name: str) -> list[str]:
    """Return the words of a name that many journals do not have."""
    return [word for word in name.split() if word not in _COMMON]


def _share_no_word(one: list[str], two: list[str]) -> bool:
    """Return whether both have words, and none of one abbreviates one of the other or is near it."""
    return bool(one and two) and not any(
        _shortens(word, other) or _shortens(other, word) or word[:4] == other[:4]
        for word in one
        for other in two
    )


def abbreviates(short: str, long: str) -> bool:
    """Return whether every word of one name begins a word of the other, in order; or it holds the initials.

    Examples
    --------
    >>> abbreviates("n engl j med", "new england journal medicine")
    True
    >>> abbreviates("heart", "american heart journal")
    False
    """
    words, full = short.split(), long.split()
    if len(words) == 1 and len(full) > 1:
        initials = "".join(word[0] for word in full)
        return initials == words[0] or (len(words[0]) > 2 and initials.startswith(words[0]))
    if not words or len(words) != len(full):
        return False
    return all(_shortens(word, whole) for word, whole in zip(words, full, strict=True))


def begins(short: str, long: str) -> bool:
    """Return whether the words of one name abbreviate the first words of a longer one, two at least.

    Examples
    --------
    >>> begins("j trauma", "journal trauma injury infection critical care")
    True
    """
    words, full = short.split(), long.split()
    return 2 <= len(words) < len(full) and abbreviates(short, " ".join(full[: len(words)]))


def _shortens(word: str, whole: str) -> bool:
    """Return whether a word abbreviates another: its beginning, or its letters in order ('natl')."""
    if whole.startswith(word):
        return True
    if word[0] != whole[0] or len(word) < 3:
        return False
    letters = iter(whole)
    return all(letter in letters for letter in word)
