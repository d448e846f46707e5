"""Texts as numbers, so that columns of them are compared at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.records.agreement import Agreement

if TYPE_CHECKING:
    from numpy.typing import NDArray


def identity(column: list[str]) -> NDArray[np.int32]:
    """Return a number for each text: the same for the same text, 0 for an empty one.

    Examples
    --------
    >>> identity(["a", "", "b", "a"]).tolist()
    [1, 0, 2, 1]
    """
    known: dict[str, int] = {"": 0}
    return np.array([known.setdefault(text, len(known)) for text in column], dtype=np.int32)


def equality(column: list[str], left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return for pairs of rows whether their texts are the same, differ, or one is empty.

    Examples
    --------
    >>> import numpy as np
    >>> equality(["a", "", "b", "a"], np.array([0, 0, 0]), np.array([1, 2, 3])).tolist()
    [0, -1, 2]
    """
    numbers = identity(column)
    one, two = numbers[left], numbers[right]
    codes = np.where(one == two, Agreement.SAME, Agreement.DIFFERS).astype(np.int8)
    codes[(one == 0) | (two == 0)] = Agreement.MISSING
    return codes
