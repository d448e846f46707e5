# --- Effect sizes, their scales and single proportions
# --- Conversions
from .absolute import AbsoluteEffect as AbsoluteEffect
from .absolute import absolute_effect as absolute_effect

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .bias.asymmetry import RegressionTest as RegressionTest
from .bias.asymmetry import regression_test as regression_test
from .bias.clustered import multilevel_egger as multilevel_egger
from .bias.contours import FunnelContours as FunnelContours
from .bias.contours import funnel_contours as funnel_contours
from .bias.copas import CopasFit as CopasFit
from .bias.copas import CopasSelection as CopasSelection
from .bias.copas import copas_fit as copas_fit
from .bias.copas import copas_selection as copas_selection
from .bias.curve import PCurve as PCurve
from .bias.curve import p_curve as p_curve
from .bias.egger import EggerTest as EggerTest
from .bias.egger import egger_test as egger_test
from .bias.events_asymmetry import asymmetry_test as asymmetry_test
from .bias.excess import ExcessSignificance as ExcessSignificance
from .bias.excess import excess_significance as excess_significance
from .bias.fail_safe import FailSafeN as FailSafeN
from .bias.fail_safe import fail_safe_n as fail_safe_n
from .bias.limit import LimitMetaAnalysis as LimitMetaAnalysis
from .bias.limit import limit_meta_analysis as limit_meta_analysis
from .bias.options import Alternative as Alternative
from .bias.options import AsymmetryMethod as AsymmetryMethod
from .bias.options import AsymmetryModel as AsymmetryModel
from .bias.options import ClusterTest as ClusterTest
from .bias.options import ExcessTest as ExcessTest
from .bias.options import FailSafeMethod as FailSafeMethod
from .bias.options import LimitMethod as LimitMethod
from .bias.options import MissingEstimator as MissingEstimator
from .bias.options import PetRule as PetRule
from .bias.options import Precision as Precision
from .bias.options import PUniformMethod as PUniformMethod
from .bias.options import ScoreVariance as ScoreVariance
from .bias.options import SelectionWeights as SelectionWeights
from .bias.options import Side as Side
from .bias.options import TieRanks as TieRanks
from .bias.pet import AdequatelyPowered as AdequatelyPowered
from .bias.pet import PetPeese as PetPeese
from .bias.pet import adequately_powered_mean as adequately_powered_mean
from .bias.pet import pet_peese as pet_peese
from .bias.rank import RankTest as RankTest
from .bias.rank import rank_test as rank_test
from .bias.selection import selection_model as selection_model
from .bias.selection_result import SelectionModel as SelectionModel
from .bias.trim import TrimAndFill as TrimAndFill
from .bias.trim import trim_and_fill as trim_and_fill
from .bias.uniform import PUniform as PUniform
from .bias.uniform import p_uniform as p_uniform
from .bias.uniform_star import PUniformStar as PUniformStar
from .bias.uniform_star import p_uniform_star as p_uniform_star
from .conversions import number_needed_to_treat as number_needed_to_treat
from .conversions import odds_ratio_to_risk_ratio as odds_ratio_to_risk_ratio
from .conversions import sd_from_ci as sd_from_ci
from .conversions import sd_from_se as sd_from_se
from .conversions import sd_of_change as sd_of_change
from .conversions import se_from_ci as se_from_ci

# --- Dependence: multilevel, multivariate, robust, dose-response
from .dependence.fitting import multilevel as multilevel
from .dependence.fitting import three_level as three_level
from .dependence.heterogeneity import i2_by_level as i2_by_level
from .dependence.multilevel_result import MultilevelResult as MultilevelResult
from .dependence.robust_moments import robust_variance as robust_variance
from .dependence.robust_tests import RobustResult as RobustResult
from .dependence.robust_tests import robust as robust

# --- Integrity
# --- Random effects and heterogeneity
from .diagnostic import Diagnostic as Diagnostic
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
from .regression.fitting import meta_regression as meta_regression
from .regression.prediction import Prediction as Prediction
from .regression.prediction import predict_effects as predict_effects
from .regression.regression_result import MetaRegressionResult as MetaRegressionResult
from .regression.splines import rcs as rcs
from .sample_size import optimal_information_size as optimal_information_size
from .sample_size import optimal_information_size_continuous as optimal_information_size_continuous
from .scales import back_transform as back_transform
from .scales import scale_of as scale_of

# --- Small-study effects and bias
# --- Many meta-analyses at once, simulation
# --- Sparse data
from .sparse import mantel_haenszel as mantel_haenszel
from .sparse import peto as peto
from .subgroup import Subgroups as Subgroups
from .subgroup import SubgroupTest as SubgroupTest
from .subgroup import subgroup_test as subgroup_test
from .subgroup import subgroups as subgroups
