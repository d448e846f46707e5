"""Standard deviations, arms, printed statistics and tables: worked numbers, edges, errors."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError


def test_the_handbooks_chain_from_a_p_value_to_an_sd():
    # Cochrane Handbook 6.5.2.3: difference 3.8, p = 0.008, 25 and 22 patients: t 2.78, SE 1.37, SD 4.69
    se = stats.se_from_p_value(3.8, 0.008, df=45)
    assert se == pytest.approx(1.37, abs=0.005)
    assert stats.sd_from_difference(se, 25, 22) == pytest.approx(4.69, abs=0.02)


def test_a_tiny_p_value_keeps_its_digits():
    z = 12.0
    p = math.erfc(z / math.sqrt(2.0))
    assert stats.se_from_p_value(2.4, p) == pytest.approx(0.2, rel=1e-10)


def test_three_sds_that_no_correlation_joins():
    with pytest.raises(DataError, match="allowed: an SD of the change from 1 to 9"):
        stats.correlation_of_change(4.0, 5.0, 0.4)


def test_joining_arms_is_what_all_patients_together_give():
    rng = np.random.default_rng(5)
    arms = [rng.normal(mean, 3, size) for mean, size in ((10, 7), (14, 20), (9, 11))]
    found = stats.combine_arms(
        [a.size for a in arms], mean=[a.mean() for a in arms], sd=[a.std(ddof=1) for a in arms]
    )
    everyone = np.concatenate(arms)
    assert (found.mean, found.sd, found.n) == pytest.approx((everyone.mean(), everyone.std(ddof=1), 38))
    assert stats.combine_arms([10, 12], events=[3, 4]).events == 7


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.combine_arms([10], events=[3]),
        lambda: stats.combine_arms([10, 12], events=[3, 14]),
        lambda: stats.combine_arms([10, 12], mean=[3, 14]),
        lambda: stats.combine_arms([10, 12], mean=[3, 4], sd=[1, -1]),
        lambda: stats.combine_arms([10, 12], mean=[3, 4], sd=[1, np.nan]),
        lambda: stats.combine_arms([10, 12], mean=[3, 4], sd=[1, 1], events=[1, 1]),
        lambda: stats.split_arm(10, 1),
        lambda: stats.split_arm(10, 2, events=11),
        lambda: stats.split_arm(10, [1.0, -1.0]),
        lambda: stats.se_from_p_value(1.0, 0.0),
        lambda: stats.se_from_p_value(1.0, 1.0),
        lambda: stats.se_from_p_value(0.0, 0.5),
        lambda: stats.se_from_statistic(1.0, 0.0),
        lambda: stats.sd_from_difference(-1.0, 5, 5),
        lambda: stats.se_from_ci(0.1, 0.4, df=0),
        lambda: stats.log_scale_from_raw(0.0, 1.0),
        lambda: stats.raw_from_log_scale(0.0, -1.0),
        lambda: stats.effects_from_printed(log=True),
        lambda: stats.effects_from_printed(estimate=[1.0], ci_low=[2.0], ci_high=[1.0]),
        lambda: stats.effects_from_printed(estimate=[1.0], p_value=[1.2]),
        lambda: stats.effects_from_printed(estimate=[-1.0], p_value=[0.2], log=True),
        lambda: stats.effects_from_printed(estimate=[1.0], se=[0.0]),
        lambda: stats.effects_from_printed(estimate=[1.0], ci_low=[0.0, 1.0]),
        lambda: stats.delta_method([0.0], [0.1], math.log),
        lambda: stats.delta_method([1.0], [-0.1], math.log),
        lambda: stats.tables_from_margins([100], [120], [30], phi=[0.1]),
        lambda: stats.tables_from_margins([100], [50], [-3], phi=[0.1]),
        lambda: stats.tables_from_margins([100], [50], [30], phi=[1.1]),
        lambda: stats.tables_from_margins([100], [50], [30], odds_ratio=[0.0]),
    ],
)
def test_numbers_that_cannot_be_are_refused(call):
    with pytest.raises(DataError, match="allowed"):
        call()


def test_shares_of_a_control_add_up():
    shares = stats.split_arm(61, [30, 60, 31], events=7, whole=True)
    assert sum(shares.n) == 61
    assert sum(shares.events) == 7
    assert stats.split_arm(10, 4).n == (2.5,) * 4


def test_the_most_exact_source_decides_and_is_named():
    found = stats.effects_from_printed(
        estimate=[0.5, 0.5, 0.5, 0.0, None],
        se=[0.1, None, None, None, None],
        ci_low=[0.0, 0.3, None, None, 0.2],
        ci_high=[1.0, 0.7, None, None, 0.6],
        statistic=[9.0, 9.0, 2.5, 0.0, None],
        p_value=[0.5, 0.5, 0.5, 1.0, None],
    )
    assert found.sources == ("standard error", "interval", "statistic", "", "interval")
    assert found.yi[4] == pytest.approx(0.4)
    codes = {remark.code: remark.where for remark in found.diagnostics}
    assert codes == {"estimate-from-interval": "row 4", "no-variance": "row 3"}
    assert "row 3: no variance" in found.summary()


def test_an_interval_off_its_estimate_is_named():
    found = stats.effects_from_printed(estimate=[2.0], ci_low=[1.0], ci_high=[4.0])
    assert found.diagnostics[0].code == "interval-not-symmetric"
    assert not stats.effects_from_printed(estimate=[2.0], ci_low=[1.0], ci_high=[4.0], log=True).diagnostics


def test_an_odds_ratio_of_one_is_the_table_of_independence():
    table = stats.tables_from_margins([100], [50], [30], odds_ratio=[1.0])
    assert [float(cell[0]) for cell in (table.a, table.b, table.c, table.d)] == [15, 35, 15, 35]


def test_numbers_that_give_no_table_leave_a_reason():
    table = stats.tables_from_margins([20, 20, 0], [10, np.nan, 0], [2, 3, 0], phi=[-0.9, 0.1, 0.1])
    assert "below 0" in table.reasons[0]
    assert table.reasons[1:] == ("a number is missing", "a number is missing")
    assert np.isnan(table.a).all()


def test_the_delta_method_takes_a_given_derivative():
    numeric = stats.delta_method([0.3, np.nan], [0.04, 0.1], math.exp)
    given = stats.delta_method([0.3, np.nan], [0.04, 0.1], math.exp, derivative=math.exp)
    assert numeric.vi[0] == pytest.approx(given.vi[0], rel=1e-9)
    assert np.isnan(given.vi[1])
    assert given.diagnostics[0].where == "row 1"
