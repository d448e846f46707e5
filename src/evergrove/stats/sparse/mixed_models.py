"""From counts to the likelihood of a mixed model: which parameters it has and how they enter each study."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.sparse.conditional_tables import ConditionalTables, margins
from evergrove.stats.sparse.exponential_families import Binomial, Family, Poisson
from evergrove.stats.sparse.marginal_likelihood import OneRandomEffect, TwoRandomEffects
from evergrove.stats.sparse.options import GlmmModel, GroupCoding

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.sparse.marginal_likelihood import StudyLikelihood

LOADING = {
    GroupCoding.HALF: np.array([0.5, -0.5]),
    GroupCoding.FIRST: np.array([1.0, 0.0]),
    GroupCoding.SECOND: np.array([0.0, 1.0]),
}
#: Loading of a random study level: the same in both rows.
LEVEL = np.array([1.0, 1.0])


class Counts(NamedTuple):
    """What a model is fitted to; arms as columns.

    Parameters
    ----------
    events, sizes : ndarray, shape (k, arms)
        Events, and patients or person-time.
    rates : bool
        Whether `sizes` is person-time.
    x : ndarray, shape (k, p)
        Model matrix of the effect.
    """

    events: FloatArray
    sizes: FloatArray
    rates: bool
    x: FloatArray

    def family(self) -> Family:
        """Return the counts as binomial or Poisson."""
        return Poisson(self.events, self.sizes) if self.rates else Binomial(self.events, self.sizes)


class Specification(NamedTuple):
    """A model ready to be maximised.

    Parameters
    ----------
    likelihood : StudyLikelihood
    design : ndarray, shape (k, d, P)
        Local parameters = design @ parameters. The first p parameters are the coefficients.
    start : ndarray, shape (P,)
    free : ndarray of bool, shape (P,)
        Parameters that move. An offset is a parameter held at 1.
    tau : int or None
        Place of the standard deviation of the effects (with a correlation: the second of its two numbers).
    level : int or None
        Place of the standard deviation of the study levels.
    constant : float
        Σ c(y), to be added to the log-likelihood.
    """

    likelihood: StudyLikelihood
    design: FloatArray
    start: FloatArray
    free: BoolArray
    tau: int | None
    level: int | None
    constant: float


def _one_row(counts: Counts, family: Family, offset: FloatArray, points: int) -> Specification:
    """Return the model with one row per study: local (m, τ), parameters (β, τ, offset)."""
    k, p = counts.x.shape
    design = np.zeros((k, 2, p + 2))
    design[:, 0, :p] = counts.x
    design[:, 0, p + 1] = offset
    design[:, 1, p] = 1.0
    start = np.zeros(p + 2)
    target = family.guess()[:, 0] - offset
    start[:p] = np.linalg.lstsq(counts.x, target, rcond=None)[0]
    start[p + 1] = 1.0
    free = np.ones(p + 2, dtype=bool)
    free[p + 1] = False
    likelihood = OneRandomEffect(family, np.ones(1), points)
    return Specification(likelihood, design, start, free, p, None, float(family.constant().sum()))


def one_group(counts: Counts, points: int) -> Specification:
    """Return the model of single proportions or rates: logit or log of θ_i ~ N(x'β, tau²).

    Parameters
    ----------
    counts : Counts
        One arm.
    points : int
        Nodes.

    Returns
    -------
    Specification
    """
    return _one_row(counts, counts.family(), np.zeros(counts.x.shape[0]), points)


def conditional_binomial(counts: Counts, points: int) -> Specification:
    """Return the model of arm 1's share of the events: CM.AL of odds ratios, CM.EL of rate ratios.

    Parameters
    ----------
    counts : Counts
        Two arms.
    points : int
        Nodes.

    Returns
    -------
    Specification
    """
    family = Binomial(counts.events[:, :1], counts.events.sum(axis=1, keepdims=True))
    return _one_row(counts, family, np.log(counts.sizes[:, 0] / counts.sizes[:, 1]), points)


def conditional_exact(counts: Counts) -> Specification:
    """Return the exact conditional model of odds ratios.

    Parameters
    ----------
    counts : Counts
        Two arms of patients.

    Returns
    -------
    Specification
    """
    k, p = counts.x.shape
    pairs = zip(counts.events, counts.sizes, strict=True)
    tables = [margins(a, n1, c, n2) for (a, c), (n1, n2) in pairs]
    design = np.zeros((k, 2, p + 1))
    design[:, 0, :p] = counts.x
    design[:, 1, p] = 1.0
    start = np.zeros(p + 1)
    guess = counts.family().guess()
    start[:p] = np.linalg.lstsq(counts.x, guess[:, 0] - guess[:, 1], rcond=None)[0]
    likelihood = ConditionalTables(tables, counts.events[:, 0])
    return Specification(likelihood, design, start, np.ones(p + 1, dtype=bool), p, None, 0.0)


def fixed_intercepts(counts: Counts, coding: GroupCoding, points: int) -> Specification:
    """Return UM.FS: local (m₁, m₂, τ), parameters (β, one intercept per study, τ).

    Parameters
    ----------
    counts : Counts
        Two arms.
    coding : GroupCoding
        Where the random effect enters.
    points : int
        Nodes.

    Returns
    -------
    Specification
    """
    k, p = counts.x.shape
    studies = np.arange(k)
    design = np.zeros((k, 3, p + k + 1))
    design[:, 0, :p] = counts.x
    design[studies, 0, p + studies] = 1.0
    design[studies, 1, p + studies] = 1.0
    design[:, 2, p + k] = 1.0
    family = counts.family()
    guess = family.guess()
    start = np.zeros(p + k + 1)
    start[:p] = np.linalg.lstsq(counts.x, guess[:, 0] - guess[:, 1], rcond=None)[0]
    start[p : p + k] = guess.mean(axis=1) - 0.5 * (counts.x @ start[:p])
    likelihood = OneRandomEffect(family, LOADING[coding], points)
    free = np.ones(start.size, dtype=bool)
    return Specification(likelihood, design, start, free, p + k, None, float(family.constant().sum()))


def random_intercepts(counts: Counts, coding: GroupCoding, points: int, *, correlated: bool) -> Specification:
    """Return UM.RS: local (m₁, m₂, l₁₁, l₂₁, l₂₂), parameters (β, mean level, l₁₁, l₂₁, l₂₂).

    Parameters
    ----------
    counts : Counts
        Two arms.
    coding : GroupCoding
        Where the random effect enters.
    points : int
        Nodes per dimension.
    correlated : bool
        Whether level and effect may correlate.

    Returns
    -------
    Specification
    """
    k, p = counts.x.shape
    design = np.zeros((k, 5, p + 4))
    design[:, 0, :p] = counts.x
    design[:, :2, p] = 1.0
    design[:, [2, 3, 4], [p + 1, p + 2, p + 3]] = 1.0
    family = counts.family()
    start = np.concatenate([_level_start(counts, family), [0.0, 0.0]])
    free = np.ones(p + 4, dtype=bool)
    free[p + 2] = correlated
    likelihood = TwoRandomEffects(family, LOADING[coding], points)
    return Specification(likelihood, design, start, free, p + 3, p + 1, float(family.constant().sum()))


def _level_start(counts: Counts, family: Family) -> FloatArray:
    """Return starting values (β, mean level, standard deviation of the levels)."""
    guess = family.guess()
    beta = np.linalg.lstsq(counts.x, guess[:, 0] - guess[:, 1], rcond=None)[0]
    spread = float(guess[:, 1].std()) if guess.shape[0] > 1 else 0.5
    return np.concatenate([beta, [guess[:, 1].mean(), max(0.3, spread)]])


def random_levels(counts: Counts, points: int) -> Specification:
    """Return UM.RS without a random effect: parameters (β, mean level, σ).

    Parameters
    ----------
    counts : Counts
        Two arms.
    points : int
        Nodes.

    Returns
    -------
    Specification
    """
    k, p = counts.x.shape
    design = np.zeros((k, 3, p + 2))
    design[:, 0, :p] = counts.x
    design[:, :2, p] = 1.0
    design[:, 2, p + 1] = 1.0
    family = counts.family()
    start = _level_start(counts, family)
    free = np.ones(p + 2, dtype=bool)
    likelihood = OneRandomEffect(family, LEVEL, points)
    return Specification(likelihood, design, start, free, None, p + 1, float(family.constant().sum()))


def specification(
    counts: Counts, model: GlmmModel | None, coding: GroupCoding, points: int, *, correlated: bool = False
) -> Specification:
    """Return the model with random effects that the options name.

    Parameters
    ----------
    counts : Counts
        One arm (`model` None) or two.
    model : GlmmModel or None
        The model of two arms.
    coding : GroupCoding
        Where the random effect enters.
    points : int
        Nodes.
    correlated : bool
        UM.RS only.

    Returns
    -------
    Specification
    """
    if model is None:
        return one_group(counts, points)
    if model is GlmmModel.UM_FS:
        return fixed_intercepts(counts, coding, points)
    if model is GlmmModel.UM_RS:
        return random_intercepts(counts, coding, points, correlated=correlated)
    if model is GlmmModel.CM_EL and not counts.rates:
        return conditional_exact(counts)
    return conditional_binomial(counts, points)
