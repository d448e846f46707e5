"""Multilevel models: special cases that are known otherwise, the boundary, refusals."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.dependence.covariance_structures import RandomCovariance
from evergrove.stats.dependence.options import Structure
from evergrove.stats.dependence.random_terms import parse_term
from golden.stats_reference import golden

Y = np.array([0.20, 0.35, 0.61, 0.48, -0.12, 0.10, 0.42, 0.90, 0.75, 0.05, 0.31, 0.22])
V = np.array([0.02, 0.03, 0.02, 0.05, 0.03, 0.02, 0.04, 0.03, 0.02, 0.05, 0.03, 0.02])
DATA = {
    "study": [1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6],
    "effect": list(range(12)),
    "outcome": ["a", "b", "a", "b", "a", "b", "a", "a", "b", "a", "b", "c"],
    "time": [0.0, 1.0, 0.0, 2.5, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 4.0],
    "dose": [1.0, 2.0, 1.0, 3.0, 1.5, 2.5, 1.0, 3.0, 3.5, 0.5, 1.0, 1.0],
}


def codes(result):
    return [remark.code for remark in result.diagnostics]


def test_one_effect_per_study_is_the_usual_random_effects_model():
    ours = stats.multilevel(Y, V, random="~ 1 | effect", data=DATA)
    usual = stats.pool(Y, V, ci="normal")
    assert ours.estimate[0] == pytest.approx(usual.estimate, rel=1e-9)
    assert ours.sigma2[0] == pytest.approx(usual.tau2, rel=1e-7)
    assert ours.q == pytest.approx(usual.q, rel=1e-12)
    assert ours.i2 == pytest.approx(usual.i2, rel=1e-7)


def test_without_random_terms_it_is_weighted_least_squares():
    ours = stats.multilevel(Y, V)
    assert ours.estimate[0] == pytest.approx(np.average(Y, weights=1 / V))
    assert ours.components == ()
    assert ours.i2 == 0.0


def test_compound_symmetry_equals_nested_intercepts():
    nested = stats.multilevel(Y, V, random="~ 1 | study/effect", data=DATA)
    symmetric = stats.multilevel(Y, V, random="~ effect | study", data=DATA)
    assert symmetric.log_likelihood == pytest.approx(nested.log_likelihood, rel=1e-10)
    assert symmetric.tau2[0] == pytest.approx(nested.sigma2.sum(), rel=1e-6)
    assert symmetric.rho[0] == pytest.approx(nested.sigma2[0] / nested.sigma2.sum(), rel=1e-6)


@pytest.mark.parametrize("form", ["matrix", "blocks", "vector"])
def test_v_as_vector_matrix_or_blocks_is_one_model(form):
    given = {"matrix": np.diag(V), "blocks": [np.array([[one]]) for one in V], "vector": V}[form]
    ours = stats.three_level(Y, given, DATA["study"])
    assert ours.estimate[0] == pytest.approx(stats.three_level(Y, V, DATA["study"]).estimate[0], rel=1e-12)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, dict])
def test_data_may_be_a_mapping_or_any_frame(frame):
    ours = stats.multilevel(Y, V, random="~ 1 | study/effect", mods=["dose"], data=frame(DATA))
    assert ours.names == ("intercept", "dose")


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, dict])
def test_an_unknown_column_is_named_with_what_there_is(frame):
    with pytest.raises(UsageError, match="trial"):
        stats.multilevel(Y, V, random="~ 1 | trial", data=frame(DATA))


def test_order_of_rows_does_not_matter():
    order = np.random.default_rng(1).permutation(12)
    moved = {name: [values[row] for row in order] for name, values in DATA.items()}
    v = stats.impute_covariance(V, DATA["study"], 0.5)
    first = stats.multilevel(Y, v, random="~ outcome | study", struct="CS", data=DATA)
    second = stats.multilevel(
        Y[order], v[np.ix_(order, order)], random="~ outcome | study", struct="CS", data=moved
    )
    assert second.estimate[0] == pytest.approx(first.estimate[0], rel=1e-9)
    assert second.tau2[0] == pytest.approx(first.tau2[0], rel=1e-6)


def test_a_variance_at_zero_is_exact_and_said_so():
    # within studies the effects agree more than their variances allow
    y = np.repeat([0.1, 0.5, 0.9, 0.3], 3) + np.tile([-0.01, 0.0, 0.01], 4)
    fit = stats.three_level(y, [0.05] * 12, np.repeat([1, 2, 3, 4], 3))
    assert fit.sigma2[1] == 0.0
    assert [one.boundary for one in fit.components] == [False, True]
    assert "component-at-bound" in codes(fit)
    assert fit.converged


def test_all_effects_equal_leaves_no_variance():
    fit = stats.three_level([0.3] * 6, [0.05] * 6, [1, 1, 2, 2, 3, 3])
    assert fit.sigma2.tolist() == [0.0, 0.0]
    assert fit.estimate[0] == pytest.approx(0.3)


def test_two_factors_that_group_alike_are_one_variance():
    fit = stats.multilevel(Y, V, random=["~ 1 | effect", "~ 1 | twin"], data={**DATA, "twin": DATA["effect"]})
    assert "same-grouping" in codes(fit)
    assert fit.sigma2[1] == 0.0
    assert fit.components[1].given


def test_a_factor_with_one_level_has_no_variance():
    fit = stats.multilevel(Y, V, random=["~ 1 | lab", "~ 1 | study"], data={**DATA, "lab": ["x"] * 12})
    assert "one-level" in codes(fit)
    assert fit.sigma2[0] == 0.0


def test_levels_that_never_meet_have_no_correlation():
    data = {"study": [1, 2, 3, 4, 5, 6], "outcome": list("ababab")}
    fit = stats.multilevel(Y[:6], V[:6], random="~ outcome | study", struct="UN", data=data, mods=["outcome"])
    assert "correlation-not-estimable" in codes(fit)
    assert fit.rho.tolist() == [0.0]


def test_given_components_are_kept():
    fit = stats.multilevel(Y, V, random="~ 1 | study/effect", data=DATA, sigma2=[0.05, None])
    assert fit.sigma2[0] == pytest.approx(0.05)
    assert [one.given for one in fit.components] == [True, False]
    assert fit.n_parameters == 2


def test_few_clusters_with_normal_tests_are_remarked():
    assert "few-clusters" in codes(stats.three_level(Y, V, DATA["study"]))
    assert "few-clusters" not in codes(stats.three_level(Y, V, DATA["study"], test="t", dfs="contain"))


def test_contained_degrees_of_freedom_follow_the_factor_a_moderator_varies_in():
    data = {**DATA, "region": [float(one % 2) for one in DATA["study"]]}
    fit = stats.multilevel(
        Y, V, random="~ 1 | study/effect", mods=["region", "dose"], data=data, test="t", dfs="contain"
    )
    assert fit.df.tolist() == [6 - 3, 6 - 3, 12 - 3]
    assert fit.qm_df2 == 3


def test_an_effect_without_a_variance_to_pool_still_fits_a_level():
    fit = stats.multilevel(Y, V, random="~ outcome | study", struct="HCS", data=DATA)
    assert [one.name for one in fit.components] == ["tau2[a]", "tau2[b]", "tau2[c]", "rho"]
    assert stats.i2_by_level(fit)["a"] >= 0
    with pytest.raises(UsageError, match="variance for each level"):
        stats.i2_by_level(stats.three_level(Y, V, DATA["study"]))


def test_a_thousand_effects_are_feasible():
    rng = np.random.default_rng(5)
    study = np.repeat(np.arange(300), 4)
    y = rng.normal(0, 0.3, 300)[study] + rng.normal(0, 0.2, 1200) + rng.normal(0, 0.2, 1200)
    fit = stats.three_level(y, np.full(1200, 0.04), study)
    assert fit.sigma2[0] == pytest.approx(0.09, rel=0.3)
    assert fit.sigma2[1] == pytest.approx(0.04, rel=0.4)


def test_results_are_data():
    fit = stats.multilevel(Y, V, random="~ 1 | study/effect", data=DATA, mods=["dose"], test="t")
    content = json.loads(json.dumps(fit.to_dict()))
    assert content["components"][0]["name"] == "sigma2[study]"
    assert len(content["inputs_sha256"]) == 64
    assert list(fit.to_frame()["coefficient"]) == ["intercept", "dose"]
    assert "sigma2[study]" in fit.summary()
    assert repr(fit).startswith("<MultilevelResult intercept")
    again = stats.multilevel(Y, V, random="~ 1 | study/effect", data=DATA, mods=["dose"], test="t")
    assert again.content_hash == fit.content_hash


def test_intervals_contain_the_estimates_and_profiles_peak_there():
    fit = stats.multilevel(Y, V, random="~ outcome | study", data=DATA)
    found = stats.component_intervals(fit, level=0.8)
    assert (found.ci_low <= found.estimate).all()
    assert (found.estimate <= found.ci_high).all()
    tau2 = fit.tau2[0]
    profile = stats.likelihood_profile(fit, "tau2", [tau2 / 2, tau2, 2 * tau2])
    assert profile[1] == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert profile.argmax() == 1
    assert stats.likelihood_profile(fit, "tau2", [0.0])[0] <= fit.log_likelihood


def test_random_effects_are_shrunken_and_need_no_t_for_normal_tests():
    fit = stats.three_level(Y, V, DATA["study"])
    (study, effect) = stats.random_effects(fit)
    assert study.level_names == ("1", "2", "3", "4", "5", "6")
    assert abs(float(study.estimate.mean())) < 0.1
    assert len(effect.estimate) == 12
    slopes = stats.random_effects(
        stats.multilevel(Y, V, random="~ dose | study", struct="GDIAG", data=DATA, mods=["dose"])
    )
    assert slopes[0].level_names[0] == "intercept | 1"


@pytest.mark.parametrize("structure", ["CS", "ID", "HCS"])
def test_random_effects_bear_the_names_of_the_data(structure):
    fit = stats.multilevel(Y, V, random="~ outcome | study", struct=structure, data=DATA)
    assert stats.random_effects(fit)[0].level_names[-4:] == ("b | 5", "a | 6", "b | 6", "c | 6")


def test_predictions_take_moderators_and_widen_for_new_studies():
    fit = stats.multilevel(Y, V, random="~ 1 | study/effect", data=DATA, mods=["dose"])
    found = stats.predict_multilevel(fit, [1.0, 2.0])
    assert found.estimate[1] - found.estimate[0] == pytest.approx(fit.estimate[1])
    assert (found.prediction_high - found.prediction_low > found.ci_high - found.ci_low).all()
    with pytest.raises(UsageError, match="mods"):
        stats.predict_multilevel(fit)
    uneven = stats.multilevel(Y, V, random="~ outcome | study", struct="DIAG", data=DATA)
    with pytest.raises(UsageError, match="inner_levels"):
        stats.predict_multilevel(uneven)
    assert stats.predict_multilevel(uneven, inner_levels=["b"]).estimate.size == 1


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"V": np.where(np.arange(12) == 3, -0.1, V)}, DataError, "row 3 is -0.1"),
        ({"yi": np.where(np.arange(12) == 2, np.nan, Y)}, DataError, "row 2 is nan"),
        ({"V": V[:5]}, DataError, "V: found shape"),
        ({"V": np.full((12, 12), 0.02)}, DataError, "not positive definite"),
        ({"V": np.diag(V) + np.triu(np.full((12, 12), 0.001), 1)}, DataError, "not symmetric"),
        ({"random": "study"}, UsageError, r"~ 1 \| factor"),
        ({"random": "~ 1 | study | effect"}, UsageError, "random"),
        ({"random": "~ outcome + time | study"}, UsageError, "GEN"),
        ({"random": "~ outcome | study", "struct": "CAR"}, UsageError, "numeric"),
        ({"random": "~ outcome | study", "struct": "XX"}, UsageError, "'UN'"),
        ({"random": ["~ outcome | study"] * 3}, UsageError, "at most two"),
        ({"struct": ["CS", "UN"]}, UsageError, "struct"),
        ({"sigma2": [0.1, 0.1, 0.1]}, UsageError, "allowed: 2"),
        ({"sigma2": [-0.1, 0.1]}, UsageError, "allowed: 0"),
        ({"mods": np.ones(12)}, DataError, "rank 1"),
        ({"mods": np.ones(5)}, DataError, "one row per effect"),
        ({"mods": ["lab"]}, UsageError, "mods"),
        ({"mods": np.full(12, np.inf)}, DataError, "row 0"),
        ({"intercept": False}, UsageError, "at least one coefficient"),
        ({"method": "DL"}, UsageError, "'REML'"),
        ({"tested": [4]}, UsageError, "tested"),
        ({"level": 95}, UsageError, "0.95"),
        ({"R": {"lab": (["a"], [[1.0]])}}, UsageError, "random intercept"),
        ({"labels": ["x"]}, DataError, "labels"),
        ({"data": {**DATA, "study": [None, *DATA["study"][1:]]}}, DataError, "row 0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(change, error, words):
    call = {"yi": Y, "V": V, "random": "~ 1 | study/effect", "data": DATA, **change}
    with pytest.raises(error, match=words):
        stats.multilevel(call.pop("yi"), call.pop("V"), **call)


def test_too_few_effects():
    with pytest.raises(TooFewStudiesError, match="0 effects"):
        stats.multilevel([], [])
    with pytest.raises(TooFewStudiesError, match="more effects than"):
        stats.multilevel([0.1], [0.1])


def test_v_that_is_singular_names_the_studies():
    v = np.diag(V).copy()
    v[0, 1] = v[1, 0] = np.sqrt(V[0] * V[1])
    with pytest.raises(DataError, match=r"row 0 \(Ada\), row 1 \(Ada\)"):
        stats.multilevel(Y, v, labels=["Ada"] * 2 + ["Bo"] * 10)


def test_terms_are_parsed():
    assert parse_term("1|a:b/c") == (("1",), (("a", "b"), ("c",)))
    assert parse_term("~ 1 + x | study") == (("1", "x"), (("study",),))


@pytest.mark.parametrize("structure", list(Structure))
@pytest.mark.parametrize("given", [False, True])
def test_gradients_of_structures_match_differences(structure, given):
    rng = np.random.default_rng(3)
    size = 4
    count_v = 1 if structure in {"CS", "UNR", "ID", "AR", "CAR"} else size
    count_r = 6 if structure in {"UN", "UNR", "GEN"} else 1 if structure not in {"ID", "DIAG", "GDIAG"} else 0
    variances = np.full(count_v, np.nan)
    if given:
        variances[0] = 0.4
    one = RandomCovariance(
        structure,
        np.array([0.0, 1.0, 2.5, 4.0]) if structure == "CAR" else np.arange(4.0),
        variances,
        np.full(count_r, np.nan),
        0.0 if structure == "CAR" else -0.3,
    )
    free = rng.uniform(0.2, 0.8, one.free)
    weights = rng.normal(size=(size, size))
    weights += weights.T
    slopes = one.slopes(free, weights)
    for place in range(one.free):
        step = np.zeros(one.free)
        step[place] = 1e-6
        change = (one.matrix(free + step) - one.matrix(free - step)) / 2e-6
        assert slopes[place] == pytest.approx(float((weights * change).sum()), rel=1e-6, abs=1e-8)
    assert np.linalg.eigvalsh(one.matrix(free))[0] > -1e-12


def test_gradients_in_a_basis_of_slopes_match_differences():
    basis = np.array([[1.0, -2.0], [0.0, 0.5]])
    one = RandomCovariance(Structure.GEN, np.arange(2.0), np.full(2, np.nan), np.full(1, np.nan), basis=basis)
    free, weights = np.array([0.4, -0.3, 0.6]), np.array([[0.3, -0.2], [-0.2, 1.1]])
    for place, step in enumerate(1e-6 * np.eye(3)):
        change = (one.matrix(free + step) - one.matrix(free - step)) / 2e-6
        assert one.slopes(free, weights)[place] == pytest.approx(float((weights * change).sum()), rel=1e-6)
    assert one.matrix(one.free_near(*one.values(free))) == pytest.approx(one.matrix(free), rel=1e-6)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_random_slopes_do_not_depend_on_where_a_year_is_counted_from(method):
    table = golden("multilevel_fits").data["konstantopoulos2011"]
    data = {name: np.array(table[name]) for name in ("district", "yc")}
    data["year"] = data["yc"] + 1990.0
    near, far = (
        stats.multilevel(
            table["yi"], table["vi"], random=f"~ {name} | district", struct="GEN", data=data, method=method
        )
        for name in ("yc", "year")
    )
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-10)
    assert far.estimate == pytest.approx(near.estimate, rel=1e-6)
    assert far.tau2[1] == pytest.approx(near.tau2[1], rel=1e-5)


def test_variance_explained_compares_like_with_like():
    full = stats.multilevel(Y, V, random="~ 1 | study", data=DATA, mods=["dose"])
    reduced = stats.multilevel(Y, V, random="~ 1 | study", data=DATA)
    assert 0 <= stats.variance_explained(full, reduced) <= 100
    with pytest.raises(UsageError, match="differ"):
        stats.variance_explained(full, stats.multilevel(Y, V, random="~ 1 | effect", data=DATA))


def test_moments_are_dersimonian_and_laird_for_one_outcome():
    ours = stats.multivariate_moments(Y, V, range(12), ["x"] * 12)
    usual = stats.pool(Y, V, tau2="DL", ci="normal")
    assert ours.between[0, 0] == pytest.approx(usual.tau2)
    assert ours.estimate[0] == pytest.approx(usual.estimate)


def test_moments_refuse_what_they_cannot_tell():
    with pytest.raises(DataError, match="twice"):
        stats.multivariate_moments(Y[:4], V[:4], [1, 1, 2, 2], ["a", "a", "a", "b"])
    with pytest.raises(TooFewStudiesError, match="1 study"):
        stats.multivariate_moments(Y[:3], V[:3], [1, 2, 3], ["a", "a", "b"])
    with pytest.raises(UsageError, match="never occur"):
        stats.multivariate_moments(Y[:4], V[:4], [1, 2, 3, 4], ["a", "a", "b", "b"])


def test_slopes_have_an_intercept_unless_it_is_left_out():
    names = [
        [one.name for one in stats.multilevel(Y, V, random=term, struct="GDIAG", data=DATA).components]
        for term in ("~ dose | study", "~ 1 + dose | study", "~ 0 + dose | study")
    ]
    assert names[0] == names[1] == ["tau2[intercept]", "tau2[dose]"]
    assert names[2] == ["tau2[dose]"]
    with pytest.raises(UsageError, match="beside 0"):
        stats.multilevel(Y, V, random="~ 0 | study", struct="GEN", data=DATA)


def test_containment_implies_the_t_test():
    fit = stats.three_level(Y, V, DATA["study"], dfs="contain")
    assert fit.test == "t"
    assert fit.df.tolist() == [5.0]


def test_a_variance_at_zero_does_not_hide_a_better_correlation():
    # at variance 0 every correlation is stationary; another correlation with a variance above 0 is better
    rng = np.random.default_rng(8)
    for _ in range(6):
        y = rng.normal(0, 0.3, 24)
        data = {"study": np.repeat(np.arange(8), 3), "time": np.tile([1, 2, 3], 8)}
        general = stats.multilevel(y, [0.05] * 24, random="~ time | study", struct="AR", data=data)
        plain = stats.multilevel(y, [0.05] * 24, random="~ time | study", struct="ID", data=data)
        assert general.log_likelihood >= plain.log_likelihood - 1e-8


def test_a_correlation_in_time_may_be_0_where_levels_are_nearer_than_one_unit():
    rng = np.random.default_rng(4)
    study, months = np.repeat(np.arange(8), 3), np.tile([0.5, 1.0, 2.5], 8)
    data = {"study": study, "months": months}
    y, v = rng.normal(size=24).round(3), np.full(24, 0.04)
    fit = stats.multilevel(y, v, random="~ months | study", struct="CAR", data=data, method="ML")
    alone = stats.multilevel(y, v, random="~ months | study", struct="ID", data=data, method="ML")
    assert fit.log_likelihood >= alone.log_likelihood - 1e-9  # rho = 0 is ID
    for rho in (1e-6, 0.01, 0.1, 0.3, 0.6, 0.9):
        held = stats.multilevel(
            y, v, random="~ months | study", struct="CAR", data=data, method="ML", rho=rho
        )
        assert fit.log_likelihood >= held.log_likelihood - 1e-9


FEW = {
    "study": ["a", "a", "b", "b", "c", "c", "d"],
    "effect": [1, 2, 3, 4, 5, 6, 7],
    "dose": [1.0, 2.0, 2.5, 4.0, 5.0, 6.0, 7.5],
    "kind": list("uvuvuvu"),
}
FEW_Y, FEW_V = [0.2, 0.3, 0.6, 0.5, -0.9, -0.8, 0.4], [0.02] * 7


def test_a_formula_is_the_columns_it_names():
    by_formula = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | study", data=FEW, mods="~ dose + kind")
    by_name = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | study", data=FEW, mods=["dose", "kind"])
    np.testing.assert_allclose(by_formula.estimate, by_name.estimate, rtol=1e-9)
    assert by_formula.log_likelihood == pytest.approx(by_name.log_likelihood, rel=1e-12)
    rows = stats.predict_multilevel(by_formula, {"dose": [1.0, 2.0], "kind": ["u", "v"]})
    same = stats.predict_multilevel(by_name, [[1.0, 0.0], [2.0, 1.0]])
    np.testing.assert_allclose(rows.estimate, same.estimate, rtol=1e-9)
    with pytest.raises(UsageError, match="a formula in the fit"):
        stats.predict_multilevel(by_name, {"dose": [1.0], "kind": ["u"]})
    with pytest.raises(UsageError, match="- 1"):
        stats.multilevel(FEW_Y, FEW_V, data=FEW, mods="~ dose", intercept=False)
    with pytest.raises(UsageError, match="'deep'"):
        stats.multilevel(FEW_Y, FEW_V, data=FEW, mods="~ deep")
    gap = {**FEW, "dose": [1.0, np.nan, 2.5, 4.0, 5.0, 6.0, 7.5]}
    with pytest.raises(DataError, match=r"dose: row 1 is nan"):
        stats.multilevel(FEW_Y, FEW_V, data=gap, mods="~ dose")


def test_weights_equal_to_the_models_own_change_nothing():
    plain = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | effect", data=FEW, mods="dose")
    own = 1.0 / (np.array(FEW_V) + plain.sigma2[0])
    weighted = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | effect", data=FEW, mods="dose", W=own)
    for name in ("estimate", "se", "log_likelihood", "aic"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(plain, name), rtol=1e-10)
    robust, own = (stats.robust(fit, FEW["study"]) for fit in (weighted, plain))
    np.testing.assert_allclose(robust.se, own.se, rtol=1e-9)
    np.testing.assert_allclose(robust.df, own.df, rtol=1e-9)
    left_out = [stats.cluster_influence(fit, reestimate=False) for fit in (weighted, plain)]
    assert np.isfinite(left_out[1].cooks_distance).all()
    for name in ("cooks_distance", "studentised", "dfbetas"):
        np.testing.assert_allclose(
            getattr(left_out[0], name), getattr(left_out[1], name), rtol=1e-9, atol=1e-12
        )
    limits = [stats.component_intervals(fit) for fit in (weighted, plain)]
    np.testing.assert_allclose(limits[0].ci_high, limits[1].ci_high, rtol=1e-8)
    with pytest.raises(UsageError, match="leave W out"):
        stats.random_effects(weighted)


def test_the_profile_of_a_weighted_fit_reaches_its_log_likelihood_at_the_estimate():
    fit = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | effect", data=FEW, mods="dose", W=np.arange(1.0, 8.0))
    profile = stats.likelihood_profile(fit, fit.components[0].name, fit.sigma2)
    assert profile[0] == pytest.approx(fit.log_likelihood, rel=1e-10)
    plain = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | effect", data=FEW, mods="dose")
    assert profile[0] < plain.log_likelihood


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1.0] * 6, r"shape \(6,\)"),
        ([1.0, np.nan, 1, 1, 1, 1, 1], "row 1 is nan"),
        ([1.0, 1, 1, -1, 1, 1, 1], "row 3 is -1.0"),
        (np.triu(np.ones((7, 7))), "transpose"),
        ([1.0, 0, 0, 0, 0, 0, 0], "told apart"),
        (list("abcdefg"), "no number"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, said):
    with pytest.raises(DataError, match=said):
        stats.multilevel(FEW_Y, FEW_V, random="~ 1 | study", data=FEW, mods="dose", W=weights)


def test_the_influence_of_a_cluster_is_what_a_fit_without_it_says():
    fit = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | study/effect", data=FEW, mods="dose")
    found = stats.cluster_influence(fit, FEW["study"])
    kept = [row for row, name in enumerate(FEW["study"]) if name != "b"]
    data = {name: [values[row] for row in kept] for name, values in FEW.items()}
    without = stats.multilevel(
        [FEW_Y[row] for row in kept], [0.02] * 5, random="~ 1 | study/effect", data=data, mods="dose"
    )
    place = found.clusters.index("b")
    np.testing.assert_allclose(found.estimate[place], without.estimate, rtol=1e-6)
    change = fit.estimate - without.estimate
    assert found.cooks_distance[place] == pytest.approx(
        change @ np.linalg.solve(fit.covariance, change), rel=1e-6
    )
    assert found.effects.tolist() == [2, 2, 2, 1]
    by_effect = stats.cluster_influence(fit, reestimate=False)
    assert by_effect.clusters[0] == "row 0"
    assert json.dumps(by_effect.to_dict())


def test_a_cluster_that_carries_a_coefficient_alone_is_named():
    only = {**FEW, "late": [0, 0, 0, 0, 0, 0, 1]}
    fit = stats.multilevel(FEW_Y, FEW_V, random="~ 1 | study", data=only, mods="late")
    found = stats.cluster_influence(fit, FEW["study"])
    assert [remark.where for remark in found.diagnostics] == ["d"]
    assert np.isnan(found.cooks_distance).tolist() == [False, False, False, True]
    with pytest.raises(DataError, match="shape"):
        stats.cluster_influence(fit, [1, 2])
    with pytest.raises(DataError, match="row 1 is None"):
        stats.cluster_influence(fit, ["a", None, "b", "b", "c", "c", "d"])


def test_a_maximum_with_another_division_of_the_variance_is_found():
    """One level's variance at 0 and more between laboratories is higher than the maximum met first."""
    lab, study = np.repeat([0, 1, 2, 3], 6), np.repeat(np.arange(8), 3)
    outcome = np.tile(list("abc"), 8)
    rng = np.random.default_rng(12)
    data = {"lab": lab, "study": study, "outcome": outcome}
    y = (rng.normal(0, 0.3, 4)[lab] + rng.normal(0, 0.2, 24)).round(3)
    options = {"random": ["~ 1 | lab", "~ outcome | study"], "struct": "DIAG", "data": data, "method": "ML"}
    fit = stats.multilevel(y, np.full(24, 0.03), **options)
    for level in range(3):
        for share in (0.0, 0.02, 0.1):
            given = [None, None, None]
            given[level] = share
            held = stats.multilevel(y, np.full(24, 0.03), tau2=given, **options)
            assert fit.log_likelihood >= held.log_likelihood - 1e-9


@pytest.mark.parametrize(("struct", "given"), [("UN", [None, 0.0]), ("CS", 0.0), ("HCS", [0.0, None])])
def test_correlations_of_a_variance_given_as_zero_are_no_parameters(struct, given):
    yi = [0.1, 0.5, 0.3, 0.9, -0.2, 0.4, 0.6, 0.2, 0.0, 0.7]
    data = {"study": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], "outcome": ["a", "b"] * 5}
    options = {"random": "~ outcome | study", "data": data, "mods": ["outcome"]}
    fit = stats.multilevel(yi, [0.02] * 10, struct=struct, tau2=given, **options)
    alone = stats.multilevel(
        yi, [0.02] * 10, struct="ID" if struct == "CS" else "DIAG", tau2=given, **options
    )
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-9)
    assert fit.n_parameters == alone.n_parameters
    assert fit.rho.tolist() == [0.0]
    assert "correlation-not-identified" in {one.code for one in fit.diagnostics}
