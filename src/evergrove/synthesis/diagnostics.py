"""What is looked at besides the pooled effect: small-study effects, missing studies, influence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from evergrove.errors import ConvergenceError, DataError
from evergrove.stats import asymmetry_test, egger_test, influence_diagnostics, leave_one_out, trim_and_fill
from evergrove.stats.bias.options import FROM_EVENTS, AsymmetryMethod
from evergrove.stats.options import EffectMeasure
from evergrove.synthesis.fitting import columns_of_counts, effects_and_variances, fit, options_of_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evergrove.model import Analysis
    from evergrove.stats import (
        EggerTest,
        InfluenceDiagnostics,
        LeaveOneOut,
        PoolResult,
        RankTest,
        RegressionTest,
        TrimAndFill,
    )
    from evergrove.synthesis.effects import StudyEffect

#: Tests of small-study effects say nothing with fewer studies (Cochrane Handbook 13.3.5.4).
MINIMUM_FOR_SMALL_STUDY_TEST = 10
#: The cost of leaving out each study in turn grows with the square of their number; nobody reads more rows.
MOST_FOR_LEAVE_ONE_OUT = 200
#: Measures of events whose effects a test of asymmetry can compute itself; else it takes odds ratios.
_OF_COUNTS = (EffectMeasure.OR, EffectMeasure.RR, EffectMeasure.RD)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Looked(Generic[Found]):
    """What was found, or why it could not be looked for; neither where it was not asked for."""

    found: Found | None = None
    why_not: str = ""


#: Nothing was asked for, or too few studies were pooled.
NOT_LOOKED: Looked[Any] = Looked()


def _looked(compute: Callable[[], Found]) -> Looked[Found]:
    try:
        return Looked(compute())
    except (DataError, ConvergenceError) as error:
        return Looked(None, str(error))


def asymmetry(
    pooled: Sequence[StudyEffect], analysis: Analysis
) -> Looked[EggerTest | RegressionTest | RankTest]:
    """Test for small-study effects, with ten studies or more.

    Parameters
    ----------
    pooled : sequence of StudyEffect
        The effects in the fit.
    analysis : Analysis
        Names the test; Egger's where it names none.

    Returns
    -------
    Looked
    """
    estimable = [effect for effect in pooled if effect.estimable]
    if len(estimable) < MINIMUM_FOR_SMALL_STUDY_TEST or analysis.kind.value == "single-arm":
        return NOT_LOOKED
    method = analysis.diagnostics.asymmetry or AsymmetryMethod.EGGER
    if method is AsymmetryMethod.EGGER:
        try:
            return Looked(egger_test(*effects_and_variances(estimable)))
        except DataError:
            return Looked(None, "all studies have the same standard error, so that there is no slope to test")
    return _looked(lambda: asymmetry_test(method, **_columns(method, estimable, analysis)))


def _columns(method: AsymmetryMethod, effects: Sequence[StudyEffect], analysis: Analysis) -> dict[str, Any]:
    """Return the numbers that a test needs."""
    if method in FROM_EVENTS:
        measure = analysis.measure if analysis.measure in _OF_COUNTS else EffectMeasure.OR
        asked = {"measure": measure, "add": analysis.pooling.add, "to": analysis.pooling.zero_cells}
        return {**columns_of_counts(effects), **asked}
    yi, vi = effects_and_variances(effects)
    columns: dict[str, Any] = {"yi": yi, "vi": vi}
    if method in {AsymmetryMethod.MACASKILL, AsymmetryMethod.PUSTEJOVSKY}:
        columns["n1"], columns["n2"] = zip(*(_sizes(effect) for effect in effects), strict=True)
    return columns


def _sizes(effect: StudyEffect) -> tuple[float, float]:
    one, two = effect.numbers.experimental, effect.numbers.control
    if one is None or two is None:
        raise DataError(
            f"{effect.name}: found a printed effect; allowed: the patients of both arms; ask for another test"
        )
    return one.n, two.n


def missing_studies(pooled: Sequence[StudyEffect], analysis: Analysis) -> Looked[TrimAndFill]:
    """Fill in the studies that a symmetric funnel would have, where the protocol asks and ten are pooled."""
    estimator = analysis.diagnostics.trim_and_fill
    if estimator is None or len(pooled) < MINIMUM_FOR_SMALL_STUDY_TEST:
        return NOT_LOOKED
    asked = analysis.pooling.resolved()
    options = {"tau2": 0.0, **options_of_pool(asked), "model": str(asked.model), "measure": analysis.measure}
    return _looked(
        lambda: trim_and_fill(
            *effects_and_variances(pooled),
            estimator=estimator,
            labels=[effect.name for effect in pooled],
            **options,
        )
    )


def influence(pooled: Sequence[StudyEffect], analysis: Analysis) -> Looked[InfluenceDiagnostics]:
    """Measure how much each study moves the result, where the protocol asks."""
    if not analysis.diagnostics.influence or not 3 <= len(pooled) <= MOST_FOR_LEAVE_ONE_OUT:
        return NOT_LOOKED
    asked = analysis.pooling.resolved()
    return _looked(
        lambda: influence_diagnostics(
            *effects_and_variances(pooled),
            model=str(asked.model),
            tau2=0.0 if asked.tau2 is None else asked.tau2,
            ci=str(asked.ci),
            labels=[effect.name for effect in pooled],
        )
    )


def without_each(pooled: Sequence[StudyEffect], analysis: Analysis) -> LeaveOneOut | None:
    """Fit again without each study in turn."""
    if not 3 <= len(pooled) <= MOST_FOR_LEAVE_ONE_OUT:
        return None

    def refit(keep: NDArray[np.bool_]) -> PoolResult:
        kept = [effect for effect, stays in zip(pooled, keep, strict=True) if stays]
        return fit(kept, analysis.measure, analysis.pooling)

    return leave_one_out(refit, len(pooled))
