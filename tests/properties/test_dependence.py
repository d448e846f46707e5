"""What holds for every multilevel, robust and dose-response analysis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats

FINITE = {"allow_nan": False, "allow_infinity": False}


@st.composite
def nested(draw):
    """Effects nested in four to six studies."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=4, max_size=6))
    k = sum(sizes)
    y = np.array(draw(st.lists(st.floats(-2, 2, **FINITE), min_size=k, max_size=k))).round(3)
    v = np.array(draw(st.lists(st.floats(0.01, 1.0, **FINITE), min_size=k, max_size=k))).round(3)
    return y, v, np.repeat(np.arange(len(sizes)), sizes)


@settings(max_examples=8, deadline=None)
@given(nested(), st.floats(-3, 3, **FINITE), st.sampled_from([1e-3, 10.0, 1e4]))
def test_shift_and_scale(data, shift, factor):
    y, v, study = data
    base = stats.three_level(y, v, study)
    moved = stats.three_level(factor * (y + shift), factor**2 * v, study)
    assert moved.estimate[0] == pytest.approx(
        factor * (base.estimate[0] + shift), rel=1e-5, abs=1e-5 * factor
    )
    assert moved.sigma2 == pytest.approx(factor**2 * base.sigma2, rel=1e-3, abs=1e-5 * factor**2)
    assert (base.sigma2 >= 0).all()
    assert base.ci_low[0] <= base.estimate[0] <= base.ci_high[0]


@settings(max_examples=8, deadline=None)
@given(nested(), st.randoms(use_true_random=False))
def test_order_of_rows(data, random):
    y, v, study = data
    order = list(range(y.size))
    random.shuffle(order)
    first, second = stats.three_level(y, v, study), stats.three_level(y[order], v[order], study[order])
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-6)
    one, two = stats.robust(first, study, adjust="CR0"), stats.robust(second, study[order], adjust="CR0")
    assert two.se == pytest.approx(one.se, rel=1e-2, abs=1e-6)


@settings(max_examples=8, deadline=None)
@given(nested())
def test_the_maximum_is_no_lower_than_any_simpler_model(data):
    y, v, study = data
    nested_fit = stats.three_level(y, v, study)
    for simpler in ("~ 1 | study", "~ 1 | effect"):
        fit = stats.multilevel(y, v, random=simpler, data={"study": study, "effect": np.arange(y.size)})
        assert nested_fit.log_likelihood >= fit.log_likelihood - 1e-7


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-0.8, 0.8, **FINITE), min_size=2, max_size=4),
    st.lists(st.integers(20, 400), min_size=5, max_size=5),
)
def test_recovered_counts_keep_their_margins(ratios, cases):
    m = len(ratios) + 1
    a, n = np.array(cases[:m], dtype=float), 3.0 * np.array(cases[:m])
    y, v = np.array([0.0, *ratios]), np.array([0.0, *(1 / a[1:] + 1 / a[0] + 0.01)])
    for design in ("cc", "ir", "ci"):
        found = stats.ratio_covariance(y, v, a, n, design=design)
        assert found.cases.sum() == pytest.approx(a.sum())
        assert np.linalg.eigvalsh(found.matrix)[0] > 0
        assert np.diag(found.matrix) == pytest.approx(v[1:])
