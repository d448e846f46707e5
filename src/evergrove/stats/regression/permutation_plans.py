"""Which permutations a test makes: all of them, or a random sample that holds the data as observed."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray


class Plan(NamedTuple):
    """Permutations, the data as observed among them.

    Parameters
    ----------
    orders : ndarray of int, shape (B, k) or (1, k)
        Row of the design for each study.
    signs : ndarray, shape (B, k) or (1, k)
        Sign of each effect.
    """

    orders: NDArray[np.int64]
    signs: FloatArray

    @property
    def size(self) -> int:
        """Number of permutations."""
        return max(int(self.orders.shape[0]), int(self.signs.shape[0]))

    def part(self, low: int, high: int) -> Plan:
        """Return some of the permutations."""
        return Plan(
            self.orders[low:high] if self.orders.shape[0] > 1 else self.orders,
            self.signs[low:high] if self.signs.shape[0] > 1 else self.signs,
        )


def distinct_rows(matrix: FloatArray) -> list[NDArray[np.int64]]:
    """Return the studies that share each distinct row of a design."""
    _, group = np.unique(matrix, axis=0, return_inverse=True)
    flat = np.asarray(group).ravel()
    return [np.flatnonzero(flat == one) for one in range(int(flat.max()) + 1)]


def number_of_distinct(matrix: FloatArray, *, flips: bool) -> int:
    """Return how many permutations differ: 2^k sign flips, or k! over those of equal rows.

    Parameters
    ----------
    matrix : ndarray, shape (k, p)
        Design.
    flips : bool
        Whether signs are flipped (an intercept alone).

    Returns
    -------
    int
    """
    k = int(matrix.shape[0])
    if flips:
        return int(2**k)
    number = math.factorial(k)
    for group in distinct_rows(matrix):
        number //= math.factorial(group.size)
    return number


def all_flips(k: int) -> Plan:
    """Return every assignment of signs, that of the data first."""
    codes = np.arange(2**k, dtype=np.int64)[:, np.newaxis]
    signs = 1.0 - 2.0 * ((codes >> np.arange(k)) & 1).astype(np.float64)
    return Plan(np.arange(k)[np.newaxis], signs)


def all_orders(matrix: FloatArray) -> Plan:
    """Return every distinct assignment of the design's rows to the studies.

    Group by group of equal rows: the studies that get the group's row are chosen among those left.
    """
    k = int(matrix.shape[0])
    orders = np.full((1, k), -1, dtype=np.int64)
    left = np.arange(k, dtype=np.int64)[np.newaxis]
    for group in distinct_rows(matrix):
        chosen = np.array(list(combinations(range(left.shape[1]), group.size)), dtype=np.int64)
        rest = np.array(
            [sorted(set(range(left.shape[1])) - set(row)) for row in chosen.tolist()], dtype=np.int64
        ).reshape(len(chosen), -1)
        orders = np.repeat(orders, len(chosen), axis=0)
        places = left[:, chosen].reshape(-1, group.size)
        orders[np.arange(len(orders))[:, np.newaxis], places] = group
        left = left[:, rest].reshape(len(orders), -1)
    return Plan(orders, np.ones((1, k)))


def sampled_flips(k: int, number: int, rng: np.random.Generator) -> Plan:
    """Return random signs, those of the data first."""
    signs = 1.0 - 2.0 * rng.integers(0, 2, size=(number, k)).astype(np.float64)
    signs[0] = 1.0
    return Plan(np.arange(k)[np.newaxis], signs)


def sampled_orders(k: int, number: int, rng: np.random.Generator) -> Plan:
    """Return random assignments of the design's rows, that of the data first."""
    orders = np.tile(np.arange(k, dtype=np.int64), (number, 1))
    rng.permuted(orders, axis=1, out=orders)
    orders[0] = np.arange(k)
    return Plan(orders, np.ones((1, k)))
