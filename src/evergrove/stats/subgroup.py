"""Subgroups of studies and the test of their difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import checked_level, effects_and_variances, level_names
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, f_tail
from evergrove.stats.drawing import Drawable
from evergrove.stats.heterogeneity import Limits, Tau2Fit, tau2_limits
from evergrove.stats.interval_of_mean import HARTUNG_KNAPP_FAMILY
from evergrove.stats.inverse_variance import i2_from_q, weighted_mean
from evergrove.stats.options import Tau2Method, choose
from evergrove.stats.pooling import pool
from evergrove.stats.result import Result
from evergrove.stats.scalars import shown
from evergrove.stats.tau2.estimate import checked_tau2_weights, chosen_tau2_interval, estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.pool_result import PoolResult

#: Options that speak of the estimation of tau²; a common tau² is given to the groups, not estimated.
OF_TAU2 = ("tau2", "tau2_ci", "tau2_weights", "tau2_start")
#: Options of `pool` with one value per study.
BY_STUDY = ("labels", "weights", "tau2_weights")
#: Intervals whose omnibus test is an F test; None is Hartung-Knapp, the default.
SCALED = (None, *HARTUNG_KNAPP_FAMILY)


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


@dataclass(frozen=True, slots=True)
class OmnibusTest(Result):
    """Test that all groups of a model with one tau² have the same effect.

    Parameters
    ----------
    statistic : float
        Q between at the common tau²; with Hartung-Knapp divided by its df and by the residual variance.
    df : int
        Groups - 1.
    df_residual : int or None
        Studies less groups, of the F distribution; None for chi-square.
    p_value : float
        Upper tail.
    """

    statistic: float
    df: int
    df_residual: int | None
    p_value: float

    def summary(self) -> str:
        """Return the test in one line."""
        name = "QM" if self.df_residual is None else "F"
        df = f"{self.df}" if self.df_residual is None else f"{self.df} and {self.df_residual}"
        test = f"{name} = {self.statistic:.4f}, df = {df}, p = {self.p_value:.4g}"
        return f"omnibus test at the common tau²: {test}"


@dataclass(frozen=True, slots=True, eq=False)
class Subgroups(Drawable):
    """Pooled results of subgroups and the test of their difference.

    Parameters
    ----------
    results : dict of str to PoolResult
        One per group, in order of first appearance.
    test : SubgroupTest or None
        None with one group.
    tau2, tau2_ci_low, tau2_ci_high : float or None
        The tau² that all groups share, with its limits by `tau2_ci`; None where each group has its own.
    q_within, q_within_p_value : float
        Σ Q of the groups at weights 1/v, and its upper tail: heterogeneity that the groups leave.
    q_within_df : int
        Studies less groups.
    omnibus : OmnibusTest or None
        Test of all differences in the one model that a common tau² makes of the groups.
    """

    results: dict[str, PoolResult]
    test: SubgroupTest | None
    tau2: float | None = None
    tau2_ci_low: float | None = None
    tau2_ci_high: float | None = None
    q_within: float = 0.0
    q_within_df: int = 0
    q_within_p_value: float = 1.0
    omnibus: OmnibusTest | None = None

    def summary(self) -> str:
        """Return one line per group and the test."""
        lines = [f"{name}: {result!r}" for name, result in self.results.items()]
        lines.append(self.test.summary() if self.test else "one subgroup: no test")
        within = f"Q = {self.q_within:.4f}, df = {self.q_within_df}, p = {self.q_within_p_value:.4g}"
        lines.append(f"within subgroups: {within}")
        if self.omnibus is not None:
            lines.append(self.omnibus.summary())
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per group."""
        names = (
            *("estimate", "se", "ci_low", "ci_high", "p_value", "k", "tau2", "i2"),
            *("prediction_low", "prediction_high", "q"),
        )
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

    References
    ----------
    [Borenstein2009b], chapter 19.

    Examples
    --------
    >>> old, new = pool([0.1, 0.2], [0.1, 0.1], ci="normal"), pool([0.9, 0.8], [0.1, 0.1], ci="normal")
    >>> round(subgroup_test({"old": old, "new": new}).q, 4)
    4.9
    """
    if not isinstance(results, Mapping):
        raise UsageError(f"results: found {shown(results)}; allowed: fits by group; pass a dict of them")
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
        Of `pool`; `weights`, `tau2_weights` and `labels` are given for all studies. With `common_tau2`,
        Hartung-Knapp factors are still those of each group (as in meta with ``tau.common``); the omnibus
        test has the one factor of the whole model (as in metafor).

    Returns
    -------
    Subgroups

    Raises
    ------
    DataError, TooFewStudiesError, UsageError
        As `pool`; DataError also where `groups` has another length.
    ConvergenceError
        Where tau² was not found.

    Notes
    -----
    Σ (estimate - mean)² / se² over the groups, chi-square on groups - 1. With fewer than about five studies a
    group prefer ``common_tau2=True``. Not for groups that share studies or patients.

    References
    ----------
    [Borenstein2009b], chapter 19.

    Examples
    --------
    >>> both = subgroups([0.1, 0.3, 0.8, 0.9], [0.1] * 4, ["a", "a", "b", "b"], ci="normal")
    >>> [round(result.estimate, 2) for result in both.results.values()]
    [0.2, 0.85]
    """
    effects, variances = effects_and_variances(yi, vi)
    names = level_names("groups", groups, "one group per study")
    if len(names) != effects.size:
        raise DataError(
            f"groups: found {len(names)}; allowed: one per study, here {effects.size}; pass one per study"
        )
    shared, limits = None, Limits()
    if common_tau2 and effects.size:
        shared, limits = _common_tau2(effects, variances, names, options)
        options = {**{name: value for name, value in options.items() if name not in OF_TAU2}, "tau2": shared}
    by_study = {name: options.pop(name) for name in BY_STUDY if options.get(name) is not None}
    for name, values in by_study.items():
        if len(values) != effects.size:
            raise DataError(
                f"{name}: found {len(values)}; allowed: one per study, here {effects.size}; "
                "pass as many as studies"
            )
    results = {}
    for name in dict.fromkeys(names):
        rows = [row for row, group in enumerate(names) if group == name]
        own: dict[str, Any] = {option: [values[row] for row in rows] for option, values in by_study.items()}
        results[name] = pool(effects[rows], variances[rows], **own, **options)
    if not results:
        raise TooFewStudiesError("subgroups: found 0 studies; allowed: 1 or more; check which were eligible")
    q_within = sum(result.q for result in results.values())
    df_within = int(effects.size) - len(results)
    return Subgroups(
        results,
        subgroup_test(results) if len(results) > 1 else None,
        shared,
        *limits,
        q_within,
        df_within,
        chi2_tail(q_within, df_within),
        _omnibus(results, shared, scaled=options.get("ci") in SCALED) if len(results) > 1 else None,
    )


def _common_tau2(
    yi: FloatArray, vi: FloatArray, names: Sequence[str], options: Mapping[str, Any]
) -> tuple[float, Limits]:
    """Return the residual tau² of a model with the group as factor, and its limits."""
    if str(options.get("model", "random")) != "random":
        raise UsageError(
            f"common_tau2: found model={options['model']!r}; allowed: model='random'; leave common_tau2 out"
        )
    chosen = options.get("tau2") or Tau2Method.REML
    if not isinstance(chosen, str):
        raise UsageError(f"tau2: found {chosen!r} with common_tau2; allowed: the name of an estimator")
    levels = list(dict.fromkeys(names))
    design = np.array([[float(name == level) for level in levels] for name in names])
    method = choose(Tau2Method, chosen, "tau2")
    interval = chosen_tau2_interval(options.get("tau2_ci"), method)
    weights = checked_tau2_weights(method, options.get("tau2_weights"), int(yi.size), interval)
    found = estimate_tau2(method, yi, vi, design, weights=weights, start=options.get("tau2_start"))
    if not found.converged:
        raise ConvergenceError(
            f"common tau²: {found.reason} after {found.iterations} iterations; try tau2='DL'"
        )
    if yi.size == len(levels):
        return found.value, Limits()
    fit = Tau2Fit(yi, vi, found.value, method, found.se, weights, design)
    low, high = tau2_limits(interval, fit, checked_level(options.get("level", 0.95)))
    empty = np.isnan(low.value) or np.isnan(high.value)
    return found.value, Limits() if empty else Limits(low.value, high.value)


def _omnibus(results: Mapping[str, PoolResult], tau2: float | None, *, scaled: bool) -> OmnibusTest | None:
    """Return the Wald test of a model with the group as factor; None where each group has its own tau²."""
    if tau2 is None:
        return None
    means = [weighted_mean(result.yi, result.vi, tau2) for result in results.values()]
    estimates = np.array([mean.estimate for mean in means])
    q = weighted_mean(estimates, np.array([mean.se**2 for mean in means]), 0.0).q
    df, residual_df = len(means) - 1, sum(result.k for result in results.values()) - len(means)
    if not scaled:
        return OmnibusTest(q, df, None, chi2_tail(q, df))
    residual = sum(mean.q for mean in means)
    if residual_df == 0 or residual == 0.0:
        return None
    statistic = q / df / (residual / residual_df)
    return OmnibusTest(statistic, df, residual_df, f_tail(statistic, df, residual_df))
