"""Registration numbers joined to trials, without ever joining what must stay apart."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from evergrove.records.trial_numbers import series_of

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Begins the node of a study of the review; it has no series of registration numbers.
STUDY = "study:"


class Clusters:
    """Union-find on numbers; a trial has one number of each registry, unless a person says otherwise.

    Parameters
    ----------
    apart : iterable of pairs of str
        Numbers that a person keeps apart.

    Examples
    --------
    >>> clusters = Clusters()
    >>> clusters.join("NCT00000001", "ISRCTN00000001"), clusters.join("NCT00000002", "ISRCTN00000001")
    (True, False)
    >>> clusters.root("NCT00000001") == clusters.root("ISRCTN00000001")
    True
    """

    def __init__(self, apart: Iterable[tuple[str, str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        self._series: dict[str, dict[str, str]] = {}
        self._apart: dict[str, set[str]] = defaultdict(set)
        for one, two in apart:
            self._apart[one].add(two)
            self._apart[two].add(one)
        self._members: dict[str, list[str]] = {}

    def add(self, number: str) -> None:
        """Add a number; nothing happens where it is known."""
        if number not in self._parent:
            self._parent[number] = number
            self._members[number] = [number]
            series = "" if number.startswith((STUDY, "entry:")) else series_of(number)
            self._series[number] = {series: number} if series else {}

    def root(self, number: str) -> str:
        """Return the number that stands for the trial of a number."""
        self.add(number)
        top = number
        while self._parent[top] != top:
            top = self._parent[top]
        while self._parent[number] != top:
            self._parent[number], number = top, self._parent[number]
        return top

    def members(self, number: str) -> list[str]:
        """Return all numbers of the trial of a number."""
        return self._members[self.root(number)]

    def conflict(self, one: str, two: str) -> str | None:
        """Return why two trials must not be joined, or ``None``."""
        one, two = self.root(one), self.root(two)
        if one == two:
            return None
        for member in self._members[one]:
            for other in self._apart.get(member, ()):
                if other in self._parent and self.root(other) == two:
                    return f"a person keeps {member} and {other} apart"
        first, second = self._series[one], self._series[two]
        for series in first.keys() & second.keys():
            if first[series] != second[series]:
                return f"they would join two numbers of one registry, {first[series]} and {second[series]}"
        return None

    def join(self, one: str, two: str, *, decided: bool = False) -> bool:
        """Join the trials of two numbers.

        Parameters
        ----------
        one, two : str
        decided : bool
            By a person, the review or the registry itself: two numbers of one registry are no hindrance.

        Returns
        -------
        bool
            Whether they are one trial now.
        """
        if not decided and self.conflict(one, two) is not None:
            return False
        one, two = self.root(one), self.root(two)
        if one == two:
            return True
        if len(self._members[one]) < len(self._members[two]):
            one, two = two, one
        self._parent[two] = one
        self._members[one] += self._members.pop(two)
        self._series[one] = self._series.pop(two) | self._series[one]
        return True

    def trials(self) -> list[list[str]]:
        """Return the numbers of each trial."""
        return list(self._members.values())
