"""The weighted model in sixty digits: who is nearer where evergrove and R disagree."""

from __future__ import annotations

from decimal import Decimal, getcontext
from typing import NamedTuple

import numpy as np
from scipy import special

getcontext().prec = 60
#: Below this relative difference of tau² there is nothing to judge.
SAME = 1e-7


class Sums(NamedTuple):
    weight: Decimal
    squared_weight: Decimal
    mean: Decimal
    q: Decimal
    log_weights: Decimal


def sums(yi: np.ndarray, vi: np.ndarray, tau2: Decimal) -> Sums:
    """Σw, Σw², the mean, Q and Σ log w at weights 1 / (v + tau²)."""
    effects = [Decimal(value) for value in yi.tolist()]
    weights = [1 / (Decimal(value) + tau2) for value in vi.tolist()]
    total = sum(weights)
    mean = sum(w * y for w, y in zip(weights, effects, strict=True)) / total
    q = sum(w * (y - mean) ** 2 for w, y in zip(weights, effects, strict=True))
    return Sums(total, sum(w * w for w in weights), mean, q, sum(w.ln() for w in weights))


def _moments(method: str, yi: np.ndarray, vi: np.ndarray) -> Decimal:
    """tau² of the closed forms."""
    k, at_zero = yi.size, sums(yi, vi, Decimal(0))
    if method == "DL":
        spare = at_zero.weight - at_zero.squared_weight / at_zero.weight
        return max(Decimal(0), (at_zero.q - (k - 1)) / spare)
    if method in ("HS", "HSk"):
        factor = Decimal(k) / (k - 1) if method == "HSk" else Decimal(1)
        return max(Decimal(0), (factor * at_zero.q - k) / at_zero.weight)
    effects = [Decimal(value) for value in yi.tolist()]
    if method == "GENQ":  # at the weights 1/√v that fit_calls asks for, as R takes them
        variances = [Decimal(value) for value in vi.tolist()]
        fixed = [Decimal(value) for value in (1 / np.sqrt(vi)).tolist()]
        total = sum(fixed)
        mean = sum(a * y for a, y in zip(fixed, effects, strict=True)) / total
        q = sum(a * (y - mean) ** 2 for a, y in zip(fixed, effects, strict=True))
        spread = sum((a - a * a / total) * v for a, v in zip(fixed, variances, strict=True))
        return max(Decimal(0), (q - spread) / (total - sum(a * a for a in fixed) / total))
    centre = sum(effects) / k
    spread = sum((y - centre) ** 2 for y in effects)
    if method == "HE":
        return max(Decimal(0), spread / (k - 1) - sum(map(Decimal, vi.tolist())) / k)
    start = spread / k  # SJ
    return start * sums(yi, vi, start).q / (k - 1) if start else start


def _distance(method: str, tau2: float, yi: np.ndarray, vi: np.ndarray) -> Decimal:
    """How far a tau² is from what its estimator asks; smaller is better."""
    found = sums(yi, vi, Decimal(tau2))
    if method == "ML":
        return found.q - found.log_weights
    if method == "REML":
        return found.q - found.log_weights + found.weight.ln()
    if method in ("PM", "EB", "PMM"):
        df = yi.size - 1
        target = Decimal(float(special.chdtri(df, 0.5))) if method == "PMM" else Decimal(df)
        return max(Decimal(0), found.q - target) if tau2 == 0 else abs(found.q - target)
    return abs(Decimal(tau2) - _moments(method, yi, vi))


def nearer(method: str, yi: np.ndarray, vi: np.ndarray, ours: dict, theirs: dict) -> str | None:
    """Return who is nearer: "evergrove", "R" or "neither"; None where there is nothing to judge.

    For the common effect the mean and Q are judged; else tau² by its closed form, likelihood or equation.
    """
    if method == "EE":
        exact = sums(yi, vi, Decimal(0))
        off = [
            abs(Decimal(side["q"]) - exact.q) / max(exact.q, Decimal("1e-9"))
            + abs(Decimal(side["estimate"]) - exact.mean) * exact.weight.sqrt()
            for side in (ours, theirs)
        ]
        if max(off) < Decimal(SAME):
            return None
    else:
        largest = max(ours["tau2"], theirs["tau2"])
        if abs(ours["tau2"] - theirs["tau2"]) <= SAME * max(largest, float(vi.min())):
            return None
        off = [_distance(method, side["tau2"], yi, vi) for side in (ours, theirs)]
    if off[0] == off[1]:
        return "neither"
    return "evergrove" if off[0] < off[1] else "R"
