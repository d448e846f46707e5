"""The source of random numbers that a caller gives: a generator, a seed, or none."""

from __future__ import annotations

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.scalars import shown


def random_source(rng: np.random.Generator | int | None) -> np.random.Generator:
    """Return a generator of random numbers.

    Parameters
    ----------
    rng : Generator, int or None
        A generator is used as it is, a whole number is a seed; None is another seed each time.

    Returns
    -------
    Generator

    Raises
    ------
    UsageError
        For anything else, and for a seed below 0.

    Examples
    --------
    >>> int(random_source(1).integers(10)) == int(random_source(1).integers(10))
    True
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None or (isinstance(rng, int | np.integer) and rng >= 0):
        return np.random.default_rng(rng)
    raise UsageError(
        f"rng: found {shown(rng)}; allowed: a numpy Generator, or a whole number not below 0; "
        "pass one of them"
    )


def recorded_seed(rng: np.random.Generator | int | None) -> int:
    """Return the seed that a result records: the one given, or one drawn.

    Parameters
    ----------
    rng : Generator, int or None
        As for `random_source`.

    Returns
    -------
    int

    Raises
    ------
    UsageError
        As `random_source`.

    Examples
    --------
    >>> recorded_seed(7)
    7
    """
    source = random_source(rng)
    return int(rng) if isinstance(rng, int | np.integer) else int(source.integers(2**53))
