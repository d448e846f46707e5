"""What deduplication found: the records of each publication, and every pair with its verdict explained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.model.merge import PairVerdict
from evergrove.records.agreement import FIELDS, Agreement
from evergrove.records.rules import RULES
from evergrove.stats.fingerprint import SCHEMA_VERSION, software_version
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from evergrove.model.merge import Relation
    from evergrove.records.comparison import Comparison

CHAIN = "chain"
CHAIN_SAYS = "they agree, but one of them also agrees with a record that contradicts the other"


@dataclass(frozen=True, slots=True)
class Explained:
    """Two records, whether they are one publication, and why.

    Parameters
    ----------
    left, right : str
        Their ids.
    verdict : PairVerdict
    rule : str
        The name of the rule that decided.
    says : str
        The rule in a sentence.
    relation : Relation or None
        How they belong together where they are not one publication.
    agreed, near, differed, missing : tuple of str
        The fields that agree, are alike, contradict, or stand in one only or none.
    """

    left: str
    right: str
    verdict: PairVerdict
    rule: str
    says: str
    relation: Relation | None
    agreed: tuple[str, ...]
    near: tuple[str, ...]
    differed: tuple[str, ...]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{self.left} and {self.right}: {self.verdict.label} ({self.rule}: {self.says})"]
        told = (("agree", self.agreed), ("alike", self.near), ("differ", self.differed))
        parts += [f"{word}: {', '.join(fields)}" for word, fields in told if fields]
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the pair as JSON-safe data."""
        return {
            "records": [self.left, self.right],
            "verdict": self.verdict.value,
            "relation": self.relation.value if self.relation is not None else None,
            "rule": self.rule,
            "why": self.says,
            "agreed": list(self.agreed),
            "near": list(self.near),
            "differed": list(self.differed),
            "missing": list(self.missing),
        }


@dataclass(frozen=True, repr=False)
class Deduplicated(Result):
    """What `deduplicate` found.

    Parameters
    ----------
    ids : list of str
        Of the records, in their order.
    clusters : list of tuple of str
        Ids of the records that are one publication; those that stand alone are not listed.
    compared : int
        Pairs that were compared in full.
    """

    ids: list[str]
    clusters: list[tuple[str, ...]]
    compared: int
    _pairs: Comparison
    _rule: NDArray[np.int16]
    _chained: NDArray[np.bool_]

    @property
    def publications(self) -> int:
        """Publications: clusters and records that stand alone."""
        return len(self.ids) - sum(len(cluster) - 1 for cluster in self.clusters)

    def __repr__(self) -> str:
        waiting = sum(1 for _ in self.uncertain())
        return (
            f"<Deduplicated: {len(self.ids)} records = {self.publications} publications + "
            f"{len(self.ids) - self.publications} merged into them; {waiting} pairs for a person>"
        )

    def summary(self) -> str:
        """Return the counts, and the pairs by verdict and rule."""
        lines = [repr(self).strip("<>")]
        for title, pairs in (
            ("merged", self.duplicates()),
            ("for a person", self.uncertain()),
            ("related, not merged", self.related()),
        ):
            counts = Counter((pair.rule, pair.says) for pair in pairs)
            lines += [f"{title}, {rule}: {count} ({says})" for (rule, says), count in counts.items()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the groups and the explained pairs as JSON-safe data."""
        return {
            "records": len(self.ids),
            "publications": self.publications,
            "clusters": [list(cluster) for cluster in self.clusters],
            "duplicates": [pair.to_dict() for pair in self.duplicates()],
            "uncertain": [pair.to_dict() for pair in self.uncertain()],
            "related": [pair.to_dict() for pair in self.related()],
            "compared": self.compared,
            "schema_version": SCHEMA_VERSION,
            "software_version": software_version,
        }

    def columns(self) -> dict[str, Any]:
        """Return a row for each record: its id, the id of its publication's first record, how many it has."""
        labels = self.labels()
        sizes = np.bincount(labels, minlength=len(self.ids))
        return {
            "id": np.array(self.ids),
            "publication": np.array([self.ids[row] for row in labels.tolist()]),
            "records": sizes[labels],
        }

    def labels(self) -> NDArray[np.int64]:
        """Return for each record the position of the first record of its publication, shape ``(n,)``."""
        position = {key: row for row, key in enumerate(self.ids)}
        labels = np.arange(len(self.ids))
        for cluster in self.clusters:
            rows = [position[key] for key in cluster]
            labels[rows] = min(rows)
        return labels

    def duplicates(self) -> Iterator[Explained]:
        """Yield the pairs that a rule found to be one publication, the surest first, explained."""
        return self._with(PairVerdict.DUPLICATE)

    def uncertain(self) -> Iterator[Explained]:
        """Yield the pairs that are a person's to decide, explained."""
        return self._with(PairVerdict.UNCERTAIN)

    def related(self) -> Iterator[Explained]:
        """Yield the pairs that belong together without being one publication: preprint and article ..."""
        return self._with(PairVerdict.NOT)

    def of(self, pairs: Collection[tuple[str, str]]) -> Iterator[Explained]:
        """Yield the pairs among these that a rule speaks of, as they are judged, explained."""
        wanted = {frozenset(pair) for pair in pairs}
        for row in np.flatnonzero(self._rule >= 0).tolist() if wanted else ():
            if frozenset((self.ids[self._pairs.left[row]], self.ids[self._pairs.right[row]])) in wanted:
                yield self._explained(row)

    def _with(self, verdict: PairVerdict) -> Iterator[Explained]:
        rows = np.flatnonzero(self._rule >= 0)
        for row in rows[np.argsort(self._rule[rows], kind="stable")].tolist():
            if self._verdict(row) is verdict and (
                verdict is not PairVerdict.NOT or RULES[self._rule[row]].relation is not None
            ):
                yield self._explained(row)

    def _verdict(self, row: int) -> PairVerdict:
        return PairVerdict.UNCERTAIN if self._chained[row] else RULES[self._rule[row]].verdict

    def _explained(self, row: int) -> Explained:
        rule, chained = RULES[self._rule[row]], bool(self._chained[row])
        by_code: dict[Agreement, list[str]] = {code: [] for code in Agreement}
        for name in FIELDS:
            by_code[Agreement(int(self._pairs.codes[name][row]))].append(name)
        return Explained(
            self.ids[int(self._pairs.left[row])],
            self.ids[int(self._pairs.right[row])],
            self._verdict(row),
            CHAIN if chained else rule.name,
            CHAIN_SAYS if chained else rule.says,
            None if chained else rule.relation,
            tuple(by_code[Agreement.SAME]),
            tuple(by_code[Agreement.NEAR]),
            tuple(by_code[Agreement.DIFFERS]),
            tuple(by_code[Agreement.MISSING]),
        )
