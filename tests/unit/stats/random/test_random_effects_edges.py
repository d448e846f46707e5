"""Options of `pool` that go together or do not, lazy limits, corners, subgroups."""

import copy
import json
import math
import pickle

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

YI = np.array([0.1, 0.3, 0.35, 0.65, -0.2])
VI = np.array([0.03, 0.03, 0.05, 0.01, 0.02])
LIMITS = ("tau2_ci_low", "tau2_ci_high", "i2_ci_low", "i2_ci_high")


def codes(result):
    return [remark.code for remark in result.diagnostics]


def slots(result):
    """The limits that a result holds already."""
    filled = []
    for name in LIMITS:
        try:
            object.__getattribute__(result, name)
        except AttributeError:
            continue
        filled.append(name)
    return filled


def test_limits_of_tau2_are_found_when_first_read_and_kept():
    fit = stats.pool(YI, VI)
    assert slots(fit) == []
    low = fit.tau2_ci_low
    assert slots(fit) == list(LIMITS)
    assert fit.tau2_ci_low == low
    assert fit.i2_ci_low < fit.i2 < fit.i2_ci_high


@pytest.mark.parametrize(
    "read",
    [lambda fit: pickle.loads(pickle.dumps(fit)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_a_fresh_fit_survives_copies_with_its_limits(read):
    again = read(stats.pool(YI, VI))
    reference = stats.pool(YI, VI)
    assert {name: getattr(again, name) for name in LIMITS} == {
        name: getattr(reference, name) for name in LIMITS
    }
    assert json.dumps(again.to_dict()) == json.dumps(reference.to_dict())


def test_text_and_json_hold_the_limits_of_a_fresh_fit():
    assert "interval 0.01961 to 0.8024" in stats.pool(YI, VI).summary()
    assert stats.pool(YI, VI).to_dict()["tau2_ci_high"] == stats.pool(YI, VI).tau2_ci_high
    with pytest.raises(AttributeError, match="no attribute 'tau3'"):
        _ = stats.pool(YI, VI).tau3


def test_other_limits_are_found_at_once_and_named():
    fit = stats.pool(YI, VI, tau2_ci="jackson")
    assert slots(fit) == list(LIMITS)
    assert fit.options["tau2_ci"] == "jackson"
    assert fit.heterogeneity().interval == "jackson"
    assert fit.tau2_ci_high == fit.heterogeneity("jackson").tau2_ci_high


def test_an_empty_set_is_none_in_every_exact_interval():
    yi, vi = [0.2, 0.2001, 0.2002, 0.2], [0.1, 0.2, 0.3, 0.4]
    for interval in ("q-profile", "jackson", "biggerstaff-jackson"):
        fit = stats.pool(yi, vi, tau2_ci=interval)
        assert (fit.tau2_ci_low, fit.i2_ci_high) == (None, None)
        assert "tau2-interval-empty" in codes(fit)
    likelihood = stats.pool(yi, vi, tau2_ci="profile-likelihood")
    assert likelihood.tau2_ci_low == 0.0
    assert likelihood.tau2_ci_high > 0


def test_limits_that_do_not_belong_to_the_estimator_are_refused():
    with pytest.raises(UsageError, match=r"profile-likelihood.*'REML' or 'ML'"):
        stats.pool(YI, VI, tau2="DL", tau2_ci="profile-likelihood")
    with pytest.raises(UsageError, match="tau2_ci: found 'exact'"):
        stats.pool(YI, VI, tau2_ci="exact")


def test_two_studies_have_no_higgins_thompson_limits():
    fit = stats.pool([0.1, 0.9], [0.1, 0.1], tau2="DL", tau2_ci="higgins-thompson")
    assert fit.tau2_ci_low is None
    assert "tau2-interval-missing" in codes(fit)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_studies_in_every_model_and_estimator(k):
    for model in stats.PoolModel:
        fit = stats.pool(YI[:k], VI[:k], model=model)
        json.dumps(fit.to_dict(), allow_nan=False)
        assert fit.heterogeneity().k == k
        assert fit.fit_statistics().k == k
        assert fit.heterogeneity().summary()
    for method in stats.Tau2Method:
        fit = stats.pool(YI[:k], VI[:k], tau2=method, tau2_weights=np.ones(k))
        assert math.isfinite(fit.tau2)
        json.dumps(fit.to_dict(), allow_nan=False)
        if k == 1:
            assert fit.tau2 == 0.0
            assert fit.tau2_se is None
    for ci in stats.IntervalMethod:
        fit = stats.pool(YI[:k], VI[:k], ci=ci)
        assert fit.ci_low <= fit.estimate <= fit.ci_high


def test_effects_that_agree_to_the_last_digit_have_no_width_and_say_so():
    fit = stats.pool([0.3] * 4, [0.1, 0.2, 0.3, 0.4])
    assert fit.se == 0.0
    assert "hartung-knapp-zero-width" in codes(fit)
    for ci in ("kenward-roger", "hartung-knapp-truncated", "hartung-knapp-iqwig"):
        assert stats.pool([0.3] * 4, [0.1, 0.2, 0.3, 0.4], ci=ci).se > 0
    assert stats.pool([0.3] * 4, [0.1] * 4).heterogeneity().r_b == 0.0


def test_iqwigs_rule_keeps_the_t_distribution():
    yi, vi = [0.30, 0.31, 0.29, 0.32], [0.04, 0.05, 0.03, 0.06]
    fit = stats.pool(yi, vi, ci="hartung-knapp-iqwig")
    classic = stats.pool(yi, vi, ci="t")
    assert (fit.ci_low, fit.ci_high, fit.df) == (classic.ci_low, classic.ci_high, 3)
    assert "hartung-knapp-factor-one" in codes(fit)


def test_kenward_roger_goes_with_reml_alone():
    for options in ({"ci": "kenward-roger"}, {"prediction": "KR"}, {"prediction": "KR-PR"}):
        with pytest.raises(UsageError, match="REML"):
            stats.pool(YI, VI, tau2="DL", **options)
        with pytest.raises(UsageError, match="REML"):
            stats.pool(YI, VI, model="common", **options)


def test_kenward_roger_at_equal_variances_is_the_t_interval():
    """With one variance and tau² above 0 the mean is normal with k - 1 df: both adjustments vanish."""
    fit = stats.pool([0.3, -0.2, 0.9, 0.45, 0.1], [0.05] * 5, ci="kenward-roger")
    t = stats.pool([0.3, -0.2, 0.9, 0.45, 0.1], [0.05] * 5, ci="t")
    assert fit.df == pytest.approx(4.0, rel=1e-12)
    assert fit.se == pytest.approx(t.se, rel=1e-12)


def test_two_studies_of_one_variance_leave_kr_pr_no_degrees_of_freedom():
    fit = stats.pool([0.1, 0.9], [0.05, 0.05], tau2="REML", prediction="KR-PR")
    assert (fit.prediction_low, fit.prediction_high) == (None, None)
    assert "prediction-no-df" in codes(fit)


def test_degrees_of_freedom_can_be_given():
    fit, plain = stats.pool(YI, VI, ci="t", df=3), stats.pool(YI, VI, ci="t")
    assert (fit.df, fit.options["df"]) == (3, 3)
    assert fit.ci_high > plain.ci_high
    with pytest.raises(UsageError, match="df: found 0"):
        stats.pool(YI, VI, df=0)
    with pytest.raises(UsageError, match="df: found 3 with 'normal', which does not use it"):
        stats.pool(YI, VI, ci="normal", df=3)
    with pytest.raises(UsageError, match="tau2_start: found 1 with 'REML'"):
        stats.pool(YI, VI, tau2_start=1)
    with pytest.raises(UsageError, match="tau2_start: found -1"):
        stats.pool(YI, VI, tau2="SJ", tau2_start=-1)


def test_weights_of_the_mean():
    equal = stats.pool(YI, VI, weights=np.ones(5), tau2=0.04, ci="normal")
    assert equal.estimate == pytest.approx(YI.mean())
    assert equal.se == pytest.approx(math.sqrt((VI + 0.04).sum()) / 5)
    assert equal.method.startswith("fixed weights")
    own = stats.pool(YI, VI, weights=1 / (VI + 0.04), tau2=0.04)
    best = stats.pool(YI, VI, tau2=0.04)
    assert own.se == pytest.approx(best.se, rel=1e-12)
    zero = stats.pool(YI, VI, weights=[1, 0, 0, 0, 0], tau2=0.0, ci="normal")
    assert (zero.estimate, zero.se) == (YI[0], pytest.approx(math.sqrt(VI[0])))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"weights": [1, 1, 1, 1, -1]}, DataError, "weights.*row 4 is -1.0"),
        ({"weights": [0, 0, 0, 0, 0]}, UsageError, "only zeros"),
        ({"weights": [1, 1]}, DataError, "weights has 2"),
        ({"weights": [1] * 5, "model": "ivhet"}, UsageError, "weights: found some with model='ivhet'"),
        ({"model": "henmi-copas", "ci": "t"}, UsageError, "henmi-copas"),
        ({"model": "henmi-copas", "tau2": "REML"}, UsageError, "henmi-copas"),
    ],
)
def test_weights_and_models_that_do_not_go_together(options, error, message):
    with pytest.raises(error, match=message):
        stats.pool(YI, VI, **options)


def test_doi_and_henmi_copas_share_the_estimate_of_the_common_effect():
    common = stats.pool(YI, VI, model="common")
    ivhet, copas = (stats.pool(YI, VI, model=model) for model in ("ivhet", "henmi-copas"))
    assert ivhet.estimate == copas.estimate == pytest.approx(common.estimate, rel=1e-14)
    assert ivhet.se == copas.se > common.se
    assert copas.ci_high - copas.ci_low > ivhet.ci_high - ivhet.ci_low
    assert (ivhet.options["tau2"], copas.prediction_low) == ("DL", None)


def test_henmi_copas_without_heterogeneity_is_nearly_the_common_effect():
    yi, vi = [0.2, 0.21, 0.19, 0.2, 0.22, 0.18], [0.1, 0.1, 0.1, 0.2, 0.2, 0.2]
    fit, common = stats.pool(yi, vi, model="henmi-copas"), stats.pool(yi, vi, model="common")
    assert fit.tau2 == 0.0
    assert fit.se == pytest.approx(common.se, rel=1e-12)
    shift = fit.estimate - fit.ci_low  # at a true effect on the limit, p is 1 - level
    moved = stats.pool(np.array(yi) - fit.estimate + shift, vi, model="henmi-copas")
    assert moved.p_value == pytest.approx(0.05, rel=1e-8)


def test_masked_values_are_missing():
    masked = np.ma.masked_array([0.1, 0.3, 0.2], mask=[False, True, False])
    with pytest.raises(DataError, match="row 1 is nan"):
        stats.pool(masked, [0.1, 0.1, 0.1])
    whole = np.ma.masked_array([0.1, 0.3, 0.2], mask=False)
    assert stats.pool(whole, [0.1] * 3).k == 3
    counts = np.ma.masked_array([1, 2], mask=[True, False])
    assert not stats.effect_size("RR", events1=counts, n1=[9, 9], events2=[1, 1], n2=[9, 9]).estimable[0]


def test_heterogeneity_asks_for_a_fit_with_tau2():
    fit = stats.mantel_haenszel([1, 2], [9, 9], [2, 3], [9, 9])
    for ask in (fit.heterogeneity, fit.fit_statistics):
        with pytest.raises(UsageError, match="has no tau²"):
            ask()


def test_a_given_tau2_has_measures_but_no_limits():
    found = stats.pool(YI, VI, tau2=0.05).heterogeneity()
    assert (found.tau2_ci_low, found.i2_ci_low, found.tau2_se, found.interval) == (None, None, None, "none")
    assert found.i2_q_ci_low is not None
    assert stats.pool(YI, VI, tau2=0.05).fit_statistics().parameters == 1


def test_measures_as_columns_and_text():
    found = stats.pool(YI, VI).heterogeneity(level=0.9)
    columns = found.columns()
    assert list(columns["measure"]) == ["tau2", "tau", "i2", "h2", "i2_q", "h_q", "r_b"]
    assert (columns["ci_low"] <= columns["estimate"]).all()
    assert "\n" not in repr(found)
    wide = stats.pool(YI, VI).heterogeneity(level=0.99)
    assert wide.tau2_ci_high > found.tau2_ci_high


@pytest.mark.parametrize("prediction", list(stats.PredictionMethod))
def test_every_prediction_interval_holds_the_estimate_or_says_why_not(prediction):
    for k in (1, 2, 3, 4, 5):
        fit = stats.pool(YI[:k], VI[:k], prediction=prediction, rng=3)
        if fit.prediction_low is None:
            assert k < 5
        else:
            assert fit.prediction_low < fit.estimate < fit.prediction_high


def test_prediction_from_two_studies_is_named():
    fit = stats.pool(YI[:2], VI[:2], prediction="test")
    assert fit.prediction_df == 1
    assert "prediction-two-studies" in codes(fit)


def test_the_bootstrap_is_reproduced_by_its_recorded_seed():
    first = stats.pool(YI, VI, prediction="NNF")
    again = stats.pool(YI, VI, prediction="NNF", rng=first.options["seed"])
    assert (again.prediction_low, again.prediction_high) == (first.prediction_low, first.prediction_high)
    assert again.content_hash == first.content_hash
    generator = np.random.default_rng(5)
    assert stats.pool(YI, VI, prediction="NNF", rng=generator).options["seed"] != first.options["seed"]
    json.dumps(first.to_dict(), allow_nan=False)


def test_subgroups_take_values_per_study():
    groups = ["a", "b", "a", "b", "a"]
    weights = np.arange(1.0, 6.0)
    found = stats.subgroups(YI, VI, groups, weights=weights, labels=list("vwxyz"), tau2="DL")
    alone = stats.pool(YI[::2], VI[::2], weights=weights[::2], tau2="DL")
    assert found.results["a"].estimate == alone.estimate
    assert found.results["b"].labels == ("w", "y")
    with pytest.raises(DataError, match="weights: found 2"):
        stats.subgroups(YI, VI, groups, weights=[1, 2])


def test_subgroups_add_up():
    found = stats.subgroups(YI, VI, ["a", "a", "b", "b", "b"], ci="normal", common_tau2=True)
    total = stats.pool(YI, VI)
    common = stats.subgroups(YI, VI, ["a", "a", "b", "b", "b"], model="common")
    assert common.q_within + common.test.q == pytest.approx(total.q, rel=1e-12)
    assert found.q_within_df == 3
    assert found.omnibus.statistic == pytest.approx(found.test.q, rel=1e-12)
    assert found.omnibus.df_residual is None
    assert "omnibus" in found.summary()
    assert common.omnibus is None
    assert {"prediction_low", "q"} <= set(found.columns())


def test_subgroups_of_one_study_each_leave_no_residual():
    found = stats.subgroups(YI[:2], VI[:2], ["a", "b"], common_tau2=True)
    assert (found.q_within, found.q_within_df, found.q_within_p_value) == (0.0, 0, 1.0)
    assert found.omnibus is None
    with pytest.raises(UsageError, match="common_tau2: found model='ivhet'"):
        stats.subgroups(YI, VI, list("aabbb"), common_tau2=True, model="ivhet")


def test_dersimonian_laird_about_another_effect():
    yi, vi = np.array([0.1, 0.3, 0.35, 0.65]), np.array([0.03, 0.03, 0.05, 0.01])
    w = 1 / vi
    q = (w * (yi - 0.2) ** 2).sum()
    fit = stats.pool(yi, vi, tau2="DL", tau2_about=0.2)
    assert fit.q == pytest.approx(q, rel=1e-14)
    assert fit.tau2 == pytest.approx((q - 3) / (w.sum() - (w**2).sum() / w.sum()), rel=1e-13)
    assert fit.tau2_ci_low is None
    assert fit.heterogeneity().tau2_ci_high is None
    own = (w * yi).sum() / w.sum()
    assert stats.pool(yi, vi, tau2="DL", tau2_about=own).tau2 == pytest.approx(
        stats.pool(yi, vi, tau2="DL").tau2, rel=1e-13
    )
    assert stats.pool([0.1], [0.2], tau2="DL", tau2_about=3.0).tau2 == 0
    assert stats.leave_one_out(fit).q[0] == pytest.approx(q - w[0] * 0.01, rel=1e-13)


@pytest.mark.parametrize("options", [{"tau2": "REML"}, {"model": "ivhet"}, {"tau2_about": math.inf}])
def test_dersimonian_laird_about_another_effect_only(options):
    with pytest.raises(UsageError, match=r"tau2_about: found .*allowed"):
        stats.pool([0.1, 0.2], [0.1, 0.1], **{"tau2_about": 0.2, "tau2": "DL", **options})


def test_mantel_haenszel_random_is_dersimonian_laird_about_its_estimate():
    table = {
        "events1": [4, 6, 3, 12],
        "n1": [40, 50, 40, 60],
        "events2": [8, 9, 10, 8],
        "n2": [42, 51, 39, 61],
    }
    common = stats.mantel_haenszel(**table, measure="RR")
    sizes = stats.effect_size("RR", **table)
    fit = stats.mantel_haenszel(**table, measure="RR", model="random", tau2="DL", ci="normal")
    by_hand = stats.pool(sizes.yi, sizes.vi, tau2="DL", tau2_about=common.estimate, ci="normal")
    assert (fit.tau2, fit.estimate, fit.q) == (by_hand.tau2, by_hand.estimate, by_hand.q)


@pytest.mark.parametrize("measure", ["RR", "PLO", "PRZ", "PAS", "IRS", "ZCOR", "AHW", "ABT", "ZR2"])
def test_summary_goes_back_to_the_natural_scale(measure):
    fit = stats.pool([0.2, 0.3, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], measure=measure)
    value = fit.natural()
    assert f"{measure} (natural scale): {value.estimate:.4f}" in fit.summary()
    assert f"(natural scale): {value.prediction_low:.4f} to {value.prediction_high:.4f}" in fit.summary()


def test_summary_of_freeman_tukey_says_that_sizes_are_needed():
    assert "natural(n=" in stats.pool([0.2, 0.3], [0.03, 0.03], measure="PFT").summary()
