from . import stats as stats
from ._version import __version__ as __version__
from .services.build import build as build
from .services.check import check as check
from .services.review import open_review as open_review

# --- Conversions
from .stats.absolute import absolute_effect as absolute_effect

# --- Dependence: multilevel, multivariate, robust, dose-response
# --- Small-study effects and bias
from .stats.bias.asymmetry import regression_test as regression_test
from .stats.bias.copas import copas_selection as copas_selection
from .stats.bias.curve import p_curve as p_curve
from .stats.bias.egger import egger_test as egger_test
from .stats.bias.events_asymmetry import asymmetry_test as asymmetry_test
from .stats.bias.excess import excess_significance as excess_significance
from .stats.bias.fail_safe import fail_safe_n as fail_safe_n
from .stats.bias.limit import limit_meta_analysis as limit_meta_analysis
from .stats.bias.pet import pet_peese as pet_peese
from .stats.bias.rank import rank_test as rank_test
from .stats.bias.selection import selection_model as selection_model
from .stats.bias.trim import trim_and_fill as trim_and_fill
from .stats.bias.uniform import p_uniform as p_uniform
from .stats.bias.uniform_star import p_uniform_star as p_uniform_star

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
