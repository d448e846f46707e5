"""What holds after a log of decisions: what is together, what apart, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evergrove.model.merge import PairVerdict
from evergrove.records.clusters import Clusters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evergrove.model.merge import MergeEvent

    Pair = tuple[str, str]


@dataclass(frozen=True)
class Standing:
    """The decisions that hold.

    Parameters
    ----------
    holds : dict of pair to MergeEvent
        The decision that holds for two records: a person's latest, else the rules' latest.
    parted : dict of pair to MergeEvent
        Merges by rules that a person undid, by the undoing.
    """

    holds: dict[Pair, MergeEvent]
    parted: dict[Pair, MergeEvent]

    @cached_property
    def together(self) -> list[Pair]:
        """Pairs that are one publication, those that a person decided first."""
        return [*self.by_person, *self.by_rules]

    @cached_property
    def by_person(self) -> list[Pair]:
        """Pairs that a person decided to be one publication."""
        return [event.records for event in self._merges if event.by_person]

    @cached_property
    def by_rules(self) -> list[Pair]:
        """Pairs that rules merged and a person said nothing of."""
        return [event.records for event in self._merges if not event.by_person]

    @property
    def _merges(self) -> list[MergeEvent]:
        return [event for event in self.holds.values() if event.verdict is PairVerdict.DUPLICATE]

    @cached_property
    def apart(self) -> set[Pair]:
        """Pairs that a person said are two publications, or whose merge a person undid."""
        said = {
            pair for pair, event in self.holds.items() if event.by_person and event.verdict is PairVerdict.NOT
        }
        return said | set(self.parted)

    @cached_property
    def known(self) -> set[Pair]:
        """Pairs about which anything was decided."""
        return set(self.holds) | set(self.parted)

    def groups(self, ids: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the records of each report, those that stand alone too, in the order of the first of each.

        Parameters
        ----------
        ids : sequence of str
            All records.

        Returns
        -------
        list of tuple of str
        """
        position = {key: row for row, key in enumerate(ids)}
        apart = {
            frozenset((position[a], position[b])) for a, b in self.apart if a in position and b in position
        }
        clusters = Clusters(lambda one, two: frozenset((one, two)) in apart)
        for one, two in self.together:
            if one in position and two in position:
                clusters.join(position[one], position[two])
        found = []
        for row in range(len(ids)):
            members = sorted(clusters.of(row))
            if members[0] == row:
                found.append(tuple(ids[member] for member in members))
        return found


def standing(events: Iterable[MergeEvent]) -> Standing:
    """Return what holds after a log of decisions.

    Parameters
    ----------
    events : iterable of MergeEvent
        In the order in which they were made.

    Returns
    -------
    Standing
        An undone merge of the rules keeps the two records apart; an undone decision of a person is as if it
        had not been made.
    """
    log = list(events)
    by_id = {event.id: event for event in log}
    undone: set[str] = set()
    kept: list[MergeEvent] = []
    parted: dict[Pair, MergeEvent] = {}
    for event in reversed(log):
        if event.id in undone:
            continue
        if event.undoes is None:
            kept.append(event)
            continue
        undone.add(event.undoes)
        target = by_id.get(event.undoes)
        if target is not None and not target.by_person:
            parted[event.records] = event
    holds: dict[Pair, MergeEvent] = {}
    for event in reversed(kept):
        before = holds.get(event.records)
        if before is None or event.by_person or not before.by_person:
            holds[event.records] = event
    place = {event.id: number for number, event in enumerate(log)}
    for pair, event in holds.items():
        # A person who decides after the undoing has the last word.
        if event.by_person and pair in parted and place[event.id] > place[parted[pair].id]:
            del parted[pair]
    return Standing(holds, parted)
