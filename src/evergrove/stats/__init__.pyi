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
from .diagnostic import Diagnostic as Diagnostic
from .display.density_plots import drapery_plot as drapery_plot
from .display.density_plots import rainforest_plot as rainforest_plot
from .display.event_plots import labbe_plot as labbe_plot

# --- Figures
from .display.forests import forest_plot as forest_plot
from .display.funnels import funnel_plot as funnel_plot
from .display.funnels import radial_plot as radial_plot
from .display.influence_plots import baujat_plot as baujat_plot
from .display.influence_plots import gosh_plot as gosh_plot
from .display.moderator_plots import bubble_plot as bubble_plot
from .display.moderator_plots import orchard_plot as orchard_plot
from .effect_sizes import EffectSizes as EffectSizes
from .effect_sizes import StudyIntervals as StudyIntervals
from .effects.averaging import average_back_transform as average_back_transform
from .effects.calculation import effect_size as effect_size
from .effects.options import AddedAmount as AddedAmount
from .effects.options import BiasCorrection as BiasCorrection
from .effects.options import CorrectedCells as CorrectedCells
from .effects.options import DoubleZero as DoubleZero
from .effects.options import RateMethod as RateMethod
from .effects.single_intervals import SingleInterval as SingleInterval
from .effects.single_intervals import mean_interval as mean_interval
from .effects.single_intervals import rate_interval as rate_interval

# --- Integrity
# --- Random effects and heterogeneity
from .fit_statistics import FitCriteria as FitCriteria
from .fit_statistics import FitStatistics as FitStatistics
from .heterogeneity import Heterogeneity as Heterogeneity

# --- Moderators, influence
from .influence.case_deletion import Baujat as Baujat
from .influence.case_deletion import InfluenceDiagnostics as InfluenceDiagnostics
from .influence.case_deletion import baujat as baujat
from .influence.case_deletion import influence_diagnostics as influence_diagnostics
from .influence.refits import Cumulative as Cumulative
from .influence.refits import LeaveOneOut as LeaveOneOut
from .influence.refits import cumulative as cumulative
from .influence.refits import leave_one_out as leave_one_out
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
from .options import Tau2Interval as Tau2Interval
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
from .scales import MeasureFacts as MeasureFacts
from .scales import back_transform as back_transform
from .scales import measure_facts as measure_facts
from .scales import scale_of as scale_of

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .small_study import EggerTest as EggerTest
from .small_study import egger_test as egger_test

# --- Many meta-analyses at once, simulation
# --- Sparse data
from .sparse import mantel_haenszel as mantel_haenszel
from .sparse import peto as peto
from .subgroup import OmnibusTest as OmnibusTest
from .subgroup import Subgroups as Subgroups
from .subgroup import SubgroupTest as SubgroupTest
from .subgroup import subgroup_test as subgroup_test
from .subgroup import subgroups as subgroups
