from . import stats as stats
from ._version import __version__ as __version__
from .services.build import build as build
from .services.check import check as check
from .services.review import open_review as open_review
from .stats.conversions.absolute import absolute_effect as absolute_effect

# --- Conversions
from .stats.conversions.arms import combine_arms as combine_arms
from .stats.conversions.five_numbers import means_from_quantiles as means_from_quantiles
from .stats.conversions.medians import mean_sd_from_median_iqr as mean_sd_from_median_iqr
from .stats.conversions.ratios import convert_effect as convert_effect
from .stats.conversions.two_by_two import tables_from_margins as tables_from_margins
from .stats.conversions.wald import effects_from_printed as effects_from_printed

# --- Effect sizes, their scales and single proportions
from .stats.effects import effect_size as effect_size

# --- Moderators, influence
from .stats.influence import leave_one_out as leave_one_out

# --- Integrity
from .stats.integrity.baseline import baseline_test as baseline_test
from .stats.integrity.granularity import grim_test as grim_test
from .stats.integrity.granularity import grimmer_test as grimmer_test
from .stats.integrity.p_values import estimate_test as estimate_test
from .stats.integrity.p_values import p_value_test as p_value_test

# --- Random effects and heterogeneity
from .stats.pooling import pool as pool
from .stats.printed_intervals import effect_from_ci as effect_from_ci
from .stats.proportions import proportion_interval as proportion_interval
from .stats.scales import back_transform as back_transform

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .stats.small_study import egger_test as egger_test

# --- Many meta-analyses at once, simulation
# --- Sparse data
from .stats.sparse import mantel_haenszel as mantel_haenszel
from .stats.sparse import peto as peto
from .stats.subgroup import subgroup_test as subgroup_test
from .stats.subgroup import subgroups as subgroups
from .stats.survival.comparison import compare_survival as compare_survival
from .stats.survival.cox import cox_regression as cox_regression
from .stats.survival.curve import kaplan_meier as kaplan_meier
from .stats.survival.log_rank import log_rank_test as log_rank_test
from .stats.survival.reconstruction import patients_from_curve as patients_from_curve
