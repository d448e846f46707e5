"""What a check returns: figures with their provenance, findings per proposition, and the claim's verdict."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove._version import __version__ as software_version
from evergrove.claims.printed import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.model import Claim, Source, Study
    from evergrove.model.claim import FigureName, Proposition
    from evergrove.model.vocabulary import Verdict

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that the data give.

    Parameters
    ----------
    name : FigureName
        What it is.
    value : float
        In `unit`; a percentage is 0 to 100.
    unit : str
        ``"%"``, ``"points"`` (percentage points), ``"ratio"``, ``"p"`` or a unit of measurement.
    how : str
        How it was computed, or ``"as printed"``.
    datum : str or None
        The datum it follows from; None for facts about an arm or the study.
    source : Source or None
        Where the numbers behind it were read.
    printed : bool
        Whether a source prints this number itself.
    detail : str
        Which of several figures of one name it is, such as the arm or the day.
    """

    name: FigureName
    value: float
    unit: str
    how: str
    datum: str | None = None
    source: Source | None = None
    printed: bool = False
    detail: str = ""

    @property
    def label(self) -> str:
        """The name in words."""
        return f"{self.name.label}, {self.detail}" if self.detail else self.name.label

    @property
    def shown(self) -> str:
        """The number with its unit."""
        return shown(self.value, self.unit)

    def __str__(self) -> str:
        return f"{self.label} {self.shown} ({self.how})"

    def to_dict(self) -> dict[str, object]:
        """Return the figure as JSON-safe data."""
        return {
            "name": self.name.value,
            "label": self.label,
            "value": self.value,
            "unit": self.unit,
            "how": self.how,
            "datum": self.datum,
            "source": self.source.model_dump(mode="json") if self.source is not None else None,
            "printed": self.printed,
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """One way in which a stated number may have come from a figure.

    Parameters
    ----------
    figure : Figure
        The figure misread.
    slips : tuple of str
        The misreadings needed, in order; empty where the figure is the stated number itself.
    explains : bool
        Whether the slips lead exactly to the stated number; else the figure is merely near.
    distance : float
        Gap between figure and stated number as a share of the larger.
    same_quantity : bool
        Whether the figure is of the quantity that the text names.
    """

    figure: Figure
    slips: tuple[str, ...]
    explains: bool
    distance: float
    same_quantity: bool

    @property
    def rank(self) -> tuple[bool, int, bool, bool, float, str]:
        """What origins are sorted by; less is more plausible."""
        if not self.explains:
            return (True, 0, False, False, self.distance, self.figure.label)
        quantity = not self.same_quantity
        return (False, len(self.slips), not self.figure.printed, quantity, self.distance, self.figure.label)

    def __str__(self) -> str:
        where = f"{self.figure.label}, {self.figure.shown} ({self.figure.how})"
        gap = f"distance {100 * self.distance:.1f} %"
        if not self.explains:
            return f"{where}: no misreading leads from it to the number; {gap}"
        if not self.slips:
            return f"{where}: the number itself"
        return f"{where}: {', then '.join(self.slips)}; {gap}"

    def to_dict(self) -> dict[str, object]:
        """Return the origin as JSON-safe data."""
        return {
            "figure": self.figure.to_dict(),
            "slips": list(self.slips),
            "explains": self.explains,
            "distance": self.distance,
            "same_quantity": self.same_quantity,
        }


@dataclass(frozen=True, slots=True)
class PropositionResult:
    """What the data say of one proposition.

    Parameters
    ----------
    proposition : Proposition
    verdict : Verdict
        Supported, partly, contradicted or not found.
    stated : str
        What the text says, in short.
    computed : tuple of Figure
        The figures compared.
    explanation : str
        One or two sentences.
    likely_origin : Origin or None
        Where a number that does not hold probably came from.
    runners_up : tuple of Origin
        The next ways, the most plausible first.
    """

    proposition: Proposition
    verdict: Verdict
    stated: str
    computed: tuple[Figure, ...]
    explanation: str
    likely_origin: Origin | None = None
    runners_up: tuple[Origin, ...] = ()

    def __repr__(self) -> str:
        return f"<PropositionResult {self.proposition.id}: {self.verdict}>"

    def to_dict(self) -> dict[str, object]:
        """Return the finding as JSON-safe data."""
        return {
            "proposition": self.proposition.model_dump(mode="json"),
            "verdict": self.verdict.value,
            "stated": self.stated,
            "computed": [figure.to_dict() for figure in self.computed],
            "explanation": self.explanation,
            "likely_origin": self.likely_origin.to_dict() if self.likely_origin is not None else None,
            "runners_up": [origin.to_dict() for origin in self.runners_up],
        }


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What the data say of a claim.

    Parameters
    ----------
    claim : Claim
    verdict : Verdict
    findings : tuple of PropositionResult
        One per proposition, in their order.
    inputs_sha256 : str
        Hash of the claim and of the study it is about.
    """

    claim: Claim
    verdict: Verdict
    findings: tuple[PropositionResult, ...]
    inputs_sha256: str

    def __repr__(self) -> str:
        return f"<ClaimResult {self.claim.id}: {self.verdict}, {len(self.findings)} propositions>"

    def finding(self, proposition_id: str) -> PropositionResult:
        """Return the finding on a proposition.

        Raises
        ------
        KeyError
            If the claim has no such proposition.
        """
        for finding in self.findings:
            if finding.proposition.id == proposition_id:
                return finding
        raise KeyError(f"{self.claim.id}: no proposition {proposition_id!r}")

    def summary(self) -> str:
        """Return the verdict and every finding as text."""
        lines = [f"{self.claim.id}: {self.verdict.label}", f"  claim: {self.claim.statement}"]
        for finding in self.findings:
            aside = ", aside" if finding.proposition.aside else ""
            lines.append(f"  - {finding.proposition.text} [{finding.verdict.label}{aside}]")
            lines.append(f"    {finding.explanation}")
            lines.extend(f"    runner-up: {origin}" for origin in finding.runners_up)
        if self.claim.note is not None:
            lines.append(f"  note: {self.claim.note}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data."""
        return {
            "claim": self.claim.id,
            "study": self.claim.study,
            "statement": self.claim.statement,
            "verdict": self.verdict.value,
            "findings": [finding.to_dict() for finding in self.findings],
            "inputs_sha256": self.inputs_sha256,
            "schema_version": SCHEMA_VERSION,
            "software_version": software_version,
        }


def inputs_hash(claim: Claim, studies: Sequence[Study]) -> str:
    """Return the sha256 of a claim and the studies it was checked against."""
    data = [claim.model_dump(mode="json"), *(study.model_dump(mode="json") for study in studies)]
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
