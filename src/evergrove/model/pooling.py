"""How the effects of an analysis are pooled: the words of the file, and which of them go together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypeVar

from pydantic import model_validator

from evergrove.model.base import Model, NonNegative, fault
from evergrove.model.vocabulary import Term
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Interval,
    Tau2Method,
    ZeroCells,
)
from evergrove.stats.sparse.options import GlmmModel

if TYPE_CHECKING:
    from collections.abc import Mapping

Choice = TypeVar("Choice", bound=StrEnum)


class PoolingMethod(Term):
    """How studies are pooled."""

    INVERSE_VARIANCE = "inverse-variance"
    MANTEL_HAENSZEL = "mantel-haenszel"
    PETO = "peto"
    MIXED_MODEL = "glmm"
    BETA_BINOMIAL = "beta-binomial"


@dataclass(frozen=True, slots=True)
class Way:
    """What a method takes under a model: the first word of each is the default; no word, it takes none."""

    ci: tuple[IntervalMethod, ...] = ()
    tau2: tuple[Tau2Method, ...] = ()
    tau2_ci: tuple[Tau2Interval, ...] = ()
    prediction: tuple[PredictionMethod, ...] = ()
    glmm: tuple[GlmmModel, ...] = ()


def _all(first: Choice, *without: Choice) -> tuple[Choice, ...]:
    """Return every word of an option but some, the default first."""
    return (first, *(word for word in type(first) if word is not first and word not in without))


_NORMAL_OR_T = (IntervalMethod.NORMAL, IntervalMethod.T)
_REML_ONLY = (Tau2Method.REML,)
#: Words that rest on an estimator of tau².
RESTS_ON: Mapping[StrEnum, tuple[Tau2Method, ...]] = {
    IntervalMethod.KENWARD_ROGER: _REML_ONLY,
    PredictionMethod.KR: _REML_ONLY,
    PredictionMethod.KR_PR: _REML_ONLY,
    Tau2Interval.PROFILE_LIKELIHOOD: (Tau2Method.REML, Tau2Method.ML),
}
#: What needs weights of one's own is left out: a review holds none.
_RANDOM = Way(
    _all(IntervalMethod.HARTUNG_KNAPP),
    _all(Tau2Method.REML, Tau2Method.GENQ, Tau2Method.GENQM),
    _all(Tau2Interval.Q_PROFILE, Tau2Interval.GENERALISED_Q),
    _all(PredictionMethod.T_K_MINUS_1),
)
_BESIDE_CLOSED_FORM = Way(
    _all(IntervalMethod.NORMAL),
    _all(Tau2Method.DL, Tau2Method.GENQ, Tau2Method.GENQM),
    prediction=_all(PredictionMethod.T_K_MINUS_1, PredictionMethod.NNF),
)
_CLOSED_FORM = {
    PoolModel.COMMON: Way((IntervalMethod.NORMAL,)),
    PoolModel.RANDOM: _BESIDE_CLOSED_FORM,
}
#: What each method takes under each of its models; the first model is its default.
WAYS: Mapping[PoolingMethod, Mapping[PoolModel, Way]] = {
    PoolingMethod.INVERSE_VARIANCE: {
        PoolModel.RANDOM: _RANDOM,
        PoolModel.COMMON: Way(_NORMAL_OR_T),
        PoolModel.IVHET: Way(
            _NORMAL_OR_T,
            _BESIDE_CLOSED_FORM.tau2,
            _all(Tau2Interval.Q_PROFILE, Tau2Interval.GENERALISED_Q, Tau2Interval.PROFILE_LIKELIHOOD),
            _all(PredictionMethod.T_K_MINUS_1, PredictionMethod.KR, PredictionMethod.KR_PR),
        ),
        PoolModel.HENMI_COPAS: Way(),
    },
    PoolingMethod.MANTEL_HAENSZEL: _CLOSED_FORM,
    PoolingMethod.PETO: _CLOSED_FORM,
    PoolingMethod.MIXED_MODEL: {
        PoolModel.RANDOM: Way(
            _NORMAL_OR_T,
            prediction=(
                PredictionMethod.T_K_MINUS_1,
                PredictionMethod.T_K_MINUS_2,
                PredictionMethod.NORMAL,
                PredictionMethod.TEST,
            ),
            glmm=_all(GlmmModel.UM_FS),
        ),
        PoolModel.COMMON: Way(_NORMAL_OR_T, glmm=_all(GlmmModel.UM_FS)),
    },
    PoolingMethod.BETA_BINOMIAL: {PoolModel.RANDOM: Way(_NORMAL_OR_T)},
}
#: The measures of the methods that pool counts; inverse variance pools every measure.
MEASURES_OF: Mapping[PoolingMethod, tuple[EffectMeasure, ...]] = {
    PoolingMethod.MANTEL_HAENSZEL: (EffectMeasure.RR, EffectMeasure.OR, EffectMeasure.RD),
    PoolingMethod.PETO: (EffectMeasure.PETO,),
    PoolingMethod.MIXED_MODEL: (EffectMeasure.OR, EffectMeasure.PLO),
    PoolingMethod.BETA_BINOMIAL: (EffectMeasure.OR, EffectMeasure.PLO),
}


class PoolingModel(Model):
    """How the effects are pooled; what is left out is chosen by the method and its model.

    Parameters
    ----------
    method : PoolingMethod
    model : PoolModel, optional
    tau2 : Tau2Method, optional
    tau2_ci : Tau2Interval, optional
    ci : IntervalMethod, optional
        Interval and test of the pooled effect.
    prediction : PredictionMethod, optional
    glmm : GlmmModel, optional
        Which mixed model compares two arms.
    zero_cells : ZeroCells
        Which studies get `add`, for effects of single studies.
    add : float
        Added to each cell.
    """

    method: PoolingMethod = PoolingMethod.INVERSE_VARIANCE
    model: PoolModel | None = None
    tau2: Tau2Method | None = None
    tau2_ci: Tau2Interval | None = None
    ci: IntervalMethod | None = None
    prediction: PredictionMethod | None = None
    glmm: GlmmModel | None = None
    zero_cells: ZeroCells = ZeroCells.ONLY_ZERO
    add: NonNegative = 0.5

    @model_validator(mode="after")
    def _words_go_together(self) -> Self:
        models = WAYS[self.method]
        chosen = self.model or next(iter(models))
        if chosen not in models:
            raise fault(f"{self.method.label} has no model {chosen}", ", ".join(models), at=("model",))
        way = models[chosen]
        for name in way.__dataclass_fields__:
            word, allowed = getattr(self, name), getattr(way, name)
            if word is not None and word not in allowed:
                told = f"{self.method.label} with model {chosen} does not take {name} {word}"
                raise fault(told, ", ".join(allowed) or f"leave {name} out", at=(name,))
        tau2 = self.tau2 or next(iter(way.tau2), None)
        for name in ("ci", "prediction", "tau2_ci"):
            word = getattr(self, name)
            estimators = RESTS_ON.get(word, way.tau2)
            if word is not None and tau2 not in (*estimators, None):
                told = f"{name} {word} rests on {' or '.join(estimators)}, and tau2 is {tau2}"
                raise fault(told, f"tau2 {' or '.join(estimators)}, or another {name}", at=(name,))
        return self

    def resolved(self) -> PoolingModel:
        """Return the model with every word that the method uses filled in; what it does not use is None.

        The interval of tau² stays as it is: that of the estimator where none is asked for.
        """
        model = self.model or next(iter(WAYS[self.method]))
        way = WAYS[self.method][model]
        words = {name: getattr(self, name) or next(iter(getattr(way, name)), None) for name in _FILLED}
        return self.model_copy(update={"model": model, **words})

    def check_measure(self, measure: str, at: tuple[str | int, ...]) -> None:
        """Raise a fault if the method cannot pool the measure."""
        allowed = MEASURES_OF.get(self.method)
        if allowed is not None and measure not in allowed:
            raise fault(f"{self.method.label} cannot pool {measure}", f"measure {', '.join(allowed)}", at=at)
        if self.glmm is not None and measure == EffectMeasure.PLO:
            raise fault(f"glmm {self.glmm} compares two arms, and {measure} has one", "leave glmm out", at=at)


_FILLED = ("tau2", "ci", "prediction", "glmm")
