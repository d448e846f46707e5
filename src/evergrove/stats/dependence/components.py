"""Variance components and correlations of a fitted model, one row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.dependence.covariance_structures import (
    FREE_CORRELATIONS,
    ONE_VARIANCE,
    RandomCovariance,
    correlation_count,
    pairs_below,
    variance_count,
)
from evergrove.stats.dependence.options import Structure
from evergrove.stats.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.random_terms import RandomTerm

#: metafor's names of the variance and correlation of intercepts, the first and the second inner | outer term.
KINDS = (("tau2", "rho"), ("gamma2", "phi"))


@dataclass(frozen=True, slots=True)
class Component:
    """A variance or a correlation of the random effects.

    Parameters
    ----------
    name : str
        ``sigma2[study/effect]``, ``tau2[outcome=AL]``, ``rho[AL, PD]``, …; unique in a fit.
    kind : str
        ``sigma2`` (intercepts), ``tau2`` and ``rho`` (first inner | outer term), ``gamma2`` and ``phi``
        (second).
    value : float
        Estimate, or the value given.
    levels : int
        Outer levels (groups) that it rests on.
    given : bool
        Whether it was fixed rather than estimated.
    boundary : bool
        Whether the estimate lies on the bound of what it can be.
    """

    name: str
    kind: str
    value: float
    levels: int
    given: bool
    boundary: bool

    def to_dict(self) -> dict[str, object]:
        """Return the component as JSON-safe data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "value": self.value,
            "levels": self.levels,
            "given": self.given,
            "boundary": self.boundary,
        }


def _given(name: str, value: object, count: int, low: float, high: float) -> FloatArray:
    """Return given values of one term; NaN for what is estimated."""
    if value is None:
        return np.full(count, np.nan)
    array = np.array(
        [np.nan if entry is None else entry for entry in np.atleast_1d(np.asarray(value, dtype=object))],
        dtype=np.float64,
    )
    if array.size == 1:
        array = np.repeat(array, count)
    if array.size != count:
        raise UsageError(
            f"{name}: found {array.size} values; allowed: {count} for this model, or one for all; "
            "None (or NaN) leaves a value to be estimated"
        )
    bad = ~np.isnan(array) & ~((array >= low) & (array <= high))
    if bad.any():
        raise UsageError(f"{name}: found {float(array[bad][0])!r}; allowed: {low:g} to {high:g}")
    return array


def _never_together(term: RandomTerm) -> FloatArray:
    """Return, for each pair of inner levels, whether no outer level has both."""
    seen = np.zeros((len(term.levels), term.size))
    seen[term.codes, term.inner] = 1.0
    rows, columns = pairs_below(term.size)
    return np.asarray((seen.T @ seen)[rows, columns] == 0)


def _with_nothing(term: RandomTerm, structure: Structure, variances: FloatArray) -> NDArray[np.bool_]:
    """Return, for each correlation of a term, whether all that it ties has a variance given as 0."""
    absent = np.broadcast_to(variances == 0.0, (term.size,))
    rows, columns = pairs_below(term.size)
    pairs = absent[rows] | absent[columns]
    if structure in FREE_CORRELATIONS:
        return np.asarray(pairs)
    return np.full(correlation_count(structure, term.size), bool(pairs.all()))


def _lowest(term: RandomTerm) -> float:
    """Return the lower bound of a term's correlations."""
    if term.structure is Structure.CAR:
        return 0.0
    if term.structure in {Structure.CS, Structure.HCS}:
        seen = np.zeros((len(term.levels), term.size))
        seen[term.codes, term.inner] = 1.0
        most = int(seen.sum(axis=1).max())
        return -1.0 / (most - 1) if most > 1 else -1.0
    return -1.0


def _of_pair(
    term: RandomTerm, names: tuple[str, str], variance: object, correlation: object
) -> tuple[RandomCovariance, list[Diagnostic]]:
    """Return the covariance of an inner | outer term and what had to be fixed."""
    structure = term.structure or Structure.ID
    remarks = []
    lowest = _lowest(term)
    variances = _given(names[0], variance, variance_count(structure, term.size), 0.0, np.inf)
    correlations = _given(
        names[1],
        correlation,
        correlation_count(structure, term.size),
        0.0 if structure is Structure.CAR else -1.0,
        1.0,
    )
    if correlations.size and structure not in {Structure.GEN, Structure.GDIAG}:
        never = _never_together(term)
        fixed = (
            never & np.isnan(correlations)
            if structure in FREE_CORRELATIONS
            else np.isnan(correlations) & never.all()
        )
        if fixed.any():
            correlations = np.where(fixed, 0.0, correlations)
            remarks.append(
                Diagnostic(
                    "correlation-not-estimable",
                    "levels that never occur together tell nothing of their correlation; it is set to 0",
                    f"{names[1]} of {term.label}",
                )
            )
    meaningless = _with_nothing(term, structure, variances) & np.isnan(correlations)
    if meaningless.any():
        correlations = np.where(meaningless, 0.0, correlations)
        message = "a variance is given as 0, so that its correlations mean nothing; they are set to 0"
        remarks.append(Diagnostic("correlation-not-identified", message, f"{names[1]} of {term.label}"))
    covariance = RandomCovariance(structure, term.positions, variances, correlations, lowest)
    if term.slopes is not None and covariance.triangular:
        covariance = replace(covariance, basis=_orthonormal_basis(term.slopes))
    return covariance, remarks


def _orthonormal_basis(slopes: FloatArray) -> FloatArray | None:
    """Return the basis in which columns of slopes are orthogonal, of mean square 1; None if they depend."""
    triangle = np.linalg.qr(slopes, mode="r") / np.sqrt(len(slopes))
    if np.linalg.matrix_rank(slopes) < slopes.shape[1]:
        return None
    return np.asarray(np.linalg.inv(triangle))


def _of_intercept(
    term: RandomTerm, value: float, earlier: Sequence[RandomTerm]
) -> tuple[RandomCovariance, list[Diagnostic]]:
    """Return the covariance of an intercept; what cannot be estimated is set to 0."""
    remark = None
    if np.isnan(value) and len(term.levels) == 1:
        remark = Diagnostic(
            "one-level", "a factor with one level tells nothing of its variance; it is set to 0", term.label
        )
    elif np.isnan(value) and term.correlation is None:
        twins = [
            one.label
            for one in earlier
            if one.correlation is None and np.array_equal(_first_rows(one.codes), _first_rows(term.codes))
        ]
        if twins:
            remark = Diagnostic(
                "same-grouping",
                f"groups the rows as {twins[0]} does: only the sum of both variances can be estimated; it is "
                f"given for {twins[0]} and this one is set to 0",
                term.label,
            )
    variances = np.array([0.0 if remark else value])
    return RandomCovariance(Structure.ID, np.zeros(1), variances, np.zeros(0)), [remark] if remark else []


def _first_rows(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return, for each row, the first row of its group."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.reshape(-1)])


def covariances_of(
    terms: Sequence[RandomTerm],
    given: dict[str, object],
) -> tuple[tuple[RandomCovariance, ...], tuple[Diagnostic, ...]]:
    """Return the covariance of each term with the values given.

    Parameters
    ----------
    terms : sequence of RandomTerm
        Intercepts first.
    given : dict
        ``sigma2``, ``tau2``, ``rho``, ``gamma2``, ``phi``: values or None.

    Returns
    -------
    covariances : tuple of RandomCovariance
    remarks : tuple of Diagnostic

    Raises
    ------
    UsageError
        For values that cannot be or of a wrong number, or more than two inner | outer terms.
    """
    intercepts = [term for term in terms if term.structure is None]
    pairs = [term for term in terms if term.structure is not None]
    if len(pairs) > 2:
        raise UsageError(f"random: found {len(pairs)} inner | outer terms; allowed: at most two")
    sigma2 = _given("sigma2", given.get("sigma2"), len(intercepts), 0.0, np.inf)
    found, remarks = [], []
    for place, term in enumerate(intercepts):
        covariance, notes = _of_intercept(term, float(sigma2[place]), intercepts[:place])
        found.append(covariance)
        remarks += notes
    for term, names in zip(pairs, KINDS, strict=False):
        covariance, notes = _of_pair(term, names, given.get(names[0]), given.get(names[1]))
        found.append(covariance)
        remarks += notes
    return tuple(found), tuple(remarks)


def on_scale(covariances: Sequence[RandomCovariance], scale: float) -> tuple[RandomCovariance, ...]:
    """Return the covariances with given variances divided by `scale`."""
    return tuple(replace(one, variances=one.variances / scale) for one in covariances)


def components_at(
    terms: Sequence[RandomTerm],
    covariances: Sequence[RandomCovariance],
    free: FloatArray,
    scale: float,
) -> tuple[Component, ...]:
    """Return the components at the free parameters.

    Parameters
    ----------
    terms, covariances : sequence
        The random part, covariances on the problem's scale.
    free : ndarray
        Free parameters.
    scale : float
        What variances are multiplied by.

    Returns
    -------
    tuple of Component
    """
    rows: list[Component] = []
    start, pair = 0, 0
    for term, one in zip(terms, covariances, strict=True):
        variances, correlations = one.values(free[start : start + one.free])
        start += one.free
        if term.structure is None:
            given = not bool(np.isnan(one.variances[0]))
            value = float(variances[0]) * scale
            rows.append(
                Component(
                    f"sigma2[{term.label}]",
                    "sigma2",
                    value,
                    len(term.levels),
                    given,
                    not given and value == 0,
                )
            )
            continue
        kinds = KINDS[pair]
        pair += 1
        rows += _pair_components(term, one, kinds, variances * scale, correlations)
    return tuple(rows)


def _pair_components(
    term: RandomTerm,
    one: RandomCovariance,
    kinds: tuple[str, str],
    variances: FloatArray,
    correlations: FloatArray,
) -> list[Component]:
    """Return the components of an inner | outer term."""
    rows = []
    tiny = 1e-10 * float(variances.max(initial=0.0))
    for place, value in enumerate(variances):
        name = kinds[0] if one.structure in ONE_VARIANCE else f"{kinds[0]}[{term.inner_levels[place]}]"
        given = not bool(np.isnan(one.variances[place]))
        rows.append(
            Component(name, kinds[0], float(value), len(term.levels), given, not given and value <= tiny)
        )
    first, second = pairs_below(term.size)
    for place, value in enumerate(correlations):
        name = (
            kinds[1]
            if one.structure not in FREE_CORRELATIONS
            else f"{kinds[1]}[{term.inner_levels[second[place]]}, {term.inner_levels[first[place]]}]"
        )
        given = not bool(np.isnan(one.correlations[place]))
        at_bound = value >= 1.0 - 1e-7 or value <= one.lowest + 1e-7
        rows.append(
            Component(name, kinds[1], float(value), len(term.levels), given, not given and bool(at_bound))
        )
    return rows
