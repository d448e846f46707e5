"""The numbers: effect sizes, pooling, heterogeneity, influence; NumPy arrays in, results out.

The package stands alone: it imports nothing of evergrove but its errors and version, and of SciPy
only `scipy.special`.
"""

from evergrove.stats.absolute import AbsoluteEffect, absolute_effect
from evergrove.stats.conversions import (
    number_needed_to_treat,
    odds_ratio_to_risk_ratio,
    sd_from_ci,
    sd_from_se,
    sd_of_change,
    se_from_ci,
)
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.effect_sizes import EffectSizes
from evergrove.stats.effects import effect_size
from evergrove.stats.influence import LeaveOneOut, leave_one_out
from evergrove.stats.medians import (
    MeanSd,
    SkewnessTest,
    mean_sd_from_five_numbers,
    mean_sd_from_median_iqr,
    mean_sd_from_median_range,
    quartile_skewness,
    skewness_test,
)
from evergrove.stats.options import (
    EffectMeasure,
    IntervalDistribution,
    IntervalMethod,
    MedianMethod,
    PoolModel,
    PredictionMethod,
    ProportionMethod,
    Scale,
    Tau2Method,
    VarianceMethod,
    ZeroCells,
)
from evergrove.stats.pool_result import Estimate, PoolResult
from evergrove.stats.pooling import pool
from evergrove.stats.printed_intervals import effect_from_ci
from evergrove.stats.proportions import ProportionInterval, proportion_interval
from evergrove.stats.sample_size import optimal_information_size, optimal_information_size_continuous
from evergrove.stats.scales import back_transform, scale_of
from evergrove.stats.small_study import EggerTest, egger_test
from evergrove.stats.sparse import mantel_haenszel, peto
from evergrove.stats.subgroup import Subgroups, SubgroupTest, subgroup_test, subgroups

__all__ = [
    "AbsoluteEffect",
    "Diagnostic",
    "EffectMeasure",
    "EffectSizes",
    "EggerTest",
    "Estimate",
    "IntervalDistribution",
    "IntervalMethod",
    "LeaveOneOut",
    "MeanSd",
    "MedianMethod",
    "PoolModel",
    "PoolResult",
    "PredictionMethod",
    "ProportionInterval",
    "ProportionMethod",
    "Scale",
    "SkewnessTest",
    "SubgroupTest",
    "Subgroups",
    "Tau2Method",
    "VarianceMethod",
    "ZeroCells",
    "absolute_effect",
    "back_transform",
    "effect_from_ci",
    "effect_size",
    "egger_test",
    "leave_one_out",
    "mantel_haenszel",
    "mean_sd_from_five_numbers",
    "mean_sd_from_median_iqr",
    "mean_sd_from_median_range",
    "number_needed_to_treat",
    "odds_ratio_to_risk_ratio",
    "optimal_information_size",
    "optimal_information_size_continuous",
    "peto",
    "pool",
    "proportion_interval",
    "quartile_skewness",
    "scale_of",
    "sd_from_ci",
    "sd_from_se",
    "sd_of_change",
    "se_from_ci",
    "skewness_test",
    "subgroup_test",
    "subgroups",
]
