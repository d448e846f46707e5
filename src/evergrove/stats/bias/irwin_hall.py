"""The distribution of a sum of independent uniform numbers."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

from evergrove.stats.roots import bracketed_root

#: Above this many the normal approximation is used, as puniform does; it then agrees to four digits.
MOST_EXACT = 100
DIGITS = 120


def irwin_hall(x: float, k: int) -> float:
    """Return P(sum of `k` uniforms on (0, 1) <= x), exact to double precision.

    Parameters
    ----------
    x : float
        Any number.
    k : int
        1 or more; 100 at most for speed.

    Returns
    -------
    float
        The alternating sum of Irwin 1927 and Hall 1927 in 120 decimal digits.

    Examples
    --------
    >>> irwin_hall(0.5, 1), irwin_hall(1.0, 2), round(irwin_hall(1.624144, 6), 6)
    (0.5, 0.5, 0.025)
    """
    if x <= 0.0:
        return 0.0
    if x >= k:
        return 1.0
    if x > k / 2.0:
        return 1.0 - irwin_hall(k - x, k)
    with localcontext() as context:
        context.prec = DIGITS
        total, at = Decimal(0), Decimal(x)
        for j in range(math.floor(x) + 1):
            total += (-1) ** j * math.comb(k, j) * (at - j) ** k
        return float(total / math.factorial(k))


def irwin_hall_quantile(p: float, k: int) -> float:
    """Return the lower quantile of a sum of `k` uniforms.

    Parameters
    ----------
    p : float
        In (0, 0.5).
    k : int
        1 or more.

    Returns
    -------
    float

    Examples
    --------
    >>> round(irwin_hall_quantile(0.025, 2), 7)
    0.2236068
    """
    return bracketed_root(lambda x: irwin_hall(x, k) - p, 0.0, k / 2.0).value
