"""What papers report in place of means: d, t, F, p, a point-biserial r; percent of a scale's range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.effects.request import Request


def t_from_p(p: FloatArray, df: FloatArray) -> FloatArray:
    """Return t of a two-sided p whose sign is the effect's.

    Parameters
    ----------
    p : ndarray, shape (k,)
        Above 0 in size, at most 1; negative for a negative effect.
    df : ndarray, shape (k,)
        Degrees of freedom; below 1 there is no t (NaN).

    Returns
    -------
    ndarray, shape (k,)
    """
    safe = np.where(df >= 1, df, np.nan)
    return np.asarray(-np.sign(p) * special.stdtrit(safe, np.abs(p) / 2))


def t_of(request: Request, df: FloatArray) -> FloatArray:
    """Return the t statistics: as given, else the root of F with its sign, else from p.

    Parameters
    ----------
    request : Request
        With any of t, f (one degree of freedom above), p.
    df : ndarray, shape (k,)
        Degrees of freedom of t.

    Returns
    -------
    ndarray, shape (k,)
        NaN where none of them is known.
    """
    t, f = request["t"], request["f"]
    t = np.where(np.isnan(t), np.sign(f) * np.sqrt(np.abs(f)), t)
    return np.where(np.isnan(t), t_from_p(request["p"], df), t)


def standardised_difference(request: Request) -> FloatArray:
    """Return Cohen's d of two groups: as given, else from t, F or p, else from a point-biserial r.

    Parameters
    ----------
    request : Request
        With n1, n2 and any of d, t, f, p, r.

    Returns
    -------
    ndarray, shape (k,)
        NaN where means and SDs must be used.
    """
    n1, n2, d, r = (request[name] for name in ("n1", "n2", "d", "r"))
    df = n1 + n2 - 2
    with np.errstate(divide="ignore", invalid="ignore"):  # |r| of 1: no finite d, the row is not estimable
        d = np.where(np.isnan(d), t_of(request, df) * np.sqrt(1 / n1 + 1 / n2), d)
        return np.where(np.isnan(d), np.sqrt(df / n1 + df / n2) * r / np.sqrt(1 - r**2), d)


def percent_of_range(request: Request) -> FloatArray:
    """Return the factor that turns scale points into percent of the possible range.

    Parameters
    ----------
    request : Request
        With scale_min, scale_max.

    Returns
    -------
    ndarray, shape (k,)
    """
    return np.asarray(100.0 / (request["scale_max"] - request["scale_min"]))
