"""What an analysis looks at besides its pooled effect, and for which measures and models it can."""

from __future__ import annotations

from evergrove.model.base import Model, fault
from evergrove.model.measures import Basis, review_measure
from evergrove.model.pooling import PoolingMethod, PoolingModel
from evergrove.stats.bias.options import FROM_EVENTS, AsymmetryMethod, MissingEstimator
from evergrove.stats.options import IntervalMethod, PoolModel

#: Tests for every measure of two arms.
_OF_EFFECTS = (AsymmetryMethod.EGGER, AsymmetryMethod.THOMPSON, AsymmetryMethod.BEGG)
#: Tests that count events; Deeks' is for the accuracy of tests.
_OF_EVENTS = tuple(method for method in FROM_EVENTS if method is not AsymmetryMethod.DEEKS)
#: The intervals whose variance factor the measures of influence know.
_INTERVALS_OF_INFLUENCE = (
    IntervalMethod.NORMAL,
    IntervalMethod.T,
    IntervalMethod.HARTUNG_KNAPP,
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED,
)


def asymmetry_tests(measure: str) -> tuple[AsymmetryMethod, ...]:
    """Return the tests of asymmetry that a measure has; none for the proportions of one arm.

    Examples
    --------
    >>> [str(test) for test in asymmetry_tests("SMD")]
    ['egger', 'thompson', 'begg', 'macaskill', 'pustejovsky']
    """
    row = review_measure(measure)
    if row.proportion:
        return ()
    found: tuple[AsymmetryMethod, ...] = _OF_EFFECTS
    if row.basis is not Basis.PRINTED:
        found += (AsymmetryMethod.MACASKILL,)
    if row.basis is Basis.EVENTS:
        found += _OF_EVENTS
    if row.standardised:
        found += (AsymmetryMethod.PUSTEJOVSKY,)
    return found


class Diagnostics(Model):
    """What is looked at besides the pooled effect.

    Parameters
    ----------
    asymmetry : AsymmetryMethod, optional
        The test of small-study effects, made with ten studies or more; Egger's where none is named.
    trim_and_fill : MissingEstimator, optional
        The estimator of missing studies, with ten studies or more; nothing is filled in where none is named.
    influence : bool
        Whether residuals and the influence of each study are shown.
    """

    asymmetry: AsymmetryMethod | None = None
    trim_and_fill: MissingEstimator | None = None
    influence: bool = False

    def check(self, pooling: PoolingModel, measure: str) -> None:
        """Raise a fault for a diagnostic that the measure or the model does not have."""
        tests = asymmetry_tests(measure)
        if self.asymmetry is not None and self.asymmetry not in tests:
            told = f"no test of asymmetry for {measure}"
            raise fault(told, ", ".join(tests) or "leave it out", at=("diagnostics", "asymmetry"))
        asked = pooling.resolved()
        by_weight = asked.method is PoolingMethod.INVERSE_VARIANCE and asked.model in {
            PoolModel.RANDOM,
            PoolModel.COMMON,
        }
        if self.trim_and_fill is not None and not tests:
            told = f"{measure} has no value of no effect about which a funnel is symmetric"
            raise fault(told, "leave it out", at=("diagnostics", "trim_and_fill"))
        for name in ("trim_and_fill", "influence"):
            if getattr(self, name) and not by_weight:
                told = "only inverse variance with model random or common has it"
                raise fault(told, "leave it out", at=("diagnostics", name))
        if self.influence and asked.ci not in _INTERVALS_OF_INFLUENCE:
            told = f"it is not defined beside ci {asked.ci}"
            allowed = f"false, or pooling with ci {', '.join(_INTERVALS_OF_INFLUENCE)}"
            raise fault(told, allowed, at=("diagnostics", "influence"))
