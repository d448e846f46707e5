"""Where packages differ: zero cells, corrections for bias, variances; one way of writing each."""

import math

import numpy as np
import pytest
from scipy import special

from evergrove import stats
from evergrove.errors import DataError, EvergroveError, UsageError

ZERO = {"events1": [0, 4, 0], "n1": [20, 30, 12], "events2": [3, 6, 0], "n2": [10, 28, 15]}
ARMS = {"mean1": 12.0, "sd1": 4.0, "n1": 20, "mean2": 10.0, "sd2": 5.0, "n2": 22}


def test_formulas_that_need_no_correction_get_none_unless_asked():
    for measure in ("PAS", "PFT"):
        plain = stats.effect_size(measure, events=[0, 3], n=10)
        assert not plain.corrected.any()
        assert plain.options["add"] == 0.0
        asked = stats.effect_size(measure, events=[0, 3], n=10, add=0.5)
        assert asked.corrected.tolist() == [True, False]


def test_the_zero_of_a_dropped_study_corrects_no_other():
    kept = stats.effect_size("OR", events1=[0, 5], n1=12, events2=[0, 6], n2=15, to="if-any-zero")
    assert kept.corrected.tolist() == [False, False]
    both = stats.effect_size(
        "OR", events1=[0, 5], n1=12, events2=[0, 6], n2=15, to="if-any-zero", drop_double_zero=False
    )
    assert both.corrected.tolist() == [True, True]


def test_no_event_may_be_dropped_and_only_events_kept():
    table = {"events1": [0, 9], "n1": 9, "events2": [0, 8], "n2": 8}
    found = stats.effect_size("RR", **table, drop_double_zero="drop-no-event", cells="events")
    assert found.reasons == ("no event in either arm", "")
    assert found.options["drop_double_zero"] == "drop-no-event"
    assert found.yi[1] == 0.0
    assert found.vi[1] == pytest.approx(1 / 9 - 1 / 9.5 + 1 / 8 - 1 / 8.5)


def test_treatment_arm_correction_adds_one_over_both_arms_and_leaves_equal_arms_alone():
    shared = stats.effect_size("OR", events1=0, n1=20, events2=3, n2=10, add_by="treatment-arm")
    k1, k2 = 20 / 30, 10 / 30
    assert shared.yi[0] == pytest.approx(math.log(k1 * (7 + k2) / ((20 + k1) * (3 + k2))), rel=1e-12)
    equal = {"events1": 0, "n1": 10, "events2": 3, "n2": 10}
    assert stats.effect_size("OR", **equal, add_by="treatment-arm").yi[0] == pytest.approx(
        stats.effect_size("OR", **equal).yi[0], rel=1e-14
    )


def test_amounts_by_study_and_by_arm():
    found = stats.effect_size("OR", **ZERO, to="all", add=[0.1, 0.0, 0.3], add2=[0.2, 0.0, 0.3])
    assert found.corrected.tolist() == [True, False, False]
    assert found.yi[0] == pytest.approx(math.log(0.1 * 7.2 / (20.1 * 3.2)), rel=1e-12)
    assert found.options["add2"] == [0.2, 0.0, 0.3]


def test_effect_and_variance_are_corrected_apart():
    plain = stats.effect_size("RD", events1=0, n1=20, events2=3, n2=10, correct_effect=False)
    assert plain.yi[0] == -0.3
    assert plain.vi[0] == pytest.approx(0.5 * 20.5 / 21**3 + 3.5 * 7.5 / 11**3, rel=1e-12)
    assert plain.options["correct_effect"] is False


def test_meta_and_revman_standardised_differences_by_name():
    revman = stats.effect_size("SMD", **ARMS, bias_correction="approximate", variance="LS3")
    g = (1 - 3 / (4 * 40 - 1)) * 2 / math.sqrt((19 * 16 + 21 * 25) / 40)
    assert revman.yi[0] == pytest.approx(g, rel=1e-14)
    assert revman.vi[0] == pytest.approx(1 / 20 + 1 / 22 + g**2 / (2 * (42 - 3.94)), rel=1e-14)
    assert revman.options == {"variance": "LS3", "bias_correction": "approximate"}


def test_glass_delta_over_either_arm():
    over_second = stats.effect_size("SMD1", **ARMS, bias_correction="none")
    only_first = {name: value for name, value in ARMS.items() if name != "sd2"}
    over_first = stats.effect_size("SMD1", **only_first, bias_correction="none", glass_arm=1)
    assert over_second.yi[0] == pytest.approx(2 / 5)
    assert over_first.yi[0] == pytest.approx(2 / 4)
    assert over_first.vi[0] == pytest.approx(1 / 20 + 1 / 22 + 0.25 / 40)


def test_log_ratio_of_means_carries_its_second_order_term():
    found, plain = (stats.effect_size("ROM", **ARMS, bias_correction=b) for b in (None, "none"))
    assert plain.yi[0] == pytest.approx(math.log(1.2), rel=1e-14)
    assert found.yi[0] - plain.yi[0] == pytest.approx((16 / (20 * 144) - 25 / (22 * 100)) / 2, rel=1e-10)
    assert found.options["bias_correction"] == "second-order"


def test_hedges_factor_keeps_its_digits_in_large_studies():
    # 1 - (m - 2) / (m J²) tends to 1/(2m): the difference of gammas loses it, the series does not
    n = 5e6
    found = stats.effect_size("SMD", d=1.0, n1=n, n2=n, variance="UB")
    assert (found.vi[0] - 2 / n) * 4 * n == pytest.approx(1.0, rel=1e-5)
    below, above = (stats.effect_size("SMD", d=1.0, n1=n, n2=n).yi[0] for n in (75.9999, 76.0001))
    assert above - below == pytest.approx(3 / (4 * 150**2) * 0.0004, rel=0.05)


def test_tetrachoric_correlation_of_a_median_split_is_a_sine():
    # both margins at the median: r = sin(π/2 (4 p - 1)) with p the share of cell a (Pearson 1900)
    found = stats.effect_size("RTET", events1=[40, 25, 10], n1=50, events2=[10, 25, 40], n2=50)
    assert found.yi == pytest.approx(np.sin(np.pi / 2 * np.array([0.6, 0.0, -0.6])), abs=1e-14)


def test_tetrachoric_correlation_near_one_converges():
    found = stats.effect_size("RTET", events1=4999, n1=5000, events2=1, n2=5000)
    assert 0.9999 < found.yi[0] < 1
    assert found.estimable[0]


def test_unbiased_correlation_in_large_samples():
    found = stats.effect_size("UCOR", r=[0.0, 0.3], n=[400, 100_000], variance="UB")
    assert found.yi[1] == pytest.approx(0.3 * (1 + 0.91 / (2 * 100_000)), rel=1e-8)
    # at r = 0 the hypergeometric series has a closed form (Gauss): (n - 3)/(n - 2) · (n - 2)/(n - 4) - 1
    assert found.vi == pytest.approx([1 / 396, 0.91**2 / 100_000], rel=1e-3)
    assert found.vi[0] == pytest.approx(1 / 396, rel=1e-11)


def test_facts_of_measures():
    ratio, single, area = (stats.measure_facts(name) for name in ("OR", "PLO", "CLES"))
    assert (ratio.null, ratio.natural_null) == (0.0, 1.0)
    assert (single.null, single.natural_null) == (None, None)
    assert (area.null, area.natural_null) == (0.5, 0.5)
    assert stats.measure_facts("ZR2").way_back.startswith("tanh²")
    assert single.to_dict()["way_back"] == "1 / (1 + exp(-y))"
    for measure in stats.EffectMeasure:
        facts = stats.measure_facts(measure)
        assert facts.scale is stats.scale_of(measure)
        assert (facts.null is None) == (facts.natural_null is None)


@pytest.mark.parametrize(
    ("measure", "columns", "natural"),
    [
        ("PFT", {"events": [0, 3, 9], "n": [8, 17, 9]}, [0.0, 3 / 17, 1.0]),
        ("IRFT", {"events": [0, 3, 9], "time": [8.5, 17, 0.9]}, [0.0, 3 / 17, 10.0]),
        ("IRS", {"events": [0, 3], "time": [8.5, 17]}, [0.0, 3 / 17]),
        ("PRZ", {"events": [2, 3], "n": [8, 17]}, [0.25, 3 / 17]),
        ("ZR2", {"r2": [0.2, 0.5], "n": 40, "predictors": 2}, [0.2, 0.5]),
        ("AHW", {"alpha": [0.7, 0.93], "items": 8, "n": 60}, [0.7, 0.93]),
        ("ABT", {"alpha": [0.7, 0.93], "items": 8, "n": 60}, [0.7, 0.93]),
        ("ZCOR", {"r": [-0.2, 0.9], "n": 12}, [-0.2, 0.9]),
    ],
)
def test_study_intervals_go_back_to_the_natural_scale(measure, columns, natural):
    sizes = stats.effect_size(measure, **columns)
    found = sizes.intervals(natural=True)
    assert found.estimate == pytest.approx(natural, abs=1e-12)
    assert (found.ci_low <= found.estimate).all()
    assert (found.estimate <= found.ci_high).all()
    assert found.scale == "natural"
    assert set(found.columns()) == {"estimate", "ci_low", "ci_high", "statistic", "p_value"}
    assert repr(found).startswith(f"<StudyIntervals {measure}")


def test_study_intervals_with_degrees_of_freedom():
    sizes = stats.effect_size("MD", **{name: [value, value] for name, value in ARMS.items()})
    found = sizes.intervals(0.9, df=[40, np.nan])
    half = (found.ci_high - found.ci_low) / 2 / np.sqrt(sizes.vi)
    assert half == pytest.approx([1.683851013, 1.644853627], rel=1e-8)
    # at a limit of the 90 % interval the p value is 0.1
    tested = sizes.intervals(df=[40, np.nan], null=float(found.ci_high[0]))
    assert tested.p_value[0] == pytest.approx(0.1, rel=1e-12)
    assert sizes.intervals(null=float(found.ci_high[1])).p_value[1] == pytest.approx(0.1, rel=1e-12)
    with pytest.raises(UsageError, match="null"):
        sizes.intervals(null=math.inf)


def test_the_mean_of_varying_effects_lies_nearer_the_middle():
    for measure, value in (("PLO", -2.0), ("ZCOR", 0.9), ("PAS", 0.4), ("ABT", 1.2)):
        plain = float(stats.back_transform(value, measure))
        assert float(stats.average_back_transform(value, measure, 0.0)) == plain
        assert float(stats.average_back_transform(value, measure, 1e-10)) == pytest.approx(plain, rel=1e-8)
        assert abs(float(stats.average_back_transform(value, measure, 0.3)) - 0.5) < abs(plain - 0.5)
    # two normals in a row: Φ(y / √(1 + τ²))
    assert float(stats.average_back_transform(1.0, "PRZ", 3.0)) == pytest.approx(
        0.6914624612740131, rel=1e-12
    )
    with pytest.raises(UsageError, match="measures whose way back needs no sample sizes"):
        stats.average_back_transform(0.5, "PFT", 0.1)
    with pytest.raises(DataError, match="tau2: found -1"):
        stats.average_back_transform(0.5, "PLO", -1)


def test_freeman_tukey_refuses_a_variance_that_cannot_be():
    with pytest.raises(DataError, match="variance: found 0"):
        stats.back_transform(0.5, "PFT", variance=0.0)


@pytest.mark.parametrize(
    ("measure", "effect", "standard_error"),
    [
        ("PHI", 0.1309, 0.0789),
        ("YUQ", 0.3846, 0.1901),
        ("YUY", 0.2000, 0.1071),
        ("RTET", 0.2603, 0.1423),
        ("PBIT", 0.4399, 0.2456),
        ("OR2D", 0.4471, 0.2460),
        ("OR2DN", 0.4915, 0.2704),
    ],
)
def test_the_example_of_fleiss_and_berlin_2009(measure, effect, standard_error):
    # Handbook of Research Synthesis and Meta-Analysis, 2nd edition, Table 13.4 (p. 242); 4 digits printed
    found = stats.effect_size(measure, events1=135, n1=150, events2=40, n2=50)
    assert found.yi[0] == pytest.approx(effect, abs=6e-5)
    assert math.sqrt(found.vi[0]) == pytest.approx(standard_error, abs=6e-5)


MEANS = {
    "mean1": [12.0, 10.0, 9.0],
    "sd1": [4.0, 5.0, 3.0],
    "n1": [20, 30, 8],
    "mean2": [10.0, 10.5, 7.0],
    "sd2": [5.0, 4.0, 3.5],
    "n2": [22, 31, 9],
}


def test_a_variance_method_per_study():
    methods = ["UB", "LS", "AV"]
    each = [stats.effect_size("SMD", **MEANS, variance=method) for method in methods]
    mixed = stats.effect_size("SMD", **MEANS, variance=methods)
    assert mixed.vi.tolist() == [each[row].vi[row] for row in range(3)]
    assert mixed.yi.tolist() == each[0].yi.tolist()
    assert mixed.options["variance"] == methods
    assert mixed.content_hash != each[0].content_hash


@pytest.mark.parametrize("methods", [["UB", "LS"], [], ("UB",) * 4])
def test_a_variance_method_per_study_for_every_study(methods):
    with pytest.raises(DataError, match="one per study"):
        stats.effect_size("SMD", **MEANS, variance=methods)


def test_flip_turns_the_sign_of_some_studies():
    plain = stats.effect_size("SMD", **MEANS)
    found = stats.effect_size("SMD", **MEANS, flip=[True, False, True])
    assert found.yi.tolist() == [-plain.yi[0], plain.yi[1], -plain.yi[2]]
    assert found.vi.tolist() == plain.vi.tolist()
    assert found.options["flip"] == [True, False, True]
    printed = stats.effect_size("HR", estimate=[0.5], ci_low=[0.25], ci_high=[1.0], flip=True)
    assert printed.yi[0] == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("measure", "columns", "flip"),
    [
        ("SMD", MEANS, [True, False]),
        ("SMD", MEANS, [0, 1, 2]),
        ("PLO", {"events": [1], "n": [9]}, True),
        ("CLES", {"cles": [0.6], "n1": [9], "n2": [9]}, True),
    ],
)
def test_flip_that_cannot_be(measure, columns, flip):
    with pytest.raises(EvergroveError, match=r"flip: .*allowed"):
        stats.effect_size(measure, **columns, flip=flip)


@pytest.mark.parametrize(
    ("measure", "inverse", "edges"),
    [
        ("PLO", lambda p: np.log(p / (1 - p)), (0, 1)),
        ("PRZ", special.ndtri, (0, 1)),
        ("ZCOR", np.arctanh, (-1, 1)),
        ("OR", np.log, (0, 30)),
        ("ABT", lambda a: -np.log1p(-a), (0, 1)),
    ],
)
@pytest.mark.parametrize(("value", "tau2"), [(0.8, 0.05), (0.3, 0.6), (1.5, 0.9)])
def test_the_mode_is_where_the_density_on_the_natural_scale_is_highest(measure, inverse, edges, value, tau2):
    x = np.linspace(*edges, 400_003)[1:-1]
    z = inverse(x)
    density = np.exp(-0.5 * (z - value) ** 2 / tau2) * np.gradient(z, x)
    inside = slice(5, -5)  # differences at the ends are one-sided
    highest = x[inside][np.argmax(density[inside])]
    assert float(stats.mode_back_transform(value, measure, tau2)) == pytest.approx(highest, abs=3e-4)


def test_the_mode_is_symmetric_and_refused_where_there_is_no_one():
    high, low = (float(stats.mode_back_transform(value, "PLO", 4.0)) for value in (0.4, -0.4))
    assert high == pytest.approx(1 - low, rel=1e-12)
    assert float(stats.mode_back_transform(0.0, "PLO", 1.9)) == 0.5
    assert float(stats.mode_back_transform(0.3, "MD", 2.0)) == 0.3
    with pytest.raises(DataError, match="two equal peaks"):
        stats.mode_back_transform(0.0, "PLO", 2.1)
    with pytest.raises(DataError, match="below 1"):
        stats.mode_back_transform(0.4, "PRZ", 1.0)
    for measure in ("PAS", "PFT", "ZR2", "AHW"):
        with pytest.raises(UsageError, match="mode_back_transform"):
            stats.mode_back_transform(0.4, measure, 0.1)
