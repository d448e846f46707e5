# --- Effect sizes, their scales and single proportions
# --- Conversions
from .absolute import AbsoluteEffect as AbsoluteEffect
from .absolute import absolute_effect as absolute_effect
from .conversions import number_needed_to_treat as number_needed_to_treat
from .conversions import odds_ratio_to_risk_ratio as odds_ratio_to_risk_ratio
from .conversions import sd_from_ci as sd_from_ci
from .conversions import sd_from_se as sd_from_se
from .conversions import sd_of_change as sd_of_change
from .conversions import se_from_ci as se_from_ci

# --- Dependence: multilevel, multivariate, robust, dose-response
from .dependence.aggregation import AggregatedEffects as AggregatedEffects
from .dependence.aggregation import aggregate_effects as aggregate_effects
from .dependence.fitting import multilevel as multilevel
from .dependence.fitting import three_level as three_level
from .dependence.heterogeneity import i2_by_level as i2_by_level
from .dependence.multilevel_result import MultilevelResult as MultilevelResult
from .dependence.multivariate import MultivariateMoments as MultivariateMoments
from .dependence.multivariate import multivariate_moments as multivariate_moments
from .dependence.predictions import Predictions as Predictions
from .dependence.predictions import RandomEffects as RandomEffects
from .dependence.predictions import predict_multilevel as predict_multilevel
from .dependence.predictions import random_effects as random_effects
from .dependence.predictions import variance_explained as variance_explained
from .dependence.profiles import ComponentIntervals as ComponentIntervals
from .dependence.profiles import component_intervals as component_intervals
from .dependence.profiles import likelihood_profile as likelihood_profile
from .dependence.robust_moments import robust_variance as robust_variance
from .dependence.robust_tests import RobustResult as RobustResult
from .dependence.robust_tests import robust as robust
from .dependence.sampling_covariances import impute_covariance as impute_covariance
from .dependence.sampling_covariances import vcalc as vcalc
from .dependence.shared_control import shared_control_covariance as shared_control_covariance

# --- Integrity
# --- Random effects and heterogeneity
from .diagnostic import Diagnostic as Diagnostic

# --- Dependence: dose-response
from .doses.dose_model import dose_response as dose_response
from .doses.dose_result import DoseCurve as DoseCurve
from .doses.dose_result import DoseResponse as DoseResponse
from .doses.shared_reference import DifferenceCovariance as DifferenceCovariance
from .doses.shared_reference import RatioCovariance as RatioCovariance
from .doses.shared_reference import difference_covariance as difference_covariance
from .doses.shared_reference import ratio_covariance as ratio_covariance
from .effect_sizes import EffectSizes as EffectSizes
from .effects import effect_size as effect_size

# --- Moderators, influence
from .influence import LeaveOneOut as LeaveOneOut
from .influence import leave_one_out as leave_one_out
from .medians import MeanSd as MeanSd
from .medians import SkewnessTest as SkewnessTest
from .medians import mean_sd_from_five_numbers as mean_sd_from_five_numbers
from .medians import mean_sd_from_median_iqr as mean_sd_from_median_iqr
from .medians import mean_sd_from_median_range as mean_sd_from_median_range
from .medians import quartile_skewness as quartile_skewness
from .medians import skewness_test as skewness_test

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
from .sample_size import optimal_information_size as optimal_information_size
from .sample_size import optimal_information_size_continuous as optimal_information_size_continuous
from .scales import back_transform as back_transform
from .scales import scale_of as scale_of

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
