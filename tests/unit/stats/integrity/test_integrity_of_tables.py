"""Baseline tables, repeated numbers, last digits, tests of uniformity."""

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError
from evergrove.stats.integrity.uniformity import anderson_darling, kolmogorov_smirnov

MEANS = stats.MeansRow("age", ("61.2", "60.8"), ("9.1", "8.7"), (50, 52))


def test_the_anderson_darling_tail_as_in_the_tables():
    # the quantiles of the limit law, Marsaglia & Marsaglia 2004
    grid = (np.arange(1, 2001) - 0.5) / 2000
    for shift, low, high in ((1.0, 0.9, 1.0), (1.2, 0.0, 1e-4)):
        assert low <= anderson_darling(grid**shift).p_value <= high
    from evergrove.stats.integrity.uniformity import _anderson_darling_limit  # noqa: PLC0415

    for value, tail in ((1.93295783, 0.10), (2.49236716, 0.05), (3.87812502, 0.01)):
        assert 1 - _anderson_darling_limit(value) == pytest.approx(tail, abs=1e-8)


def test_uniform_p_values_give_uniform_answers():
    rng = np.random.default_rng(11)
    samples = rng.uniform(size=(400, 12))
    for test in (kolmogorov_smirnov, anderson_darling):
        tails = np.array([test(row).p_value for row in samples])
        assert 0.42 < tails.mean() < 0.58
        assert 0.02 < (tails < 0.05).mean() < 0.09


def test_many_values_take_the_limit_law():
    even = (np.arange(1, 302) - 0.5) / 301
    assert kolmogorov_smirnov(even).p_value == pytest.approx(1.0)
    assert kolmogorov_smirnov(even**2).p_value < 1e-6


def test_simulated_p_values_allow_for_rounding():
    same = stats.MeansRow("age", ("61", "61"), ("9", "9"), (50, 52))
    analytic = stats.baseline_test([same], method="analytic").p_values[0]
    simulated = stats.baseline_test([same], rng=1).p_values[0]
    assert analytic == 1.0
    assert 0.7 < simulated < 0.95
    fine = stats.baseline_test([MEANS], rng=1).p_values[0]
    assert fine == pytest.approx(stats.baseline_test([MEANS], method="analytic").p_values[0], abs=0.03)


def test_a_seed_repeats_the_table():
    rows = [MEANS, stats.CountsRow("women", ((20, 30), (25, 27)))]
    first, second = (stats.baseline_test(rows, rng=4) for _ in range(2))
    assert (first.p_values == second.p_values).all()
    assert first.seed == 4
    assert first.to_dict()["simulations"] == 20_000


def test_arms_too_alike_and_too_different():
    rng = np.random.default_rng(0)
    alike = [stats.MeansRow(f"row {at}", ("10.00", "10.00"), ("2.00", "2.01"), (80, 80)) for at in range(8)]
    found = stats.baseline_test(alike, rng=rng)
    assert found.verdict is stats.Verdict.INCONSISTENT
    assert found.diagnostics[0].code == "too-alike"
    apart = [stats.MeansRow(f"row {at}", ("10.0", "11.2"), ("2.0", "2.0"), (80, 80)) for at in range(8)]
    assert stats.baseline_test(apart, rng=rng).diagnostics[0].code == "too-different"
    assert stats.baseline_test([MEANS], rng=rng).verdict is stats.Verdict.CANNOT_TELL


def test_randomised_tables_are_rarely_called_inconsistent():
    rng = np.random.default_rng(8)
    verdicts = []
    for _ in range(60):
        rows = []
        for at in range(6):
            arms = rng.normal(50, 10, (2, 40))
            rows.append(
                stats.MeansRow(
                    f"row {at}",
                    tuple(f"{arm.mean():.3f}" for arm in arms),
                    tuple(f"{arm.std(ddof=1):.1f}" for arm in arms),
                    (40, 40),
                )
            )
        verdicts.append(stats.baseline_test(rows, method="analytic").verdict)
    assert verdicts.count(stats.Verdict.INCONSISTENT) <= 1
    assert verdicts.count(stats.Verdict.CONSISTENT) >= 55


def test_means_rounded_to_be_equal_decide_nothing_by_themselves():
    rows = [stats.MeansRow(f"row {at}", ("10.1", "10.4"), ("2.0", "2.0"), (80, 80)) for at in range(5)]
    equal = stats.MeansRow("same", ("10.1", "10.1"), ("2.0", "2.0"), (80, 80))
    found = stats.baseline_test([*rows, equal], method="analytic")
    assert found.verdict is stats.Verdict.CANNOT_TELL
    assert found.diagnostics[0].code == "rounded-to-equal"
    assert stats.baseline_test([*rows, equal], rng=3).verdict is stats.Verdict.CONSISTENT


def test_a_row_that_cannot_vary_is_left_out_of_the_sum_but_shown():
    constant = stats.CountsRow("adults", ((50, 0), (52, 0)))
    found = stats.baseline_test([MEANS, constant], method="analytic")
    assert np.isnan(found.p_values[1])
    assert found.names == ("age", "adults")
    with pytest.raises(DataError, match="can vary"):
        stats.baseline_test([constant])


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.baseline_test([]),
        lambda: stats.baseline_test([stats.MeansRow("age", ("1", "2"), ("1", "0"), (5, 5))]),
        lambda: stats.baseline_test([stats.MeansRow("age", ("1", "2"), ("1",), (5, 5))]),
        lambda: stats.baseline_test([stats.CountsRow("sex", ((3,), (4,)))]),
        lambda: stats.baseline_test([stats.CountsRow("sex", ((3, 2.5), (4, 2)))]),
        lambda: stats.baseline_test([MEANS], simulations=5),
        lambda: stats.repeated_values({"A": {"x": "1.23"}}),
        lambda: stats.repeated_values({"A": {"x": "1.23"}, "B": {"x": "n/a"}}),
        lambda: stats.terminal_digit_test([]),
        lambda: stats.terminal_digit_test(["1.2", "x"]),
    ],
)
def test_what_cannot_be_checked_is_refused(call):
    with pytest.raises(DataError, match="allowed"):
        call()


def test_repeats_say_which_cells_and_how_many():
    found = stats.repeated_values(
        {
            "A": {"age": "61.24", "bmi": "27.3", "n": "50"},
            "B": {"age": "61.24", "weight": "27.3", "n": "50"},
            "C": {"age": "61.25", "height": "170"},
        }
    )
    assert [one.value for one in found.repeats] == ["61.24", "27.3"]
    assert found.pairs == {"A / B": 2}
    assert found.same_cell == 1
    assert found.compared == {"A": 2, "B": 2, "C": 1}  # 50 and 170 are too short
    assert found.verdict is stats.Verdict.CANNOT_TELL
    assert found.to_dict()["repeats"][0]["cells"] == [["A", "age"], ["B", "age"]]
    assert stats.repeated_values({"A": {"x": "1.23"}, "B": {"x": "4.56"}}).verdict is stats.Verdict.CONSISTENT


def test_last_digits():
    fives = stats.terminal_digit_test([f"{at}.{5 if at % 2 else at % 10}" for at in range(100)])
    assert fives.verdict is stats.Verdict.INCONSISTENT
    few = stats.terminal_digit_test(["1.2", "1.3", "1.4"])
    assert few.verdict is stats.Verdict.CANNOT_TELL
    assert few.columns()["count"].sum() == 3
