"""Every result of conversions, survival and integrity is one line, a table, JSON and a frame."""

import json

import pytest

from evergrove import stats

PATIENTS = ([1, 3, 4, 6, 2, 5, 7, 8], [1, 1, 1, 0, 1, 1, 0, 1])
ARMS = list("aaaabbbb")
RESULTS = {
    "EstimatedMeans": lambda: stats.means_from_quantiles(
        [50, 3], [14.0, 2.0], q1=[10.0, 1.0], q3=[20.0, 3.0]
    ),
    "QuantileFit": lambda: stats.quantile_estimation(8.0, 60, q1=4.0, q3=18.0),
    "BoxCoxFit": lambda: stats.box_cox_estimation(8.0, 60, q1=4.0, q3=18.0),
    "SkewnessTest": lambda: stats.skewness_test(8.0, 60, q1=4.0, q3=18.0),
    "ConvertedEffects": lambda: stats.effects_from_printed(estimate=[1.0, 2.0], se=[0.1, None]),
    "ReconstructedTables": lambda: stats.tables_from_margins([100, 9], [50, 5], [30, 3], phi=[0.1, None]),
    "ConvertedEffect": lambda: stats.convert_effect("OR", "RR", 0.5, 0.3, 0.8, 0.4),
    "NumberNeeded": lambda: stats.number_needed(-0.05, -0.12, 0.02),
    "CombinedArm": lambda: stats.combine_arms([20, 30], events=[1, 2]),
    "SplitArm": lambda: stats.split_arm(61, 2, events=7),
    "AbsoluteEffect": lambda: stats.absolute_effect("RR", 0.8, 0.6, 1.1, 0.25),
    "SurvivalCurve": lambda: stats.kaplan_meier(*PATIENTS),
    "RestrictedMean": lambda: stats.restricted_mean_survival(*PATIENTS, 4.0),
    "LogRankTest": lambda: stats.log_rank_test(*PATIENTS, ARMS),
    "CoxFit": lambda: stats.cox_regression(*PATIENTS, [arm == "a" for arm in ARMS]),
    "ArmComparison": lambda: stats.compare_survival(PATIENTS, PATIENTS),
    "HazardRatio": lambda: stats.hazard_ratio_from_ci(0.7, 0.5, 0.98),
    "ReconstructedPatients": lambda: stats.patients_from_curve(
        [0, 2, 2, 5], [1, 1, 0.8, 0.8], [0, 4], [10, 8]
    ),
    "IntegrityCheck": lambda: stats.grim_test("5.19", 28),
    "ReconstructedSample": lambda: stats.reconstruct_sample("3.25", "1.37", 20, 1, 5, rng=1),
    "BaselineTest": lambda: stats.baseline_test([stats.CountsRow("women", ((20, 30), (25, 27)))], rng=1),
    "RepeatedValues": lambda: stats.repeated_values({"A": {"x": "1.23"}, "B": {"y": "1.23"}}),
    "TerminalDigits": lambda: stats.terminal_digit_test(["1.23", "4.56"]),
}


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_result_can_be_shown_and_kept(name):
    result = RESULTS[name]()
    assert type(result).__name__ == name
    assert "\n" not in repr(result)
    assert result.summary()
    kept = json.loads(json.dumps(result.to_dict()))
    assert kept["schema_version"] == 1
    assert len({len(values) for values in result.columns().values()}) == 1
    assert "<table>" in result._repr_html_()
    assert len(result.to_frame("pandas")) == len(next(iter(result.columns().values())))
