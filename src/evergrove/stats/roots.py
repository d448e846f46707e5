"""A safeguarded root finder for one variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_STEPS = 400
RELATIVE_TOLERANCE = 1e-14


class Solution(NamedTuple):
    """What an iterative kernel found.

    Parameters
    ----------
    value : float
        The solution, or the last value.
    iterations : int
        Function evaluations after the bracket was known; 0 for a closed form.
    converged : bool
        Whether the tolerance was met.
    reason : str
        Why the iteration ended, in words.
    """

    value: float
    iterations: int
    converged: bool
    reason: str


def _step(  # noqa: PLR0917 - three points and their values
    a: float, b: float, c: float, fa: float, fb: float, fc: float
) -> float:
    """Return the next fraction of [a, b]: inverse quadratic where it is safe, else a bisection."""
    if c in (a, b):
        return 0.5
    position = (a - b) / (c - b)
    share = (fa - fb) / (fc - fb)
    if share**2 < position and (1.0 - share) ** 2 < 1.0 - position:
        return fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    return 0.5


def bracketed_root(function: Callable[[float], float], low: float, high: float) -> Solution:
    """Find a root between two points of opposite sign, to 1e-14 of its size.

    Bisection with inverse quadratic interpolation where it is safe: T. R. Chandrupatla, "A new
    hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without using
    derivatives", Advances in Engineering Software 28 (1997) 145-149.

    Parameters
    ----------
    function : callable
        Continuous on [low, high]; its scale does not matter.
    low, high : float
        Ends of the bracket, not below 0 (the tolerance is relative to the root).

    Returns
    -------
    Solution
        ``converged`` is False where the ends have one sign or the steps ran out.

    Examples
    --------
    >>> round(bracketed_root(lambda x: x * x - 2.0, 0.0, 2.0).value, 12)
    1.414213562373
    """
    a, b = high, low
    fa, fb = function(a), function(b)
    if fb == 0.0:
        return Solution(b, 2, True, "root at the lower end")
    if fa == 0.0:
        return Solution(a, 2, True, "root at the upper end")
    if (fa > 0) == (fb > 0):
        return Solution(b, 2, False, f"no change of sign between {low!r} and {high!r}")
    c, fc, fraction = a, fa, 0.5
    for count in range(3, MOST_STEPS):
        x = a + fraction * (b - a)
        fx = function(x)
        if (fx > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = x, fx
        best, at_best = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        tolerance = RELATIVE_TOLERANCE * abs(best)
        if at_best == 0.0 or abs(b - a) <= 2.0 * tolerance or abs(b - a) < 1e-300:
            return Solution(best, count, True, "relative change below 1e-14")
        least = tolerance / abs(b - a)
        fraction = min(1.0 - least, max(least, _step(a, b, c, fa, fb, fc)))
    return Solution(a, MOST_STEPS, False, f"no root to 1e-14 after {MOST_STEPS} steps")
