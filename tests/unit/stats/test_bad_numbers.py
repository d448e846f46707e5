"""Whatever number is given: a result or an error of the project's tree, never another error or a warning."""

import decimal
import math

import numpy as np
import pandas as pd
import pytest

from evergrove import stats
from evergrove.errors import EvergroveError

#: A call of each function that works.
CALLS = {
    "absolute_effect": {
        "measure": "RR",
        "estimate": 0.8,
        "ci_low": 0.6,
        "ci_high": 0.95,
        "control_risk": 0.2,
    },
    "average_back_transform": {"value": 0.2, "measure": "RR", "tau2": 0.1},
    "back_transform": {"value": [0.3, 0.4], "measure": "PFT", "n": [10, 20]},
    "box_cox_estimation": {"median": 8.0, "n": 60, "q1": 4.0, "q3": 18.0},
    "quantile_estimation": {"median": 8.0, "n": 60, "q1": 4.0, "q3": 18.0},
    "skewness_test": {"median": 8.0, "n": 60, "q1": 4.0, "q3": 18.0},
    "combine_arms": {"n": [10, 20], "mean": [1.0, 2.0], "sd": [1.0, 2.0]},
    "convert_effect": {
        "measure": "OR",
        "to": "RR",
        "estimate": 0.8,
        "ci_low": 0.6,
        "ci_high": 0.95,
        "control_risk": 0.2,
    },
    "correlation_of_change": {"sd_baseline": 2.0, "sd_final": 2.0, "sd_change": 1.5},
    "correlation_to_smd": {"r": 0.3, "vi": 0.01},
    "debit_test": {"mean": "0.35", "sd": "0.18", "n": 20},
    "delta_method": {"yi": [0.1, 0.2], "vi": [0.1, 0.1], "transform": math.exp},
    "effect_from_ci": {"measure": "RR", "estimate": [0.8], "ci_low": [0.6], "ci_high": [0.95]},
    "effects_from_printed": {"estimate": [0.7, 0.8], "ci_low": [0.5, 0.6], "ci_high": [0.98, 0.99]},
    "estimate_test": {
        "estimate": "0.81",
        "ci_low": "0.70",
        "ci_high": "0.94",
        "p_value": "0.005",
        "ratio": True,
    },
    "grim_test": {"mean": "3.45", "n": 20},
    "grimmer_test": {"mean": "3.45", "sd": "1.2", "n": 20},
    "hazard_ratio_from_ci": {"estimate": 0.7, "ci_low": 0.5, "ci_high": 0.98},
    "hazard_ratio_from_log_rank": {"o_minus_e": -5.0, "variance": 12.0},
    "hazard_ratio_from_observed_expected": {
        "observed1": 20,
        "expected1": 25.0,
        "observed2": 30,
        "expected2": 25.0,
    },
    "hazard_ratio_from_p_value": {"p_value": 0.03, "favours": "first", "events1": 20, "events2": 30},
    "hazard_ratio_from_ratio_and_p": {"estimate": 0.7, "p_value": 0.03},
    "kaplan_meier": {"time": [1.0, 2, 3, 4], "event": [1, 0, 1, 1]},
    "log_odds_ratio_to_smd": {"yi": 0.3, "vi": 0.1},
    "smd_to_log_odds_ratio": {"yi": 0.3, "vi": 0.1},
    "log_rank_test": {"time": [1.0, 2, 3, 4], "event": [1, 0, 1, 1], "group": ["a", "b", "a", "b"]},
    "log_scale_from_raw": {"mean": 3.0, "sd": 1.0},
    "raw_from_log_scale": {"mean": 1.0, "sd": 0.5},
    "mean_interval": {"mean": 1.0, "sd": 2.0, "n": 10},
    "mean_sd_from_five_numbers": {
        "minimum": 1.0,
        "q1": 3.0,
        "median": 5.0,
        "q3": 8.0,
        "maximum": 14.0,
        "n": 50,
    },
    "mean_sd_from_median_iqr": {"q1": 3.0, "median": 5.0, "q3": 8.0, "n": 50},
    "mean_sd_from_median_range": {"minimum": 1.0, "median": 5.0, "maximum": 14.0, "n": 50},
    "means_from_quantiles": {"n": [50, 60], "median": [5.0, 6.0], "q1": [3.0, 4.0], "q3": [8.0, 9.0]},
    "number_needed": {"difference": -0.1, "ci_low": -0.15, "ci_high": -0.05},
    "number_needed_to_treat": {"difference": -0.1},
    "odds_ratio_to_risk_ratio": {"or_": 0.8, "control_risk": 0.2},
    "optimal_information_size": {"control_risk": 0.2, "relative_reduction": 0.2},
    "optimal_information_size_continuous": {"difference": 0.5, "sd": 1.0},
    "p_value_test": {"kind": "t", "statistic": "2.1", "p_value": "0.04", "df2": 40},
    "patients_from_curve": {
        "time": [0.0, 1, 2, 3],
        "survival": [1.0, 0.9, 0.8, 0.6],
        "risk_times": [0.0, 2.0],
        "at_risk": [50, 38],
    },
    "percentage_test": {"percent": "33.3", "n": 30},
    "proportion_interval": {"events": 3, "n": 20},
    "rate_interval": {"events": 3, "time": 20.0},
    "quartile_skewness": {"q1": 1.0, "median": 2.0, "q3": 4.0},
    "restricted_mean_survival": {"time": [1.0, 2, 3, 4], "event": [1, 0, 1, 1], "horizon": 3.0},
    "compare_survival": {"first": ([1.0, 2, 3, 4], [1, 0, 1, 1]), "second": ([2.0, 2.5, 3, 5], [1, 0, 1, 1])},
    "cox_regression": {
        "time": [1.0, 2, 3, 4, 5, 6],
        "event": [1, 0, 1, 1, 1, 1],
        "covariates": [[0.0], [1.0], [0.0], [1.0], [1.0], [0.0]],
    },
    "risk_ratio_of": {"measure": "OR", "estimate": 0.8, "control_risk": 0.2},
    "reconstruct_sample": {"mean": "3.45", "sd": "1.2", "n": 20, "minimum": 1, "maximum": 7, "rng": 1},
    "sd_bounds": {"mean": 3.0, "minimum": 1.0, "maximum": 7.0, "n": 20},
    "sd_bounds_test": {"mean": "3.00", "sd": "1.2", "minimum": 1.0, "maximum": 7.0, "n": 20},
    "sd_from_ci": {"ci_low": 1.0, "ci_high": 2.0, "n": 20},
    "sd_from_difference": {"se": 0.3, "n1": 10, "n2": 12},
    "sd_from_se": {"se": 0.3, "n": 10},
    "sd_of_change": {"sd_baseline": 2.0, "sd_final": 2.0, "correlation": 0.5},
    "se_from_ci": {"ci_low": 1.0, "ci_high": 2.0},
    "se_from_p_value": {"estimate": 0.5, "p_value": 0.03},
    "se_from_statistic": {"estimate": 0.5, "statistic": 2.0},
    "smd_from_t": {"t": 2.0, "n1": 10, "n2": 12},
    "smd_to_correlation": {"yi": 0.3, "vi": 0.1, "n1": 10, "n2": 12},
    "t_from_smd": {"d": 0.3, "n1": 10, "n2": 12},
    "split_arm": {"n": 30, "shares": 2, "events": 7},
    "spread_reading_test": {
        "means": ("10.1", "12.3"),
        "spreads": ("0.7", "0.8"),
        "n": (20, 22),
        "p_value": "0.04",
    },
    "subgroups": {"yi": [0.1, 0.2, 0.3, 0.4], "vi": [0.1, 0.1, 0.1, 0.1], "groups": ["a", "a", "b", "b"]},
    "tables_from_margins": {"n": [100], "row1": [50], "column1": [30], "odds_ratio": [2.0]},
    "terminal_digit_test": {"values": ["1.23", "4.56", "7.89", "2.34"] * 5},
    "repeated_values": {"reports": {"a": {"x": "1.234"}, "b": {"x": "1.234"}}},
    "influence_diagnostics": {
        "yi": [0.1, 0.2, 0.3, 0.4],
        "vi": [0.1] * 4,
        "design": None,
        "labels": ["a", "b", "c", "d"],
    },
    "baujat": {"yi": [0.1, 0.2, 0.3, 0.4], "vi": [0.1] * 4},
    "leave_one_out": {"fit": stats.pool([0.1, 0.2, 0.3], [0.1] * 3)},
    "cumulative": {"fit": stats.pool([0.1, 0.2, 0.3], [0.1] * 3), "order": [3, 1, 2]},
    "measure_facts": {"measure": "RR"},
    "scale_of": {"measure": "RR"},
    "subgroup_test": {
        "results": {"a": stats.pool([0.1, 0.2], [0.1] * 2), "b": stats.pool([0.3, 0.2], [0.1] * 2)}
    },
}
STRANGE = (
    *(
        math.nan,
        math.inf,
        -math.inf,
        0,
        -1,
        1e308,
        -1e308,
        5e-324,
        10**400,
        None,
        "x",
        "",
        True,
        1j,
        object(),
    ),
    *([], [1, 2], [math.nan, 1.0], [[1.0, 2.0]], {"a": 1}, decimal.Decimal("0.5"), np.float64(0.5)),
    *(np.array([0.1, 0.2]), np.ma.masked_array([1.0, 2.0], [True, False]), pd.Series([1.0, 2.0])),
)


@pytest.mark.parametrize("name", CALLS)
def test_a_result_or_a_refusal(name):
    function, arguments, refusals = getattr(stats, name), CALLS[name], []
    function(**arguments)
    for argument in arguments:
        for value in STRANGE:
            try:
                found = function(**{**arguments, argument: value})
            except EvergroveError as error:
                refusals.append(str(error))
                continue
            if hasattr(found, "to_dict"):
                assert found.to_dict()
                assert repr(found)
    assert refusals
    assert all("allowed" in refusal for refusal in refusals)
