"""How the pages of two records agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.records.agreement import Agreement
from evergrove.records.text_numbers import equality, identity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.records.normal_columns import NormalColumns

_DIGITS = re.compile(r"\d+")
#: The number of an article of the web, which no other article of the journal has.
_ARTICLE_NUMBER = re.compile(r"e\d{4,}|\d{6,}")
#: Pages by which a proof's numbering may be off from the printed volume's.
SHIFT = 10
#: Pages that no abstract has.
LONG = 3


class PageComparison(NamedTuple):
    """Agreement of pages, and what else they tell; see `Comparison`."""

    codes: NDArray[np.int8]
    ranged: NDArray[np.bool_]
    long_article: NDArray[np.bool_]
    shifted: NDArray[np.bool_]
    lettered: NDArray[np.bool_]
    early: NDArray[np.bool_]


def compare_pages(normal: NormalColumns, left: NDArray[np.int64], right: NDArray[np.int64]) -> PageComparison:
    """Compare the pages of pairs of records.

    Parameters
    ----------
    normal : NormalColumns
    left, right : arrays of shape (pairs,)

    Returns
    -------
    PageComparison
    """
    start, end = equality(normal.start, left, right), equality(normal.end, left, right)
    codes = start.copy()
    # One of the two pages misprinted, the other the same.
    codes[(start == Agreement.SAME) & (end == Agreement.DIFFERS)] = Agreement.NEAR
    codes[(start == Agreement.DIFFERS) & (end == Agreement.SAME)] = Agreement.NEAR
    # Articles of the web are paged by themselves, from 1, until they get their place in a volume or for good.
    alone = identity(["x" if page == "1" else "" for page in normal.start])
    codes[((alone[left] != 0) | (alone[right] != 0)) & (codes == Agreement.DIFFERS)] = Agreement.MISSING
    span = identity([a if a != b else "" for a, b in zip(normal.start, normal.end, strict=True)])
    long = identity(
        [a if _pages_from(a, b) >= LONG else "" for a, b in zip(normal.start, normal.end, strict=True)]
    )
    number = identity([page if _ARTICLE_NUMBER.match(page) else "" for page in normal.start])
    alone_there = (start == Agreement.SAME) & (number[left] != 0)
    ranged = ((start == Agreement.SAME) & (end == Agreement.SAME) & (span[left] != 0)) | alone_there
    unplaced = np.array(
        [
            not volume and not issue and page in {"", "1"}
            for volume, issue, page in zip(normal.volume, normal.issue, normal.start, strict=True)
        ],
        dtype=bool,
    )
    shifted, lettered = np.zeros(len(left), dtype=bool), np.zeros(len(left), dtype=bool)
    for row in np.flatnonzero(codes == Agreement.DIFFERS).tolist():
        one, two = int(left[row]), int(right[row])
        lettered[row] = normal.start[one][:1].isalpha() != normal.start[two][:1].isalpha()
        if lettered[row] and _digits(normal.start[one]) == _digits(normal.start[two]):
            # "S63" and "63": the letter of a supplement or poster left out.
            codes[row] = Agreement.NEAR
        else:
            shifted[row] = _shifted(normal, one, two)
    long_article = (ranged & (long[left] != 0)) | alone_there
    return PageComparison(codes, ranged, long_article, shifted, lettered, unplaced[left] != unplaced[right])


def _pages_from(first: str, last: str) -> int:
    return int(last) - int(first) + 1 if first.isdigit() and last.isdigit() else 0


def _digits(page: str) -> str:
    found = _DIGITS.search(page)
    return found.group() if found is not None else ""


def _shifted(normal: NormalColumns, one: int, two: int) -> bool:
    pages = [normal.start[one], normal.end[one], normal.start[two], normal.end[two]]
    if not all(page.isdigit() for page in pages):
        return False
    first, last, other_first, other_last = map(int, pages)
    return last - first == other_last - other_first > 0 and abs(first - other_first) <= SHIFT
