"""Subgroups of studies and the test of their difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import effects_and_variances
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.inverse_variance import i2_from_q, weighted_mean
from evergrove.stats.options import Tau2Method, choose
from evergrove.stats.pooling import pool, pooled_blocks_tau2
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.pool_result import PoolResult


@dataclass(frozen=True, slots=True)
class SubgroupTest(Result):
    """Test of equal effects in all subgroups.

    Parameters
    ----------
    q : float
        Q between: Σ (estimate - mean)² / se² over the groups.
    df : int
        Groups - 1.
    p_value : float
        Upper tail of chi-square.
    i2 : float
        I² of the differences between subgroups, in percent.
    names : tuple of str
        Groups that took part.
    diagnostics : tuple of Diagnostic
        What was noticed.
    """

    q: float
    df: int
    p_value: float
    i2: float
    names: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    def summary(self) -> str:
        """Return the test in one line."""
        test = f"Q = {self.q:.4f}, df = {self.df}, p = {self.p_value:.4g}"
        return f"subgroup differences: {test}, I² = {self.i2:.1f} %"


@dataclass(frozen=True, slots=True, eq=False)
class Subgroups(Result):
    """Pooled results of subgroups and the test of their difference.

    Parameters
    ----------
    results : dict of str to PoolResult
        One per group, in order of first appearance.
    test : SubgroupTest or None
        None with one group.
    tau2 : float or None
        The tau² that all groups share; None where each has its own.
    """

    results: dict[str, PoolResult]
    test: SubgroupTest | None
    tau2: float | None = None

    def summary(self) -> str:
        """Return one line per group and the test."""
        lines = [f"{name}: {result!r}" for name, result in self.results.items()]
        return "\n".join([*lines, self.test.summary() if self.test else "one subgroup: no test"])

    def columns(self) -> dict[str, Any]:
        """Return one row per group."""
        names = ("estimate", "se", "ci_low", "ci_high", "p_value", "k", "tau2", "i2")
        rows = self.results.values()
        values = {name: np.array([getattr(row, name) for row in rows], dtype=float) for name in names}
        return {"group": np.array(list(self.results)), **values}


def subgroup_test(results: Mapping[str, PoolResult]) -> SubgroupTest:
    """Test whether the pooled effects of independent subgroups differ.

    Parameters
    ----------
    results : mapping of str to PoolResult
        Two groups or more that share no study and were pooled on one scale.

    Returns
    -------
    SubgroupTest
        Inverse variance of the group estimates, with the standard errors that they report: those of
        Hartung-Knapp where the groups were pooled so (Borenstein & Higgins, Prev Sci 14 (2013) 134-143).

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 groups.
    UsageError
        For groups on different scales.
    DataError
        For a group whose standard error is 0.

    Notes
    -----
    Few studies per group make the standard errors themselves uncertain. Subgroups of studies differ in
    more than their name: the comparison is observational.

    Examples
    --------
    >>> old, new = pool([0.1, 0.2], [0.1, 0.1], ci="normal"), pool([0.9, 0.8], [0.1, 0.1], ci="normal")
    >>> round(subgroup_test({"old": old, "new": new}).q, 4)
    4.9
    """
    if len(results) < 2:
        raise TooFewStudiesError(
            f"subgroup_test: found {len(results)} groups; allowed: 2 or more; there is nothing to compare"
        )
    scales = {str(result.scale) for result in results.values()}
    if len(scales) > 1:
        raise UsageError(
            f"subgroup_test: found scales {', '.join(sorted(scales))}; allowed: one; pool all alike"
        )
    estimates = np.array([result.estimate for result in results.values()])
    errors = np.array([result.se for result in results.values()])
    for name, error in zip(results, errors, strict=True):
        if not error > 0:
            raise DataError(
                f"subgroup_test: group {name!r} has standard error {float(error)!r}; allowed: above 0; its "
                "effects are all equal: pool the groups with ci='normal'"
            )
    q, df = weighted_mean(estimates, errors**2, 0.0).q, len(results) - 1
    single = [name for name, result in results.items() if result.k == 1]
    message = "a group of one study has no tau² of its own"
    remarks = (Diagnostic("subgroup-of-one", message, ", ".join(single)),) if single else ()
    return SubgroupTest(q, df, chi2_tail(q, df), i2_from_q(q, df), tuple(results), remarks)


def subgroups(
    yi: ArrayLike,
    vi: ArrayLike,
    groups: Sequence[Hashable],
    *,
    common_tau2: bool = False,
    **options: Any,  # noqa: ANN401 - passed to pool, which checks them
) -> Subgroups:
    """Pool each subgroup and test the difference.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances.
    groups : sequence, length k
        Group of each study; its text names the group.
    common_tau2 : bool
        Whether all groups share the residual tau² of a model with the group as factor; with few studies
        per group that is steadier than a tau² each.
    **options
        Of `pool`: model, tau2, ci, prediction, level, measure. With `common_tau2`, Hartung-Knapp factors
        are still those of each group.

    Returns
    -------
    Subgroups

    Raises
    ------
    DataError, TooFewStudiesError, UsageError
        As `pool`; DataError also where `groups` has another length.
    ConvergenceError
        Where tau² was not found.

    Examples
    --------
    >>> both = subgroups([0.1, 0.3, 0.8, 0.9], [0.1] * 4, ["a", "a", "b", "b"], ci="normal")
    >>> [round(result.estimate, 2) for result in both.results.values()]
    [0.2, 0.85]
    """
    effects, variances = effects_and_variances(yi, vi)
    names = [str(group) for group in groups]
    if len(names) != effects.size:
        raise DataError(
            f"groups: found {len(names)}; allowed: one per study, here {effects.size}; pass one per study"
        )
    shared: float | None = None
    if common_tau2 and effects.size:
        if str(options.get("model", "random")) != "random":
            raise UsageError(
                "common_tau2: found model='common'; allowed: model='random'; leave common_tau2 out"
            )
        chosen = options.get("tau2", Tau2Method.REML)
        if not isinstance(chosen, str):
            raise UsageError(f"tau2: found {chosen!r} with common_tau2; allowed: the name of an estimator")
        found = pooled_blocks_tau2(choose(Tau2Method, chosen, "tau2"), effects, variances, names)
        if not found.converged:
            raise ConvergenceError(
                f"common tau²: {found.reason} after {found.iterations} iterations; try tau2='DL'"
            )
        shared = found.value
        options = {**options, "tau2": shared}
    labels = options.pop("labels", None)
    results = {}
    for name in dict.fromkeys(names):
        rows = [row for row, group in enumerate(names) if group == name]
        own = None if labels is None else [labels[row] for row in rows]
        results[name] = pool(effects[rows], variances[rows], labels=own, **options)
    if not results:
        raise TooFewStudiesError("subgroups: found 0 studies; allowed: 1 or more; check which were eligible")
    return Subgroups(results, subgroup_test(results) if len(results) > 1 else None, shared)
