"""What each measure needs and allows, and the kernel that computes it: one row per measure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evergrove.stats.effects import (
    changes,
    common_language,
    correlations,
    matched_pairs,
    rates,
    ratios_of_means,
    single_group,
    two_by_two,
    two_means,
)
from evergrove.stats.effects.options import BiasCorrection, DoubleZero
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.effects.request import Outcome, Request

Way = tuple[str, ...]

TABLE: Way = ("events1", "n1", "events2", "n2")
TWO_MEANS: Way = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
CHANGE: Way = ("mean1", "sd1", "mean2", "sd2", "n", "r")
#: Percent of the scale's range needs the range.
RANGE: Way = ("scale_min", "scale_max")


def _reported(*sizes: str, names: Way = ("d", "t", "f", "p")) -> tuple[Way, ...]:
    """Return the ways in which a statistic and the sizes stand for the data."""
    return tuple((name, *sizes) for name in names)


GROUPS_OR_STATISTIC = (TWO_MEANS, *_reported("n1", "n2", names=("d", "t", "f", "p", "r")))

LS, LS2, LS3, UB = VarianceMethod.LS, VarianceMethod.LS2, VarianceMethod.LS3, VarianceMethod.UB
HO, ST, CS, AV, H0 = (
    VarianceMethod.HO,
    VarianceMethod.ST,
    VarianceMethod.CS,
    VarianceMethod.AV,
    VarianceMethod.H0,
)
OLD, PUBLISHED = VarianceMethod.LS_OLD, VarianceMethod.LS2_PUBLISHED

#: The corrections that a measure allows; the first is its default.
FACTOR = (BiasCorrection.EXACT, BiasCorrection.APPROXIMATE, BiasCorrection.NONE)
TAYLOR = (BiasCorrection.SECOND_ORDER, BiasCorrection.NONE)
NO_CORRECTION = (BiasCorrection.NONE,)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a measure needs, allows and is computed by.

    Parameters
    ----------
    kernel : callable
        From a `Request` to an `Outcome`.
    ways : tuple of tuples of str
        Sets of columns, each enough; a row is estimable where one set is complete.
    variances : tuple of VarianceMethod
        Allowed; LS is the default.
    biases : tuple of BiasCorrection
        Allowed; the first is the default.
    add : float or None
        The continuity correction by default; None where the measure has none.
    drop : DoubleZero or None
        What happens to studies without information on a ratio, by default; None where there are none.
    extra : tuple of str
        Columns that may be given besides.
    """

    kernel: Callable[[Request], Outcome]
    ways: tuple[Way, ...]
    variances: tuple[VarianceMethod, ...] = (LS,)
    biases: tuple[BiasCorrection, ...] = NO_CORRECTION
    add: float | None = None
    drop: DoubleZero | None = None
    extra: Way = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that the measure can use."""
        return tuple(dict.fromkeys([*(name for way in self.ways for name in way), *self.extra]))


def _table(
    variances: tuple[VarianceMethod, ...] = (LS,), add: float = 0.5, drop: DoubleZero = DoubleZero.DROP
) -> Recipe:
    """Return the recipe of a measure of two groups of events."""
    return Recipe(two_by_two.two_by_two, (TABLE,), variances, add=add, drop=drop)


def _pairs() -> Recipe:
    """Return the recipe of a measure of matched pairs."""
    return Recipe(matched_pairs.matched_pairs, (matched_pairs.PAIRS,), add=0.5)


def _one(kernel: Callable[[Request], Outcome], *way: str, **more: object) -> Recipe:
    """Return the recipe of a measure with one way to give it."""
    return Recipe(kernel, (way,), **more)  # type: ignore[arg-type] # each `more` is a field of Recipe


RATIO_VARIANCES = (LS, AV, H0)
KEEP = DoubleZero.KEEP
SMD_VARIANCES = (LS, LS2, LS3, UB, AV, H0, VarianceMethod.UB_G)
E = EffectMeasure

TWO_GROUPS_OF_EVENTS = {
    E.RR: _table(RATIO_VARIANCES),
    E.OR: _table(RATIO_VARIANCES),
    E.RD: _table((LS, UB, AV, H0), drop=KEEP),
    E.AS: _table(add=0.0, drop=KEEP),
    E.PETO: _table(),
    E.PHI: _table((LS, CS, ST), add=0.0, drop=KEEP),
    E.ZPHI: _table((LS, CS, ST), add=0.0, drop=KEEP),
    E.YUQ: _table(),
    E.YUY: _table(),
    E.RTET: _table(add=0.0, drop=KEEP),
    E.ZTET: _table(add=0.0, drop=KEEP),
    E.PBIT: _table(),
    E.OR2D: _table(RATIO_VARIANCES),
    E.OR2DN: _table(RATIO_VARIANCES),
    E.OR2DL: _table(RATIO_VARIANCES),
    E.MPRD: _pairs(),
    E.MPRR: _pairs(),
    E.MPOR: _pairs(),
    E.MPORC: _pairs(),
    E.MPPETO: _pairs(),
    E.MPORM: Recipe(
        matched_pairs.paired_margins,
        ((*TABLE, "r"), (*TABLE, "both")),
        RATIO_VARIANCES,
        add=0.5,
        drop=DoubleZero.DROP,
    ),
}

RATE_WAY = ("events1", "time1", "events2", "time2")
RATES = {
    E.IRR: _one(rates.two_rates, *RATE_WAY, add=0.5, drop=DoubleZero.DROP),
    E.IRD: _one(rates.two_rates, *RATE_WAY, add=0.5, drop=KEEP),
    E.IRSD: _one(rates.two_rates, *RATE_WAY, add=0.0, drop=KEEP),
    E.IR: _one(rates.one_rate, "events", "time", add=0.5),
    E.IRLN: _one(rates.one_rate, "events", "time", add=0.5),
    E.IRS: _one(rates.one_rate, "events", "time", add=0.0),
    E.IRFT: _one(rates.one_rate, "events", "time", add=0.0),
}

#: Glass' delta needs the SD of the arm that standardises.
GLASS_WAY = {arm: ("mean1", "n1", "mean2", "n2", f"sd{arm}") for arm in (1, 2)}
TWO_GROUPS_OF_MEANS = {
    E.MD: _one(two_means.mean_difference, *TWO_MEANS, variances=(LS, HO)),
    E.POMPMD: _one(two_means.mean_difference, *TWO_MEANS, *RANGE, variances=(LS, HO)),
    E.SMD: Recipe(two_means.standardised, GROUPS_OR_STATISTIC, SMD_VARIANCES, FACTOR),
    E.SMD1: _one(
        two_means.standardised,
        *GLASS_WAY[2],
        variances=(*SMD_VARIANCES, VarianceMethod.GLASS),
        biases=FACTOR,
        extra=("sd1",),
    ),
    E.SMDH: _one(two_means.standardised_unequal, *TWO_MEANS, variances=(LS, LS2, LS3, OLD), biases=FACTOR),
    E.SMD1H: _one(two_means.standardised_unequal, *TWO_MEANS, variances=(LS, OLD), biases=FACTOR),
    E.ROM: _one(
        ratios_of_means.ratio_of_means,
        *TWO_MEANS,
        variances=(LS, LS2, HO, AV, VarianceMethod.AVHO),
        biases=TAYLOR,
    ),
    E.VR: _one(
        ratios_of_means.ratio_of_spreads, "sd1", "n1", "sd2", "n2", variances=(LS, LS2), biases=TAYLOR
    ),
    E.CVR: _one(
        ratios_of_means.ratio_of_spreads,
        *TWO_MEANS,
        variances=(LS, LS2),
        biases=(BiasCorrection.SECOND_ORDER, BiasCorrection.FIRST_ORDER, BiasCorrection.NONE),
    ),
    E.RPB: Recipe(two_means.biserial, GROUPS_OR_STATISTIC, (LS, ST, CS)),
    E.ZPB: Recipe(two_means.biserial, GROUPS_OR_STATISTIC, (LS, ST, CS)),
    E.RBIS: Recipe(two_means.biserial, GROUPS_OR_STATISTIC),
    E.ZBIS: Recipe(two_means.biserial, GROUPS_OR_STATISTIC),
    E.D2OR: Recipe(two_means.odds_ratio_from_d, GROUPS_OR_STATISTIC),
    E.D2ORN: Recipe(two_means.odds_ratio_from_d, GROUPS_OR_STATISTIC),
    E.D2ORL: Recipe(two_means.odds_ratio_from_d, GROUPS_OR_STATISTIC),
}

REPORTED_AREA = _one(
    common_language.reported_area,
    "cles",
    "n1",
    "n2",
    variances=(LS, LS2, H0, VarianceMethod.MAX),
    extra=("ties",),
)
NORMAL_AREA = Recipe(
    common_language.normal_area,
    (TWO_MEANS, *_reported("n1", "n2", names=("d", "t", "f", "p", "cles"))),
    (LS, LS2, LS3, HO, H0),
)
AREAS = {
    E.CLES: REPORTED_AREA,
    E.AUC: REPORTED_AREA,
    E.CLESN: NORMAL_AREA,
    E.AUCN: NORMAL_AREA,
    E.CLESCN: _one(changes.over_pooled_sd, *CHANGE),
    E.AUCCN: _one(changes.over_pooled_sd, *CHANGE),
}

FROM_R = _reported("n", names=("r", "t", "f", "p"))
PARTIAL = _reported("n", "predictors", names=("r", "t", "f", "p"))
SEMI_PARTIAL = _reported("n", "predictors", "r2", names=("r", "t", "f", "p"))
EXPLAINED = _reported("predictors", "n", names=("r2", "f", "p"))
CORRELATIONS = {
    E.COR: Recipe(correlations.correlation, FROM_R, (LS, AV, H0, VarianceMethod.H0B)),
    E.UCOR: Recipe(correlations.correlation, FROM_R, (LS, UB, AV)),
    E.ZCOR: Recipe(correlations.correlation, FROM_R),
    E.PCOR: Recipe(correlations.partial_correlation, PARTIAL, (LS, AV, OLD)),
    E.ZPCOR: Recipe(correlations.partial_correlation, PARTIAL, (LS, OLD)),
    E.SPCOR: Recipe(correlations.partial_correlation, SEMI_PARTIAL, (LS, AV)),
    E.ZSPCOR: Recipe(correlations.partial_correlation, SEMI_PARTIAL, (LS, AV)),
    E.R2: Recipe(correlations.explained_variance, EXPLAINED, (LS, LS2, AV, VarianceMethod.AV2)),
    E.ZR2: Recipe(correlations.explained_variance, EXPLAINED),
}

ONE_MEAN = ("mean", "sd", "n")
ONE_GROUP = {
    E.PR: _one(single_group.proportion, "events", "n", variances=(LS, UB, AV), add=0.5),
    E.PLN: _one(single_group.proportion, "events", "n", variances=(LS, AV), add=0.5),
    E.PLO: _one(single_group.proportion, "events", "n", variances=(LS, AV), add=0.5),
    E.PRZ: _one(single_group.proportion, "events", "n", add=0.5),
    E.PAS: _one(single_group.proportion, "events", "n", add=0.0),
    E.PFT: _one(single_group.proportion, "events", "n", add=0.0),
    E.MN: _one(single_group.mean, *ONE_MEAN, variances=(LS, HO)),
    E.POMPMN: _one(single_group.mean, *ONE_MEAN, *RANGE, variances=(LS, HO)),
    E.SMN: _one(single_group.mean, *ONE_MEAN, biases=FACTOR),
    E.MNLN: _one(single_group.mean, *ONE_MEAN),
    E.SDLN: _one(single_group.mean, "sd", "n", biases=TAYLOR),
    E.CVLN: _one(single_group.mean, *ONE_MEAN, biases=TAYLOR),
    E.ARAW: _one(single_group.reliability, "alpha", "items", "n"),
    E.AHW: _one(single_group.reliability, "alpha", "items", "n"),
    E.ABT: _one(single_group.reliability, "alpha", "items", "n"),
    E.REH: _one(single_group.excess_heterozygosity, "aa", "ab", "bb"),
}

CHANGES = {
    E.MC: _one(changes.mean_change, *CHANGE),
    E.POMPMC: _one(changes.mean_change, *CHANGE, *RANGE),
    E.SMCC: Recipe(changes.over_change_sd, (CHANGE, *_reported("n")), (LS, LS2, UB, H0), FACTOR),
    E.SMCR: _one(
        changes.over_first_sd,
        "mean1",
        "sd1",
        "mean2",
        "n",
        "r",
        variances=(LS, LS2, UB, H0),
        biases=FACTOR,
        extra=("sd2",),
    ),
    E.SMCRH: _one(changes.over_first_sd, *CHANGE, variances=(LS, LS2, OLD), biases=FACTOR),
    E.SMCRP: _one(changes.over_pooled_sd, *CHANGE, biases=FACTOR),
    E.SMCRPH: _one(changes.over_pooled_sd, *CHANGE, variances=(LS, LS2), biases=FACTOR),
    E.ROMC: _one(ratios_of_means.dependent_ratio, *CHANGE, variances=(LS, LS2, PUBLISHED), biases=TAYLOR),
    E.VRC: _one(ratios_of_means.dependent_ratio, "sd1", "sd2", "n", "r", variances=(LS, LS2, PUBLISHED)),
    E.CVRC: _one(ratios_of_means.dependent_ratio, *CHANGE, variances=(LS, LS2, PUBLISHED), biases=TAYLOR),
}

#: Every measure that is computed from data; HR and HD come printed.
RECIPES: dict[EffectMeasure, Recipe] = {
    **TWO_GROUPS_OF_EVENTS,
    **RATES,
    **TWO_GROUPS_OF_MEANS,
    **AREAS,
    **CORRELATIONS,
    **ONE_GROUP,
    **CHANGES,
}


def recipe_of(measure: EffectMeasure, glass_arm: int) -> Recipe:
    """Return the recipe of a measure, for Glass' delta with the SD of the arm that standardises.

    Parameters
    ----------
    measure : EffectMeasure
        Any but the printed ones.
    glass_arm : int
        1 or 2.

    Returns
    -------
    Recipe
    """
    recipe = RECIPES[measure]
    if measure is EffectMeasure.SMD1 and glass_arm == 1:
        return replace(recipe, ways=(GLASS_WAY[1],), extra=("sd2",))
    return recipe
