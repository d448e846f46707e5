"""Predicted true effects: what they are between, and what is refused. The numbers are in the golden files."""

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import UsageError

YI, VI = [-0.4, -0.1, -0.6, -0.3], [0.02, 0.03, 0.05, 0.04]


def test_predictions_lie_between_the_study_and_the_mean():
    fit = stats.pool(YI, VI, tau2=0.05)
    found = stats.blups(fit)
    low, high = np.minimum(fit.estimate, YI), np.maximum(fit.estimate, YI)
    assert ((low <= found.effect) & (found.effect <= high)).all()
    assert found.effect == pytest.approx(fit.estimate + found.deviation)
    assert found.to_frame().shape == (4, 9)
    named = stats.blups(stats.pool(YI, VI, labels=list("abcd")))
    assert named.columns()["study"].tolist() == list("abcd")


def test_without_heterogeneity_all_are_the_mean():
    fit = stats.pool(YI, VI, tau2=0.0, ci="normal")
    found = stats.blups(fit)
    assert found.effect == pytest.approx([fit.estimate] * 4)
    assert found.se == pytest.approx([fit.se] * 4)
    assert not found.deviation_se.any()


@pytest.mark.parametrize(
    "fit",
    [
        stats.pool(YI, VI, weights=[1, 1, 1, 1]),
        stats.pool(YI, VI, model="ivhet"),
        stats.mantel_haenszel(events1=[3, 4], n1=[20, 30], events2=[5, 6], n2=[20, 30], measure="RR"),
        stats.meta_regression(YI, VI, {"x": [1, 2, 3, 5]}, weights=[1, 1, 1, 1]),
    ],
)
def test_predictions_need_the_weights_of_the_model(fit):
    with pytest.raises(UsageError, match="blups"):
        stats.blups(fit)


def test_shares_sum_to_one_and_agree_with_the_interval():
    fit = stats.pool(YI, VI, measure="RR")
    found = stats.expected_share(fit, np.exp(fit.prediction_low), np.exp(fit.prediction_high))
    assert (found.below, found.between, found.above) == pytest.approx((0.025, 0.95, 0.025))
    one = stats.expected_share(fit, fit.estimate, natural=False)
    assert (one.below, one.between, one.above) == pytest.approx((0.5, 0.0, 0.5), abs=1e-15)
    assert repr(one).startswith("<ExpectedShare 50.0% below")


@pytest.mark.parametrize("measure", ["RR", "MD", "PLO", "PAS", "PRZ", "IRS", "ZCOR", "AHW", "ABT"])
def test_thresholds_of_every_scale_find_their_way(measure):
    fit = stats.pool([0.2, 0.4, 0.3, 0.6], VI, measure=measure)
    natural = float(stats.back_transform(0.35, measure))
    onto = stats.expected_share(fit, natural)
    assert onto.below == pytest.approx(stats.expected_share(fit, 0.35, natural=False).below)


@pytest.mark.parametrize(
    ("options", "bounds", "words"),
    [
        ({"model": "common"}, (0.8, 1.2), "prediction interval"),
        ({"prediction": "NNF", "rng": 1}, (0.8, 1.2), "prediction interval"),
        ({}, (1.2, 0.8), "not above high"),
        ({"measure": "RR"}, (-1.0, 1.2), "-1.0"),
        ({"measure": "PFT"}, (0.1, 0.2), "natural=False"),
        ({}, (float("nan"), 1.2), "nan"),
    ],
)
def test_what_has_no_share_is_refused(options, bounds, words):
    with pytest.raises(UsageError, match=words):
        stats.expected_share(stats.pool(YI, VI, **options), *bounds)
