"""Case deletion: what must hold whatever the data, and what cannot be measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

YI = np.array([0.1, 0.2, 0.15, 1.9, 0.4])
VI = np.array([0.05, 0.04, 0.08, 0.05, 0.02])


def test_the_outlier_is_marked_and_the_summary_names_it():
    found = stats.influence_diagnostics(YI, VI, tau2="DL", labels=list("abcde"))
    assert found.influential.tolist() == [False, False, False, True, False]
    assert "to look at: d" in repr(found)
    assert found.summary().splitlines()[4].endswith("*")
    assert set(found.columns()) >= {"rstudent", "dfbetas intercept", "influential"}
    assert found.to_frame("polars").shape == (5, 15)


def test_under_a_common_effect_the_contributions_sum_to_q():
    found = stats.baujat(YI, VI, model="common", ci="normal")
    assert found.contribution.sum() == pytest.approx(stats.pool(YI, VI).q, rel=1e-12)


@given(st.permutations(range(5)))
def test_the_order_of_the_studies_does_not_matter(order):
    rows = np.array(order)
    one, other = stats.influence_diagnostics(YI, VI), stats.influence_diagnostics(YI[rows], VI[rows])
    for name in ("rstudent", "dffits", "cook", "hat", "tau2"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name)[rows], rtol=1e-9, atol=1e-12)


@given(st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_shifting_and_scaling_the_effects_leaves_standardised_measures(shift, scale):
    one, other = (
        stats.influence_diagnostics(YI, VI),
        stats.influence_diagnostics(scale * YI + shift, scale**2 * VI),
    )
    for name in ("rstudent", "dffits", "cook", "hat", "covariance_ratio"):
        power = scale**0
        np.testing.assert_allclose(getattr(other, name), power * getattr(one, name), rtol=1e-5, atol=1e-6)


def test_a_study_that_alone_carries_a_coefficient_has_a_reason_and_no_numbers():
    design = np.column_stack([np.ones(5), [0, 0, 0, 0, 1]])
    found = stats.influence_diagnostics(YI, VI, design, names=["intercept", "last"])
    assert "cannot be estimated" in found.reasons[4]
    assert np.isnan(found.cook[4])
    assert not np.isnan(found.cook[:4]).any()
    assert np.isnan(stats.baujat(YI, VI, design).influence[4])


def test_cumulative_ends_with_the_whole_and_adds_in_order():
    def refit(keep):
        return stats.pool(YI[keep], VI[keep])

    found = stats.cumulative(refit, 5, [2003, 2001, 2001, 2009, 1990])
    assert found.rows.tolist() == [4, 1, 2, 0, 3]
    assert found.estimate[-1] == stats.pool(YI, VI).estimate
    assert found.summary().splitlines()[1].startswith("with row 4")
    assert found.columns()["k"].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: stats.influence_diagnostics([0.1], [0.1]), TooFewStudiesError, "found 1 studies"),
        (lambda: stats.influence_diagnostics(YI, -VI), DataError, "vi .sampling variance.: row 0"),
        (lambda: stats.influence_diagnostics(YI, VI, np.ones((5, 2))), DataError, "rank 1"),
        (lambda: stats.influence_diagnostics(YI, VI, np.ones((4, 1))), DataError, "one finite row per study"),
        (lambda: stats.influence_diagnostics(YI, VI, tau2=-1.0), UsageError, "not below 0"),
        (lambda: stats.influence_diagnostics(YI, VI, ci="hartung-knapp-adhoc"), UsageError, "one number"),
        (lambda: stats.influence_diagnostics(YI, VI, names=["a", "b"]), DataError, "names: found 2"),
        (lambda: stats.cumulative(lambda keep: None, 0), TooFewStudiesError, "nothing to add"),
        (lambda: stats.cumulative(lambda keep: None, 2, [1]), DataError, "one number per"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
