"""Models of counts in the one shape of a pooled effect, so that every page can show them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.stats import PoolResult
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import log_two_sided_p
from evergrove.stats.options import PoolModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats import BetaBinomialResult, GlmmResult
    from evergrove.synthesis.effects import StudyEffect

#: Fields that both models have under the names of a pooled effect.
_SAME = (
    *("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p_value", "k", "measure", "scale"),
    *("method", "converged", "iterations", "reason", "options", "level", "inputs"),
)


def from_mixed_model(found: GlmmResult, effects: Sequence[StudyEffect]) -> PoolResult:
    """Return a generalised linear mixed model as a pooled effect.

    Parameters
    ----------
    found : GlmmResult
    effects : sequence of StudyEffect
        The studies given to it.

    Returns
    -------
    PoolResult
        Without weights (NaN): the model has none; a study that it leaves out has the weight 0. Q is the
        likelihood-ratio test of heterogeneity.
    """
    random = found.options["effects"] == PoolModel.RANDOM
    weights = [0.0 if _without_information(effect) else math.nan for effect in effects]
    return PoolResult(
        **_shared(found, effects),
        tau2=found.tau2 if random else None,
        tau2_ci_low=found.tau2_ci_low,
        tau2_ci_high=found.tau2_ci_high,
        tau=found.tau if random else None,
        i2=found.i2,
        h2=found.h2,
        q=found.q_lrt,
        q_df=found.q_df,
        q_p_value=found.q_lrt_p_value,
        prediction_low=found.prediction_low,
        prediction_high=found.prediction_high,
        prediction_df=found.prediction_df,
        weights=np.array(weights),
        model=str(found.options["effects"]),
        diagnostics=found.diagnostics,
    )


def from_beta_binomial(found: BetaBinomialResult, effects: Sequence[StudyEffect]) -> PoolResult:
    """Return a beta-binomial model as a pooled effect.

    Parameters
    ----------
    found : BetaBinomialResult
    effects : sequence of StudyEffect
        The studies given to it.

    Returns
    -------
    PoolResult
        Without weights, I² and Q (NaN) and tau²: the model has none. Its correlation within arms stands in
        the diagnostics.
    """
    told = f"the correlation of patients within an arm of a study is {found.rho:.3g}"
    return PoolResult(
        **_shared(found, effects),
        tau2=None,
        tau2_ci_low=None,
        tau2_ci_high=None,
        tau=None,
        i2=math.nan,
        h2=math.nan,
        q=math.nan,
        q_df=0,
        q_p_value=math.nan,
        prediction_low=None,
        prediction_high=None,
        prediction_df=None,
        weights=np.full(len(effects), math.nan),
        model=str(PoolModel.RANDOM),
        diagnostics=(Diagnostic("correlation-within-arms", told), *found.diagnostics),
    )


def _shared(found: GlmmResult | BetaBinomialResult, effects: Sequence[StudyEffect]) -> dict[str, Any]:
    """Return what both models say in the same words, with the studies' own effects beside it."""
    rows = [(effect.yi, effect.vi) for effect in effects]
    yi, vi = np.array([[math.nan if value is None else value for value in row] for row in rows]).T
    return {
        **{name: getattr(found, name) for name in _SAME},
        "log_p_value": log_two_sided_p(found.statistic, found.df),
        "i2_ci_low": None,
        "i2_ci_high": None,
        "i2_q": math.nan,
        "yi": yi,
        "vi": vi,
        "labels": tuple(effect.name for effect in effects),
    }


def _without_information(effect: StudyEffect) -> bool:
    """Whether both arms have no event, or both only events."""
    one, two = effect.numbers.experimental, effect.numbers.control
    if one is None or two is None:
        return False
    return (one.events, two.events) == (0.0, 0.0) or (one.events, two.events) == (one.n, two.n)
