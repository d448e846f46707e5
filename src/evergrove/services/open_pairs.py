"""Which uncertain pairs still wait while a person decides one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.merge import PairVerdict
from evergrove.records.clusters import Clusters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evergrove.model.merge import MergeEvent


class OpenPairs:
    """The reports of a review as a person goes on deciding.

    Parameters
    ----------
    groups : sequence of sequences of str
        The records of each report before the first decision.
    """

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._home = {key: number for number, group in enumerate(groups) for key in group}

    def between(self, event: MergeEvent, decided: Iterable[MergeEvent]) -> frozenset[int] | None:
        """Return the two reports of a pair; ``None`` where the decisions so far joined or keep them apart.

        Parameters
        ----------
        event : MergeEvent
            The uncertain pair.
        decided : iterable of MergeEvent
            What the person decided, in any order.
        """
        joined = Clusters(lambda _one, _two: False)
        apart: list[tuple[int, int]] = []
        for decision in decided:
            one, two = (self._home[key] for key in decision.records)
            if decision.verdict is PairVerdict.DUPLICATE:
                joined.join(one, two)
            else:
                apart.append((one, two))

        def reports(pair: Iterable[int]) -> frozenset[int]:
            return frozenset(min(joined.of(home)) for home in pair)

        found = reports(self._home[key] for key in event.records)
        return found if len(found) == 2 and found not in {reports(pair) for pair in apart} else None
