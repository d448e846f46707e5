"""Cluster-robust inference: what is known otherwise, and refusals."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

Y = np.array([0.20, 0.35, 0.61, 0.48, -0.12, 0.10, 0.42, 0.90, 0.75, 0.05, 0.31, 0.22])
V = np.array([0.02, 0.03, 0.02, 0.05, 0.03, 0.02, 0.04, 0.03, 0.02, 0.05, 0.03, 0.02])
STUDY = [1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6]
X = np.array([0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0.0])


def test_equal_variances_and_single_effects_give_the_t_test():
    fit = stats.pool(Y, np.full(12, 0.05), model="common")
    ours = stats.robust(fit, range(12), adjust="CR2")
    assert ours.se[0] == pytest.approx(Y.std(ddof=1) / np.sqrt(12))
    assert ours.df[0] == pytest.approx(11)
    assert ours.wald == pytest.approx(ours.statistic[0] ** 2)
    assert ours.wald_p_value == pytest.approx(ours.p_value[0])


def test_estimates_do_not_change_and_scales_do_not_matter():
    fit = stats.three_level(Y, V, STUDY, mods=X)
    ours = stats.robust(fit, STUDY)
    assert ours.estimate.tolist() == fit.estimate.tolist()
    large = stats.robust(stats.three_level(1e6 * Y, 1e12 * V, STUDY, mods=X), STUDY)
    assert large.se == pytest.approx(1e6 * ours.se, rel=1e-6)
    assert large.df == pytest.approx(ours.df, rel=1e-6)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3", "CR4"])
def test_names_of_clusters_and_order_of_rows_do_not_matter(kind):
    order = np.random.default_rng(2).permutation(12)
    names = np.array([f"study {one}" for one in STUDY])
    first = stats.robust(stats.pool(Y, V, tau2="DL"), STUDY, adjust=kind)
    second = stats.robust(stats.pool(Y[order], V[order], tau2="DL"), names[order], adjust=kind)
    assert second.se == pytest.approx(first.se, rel=1e-10)
    assert second.df == pytest.approx(first.df, rel=1e-8)


def test_contrasts_test_the_same_as_positions():
    fit = stats.three_level(Y, V, STUDY, mods=X)
    by_place = stats.robust(fit, STUDY, tested=[0, 1])
    by_matrix = stats.robust(fit, STUDY, tested=np.array([[1.0, 1.0], [1.0, -1.0]]))
    assert by_matrix.wald == pytest.approx(by_place.wald, rel=1e-8)
    assert by_matrix.wald_df2 == pytest.approx(by_place.wald_df2, rel=1e-8)


def test_few_degrees_of_freedom_are_remarked():
    ours = stats.robust(stats.three_level(Y, V, STUDY, mods=X), STUDY)
    assert (ours.df < 4).any() == ("few-degrees-of-freedom" in [one.code for one in ours.diagnostics])


def test_results_are_data():
    ours = stats.robust_variance(Y, V, STUDY, mods=X, names=["x"])
    content = json.loads(json.dumps(ours.to_dict()))
    assert content["correction"] == "CR2"
    assert list(ours.to_frame()["coefficient"]) == ["intercept", "x"]
    assert "clusters" in ours.summary()
    assert repr(ours).startswith("<RobustResult")


def test_negative_moments_are_zero_and_said_so():
    y = np.array([0.3, 0.31, 0.29, 0.3, 0.3, 0.31])
    for model, name in (("correlated", "tau2"), ("hierarchical", "omega2")):
        ours = stats.robust_variance(y, [0.5] * 6, [1, 1, 2, 2, 3, 3], model=model)
        assert getattr(ours, name) == 0.0
        assert "moment-truncated" in [one.code for one in ours.diagnostics]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"cluster": STUDY[:4]}, DataError, "one per effect"),
        ({"cluster": [None, *STUDY[1:]]}, DataError, "row 0"),
        ({"cluster": [1] * 12}, TooFewStudiesError, "2 or more"),
        ({"adjust": "HC3"}, UsageError, "'CR2'"),
        ({"df": "many"}, UsageError, "'satterthwaite'"),
        ({"tested": [3]}, UsageError, "positions"),
        ({"tested": np.array([[1.0, 2.0], [2.0, 4.0]])}, UsageError, "independent rows"),
        ({"cluster": range(12)}, UsageError, "outermost factor"),
        ({"fit": stats.mantel_haenszel([1, 2], [9, 9], [2, 3], [9, 9])}, UsageError, "working covariance"),
    ],
)
def test_what_cannot_be_is_refused(change, error, words):
    call = {"fit": stats.three_level(Y, V, STUDY, mods=X), "cluster": STUDY, **change}
    with pytest.raises(error, match=words):
        stats.robust(call.pop("fit"), call.pop("cluster"), **call)


def test_no_more_clusters_than_coefficients():
    with pytest.raises(TooFewStudiesError, match="more clusters"):
        stats.robust_variance(Y, V, [1] * 6 + [2] * 6, mods=X)
    with pytest.raises(UsageError, match="rho"):
        stats.robust_variance(Y, V, STUDY, rho=1.2)


def test_clusters_that_cannot_be_are_refused():
    y, v = [0.2, 0.3, 0.6, 0.5], [0.02] * 4
    with pytest.raises(DataError, match="clusters of one effect each"):
        stats.robust_variance(y, v, [1, 2, 3, 4], model="hierarchical")
    with pytest.raises(DataError, match="cluster: row 2 is None"):
        stats.aggregate_effects(y, v, ["a", "a", None, "b"], rho=0.5)
    with pytest.raises(DataError, match="cluster: row 1 is nan"):
        stats.aggregate_effects(y, v, [1.0, float("nan"), 2.0, 2.0], rho=0.5)


def test_predictions_take_the_robust_precision():
    fit = stats.three_level(Y, V, STUDY, mods=X)
    found = stats.robust(fit, STUDY)
    at = stats.predict_multilevel(fit, [0.0, 1.0], robust=found)
    plain = stats.predict_multilevel(fit, [0.0, 1.0])
    np.testing.assert_array_equal(at.estimate, plain.estimate)
    assert (at.se[0], at.ci_low[0], at.df[0]) == pytest.approx((found.se[0], found.ci_low[0], found.df[0]))
    one = stats.robust(fit, STUDY, tested=[[1.0, 1.0]])
    assert at.df[1] == pytest.approx(one.wald_df2)
    variances = fit.sigma2.sum()
    half = (at.ci_high[1] - at.estimate[1]) / at.se[1]
    assert at.prediction_high[1] == pytest.approx(at.estimate[1] + half * np.sqrt(at.se[1] ** 2 + variances))


def test_a_robust_result_of_another_fit_is_refused():
    fit = stats.three_level(Y, V, STUDY)
    other = stats.robust(stats.three_level(Y + 1.0, V, STUDY), STUDY)
    with pytest.raises(UsageError, match=r"robust\(fit, cluster\)"):
        stats.predict_multilevel(fit, robust=other)


def test_predictions_of_a_meta_regression_take_the_robust_precision():
    fit = stats.meta_regression(Y, V, X)
    robust = stats.robust(fit, STUDY)
    ours = fit.predict([0.0, 1.0], robust=robust)
    assert ours.se[0] == pytest.approx(robust.se[0])
    assert ours.df[0] == pytest.approx(robust.df[0])
    np.testing.assert_array_equal(ours.prediction_df, ours.df)
    json.dumps(ours.to_dict())
    plain = fit.predict([0.0], robust=robust, prediction="normal")
    assert plain.prediction_df is None
    with pytest.raises(UsageError, match="not those of the fit"):
        fit.predict(robust=stats.robust(stats.meta_regression(Y, V), STUDY))
    with pytest.raises(UsageError, match="robust: found"):
        fit.predict(robust="CR2")


def test_cr4_of_a_mean_is_unbiased_under_the_working_model_and_cr2_does_not_depend_on_the_origin():
    fit = stats.pool(Y, V, tau2=0.1)
    found = stats.robust(fit, STUDY, adjust="CR4").sandwich
    # the expected sandwich under the working model is the model's own covariance (bias-reduced)
    model = (found.back @ found.weighting.model_covariance @ found.back.T).item()
    residual = np.diag(V + 0.1) - model
    expected = 0.0
    for rows, g in zip([[0, 1], [2, 3], [4, 5], [6], [7, 8], [9, 10, 11]], found.influence, strict=True):
        moved = g @ found.back.T
        expected += (moved.T @ residual[np.ix_(rows, rows)] @ moved).item()
    assert expected == pytest.approx(model, rel=1e-10)
    varying = np.arange(12.0) ** 2 / 20
    near, far = (stats.meta_regression(Y, V, varying + shift) for shift in (0.0, 5.0))
    cr2, cr4 = (
        [stats.robust(one, STUDY, adjust=kind).se[1] for one in (near, far)] for kind in ("CR2", "CR4")
    )
    assert cr2[0] == pytest.approx(cr2[1], rel=1e-9)
    assert cr4[0] != pytest.approx(cr4[1], rel=1e-6)
