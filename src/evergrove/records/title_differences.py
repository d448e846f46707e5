"""In what two titles differ: spelling only, a subtitle, a number, or words that change what is meant."""

from __future__ import annotations

import re
from collections import Counter
from enum import IntEnum
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
#: Letters from which a title without its subtitle still names one publication.
LONG = 25
#: Words in one of two titles only that may all be misprints.
MOST_WORDS = 8
#: Distinct titles in which a word stands that is no misprint, and how much rarer a misprint of a word is.
TITLES_OF_A_WORD, RARER = 3, 30
#: Letters from which a word may lack its first one.
LONG_WORD = 8
#: Greek letters: databases print them, name them, print a like Latin one, or lose them.
_GREEK = {
    "alpha": "a",
    "beta": "b",
    "gamma": "g",
    "delta": "d",
    "epsilon": "e",
    "kappa": "k",
    "mu": "u",
    "omega": "w",
}
_GREEK_NAME = re.compile(r"alpha|beta|gamma|delta|epsilon|kappa|omega|\bmu\b")
_NO_WORDS: Mapping[str, int] = MappingProxyType({})
#: What stands before the title of an abstract in a supplement: its number.
_ABSTRACT_NUMBER = re.compile(r"(?:abstract|poster|oral|paper)?(?:no)?[a-z]{0,3}\d{1,4}[a-z]?")
#: A number of a part or year, in a title without spaces.
_NUMBERED = re.compile(r"\d|(?:part|phase|study|paper|report)(?:[ivx]|[a-d]$)|^(?:iii?|iv|vi{0,3}|ix)$")
#: Endings of one word's forms.
_ENDINGS = frozenset(
    ["", "s", "es", "e", "d", "ed", "ing", "al", "ic", "ical", "ally", "ly", "y", "ies", "ren", "led", "ling"]
)


class TitleDifference(IntEnum):
    """In what two titles differ, by how much it matters."""

    NONE = 0
    #: Small words, spaces, and Greek letters that one lost.
    FORM = 1
    #: Misprints and endings.
    SPELLING = 2
    #: One is the beginning or the end of the other: a subtitle, the title in a second language, its number.
    SHORTENED = 3
    #: Words that the other does not have.
    WORDS = 4
    #: Numbers: another part, phase, dose or year.
    NUMBERS = 5


def known_words(titles: Iterable[str]) -> dict[str, int]:
    """Return in how many distinct titles a word stands, for those that stand in several.

    Parameters
    ----------
    titles : iterable of str
        In normal form.

    Examples
    --------
    >>> sorted(known_words(["rest in men", "rest in bed", "rest at home", "a rets in men"]).items())
    [('in', 3), ('rest', 3)]
    """
    counts = Counter(chain.from_iterable(map(str.split, set(titles))))
    return {word: held for word, held in counts.items() if held >= TITLES_OF_A_WORD}


def title_difference(
    one: str, two: str, numbers: str, other_numbers: str, known: Mapping[str, int] = _NO_WORDS
) -> TitleDifference:
    """Return in what two titles in normal form differ.

    Parameters
    ----------
    one, two : str
    numbers, other_numbers : str
        The numbers in each, sorted.
    known : mapping of str to int
        The words of many titles (`known_words`).

    Returns
    -------
    TitleDifference

    Examples
    --------
    >>> title_difference("effect of rest in men", "effect of rest in women", "", "").name
    'WORDS'
    >>> title_difference("an observation of rest", "an obersavation of rest", "", "").name
    'SPELLING'
    >>> title_difference("a trial of rest part 1", "a trial of rest part 2", "1", "2").name
    'NUMBERS'
    >>> title_difference("the role of tnf alpha in rest", "the role of tnf in rest", "", "").name
    'FORM'
    """
    short, long = sorted((one.replace(" ", ""), two.replace(" ", "")), key=len)
    if short == long:
        return TitleDifference.NONE
    ahead, behind = long.removesuffix(short), long.removeprefix(short)
    if len(short) >= LONG and (ahead != long or behind != long):
        rest = behind if behind != long else ahead
        if numbers != other_numbers and _NUMBERED.search(rest) and not _ABSTRACT_NUMBER.fullmatch(ahead):
            # A rest that holds a number names another part or year: it is no mere subtitle.
            return TitleDifference.NUMBERS
        if abs(one.count(" ") - two.count(" ")) > 1 or _ABSTRACT_NUMBER.fullmatch(ahead):
            # One word more is seldom a subtitle.
            return TitleDifference.SHORTENED
    if numbers != other_numbers and _numbers_differ(numbers, other_numbers):
        return TitleDifference.NUMBERS
    one, two = _greek_alike(one, two)
    if one.replace(" ", "") == two.replace(" ", ""):
        return TitleDifference.FORM
    return _words_differ(one.split(), two.split(), known)


def _numbers_differ(numbers: str, other: str) -> bool:
    """Whether each has a number that the other lacks; a single one may be written out in the other."""
    left, right = set(numbers.split()), set(other.split())
    return bool(left - right) and bool(right - left)


def _greek_alike(one: str, two: str) -> tuple[str, str]:
    """Return two titles without Greek letters where one has lost some; IFN-alpha and IFN-gamma stay apart."""
    left, right = _GREEK_NAME.findall(one), _GREEK_NAME.findall(two)
    if left == right or (set(left) - set(right) and set(right) - set(left)):
        return one, two
    for form in (_without_name, _latin):
        plain = _GREEK_NAME.sub(form, one), _GREEK_NAME.sub(form, two)
        if plain[0].replace(" ", "") == plain[1].replace(" ", ""):
            return plain
    return one, two


def _without_name(_found: re.Match[str]) -> str:
    return ""


def _latin(found: re.Match[str]) -> str:
    return _GREEK[found.group()]


def _words_differ(one: list[str], two: list[str], known: Mapping[str, int]) -> TitleDifference:
    """Return whether each word that one has alone is a misprint of the other's, or a small word."""
    left, right = set(one), set(two)
    extra = [word for word in one if word not in right]
    missing = [word for word in two if word not in left]
    if all(word in _SMALL for word in extra + missing):
        return TitleDifference.FORM
    if len(extra) + len(missing) > MOST_WORDS:
        return TitleDifference.WORDS
    extra, missing = _unpaired(extra, missing, known)
    if not extra and not missing:
        return TitleDifference.SPELLING
    if not extra or not missing:
        return TitleDifference.WORDS
    run_together, other = "".join(extra), "".join(missing)
    if any(letter.isdigit() for letter in run_together + other):
        return TitleDifference.SPELLING if run_together == other else TitleDifference.WORDS
    # Words run together or split: the same letters but for a misprint.
    alike = len(extra) != len(missing) and fuzz.ratio(run_together, other) >= 95 and len(run_together) > 5
    return TitleDifference.SPELLING if alike else TitleDifference.WORDS


def _unpaired(extra: list[str], missing: list[str], known: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return the words of both that are neither small nor a misprint of one of the other's."""
    rest, alone = list(missing), []
    for word in extra:
        best = max(rest, key=lambda other: fuzz.ratio(word, other), default="")
        if best and misprint(word, best, known):
            rest.remove(best)
        else:
            alone.append(word)
    return [word for word in alone if word not in _SMALL], [word for word in rest if word not in _SMALL]


def misprint(one: str, two: str, known: Mapping[str, int] = _NO_WORDS) -> bool:
    """Return whether one word is a misprint or another form of the other.

    Parameters
    ----------
    one, two : str
    known : mapping of str to int
        The words of many titles (`known_words`). Two of them are two words, unless one is far rarer.

    Examples
    --------
    >>> misprint("observation", "obersavation"), misprint("children", "adults")
    (True, False)
    >>> misprint("men", "women"), misprint("hypertension", "hypotension"), misprint("maternal", "paternal")
    (False, False, False)
    >>> misprint("nifedipine", "nimodipine", {"nifedipine": 9, "nimodipine": 3}), misprint("trial", "trials")
    (False, True)
    """
    if any(letter.isdigit() for letter in one + two):
        # The number of a drug, a gene or a dose: another number is another thing.
        return False
    short, long = sorted((one, two), key=len)
    begin = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(short))
    if begin >= 4 and one[begin:] in _ENDINGS and two[begin:] in _ENDINGS:
        return True
    rare, frequent = sorted((known.get(one, 0), known.get(two, 0)))
    if rare * RARER > frequent or _changes_meaning(one, two):
        return False
    if short[0] != long[0] and not (long[1:] == short and len(long) >= LONG_WORD):
        # Who mistypes gets the first letter right; another beginning is mostly another word.
        return False
    if len(short) < (3 if frequent or one in _SMALL or two in _SMALL else 4):
        return False
    return OSA.distance(one, two) <= min(1 + (len(long) >= LONG_WORD) + (len(long) >= 12), len(short) // 2)


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
