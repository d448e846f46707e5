"""The result of one check of printed numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.integrity.options import Verdict


@dataclass(frozen=True, slots=True, repr=False)
class IntegrityCheck(Result):
    """Whether printed numbers can belong together.

    Parameters
    ----------
    check : str
        Which check: ``"GRIM"`` and so on.
    verdict : Verdict
        Under the assumptions.
    explanation : str
        What was found, in a sentence.
    reported : mapping of str to str
        The numbers as given.
    possible : tuple of float
        Values that could stand in place of the one checked: fitting ones where there are, else the nearest.
    values : mapping of str to float
        What was worked out on the way.
    assumptions : tuple of str
        What the verdict hangs on.
    diagnostics : tuple of Diagnostic
        Further remarks.

    Notes
    -----
    An inconsistency is a question to the authors. Most have harmless causes: another n, a misprint, a
    number of another analysis.
    """

    check: str
    verdict: Verdict
    explanation: str
    reported: Mapping[str, str]
    possible: tuple[float, ...]
    values: Mapping[str, float]
    assumptions: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return f"<IntegrityCheck {self.check}: {self.verdict}; {self.explanation}>"

    def summary(self) -> str:
        """Return verdict, reason and assumptions as text."""
        given = ", ".join(f"{name} {value}" for name, value in self.reported.items())
        lines = [f"{self.check} ({given}): {self.verdict}", self.explanation]
        lines += [f"assumed: {line}" for line in self.assumptions]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])
