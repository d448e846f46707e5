"""Find the records that are one publication: candidates, comparison, rules, clusters."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from collections.abc import Callable, Collection, Iterator, Sequence

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
    before: Collection[tuple[str, str]] = (),
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
    before : collection of pairs of ids
        What rules merged in an earlier run. They are judged anew with all records; one holds on where no rule
        says anything of its two records now.
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
    known = Known(*(_rows(given, position) for given in (together, before, apart)))
    clusters, chained = _clustered(normal, pairs, rule, known)
    step("Comparing", _STEPS, _STEPS)
    named = [tuple(ids[row] for row in cluster) for cluster in clusters]
    return Deduplicated(ids, named, len(pairs), pairs, rule, chained)


class Known(NamedTuple):
    """Pairs of rows of which something is known, the smaller row first.

    Parameters
    ----------
    together : list of pairs
        A person merged them.
    before : list of pairs
        Rules merged them in an earlier run.
    apart : list of pairs
        A person keeps them apart.
    """

    together: list[Pair]
    before: list[Pair]
    apart: list[Pair]


def _rows(given: Collection[tuple[str, str]], position: dict[str, int]) -> list[Pair]:
    """Return pairs of ids as pairs of rows, the smaller first; those of other records are left out."""
    found = ((position[one], position[two]) for one, two in given if one in position and two in position)
    return [(min(pair), max(pair)) for pair in found]


def _clustered(
    normal: NormalColumns, pairs: Comparison, rule: NDArray[np.int16], known: Known
) -> tuple[list[list[int]], NDArray[np.bool_]]:
    """Return the clusters, and the pairs that agree but could not be put together."""
    spoken = np.flatnonzero(rule >= 0)
    verdict = [RULES[number].verdict for number in rule[spoken].tolist()]
    rows = spoken[np.array([item is PairVerdict.DUPLICATE for item in verdict], dtype=bool)]
    # The surest first: the rules are in that order.
    rows = rows[np.argsort(rule[rows], kind="stable")]
    found = _at(pairs, rows)
    denied = set(_at(pairs, spoken[np.array([item is PairVerdict.NOT for item in verdict], dtype=bool)]))
    apart = set(known.apart)
    judged = set(_at(pairs, spoken)) if known.before else set()
    unspoken = [pair for pair in known.before if pair not in judged]
    agreeing = {*found, *known.together, *unspoken}

    def contradict(one: int, two: int) -> bool:
        pair = (min(one, two), max(one, two))
        if pair in apart:
            return True
        return pair not in agreeing and (pair in denied or _contradict(normal, *pair))

    weak = {pair for pair, row in zip(found, rows.tolist(), strict=True) if RULES[rule[row]].name in WEAK}
    barred = torn(weak, contradict, found) | apart

    def by_rules(begun: Sequence[Sequence[int]]) -> Clusters:
        clusters = Clusters(contradict, begun)
        for pair in found:
            if pair not in barred:
                clusters.join(*pair)
        return clusters

    # What a person decided holds against every rule, among more than two records too.
    held = Clusters(lambda one, two: (min(one, two), max(one, two)) in apart)
    for pair in (*known.together, *unspoken):
        held.join(*pair)
    # A person may have added to an earlier merge of rules, knowing it: it holds as long as the rules by
    # themselves make it, whatever was added.
    alone = by_rules(())
    for one, two in known.before:
        if two in alone.of(one):
            held.join(one, two)
    clusters = by_rules(held.all())
    chained = np.zeros(len(pairs), dtype=bool)
    chained[rows] = [pair in apart or pair[1] not in clusters.of(pair[0]) for pair in found]
    return clusters.all(), chained


def _at(pairs: Comparison, rows: NDArray[np.int64]) -> list[Pair]:
    return list(zip(pairs.left[rows].tolist(), pairs.right[rows].tolist(), strict=True))


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
