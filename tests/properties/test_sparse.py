"""What must hold for any sparse tables: order, exchange of arms, studies without events, containment."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evergrove import stats
from evergrove.errors import ConvergenceError

pytestmark = pytest.mark.filterwarnings("error")


@st.composite
def tables(draw, least=2, most=6):
    """Return events and patients of both arms, with an event and a non-event in each arm over all studies."""
    k = draw(st.integers(least, most))
    n1, n2 = (np.array(draw(st.lists(st.integers(3, 60), min_size=k, max_size=k))) for _ in range(2))
    shares = st.lists(st.floats(0, 0.6), min_size=k, max_size=k)
    a, c = np.floor(np.array(draw(shares)) * n1), np.floor(np.array(draw(shares)) * n2)
    mixed = (a + c > 0) & (a > np.maximum(0, a + c - n2)) & (a < np.minimum(n1, a + c))
    assume(mixed.sum() >= 2)
    return a, n1.astype(float), c, n2.astype(float)


def named(table):
    """Return the columns as `glmm` takes them."""
    return dict(zip(("events1", "n1", "events2", "n2"), table, strict=True))


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_closed_forms_do_not_depend_on_the_order(table, random):
    order = list(range(table[0].size))
    random.shuffle(order)
    shuffled = tuple(column[order] for column in table)
    for fit in (
        lambda *counts: stats.mantel_haenszel(*counts, measure="OR"),
        lambda *counts: stats.mantel_haenszel(*counts, measure="RD", variance="klingenberg"),
        stats.peto,
        stats.exact_odds_ratio,
        stats.combined_odds_ratio,
    ):
        one, other = fit(*table), fit(*shuffled)
        assert other.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-12)
        assert other.ci_high == pytest.approx(one.ci_high, rel=1e-9, abs=1e-12)


@given(tables())
@settings(max_examples=12, deadline=None)
def test_exchanging_arms_inverts_ratios(table):
    a, n1, c, n2 = table
    turned = (c, n2, a, n1)
    for fit in (stats.exact_odds_ratio, stats.combined_odds_ratio):
        one, other = fit(*table), fit(*turned)
        assert one.ci_low <= one.estimate <= one.ci_high
        assert math.log(one.estimate) == pytest.approx(-math.log(other.estimate), abs=1e-8)
        assert one.p_value == pytest.approx(other.p_value, rel=1e-8)
    firth, back = stats.event_regression(*table), stats.event_regression(*turned)
    assert firth.estimate == pytest.approx(-back.estimate, abs=1e-9)
    assert firth.ci_low == pytest.approx(-back.ci_high, abs=1e-6)
    pooled, reverse = stats.peto(*table), stats.peto(*turned)
    assert pooled.estimate == pytest.approx(-reverse.estimate, abs=1e-12)


@given(tables(), st.integers(2, 9))
@settings(max_examples=12, deadline=None)
def test_multiplied_counts_leave_the_mantel_haenszel_estimate(table, factor):
    many = tuple(factor * column for column in table)
    for measure in ("RR", "OR", "RD"):
        one = stats.mantel_haenszel(*table, measure=measure)
        other = stats.mantel_haenszel(*many, measure=measure)
        assert other.estimate == pytest.approx(one.estimate, rel=1e-10, abs=1e-12)
        assert other.se == pytest.approx(one.se / math.sqrt(factor), rel=1e-10)


@given(tables(most=4), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=8, deadline=None)
def test_a_study_without_events_changes_no_conditional_model(table, n1, n2):
    a, size1, c, size2 = table
    longer = (np.append(a, 0), np.append(size1, n1), np.append(c, 0), np.append(size2, n2))
    for model in ("CM.EL", "UM.FS"):
        one, other = (stats.glmm("OR", **named(counts), model=model) for counts in (table, longer))
        assert other.estimate == pytest.approx(one.estimate, abs=1e-8)
        assert other.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-9)
    assert stats.exact_odds_ratio(*longer).ci_low == stats.exact_odds_ratio(*table).ci_low


@given(tables(most=5), st.sampled_from(["UM.FS", "UM.RS", "CM.EL", "CM.AL"]))
@settings(max_examples=8, deadline=None)
def test_mixed_models_lie_above_the_common_effect(table, model):
    try:
        fit = stats.glmm("OR", **named(table), model=model)
    except ConvergenceError:
        assume(False)  # an arm's events lie all on one side
    assert fit.tau2 >= 0
    assert fit.log_likelihood >= fit.log_likelihood_common - 1e-9
    assert fit.log_likelihood <= fit.log_likelihood_saturated + 1e-9 or model == "UM.RS"
    assert fit.ci_low <= fit.estimate <= fit.ci_high
    assert fit.q_wald >= 0
    assert fit.q_lrt >= 0


@given(tables(most=5))
@settings(max_examples=12, deadline=None)
def test_beta_binomial_contains_the_binomial(table):
    fit = stats.beta_binomial(**named(table))
    assert 0 <= fit.rho < 1
    assert fit.log_likelihood >= fit.log_likelihood_binomial - 1e-9
