from . import stats as stats
from ._version import __version__ as __version__
from .services.build import build as build
from .services.check import check as check
from .services.review import open_review as open_review

# --- Conversions
from .stats.absolute import absolute_effect as absolute_effect
from .stats.display.density_plots import drapery_plot as drapery_plot
from .stats.display.density_plots import rainforest_plot as rainforest_plot
from .stats.display.event_plots import labbe_plot as labbe_plot

# --- Figures
from .stats.display.forests import forest_plot as forest_plot
from .stats.display.funnels import funnel_plot as funnel_plot
from .stats.display.funnels import radial_plot as radial_plot
from .stats.display.influence_plots import baujat_plot as baujat_plot
from .stats.display.influence_plots import gosh_plot as gosh_plot
from .stats.display.moderator_plots import bubble_plot as bubble_plot
from .stats.display.moderator_plots import orchard_plot as orchard_plot

# --- Effect sizes, their scales and single proportions
from .stats.effects import effect_size as effect_size

# --- Moderators, influence
from .stats.influence.case_deletion import influence_diagnostics as influence_diagnostics
from .stats.influence.refits import cumulative as cumulative
from .stats.influence.refits import leave_one_out as leave_one_out
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
from .stats.sparse import mantel_haenszel as mantel_haenszel
from .stats.sparse import peto as peto
from .stats.subgroup import subgroup_test as subgroup_test
from .stats.subgroup import subgroups as subgroups
