"""The options of `glmm`: which go together, and what they resolve to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, checked_level, is_number
from evergrove.stats.options import IntervalMethod, PoolModel, PredictionMethod, choose
from evergrove.stats.sparse.counts import checked_counts
from evergrove.stats.sparse.options import GlmmModel, GroupCoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

#: Columns that each measure needs, and whether sizes are person-time.
NEEDED = {
    "OR": (("events1", "n1", "events2", "n2"), False),
    "IRR": (("events1", "time1", "events2", "time2"), True),
    "PLO": (("events", "n"), False),
    "IRLN": (("events", "time"), True),
}
IN_WORDS = {
    "OR": {
        GlmmModel.UM_FS: "logistic, fixed study intercepts",
        GlmmModel.UM_RS: "logistic, random study intercepts",
        GlmmModel.CM_EL: "exact conditional (non-central hypergeometric)",
        GlmmModel.CM_AL: "approximate conditional (binomial)",
    },
    "IRR": {
        GlmmModel.UM_FS: "Poisson, fixed study intercepts",
        GlmmModel.UM_RS: "Poisson, random study intercepts",
        GlmmModel.CM_EL: "exact conditional (binomial)",
    },
    "PLO": {None: "logistic, one group"},
    "IRLN": {None: "Poisson, one group"},
}
#: The conventions of a prediction interval that need no more than the model's own standard error.
PREDICTIONS = (
    PredictionMethod.T_K_MINUS_1,
    PredictionMethod.T_K_MINUS_2,
    PredictionMethod.NORMAL,
    PredictionMethod.TEST,
)
#: Nodes of the quadrature where none are asked for (metafor's nAGQ); UM.RS has Laplace as lme4.
DEFAULT_POINTS = 7


class GlmmOptions(NamedTuple):
    """The options of `glmm` as resolved; see there."""

    measure: str
    model: GlmmModel | None
    effects: PoolModel
    coding: GroupCoding | None
    correlated: bool
    points: int | None
    ci: IntervalMethod
    prediction: PredictionMethod
    intercept: bool
    drop_double_zero: bool
    level: float


def resolved(
    measure: str,
    model: str | None,
    effects: str,
    coding: str | None,
    *,
    correlated: bool,
    points: int | None,
    ci: str,
    prediction: str,
    intercept: bool,
    drop_double_zero: bool,
    level: float,
) -> GlmmOptions:
    """Return the options as resolved, or say which cannot be."""
    name = str(measure)
    if name not in NEEDED:
        raise UsageError(
            f"measure: found {name!r}; allowed: {', '.join(map(repr, NEEDED))}; pool other measures by pool()"
        )
    two_arms = name in ("OR", "IRR")
    if not two_arms and (model is not None or coding is not None or correlated):
        raise UsageError(
            f"model, coding, correlated: found one of them for {name!r}; allowed: 'OR' and 'IRR' only; "
            "leave them out for one group"
        )
    chosen = choose(GlmmModel, model or GlmmModel.UM_FS, "model") if two_arms else None
    if name == "IRR" and chosen is GlmmModel.CM_AL:
        chosen = GlmmModel.CM_EL  # the binomial is exact for rates
    unconditional = chosen in (GlmmModel.UM_FS, GlmmModel.UM_RS)
    if coding is not None and not unconditional:
        raise UsageError(
            f"coding: found {coding!r} for {chosen}; allowed: with 'UM.FS' and 'UM.RS'; leave it out"
        )
    if correlated and chosen is not GlmmModel.UM_RS:
        raise UsageError(f"correlated: found True for {chosen}; allowed: with 'UM.RS'; leave it out")
    kind = choose(PoolModel, effects, "effects")
    interval = choose(IntervalMethod, ci, "ci")
    if interval not in (IntervalMethod.NORMAL, IntervalMethod.T):
        raise UsageError(f"ci: found {ci!r}; allowed: 'normal', 't'; Hartung-Knapp needs known variances")
    predicted = choose(PredictionMethod, prediction, "prediction")
    if predicted not in PREDICTIONS:
        raise UsageError(
            f"prediction: found {prediction!r}; allowed: {', '.join(repr(str(one)) for one in PREDICTIONS)}; "
            "the others need known variances"
        )
    exact = name == "OR" and chosen is GlmmModel.CM_EL
    if points is None and not exact:
        points = 1 if chosen is GlmmModel.UM_RS and kind is PoolModel.RANDOM else DEFAULT_POINTS
    if points is not None and not (is_number(points) and 1 <= points <= 100 and int(points) == points):
        raise UsageError(f"points: found {points!r}; allowed: whole numbers from 1 to 100; 7 is usual")
    entry = choose(GroupCoding, coding or GroupCoding.HALF, "coding") if unconditional else None
    return GlmmOptions(
        name, chosen, kind, entry,
        bool(correlated), None if exact or points is None else int(points), interval,
        predicted, bool(intercept), bool(drop_double_zero),
        checked_level(level),
    )  # fmt: skip


def needed_columns(measure: str, given: Mapping[str, ArrayLike | None]) -> dict[str, FloatArray]:
    """Return the columns that the measure needs."""
    needed, _ = NEEDED[measure]
    missing = [name for name in needed if given[name] is None]
    surplus = [name for name, values in given.items() if values is not None and name not in needed]
    if missing or surplus:
        found = f"no {', '.join(missing)}" if missing else f"also {', '.join(surplus)}"
        raise UsageError(
            f"glmm({measure!r}): found {found}; allowed: {', '.join(needed)}; give these columns"
        )
    return checked_counts({name: given[name] for name in needed}, whole=True)  # type: ignore[misc] # none is None
