"""Medians, quartiles and ranges to means: tables, edges, skewed rows, errors."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError
from evergrove.stats.conversions.normal_quantiles import exact_expected_range
from evergrove.stats.conversions.wan_tables import EXPECTED_RANGES

EVERY_METHOD = [str(member) for member in stats.MedianMethod]


def test_wans_first_table_is_the_exact_expected_range():
    for n, printed in enumerate(EXPECTED_RANGES, start=1):
        assert exact_expected_range(n) == pytest.approx(printed, abs=5.5e-4)


def test_the_default_with_five_numbers_is_shis():
    five = (2.0, 10.0, 14.0, 20.0, 40.0, 50)
    assert stats.mean_sd_from_five_numbers(*five) == stats.mean_sd_from_five_numbers(*five, method="luo-shi")
    assert (
        stats.mean_sd_from_five_numbers(*five).sd
        != stats.mean_sd_from_five_numbers(*five, method="luo-wan").sd
    )


@pytest.mark.parametrize("method", ["luo-shi", "wan", "quantile-estimation", "box-cox"])
def test_a_symmetric_arm_keeps_its_middle(method):
    found = stats.mean_sd_from_median_iqr(10.0, 14.0, 18.0, 80, method)
    assert found.mean == pytest.approx(14.0, rel=0.01)
    # Box-Cox cuts the normal where its power has no inverse, here at 2.3 standard deviations
    assert found.sd == pytest.approx(8.0 / 1.35, rel=0.06 if method == "box-cox" else 0.03)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("hozo", {"q1": 1.0, "q3": 4.0}),
        ("walter", {"q1": 1.0, "q3": 4.0}),
        ("bland", {"minimum": 1.0, "maximum": 4.0}),
    ],
)
def test_a_method_that_these_quantiles_do_not_have_is_refused(method, given):
    with pytest.raises(UsageError, match=f"'{method}' with"):
        stats.means_from_quantiles(30, 2.0, **given, method=method)


def test_rows_say_what_they_used_and_why_they_lack_a_mean():
    found = stats.means_from_quantiles(
        [50, 50, 50, 3, 50, np.nan],
        [14.0, 14.0, 14.0, 14.0, 14.0, 14.0],
        q1=[10.0, None, 10.0, 10.0, 10.0, 10.0],
        q3=[20.0, None, 20.0, 20.0, None, 20.0],
        minimum=[None, 2.0, 2.0, None, None, None],
        maximum=[None, 40.0, 40.0, None, None, None],
    )
    assert found.scenario == ("quartiles", "range", "five numbers", "", "", "")
    assert found.reasons[:3] == ("", "", "")
    assert "fewer than 4" in found.reasons[3]
    assert "no complete pair" in found.reasons[4]
    assert "missing" in found.reasons[5]
    assert np.isnan(found.mean[3:]).all()
    assert len(found.columns()["mean"]) == 6
    assert "3 of 6 arms" in repr(found)


def test_half_a_pair_is_not_used_in_silence():
    found = stats.means_from_quantiles([50], [14.0], q1=[10.0], q3=[20.0], minimum=[2.0], maximum=[None])
    assert "no complete pair" in found.reasons[0]
    with pytest.raises(UsageError, match="complete pairs"):
        stats.quantile_estimation(14.0, 50, q1=10.0, q3=20.0, minimum=2.0)


def test_skewed_rows_are_named_and_can_be_left_out():
    given = {"n": [60, 60], "median": [8.0, 14.0], "q1": [7.0, 10.0], "q3": [30.0, 18.0]}
    kept = stats.means_from_quantiles(**given)
    assert kept.skewed.tolist() == [True, False]
    assert kept.diagnostics[0].code == "skewed-rows"
    assert kept.diagnostics[0].where == "row 0"
    left = stats.means_from_quantiles(**given, skewed_rows="leave-out")
    assert np.isnan(left.mean[0])
    assert left.reasons == ("skewed", "")
    assert left.mean[1] == kept.mean[1]


def test_quantiles_out_of_order_name_the_row():
    with pytest.raises(DataError, match="row 1: q1"):
        stats.means_from_quantiles([50, 50], [14.0, 5.0], q1=[10.0, 10.0], q3=[20.0, 20.0])
    with pytest.raises(DataError, match="row 0: shape='log-normal'"):
        stats.means_from_quantiles([50], [1.0], q1=[0.0], q3=[2.0], shape="log-normal")
    with pytest.raises(UsageError, match="log-normal"):
        stats.means_from_quantiles([50], [1.0], q1=[0.5], q3=[2.0], shape="log-normal", method="wan")


def test_log_normal_rows_stay_on_the_log_scale_unless_asked():
    given = {"n": 100, "median": 8.0, "q1": 4.0, "q3": 16.0, "shape": "log-normal"}
    logs, raw = stats.means_from_quantiles(**given), stats.means_from_quantiles(**given, back_transform=True)
    assert (str(logs.scale), str(raw.scale)) == ("log", "natural")
    assert logs.mean[0] == pytest.approx(math.log(8.0))
    assert raw.mean[0] == pytest.approx(math.exp(logs.mean[0] + logs.sd[0] ** 2 / 2), rel=0.03)


def test_quantile_estimation_finds_the_family_that_made_the_quantiles():
    from scipy import special  # noqa: PLC0415 - here only

    p = np.array([1 / 500, 0.25, 0.5, 0.75, 1 - 1 / 500])
    low, q1, middle, q3, high = special.gammaincinv(2.5, p) * 3.0
    fit = stats.quantile_estimation(middle, 500, q1=q1, q3=q3, minimum=low, maximum=high)
    assert str(fit.family) == "gamma"
    assert (fit.mean, fit.sd) == pytest.approx((7.5, 3.0 * math.sqrt(2.5)), rel=1e-7)
    assert fit.to_dict()["fits"][0]["family"] == "gamma"


def test_quantile_estimation_at_the_edges():
    zero = stats.quantile_estimation(2.0, 40, q1=0.0, q3=5.0)
    assert [remark.code for remark in zero.diagnostics] == ["zero-replaced"]
    below = stats.quantile_estimation(0.2, 40, q1=-1.0, q3=5.0)
    assert [str(fit.family) for fit in below.fits] == ["normal"]
    assert below.diagnostics[0].code == "normal-only"
    with pytest.raises(DataError, match="3 and more"):
        stats.quantile_estimation(2.0, 40, q1=2.0, q3=5.0)
    with pytest.raises(DataError, match="another unit"):
        stats.quantile_estimation(0.002, 40, q1=0.0, q3=0.005)


def test_box_cox_needs_values_above_zero_and_apart():
    for q1, median, q3 in ((0.0, 1.0, 2.0), (1.0, 1.0, 2.0)):
        with pytest.raises(DataError, match="box-cox"):
            stats.box_cox_estimation(median, 40, q1=q1, q3=q3)
    assert (
        stats.box_cox_estimation(8.0, 60, q1=4.0, q3=40.0).power == 0.0
    )  # beyond the logarithm is held there


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_every_method_is_reached_through_the_rows(method):
    scenario = {"minimum": 2.0, "maximum": 40.0}
    if method not in {"hozo", "walter"}:
        scenario |= {"q1": 10.0, "q3": 20.0}
    found = stats.means_from_quantiles(50, 14.0, **scenario, method=method)
    assert 10 < found.mean[0] < 20
    assert 3 < found.sd[0] < 15


# metafor 4.4, recorded by others: conv.fivenum(2, 6, 9, 17, 41, n, test = FALSE, method = c("luo", "wan"))
METAFOR = {
    7: (
        (15.021544795358952, 14.29106691143328),
        (10.889285714285714, 10.103962147784886),
        (14.361220613598714, 12.197514529609084),
    ),
    30: (
        (11.972897250696676, 9.5575055212413016),
        (10.7825, 8.5626224066574625),
        (12.3038216208361, 9.0600639639493821),
    ),
    100: (
        (10.403596372036779, 7.804399930371213),
        (10.75975, 8.2742542328822122),
        (11.420082492316839, 8.0393270816267126),
    ),
}


@pytest.mark.parametrize("n", METAFOR)
def test_values_that_metafor_gave(n):
    low, q1, median, q3, high = 2, 6, 9, 17, 41
    ours = (
        stats.mean_sd_from_median_range(low, median, high, n, "luo-wan"),
        stats.mean_sd_from_median_iqr(q1, median, q3, n, "luo-wan"),
        stats.mean_sd_from_five_numbers(low, q1, median, q3, high, n, "luo-wan"),
    )
    for one, theirs in zip(ours, METAFOR[n], strict=True):
        assert one == pytest.approx(theirs, rel=1e-12)


# meta, recorded by others: mean_sd_range, mean_sd_iqr, mean_sd_iqr_range with method.mean "Luo" (and with
# method.sd "Shi") and "Wan": n, five numbers, then range, quartiles and five numbers for Luo, and for Wan
META = [
    (
        100,
        (10, 20, 25, 30, 40),
        ((25, 6.00338456182401), (25, 7.5187969924812), (25, 6.80210686721277)),
        ((25, 6.00338456182401), (25, 7.5187969924812), (25, 6.76109077715261)),
    ),
    (
        50,
        (2, 5, 8, 14, 40),
        (
            (10.28040015491938, 8.44819919964429),
            (9.0617, 6.85453160700686),
            (10.28610905169996, 7.79345007584358),
        ),
        ((14.63, 8.44819919964429), (9, 6.85453160700686), (12, 7.65136540332557)),
    ),
    (
        12,
        (1, 3, 4, 7, 15),
        (
            (5.53147864510709, 4.29579625652041),
            (4.7325, 3.3167495854063),
            (5.5340826045056, 4.06143324928641),
        ),
        ((6.16666666666667, 4.29579625652041), (4.66666666666667, 3.3167495854063), (5.5, 3.80627292096335)),
    ),
    (
        300,
        (0, 2, 5, 9, 30),
        (
            (5.52573234814947, 5.23464472025893),
            (5.35065, 5.21440049246309),
            (5.63053194846461, 5.22083802003917),
        ),
        (
            (10.01666666666667, 5.23464472025893),
            (5.33333333333333, 5.21440049246309),
            (7.75, 5.22452260636101),
        ),
    ),
]


@pytest.mark.parametrize("case", META, ids=lambda case: f"n={case[0]}")
def test_values_that_meta_gave(case):
    n, (low, q1, median, q3, high), luo, wan = case
    for method, theirs in (("luo-shi", luo), ("wan-n", wan)):
        ours = (
            stats.mean_sd_from_median_range(low, median, high, n, method, "tables"),
            stats.mean_sd_from_median_iqr(q1, median, q3, n, method, "tables"),
            stats.mean_sd_from_five_numbers(low, q1, median, q3, high, n, method, "tables"),
        )
        for one, other in zip(ours, theirs, strict=True):
            assert one == pytest.approx(other, rel=1e-10)


def test_values_that_estmeansd_gave():
    # its README: qe.mean.sd and bc.mean.sd (min.val = 2, med.val = 4, max.val = 9, n = 100)
    fit = stats.quantile_estimation(4.0, 100, minimum=2.0, maximum=9.0)
    assert (fit.mean, fit.sd) == pytest.approx((4.347284, 1.502171), abs=2e-5)  # its optimiser stops early
    power = stats.box_cox_estimation(4.0, 100, minimum=2.0, maximum=9.0)
    assert (power.mean, power.sd) == pytest.approx((4.204881, 1.277236), abs=0.04)  # simulated there


def test_a_family_that_will_not_fit_is_named(monkeypatch):
    from evergrove.errors import ConvergenceError  # noqa: PLC0415
    from evergrove.stats.conversions import nearest_distribution  # noqa: PLC0415

    def never(q, p):
        raise ConvergenceError("no start")

    monkeypatch.setitem(nearest_distribution.FAMILIES, stats.QuantileFamily.GAMMA, never)
    fit = stats.quantile_estimation(8.0, 60, q1=4.0, q3=18.0)
    assert "gamma" not in {str(one.family) for one in fit.fits}
    assert fit.diagnostics[0].code == "family-not-fitted"
    assert fit.diagnostics[0].where == "gamma"
