"""Dependent effects of a cluster averaged into one, with the variance that their correlation gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FloatArray, column, effects_and_variances, is_number, level_names
from evergrove.stats.dependence.known_covariance import KnownCovariance, known_covariance
from evergrove.stats.dependence.options import SamplingStructure
from evergrove.stats.dependence.random_terms import clusters_in_order, factor_codes
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import choose
from evergrove.stats.result import Result
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class AggregatedEffects(Result):
    """One effect per cluster, in order of first appearance.

    Parameters
    ----------
    clusters : tuple of str
        Names.
    yi, vi : ndarray, shape (m,)
        Averaged effects and their sampling variances.
    count : ndarray of int, shape (m,)
        Effects averaged.
    diagnostics : tuple of Diagnostic
        What was noticed.
    """

    clusters: tuple[str, ...]
    yi: FloatArray
    vi: FloatArray
    count: NDArray[np.intp]
    diagnostics: tuple[Diagnostic, ...] = ()

    def columns(self) -> dict[str, Any]:
        """Return one row per cluster."""
        return {"cluster": np.array(self.clusters), "yi": self.yi, "vi": self.vi, "count": self.count}


def _need(name: str, value: float | None, low: float, struct: SamplingStructure) -> float:
    """Return a correlation that the structure needs."""
    if not (is_number(value) and low <= value <= 1):
        raise UsageError(f"{name}: found {shown(value)} with struct={str(struct)!r}; allowed: {low:g} to 1")
    return float(value)


def _correlation(
    struct: SamplingStructure,
    rho: float | None,
    phi: float | None,
    times: FloatArray | None,
    obs: NDArray[Any] | None,
) -> Any:  # noqa: ANN401 - a function of rows
    """Return a function from rows to their correlation matrix."""
    if struct is SamplingStructure.ID:
        return lambda rows: np.eye(rows.size)
    r = 0.0 if struct is SamplingStructure.CAR else _need("rho", rho, -1.0, struct)
    if struct is SamplingStructure.CS:
        return lambda rows: np.where(np.eye(rows.size) > 0, 1.0, r)
    f = _need("phi", phi, 0.0, struct)
    if times is None:
        raise UsageError(f"time: found None with struct={str(struct)!r}; allowed: a time for each effect")

    def decay(rows: NDArray[np.intp]) -> FloatArray:
        return np.asarray(f ** np.abs(times[rows][:, None] - times[rows][None, :]))

    if struct is SamplingStructure.CAR:
        return decay
    if struct is SamplingStructure.CS_PLUS_CAR:
        return lambda rows: r + (1.0 - r) * decay(rows)
    if obs is None:
        raise UsageError(
            f"obs: found None with struct={str(struct)!r}; allowed: an observation for each effect"
        )
    return lambda rows: np.where(obs[rows][:, None] == obs[rows][None, :], 1.0, r) * decay(rows)


def aggregate_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[object],
    *,
    struct: str = SamplingStructure.CS,
    rho: float | None = None,
    phi: float | None = None,
    time: ArrayLike | None = None,
    obs: Sequence[object] | None = None,
    V: Any = None,  # noqa: ANN401, N803 - as for multilevel
    weighted: bool = True,
) -> AggregatedEffects:
    """Average the effects of each cluster into one.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects and sampling variances.
    cluster : sequence, length k
        Study of each effect.
    struct : SamplingStructure or str
        Correlation of sampling errors within a cluster: ``"ID"``, ``"CS"`` (rho), ``"CAR"`` (phi, time),
        ``"CS+CAR"``, ``"CS*CAR"`` (rho, phi, time, obs).
    rho, phi : float or None
        Correlations.
    time : array-like or None
        Times of the effects.
    obs : sequence or None
        What was observed, for ``"CS*CAR"``.
    V : array-like or None
        The covariance itself, instead of a structure; it ties no clusters together.
    weighted : bool
        Generalised least squares mean (True), or the plain mean.

    Returns
    -------
    AggregatedEffects

    Raises
    ------
    UsageError
        For correlations that are lacking.
    DataError
        For a cluster whose covariance is not positive definite, naming its rows.

    Notes
    -----
    Metafor's ``aggregate``. A strong rho with unequal variances can give negative weights; a diagnostic
    names such clusters: prefer ``weighted=False`` there. Differences between the effects of a study are
    lost: a multilevel model keeps them.

    References
    ----------
    [Borenstein2009b], ch. 24; [Gleser2009].

    Examples
    --------
    >>> found = aggregate_effects([0.2, 0.4, 0.3], [0.04, 0.04, 0.09], ["a", "a", "b"], rho=0.5)
    >>> found.yi.round(3), found.vi.round(3)
    (array([0.3, 0.3]), array([0.03, 0.09]))
    """
    effects, variances = effects_and_variances(yi, vi)
    k = effects.size
    names, groups = clusters_in_order(cluster, k)
    known = _covariance(effects, variances, groups, struct, rho, phi, time, obs, V)
    averaged, spreads, negative = [], [], []
    for name, rows in zip(names, groups, strict=True):
        block = known.within(rows)
        weights = np.linalg.solve(block, np.ones(rows.size)) if weighted else np.ones(rows.size)
        share = weights / weights.sum()
        if (share < 0).any():
            negative.append(name)
        averaged.append(float(share @ effects[rows]))
        spreads.append(float(share @ block @ share))
    remarks: tuple[Diagnostic, ...] = ()
    if negative:
        message = "an effect has a negative weight: the correlation is strong and the variances differ"
        remarks = (Diagnostic("negative-weights", message, ", ".join(negative)),)
    return AggregatedEffects(
        names,
        np.array(averaged),
        np.array(spreads),
        np.array([rows.size for rows in groups]),
        remarks,
    )


def _covariance(  # noqa: PLR0917 - what aggregate_effects was given
    effects: FloatArray,
    variances: FloatArray,
    groups: list[NDArray[np.intp]],
    struct: str,
    rho: float | None,
    phi: float | None,
    time: ArrayLike | None,
    obs: Sequence[object] | None,
    given: Any,  # noqa: ANN401 - as for multilevel
) -> KnownCovariance:
    """Return the sampling covariance, given or built from the structure."""
    if given is not None:
        known = known_covariance(given, effects.size)
        owner = np.empty(effects.size, dtype=np.intp)
        for place, rows in enumerate(groups):
            owner[rows] = place
        for rows, _ in known.blocks:
            if np.unique(owner[rows]).size > 1:
                raise DataError(
                    f"V: rows {rows.tolist()} of different clusters covary; allowed: within clusters only"
                )
        return known
    kind = choose(SamplingStructure, struct, "struct")
    times = None if time is None else column("time", time)
    labels = None if obs is None else factor_codes(np.array(level_names("obs", obs, "one per effect")))[0]
    for name, array in (("time", times), ("obs", labels)):
        if array is not None and array.size != effects.size:
            raise DataError(f"{name}: found {array.size}; allowed: one per effect, here {effects.size}")
    correlation = _correlation(kind, rho, phi, times, labels)
    roots = np.sqrt(variances)
    matrix = np.diag(variances)
    for rows in groups:
        block = correlation(rows) * roots[rows][:, None] * roots[rows][None, :]
        np.fill_diagonal(block, variances[rows])
        matrix[np.ix_(rows, rows)] = block
    return known_covariance(matrix, effects.size)
