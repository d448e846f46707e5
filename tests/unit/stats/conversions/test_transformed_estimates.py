"""The delta method of several estimates against what is known in closed form."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

AT = [1.0, 2.0]
V = [[0.01, 0.002], [0.002, 0.04]]


def test_sums_are_exact_in_both_orders_and_equal_the_linear_hypothesis():
    fit = stats.meta_regression(
        [0.1, 0.3, 0.5, 0.8, 0.7], [0.04, 0.02, 0.03, 0.05, 0.02], {"x": [1, 2, 3, 4, 5]}, ci="normal"
    )
    exact = stats.linear_hypothesis(fit, {"intercept": 1, "x": 3})
    for order in (1, 2):
        found = stats.transform_estimates(
            fit.estimate, fit.covariance, lambda b: b[0] + 3 * b[1], order=order
        )
        assert found.estimate[0] == pytest.approx(exact.estimate[0], rel=1e-12)
        assert found.se[0] == pytest.approx(exact.se[0], rel=1e-9)
        assert found.p_value[0] == pytest.approx(exact.p_value[0], rel=1e-8)


def test_second_order_is_exact_for_products_of_normal_estimates():
    found = stats.transform_estimates(AT, V, lambda t: [t[0] * t[1], t[0] ** 2], order=2)
    (a, b), ((va, c), (_, vb)) = AT, V
    variance = a * a * vb + b * b * va + 2 * a * b * c + va * vb + c * c
    assert found.covariance[0, 0] == pytest.approx(variance, rel=1e-9)
    assert found.covariance[1, 1] == pytest.approx(4 * a * a * va + 2 * va**2, rel=1e-9)
    # cov(XY, X²) = 2a(a c + b va) + 2 va c
    assert found.covariance[0, 1] == pytest.approx(2 * a * (a * c + b * va) + 2 * va * c, rel=1e-9)
    assert found.columns()["estimate"].tolist() == [2.0, 1.0]


def test_first_order_is_the_delta_method_and_the_null_and_level_are_used():
    one = stats.delta_method([0.3], [0.04], math.exp)
    found = stats.transform_estimates(0.3, 0.04, np.exp, null=1.0, level=0.9)
    assert found.se[0] ** 2 == pytest.approx(one.vi[0], rel=1e-10)
    assert found.statistic[0] == pytest.approx((one.yi[0] - 1) / math.sqrt(one.vi[0]), rel=1e-9)
    assert found.ci_high[0] - found.estimate[0] == pytest.approx(1.6448536269514722 * found.se[0], rel=1e-12)
    second = stats.transform_estimates(0.3, 0.04, np.exp, order=2)
    assert second.se[0] ** 2 == pytest.approx(math.exp(0.6) * (0.04 + 0.04**2 / 2), rel=1e-9)
    assert "order 2" in repr(second)


def test_the_order_of_the_estimates_does_not_matter():
    one = stats.transform_estimates(AT, V, lambda t: t[0] * np.log(t[1]), order=2)
    turned = stats.transform_estimates(
        AT[::-1], np.array(V)[::-1, ::-1], lambda t: t[1] * np.log(t[0]), order=2
    )
    assert turned.se[0] == pytest.approx(one.se[0], rel=1e-8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((AT, V, "exp"), UsageError, "transform: found 'exp'"),
        ((AT, [[0.1]], sum), DataError, r"covariance: found shape \(1, 1\); allowed: \(2, 2\)"),
        ((AT, [[0.1, 0.2], [0.0, 0.1]], sum), DataError, "two halves that differ"),
        ((AT, [[-0.1, 0.0], [0.0, 0.1]], sum), DataError, "a variance below 0"),
        (([1.0, math.nan], V, sum), DataError, "estimate: found"),
        (([-1.0], [[0.1]], lambda t: math.log(t[0])), DataError, r"no finite value at \[-1.0\]"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        stats.transform_estimates(*arguments)


def test_orders_are_one_and_two():
    with pytest.raises(UsageError, match="order: found 3; allowed: 1 or 2"):
        stats.transform_estimates(AT, V, sum, order=3)
