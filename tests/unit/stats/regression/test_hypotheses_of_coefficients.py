"""Contrasts, comparisons of models, inflation, adjusted p values."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

YI = np.array([0.1, 0.3, 0.8, 0.9, 0.4, 0.5, 0.2, 0.7])
VI = np.array([0.04, 0.02, 0.03, 0.05, 0.02, 0.06, 0.03, 0.04])
DATA = {
    "arm": list("aabbccab"),
    "dose": [1.0, 2.0, 3.0, 5.0, 4.0, 6.0, 2.5, 3.5],
    "year": [1, 4, 2, 8, 5, 7, 1, 0],
}


def regress(mods, **options):
    return stats.meta_regression(YI, VI, mods, data=DATA, **options)


def test_combinations_by_name_and_by_row_agree():
    fit = regress(["arm"], ci="normal")
    named = stats.linear_hypothesis(
        fit, [{"arm[T.b]": 1, "arm[T.c]": -1}, {"intercept": 1, "arm[T.b]": 0.5}], [0.0, 0.2]
    )
    plain = stats.linear_hypothesis(fit, [[0, 1, -1], [1, 0.5, 0]], [0.0, 0.2])
    np.testing.assert_array_equal(named.estimate, plain.estimate)
    assert named.names == ("arm[T.b] - arm[T.c] = 0", "intercept + 0.5 arm[T.b] = 0.2")
    assert named.joint.df == 2
    assert named.statistic[1] == pytest.approx((named.estimate[1] - 0.2) / named.se[1])
    assert "joint" in named.summary()


def test_the_test_is_against_the_hypothesis_and_the_limits_are_of_the_combination():
    fit = regress(["arm"], ci="normal")
    at = stats.linear_hypothesis(fit, {"arm[T.b]": 1}, 0.3)
    assert at.estimate[0] == fit.estimate[1]
    assert at.statistic[0] == pytest.approx((fit.estimate[1] - 0.3) / fit.se[1])
    assert (at.ci_low[0], at.ci_high[0]) == pytest.approx((fit.ci_low[1], fit.ci_high[1]))


def test_dependent_combinations_have_no_joint_test():
    fit = regress(["arm"])
    assert stats.linear_hypothesis(fit, [[0, 1, 0], [0, 2, 0]]).joint is None
    with pytest.raises(DataError, match="row of zeros"):
        stats.linear_hypothesis(fit, [[0, 0, 0]])
    with pytest.raises(UsageError, match=r"'arm\[T\.d\]'"):
        stats.linear_hypothesis(fit, {"arm[T.d]": 1})


def test_models_that_cannot_be_compared_are_refused():
    full, null = regress(["dose", "year"], tau2="ML"), regress(["dose"], tau2="ML")
    assert stats.compare_models(full, null).df == 1
    for first, second, words in (
        (null, full, "larger one first"),
        (full, regress(["year"], tau2="REML"), "likelihoods ML and REML"),
        (regress(["dose", "year"]), regress(["dose"]), "REML fits with different"),
        (full, regress(["arm"], tau2="ML"), "parameters"),
        (regress(["dose", "year"], tau2="DL"), regress(["dose"], tau2="DL"), "which maximise"),
        (full, stats.meta_regression(YI[1:], VI[1:], tau2="ML"), "different data"),
        (regress(["dose", "year"], tau2="ML", weights=VI), null, "weights"),
    ):
        with pytest.raises(UsageError, match=words):
            stats.compare_models(first, second)
    extra = regress(["arm", "dose"], tau2="ML")
    with pytest.raises(UsageError, match="does not hold"):
        stats.compare_models(extra, regress(["year"], tau2="ML"))


def test_testing_tau2_itself_is_remarked():
    comparison = stats.compare_models(regress(["dose"], tau2="ML"), regress(["dose"], model="common"))
    assert [remark.code for remark in comparison.diagnostics] == ["hypothesis-on-the-boundary"]
    assert comparison.r2 is None


def test_inflation_by_coefficient_term_and_group():
    fit = regress(["arm", "dose", "year"])
    single, by_term = stats.variance_inflation(fit), stats.variance_inflation(fit, by_term=True)
    assert single.names == fit.names[1:]
    assert by_term.names == ("arm", "dose", "year")
    assert by_term.columns_per_name == (2, 1, 1)
    assert by_term.vif[1] == pytest.approx(single.vif[2])
    group = stats.variance_inflation(fit, groups=[["arm[T.b]", "arm[T.c]"]])
    assert group.vif[0] == pytest.approx(by_term.vif[0])
    assert group.sif[0] == pytest.approx(group.vif[0] ** 0.25)
    assert stats.variance_inflation(regress(["dose"])).vif[0] == pytest.approx(1.0)
    # estimated anew: the variance here over that of the term alone
    held = regress(["arm", "dose", "year"], tau2=0.05)
    alone = regress(["dose"], tau2=0.05)
    anew = stats.variance_inflation(held, by_term=True, reestimate=True)
    assert anew.vif[1] == pytest.approx((held.se[3] / alone.se[1]) ** 2, rel=1e-9)
    assert stats.variance_inflation(regress(["dose"]), reestimate=True).vif[0] == pytest.approx(1.0)
    with pytest.raises(UsageError, match="intercept alone"):
        stats.variance_inflation(regress(None))
    with pytest.raises(UsageError, match="other than the intercept"):
        stats.variance_inflation(fit, groups=[["intercept"]])


def test_adjusted_p_values_keep_order_and_bounds():
    p = [0.001, 0.2, math.nan, 0.03, 0.9]
    for method in stats.PAdjustment:
        adjusted = stats.adjust_p_values(p, method)
        assert math.isnan(adjusted[2])
        known = adjusted[[0, 1, 3, 4]]
        assert (known >= np.array(p)[[0, 1, 3, 4]]).all()
        assert (known <= 1).all()
    with pytest.raises(DataError, match=r"row 0 is 1\.5"):
        stats.adjust_p_values([1.5])
    with pytest.raises(UsageError, match="'holm'"):
        stats.adjust_p_values([0.5], "sidak")


def test_step_down_refuses_tables_that_do_not_match():
    with pytest.raises(DataError, match="shape"):
        stats.step_down_max([1.0, 2.0], [[1.0], [2.0]])
    with pytest.raises(DataError, match="complete"):
        stats.step_down_max([1.0], [[math.nan]])


def test_a_table_of_models_stands_on_their_criteria():
    yi, vi, study = [0.2, 0.3, 0.6, 0.5, -0.9, -0.8, 0.4, 0.5], np.full(8, 0.02), [1, 1, 2, 2, 3, 3, 4, 4]
    data = {"study": study, "effect": list(range(8)), "dose": [1.0, 2, 3, 4, 5, 6, 7, 9]}
    options = {"data": data, "random": "~ 1 | study/effect", "method": "ML"}
    fits = {
        "mean": stats.multilevel(yi, vi, **options),
        "dose": stats.multilevel(yi, vi, mods=["dose"], **options),
        "square": stats.multilevel(yi, vi, mods="~ dose + I(dose**2)", **options),
    }
    table = stats.model_table(fits)
    assert list(table.aicc) == sorted(fit.aicc for fit in fits.values())
    assert table.weight.sum() == pytest.approx(1.0)
    assert table.weight[1] / table.weight[0] == pytest.approx(np.exp(-(table.aicc[1] - table.aicc[0]) / 2))
    test = stats.compare_models(fits["square"], fits["mean"])
    assert test.df == 2
    assert test.statistic == pytest.approx(
        2 * (fits["square"].log_likelihood - fits["mean"].log_likelihood), abs=1e-12
    )
    with pytest.raises(UsageError, match="more than the reduced"):
        stats.compare_models(fits["mean"], fits["dose"])
    with pytest.raises(UsageError, match="two or more"):
        stats.model_table({"mean": fits["mean"]})
    other = stats.multilevel([*yi[:-1], 0.6], vi, **options)
    with pytest.raises(UsageError, match="'other' has other effects"):
        stats.model_table({"mean": fits["mean"], "other": other})
    moments = stats.meta_regression(yi, vi, tau2="DL")
    with pytest.raises(UsageError, match="maximises no likelihood"):
        stats.model_table({"a": moments, "b": moments})
    restricted = [stats.meta_regression(yi, vi, mods, tau2="REML") for mods in (None, data["dose"])]
    with pytest.raises(UsageError, match="different moderators"):
        stats.model_table(dict(zip("ab", restricted, strict=True)))
