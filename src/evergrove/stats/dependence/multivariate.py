"""Multivariate meta-analysis by moments: DerSimonian & Laird for several outcomes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import (
    FAR,
    FloatArray,
    checked_level,
    column,
    entries,
    refuse_missing,
    refuse_rows,
)
from evergrove.stats.dependence.known_covariance import KnownCovariance, known_covariance
from evergrove.stats.dependence.random_terms import factor_codes
from evergrove.stats.dependence.wald import wald_test
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class MultivariateMoments(Result):
    """Pooled outcomes with the between-study covariance by moments.

    Parameters
    ----------
    names : tuple of str
        Outcomes.
    estimate, se, ci_low, ci_high, statistic, p_value : ndarray, shape (q,)
        One per outcome; normal tests.
    covariance : ndarray, shape (q, q)
        Of the estimates.
    between : ndarray, shape (q, q)
        Between-study covariance.
    q, q_df, q_p_value : float
        Residual heterogeneity.
    k : int
        Effects.
    level : float
        Of the intervals.
    diagnostics : tuple of Diagnostic
        What was noticed.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    between: FloatArray
    q: float
    q_df: int
    q_p_value: float
    k: int
    level: float
    diagnostics: tuple[Diagnostic, ...]

    def columns(self) -> dict[str, Any]:
        """Return one row per outcome."""
        names = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value")
        return {"outcome": np.array(self.names), **{name: getattr(self, name) for name in names}}


class _Fit(NamedTuple):
    """Generalised least squares of the outcomes' means."""

    coefficients: FloatArray
    covariance: FloatArray
    rss: float


def _means(
    y: FloatArray, outcome: NDArray[np.intp], blocks: list[tuple[NDArray[np.intp], FloatArray]]
) -> _Fit:
    """Return the generalised least squares means, one per outcome."""
    size = int(outcome.max()) + 1
    information, right, total = np.zeros((size, size)), np.zeros(size), 0.0
    for rows, block in blocks:
        x = np.eye(size)[outcome[rows]]
        solved = np.linalg.solve(block, np.column_stack([x, y[rows]]))
        information += x.T @ solved[:, :size]
        right += x.T @ solved[:, size]
        total += float(y[rows] @ solved[:, size])
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    coefficients = covariance @ right
    return _Fit(coefficients, covariance, total - float(right @ coefficients))


def moment_covariance(
    y: FloatArray, outcome: NDArray[np.intp], blocks: list[tuple[NDArray[np.intp], FloatArray]]
) -> tuple[FloatArray, bool]:
    """Return the between-study covariance by the moments of Jackson, White & Riley (2013).

    Parameters
    ----------
    y : ndarray, shape (k,)
        Effects.
    outcome : ndarray of int, shape (k,)
        Outcome of each effect.
    blocks : list of (rows, matrix)
        Rows and sampling covariance of each study.

    Returns
    -------
    between : ndarray, shape (q, q)
        The solution of the moment equation, made symmetric, negative eigenvalues set to 0.
    truncated : bool
        Whether there were negative eigenvalues.
    """
    size = int(outcome.max()) + 1
    plain = _means(y, outcome, blocks)
    observed, expected, slopes = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size**2, size**2))
    places = [np.eye(size)[outcome[rows]] for rows, _ in blocks]
    weights = [np.linalg.inv(block) for _, block in blocks]
    for i, (rows, block) in enumerate(blocks):
        x, w = places[i], weights[i]
        residual = y[rows] - x @ plain.coefficients
        observed += x.T @ w @ np.outer(residual, residual) @ x
        expected += x.T @ w @ (block - x @ plain.covariance @ x.T) @ x
        for j in range(len(blocks)):
            cross = -x @ plain.covariance @ places[j].T @ weights[j]
            if i == j:
                cross = cross + np.eye(rows.size)
            left = x.T @ w @ cross @ places[j]
            slopes += np.kron(x.T @ cross @ places[j], left)
    solved = np.linalg.solve(slopes, (observed - expected).ravel(order="F")).reshape(size, size, order="F")
    symmetric = (solved + solved.T) / 2.0
    values, vectors = np.linalg.eigh(symmetric)
    between = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.asarray((between + between.T) / 2.0), bool(values[0] < 0)


def study_blocks(
    known: KnownCovariance, codes: NDArray[np.intp]
) -> list[tuple[NDArray[np.intp], FloatArray]]:
    """Return rows and sampling covariance of each study; effects of different studies do not covary."""
    for rows, _ in known.blocks:
        if np.unique(codes[rows]).size > 1:
            raise DataError(
                f"V: rows {rows.tolist()} of different studies covary; allowed: covariances within "
                "studies only"
            )
    found = []
    for code in range(int(codes.max()) + 1):
        rows = np.flatnonzero(codes == code)
        found.append((rows, known.within(rows)))
    return found


def multivariate_moments(
    yi: ArrayLike,
    V: Any,  # noqa: ANN401, N803 - as for multilevel
    study: Sequence[object],
    outcome: Sequence[object],
    *,
    level: float = 0.95,
) -> MultivariateMoments:
    """Pool several outcomes at once, with the between-study covariance by moments.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects; a study may lack outcomes.
    V : array-like
        Sampling variances or covariances as for `multilevel`.
    study, outcome : sequence, length k
        Study and outcome of each effect; no outcome twice in a study.
    level : float
        Of the intervals.

    Returns
    -------
    MultivariateMoments

    Raises
    ------
    DataError
        For effects that cannot be, an outcome twice in a study, covariances across studies.
    TooFewStudiesError
        With an outcome in fewer than 2 studies.
    UsageError
        For a level outside (0, 1).

    See Also
    --------
    multilevel : the same model by REML: ``random="~ outcome | study", struct="UN"``.

    Notes
    -----
    The matrix Q = Σ W_i r_i r_i' is set equal to its expectation (Jackson, White & Riley 2013), which for one
    outcome is DerSimonian & Laird. Closed; less efficient than REML, and truncated where the solution is no
    covariance.

    References
    ----------
    [Jackson2013a]; [Jackson2010].

    Examples
    --------
    >>> study, outcome = [1, 1, 2, 2, 3, 3], list("ababab")
    >>> found = multivariate_moments([0.1, 0.4, 0.5, 0.2, 0.9, 0.8], [0.02] * 6, study, outcome)
    >>> found.between.round(3)
    array([[0.14 , 0.08 ],
           [0.08 , 0.073]])
    """
    effects = column("yi", yi)
    bad, allowed = ~(np.abs(effects) <= FAR), f"a finite number, -{FAR:g} to {FAR:g}"
    refuse_rows("yi (effect)", effects, bad, allowed=allowed, todo="leave it out, or use another unit")
    level = checked_level(level)
    k = effects.size
    columns = {"study": entries(study), "outcome": entries(outcome)}
    for name, values in columns.items():
        if values.shape != (k,):
            raise DataError(f"{name}: found shape {values.shape}; allowed: one per effect, here {k}")
        refuse_missing(name, values)
    codes, study_names, _ = factor_codes(columns["study"])
    kinds, names, _ = factor_codes(columns["outcome"])
    pairs, counts = np.unique(codes * len(names) + kinds, return_counts=True)
    if (counts > 1).any():
        first = int(pairs[counts > 1][0])
        raise DataError(
            f"outcome {names[first % len(names)]!r} stands twice in study "
            f"{study_names[first // len(names)]!r}; "
            "allowed: once; aggregate_effects first, or multilevel"
        )
    single = [name for place, name in enumerate(names) if (kinds == place).sum() < 2]
    if single:
        raise TooFewStudiesError(f"outcome {single[0]!r}: found in 1 study; allowed: 2 or more; leave it out")
    blocks = study_blocks(known_covariance(V, k), codes)
    try:
        between, truncated = moment_covariance(effects, kinds, blocks)
    except np.linalg.LinAlgError:
        raise UsageError(
            "multivariate_moments: outcomes that never occur in one study have no covariance; "
            "allowed: outcomes "
            "reported together; use multilevel with struct='DIAG'"
        ) from None
    fixed = _means(effects, kinds, blocks)
    full = [(rows, block + between[np.ix_(kinds[rows], kinds[rows])]) for rows, block in blocks]
    fit = _means(effects, kinds, full)
    rows = wald_test(fit.coefficients, fit.covariance, None, range(len(names)), level)
    q_df = k - len(names)
    message = "the moment solution was no covariance: negative eigenvalues are set to 0"
    return MultivariateMoments(
        names,
        fit.coefficients,
        rows.se,
        rows.ci_low,
        rows.ci_high,
        rows.statistic,
        rows.p_value,
        fit.covariance,
        between,
        fixed.rss,
        q_df,
        chi2_tail(fixed.rss, q_df),
        k,
        level,
        (Diagnostic("covariance-truncated", message, "between"),) if truncated else (),
    )
