"""Variance inflation factors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.options import PoolModel, Tau2Method
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.regression.coefficient_tests import coefficient_position
from evergrove.stats.regression.fitting import meta_regression
from evergrove.stats.regression.location_scale_result import LocationScaleResult
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.scalars import how_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evergrove.stats.arrays import FloatArray


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
    simulated : ndarray, shape (simulations, names), or None
        Factors with each term's rows permuted on its own, so that moderators are independent but for chance;
        NaN where a design was not of full rank. None where none were asked for.
    share : ndarray or None
        Share of simulated factors at or below the one found: near to 1 says more collinearity than chance.
    seed : int or None
        Of the permutations.
    """

    names: tuple[str, ...]
    columns_per_name: tuple[int, ...]
    vif: FloatArray
    sif: FloatArray
    simulated: FloatArray | None = None
    share: FloatArray | None = None
    seed: int | None = None

    HIDDEN = ("simulated",)

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient or term."""
        found = {
            "name": np.array(self.names),
            "coefficients": np.array(self.columns_per_name),
            "vif": self.vif,
            "sif": self.sif,
        }
        return found if self.share is None else found | {"share": self.share}

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
    fit: MetaRegressionResult | LocationScaleResult | MultilevelResult,
    *,
    by_term: bool = False,
    groups: Sequence[Sequence[str | int]] | None = None,
    reestimate: bool = False,
    simulations: int = 0,
    rng: np.random.Generator | int | None = None,
) -> VarianceInflation:
    """Return variance inflation factors of the coefficients, the intercept left aside.

    Parameters
    ----------
    fit : MetaRegressionResult, LocationScaleResult or MultilevelResult
        With two coefficients or more beside the intercept; of a location-scale model those of location.
    by_term : bool
        Whether factors and splines count as one (generalised factors); a multilevel fit does not keep its
        terms: name them in `groups`.
    groups : sequence of sequences of str or int, or None
        Coefficients to take together.
    reestimate : bool
        Whether each is compared with a fit of its own, which holds nothing beside it but the intercept and
        its own tau². Such a factor counts how the other moderators change tau² too, and is below 1 where
        they explain more than they take. Only for `meta_regression`.
    simulations : int
        Factors of permuted moderators to compare with; 0 for none. Only for `meta_regression`.
    rng : Generator, int or None
        Of the permutations; the seed is recorded.

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
    argument of that name, with `simulations` its ``sim``). With one moderator the factor is 1. A large
    factor is no fault in itself: it says why an interval is wide.

    References
    ----------
    [Fox1992].

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.8, 0.7], [0.04] * 5,
    ...                       {"a": [1, 2, 3, 4, 5], "b": [1, 3, 2, 5, 4]})
    >>> variance_inflation(fit)
    <VarianceInflation a 2.78, b 2.78>
    """
    wanted_result("fit", fit, MetaRegressionResult, LocationScaleResult, MultilevelResult)
    terms, intercept = _terms(fit)
    own = [position for position in range(fit.p) if position != intercept]
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
        sets = [tuple(fit.names[coefficient_position(fit.names, name)] for name in group) for group in groups]
        names = [" + ".join(group) for group in sets]
    elif by_term:
        if terms is None:
            raise UsageError("by_term: found True for a multilevel fit; allowed: False; give `groups`")
        names, sets = list(terms), list(terms.values())
    else:
        sets = [(fit.names[position],) for position in own]
        names = [group[0] for group in sets]
    places = {fit.names[position]: place for place, position in enumerate(own)}
    for name in {name for group in sets for name in group} - set(places):
        raise UsageError(f"groups: found {name!r}; allowed: coefficients other than the intercept")
    if reestimate:
        one = wanted_result("fit", fit, MetaRegressionResult)
        values = np.array([_against_alone(one, [one.position(name) for name in group]) for group in sets])
    else:
        values = np.array([_generalised(correlation, [places[name] for name in group]) for group in sets])
    sizes = tuple(len(group) for group in sets)
    found = VarianceInflation(tuple(names), sizes, values, values ** (0.5 / np.array(sizes)))
    wanted = how_many("simulations", simulations, 0)
    if not wanted:
        return found
    one = wanted_result("fit", fit, MetaRegressionResult)
    seed = recorded_seed(rng)
    simulated = _simulated(one, sets, wanted, np.random.default_rng(seed), reestimate=reestimate)
    known = np.isfinite(simulated)
    with np.errstate(invalid="ignore"):  # a group whose designs were all of lower rank has no share
        share = (known & (simulated <= values)).sum(axis=0) / known.sum(axis=0)
    return replace(found, simulated=simulated, share=share, seed=seed)


def _simulated(
    fit: MetaRegressionResult,
    sets: Sequence[tuple[str, ...]],
    count: int,
    rng: np.random.Generator,
    *,
    reestimate: bool,
) -> FloatArray:
    """Return the factors of fits whose terms are permuted over the studies, each on its own."""
    design = fit.design
    columns = [[fit.position(name) for name in names] for names in design.terms.values()]
    names = [f"column {position}" for position in range(fit.p)]
    groups = [[names[fit.position(one)] for one in group] for group in sets]
    factors = np.full((count, len(sets)), np.nan)
    for row in range(count):
        matrix = design.matrix.copy()
        for own in columns:
            matrix[:, own] = matrix[rng.permutation(fit.k)][:, own]
        try:
            again = _refitted(fit, matrix, names)
        except DataError:  # a permuted factor and another can coincide
            continue
        factors[row] = variance_inflation(again, groups=groups, reestimate=reestimate).vif
    return factors


def _terms(
    fit: MetaRegressionResult | LocationScaleResult | MultilevelResult,
) -> tuple[Mapping[str, tuple[str, ...]] | None, int | None]:
    """Return the coefficients of each term, where the fit keeps them, and the place of the intercept."""
    if isinstance(fit, MultilevelResult):
        return None, 0 if fit.model.design.has_intercept else None
    return fit.design.terms, fit.design.intercept


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
    alone = _refitted(fit, fit.design.matrix[:, [*constant, *tested]])
    own = slice(len(constant), None)

    def log_determinant(covariance: FloatArray) -> float:
        return float(np.linalg.slogdet(covariance)[1])

    whole = log_determinant(fit.covariance[np.ix_(tested, tested)])
    return float(np.exp(whole - log_determinant(alone.covariance[own, own])))


def _refitted(
    fit: MetaRegressionResult, matrix: FloatArray, names: Sequence[str] | None = None
) -> MetaRegressionResult:
    """Return the fit with another design, its constant included."""
    return meta_regression(
        fit.yi,
        fit.vi,
        matrix,
        names=names,
        intercept=False,
        weights=fit.given_weights,
        tau2_weights=fit.tau2_weights,
        model=fit.model,
        tau2=fit.options["tau2"] if fit.model == PoolModel.RANDOM else Tau2Method.REML,  # type: ignore[arg-type]
        ci=str(fit.options["ci"]),
        centred=bool(fit.options["centred"]),
    )
