from . import stats as stats
from ._version import __version__ as __version__
from .services.build import build as build
from .services.check import check as check
from .services.review import open_review as open_review

# --- Conversions
from .stats.absolute import absolute_effect as absolute_effect

# --- Effect sizes, their scales and single proportions
from .stats.effects import effect_size as effect_size

# --- Moderators, influence
from .stats.influence import leave_one_out as leave_one_out
from .stats.medians import mean_sd_from_median_iqr as mean_sd_from_median_iqr

# --- Integrity
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
from .stats.sparse.beta_binomial_pooling import beta_binomial as beta_binomial
from .stats.sparse.combined_p_values import combined_odds_ratio as combined_odds_ratio
from .stats.sparse.event_regression import event_regression as event_regression
from .stats.sparse.exact_conditional import exact_odds_ratio as exact_odds_ratio
from .stats.sparse.glmm_pooling import glmm as glmm
from .stats.sparse.mantel_haenszel_pooling import mantel_haenszel as mantel_haenszel
from .stats.sparse.mantel_haenszel_pooling import mantel_haenszel_rates as mantel_haenszel_rates
from .stats.sparse.peto_pooling import arcsine_difference as arcsine_difference
from .stats.sparse.peto_pooling import peto as peto
from .stats.sparse.sample_size_pooling import sample_size_weighted as sample_size_weighted
from .stats.sparse.stratified_tests import cochran_mantel_haenszel_test as cochran_mantel_haenszel_test
from .stats.sparse.stratified_tests import homogeneity_test as homogeneity_test
from .stats.subgroup import subgroup_test as subgroup_test
from .stats.subgroup import subgroups as subgroups
