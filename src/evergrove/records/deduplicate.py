"""Find the records that are one publication: candidates, comparison, rules, clusters."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.model.merge import PairVerdict
from evergrove.records.candidates import candidate_pairs
from evergrove.records.clusters import Clusters, torn
from evergrove.records.columns import fields_of
from evergrove.records.comparison import compare
from evergrove.records.deduplicated import Deduplicated
from evergrove.records.entry_links import EntryLink, entry_link
from evergrove.records.facts import Facts
from evergrove.records.normal_columns import NormalColumns, normal_columns
from evergrove.records.normal_forms import Sort
from evergrove.records.rules import RULES, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from numpy.typing import NDArray

    from evergrove.records.comparison import Comparison

    Pair = tuple[int, int]

#: Records from which a second process pays.
MANY = 40_000
#: Rules that hold for want of a contradiction only.
WEAK = frozenset(
    {"title-and-volume", "nothing-against", "early-online", "title-and-pages", "title-and-abstract"}
)
_STEPS = 5


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Keep the collector from walking millions of live strings again and again; nothing here is cyclic."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_collection_paused()
def deduplicate(
    records: Any,  # noqa: ANN401 - a frame of any library
    *,
    together: Collection[tuple[str, str]] = (),
    apart: Collection[tuple[str, str]] = (),
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Deduplicated:
    """Find the records that are one publication.

    Parameters
    ----------
    records : iterable of Record, iterable of mappings, mapping of columns, or frame
        With a title each; authors, year, journal, volume, issue, pages, doi, pmid, abstract, issn, kind and
        registrations as far as there are any, under the names that exports use. Frames are pandas, Polars or
        PyArrow.
    together, apart : collection of pairs of ids
        What a person decided; no rule overrides it.
    workers : int, optional
        Processes; by default 2 for many records, else 1.
    progress : callable, optional
        Called with the stage, the steps done and their number.

    Returns
    -------
    Deduplicated

    Raises
    ------
    DataError
        Where there is no title column, columns differ in length, or an id stands twice.

    Notes
    -----
    Candidates share at least one key (DOI, PubMed number, a piece of the title, some words of it, first
    author with year and page ...), a few neighbours each, so the cost grows almost in line with the number
    of records. A false merge loses a trial: what is not clear is left to a person, never merged.

    Examples
    --------
    >>> found = deduplicate({
    ...     "title": ["Cells in ARDS: a randomised trial", "Cells in ARDS - A randomized trial", "Rest"],
    ...     "author": ["Smith, John and Lee, Kim", "Smith J; Lee K", "Doe, J."],
    ...     "year": [2020, 2020, 2001], "volume": ["8", "8", ""], "pages": ["12-19", "12-9", ""],
    ... })
    >>> found.clusters, found.publications
    ([('0', '1')], 2)
    >>> pair = next(found.duplicates())
    >>> pair.rule, pair.agreed
    ('title-and-place', ('title', 'authors', 'year', 'volume', 'pages'))
    """
    ids, fields = fields_of(records)
    step = progress or (lambda _stage, _done, _total: None)
    workers = workers or (2 if len(ids) >= MANY else 1)
    normal = normal_columns(
        fields, workers=workers, progress=lambda done, total: step("Reading", done, total)
    )
    del fields
    step("Comparing", 0, _STEPS)
    entries = (normal.sort & int(Sort.REGISTRY)) != 0
    numbers = [
        text if entry else "" for text, entry in zip(normal.registrations, entries.tolist(), strict=True)
    ]
    left, right = candidate_pairs(normal.keys, normal.title, numbers)
    step("Comparing", 1, _STEPS)
    pairs = compare(normal, left, right, workers=workers)
    del left, right
    step("Comparing", 3, _STEPS)
    rule = decide(Facts(pairs))
    step("Comparing", 4, _STEPS)
    position = {key: row for row, key in enumerate(ids)}
    decided = [
        [
            (min(a, b), max(a, b))
            for a, b in (
                (position[one], position[two]) for one, two in given if one in position and two in position
            )
        ]
        for given in (together, apart)
    ]
    clusters, chained = _clustered(normal, pairs, rule, decided[0], set(decided[1]))
    step("Comparing", _STEPS, _STEPS)
    named = [tuple(ids[row] for row in cluster) for cluster in clusters]
    return Deduplicated(ids, named, len(pairs), pairs, rule, chained)


def _clustered(
    normal: NormalColumns, pairs: Comparison, rule: NDArray[np.int16], together: list[Pair], apart: set[Pair]
) -> tuple[list[list[int]], NDArray[np.bool_]]:
    """Return the clusters, and the pairs that agree but could not be put together."""
    duplicate = np.array([item.verdict is PairVerdict.DUPLICATE for item in RULES])
    rows = np.flatnonzero((rule >= 0) & duplicate[rule])
    # The surest first: the rules are in that order.
    rows = rows[np.argsort(rule[rows], kind="stable")]
    found = list(zip(pairs.left[rows].tolist(), pairs.right[rows].tolist(), strict=True))
    agreeing = set(found) | set(together)
    refused = np.flatnonzero((rule >= 0) & ~duplicate[rule])
    denied = {
        pair
        for row, pair in zip(
            refused.tolist(),
            zip(pairs.left[refused].tolist(), pairs.right[refused].tolist(), strict=True),
            strict=True,
        )
        if RULES[rule[row]].verdict is PairVerdict.NOT
    }

    def contradict(one: int, two: int) -> bool:
        pair = (min(one, two), max(one, two))
        if pair in apart:
            return True
        return pair not in agreeing and (pair in denied or _contradict(normal, *pair))

    clusters = Clusters(contradict)
    for one, two in together:
        clusters.join(one, two)
    weak = {pair for pair, row in zip(found, rows.tolist(), strict=True) if RULES[rule[row]].name in WEAK}
    undecided = torn(weak, contradict, found)
    chained = np.zeros(len(pairs), dtype=bool)
    for pair, row in zip(found, rows.tolist(), strict=True):
        if pair in apart or pair in undecided or not clusters.join(*pair):
            chained[row] = True
    for pair, row in zip(found, rows.tolist(), strict=True):
        # Another way may have brought them together.
        if chained[row] and pair not in apart and pair[1] in clusters.of(pair[0]):
            chained[row] = False
    return clusters.all(), chained


def _contradict(normal: NormalColumns, one: int, two: int) -> bool:
    """Return whether two records that were not compared cannot be one publication."""

    def differ(column: list[str]) -> bool:
        return bool(column[one]) and bool(column[two]) and column[one] != column[two]

    if (normal.sort[one] | normal.sort[two]) & int(Sort.REGISTRY):
        link = entry_link(normal.registrations[one].split(), normal.registrations[two].split())
        return link is EntryLink.SAME_REGISTRY
    same_volume = normal.volume[one] == normal.volume[two]
    if same_volume and normal.start[one] and normal.start[one] == normal.start[two]:
        return False
    years = int(normal.year[one]), int(normal.year[two])
    apart = all(years) and abs(years[0] - years[1]) > 1
    if same_volume and differ(normal.start) and normal.supplement[one] != normal.supplement[two]:
        return True
    return (
        differ(normal.doi)
        or differ(normal.pmid)
        or (differ(normal.volume) and differ(normal.start))
        or apart
        or bool((int(normal.sort[one]) ^ int(normal.sort[two])) & _APART)
    )


_APART = int(Sort.CORRECTION | Sort.RETRACTION | Sort.REPLY | Sort.COMMENT | Sort.PREPRINT)
