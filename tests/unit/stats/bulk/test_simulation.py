"""Simulated studies carry the truth they were made with, and methods are judged rightly."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import TooFewStudiesError, UsageError
from evergrove.stats import MeansDesign, NormalDesign, TwoArmDesign, performance, simulate
from evergrove.stats.simulation.sparse_pools import SparseFits, mantel_haenszel_groups, peto_groups


def test_normal_studies_have_the_mean_and_spread_asked_for():
    drawn = simulate(NormalDesign(k=4, effect=0.5, tau2=0.2, vi=(0.1, 0.2, 0.3, 0.4)), 20_000, rng=1)
    assert drawn.vi[:5].tolist() == [0.1, 0.2, 0.3, 0.4, 0.1]
    assert drawn.group[:5].tolist() == [0, 0, 0, 0, 1]
    table = drawn.yi.reshape(-1, 4)
    assert table.mean(axis=0) == pytest.approx(0.5, abs=0.02)
    assert table.var(axis=0) == pytest.approx([0.3, 0.4, 0.5, 0.6], rel=0.05)


def test_sizes_give_the_variances():
    drawn = simulate(NormalDesign(k=3, sizes=(20, 400), share=0.25), 500, rng=1)
    n1, n2 = drawn.data["n1"], drawn.data["n2"]
    assert drawn.vi == pytest.approx(1 / n1 + 1 / n2)
    assert (n1 + n2).min() >= 20
    assert (n1 + n2).max() <= 400
    assert (n1 / (n1 + n2)).mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("measure", ["OR", "RR"])
def test_trials_have_the_effect_sizes_of_effect_size(measure):
    design = TwoArmDesign(k=5, effect=0.3, tau2=0.1, risk=(0.01, 0.1), measure=measure, share=0.6)
    drawn = simulate(design, 60, rng=2)
    theirs = stats.effect_size(measure, **drawn.data)
    assert drawn.yi == pytest.approx(theirs.yi[theirs.estimable], rel=1e-12)
    assert drawn.vi == pytest.approx(theirs.vi[theirs.estimable], rel=1e-12)
    assert drawn.group.tolist() == drawn.data_group[theirs.estimable].tolist()


def test_means_have_the_effect_sizes_of_effect_size():
    drawn = simulate(MeansDesign(k=4, effect=0.4, tau2=0.05, sizes=(10, 50)), 50, rng=3)
    theirs = stats.effect_size("SMD", **drawn.data)
    assert drawn.yi == pytest.approx(theirs.yi, rel=1e-12)
    assert drawn.vi == pytest.approx(theirs.vi, rel=1e-12)


def test_the_same_seed_draws_the_same():
    design = TwoArmDesign(k=3, risk=0.2)
    one, two = simulate(design, 10, rng=5), simulate(design, 10, rng=5)
    assert np.array_equal(one.yi, two.yi)
    assert one.seed == 5
    again = simulate(design, 10, rng=simulate(design, 10).seed)
    assert again.yi.size > 0
    assert (
        simulate(design, 10, rng=np.random.default_rng(1)).seed
        == simulate(design, 10, rng=np.random.default_rng(1)).seed
    )


def test_performance_counts():
    fits = SparseFits(
        estimate=np.array([0.1, -0.1, 0.5, np.nan]),
        se=np.ones(4),
        ci_low=np.array([-0.1, -0.3, 0.3, np.nan]),
        ci_high=np.array([0.3, 0.1, 0.7, np.nan]),
        p_value=np.array([0.3, 0.3, 0.01, np.nan]),
    )
    found = performance(fits, 0.0, replications=5)
    assert (found.replications, found.fitted, found.fitted_share) == (5, 3, 0.6)
    assert found.coverage == pytest.approx(2 / 3)
    assert found.coverage_mcse == pytest.approx(math.sqrt(2 / 9 / 3))
    assert found.bias == pytest.approx(0.5 / 3)
    assert found.bias_mcse == pytest.approx(np.std([0.1, -0.1, 0.5], ddof=1) / math.sqrt(3))
    assert found.rmse == pytest.approx(math.sqrt(0.27 / 3))
    assert (found.width, found.median_width) == pytest.approx((0.4, 0.4))
    assert found.rejection == pytest.approx(1 / 3)
    assert "coverage=0.6667" in repr(found)
    with pytest.raises(TooFewStudiesError, match="no interval in 1 replications"):
        performance(SparseFits(*(np.array([np.nan]) for _ in range(5))), 0.0)


def test_hartung_knapp_keeps_its_level_and_the_normal_interval_does_not():
    drawn = simulate(NormalDesign(k=5, tau2=0.2), 4000, rng=11)
    assert performance(drawn.pool(), 0.0).coverage == pytest.approx(0.95, abs=0.02)
    assert performance(drawn.pool(ci="normal"), 0.0).coverage < 0.93


@pytest.mark.parametrize(
    ("many", "single"),
    [
        (mantel_haenszel_groups, lambda **tables: stats.mantel_haenszel(**tables, measure="OR")),
        (peto_groups, stats.peto),
    ],
)
def test_sparse_methods_are_the_single_ones(many, single):
    drawn = simulate(TwoArmDesign(k=4, effect=0.2, risk=0.05, sizes=(40, 100), share=0.6), 40, rng=9)
    found = many(**drawn.data, group=drawn.data_group, groups=40)
    compared = 0
    for group in range(40):
        rows = drawn.data_group == group
        if np.isnan(found.estimate[group]):
            continue
        one = single(**{name: values[rows] for name, values in drawn.data.items()})
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
            assert getattr(found, name)[group] == pytest.approx(getattr(one, name), rel=1e-11, abs=1e-13)
        compared += 1
    assert compared > 30


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: NormalDesign(k=0), "k: found 0"),
        (lambda: NormalDesign(k=2, tau2=-1), "tau2: found -1"),
        (lambda: NormalDesign(k=2, vi=(1.0,)), "2 numbers above 0"),
        (lambda: TwoArmDesign(k=2, risk=5), "write 5 % as 0.05"),
        (lambda: TwoArmDesign(k=2, measure="RD"), "measure: found 'RD'"),
        (lambda: MeansDesign(k=2, sizes=(100, 10)), "sizes"),
        (lambda: MeansDesign(k=2, share=1.0), "share"),
        (lambda: simulate("normal"), "design: found str"),
        (lambda: simulate(NormalDesign(k=2), 0), "replications: found 0"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(UsageError, match=words):
        make()
