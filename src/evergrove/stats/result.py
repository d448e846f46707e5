"""What every result can do: become JSON, a data frame, a table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from html import escape
from typing import Any, ClassVar, TypeVar

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.fingerprint import SCHEMA_VERSION, json_safe, software_version

R = TypeVar("R")

#: Rows of a table in a notebook; the rest is counted.
MOST_ROWS_SHOWN = 50


def _plain(value: object) -> object:
    """Return a field as JSON can hold it; results, remarks and estimates by their own `to_dict`."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return json_safe(value)


class Result:
    """Base of the frozen dataclasses that methods return.

    A subclass adds `__repr__` (one line), `summary` (text) and, where it holds rows, `columns`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, slots=True, repr=False)
    ... class Ratio(Result):
    ...     estimate: float
    >>> Ratio(2.0).to_dict()["estimate"], Ratio(2.0).columns()
    (2.0, {'estimate': array([2.])})
    """

    __slots__ = ()

    #: Fields that `to_dict` leaves out (inputs, caches).
    HIDDEN: ClassVar[tuple[str, ...]] = ()

    def summary(self) -> str:
        """Return the result as text; one line unless the method has more to say."""
        return repr(self)

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        data = {
            entry.name: _plain(getattr(self, entry.name))
            for entry in fields(self)  # type: ignore[arg-type] # subclasses are dataclasses
            if entry.name not in self.HIDDEN
        }
        return {**data, "schema_version": SCHEMA_VERSION, "software_version": software_version}

    def columns(self) -> dict[str, Any]:
        """Return the result as columns of equal length; the default is one row of its single values."""
        return {
            entry.name: np.array([value])
            for entry in fields(self)  # type: ignore[arg-type] # subclasses are dataclasses
            if isinstance(value := getattr(self, entry.name), bool | int | float | str)
        }

    def to_frame(self, backend: str = "pandas") -> Any:  # noqa: ANN401 - the frame of the user's library
        """Return `columns` as a data frame.

        Parameters
        ----------
        backend : str
            ``"pandas"``, ``"polars"``, ``"pyarrow"`` or another that narwhals builds; installed.

        Returns
        -------
        data frame of that library

        Raises
        ------
        UsageError
            Where the library is unknown or not installed.
        """
        import narwhals  # noqa: PLC0415 - frames are made on request only

        try:
            return narwhals.from_dict(self.columns(), backend=backend).to_native()  # type: ignore[arg-type]
        except (ImportError, ValueError, TypeError) as error:
            raise UsageError(
                f"to_frame: backend={backend!r} cannot be used ({error}); allowed: 'pandas', 'polars', "
                "'pyarrow' where installed; install it, or take columns()"
            ) from None

    def _repr_html_(self) -> str:
        """Return the columns as a table with the one-line form as caption."""
        columns = self.columns()
        rows = max((len(values) for values in columns.values()), default=0)
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{escape(_cell(values[row]))}</td>" for values in columns.values())
            + "</tr>"
            for row in range(min(rows, MOST_ROWS_SHOWN))
        )
        more = f"<p>{rows - MOST_ROWS_SHOWN} more rows</p>" if rows > MOST_ROWS_SHOWN else ""
        caption = f"<caption>{escape(repr(self).strip('<>'))}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def wanted_result(name: str, value: object, *kinds: type[R]) -> R:
    """Return a value that is one of the results wanted.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    value : object
        What a caller gave.
    *kinds : type
        The results that will do.

    Returns
    -------
    object
        The value.

    Raises
    ------
    UsageError
        For anything else.

    Examples
    --------
    >>> wanted_result("fit", 3.0, Result)
    Traceback (most recent call last):
    ...
    evergrove.errors.UsageError: fit: found float; allowed: Result; pass a result of this kind
    """
    if isinstance(value, kinds):
        return value
    allowed = " or ".join(kind.__name__ for kind in kinds)
    raise UsageError(f"{name}: found {type(value).__name__}; allowed: {allowed}; pass a result of this kind")


def _cell(value: object) -> str:
    """Return a value for a table: five significant digits, missing as a dash."""
    if isinstance(value, float | np.floating):
        return "–" if np.isnan(value) else f"{float(value):.5g}"
    return "–" if value is None else str(value)
