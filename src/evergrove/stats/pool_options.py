"""The options of `pool`: resolved, checked against each other and remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, checked_level, column, is_number, refuse_rows, same_length
from evergrove.stats.between_study import Tau2Request
from evergrove.stats.interval_of_mean import HARTUNG_KNAPP_FAMILY
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Interval,
    Tau2Method,
    choose,
)
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.tau2.estimate import chosen_tau2_interval

if TYPE_CHECKING:
    from enum import StrEnum

    from numpy.typing import ArrayLike

#: tau² estimator and interval where the caller names none.
DEFAULTS = {
    PoolModel.RANDOM: (Tau2Method.REML, IntervalMethod.HARTUNG_KNAPP),
    PoolModel.COMMON: (None, IntervalMethod.NORMAL),
    PoolModel.IVHET: (Tau2Method.DL, IntervalMethod.NORMAL),
    PoolModel.HENMI_COPAS: (Tau2Method.DL, IntervalMethod.NORMAL),
}
#: Models whose weights do not depend on tau².
FIXED_WEIGHTS = (PoolModel.IVHET, PoolModel.HENMI_COPAS)
KENWARD_ROGER = (IntervalMethod.KENWARD_ROGER, PredictionMethod.KR, PredictionMethod.KR_PR)
#: Combinations of options that are remembered as checked.
MOST_REMEMBERED = 256


@dataclass(frozen=True)
class PoolOptions:
    """The options of `pool` as resolved."""

    model: PoolModel
    tau2: Tau2Method | float | None
    ci: IntervalMethod
    prediction: PredictionMethod
    level: float
    measure: EffectMeasure | None
    tau2_ci: Tau2Interval

    @cached_property
    def tau2_request(self) -> Tau2Request:
        """What is asked of tau² where nothing else is given."""
        return Tau2Request(Tau2Method(str(self.tau2)), self.tau2_ci, self.level)

    @cached_property
    def needs_more(self) -> bool:
        """Whether weights or a seed belong to the method."""
        return self.model in FIXED_WEIGHTS or self.prediction is PredictionMethod.NNF

    @cached_property
    def recorded(self) -> dict[str, object]:
        """What a result says of them: the limits of tau² where they are not the default."""
        named = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        if self.tau2_ci is Tau2Interval.Q_PROFILE:
            del named["tau2_ci"]
        return named


class Extras(NamedTuple):
    """What few calls ask for; recorded in the options where it is given."""

    tau2_weights: FloatArray | None = None
    tau2_start: float | None = None
    tau2_about: float | None = None
    weights: FloatArray | None = None
    df: float | None = None
    seed: int | None = None

    def recorded(self) -> dict[str, object]:
        """Return what is given."""
        return {name: value for name, value in self._asdict().items() if value is not None}


NO_EXTRAS = Extras()


@lru_cache(maxsize=MOST_REMEMBERED)
def _remembered(  # noqa: PLR0917 - the options by position, as they are remembered
    model: str,
    tau2: str | float | None,
    ci: str | None,
    prediction: str,
    level: float,
    measure: str | None,
    tau2_ci: str | None,
) -> PoolOptions:
    """Return the options with their defaults filled in, checked against each other."""
    chosen = choose(PoolModel, model, "model")
    default_tau2, default_ci = DEFAULTS[chosen]
    of_tau2: Tau2Method | float | None = default_tau2
    if tau2 is not None and chosen is not PoolModel.COMMON:
        of_tau2 = float(tau2) if is_number(tau2) else choose(Tau2Method, str(tau2), "tau2")
    options = PoolOptions(
        chosen,
        of_tau2,
        default_ci if ci is None else choose(IntervalMethod, ci, "ci"),
        choose(PredictionMethod, prediction, "prediction"),
        checked_level(level),
        None if measure is None else choose(EffectMeasure, measure, "measure"),
        chosen_tau2_interval(tau2_ci, of_tau2),
    )
    for name, method in (("ci", options.ci), ("prediction", options.prediction)):
        if method in KENWARD_ROGER and (chosen, of_tau2) != (PoolModel.RANDOM, Tau2Method.REML):
            raise UsageError(
                f"{name}={str(method)!r}: found model={str(chosen)!r} and tau2={str(of_tau2)!r}; "
                "allowed: model='random' with tau2='REML', on whose information it rests; choose another"
            )
    if chosen is PoolModel.HENMI_COPAS and (of_tau2, options.ci) != DEFAULTS[chosen]:
        raise UsageError(
            "model='henmi-copas': found another tau2 or ci; allowed: none, since the method has its own; "
            "leave tau2 and ci out"
        )
    return options


def _checked_weights(weights: ArrayLike | None, model: PoolModel, vi: FloatArray) -> FloatArray | None:
    """Return the weights of the mean: the caller's, those that the model fixes, or None."""
    if model in FIXED_WEIGHTS:
        if weights is not None:
            raise UsageError(f"weights: found some with model={str(model)!r}; allowed: none; leave them out")
        return float(vi.min()) / vi
    if weights is None:
        return None
    array = column("weights", weights)
    same_length({"vi": vi, "weights": array})
    bad = ~(np.isfinite(array) & (array >= 0))
    refuse_rows(
        "weights", array, bad, allowed="a finite number not below 0", todo="pass one weight per study"
    )
    if not array.any():
        raise UsageError("weights: found only zeros; allowed: one or more above 0; pass one weight per study")
    return array


def _check_use(name: str, value: float | None, chosen: object, users: tuple[StrEnum, ...]) -> None:
    """Refuse a number that is not above 0, or that the method chosen does not use."""
    if value is None:
        return
    if not (is_number(value) and math.isfinite(value) and value > 0):
        raise UsageError(f"{name}: found {value!r}; allowed: a finite number above 0; or leave it out")
    if chosen not in users:
        raise UsageError(
            f"{name}: found {value!r} with {str(chosen)!r}, which does not use it; allowed: with "
            f"{', '.join(repr(str(user)) for user in users)}; leave it out"
        )


def _checked_centre(value: float | None, options: PoolOptions) -> float | None:
    """Return the effect about which Q is taken, where DerSimonian and Laird's estimator is to use it."""
    if value is None:
        return None
    if not (is_number(value) and math.isfinite(value)):
        raise UsageError(
            f"tau2_about: found {value!r}; allowed: a finite effect on the pooling scale; or none"
        )
    if (options.model, options.tau2) != (PoolModel.RANDOM, Tau2Method.DL):
        raise UsageError(
            f"tau2_about: found {value!r} with model={str(options.model)!r} and tau2={str(options.tau2)!r}; "
            "allowed: with model='random' and tau2='DL', whose Q it changes; leave it out"
        )
    return float(value)


def resolved(*chosen: str | float | None) -> PoolOptions:
    """Return the options of `pool` with their defaults filled in, checked against each other.

    Parameters
    ----------
    *chosen
        ``model``, ``tau2``, ``ci``, ``prediction``, ``level``, ``measure`` and ``tau2_ci`` of `pool`.

    Returns
    -------
    PoolOptions
        The same object for the same options: checking them takes longer than fitting a small meta-analysis.

    Raises
    ------
    UsageError
        For an unknown option, or options that do not go together.
    """
    try:
        return _remembered(*chosen)
    except TypeError:  # a list, for example, cannot be remembered; it is refused by name
        return _remembered.__wrapped__(*chosen)


def checked_extras(
    options: PoolOptions,
    vi: FloatArray,
    rng: np.random.Generator | int | None,
    *,
    tau2_weights: ArrayLike | None,
    tau2_start: float | None,
    tau2_about: float | None,
    weights: ArrayLike | None,
    df: float | None,
) -> Extras:
    """Return what few calls ask for, checked; the weights and the seed that belong to the method filled in.

    Parameters
    ----------
    options : PoolOptions
        The options as resolved.
    vi : ndarray, shape (k,)
        Variances.
    rng, tau2_weights, tau2_start, tau2_about, weights, df
        As `pool` takes them.

    Returns
    -------
    Extras

    Raises
    ------
    UsageError
        For a value that cannot be, or that the method chosen does not use.
    DataError
        For weights that cannot be, naming the rows.
    """
    _check_use("df", df, options.ci, (IntervalMethod.T, *HARTUNG_KNAPP_FAMILY))
    _check_use("tau2_start", tau2_start, options.tau2, (Tau2Method.SJ,))
    return Extras(
        None if tau2_weights is None else column("tau2_weights", tau2_weights),
        tau2_start,
        _checked_centre(tau2_about, options),
        _checked_weights(weights, options.model, vi),
        df,
        recorded_seed(rng) if options.prediction is PredictionMethod.NNF else None,
    )
