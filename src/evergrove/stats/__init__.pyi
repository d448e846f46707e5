# --- Effect sizes, their scales and single proportions
# --- Conversions
from .absolute import AbsoluteEffect as AbsoluteEffect
from .absolute import absolute_effect as absolute_effect

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .bias.egger import EggerTest as EggerTest
from .bias.egger import egger_test as egger_test
from .bias.options import Alternative as Alternative
from .bias.options import Precision as Precision
from .bias.options import SelectionWeights as SelectionWeights
from .bias.selection import selection_model as selection_model
from .bias.selection_result import SelectionModel as SelectionModel
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
