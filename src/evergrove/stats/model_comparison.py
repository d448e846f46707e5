"""Comparisons of models of the same effects: likelihood ratios of nested ones, a table of criteria of any."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.regression.least_squares import redundant_columns
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.location_scale_result import LocationScaleResult
    from evergrove.stats.regression.regression_result import MetaRegressionResult

    Comparable: TypeAlias = MetaRegressionResult | LocationScaleResult | MultilevelResult


@dataclass(frozen=True, slots=True)
class ModelComparison(Result):
    """A likelihood-ratio test of nested models.

    Parameters
    ----------
    statistic, df, p_value : float, int, float
        Twice the difference in log-likelihood, difference in parameters, upper tail of chi-square.
    log_likelihood_full, log_likelihood_reduced : float
    parameters_full, parameters_reduced : int
    aic_full, aic_reduced, bic_full, bic_reduced, aicc_full, aicc_reduced : float
    r2 : float or None
        Share of the reduced model's tau² (sum of variances) that the full one accounts for, in percent, not
        below 0; None for location-scale models, and where the random parts differ.
    likelihood : str
        ``"ML"`` or ``"REML"``.
    diagnostics : tuple of Diagnostic
    """

    statistic: float
    df: int
    p_value: float
    log_likelihood_full: float
    log_likelihood_reduced: float
    parameters_full: int
    parameters_reduced: int
    aic_full: float
    aic_reduced: float
    bic_full: float
    bic_reduced: float
    aicc_full: float
    aicc_reduced: float
    r2: float | None
    likelihood: str
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<ModelComparison LR({self.df}) = {self.statistic:.4f}, p={self.p_value:.3g}, {self.likelihood}>"
        )

    def summary(self) -> str:
        """Return the test and the criteria of both models."""
        return "\n".join(
            [
                (
                    f"likelihood ratio ({self.likelihood}): chi²({self.df}) = {self.statistic:.4f}, p = "
                    f"{self.p_value:.4g}"
                ),
                (
                    f"AIC {self.aic_full:.2f} against {self.aic_reduced:.2f}, "
                    f"BIC {self.bic_full:.2f} against {self.bic_reduced:.2f}, "
                    f"AICc {self.aicc_full:.2f} against {self.aicc_reduced:.2f}"
                ),
                *(f"note: {remark}" for remark in self.diagnostics),
            ]
        )


class _Fitted(NamedTuple):
    """What a comparison needs of a fit, whatever its kind."""

    log_likelihood: float
    parameters: int
    likelihood: str
    criteria: tuple[float, float, float]
    design: FloatArray
    yi: FloatArray
    sampling: tuple[FloatArray, ...]
    variance: float | None
    random: tuple[str, ...]
    unfit: str


def _fitted(fit: Comparable) -> _Fitted:
    """Return what a comparison needs of a fit."""
    criteria = (fit.aic, fit.bic, fit.aicc)
    if isinstance(fit, MultilevelResult):
        known = fit.model.known
        blocks = tuple(block for _, block in known.blocks)
        variances = [one.value for one in fit.components if one.kind in {"sigma2", "tau2", "gamma2"}]
        names = tuple(one.name for one in fit.components if not one.given)
        own = "weights of one's own" if fit.model.weights is not None else ""
        design = fit.model.design.matrix
        return _Fitted(
            fit.log_likelihood,
            fit.n_parameters,
            fit.method,
            criteria,
            design,
            fit.yi,
            (known.diagonal, *blocks),
            sum(variances),
            names,
            own,
        )
    own = "weights of one's own" if fit.given_weights is not None else ""
    estimator = str(fit.options["tau2"])
    if fit.model == "random" and estimator not in {"ML", "REML"}:
        own = f"tau² by {estimator}, which maximises no likelihood"
    single = None if np.ndim(fit.tau2) else float(fit.tau2)
    return _Fitted(
        fit.log_likelihood,
        fit.parameters,
        fit.likelihood,
        criteria,
        fit.design.matrix,
        fit.yi,
        (fit.vi,),
        single,
        (fit.model,),
        own,
    )


def compare_models(full: Comparable, reduced: Comparable) -> ModelComparison:
    """Compare two nested models of the same effects by their likelihood ratio.

    Parameters
    ----------
    full, reduced : MetaRegressionResult, LocationScaleResult or MultilevelResult
        Fitted by ML (or the common model), or both by REML with the same (location) moderators. Whether the
        random part of a multilevel model holds the other's cannot be seen from the fits: look.

    Returns
    -------
    ModelComparison

    Raises
    ------
    UsageError
        For models of different data or likelihoods, REML with different moderators, or a full model that
        does not hold the reduced one.

    See Also
    --------
    model_table : criteria of models that need not be nested.

    Notes
    -----
    Testing that a variance is 0 this way, the statistic is not chi-square (the hypothesis lies on the
    boundary): the p value is too large, and a diagnostic says so.

    References
    ----------
    Huizenga, Visser & Dolan, Br J Math Stat Psychol 64 (2011) 1-19; Self & Liang 1987.

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> yi, vi = [0.1, 0.3, 0.5, 0.8, 0.7], [0.04, 0.02, 0.03, 0.05, 0.02]
    >>> models = [meta_regression(yi, vi, mods, tau2="ML") for mods in ([1, 2, 3, 4, 5], None)]
    >>> compare_models(*models)
    <ModelComparison LR(1) = 7.4614, p=0.0063, ML>
    """
    big, small = _fitted(full), _fitted(reduced)
    _comparable(big, small)
    df = big.parameters - small.parameters
    statistic = max(0.0, 2.0 * (big.log_likelihood - small.log_likelihood))
    same_random = big.random == small.random
    share = None
    if same_random and big.variance is not None and small.variance is not None:
        before, after = small.variance, big.variance
        share = 100.0 * max(0.0, (before - after) / before) if before > 0 else 0.0
    remarks = []
    if not same_random:
        message = "a variance of 0 lies on the boundary: the p value from chi-square is too large"
        remarks.append(Diagnostic("hypothesis-on-the-boundary", message))
    (aic, bic, aicc), (less_aic, less_bic, less_aicc) = big.criteria, small.criteria
    return ModelComparison(
        statistic=statistic,
        df=df,
        p_value=chi2_tail(statistic, df),
        log_likelihood_full=big.log_likelihood,
        log_likelihood_reduced=small.log_likelihood,
        parameters_full=big.parameters,
        parameters_reduced=small.parameters,
        aic_full=aic,
        aic_reduced=less_aic,
        bic_full=bic,
        bic_reduced=less_bic,
        aicc_full=aicc,
        aicc_reduced=less_aicc,
        r2=share,
        likelihood=big.likelihood,
        diagnostics=tuple(remarks),
    )


def _same_effects(one: _Fitted, other: _Fitted) -> bool:
    """Return whether two fits have the same effects and sampling covariances."""
    return (
        np.array_equal(one.yi, other.yi)
        and len(one.sampling) == len(other.sampling)
        and all(np.array_equal(a, b) for a, b in zip(one.sampling, other.sampling, strict=True))
    )


def _comparable(full: _Fitted, reduced: _Fitted) -> None:
    """Refuse models whose likelihoods cannot be compared."""
    if not _same_effects(full, reduced):
        raise UsageError(
            f"compare_models: found models of {full.yi.size} and {reduced.yi.size} effects with different "
            "data; allowed: the same effects and variances in the same order; fit both to the studies with "
            "all moderators"
        )
    for fit in (full, reduced):
        if fit.unfit:
            raise UsageError(
                f"compare_models: found {fit.unfit}; allowed: 'ML' or 'REML', which maximise the likelihood"
            )
    if full.parameters <= reduced.parameters:
        raise UsageError(
            f"compare_models: found {full.parameters} parameters against {reduced.parameters}; allowed: a "
            "full model with more than the reduced one; pass the larger one first"
        )
    if full.likelihood != reduced.likelihood:
        raise UsageError(
            f"compare_models: found likelihoods {full.likelihood} and {reduced.likelihood}; allowed: one; "
            "fit both by ML"
        )
    big, small = full.design, reduced.design
    if full.likelihood == "REML" and (big.shape != small.shape or not spans(big, small)):
        raise UsageError(
            "compare_models: found REML fits with different moderators, whose likelihoods cannot be "
            "compared; allowed: ML; fit both by ML"
        )
    if not spans(big, small):
        raise UsageError(
            "compare_models: found a reduced model with moderators that the full one does not hold; allowed: "
            "nested models; compare their AICc instead, by model_table"
        )


def spans(big: FloatArray, small: FloatArray) -> bool:
    """Return whether the columns of one design are combinations of those of another."""
    both = np.hstack([big, small])
    rank, of_big = both.shape[1] - len(redundant_columns(both)), big.shape[1] - len(redundant_columns(big))
    return bool(rank == of_big)


@dataclass(frozen=True, slots=True, eq=False)
class ModelTable(Result):
    """Information criteria of several models, the best first.

    Parameters
    ----------
    models : tuple of str
        Names.
    log_likelihood, aic, bic, aicc : ndarray, shape (m,)
    parameters : ndarray of int, shape (m,)
    difference : ndarray, shape (m,)
        AICc less the lowest AICc.
    weight : ndarray, shape (m,)
        exp(-difference / 2), summing to 1 (Akaike weights).
    likelihood : str
        ``"ML"`` or ``"REML"``.
    """

    models: tuple[str, ...]
    log_likelihood: FloatArray
    parameters: FloatArray
    aic: FloatArray
    bic: FloatArray
    aicc: FloatArray
    difference: FloatArray
    weight: FloatArray
    likelihood: str

    def columns(self) -> dict[str, Any]:
        """Return one row per model."""
        return {
            "model": np.array(self.models),
            "parameters": self.parameters,
            "log_likelihood": self.log_likelihood,
            "aic": self.aic,
            "bic": self.bic,
            "aicc": self.aicc,
            "difference": self.difference,
            "weight": self.weight,
        }


def model_table(models: Mapping[str, Comparable]) -> ModelTable:
    """Set the information criteria of a few models of the same effects side by side.

    Parameters
    ----------
    models : mapping of str to MetaRegressionResult, LocationScaleResult or MultilevelResult
        Two or more, by name; all by ML, or all by REML with the same moderators.

    Returns
    -------
    ModelTable

    Raises
    ------
    UsageError
        For fewer than two models, models of different data or likelihoods, or REML with different moderators.

    See Also
    --------
    compare_models : a test where one model holds the other.

    Notes
    -----
    For a handful of models that were named before the data were seen. Searching many moderators this way
    finds some by chance, and the weights then mean nothing.

    References
    ----------
    Hurvich & Tsai, Biometrika 76 (1989) 297-307; Burnham & Anderson, Model Selection and Multimodel Inference
    (2002); Cinar, Umbanhowar, Hoeksema & Viechtbauer, Res Synth Methods 12 (2021) 537-556.

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> yi, vi = [0.1, 0.3, 0.5, 0.8, 0.7, 1.1, 1.3, 1.2], [0.02] * 8
    >>> fits = {"mean": meta_regression(yi, vi, tau2="ML")}
    >>> fits["dose"] = meta_regression(yi, vi, [1, 2, 3, 4, 5, 6, 7, 8], tau2="ML")
    >>> model_table(fits).models
    ('dose', 'mean')
    """
    if len(models) < 2:
        raise UsageError(f"model_table: found {len(models)} models; allowed: two or more, by name")
    fits = {str(name): _fitted(fit) for name, fit in models.items()}
    first_name, first = next(iter(fits.items()))
    for name, fit in fits.items():
        if fit.unfit or first.unfit:
            raise UsageError(
                f"model_table: found {fit.unfit or first.unfit}; allowed: 'ML' or 'REML', which maximise the "
                "likelihood"
            )
        if not _same_effects(first, fit) or fit.likelihood != first.likelihood:
            raise UsageError(
                f"model_table: {name!r} has other effects, variances or likelihood than {first_name!r}; "
                "allowed: the same data and one likelihood; fit all by ML to the studies with all moderators"
            )
        same = fit.design.shape == first.design.shape and spans(first.design, fit.design)
        if fit.likelihood == "REML" and not same:
            raise UsageError(
                f"model_table: found REML fits of {name!r} and {first_name!r} with different moderators; "
                "allowed: ML"
            )
    order = sorted(fits, key=lambda name: fits[name].criteria[2])
    aic, bic, aicc = (np.array([fits[name].criteria[place] for name in order]) for place in range(3))
    difference = aicc - aicc[0]
    weight = np.exp(-difference / 2.0)
    return ModelTable(
        tuple(order),
        np.array([fits[name].log_likelihood for name in order]),
        np.array([fits[name].parameters for name in order]),
        aic,
        bic,
        aicc,
        difference,
        weight / math.fsum(weight),
        first.likelihood,
    )
