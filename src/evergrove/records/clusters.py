"""From pairs to clusters, without chains: no two records in a cluster may contradict each other."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Pair = tuple[int, int]


class Clusters:
    """Sets of records that are one publication.

    Parameters
    ----------
    contradict : callable
        Takes two records and says whether they cannot be one publication.
    groups : iterable of sequences of int
        Clusters to begin with, whatever contradicts in them.
    """

    def __init__(self, contradict: Callable[[int, int], bool], groups: Iterable[Sequence[int]] = ()) -> None:
        self._contradict = contradict
        self._members: dict[int, list[int]] = {group[0]: list(group) for group in groups if len(group) > 1}
        self._home: dict[int, int] = {
            record: home for home, members in self._members.items() for record in members
        }

    def of(self, record: int) -> list[int]:
        """Return the records of a record's cluster, itself among them."""
        return self._members.get(self._home.get(record, record), [record])

    def join(self, one: int, two: int) -> bool:
        """Put two records into one cluster, unless that would bring together what contradicts.

        Returns
        -------
        bool
            Whether they are in one cluster now.
        """
        left, right = self.of(one), self.of(two)
        if left[0] == right[0]:
            return True
        if any(self._contradict(a, b) for a in left for b in right if not (a == one and b == two)):
            return False
        small, large = sorted((left, right), key=len)
        home = self._home.get(large[0], large[0])
        joined = self._members.setdefault(home, list(large))
        self._members.pop(self._home.get(small[0], small[0]), None)
        joined.extend(small)
        for record in joined if len(large) == 1 else small:
            self._home[record] = home
        return True

    def all(self) -> list[list[int]]:
        """Return the clusters of two or more records, each sorted."""
        return sorted(sorted(members) for members in self._members.values() if len(members) > 1)


def torn(weak: Iterable[Pair], contradict: Callable[[int, int], bool], every: Sequence[Pair]) -> set[Pair]:
    """Return the weak pairs of a record that matches two others which contradict each other.

    Parameters
    ----------
    weak : iterable of pairs
        Duplicates for want of a contradiction only: a field is missing.
    contradict : callable
    every : sequence of pairs
        All duplicates.

    Returns
    -------
    set of pairs
        Of these it cannot be told which is right.

    Examples
    --------
    >>> torn([(0, 1), (0, 2)], lambda a, b: {a, b} == {1, 2}, [(0, 1), (0, 2)]) == {(0, 1), (0, 2)}
    True
    """
    weak = set(weak)
    touched = {record for pair in weak for record in pair}
    near: dict[int, list[int]] = defaultdict(list)
    for one, two in every:
        if one in touched:
            near[one].append(two)
        if two in touched:
            near[two].append(one)
    found: set[Pair] = set()
    for record, others in near.items():
        for at, one in enumerate(others):
            for two in others[at + 1 :]:
                pairs = {(min(record, other), max(record, other)) for other in (one, two)}
                if pairs & weak and contradict(one, two):
                    found |= pairs & weak
    return found
