"""Edges of the bias family: what is refused, what is said, what must hold on paper."""

import math

import numpy as np
import pytest
from scipy import special

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

Y = [0.1, 0.3, 0.35, 0.65, 0.5, 0.2, 0.45, 0.8, 0.05, 0.6, 0.15, 0.4]
V = [0.01, 0.03, 0.05, 0.09, 0.1, 0.02, 0.04, 0.12, 0.008, 0.07, 0.015, 0.06]
BCG = {
    "events1": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    "n1": [123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913],
    "events2": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    "n2": [139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854],
}
OF_EFFECTS = [
    stats.regression_test,
    stats.rank_test,
    stats.trim_and_fill,
    stats.limit_meta_analysis,
    stats.pet_peese,
    stats.selection_model,
    stats.unreported_bound,
]
#: Those that say when there are fewer than ten studies.
ADVISED = [function for function in OF_EFFECTS if function is not stats.unreported_bound]


def codes(result):
    """The codes of a result's remarks."""
    return {remark.code for remark in result.diagnostics}


@pytest.mark.parametrize("function", [*OF_EFFECTS, stats.p_uniform, stats.p_uniform_star, stats.fail_safe_n])
def test_variances_that_cannot_be_are_refused_by_row(function):
    with pytest.raises(DataError, match="row 1"):
        function([0.1, 0.2, 0.3], [0.1, -0.1, 0.2])
    with pytest.raises(DataError, match="row 2"):
        function([0.1, 0.2, math.nan], [0.1, 0.1, 0.2])
    with pytest.raises(DataError, match="different length"):
        function([0.1, 0.2], [0.1, 0.1, 0.2])


@pytest.mark.parametrize("function", OF_EFFECTS)
def test_two_studies_are_too_few(function):
    with pytest.raises(TooFewStudiesError):
        function([0.1, 0.2], [0.1, 0.3])


@pytest.mark.parametrize(
    "function",
    [stats.regression_test, stats.rank_test, stats.limit_meta_analysis, stats.pet_peese, stats.trim_and_fill],
)
def test_one_precision_for_all_leaves_nothing_to_test(function):
    with pytest.raises(DataError, match=r"one (precision|variance)"):
        function(Y, [0.1] * len(Y))


@pytest.mark.parametrize(
    "function",
    [*ADVISED, stats.excess_significance],
)
def test_fewer_than_ten_studies_are_said(function):
    assert "few-studies" in codes(function(Y[:8], V[:8]))
    assert "few-studies" not in codes(function(Y, V))


def test_the_multiplicative_test_is_eggers():
    egger, test = stats.egger_test(Y, V), stats.regression_test(Y, V, model="multiplicative")
    assert (test.slope, test.p_value, test.intercept) == (egger.slope, egger.p_value, egger.limit_estimate)
    # the classical form: y / se on 1 / se
    z, precision = np.array(Y) / np.sqrt(V), 1.0 / np.sqrt(V)
    assert egger.slope == pytest.approx(np.polyfit(precision, z, 1)[1], rel=1e-10)


def test_sample_sizes_are_asked_for_where_they_are_needed():
    with pytest.raises(UsageError, match="n: found none"):
        stats.regression_test(Y, V, predictor="1/n")
    with pytest.raises(DataError, match="row 0"):
        stats.regression_test(Y, V, predictor="1/n", n=[0, *range(10, 21)])
    assert stats.regression_test(Y, V, predictor=np.sqrt(V)).slope == stats.regression_test(Y, V).slope


@pytest.mark.parametrize("model", ["random", "common", "multiplicative"])
def test_asymmetry_beside_moderators(model):
    x = np.arange(len(Y)) % 3
    plain = stats.regression_test(Y, V, model=model)
    moved = stats.regression_test(np.array(Y) + 2.0 * x, V, model=model, moderators=x)
    held = stats.regression_test(Y, V, model=model, moderators=x[:, np.newaxis])
    assert plain.limit
    assert not held.limit
    assert moved.slope == pytest.approx(held.slope, rel=1e-6)
    assert held.options["moderators"] == 1
    if model == "multiplicative":
        assert held.df == plain.df - 1
    with pytest.raises(DataError, match="give the predictor away"):
        stats.regression_test(Y, V, model=model, moderators=np.sqrt(V))
    with pytest.raises(TooFewStudiesError, match="4 or more"):
        stats.regression_test(Y[:3], V[:3], model=model, moderators=[1, 0, 1])


def test_tied_values_have_no_exact_test():
    with pytest.raises(UsageError, match="tied"):
        stats.rank_test([0.1, 0.2, 0.3, 0.4], [0.1, 0.1, 0.2, 0.3], exact=True)
    test = stats.rank_test([0.1, 0.2, 0.3, 0.4], [0.1, 0.1, 0.2, 0.3])
    assert not test.exact
    assert "ties" in codes(test)


def test_events_are_needed_and_rows_without_them_are_named():
    with pytest.raises(UsageError, match="no events"):
        stats.asymmetry_test("harbord", yi=Y, vi=V)
    with pytest.raises(UsageError, match="n1 and n2"):
        stats.asymmetry_test("pustejovsky", yi=Y, vi=V)
    with pytest.raises(UsageError, match="one of the two"):
        stats.asymmetry_test("egger", yi=Y, vi=V, **BCG)
    with pytest.raises(UsageError, match="together"):
        stats.asymmetry_test("harbord", events1=[1, 2, 3], n1=[9, 9, 9], events2=[1, 2, 3])
    with pytest.raises(DataError, match="whole number"):
        stats.asymmetry_test("schwarzer", **{**BCG, "events1": [4.5, *BCG["events1"][1:]]})
    empty = {name: [*values, 40 if name.startswith("n") else 0] for name, values in BCG.items()}
    for method in ("harbord", "peters", "egger", "schwarzer"):
        test = stats.asymmetry_test(method, **empty)
        assert "rows-left-out" in codes(test)
        assert next(remark.where for remark in test.diagnostics if remark.code == "rows-left-out") == "row 13"
        assert test.p_value == stats.asymmetry_test(method, **BCG).p_value


def test_an_arm_without_events_is_corrected_only_where_effects_are_used():
    sparse = {**BCG, "events1": [0, *BCG["events1"][1:]]}
    assert "zero-cells-corrected" in codes(stats.asymmetry_test("egger", **sparse))
    assert "zero-cells-corrected" not in codes(stats.asymmetry_test("harbord", **sparse))
    assert stats.asymmetry_test("arcsine-egger", **sparse).k == 13


def test_a_symmetric_funnel_is_left_alone():
    y = [-0.4, -0.2, 0.0, 0.2, 0.4, -0.1, 0.1]
    v = [0.04, 0.02, 0.001, 0.02, 0.04, 0.01, 0.01]
    found = stats.trim_and_fill(y, v, side="left", model="common")
    assert found.missing == 0
    assert found.estimate == found.unfilled.estimate
    assert found.columns()["imputed"].sum() == 0


def test_imputed_studies_mirror_the_most_extreme_and_stay_in_their_range():
    found = stats.trim_and_fill(Y, V, model="common", side="left")
    assert found.missing > 0
    mirror = 2 * found.centre - np.array(Y)[found.mirrored]
    assert found.imputed_yi == pytest.approx(mirror)
    assert sorted(np.array(Y)[found.mirrored]) == sorted(Y)[-found.missing :]
    limited = stats.trim_and_fill(Y, V, model="common", side="left", limits=(0.0, 1.0))
    assert limited.imputed_yi.min() >= 0.0
    with pytest.raises(UsageError, match="limits"):
        stats.trim_and_fill(Y, V, limits=(1.0, 0.0))
    flipped = stats.trim_and_fill([-y for y in Y], V, model="common", side="right")
    assert flipped.estimate == pytest.approx(-found.estimate, rel=1e-12)


def test_fail_safe_n_says_what_it_did_with_the_target():
    turned = stats.fail_safe_n(Y, V, method="orwin", target=-0.1)
    assert turned.target == 0.1
    assert "target-sign-turned" in codes(turned)
    assert stats.fail_safe_n(Y, V, method="orwin").n == len(Y)
    nothing = stats.fail_safe_n(Y, V, method="orwin", target=0.0)
    assert math.isinf(nothing.n)
    assert "very-large" in codes(nothing)
    assert stats.fail_safe_n([0.01, -0.02, 0.01], [0.1, 0.2, 0.3], method="general").n == 0
    for options in ({"target": 0.1}, {"method": "rosenberg", "target": 0.1}):
        with pytest.raises(UsageError, match="target"):
            stats.fail_safe_n(Y, V, **options)
    with pytest.raises(UsageError, match="vi"):
        stats.fail_safe_n(Y)
    with pytest.raises(TooFewStudiesError):
        stats.fail_safe_n([0.1], [0.1])


def test_fishers_fail_safe_n_is_the_smallest_that_reaches_the_level():
    found = stats.fail_safe_n(Y, V, method="rosenthal-fisher")
    p = stats.fail_safe_n(
        [*Y, *[0.0] * int(found.n)], [*V, *[1.0] * int(found.n)], method="rosenthal-fisher"
    ).p_value
    before = stats.fail_safe_n(
        [*Y, *[0.0] * int(found.n - 1)], [*V, *[1.0] * int(found.n - 1)], method="rosenthal-fisher"
    ).p_value
    assert before < 0.05 <= p


def test_excess_significance_of_certain_studies():
    sure = stats.excess_significance([5.0, 5.0, 5.0], [0.1, 0.1, 0.1])
    assert (sure.observed, sure.p_value) == (3, pytest.approx(1.0))
    assert sure.expected == pytest.approx(3.0)
    for bad in ({"theta": [0.1, 0.2]}, {"tau2": -1.0}, {"alpha": 0.0}):
        with pytest.raises(UsageError):
            stats.excess_significance(Y, V, **bad)
    each = stats.excess_significance(Y, V, theta=np.full(len(Y), 0.2))
    assert math.isnan(each.theta_limit[0])
    assert each.p_value == stats.excess_significance(Y, V, theta=0.2).p_value


@pytest.mark.parametrize("test", ["exact", "chi-square", "binomial"])
def test_excess_significance_of_studies_without_any_power(test):
    options = {"alternative": "less", "test": test}
    none = stats.excess_significance([9.0, 10.0, 11.0], [0.01, 0.01, 0.01], **options)
    assert (none.observed, none.expected, none.p_value) == (0, 0.0, 0.5 if test == "chi-square" else 1.0)
    assert np.isnan(none.ratio)
    some = stats.excess_significance([-9.0, 10.0, 11.0], [0.01, 0.01, 0.01], theta=10.0, **options)
    assert (some.observed, some.ratio, some.p_value) == (1, np.inf, 0.0)


def test_the_limit_of_excess_significance_is_where_p_is_the_level():
    limit = stats.excess_significance(Y, V, test="chi-square").theta_limit[0]
    assert stats.excess_significance(Y, V, test="chi-square", theta=limit).p_value == pytest.approx(
        0.1, rel=1e-9
    )
    both = stats.excess_significance(Y, V, test_alternative="two-sided").theta_limit
    assert both[0] < both[1]


def test_p_curve_counts_what_it_leaves_out():
    found = stats.p_curve([2.5, 3.0, 4.0, 1.0, 1.5])
    assert (found.k, found.k_significant) == (5, 3)
    assert "not-significant-left-out" in codes(found)
    with pytest.raises(TooFewStudiesError):
        stats.p_curve([2.5, 3.0, 1.0])
    with pytest.raises(DataError):
        stats.p_curve([2.5, math.inf, 3.0])
    with pytest.raises(DataError):
        stats.p_curve([2.5, 3.0, 4.0], df=[10, 0, 3])
    # a t with very many degrees of freedom is a z
    many = stats.p_curve([2.5, 3.0, 4.0], df=[1e9] * 3)
    assert many.power == pytest.approx(stats.p_curve([2.5, 3.0, 4.0]).power, rel=1e-6)
    weak = stats.p_curve([1.97, 1.98, 1.965, 1.99])
    assert weak.power == pytest.approx(0.05, abs=1e-4)


def test_the_power_of_studies_of_equal_power_is_found():
    # |z| at the quantiles of a normal about 2.2133: power 0.6 at two-sided 5 %
    z = np.abs(2.2133 - special.ndtri((np.arange(400) + 0.5) / 400))
    assert stats.p_curve(z).power == pytest.approx(0.6, abs=0.005)


def test_p_uniform_needs_a_significant_study_and_mirrors():
    with pytest.raises(TooFewStudiesError, match="left"):
        stats.p_uniform(Y, V, side="left")
    right, left = stats.p_uniform(Y, V), stats.p_uniform([-y for y in Y], V, side="left")
    assert left.estimate == pytest.approx(-right.estimate)
    assert left.ci_low == pytest.approx(-right.ci_high)
    assert left.p_value == pytest.approx(right.p_value)
    everything = stats.p_uniform_star([2.0, 2.1, 2.4], [0.01, 0.02, 0.03])
    assert "one-kind-of-study" in codes(everything)


def test_the_exact_irwin_hall_edge_is_used_for_small_sets():
    # one significant study: q = 0.025 and 0.975 at the limits
    found = stats.p_uniform([0.5], [0.04])
    for limit, q in ((found.ci_low, 0.025), (found.estimate, 0.5), (found.ci_high, 0.975)):
        tail = [0.5 * math.erfc((x - limit) / 0.2 / math.sqrt(2)) for x in (0.5, 1.959963984540054 * 0.2)]
        assert tail[0] / tail[1] == pytest.approx(q, rel=1e-9)


def test_pet_peese_rules():
    flat = stats.pet_peese([0.0, 0.02, -0.02, 0.01, 0.4, 0.6], [0.01, 0.012, 0.011, 0.02, 0.2, 0.3])
    assert flat.chosen == "pet"
    strong = stats.pet_peese(Y, [v / 1000 for v in V], rule="two-sided")
    assert strong.estimate == (strong.peese if strong.chosen == "peese" else strong.pet).intercept
    assert (
        stats.pet_peese(Y, V, rule="pet").estimate
        == stats.regression_test(Y, V, model="multiplicative").intercept
    )
    poor = stats.adequately_powered_mean(Y, [10 * v for v in V])
    assert "too-few-powered" in codes(poor)
    assert poor.k_used == len(Y)


def test_limit_meta_analysis_without_heterogeneity_is_eggers_line():
    found = stats.limit_meta_analysis(Y, V, tau2=0.0)
    assert found.tau2 == 0
    assert found.estimate == pytest.approx(stats.egger_test(Y, V).limit_estimate, rel=1e-10)
    assert found.q == pytest.approx(found.q_small + found.q_residual, rel=1e-12)


def test_copas_without_selection_is_maximum_likelihood():
    plain = stats.copas_fit(Y, V, 10.0, 0.0)
    ml = stats.pool(Y, V, tau2="ML", ci="normal")
    assert plain.estimate == pytest.approx(ml.estimate, rel=1e-6)
    assert plain.tau2 == pytest.approx(ml.tau2, abs=1e-7)
    assert plain.rho == 0.0
    with pytest.raises(UsageError, match="gamma"):
        stats.copas_fit(Y, V, 0.0, -1.0)
    with pytest.raises(UsageError, match="rho_bound"):
        stats.copas_fit(Y, V, 0.0, 0.1, rho_bound=1.0)
    with pytest.raises(UsageError, match="grid"):
        stats.copas_selection(Y, V, grid=2)


def test_copas_path_goes_from_no_selection_to_more():
    found = stats.copas_selection(Y, V, grid=4)
    published = [fit.publication_largest_se for fit in found.path]
    assert published == sorted(published, reverse=True)
    assert found.adjusted is None or found.adjusted.residual_p_value > 0.1
    assert found.columns()["estimate"].size == len(found.path)


def test_a_flat_copas_surface_has_no_path():
    flat = stats.copas_selection([0.3] * 6, [0.01, 0.03, 0.05, 0.09, 0.1, 0.02], grid=3)
    assert flat.estimate == pytest.approx(0.3, abs=1e-6)
    assert len(flat.path) >= 1


def test_no_unreported_study_moves_nothing_and_more_move_further():
    found = stats.unreported_bound(Y, V, [3, 1], side="right")
    pooled = stats.pool(Y, V, ci="normal")
    assert found.suspected.tolist() == [0, 1, 3]
    assert found.bias[0] == 0
    assert (found.estimate[0], found.ci_low[0]) == (pooled.estimate, pooled.ci_low)
    assert (np.diff(found.estimate) > 0).all()
    left = stats.unreported_bound(Y, V, [0, 1, 3], side="left")
    assert left.bias.tolist() == (-found.bias).tolist()
    with pytest.raises(UsageError, match="suspected"):
        stats.unreported_bound(Y, V, -1)


def test_proportions_of_one_group():
    counts = {"events1": [0, 3, 5, 9, 12, 20], "n1": [10, 20, 40, 60, 90, 200]}
    effects = stats.effect_size("PLO", events=counts["events1"], n=counts["n1"])
    found = stats.asymmetry_test("peters", yi=effects.yi, vi=effects.vi, **counts)
    assert (found.k, codes(found)) == (5, {"few-studies", "rows-left-out"})
    assert stats.asymmetry_test("macaskill", yi=effects.yi, vi=effects.vi, **counts).k == 6
    with pytest.raises(UsageError, match="one group"):
        stats.asymmetry_test("harbord", **counts)
    with pytest.raises(UsageError, match="one group"):
        stats.asymmetry_test("peters", **counts)


def test_p_uniform_by_other_sums():
    # one significant study: q = 1 - exp(-1) where -log(1 - q) = 1, and the least distance is at q = 1/2
    for method, q in (("LN1MINP", 1 - math.exp(-1.0)), ("KS", 0.5)):
        found = stats.p_uniform([0.5], [0.04], method=method)
        tail = [0.5 * math.erfc((x - found.estimate) / 0.2 / math.sqrt(2)) for x in (0.5, 0.39199279690801)]
        assert tail[0] / tail[1] == pytest.approx(q, rel=1e-7)
    assert math.isnan(found.p_value)
    assert math.isnan(found.ci_low)
    assert found.to_dict()["ci_low"] is None


def test_funnel_contours_count_every_study():
    found = stats.funnel_contours(Y, V)
    assert sum(found.counts.values()) == len(Y)
    with pytest.raises(UsageError, match="cutpoints"):
        stats.funnel_contours(Y, V, cutpoints=[0.0, 0.5])


def test_clusters_are_checked():
    with pytest.raises(UsageError, match="cluster"):
        stats.multilevel_egger(Y, V, ["a", "b"])


def test_results_travel():
    for result in (
        stats.regression_test(Y, V),
        stats.rank_test(Y, V),
        stats.asymmetry_test("harbord", **BCG),
        stats.trim_and_fill(Y, V),
        stats.fail_safe_n(Y, V),
        stats.excess_significance(Y, V),
        stats.pet_peese(Y, V),
        stats.limit_meta_analysis(Y, V),
        stats.selection_model(Y, V),
        stats.p_uniform(Y, V),
        stats.funnel_contours(Y, V),
        stats.copas_fit(Y, V, 0.0, 0.1),
        stats.unreported_bound(Y, V, [1, 2]),
    ):
        assert result.to_dict()["schema_version"] == 1
        assert result.summary()
        assert "\n" not in repr(result)
        assert result.to_frame().shape[0] > 0


def test_a_number_of_missing_studies_without_variance_has_no_standard_error():
    yi = [0.3, 0.31, 0.32, 0.33, 0.34, 0.9, 1.0, 1.1]
    vi = [0.001, 0.001, 0.001, 0.001, 0.001, 0.4, 0.5, 0.6]
    none = stats.trim_and_fill(yi, vi, side="right", model="common")
    assert none.missing == 0
    assert np.isnan(none.missing_se)
    assert stats.trim_and_fill(yi, vi, side="left", model="common").missing_se > 0


def test_the_score_variance_of_harbords_risk_ratio_is_the_information_at_no_effect():
    n1, n2, risk = 90.0, 45.0, 0.2

    def expected(alpha, beta):  # log-likelihood of the expected counts: log risks alpha and alpha + beta
        risks = np.exp([alpha + beta, alpha])
        return sum(
            n * (risk * np.log(p) + (1 - risk) * np.log1p(-p)) for n, p in zip((n1, n2), risks, strict=True)
        )

    at, h = math.log(risk), 1e-4
    shifts = [(1, 0), (0, 1)]
    hessian = np.empty((2, 2))
    for row, one in enumerate(shifts):
        for place, other in enumerate(shifts):
            corners = [
                sign1
                * sign2
                * expected(
                    at + h * (sign1 * one[0] + sign2 * other[0]), h * (sign1 * one[1] + sign2 * other[1])
                )
                for sign1 in (1, -1)
                for sign2 in (1, -1)
            ]
            hessian[row, place] = sum(corners) / (4 * h * h)
    information = -(hessian[1, 1] - hessian[0, 1] ** 2 / hessian[0, 0])
    d, n = risk * (n1 + n2), n1 + n2
    assert n1 * n2 * d / (n * (n - d)) == pytest.approx(information, rel=1e-5)
    # slope and intercept follow from it: three studies with the variance written out
    counts = {"events1": [20, 9, 30], "n1": [90, 60, 200], "events2": [7, 6, 9], "n2": [45, 30, 100]}
    a, size1, c, size2 = (np.array(column, dtype=float) for column in counts.values())
    total, events = size1 + size2, a + c
    z = (a * total - events * size1) / (total - events)
    v = size1 * size2 * events / (total * (total - events))
    by_hand = np.polyfit(np.sqrt(v), z / np.sqrt(v), 1)
    found = stats.asymmetry_test("harbord", **counts, measure="RR")
    assert (found.intercept, found.slope) == pytest.approx(tuple(by_hand), rel=1e-8)


def test_with_equal_arms_both_score_variances_of_harbords_test_are_one():
    counts = {"events1": [12, 20, 9, 15], "n1": [100, 120, 90, 110], "events2": [20, 24, 14, 22]}
    tests = [
        stats.asymmetry_test("harbord", **counts, n2=n2, measure="RR", score_variance=name)
        for n2 in (counts["n1"], [50, 60, 45, 55])
        for name in ("exact", "balanced")
    ]
    assert tests[0].statistic == pytest.approx(tests[1].statistic, rel=1e-12)
    assert abs(tests[2].slope - tests[3].slope) > 0.01
