"""Compare pairs of records field by field, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from evergrove.records.agreement import FIELDS, Agreement
from evergrove.records.entry_links import EntryLink, entry_link
from evergrove.records.journal_names import AGREES, DIFFERS, likeness
from evergrove.records.normal_forms import Sort
from evergrove.records.page_comparison import compare_pages
from evergrove.records.text_numbers import equality, identity
from evergrove.records.title_differences import LONG, TitleDifference, known_words, title_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evergrove.records.normal_columns import NormalColumns

    Codes = NDArray[np.int8]
    Index = NDArray[np.int64]


#: Titles less alike than this, from 0 to 100, have nothing to do with each other.
LEAST_TITLE = 70
#: Titles at least this alike may be the same but for misprints; their words are then looked at one by one.
ALIKE_TITLE = 80
#: Characters from which abstracts are compared, and from 0 to 100 how alike those of one publication are.
LEAST_ABSTRACT, ALIKE_ABSTRACT = 100, 85
#: Authors from which one name that was cut or misread does not count.
SEVERAL = 3
#: Pairs whose texts are compared in one call: each takes some hundred bytes while it lasts.
AT_ONCE = 500_000
SAME, NEAR, MISSING, DIFFER = Agreement.SAME, Agreement.NEAR, Agreement.MISSING, Agreement.DIFFERS


@dataclass(frozen=True, slots=True)
class Comparison:
    """Pairs of records and how their fields agree.

    Parameters
    ----------
    left, right : arrays of shape (pairs,)
        Positions of the records.
    codes : dict of str to array of shape (pairs,)
        `Agreement` of each of `FIELDS`.
    title_score : array of shape (pairs,)
        Likeness of the titles, from 0 to 100; 0 below `LEAST_TITLE`.
    title_difference : array of shape (pairs,)
        `TitleDifference`.
    sorts : array of shape (pairs, 2)
        `Sort` flags of both records.
    generic : array of shape (pairs,)
        Whether the title is one that many publications have.
    short : array of shape (pairs,)
        Whether the title is of few words.
    ranged : array of shape (pairs,)
        Whether both give the same first and last page, and they are not one, or the same article number.
    long_article : array of shape (pairs,)
        Whether both give the same first and last page, and these make three pages or more, or the same
        article number.
    same_authors : array of shape (pairs,)
        Whether all authors agree, and there is more than one.
    shifted : array of shape (pairs,)
        Whether both give as many pages, a few pages apart in the volume.
    lettered : array of shape (pairs,)
        Whether one is paged with a letter (of a supplement, an abstract, the web) and the other is not.
    early : array of shape (pairs,)
        Whether one is not yet in a volume, or was not when it was recorded, and the other is.
    half_supplement : array of shape (pairs,)
        Whether one stands in a supplement and the other says of its issue or pages that it does not.
    supplements : array of shape (pairs, 2)
        Whether each says that it stands in a supplement.
    cochrane : array of shape (pairs,)
        `Agreement` of the numbers of Cochrane reviews.
    entries : array of shape (pairs,)
        `EntryLink` of registry entries.
    """

    left: Index
    right: Index
    codes: dict[str, Codes]
    title_score: NDArray[np.float32]
    title_difference: Codes
    sorts: NDArray[np.int32]
    generic: NDArray[np.bool_]
    short: NDArray[np.bool_]
    ranged: NDArray[np.bool_]
    long_article: NDArray[np.bool_]
    same_authors: NDArray[np.bool_]
    shifted: NDArray[np.bool_]
    lettered: NDArray[np.bool_]
    early: NDArray[np.bool_]
    half_supplement: NDArray[np.bool_]
    supplements: NDArray[np.bool_]
    cochrane: Codes
    entries: Codes

    def __len__(self) -> int:
        return len(self.left)


def compare(normal: NormalColumns, left: Index, right: Index, *, workers: int = 1) -> Comparison:
    """Compare candidate pairs; those that nothing but a key connects are dropped.

    Parameters
    ----------
    normal : NormalColumns
    left, right : arrays of shape (pairs,)
    workers : int
        Threads that compare titles.

    Returns
    -------
    Comparison
        Of the pairs that are kept.
    """
    score = _scores(normal.title, left, right, fuzz.ratio, workers=workers, cutoff=LEAST_TITLE)
    kept = _worth(normal, left, right, score)
    left, right, score = left[kept], right[kept], score[kept]
    authors, same_authors = _authors(normal, left, right, workers)
    kept = _may_agree(normal, left, right, authors)
    left, right, score = left[kept], right[kept], score[kept]
    authors, same_authors = authors[kept], same_authors[kept]
    difference = _title_differences(normal, left, right, score)
    pages = compare_pages(normal, left, right)
    entries = _entries(normal, left, right)
    codes: dict[str, Codes] = {
        "title": _title_codes(score, difference),
        "authors": authors,
        "year": _years(normal.year, left, right),
        "journal": _journals(normal, left, right),
        "volume": equality(normal.volume, left, right),
        "issue": _issues(normal.issue, left, right),
        "pages": pages.codes,
        "doi": equality(normal.doi, left, right),
        "pmid": equality(normal.pmid, left, right),
        "abstract": _abstracts(normal.abstract, left, right, workers),
        "registration": np.select(
            [entries >= EntryLink.SHARED, entries == EntryLink.SAME_REGISTRY], [SAME, DIFFER], MISSING
        ).astype(np.int8),
    }
    assert tuple(codes) == FIELDS  # noqa: S101 - told in this order
    return Comparison(
        left=left,
        right=right,
        codes=codes,
        title_score=score,
        title_difference=difference,
        sorts=np.stack([normal.sort[left], normal.sort[right]], axis=1),
        generic=normal.generic[left] | normal.generic[right],
        short=normal.short[left] | normal.short[right],
        ranged=pages.ranged,
        long_article=pages.long_article,
        same_authors=same_authors,
        shifted=pages.shifted,
        lettered=pages.lettered,
        early=pages.early,
        half_supplement=_half_supplement(normal, left, right),
        supplements=np.stack([normal.supplement[left], normal.supplement[right]], axis=1),
        cochrane=equality(normal.cochrane, left, right),
        entries=entries,
    )


def _worth(normal: NormalColumns, left: Index, right: Index, score: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pairs are compared in full: like titles, an identifier, or a place and an author."""
    place = (equality(normal.start, left, right) == SAME) & (equality(normal.volume, left, right) == SAME)
    kept: NDArray[np.bool_] = (
        (score >= ALIKE_TITLE)
        | (place & (score >= LEAST_TITLE))
        | (equality(normal.doi, left, right) == SAME)
        | (equality(normal.pmid, left, right) == SAME)
        | (place & _same_beginning(normal.first, left, right))
        | _goes_on(normal.title, left, right)
    )
    entry = (normal.sort & int(Sort.REGISTRY)) != 0
    kept |= entry[left] & entry[right]
    # A registry entry and a publication are never one report.
    kept &= entry[left] == entry[right]
    return kept


def _may_agree(normal: NormalColumns, left: Index, right: Index, authors: Codes) -> NDArray[np.bool_]:
    """Return which pairs a rule can hold for: with other authors, only at the same place or by number."""
    kept: NDArray[np.bool_] = (
        (authors != DIFFER)
        | (equality(normal.start, left, right) == SAME)
        | (equality(normal.doi, left, right) == SAME)
        | (equality(normal.pmid, left, right) == SAME)
        | ((normal.sort[left] & int(Sort.REGISTRY)) != 0)
    )
    return kept


def _at(column: list[str], rows: Index) -> list[str]:
    return [column[row] for row in rows.tolist()]


def _scores(
    column: list[str],
    left: Index,
    right: Index,
    scorer: Callable[..., float],
    *,
    workers: int,
    cutoff: float = 0,
) -> NDArray[np.float32]:
    """Return the likeness of two texts per pair, 0 where it is below the cutoff; some pairs at a time."""
    scores = np.zeros(len(left), dtype=np.float32)
    for start in range(0, len(left), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        scores[part] = cpdist(
            _at(column, left[part]),
            _at(column, right[part]),
            scorer=scorer,
            score_cutoff=cutoff,
            dtype=np.float32,
            workers=workers,
        )
    return scores


def _same_beginning(column: list[str], left: Index, right: Index) -> NDArray[np.bool_]:
    """Return whether both texts are there and begin with the same letters."""
    numbers = identity([text[:4] for text in column])
    same: NDArray[np.bool_] = (numbers[left] == numbers[right]) & (numbers[left] != 0)
    return same


def _goes_on(column: list[str], left: Index, right: Index) -> NDArray[np.bool_]:
    """Return whether one title begins with the whole of the other, spaces aside."""
    whole = [text.replace(" ", "") for text in column]
    heads = identity([text[:LONG] if len(text) >= LONG else "" for text in whole])
    same = (heads[left] == heads[right]) & (heads[left] != 0)
    found = np.zeros(len(left), dtype=bool)
    for row in np.flatnonzero(same).tolist():
        one, two = whole[left[row]], whole[right[row]]
        found[row] = one.startswith(two) or two.startswith(one)
    return found


def _title_differences(normal: NormalColumns, left: Index, right: Index, score: NDArray[np.float32]) -> Codes:
    codes = np.full(len(left), int(TitleDifference.WORDS), dtype=np.int8)
    codes[score == 100] = int(TitleDifference.NONE)
    look = np.flatnonzero((score < 100) & ((score >= LEAST_TITLE) | _goes_on(normal.title, left, right)))
    known = known_words(normal.title) if len(look) else {}
    for row in look.tolist():
        one, two = int(left[row]), int(right[row])
        codes[row] = title_difference(
            normal.title[one], normal.title[two], normal.numbers[one], normal.numbers[two], known
        )
    return codes


def _half_supplement(normal: NormalColumns, left: Index, right: Index) -> NDArray[np.bool_]:
    regular = ~normal.supplement & np.array(
        [bool(issue or start) for issue, start in zip(normal.issue, normal.start, strict=True)], dtype=bool
    )
    one, two = normal.supplement[left], normal.supplement[right]
    half: NDArray[np.bool_] = (one & regular[right]) | (regular[left] & two)
    half &= equality(normal.issue, left, right) != SAME
    return half


def _issues(column: list[str], left: Index, right: Index) -> Codes:
    """Compare issues; a supplement is numbered within its issue or its volume, so its number may differ."""
    codes = equality(column, left, right)
    supplement = np.array([text.startswith("s") for text in column], dtype=bool)
    codes[(codes == DIFFER) & supplement[left] & supplement[right]] = MISSING
    return codes


def _title_codes(score: NDArray[np.float32], difference: Codes) -> Codes:
    codes = np.full(len(score), DIFFER, dtype=np.int8)
    codes[score >= ALIKE_TITLE] = NEAR
    codes[difference == TitleDifference.SHORTENED] = NEAR
    codes[(score >= ALIKE_TITLE) & (difference <= TitleDifference.SPELLING)] = SAME
    codes[score == 100] = SAME
    return codes


def _authors(
    normal: NormalColumns, left: Index, right: Index, workers: int
) -> tuple[Codes, NDArray[np.bool_]]:
    """Compare first authors and all authors; family and given name may be swapped or not told apart."""
    head = _scores(normal.first, left, right, fuzz.token_set_ratio, workers=workers)
    close = 100 * _scores(normal.first, left, right, JaroWinkler.similarity, workers=workers)
    total = _scores(normal.everyone, left, right, fuzz.token_set_ratio, workers=workers)
    order = _scores(normal.everyone, left, right, fuzz.token_sort_ratio, workers=workers)
    head = np.maximum(head, close)
    codes = np.full(len(left), NEAR, dtype=np.int8)
    several = np.minimum(normal.authors[left], normal.authors[right]) >= SEVERAL
    codes[(head >= 88) | (total >= 90) | (several & (total >= 85))] = SAME
    codes[(head < 75) & (total < 60)] = DIFFER
    codes[(normal.authors[left] == 0) | (normal.authors[right] == 0)] = MISSING
    # One of several names may be a group's, which some databases leave out.
    apart = np.abs(normal.authors[left] - normal.authors[right])
    whole = (codes == SAME) & ((order >= 85) | ((total >= 95) & (apart <= several)))
    return codes, whole & (np.minimum(normal.authors[left], normal.authors[right]) > 1)


def _years(year: NDArray[np.int32], left: Index, right: Index) -> Codes:
    apart = np.abs(year[left] - year[right])
    codes = np.select([apart == 0, apart == 1], [SAME, NEAR], DIFFER).astype(np.int8)
    codes[(year[left] == 0) | (year[right] == 0)] = MISSING
    return codes


def _journals(normal: NormalColumns, left: Index, right: Index) -> Codes:
    codes = equality(normal.journal, left, right)
    known: dict[tuple[str, str], Agreement] = {}
    for row in np.flatnonzero(codes == DIFFER).tolist():
        one, two = int(left[row]), int(right[row])
        names = normal.journal[one], normal.journal[two]
        if names not in known:
            score = likeness(*names)
            known[names] = SAME if score >= AGREES else DIFFER if score < DIFFERS else NEAR
        codes[row] = known[names]
    issn = identity(normal.issn)
    for row in np.flatnonzero((issn[left] != 0) & (issn[right] != 0) & (codes != SAME)).tolist():
        if set(normal.issn[left[row]].split()) & set(normal.issn[right[row]].split()):
            codes[row] = SAME
    return codes


def _entries(normal: NormalColumns, left: Index, right: Index) -> Codes:
    """Compare the registration numbers of registry entries."""
    codes = np.full(len(left), int(EntryLink.NO_ENTRIES), dtype=np.int8)
    entry = (normal.sort & int(Sort.REGISTRY)) != 0
    for row in np.flatnonzero(entry[left] & entry[right]).tolist():
        one, two = normal.registrations[left[row]], normal.registrations[right[row]]
        codes[row] = int(entry_link(one.split(), two.split()))
    return codes


def _abstracts(column: list[str], left: Index, right: Index, workers: int) -> Codes:
    codes = np.zeros(len(left), dtype=np.int8)
    long = identity(["x" if len(text) >= LEAST_ABSTRACT else "" for text in column])
    both = np.flatnonzero((long[left] != 0) & (long[right] != 0))
    score = _scores(column, left[both], right[both], fuzz.ratio, workers=workers)
    for row in np.flatnonzero(score < ALIKE_ABSTRACT).tolist():
        score[row] = max(score[row], _shifted(column[left[both[row]]], column[right[both[row]]]))
    codes[both] = np.select([score >= ALIKE_ABSTRACT, score >= 60], [SAME, NEAR], DIFFER)
    return codes


def _shifted(one: str, two: str) -> float:
    """Return the likeness of two abstracts of which one is cut short, or begins with a heading."""
    short, long = sorted((one, two), key=len)
    begin = min(len(short) - LEAST_ABSTRACT, 80)
    return max(
        fuzz.ratio(short, long[: len(short)]),
        fuzz.partial_ratio(short[begin : begin + LEAST_ABSTRACT], long),
        fuzz.partial_ratio(long[begin : begin + LEAST_ABSTRACT], short),
    )
