"""What a method noticed about its data or its result, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One remark on a result; never printed.

    Parameters
    ----------
    code : str
        Stable name, for example ``"two-maxima"``.
    message : str
        What was noticed and what it means.
    where : str
        Rows or quantity concerned; empty where it is the whole result.

    Examples
    --------
    >>> Diagnostic("one-study", "only one study: nothing is pooled").to_dict()["code"]
    'one-study'
    """

    code: str
    message: str
    where: str = ""

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.code}{place}: {self.message}"

    def to_dict(self) -> dict[str, str]:
        """Return the remark as JSON-safe data."""
        return {"code": self.code, "message": self.message, "where": self.where}
