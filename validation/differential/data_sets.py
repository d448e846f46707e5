"""Seeded data sets of many shapes, among them those on which formulas break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Columns = dict[str, np.ndarray]

#: Numbers of studies.
SIZES = (1, 2, 3, 5, 13, 60)


def _sizes(rng: np.random.Generator, k: int, least: int = 1) -> np.ndarray:
    """Patients of an arm: a handful, a trial, a registry."""
    drawn = np.select(
        [rng.random(k) < 0.25, rng.random(k) < 0.8],
        [rng.integers(least, 7, k), rng.integers(8, 400, k)],
        rng.integers(1000, 200_000, k),
    )
    return np.maximum(drawn, least).astype(float)


def _events(rng: np.random.Generator, n: np.ndarray) -> np.ndarray:
    """Events, with arms of none and arms of all."""
    risk = rng.choice([0.0, 0.01, 0.1, 0.5, 0.9, 1.0], n.size, p=[0.15, 0.15, 0.3, 0.2, 0.1, 0.1])
    return rng.binomial(n.astype(int), risk).astype(float)


def tables(rng: np.random.Generator, k: int) -> Columns:
    n1, n2 = _sizes(rng, k), _sizes(rng, k)
    columns = {"events1": _events(rng, n1), "n1": n1, "events2": _events(rng, n2), "n2": n2}
    for row in np.flatnonzero(rng.random(k) < 0.1):  # no event at all, or nothing else
        share = float(rng.integers(0, 2))
        columns["events1"][row], columns["events2"][row] = share * n1[row], share * n2[row]
    return columns


def full_tables(rng: np.random.Generator, k: int) -> Columns:
    n1, n2 = _sizes(rng, k, 4), _sizes(rng, k, 4)
    return {
        "events1": rng.integers(1, n1).astype(float),
        "n1": n1,
        "events2": rng.integers(1, n2).astype(float),
        "n2": n2,
    }


def pairs(rng: np.random.Generator, k: int) -> Columns:
    cells = rng.integers(0, 60, (4, k)) * (rng.random((4, k)) > 0.15)
    cells[3] += 1
    return dict(zip(("both", "only1", "only2", "neither"), cells.astype(float), strict=True))


def rates(rng: np.random.Generator, k: int) -> Columns:
    events = rng.poisson(rng.choice([0.0, 2.0, 40.0], (2, k))).astype(float)
    time = 10.0 ** rng.uniform(-1, 6, (2, k))
    return {"events1": events[0], "time1": time[0], "events2": events[1], "time2": time[1]}


def arms(rng: np.random.Generator, k: int) -> Columns:
    unit = 10.0 ** rng.uniform(-6, 6)
    mean, sd = unit * rng.normal(1.0, 2.0, (2, k)), unit * 10.0 ** rng.uniform(-2, 1, (2, k))
    n1, n2 = _sizes(rng, k, 2), _sizes(rng, k, 2)
    return {"mean1": mean[0], "sd1": sd[0], "n1": n1, "mean2": mean[1], "sd2": sd[1], "n2": n2}


def reported_d(rng: np.random.Generator, k: int) -> Columns:
    return {"d": rng.normal(0, 1, k), "n1": _sizes(rng, k, 2), "n2": _sizes(rng, k, 2)}


def reported_t(rng: np.random.Generator, k: int) -> Columns:
    return {"t": rng.normal(0, 3, k), "n1": _sizes(rng, k, 2), "n2": _sizes(rng, k, 2)}


def positive_arms(rng: np.random.Generator, k: int) -> Columns:
    columns = arms(rng, k)
    return columns | {name: np.abs(columns[name]) for name in ("mean1", "mean2")}


def changes(rng: np.random.Generator, k: int) -> Columns:
    columns = positive_arms(rng, k)
    r = rng.choice([-0.99, 0.0, 0.999], k) * (rng.random(k) < 0.3) + rng.uniform(-0.9, 0.95, k) * 0.05
    return {name: columns[name] for name in ("mean1", "sd1", "mean2", "sd2")} | {
        "n": _sizes(rng, k, 4),
        "r": np.clip(r, -0.999, 0.999),
    }


def correlations(rng: np.random.Generator, k: int) -> Columns:
    r = np.tanh(rng.normal(0, 1.5, k)) * (rng.random(k) > 0.1)
    return {"r": r, "n": _sizes(rng, k, 5)}


def partial(rng: np.random.Generator, k: int) -> Columns:
    predictors = rng.integers(1, 6, k).astype(float)
    return {
        "t": rng.normal(0, 3, k),
        "n": predictors + _sizes(rng, k, 4) + 3,
        "predictors": predictors,
        "r2": rng.uniform(0.5, 0.999, k),
    }


def proportions(rng: np.random.Generator, k: int) -> Columns:
    n = _sizes(rng, k)
    return {"events": _events(rng, n), "n": n}


def single_rates(rng: np.random.Generator, k: int) -> Columns:
    return {
        "events": rng.poisson(rng.choice([0.0, 2.0, 40.0], k)).astype(float),
        "time": 10.0 ** rng.uniform(-1, 6, k),
    }


def single_means(rng: np.random.Generator, k: int) -> Columns:
    columns = positive_arms(rng, k)
    return {"mean": columns["mean1"], "sd": columns["sd1"], "n": columns["n1"]}


def alphas(rng: np.random.Generator, k: int) -> Columns:
    return {
        "alpha": rng.uniform(-0.5, 0.99, k),
        "items": rng.integers(2, 40, k).astype(float),
        "n": _sizes(rng, k, 4),
    }


def genotypes(rng: np.random.Generator, k: int) -> Columns:
    counts = rng.integers(1, 500, (3, k)).astype(float)
    return dict(zip(("aa", "ab", "bb"), counts, strict=True))


# --- effects and variances ------------------------------------------------------------------------


def _spread_effects(rng: np.random.Generator, vi: np.ndarray, tau2: float) -> np.ndarray:
    return rng.normal(0.3, np.sqrt(vi + tau2))


def _ordinary(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    vi = rng.gamma(2.0, 0.05, k) + 1e-3
    return _spread_effects(rng, vi, rng.choice([0.0, 0.05, 1.0])), vi


def _small_scale(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    yi, vi = _ordinary(rng, k)
    return 1e-4 * yi, 1e-8 * vi


def _large_scale(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    yi, vi = _ordinary(rng, k)
    return 1e5 * yi, 1e10 * vi


def _equal_variances(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    vi = np.full(k, 0.07)
    return _spread_effects(rng, vi, rng.choice([0.0, 0.2])), vi


def _equal_effects(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(k, 0.4), rng.gamma(2.0, 0.05, k) + 1e-3


def _one_heavy(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    vi = rng.gamma(2.0, 0.1, k) + 1e-3
    vi[0] = 1e-7
    return _spread_effects(rng, vi, rng.choice([0.0, 0.3])), vi


def _six_decades(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    vi = 10.0 ** rng.uniform(-4, 2, k)
    return _spread_effects(rng, vi, rng.choice([0.0, 0.01, 1.0])), vi


def _wide(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    vi = 10.0 ** rng.uniform(-12, 12, k)
    return _spread_effects(rng, vi, rng.choice([0.0, 1e-6, 1.0, 1e6])), vi


def _two_clusters(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Precise studies that disagree a little and vague ones that disagree a lot: likelihoods with two peaks."""
    vi = np.where(np.arange(k) % 2 == 0, 1e-3, 1.0) * rng.uniform(0.7, 1.4, k)
    return np.where(np.arange(k) % 2 == 0, rng.normal(0, 0.04, k), rng.normal(0, 2.5, k)), vi


def _outlier(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    yi, vi = _ordinary(rng, k)
    yi[-1] += 30.0
    return yi, vi


FIT_SHAPES: dict[str, Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]] = {
    "ordinary": _ordinary,
    "effects of 1e-4": _small_scale,
    "effects of 1e5": _large_scale,
    "equal variances": _equal_variances,
    "equal effects": _equal_effects,
    "one study of nearly all weight": _one_heavy,
    "variances 1e-4 to 1e2": _six_decades,
    "variances 1e-12 to 1e12": _wide,
    "two clusters": _two_clusters,
    "outlier": _outlier,
}


def fit_sets(seed: int, repeats: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield the shape, effects and variances of every set."""
    for number, (shape, draw) in enumerate(FIT_SHAPES.items()):
        for k in SIZES:
            rng = np.random.default_rng([seed, number, k])
            for _ in range(repeats):
                yield (f"{shape}, k = {k}", *draw(rng, k))
