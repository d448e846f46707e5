"""Exact odds ratios, penalised and beta-binomial regression: ends, agreement, refusals."""

import json
import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError

NONE_IN_ARM_1 = ([0, 0, 0], [30, 25, 40], [3, 2, 4], [30, 26, 41])
TABLES = ([2, 4, 0, 1], [30, 41, 25, 28], [6, 9, 3, 0], [31, 40, 26, 30])


def test_one_sided_ends_are_zero_and_infinite():
    none = stats.exact_odds_ratio(*NONE_IN_ARM_1)
    assert (none.estimate, none.ci_low) == (0.0, 0.0)
    assert 0 < none.ci_high < 1
    turned = stats.exact_odds_ratio(NONE_IN_ARM_1[2], NONE_IN_ARM_1[3], NONE_IN_ARM_1[0], NONE_IN_ARM_1[1])
    assert math.isinf(turned.estimate)
    assert math.isinf(turned.ci_high)
    assert turned.ci_low == pytest.approx(1 / none.ci_high, rel=1e-9)
    assert json.loads(json.dumps(turned.to_dict(), allow_nan=False))["estimate"] is None


def test_limits_invert_the_tails():
    fit = stats.exact_odds_ratio(*TABLES)
    mid = stats.exact_odds_ratio(*TABLES, method="mid-p")
    assert fit.ci_low < mid.ci_low < mid.estimate < mid.ci_high < fit.ci_high
    conditional = stats.glmm(
        "OR",
        events1=TABLES[0],
        n1=TABLES[1],
        events2=TABLES[2],
        n2=TABLES[3],
        model="CM.EL",
        effects="common",
    )
    assert math.log(fit.estimate) == pytest.approx(conditional.estimate, abs=1e-10)
    assert fit.p_lower + fit.p_upper > 1
    assert mid.p_lower + mid.p_upper == pytest.approx(1.0, abs=1e-14)


def test_exact_keeps_its_digits_far_from_one():
    fit = stats.exact_odds_ratio([900, 850], [1000, 1000], [100, 120], [1000, 1000])
    assert fit.estimate == pytest.approx(56.65, rel=1e-3)
    assert fit.ci_low < fit.estimate < fit.ci_high
    assert fit.p_value < 1e-300


def test_tables_that_say_nothing():
    fit = stats.exact_odds_ratio([0, 2], [10, 10], [0, 5], [10, 10])
    assert fit.k == 1
    assert fit.diagnostics[0].code == "no-information"
    with pytest.raises(DataError, match="no table with more than one outcome"):
        stats.exact_odds_ratio(0, 10, 0, 10)
    with pytest.raises(DataError, match="a whole number"):
        stats.exact_odds_ratio(1.5, 10, 2, 10)
    with pytest.raises(UsageError, match="method: found 'x'"):
        stats.exact_odds_ratio(1, 10, 2, 10, method="x")


def test_firth_is_finite_where_maximum_likelihood_is_not():
    firth = stats.event_regression(*NONE_IN_ARM_1)
    assert math.isfinite(firth.estimate)
    assert firth.ci_low < firth.estimate < firth.ci_high < 0
    with pytest.raises(ConvergenceError, match="use method='firth'"):
        stats.event_regression(*NONE_IN_ARM_1, method="ML")
    nothing = stats.event_regression([0, 0], [10, 12], [0, 0], [11, 12])
    assert abs(nothing.estimate) < 0.5
    assert math.isfinite(nothing.se)


def test_maximum_likelihood_is_the_common_effect_mixed_model():
    fit = stats.event_regression(*TABLES, method="ML")
    mixed = stats.glmm(
        "OR", events1=TABLES[0], n1=TABLES[1], events2=TABLES[2], n2=TABLES[3], effects="common"
    )
    assert fit.estimate == pytest.approx(mixed.estimate, abs=1e-10)
    assert fit.se == pytest.approx(mixed.se, rel=1e-9)
    assert fit.log_likelihood == pytest.approx(mixed.log_likelihood, abs=1e-9)


def test_rates_are_poisson():
    time = ([3.0, 4.1, 2.5, 2.8], [3.1, 4.0, 2.6, 3.0])
    fit = stats.event_regression(TABLES[0], events2=TABLES[2], time1=time[0], time2=time[1], method="ML")
    mixed = stats.glmm(
        "IRR", events1=TABLES[0], time1=time[0], events2=TABLES[2], time2=time[1], effects="common"
    )
    assert fit.measure == "IRR"
    assert fit.estimate == pytest.approx(mixed.estimate, abs=1e-10)
    assert fit.natural().estimate == pytest.approx(math.exp(fit.estimate))


def test_the_profile_interval_agrees_with_its_test():
    fit = stats.event_regression(*TABLES)
    at_p = stats.event_regression(*TABLES, level=1 - fit.lr_p_value)
    nearest = at_p.ci_high if fit.estimate < 0 else at_p.ci_low
    assert nearest == pytest.approx(0.0, abs=1e-7)


def test_overdispersion_widens_the_interval():
    wild = ([1, 20, 2, 30], [50, 50, 50, 50], [10, 4, 12, 6], [50, 50, 50, 50])
    common, random = (
        stats.event_regression(*wild, profile=False, effects=name) for name in ("common", "random")
    )
    assert common.dispersion > 1
    assert random.se == pytest.approx(common.se * math.sqrt(common.dispersion), rel=1e-12)
    assert random.options["profile"] is False
    as_meta = stats.event_regression(*wild, effects="random", dispersion_scales="standard-error")
    assert as_meta.se == pytest.approx(common.se * common.dispersion, rel=1e-12)
    assert (as_meta.estimate, as_meta.dispersion) == (random.estimate, random.dispersion)
    with pytest.raises(UsageError, match="dispersion_scales: found 'se'"):
        stats.event_regression(*wild, effects="random", dispersion_scales="se")


def test_regression_refusals():
    with pytest.raises(UsageError, match="do not go together"):
        stats.event_regression([1], [10], [2], [10], time1=[1.0])
    with pytest.raises(UsageError, match="would be infinite"):
        stats.event_regression(*TABLES, method="ML", drop_double_zero=False)
    assert "firth" in repr(stats.event_regression(*TABLES))
    assert json.dumps(stats.event_regression(*TABLES).to_dict(), allow_nan=False)


def test_beta_binomial_without_spread_is_binomial():
    alike = {"events": [5, 10, 15], "n": [50, 100, 150]}
    fit = stats.beta_binomial(**alike)
    assert fit.rho == 0.0
    assert fit.diagnostics[0].code == "rho-at-boundary"
    assert fit.natural().estimate == pytest.approx(0.1, rel=1e-9)
    assert fit.se == pytest.approx(math.sqrt(1 / 30 + 1 / 270), rel=1e-9)


def test_beta_binomial_uses_studies_without_events():
    counts = {
        "events1": [0, 2, 9, 0],
        "n1": [40, 60, 50, 30],
        "events2": [3, 15, 4, 0],
        "n2": [40, 62, 48, 31],
    }
    fit = stats.beta_binomial(**counts, ci="t")
    without = stats.beta_binomial(**{name: values[:3] for name, values in counts.items()})
    assert fit.rho > 0
    assert fit.df == 6.0
    assert fit.estimate != without.estimate
    assert fit.log_likelihood > fit.log_likelihood_binomial
    assert json.dumps(fit.to_dict(), allow_nan=False)
    assert "rho=" in repr(fit)


def test_beta_binomial_refusals():
    with pytest.raises(TooFewStudiesError):
        stats.beta_binomial(events=[1], n=[10])
    with pytest.raises(ConvergenceError, match="0/30 events"):
        stats.beta_binomial(events=[0, 0], n=[10, 20])
    with pytest.raises(UsageError, match="found events1"):
        stats.beta_binomial(events1=[1, 2])
    with pytest.raises(UsageError, match="ci: found"):
        stats.beta_binomial(events=[1, 2], n=[10, 20], ci="hartung-knapp")


def test_study_order_does_not_matter():
    order = [2, 0, 3, 1]
    shuffled = tuple(np.array(column)[order] for column in TABLES)
    assert stats.event_regression(*shuffled).estimate == pytest.approx(
        stats.event_regression(*TABLES).estimate, abs=1e-11
    )
    assert stats.exact_odds_ratio(*shuffled).ci_high == pytest.approx(
        stats.exact_odds_ratio(*TABLES).ci_high, rel=1e-11
    )
