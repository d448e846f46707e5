"""Errors of evergrove: one tree, one stable code each.

::

    EvergroveError                 1
    ├── UsageError                 2   the call itself is wrong (option, argument, path)
    ├── ReviewFolderError          3   a review folder has faults: all of them, with their places
    ├── DataError                  4   numbers that cannot be: negative variance, events above n, …
    │   ├── UnitError              4   a unit that is unknown or does not measure the quantity
    │   └── TooFewStudiesError     4   a method asked for with fewer studies than it needs
    ├── ConvergenceError           5   an iterative method that found no solution
    ├── RenderError                6   a page or figure that could not be written
    ├── SourceError                7   a database or registry that does not answer as it should
    └── BusyError                  8   another run is changing the same review

The number is the command line's exit status; ``code`` is the name in JSON output.
A message says what is wrong, where, the value found, what is allowed, and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


class EvergroveError(Exception):
    """Base of every error that evergrove raises on purpose."""

    code: ClassVar[str] = "evergrove-error"
    exit_status: ClassVar[int] = 1

    def to_dict(self) -> dict[str, object]:
        """Return the error as JSON-safe data: ``code``, ``message`` and, where there are any, ``faults``."""
        return {"code": self.code, "message": str(self)}


class UsageError(EvergroveError):
    """The call is wrong: an unknown option value, a review that is not there, a folder that exists."""

    code = "usage-error"
    exit_status = 2


class DataError(EvergroveError, ValueError):
    """Numbers that cannot be true or cannot be analysed."""

    code = "data-error"
    exit_status = 4

    @classmethod
    def from_rows(
        cls, what: str, rows: list[int], values: list[object], *, allowed: str, todo: str
    ) -> DataError:
        """Build the message for bad rows of an array, naming at most ten of them.

        Parameters
        ----------
        what : str
            The quantity, for example ``"vi (sampling variance)"``.
        rows : list of int
            Positions counted from 0.
        values : list
            The value found in each row.
        allowed, todo : str
            What may stand there, and what the user can do.

        Examples
        --------
        >>> str(DataError.from_rows("vi", [3], [-0.1], allowed="above 0", todo="check the row"))
        'vi: row 3 is -0.1; allowed: above 0; check the row'
        """
        shown = ", ".join(
            f"row {row} is {value!r}" for row, value in zip(rows[:10], values[:10], strict=True)
        )
        more = f" and {len(rows) - 10} more rows" if len(rows) > 10 else ""
        return cls(f"{what}: {shown}{more}; allowed: {allowed}; {todo}")


class UnitError(DataError):
    """A unit that is unknown, or that does not measure the quantity asked for."""

    code = "unit-error"


class TooFewStudiesError(DataError):
    """A method was asked for with fewer studies than it needs."""

    code = "too-few-studies"


class ConvergenceError(EvergroveError):
    """An iterative method found no solution; the message carries iterations and the last value."""

    code = "no-convergence"
    exit_status = 5


class RenderError(EvergroveError):
    """A page, figure or download could not be written."""

    code = "render-error"
    exit_status = 6


class SourceError(EvergroveError):
    """A database or registry did not answer as it should; what came before is kept."""

    code = "source-error"
    exit_status = 7


class BusyError(EvergroveError):
    """Another run is changing the same review; nothing was touched, and the message says whose run it is."""

    code = "review-busy"
    exit_status = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a review folder, with its place.

    Parameters
    ----------
    file : str
        Path inside the review folder.
    line : int or None
        Line counted from 1, where it is known.
    where : str
        The field, as a path: ``data[3].values.msc.events``.
    found : str
        The value found, shortened to 80 characters.
    problem : str
        What is wrong.
    allowed : str
        What may stand there.
    """

    file: str
    line: int | None
    where: str
    found: str
    problem: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        field_name = f" {self.where}:" if self.where else ""
        found = f" (found {self.found})" if self.found else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{place}:{field_name} {self.problem}{found}{allowed}"

    def to_dict(self) -> dict[str, object]:
        """Return the fault as JSON-safe data."""
        return {
            "file": self.file,
            "line": self.line,
            "where": self.where,
            "found": self.found,
            "problem": self.problem,
            "allowed": self.allowed,
        }


@dataclass
class ReviewFolderError(EvergroveError):
    """A review folder has faults; all of them are listed, none is repaired."""

    folder: str
    faults: list[Fault] = field(default_factory=list)

    code: ClassVar[str] = "review-folder-error"
    exit_status: ClassVar[int] = 3

    def __str__(self) -> str:
        noun = "fault" if len(self.faults) == 1 else "faults"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        return f"{self.folder}: {len(self.faults)} {noun}\n{lines}"

    def to_dict(self) -> dict[str, object]:
        """Return code, message and every fault as JSON-safe data."""
        return {
            "code": self.code,
            "message": f"{self.folder}: {len(self.faults)} faults",
            "faults": [fault.to_dict() for fault in self.faults],
        }

    __hash__ = Exception.__hash__
