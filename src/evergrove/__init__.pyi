from . import stats as stats
from ._version import __version__ as __version__
from .services.build import build as build
from .services.check import check as check
from .services.review import open_review as open_review

# --- Conversions
from .stats.absolute import absolute_effect as absolute_effect

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .stats.bias.egger import egger_test as egger_test
from .stats.bias.selection import selection_model as selection_model

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

# --- Many meta-analyses at once, simulation
# --- Sparse data
from .stats.sparse import mantel_haenszel as mantel_haenszel
from .stats.sparse import peto as peto
from .stats.subgroup import subgroup_test as subgroup_test
from .stats.subgroup import subgroups as subgroups
