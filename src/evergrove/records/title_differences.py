"""In what two titles differ: spelling only, a subtitle, a number, or words that change what is meant."""

from __future__ import annotations

from enum import IntEnum

from rapidfuzz import fuzz

_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "for",
        "to",
        "and",
        "or",
        "by",
        "with",
        "from",
        "as",
        "is",
        "are",
        "its",
        "their",
        "vs",
        "versus",
        "using",
        "after",
        "during",
    ]
)
#: Two words at least this alike, from 0 to 100, are one word and a misprint.
MISPRINT = 75
#: Characters from which a title without its subtitle still names one publication.
LONG = 30
#: Words in one of two titles only that may all be misprints.
MOST_WORDS = 8


class TitleDifference(IntEnum):
    """In what two titles differ, by how much it matters."""

    NONE = 0
    #: Small words, spaces and misprints.
    SPELLING = 1
    #: One is the beginning or the end of the other: a subtitle, or the title in a second language.
    SHORTENED = 2
    #: Words that the other does not have.
    WORDS = 3
    #: Numbers: another part, phase, dose or year.
    NUMBERS = 4


def title_difference(one: str, two: str, numbers: str, other_numbers: str) -> TitleDifference:
    """Return in what two titles in normal form differ.

    Parameters
    ----------
    one, two : str
    numbers, other_numbers : str
        The numbers in each, sorted.

    Returns
    -------
    TitleDifference

    Examples
    --------
    >>> title_difference("effect of rest in men", "effect of rest in women", "", "").name
    'WORDS'
    >>> title_difference("effects of bedrest", "effects of bed rest", "", "").name
    'SPELLING'
    >>> title_difference("a trial of rest part 1", "a trial of rest part 2", "1", "2").name
    'NUMBERS'
    """
    if one.replace(" ", "") == two.replace(" ", ""):
        return TitleDifference.NONE
    short, long = sorted((one, two), key=len)
    if len(short) >= LONG and (long.startswith(short) or long.endswith(short)):
        # A rest that holds a number names another part or year: it is no mere subtitle.
        return TitleDifference.SHORTENED if numbers == other_numbers else TitleDifference.NUMBERS
    if numbers != other_numbers and _numbers_differ(numbers, other_numbers):
        return TitleDifference.NUMBERS
    if _only_spelling(one.split(), two.split()):
        return TitleDifference.SPELLING
    return TitleDifference.WORDS


def _numbers_differ(numbers: str, other: str) -> bool:
    """Whether each has a number that the other lacks; a single one may be written out in the other."""
    left, right = set(numbers.split()), set(other.split())
    return bool(left - right) and bool(right - left)


def _only_spelling(one: list[str], two: list[str]) -> bool:
    """Whether each word that one has alone is a misprint of one that the other has alone, or a small word."""
    left, right = set(one), set(two)
    extra = [word for word in one if word not in right and word not in _SMALL]
    missing = [word for word in two if word not in left and word not in _SMALL]
    if not extra and not missing:
        return True
    if not extra or not missing or len(extra) + len(missing) > MOST_WORDS:
        return False
    if len(extra) == len(missing) and _paired(extra, missing):
        return True
    if any(letter.isdigit() for word in extra + missing for letter in word):
        return "".join(extra) == "".join(missing)
    # Words run together or split: the same letters but for a misprint.
    return fuzz.ratio("".join(extra), "".join(missing)) >= 95 and len("".join(extra)) > 5


def _paired(extra: list[str], missing: list[str]) -> bool:
    rest = list(missing)
    for word in extra:
        best = max(rest, key=lambda other: fuzz.ratio(word, other))
        if not misprint(word, best):
            return False
        rest.remove(best)
    return True


def misprint(one: str, two: str) -> bool:
    """Return whether one word is a misprint or another form of the other.

    Examples
    --------
    >>> misprint("observation", "obersavation"), misprint("children", "adults")
    (True, False)
    >>> misprint("men", "women"), misprint("hypertension", "hypotension")
    (False, False)
    """
    if _changes_meaning(one, two):
        return False
    if any(letter.isdigit() for letter in one + two):
        # The number of a drug, a gene or a dose: another number is another thing.
        return False
    return fuzz.ratio(one, two) >= MISPRINT and min(len(one), len(two)) >= 4


#: Beginnings that turn a word into another one.
_BEGINNINGS = (
    "hyper",
    "hypo",
    "pre",
    "post",
    "intra",
    "inter",
    "extra",
    "un",
    "non",
    "in",
    "anti",
    "ante",
    "wo",
    "fe",
    "mono",
    "bi",
    "di",
    "tri",
    "a",
    "de",
    "re",
    "peri",
    "endo",
    "epi",
    "sub",
    "super",
    "micro",
    "macro",
)


def _changes_meaning(one: str, two: str) -> bool:
    """Return whether two like words differ in a beginning that changes what is meant."""
    for start in _BEGINNINGS:
        for word, other in ((one, two), (two, one)):
            if not word.startswith(start) or other.startswith(start):
                continue
            rest = word.removeprefix(start)
            if rest == other:
                return True
            if any(other == begin + rest for begin in _BEGINNINGS):
                return True
    return False
