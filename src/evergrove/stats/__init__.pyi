# --- Effect sizes, their scales and single proportions
# --- Conversions
from .conversions.absolute import AbsoluteEffect as AbsoluteEffect
from .conversions.absolute import absolute_effect as absolute_effect
from .conversions.arms import CombinedArm as CombinedArm
from .conversions.arms import SplitArm as SplitArm
from .conversions.arms import combine_arms as combine_arms
from .conversions.arms import split_arm as split_arm
from .conversions.box_cox import BoxCoxFit as BoxCoxFit
from .conversions.five_numbers import EstimatedMeans as EstimatedMeans
from .conversions.five_numbers import means_from_quantiles as means_from_quantiles
from .conversions.log_normal import log_scale_from_raw as log_scale_from_raw
from .conversions.log_normal import raw_from_log_scale as raw_from_log_scale
from .conversions.medians import box_cox_estimation as box_cox_estimation
from .conversions.medians import mean_sd_from_five_numbers as mean_sd_from_five_numbers
from .conversions.medians import mean_sd_from_median_iqr as mean_sd_from_median_iqr
from .conversions.medians import mean_sd_from_median_range as mean_sd_from_median_range
from .conversions.medians import quantile_estimation as quantile_estimation
from .conversions.nearest_distribution import QuantileFit as QuantileFit
from .conversions.needed_to_treat import NumberNeeded as NumberNeeded
from .conversions.needed_to_treat import number_needed as number_needed
from .conversions.needed_to_treat import number_needed_to_treat as number_needed_to_treat
from .conversions.normal_quantiles import MeanSd as MeanSd
from .conversions.options import AssumedShape as AssumedShape
from .conversions.options import ExpectedRange as ExpectedRange
from .conversions.options import LimitsMethod as LimitsMethod
from .conversions.options import LogOddsFactor as LogOddsFactor
from .conversions.options import QuantileFamily as QuantileFamily
from .conversions.options import RatioApproximation as RatioApproximation
from .conversions.options import SkewedRows as SkewedRows
from .conversions.ratios import ConvertedEffect as ConvertedEffect
from .conversions.ratios import convert_effect as convert_effect
from .conversions.ratios import odds_ratio_to_risk_ratio as odds_ratio_to_risk_ratio
from .conversions.ratios import risk_ratio_of as risk_ratio_of
from .conversions.sample_size import optimal_information_size as optimal_information_size
from .conversions.sample_size import (
    optimal_information_size_continuous as optimal_information_size_continuous,
)
from .conversions.skewness import SkewnessTest as SkewnessTest
from .conversions.skewness import quartile_skewness as quartile_skewness
from .conversions.skewness import skewness_test as skewness_test
from .conversions.spread import correlation_of_change as correlation_of_change
from .conversions.spread import sd_from_ci as sd_from_ci
from .conversions.spread import sd_from_difference as sd_from_difference
from .conversions.spread import sd_from_se as sd_from_se
from .conversions.spread import sd_of_change as sd_of_change
from .conversions.spread import se_from_ci as se_from_ci
from .conversions.spread import se_from_p_value as se_from_p_value
from .conversions.spread import se_from_statistic as se_from_statistic
from .conversions.standardised import EffectAndVariance as EffectAndVariance
from .conversions.standardised import correlation_to_smd as correlation_to_smd
from .conversions.standardised import log_odds_ratio_to_smd as log_odds_ratio_to_smd
from .conversions.standardised import smd_from_t as smd_from_t
from .conversions.standardised import smd_to_correlation as smd_to_correlation
from .conversions.standardised import smd_to_log_odds_ratio as smd_to_log_odds_ratio
from .conversions.standardised import t_from_smd as t_from_smd
from .conversions.two_by_two import ReconstructedTables as ReconstructedTables
from .conversions.two_by_two import tables_from_margins as tables_from_margins
from .conversions.wald import ConvertedEffects as ConvertedEffects
from .conversions.wald import delta_method as delta_method
from .conversions.wald import effects_from_printed as effects_from_printed

# --- Random effects and heterogeneity
from .diagnostic import Diagnostic as Diagnostic
from .effect_sizes import EffectSizes as EffectSizes
from .effects import effect_size as effect_size

# --- Moderators, influence
from .influence import LeaveOneOut as LeaveOneOut
from .influence import leave_one_out as leave_one_out

# --- Integrity
from .integrity.baseline import BaselineTest as BaselineTest
from .integrity.baseline import CountsRow as CountsRow
from .integrity.baseline import MeansRow as MeansRow
from .integrity.baseline import baseline_test as baseline_test
from .integrity.check_result import IntegrityCheck as IntegrityCheck
from .integrity.granularity import debit_test as debit_test
from .integrity.granularity import grim_test as grim_test
from .integrity.granularity import grimmer_test as grimmer_test
from .integrity.granularity import percentage_test as percentage_test
from .integrity.options import BaselineMethod as BaselineMethod
from .integrity.options import Comparison as Comparison
from .integrity.options import Rounding as Rounding
from .integrity.options import StatisticKind as StatisticKind
from .integrity.options import Verdict as Verdict
from .integrity.p_values import estimate_test as estimate_test
from .integrity.p_values import p_value_test as p_value_test
from .integrity.repeats import RepeatedValue as RepeatedValue
from .integrity.repeats import RepeatedValues as RepeatedValues
from .integrity.repeats import TerminalDigits as TerminalDigits
from .integrity.repeats import repeated_values as repeated_values
from .integrity.repeats import terminal_digit_test as terminal_digit_test
from .integrity.sample_reconstruction import ReconstructedSample as ReconstructedSample
from .integrity.sample_reconstruction import reconstruct_sample as reconstruct_sample
from .integrity.spreads import sd_bounds as sd_bounds
from .integrity.spreads import sd_bounds_test as sd_bounds_test
from .integrity.spreads import spread_reading_test as spread_reading_test

# --- Options
from .options import EffectMeasure as EffectMeasure
from .options import IntervalDistribution as IntervalDistribution
from .options import IntervalMethod as IntervalMethod
from .options import MedianMethod as MedianMethod
from .options import PoolModel as PoolModel
from .options import PredictionMethod as PredictionMethod
from .options import ProportionMethod as ProportionMethod
from .options import Scale as Scale
from .options import Tau2Method as Tau2Method
from .options import VarianceMethod as VarianceMethod
from .options import ZeroCells as ZeroCells
from .pool_result import Estimate as Estimate
from .pool_result import PoolResult as PoolResult
from .pooling import pool as pool
from .printed_intervals import effect_from_ci as effect_from_ci
from .proportions import ProportionInterval as ProportionInterval
from .proportions import proportion_interval as proportion_interval
from .scales import back_transform as back_transform
from .scales import scale_of as scale_of

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .small_study import EggerTest as EggerTest
from .small_study import egger_test as egger_test

# --- Many meta-analyses at once, simulation
# --- Sparse data
from .sparse import mantel_haenszel as mantel_haenszel
from .sparse import peto as peto
from .subgroup import Subgroups as Subgroups
from .subgroup import SubgroupTest as SubgroupTest
from .subgroup import subgroup_test as subgroup_test
from .subgroup import subgroups as subgroups
from .survival.comparison import ArmComparison as ArmComparison
from .survival.comparison import compare_survival as compare_survival
from .survival.cox import CoxFit as CoxFit
from .survival.cox import cox_regression as cox_regression
from .survival.curve import RestrictedMean as RestrictedMean
from .survival.curve import SurvivalCurve as SurvivalCurve
from .survival.curve import kaplan_meier as kaplan_meier
from .survival.curve import restricted_mean_survival as restricted_mean_survival
from .survival.hazard_ratio import HazardRatio as HazardRatio
from .survival.hazard_ratio import hazard_ratio_from_ci as hazard_ratio_from_ci
from .survival.hazard_ratio import hazard_ratio_from_log_rank as hazard_ratio_from_log_rank
from .survival.hazard_ratio import hazard_ratio_from_observed_expected as hazard_ratio_from_observed_expected
from .survival.hazard_ratio import hazard_ratio_from_p_value as hazard_ratio_from_p_value
from .survival.hazard_ratio import hazard_ratio_from_ratio_and_p as hazard_ratio_from_ratio_and_p
from .survival.log_rank import LogRankTest as LogRankTest
from .survival.log_rank import log_rank_test as log_rank_test
from .survival.options import CurveInterval as CurveInterval
from .survival.options import Favours as Favours
from .survival.options import HazardRatioSource as HazardRatioSource
from .survival.options import Ties as Ties
from .survival.reconstruction import ReconstructedPatients as ReconstructedPatients
from .survival.reconstruction import patients_from_curve as patients_from_curve
