"""Variance inflation factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.options import PoolModel, Tau2Method
from evergrove.stats.regression.fitting import meta_regression
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.regression_result import MetaRegressionResult


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class VarianceInflation(Result):
    """How much dependence between moderators inflates the variance of coefficients.

    Parameters
    ----------
    names : tuple of str
        Coefficients or terms.
    columns_per_name : tuple of int
        Coefficients in each.
    vif : ndarray
        Variance inflation factor, generalised for several coefficients (Fox & Monette 1992).
    sif : ndarray
        vif^(1 / (2 columns)): inflation of a standard error, comparable between terms.
    """

    names: tuple[str, ...]
    columns_per_name: tuple[int, ...]
    vif: FloatArray
    sif: FloatArray

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient or term."""
        return {
            "name": np.array(self.names),
            "coefficients": np.array(self.columns_per_name),
            "vif": self.vif,
            "sif": self.sif,
        }

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.3g}" for name, value in zip(self.names, self.vif, strict=True))
        return f"<VarianceInflation {shown}>"

    def summary(self) -> str:
        """Return one line per coefficient or term."""
        return "\n".join(
            f"{name}: VIF {self.vif[row]:.4f}, SIF {self.sif[row]:.4f} ({self.columns_per_name[row]} "
            "coefficients)"
            for row, name in enumerate(self.names)
        )


def variance_inflation(
    fit: MetaRegressionResult,
    *,
    by_term: bool = False,
    groups: Sequence[Sequence[str | int]] | None = None,
    reestimate: bool = False,
) -> VarianceInflation:
    """Return variance inflation factors of the coefficients, the intercept left aside.

    Parameters
    ----------
    fit : MetaRegressionResult
        With two coefficients or more beside the intercept.
    by_term : bool
        Whether factors and splines count as one (generalised factors).
    groups : sequence of sequences of str or int, or None
        Coefficients to take together.
    reestimate : bool
        Whether each is compared with a fit of its own, which holds nothing beside it but the intercept and
        its own tau². Such a factor counts how the other moderators change tau² too, and is below 1 where
        they explain more than they take.

    Returns
    -------
    VarianceInflation

    Raises
    ------
    UsageError
        For an intercept-only fit or an unknown coefficient.
    ConvergenceError
        Where tau² of a fit of one alone was not found.

    Notes
    -----
    From the correlations of the estimates, so that weights count (metafor's ``vif``; with `reestimate` its
    argument of that name). With one moderator the factor is 1. A large factor is no fault in itself: it
    says why an interval is wide.

    References
    ----------
    Fox & Monette, JASA 87 (1992) 178-183.

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.8, 0.7], [0.04] * 5,
    ...                       {"a": [1, 2, 3, 4, 5], "b": [1, 3, 2, 5, 4]})
    >>> variance_inflation(fit)
    <VarianceInflation a 2.78, b 2.78>
    """
    own = [position for position in range(fit.p) if position != fit.design.intercept]
    if not own:
        raise UsageError("variance_inflation: found an intercept alone; allowed: moderators; there are none")
    scale = np.sqrt(np.diag(fit.covariance))
    if not bool((scale > 0).all()):
        raise UsageError(
            "variance_inflation: found standard errors of 0 (an exact fit); allowed: above 0; pass "
            "ci='normal'"
        )
    correlation = (fit.covariance / np.outer(scale, scale))[np.ix_(own, own)]
    if groups is not None:
        sets = [tuple(fit.names[fit.position(name)] for name in group) for group in groups]
        names = [" + ".join(group) for group in sets]
    elif by_term:
        names, sets = list(fit.design.terms), list(fit.design.terms.values())
    else:
        sets = [(fit.names[position],) for position in own]
        names = [group[0] for group in sets]
    places = {fit.names[position]: place for place, position in enumerate(own)}
    for name in {name for group in sets for name in group} - set(places):
        raise UsageError(f"groups: found {name!r}; allowed: coefficients other than the intercept")
    if reestimate:
        values = np.array([_against_alone(fit, [fit.position(name) for name in group]) for group in sets])
    else:
        values = np.array([_generalised(correlation, [places[name] for name in group]) for group in sets])
    sizes = tuple(len(group) for group in sets)
    return VarianceInflation(tuple(names), sizes, values, values ** (0.5 / np.array(sizes)))


def _generalised(correlation: FloatArray, inside: list[int]) -> float:
    """Return det(R inside) det(R outside) / det(R)."""
    outside = [place for place in range(correlation.shape[0]) if place not in inside]

    def log_determinant(places: list[int]) -> float:
        return float(np.linalg.slogdet(correlation[np.ix_(places, places)])[1]) if places else 0.0

    whole = log_determinant(list(range(correlation.shape[0])))
    return float(np.exp(log_determinant(inside) + log_determinant(outside) - whole))


def _against_alone(fit: MetaRegressionResult, tested: list[int]) -> float:
    """Return det(covariance in the fit) / det(covariance in a fit of these coefficients alone)."""
    constant = [] if fit.design.intercept is None else [fit.design.intercept]
    alone = meta_regression(
        fit.yi,
        fit.vi,
        fit.design.matrix[:, [*constant, *tested]],
        intercept=False,
        weights=fit.given_weights,
        tau2_weights=fit.tau2_weights,
        model=fit.model,
        tau2=fit.options["tau2"] if fit.model == PoolModel.RANDOM else Tau2Method.REML,  # type: ignore[arg-type]
        ci=str(fit.options["ci"]),
        centred=bool(fit.options["centred"]),
    )
    own = slice(len(constant), None)

    def log_determinant(covariance: FloatArray) -> float:
        return float(np.linalg.slogdet(covariance)[1])

    whole = log_determinant(fit.covariance[np.ix_(tested, tested)])
    return float(np.exp(whole - log_determinant(alone.covariance[own, own])))
