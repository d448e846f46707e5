"""The traps: scales, boundaries, one and two studies, two maxima, intervals that are too narrow."""

import dataclasses
import json
import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.roots import bracketed_root
from evergrove.stats.tau2 import lay_out, paule_mandel, profile, q_profile, restricted_maximum_likelihood

YI = np.array([0.1, 0.3, 0.35, 0.65, -0.2])
VI = np.array([0.03, 0.03, 0.05, 0.01, 0.02])


def codes(result):
    return [remark.code for remark in result.diagnostics]


@pytest.mark.parametrize("method", ["REML", "DL", "PM"])
@pytest.mark.parametrize("factor", [1e-12, 1e-6, 1e6, 1e12])
def test_scale_changes_no_digit(method, factor):
    base = stats.pool(YI, VI, tau2=method)
    scaled = stats.pool(YI * factor, VI * factor**2, tau2=method)
    assert scaled.tau2 == pytest.approx(base.tau2 * factor**2, rel=1e-11)
    assert scaled.tau2_ci_high == pytest.approx(base.tau2_ci_high * factor**2, rel=1e-11)
    assert scaled.estimate == pytest.approx(base.estimate * factor, rel=1e-12)
    assert scaled.p_value == pytest.approx(base.p_value, rel=1e-10)


def brute_force_reml(yi, vi):
    """The highest point of the restricted likelihood on a dense grid."""
    layout = lay_out(yi, vi)
    grid = np.concatenate(([0.0], np.geomspace(1e-9 * layout.smallest, 1e3 * layout.largest, 20_000)))
    heights = profile(layout, grid).log_likelihood
    return grid[heights.argmax()] * layout.scale, heights.max()


@pytest.mark.parametrize("seed", range(60))
def test_reml_is_never_below_a_dense_grid(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 12))
    vi = 10 ** rng.uniform(-3, 1, k) if seed % 2 else 10 ** rng.uniform(-12, 12, k)
    yi = rng.normal(0, np.sqrt(vi + 10 ** rng.uniform(-4, 1)))
    found, maxima = restricted_maximum_likelihood(lay_out(yi, vi))
    assert found.converged
    assert found.value in maxima
    layout = lay_out(yi, vi)
    height = profile(layout, np.array([found.value / layout.scale])).log_likelihood[0]
    assert height >= brute_force_reml(yi, vi)[1] - 1e-9


@pytest.mark.parametrize("seed", range(40))
def test_paule_mandel_and_q_profile_solve_their_equations(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 12))
    vi = 10 ** rng.uniform(-12, 12, k)
    yi = rng.normal(0, np.sqrt(vi) * 2)
    layout = lay_out(yi, vi)
    for found in (paule_mandel(layout), *q_profile(layout)):
        assert found.converged
    value = paule_mandel(layout).value
    if value > 0:
        q = profile(layout, np.array([value / layout.scale])).q[0]
        assert q == pytest.approx(k - 1, rel=1e-9)


def test_two_maxima_are_seen_and_the_highest_is_taken():
    result = stats.pool([-0.181, -0.164, 1.834, 0.23], [0.0241, 0.0119, 0.4549, 0.4144])
    assert "two-maxima" in codes(result)
    assert result.tau2 == pytest.approx(0.42909, abs=1e-5)


def test_one_study_is_its_own_estimate():
    for model in ("random", "common"):
        result = stats.pool([0.4], [0.04], model=model, measure="RR", ci="hartung-knapp")
        assert (result.estimate, result.k, result.tau2) == (0.4, 1, 0.0)
        assert result.se == pytest.approx(0.2)
        assert result.df is None
        assert {"one-study", "interval-needs-two-studies"} <= set(codes(result))
        assert result.prediction_low is None
        assert result.tau2_ci_high is None
        assert (result.q, result.q_df, result.q_p_value, result.i2) == (0.0, 0, 1.0, 0.0)
        json.dumps(result.to_dict(), allow_nan=False)
        assert result.summary()
    assert "tau2-not-estimable" in codes(stats.pool([0.4], [0.04]))


def test_no_study_is_an_error():
    with pytest.raises(TooFewStudiesError, match="found 0 studies"):
        stats.pool([], [])


def test_two_studies_warn_and_have_no_prediction_interval():
    result = stats.pool([0.1, 0.9], [0.04, 0.04])
    assert "hartung-knapp-two-studies" in codes(result)
    assert result.df == 1
    assert result.prediction_high is None
    assert result.ci_high - result.ci_low > 5


def test_equal_effects():
    result = stats.pool([0.3] * 4, [0.1, 0.2, 0.3, 0.4])
    assert result.tau2 == 0.0
    assert result.q == 0.0
    assert result.i2 == 0.0
    assert result.se == 0.0
    assert math.isinf(result.statistic)
    assert result.p_value == 0.0
    assert {"hartung-knapp-narrower", "tau2-interval-empty"} <= set(codes(result))
    assert result.to_dict()["log_p_value"] is None
    safe = stats.pool([0.3] * 4, [0.1, 0.2, 0.3, 0.4], ci="hartung-knapp-adhoc")
    assert safe.se > 0
    assert "classic-interval-used" in codes(safe)
    zero = stats.pool([0.0] * 4, [0.1] * 4)
    assert math.isnan(zero.statistic)
    json.dumps(zero.to_dict(), allow_nan=False)


def test_narrow_hartung_knapp_is_named_and_guarded():
    yi, vi = [0.30, 0.31, 0.29, 0.32], [0.04, 0.05, 0.03, 0.06]
    plain, safe = stats.pool(yi, vi), stats.pool(yi, vi, ci="hartung-knapp-adhoc")
    classic, truncated = stats.pool(yi, vi, ci="normal"), stats.pool(yi, vi, ci="hartung-knapp-truncated")
    assert "hartung-knapp-narrower" in codes(plain)
    assert plain.ci_high < classic.ci_high
    assert (safe.ci_low, safe.ci_high, safe.df) == (classic.ci_low, classic.ci_high, None)
    assert truncated.ci_high > classic.ci_high
    wide = stats.pool(YI, VI)
    assert "hartung-knapp-narrower" not in codes(wide)
    assert stats.pool(YI, VI, ci="hartung-knapp-adhoc").ci_high == wide.ci_high


def test_a_dominant_study_keeps_the_digits():
    yi, vi = np.array([0.5, 2.0, -1.0]), np.array([1e-12, 1.0, 1e12])
    result = stats.pool(yi, vi, tau2=0.0, ci="normal")
    assert result.weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert result.estimate == pytest.approx(0.5 + 1.5e-12, rel=1e-15)
    assert result.q == pytest.approx(1.5**2, rel=1e-9)


def test_p_values_far_out():
    result = stats.pool([1.0, 1.0], [1e-4, 1e-4], ci="normal")
    assert result.p_value == 0.0
    z = 1 / math.sqrt(5e-5)
    assert result.log_p_value == pytest.approx(
        -z * z / 2 - math.log(z) + math.log(2 / math.sqrt(2 * math.pi)), rel=1e-6
    )


def test_tau2_given():
    result = stats.pool(YI, VI, tau2=0.04)
    assert (result.tau2, result.tau2_ci_low, result.reason) == (0.04, None, "tau² given")
    assert "tau² = 0.04" in result.method


def test_common_effect_defaults_to_the_normal_interval():
    result = stats.pool(YI, VI, model="common")
    assert result.options["ci"] == "normal"
    assert (result.tau2, result.df, result.prediction_low) == (0.0, None, None)
    assert result.i2 == result.i2_q


@pytest.mark.parametrize(
    ("yi", "vi", "message"),
    [
        ([0.1, math.nan], [0.1, 0.1], "yi.*row 1 is nan"),
        ([0.1, math.inf], [0.1, 0.1], "yi.*row 1 is inf"),
        ([0.1, 0.2], [0.1, 0.0], "vi.*row 1 is 0.0"),
        ([0.1, 0.2], [-0.1, 0.1], "vi.*row 0 is -0.1"),
        ([0.1, 0.2], [math.nan, math.nan], "row 0 is nan, row 1 is nan"),
        ([0.1, 0.2], [0.1], "yi has 2, vi has 1"),
        ([[0.1], [0.2]], [0.1, 0.2], "2 dimensions"),
        (["a"], [0.1], "no number"),
    ],
)
def test_bad_numbers_are_named(yi, vi, message):
    with pytest.raises(DataError, match=message):
        stats.pool(yi, vi)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau2": "reml"}, "tau2: found 'reml'; allowed: 'REML', 'ML', 'DL'"),
        ({"tau2": -0.1}, "tau2: found -0.1"),
        ({"tau2": math.nan}, "tau2: found nan"),
        ({"ci": "wald"}, "ci: found 'wald'; allowed: 'hartung-knapp'"),
        ({"model": "fixed"}, "model: found 'fixed'; allowed: 'random', 'common'"),
        ({"prediction": "t"}, "prediction: found 't'"),
        ({"level": 95}, "level: found 95"),
        ({"measure": "XX"}, "measure: found 'XX'"),
    ],
)
def test_bad_options_list_what_is_allowed(options, message):
    with pytest.raises(UsageError, match=message):
        stats.pool(YI, VI, **options)
    if "measure" not in options:
        return
    with pytest.raises(UsageError):
        stats.scale_of("XX")


def test_labels_must_fit():
    assert stats.pool(YI, VI, labels=list("abcde")).labels == tuple("abcde")
    with pytest.raises(DataError, match="labels: found 1"):
        stats.pool(YI, VI, labels=["a"])


def test_results_are_frozen_and_reproducible():
    first, second = stats.pool(YI, VI, measure="RR"), stats.pool(list(YI), list(VI), measure="RR")
    assert json.dumps(first.to_dict()) == json.dumps(second.to_dict())
    assert first.content_hash != stats.pool(YI, VI, measure="OR").content_hash
    assert first.content_hash != stats.pool(YI + 1e-15, VI, measure="RR").content_hash
    with pytest.raises(AttributeError):
        first.estimate = 1.0
    with pytest.raises(ValueError, match="read-only"):
        first.yi[0] = 1.0
    data = first.to_dict()
    assert data["schema_version"] == 1
    assert data["software_version"]
    assert data["options"] == {
        "model": "random",
        "tau2": "REML",
        "ci": "hartung-knapp",
        "prediction": "t(k-1)",
        "level": 0.95,
        "measure": "RR",
    }


def test_caller_arrays_stay_writable_and_untouched():
    yi, vi = YI.copy(), VI.copy()
    stats.pool(yi, vi)
    yi[0] = 5.0
    assert vi.tolist() == VI.tolist()


def test_natural_and_text():
    result = stats.pool(YI, VI, measure="RR")
    natural = result.natural()
    assert natural.estimate == pytest.approx(math.exp(result.estimate))
    assert natural.prediction_high == pytest.approx(math.exp(result.prediction_high))
    assert repr(result).startswith("<PoolResult RR")
    assert "\n" not in repr(result)
    assert "prediction interval" in result.summary()


def test_a_moment_estimate_outside_its_interval_is_named():
    result = stats.pool([8.44, -0.11, -2.86, -0.92], [5.571, 0.024, 0.017, 0.016], tau2="DL")
    assert result.tau2 < result.tau2_ci_low
    assert "tau2-outside-interval" in codes(result)


def test_root_finder_says_when_there_is_no_root():
    assert not bracketed_root(lambda x: x + 1.0, 0.0, 1.0).converged
    assert bracketed_root(lambda x: x, 0.0, 1.0).value == 0.0
    assert bracketed_root(lambda x: x - 1.0, 0.0, 1.0).value == 1.0
    assert bracketed_root(lambda x: math.log(x) if x > 0 else -math.inf, 0.0, 1e9).value == pytest.approx(
        1.0, rel=1e-12
    )


def test_a_result_needs_all_of_its_fields_and_no_others():
    fit = stats.pool([0.1, 0.3], [0.1, 0.2])
    values = {entry.name: getattr(fit, entry.name) for entry in dataclasses.fields(fit)}
    assert stats.PoolResult(**values).to_dict() == fit.to_dict()
    with pytest.raises(TypeError, match="unknown fields: other"):
        stats.PoolResult(**values, other=1)
    del values["h2"]
    with pytest.raises(TypeError, match="missing or unknown fields: h2"):
        stats.PoolResult(**values)


@pytest.mark.parametrize("wrong", [{"tau2": [1]}, {"model": ["random"]}, {"level": [0.9]}, {"tau2_ci": [2]}])
def test_options_that_cannot_be_remembered_are_refused_by_name(wrong):
    with pytest.raises(UsageError, match=f"^{next(iter(wrong))}: found"):
        stats.pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.1], **wrong)


def test_what_one_result_says_of_its_options_is_its_own():
    first = stats.pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.1])
    first.options["tau2"] = "changed"
    assert stats.pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.1]).options["tau2"] == "REML"
