"""Dose-response: special cases that are known otherwise, units, refusals."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError

ROHAN = {
    "yi": np.log([1, 0.80, 1.16, 1.57]),
    "vi": [0, 0.0542, 0.0563, 0.0563],
    "cases": [165, 74, 90, 122],
    "n": [337, 167, 186, 212],
}


def several(studies=5, seed=4, curve=0.0):
    """Simulated studies of four doses against dose 0, as arguments of dose_response."""
    rng = np.random.default_rng(seed)
    dose = np.tile([0.0, 1.0, 2.0, 3.0, 5.0], studies)
    study = np.repeat(np.arange(studies), 5)
    slope = rng.normal(-0.3, 0.1, studies)[study]
    vi = np.where(dose > 0, rng.uniform(0.01, 0.04, dose.size), 0.0)
    yi = np.where(dose > 0, slope * dose + curve * dose**2 + rng.normal(0, 0.1, dose.size), 0.0)
    return {"yi": yi, "vi": vi, "dose": dose, "study": study, "covariance": "independent"}


def run(given, **options):
    call = {**given, **options}
    return stats.dose_response(call.pop("yi"), call.pop("vi"), call.pop("dose"), call.pop("study"), **call)


def test_crude_counts_give_the_textbook_covariance():
    cases, n = np.array([30.0, 25.0, 40.0]), np.array([200.0, 150.0, 180.0])
    y = np.log(cases / n) - np.log(cases[0] / n[0])
    v = 1 / cases - 1 / n + 1 / cases[0] - 1 / n[0]
    v[0] = 0
    ours = stats.ratio_covariance(y, v, cases, n, design="ci", method="hamling")
    assert ours.matrix[0, 1] == pytest.approx(1 / 30 - 1 / 200)
    assert ours.cases == pytest.approx(cases)
    rate = stats.ratio_covariance(y, np.where(v > 0, 1 / cases + 1 / 30, 0), cases, n, design="ir")
    assert rate.matrix[0, 1] == pytest.approx(1 / 30)


def test_hamling_reproduces_ratios_and_variances():
    ours = stats.ratio_covariance(**ROHAN, design="cc", method="hamling")
    odds = ours.cases / (ours.n - ours.cases)
    assert np.log(odds / odds[0]) == pytest.approx(ROHAN["yi"])
    each = 1 / ours.cases + 1 / (ours.n - ours.cases)
    assert (each + each[0])[1:] == pytest.approx(np.array(ROHAN["vi"][1:]))


def test_a_linear_two_stage_fit_is_the_pooled_slopes():
    given = several()
    ours = run(given)
    slopes, variances = [], []
    for one in range(5):
        rows = (given["study"] == one) & (given["dose"] > 0)
        w = 1 / given["vi"][rows]
        variances.append(1 / (w * given["dose"][rows] ** 2).sum())
        slopes.append(variances[-1] * (w * given["dose"][rows] * given["yi"][rows]).sum())
    usual = stats.pool(slopes, variances, ci="normal")
    assert ours.estimate[0] == pytest.approx(usual.estimate, rel=1e-8)
    assert ours.between[0, 0] == pytest.approx(usual.tau2, rel=1e-6)
    assert ours.q == pytest.approx(usual.q)
    assert run(given, method="MM").between[0, 0] == pytest.approx(
        stats.pool(slopes, variances, tau2="DL").tau2
    )


@pytest.mark.parametrize("shape", ["linear", "quadratic", "spline"])
@pytest.mark.parametrize("approach", ["two-stage", "one-stage"])
def test_the_unit_of_dose_does_not_matter(shape, approach):
    given = several(curve=0.03)
    small = run(given, shape=shape, approach=approach)
    large = run({**given, "dose": 1e6 * given["dose"]}, shape=shape, approach=approach)
    ours, theirs = small.curve([1.5, 4.0]), large.curve([1.5e6, 4.0e6])
    assert theirs.estimate == pytest.approx(ours.estimate, rel=1e-6)
    assert theirs.se == pytest.approx(ours.se, rel=1e-5)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_likelihood_is_that_of_the_original_columns(method):
    given = several(curve=0.03)
    rows = given["dose"] > 0
    x = np.column_stack([given["dose"], given["dose"] ** 2])[rows]
    y, v, study = given["yi"][rows], given["vi"][rows], given["study"][rows]
    coefficients, blocks = [], []
    for one in range(5):
        own = study == one
        information = x[own].T @ (x[own] / v[own][:, None])
        blocks.append(np.linalg.inv(information))
        coefficients.append(blocks[-1] @ x[own].T @ (y[own] / v[own]))
    kind = np.tile([0, 1], 5)
    direct = stats.multilevel(
        np.concatenate(coefficients),
        blocks,
        random="~ kind | study",
        struct="UN",
        data={"kind": kind, "study": np.repeat(np.arange(5), 2)},
        mods=np.eye(2)[kind],
        intercept=False,
        method=method,
    )
    ours = run(given, shape="quadratic", method=method)
    assert ours.log_likelihood == pytest.approx(direct.log_likelihood, rel=1e-7)
    assert ours.estimate == pytest.approx(direct.estimate, rel=1e-5)
    one_stage = run(given, shape="quadratic", method=method, approach="one-stage")
    slopes = {"study": study, "a": x[:, 0], "b": x[:, 1]}
    plain = stats.multilevel(
        y, v, random="~ 0 + a + b | study", struct="GEN", data=slopes, mods=x, intercept=False, method=method
    )
    assert one_stage.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-7)


def test_fixed_effects_agree_in_one_stage_and_two():
    given = several()
    one, two = (
        run(given, approach=way, method="fixed", shape="quadratic") for way in ("one-stage", "two-stage")
    )
    assert one.estimate == pytest.approx(two.estimate, rel=1e-9)
    assert one.se == pytest.approx(two.se, rel=1e-9)
    assert not one.between.any()


def test_the_curve_is_zero_at_the_reference_and_bends_when_the_data_do():
    straight, bent = run(several(), shape="quadratic"), run(several(curve=0.08), shape="quadratic")
    at = bent.curve([2.0, 3.0], reference=2.0)
    assert at.estimate[0] == 0.0
    assert at.se[0] == 0.0
    assert at.ratios()["estimate"][0] == 1.0
    assert bent.nonlinear_p_value < 1e-3 < straight.nonlinear_p_value
    assert bent.r2 <= 1.0


def test_a_reference_dose_above_zero_is_subtracted():
    given = several()
    moved = {**given, "dose": given["dose"] + 2.0}
    assert run(moved).estimate == pytest.approx(run(given).estimate, rel=1e-9)


def test_knots_are_recorded():
    fit = run(several(), shape="spline", knots=3)
    assert fit.knots == (0.0, 2.0, 5.0)
    assert "knots at 0, 2, 5" in fit.summary()
    assert run(several(), shape="spline", knots=[0.5, 2.0, 4.0]).knots == (0.5, 2.0, 4.0)


def test_results_are_data():
    fit = run(several())
    content = json.loads(json.dumps(fit.to_dict()))
    assert content["approach"] == "two-stage"
    assert "covariance-ignored" in [one["code"] for one in content["diagnostics"]]
    assert list(fit.curve([1.0]).to_frame()["dose"]) == [1.0]
    assert repr(fit).startswith("<DoseResponse dose")


def test_sparse_studies_need_one_stage():
    given = several()
    keep = ~((given["study"] == 0) & (given["dose"] > 1))
    few = {name: value[keep] if isinstance(value, np.ndarray) else value for name, value in given.items()}
    with pytest.raises(TooFewStudiesError, match=r"distinct doses.*: 0;"):
        run(few, shape="quadratic")
    assert run(few, shape="quadratic", approach="one-stage").studies == 5


def test_one_study_needs_one_stage():
    one = several(studies=1)
    with pytest.raises(TooFewStudiesError, match="1 study"):
        run(one)
    assert "one-study" in [remark.code for remark in run(one, approach="one-stage").diagnostics]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"vi": np.full(25, 0.02)}, DataError, "study 0: found 0 reference rows"),
        ({"covariance": "greenland-longnecker"}, UsageError, "needs cases"),
        (
            {"covariance": "hamling", "cases": np.ones(25), "n": np.ones(25), "design": "xx"},
            UsageError,
            "'cc'",
        ),
        ({"shape": "spline", "knots": 9}, UsageError, "3 to 7"),
        ({"shape": "spline", "knots": [1, 1, 2]}, UsageError, "rising"),
        ({"shape": "fractional-polynomial", "powers": (0,)}, DataError, "shift"),
        ({"shape": "fractional-polynomial", "powers": ()}, UsageError, "one or two"),
        ({"approach": "one-stage", "method": "MM"}, UsageError, "two-stage"),
        ({"V": [np.eye(4)]}, DataError, "one per study"),
        ({"V": [np.eye(3)] * 5}, DataError, "study 0"),
        ({"study": np.zeros(3)}, DataError, "one study per row"),
        ({"dose": np.where(np.arange(25) == 7, np.nan, several()["dose"])}, DataError, "study 1"),
    ],
)
def test_what_cannot_be_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        run({**several(), **change})


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"cases": [165, 0, 90, 122]}, DataError, "row 1 is 0.0"),
        ({"n": [337, 50, 186, 212]}, DataError, "above the cases"),
        ({"vi": [0, 0, 0.05, 0.05]}, DataError, "2 reference rows"),
        ({"yi": [0, np.nan, 0.1, 0.2]}, DataError, "row 1"),
        ({"vi": [0, 1e-6, 0.05, 0.05], "method": "hamling"}, ConvergenceError, "Hamling"),
    ],
)
def test_counts_that_cannot_be_are_refused(change, error, words):
    with pytest.raises(error, match=words):
        stats.ratio_covariance(**{**ROHAN, **change}, design="cc")


def test_differences_refuse_impossible_groups():
    with pytest.raises(DataError, match="sd"):
        stats.difference_covariance([1, 2], [0, 1], [10, 10])
    with pytest.raises(TooFewStudiesError):
        stats.difference_covariance([1], [1], [10])
    with pytest.raises(DataError, match="reference"):
        stats.difference_covariance([1, 2], [1, 1], [10, 10], reference=4)


def moderated(mods, **options):
    doses, study = np.tile([0.0, 1.0, 2.0, 4.0], 5), np.repeat(list("abcde"), 4)
    slope = np.repeat([0.2, 0.5, 0.3, 0.9, 0.6], 4)
    yi = slope * doses + np.tile([0.0, 0.03, -0.02, 0.01], 5)
    vi = np.tile([0.0, 0.02, 0.02, 0.03], 5)
    return stats.dose_response(yi, vi, doses, study, covariance="independent", mods=mods, **options)


@pytest.mark.parametrize("approach", ["two-stage", "one-stage"])
def test_a_curve_moves_with_its_moderator(approach):
    z = np.repeat([0.0, 1.0, 0.2, 2.0, 1.3], 4)
    fit = moderated({"weeks": z}, approach=approach)
    assert fit.names == ("dose", "dose:weeks")
    low, high = (fit.curve([4.0], mods={"weeks": one}).estimate[0] for one in (0.0, 2.0))
    assert low == pytest.approx(4.0 * fit.estimate[0])
    assert high - low == pytest.approx(8.0 * fit.estimate[1])
    assert fit.moderation == pytest.approx(fit.statistic[1] ** 2)
    shifted = moderated({"weeks": z + 10.0}, approach=approach)
    assert shifted.curve([4.0], mods=12.0).estimate[0] == pytest.approx(high, rel=1e-7)
    assert "moderators: chi-square" in fit.summary()
    with pytest.raises(UsageError, match="'weeks'"):
        fit.curve([4.0])
    with pytest.raises(UsageError, match="no moderators"):
        moderated(None, approach=approach).curve([4.0], mods=1.0)


@pytest.mark.parametrize(
    ("mods", "said"),
    [
        (np.arange(20.0), "one value per study"),
        ([1.0] * 20, "do not determine"),
        (np.repeat([1.0, 2, 3, 4, np.nan], 4), "row 16 is nan"),
        ([1.0, 2.0], "20"),
        (list("ab") * 10, "no number"),
    ],
)
def test_moderators_of_a_curve_that_cannot_be_are_refused(mods, said):
    with pytest.raises(DataError, match=said):
        moderated(mods)


def test_moments_take_no_moderators():
    with pytest.raises(UsageError, match="without"):
        moderated(np.repeat([0.0, 1.0, 0.2, 2.0, 1.3], 4), method="MM")
