"""Many groups at once: the numbers of pool, in any order of rows, for any keys; and what is refused."""

import json
import subprocess
import sys

import numba
import numpy as np
import pandas as pd
import polars as pl
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError
from evergrove.stats.bulk import compiled, fits, kernel
from evergrove.stats.bulk.compiled import compiled_loop
from evergrove.stats.bulk.grouping import group_rows
from evergrove.stats.bulk.intervals import CLOSED_FORM, FLAGS
from evergrove.stats.mean_estimators import METHODS

SAME = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "tau2", "i2", "i2_q", "q", "q_p_value")


def ragged(seed=1, groups=30, largest=9, spread=1.0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, largest, groups)
    key = rng.permutation(np.repeat(np.arange(groups), sizes))
    vi = rng.lognormal(-2, spread, key.size)
    return rng.normal(0.1 * key % 0.7, np.sqrt(vi + 0.1 * (key % 3))), vi, key


def agrees(found, **options):
    for place, label in enumerate(found.group.tolist()):
        rows = found.rows(label)
        single = stats.pool(found.yi[rows], found.vi[rows], **options)
        assert found.k[place] == single.k
        assert found.converged[place] == single.converged
        for name in SAME:
            assert getattr(found, name)[place] == pytest.approx(
                getattr(single, name), rel=1e-12, abs=1e-13, nan_ok=True
            ), (name, label)
        codes = {remark.code for remark in single.diagnostics} & set(FLAGS)
        assert {code for code in FLAGS if found.flagged(code)[place]} == codes
        assert (None if np.isinf(found.df[place]) else found.df[place]) == single.df


@pytest.fixture(params=["numpy", "compiled"])
def engine(request, monkeypatch):
    if request.param == "compiled":
        assert compiled_loop()[0] is not None
        monkeypatch.setattr(fits, "COMPILE_FROM", 0)
    else:
        monkeypatch.setenv("EVERGROVE_NO_NUMBA", "1")
    return request.param


@pytest.mark.parametrize("ci", CLOSED_FORM)
def test_every_interval_is_that_of_pool(engine, ci):
    agrees(stats.pool_groups(*ragged(), ci=ci), ci=ci)


@pytest.mark.parametrize("tau2", [*METHODS, 0.0, 0.2])
def test_every_estimator_is_that_of_pool(engine, tau2):
    agrees(stats.pool_groups(*ragged(2, groups=12), tau2=tau2), tau2=tau2)


def test_common_effect(engine):
    agrees(stats.pool_groups(*ragged(3), model="common"), model="common")


def test_large_groups_and_wide_variances(engine):
    yi, vi, key = ragged(4, groups=6, largest=90, spread=3.0)
    agrees(stats.pool_groups(yi, vi, key))


def test_both_engines_give_the_same_bits(monkeypatch):
    assert compiled_loop()[0] is not None
    yi, vi, key = ragged(5, groups=300, largest=20, spread=2.0)
    monkeypatch.setenv("EVERGROVE_NO_NUMBA", "1")
    side_by_side = stats.pool_groups(yi, vi, key)
    monkeypatch.delenv("EVERGROVE_NO_NUMBA")
    monkeypatch.setattr(fits, "COMPILE_FROM", 0)
    monkeypatch.setattr(fits, "STUDIES_PER_CHUNK", 100)
    fast = stats.pool_groups(yi, vi, key)
    for name, column in fast.columns().items():
        assert np.array_equal(column, side_by_side.columns()[name]), name


def test_two_peaks_are_flagged(engine):
    yi = [0.0, 0.0, 4.0, -0.1, 0.1]
    vi = [0.001, 0.001, 0.3, 0.3, 0.3]
    found = stats.pool_groups(yi * 8, vi * 8, np.repeat(np.arange(8), 5))
    single = stats.pool(yi, vi)
    assert found.flagged("two-maxima").all() == ("two-maxima" in [d.code for d in single.diagnostics])
    agrees(found)


def test_groups_come_in_the_order_of_first_appearance():
    found = stats.pool_groups([1, 2, 3, 4.0], [1, 1, 1, 1], ["z", "a", "z", "b"])
    assert found.group.tolist() == ["z", "a", "b"]
    assert found.k.tolist() == [2, 1, 1]
    assert found.fit("z").estimate == 2.0
    assert found["a"].k == 1


@pytest.mark.parametrize(
    "keys",
    [
        [3, 1, 3, 1],
        np.array([3, 1, 3, 1], dtype=np.int8),
        np.array([10**12, 1, 10**12, 1]),
        ["b", "a", "b", "a"],
        [("b", 1), ("a", 1), ("b", 1), ("a", 1)],
        np.array([2.5, 1.5, 2.5, 1.5]),
        np.array(["2020-01-02", "2020-01-01"] * 2, dtype="datetime64[D]"),
        pd.Series(["b", "a", "b", "a"], dtype="category"),
        [True, False, True, False],
        ["b", 1, "b", 1],
    ],
    ids=str,
)
def test_keys_of_any_kind(keys):
    found = stats.pool_groups([1.0, 10.0, 3.0, 20.0], [1.0] * 4, keys, tau2="DL")
    assert found.estimate.tolist() == [2.0, 15.0]
    assert found.fit(found.group.tolist()[1]).estimate == 15.0


def test_counting_sort_gives_the_order_of_the_stable_sort(monkeypatch):
    keys = np.random.default_rng(1).integers(0, 50, 1000)
    plain = group_rows(keys)
    monkeypatch.setattr("evergrove.stats.bulk.grouping.COUNTING_SORT_FROM", 0)
    counted = group_rows(keys)
    for one, other in zip(plain, counted, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_columns_of_a_frame(library):
    yi, vi, key = ragged(6)
    frame = library({"effect": yi, "variance": vi, "review": key, "outcome": key % 2})
    one = stats.pool_groups("effect", "variance", "review", data=frame)
    assert np.array_equal(one.estimate, stats.pool_groups(yi, vi, key).estimate)
    both = stats.pool_groups("effect", "variance", ["review", "outcome"], data=frame)
    assert both.group[0] == (int(key[0]), int(key[0] % 2))
    named = library({"yi": yi, "vi": vi, "review": key})
    for found in (
        stats.pool_groups(named, by="review"),
        stats.pool_groups(data=named, by="review"),
        stats.pool_groups(yi, vi, by=key),
        stats.pool_groups("effect", "variance", by="review", data=frame),
    ):
        assert np.array_equal(one.estimate, found.estimate)
    assert np.array_equal(
        stats.leave_one_out_groups(named, by="review").estimate,
        stats.leave_one_out_groups(yi, vi, key).estimate,
        equal_nan=True,
    )
    with pytest.raises(UsageError, match="'nothing'"):
        stats.pool_groups("effect", "variance", "nothing", data=frame)
    with pytest.raises(UsageError, match="group: found none"):
        stats.pool_groups(named)
    with pytest.raises(UsageError, match="both"):
        stats.pool_groups(named, group="review", by="review")
    with pytest.raises(UsageError, match="pass both"):
        stats.pool_groups(yi, by=key)
    with pytest.raises(UsageError, match="data"):
        stats.pool_groups("effect", "variance", "review", data=[1, 2])


def test_result_is_columns():
    found = stats.pool_groups(*ragged())
    frame = found.to_frame("polars")
    assert frame.height == len(found)
    assert set(frame.columns) >= {"group", "k", "estimate", "ci_low", "p_value", "tau2", "i2", "q"}
    assert "30 fits" in repr(found)
    assert "groups of one study" in found.summary()
    assert json.dumps(found.to_dict())


def test_bad_rows_are_named_with_their_groups():
    with pytest.raises(DataError, match=r"row 2 \(group 'b'\) is nan"):
        stats.pool_groups([1, 2, np.nan], [1, 1, 1], ["a", "a", "b"])
    with pytest.raises(DataError, match=r"row 1 \(group 'b'\) is 0.0"):
        stats.pool_groups([1, 2, 3], [1, 0, 1], ["a", "b", "a"])
    with pytest.raises(DataError, match="4 keys for 3 studies"):
        stats.pool_groups([1, 2, 3], [1, 1, 1], [1, 1, 1, 1])
    with pytest.raises(DataError, match="vi has 2"):
        stats.pool_groups([1, 2, 3], [1, 1], [1, 1, 1])
    with pytest.raises(DataError, match="no key in row 1"):
        stats.pool_groups([1, 2, 3], [1, 1, 1], ["a", None, "b"])
    with pytest.raises(DataError, match="no key in row 0"):
        stats.pool_groups([1, 2], [1, 1], np.array([np.nan, 1.0]))
    with pytest.raises(DataError, match="2 dimensions"):
        stats.pool_groups([1, 2], [1, 1], np.zeros((2, 1)))
    with pytest.raises(DataError, match="unhashable"):
        stats.pool_groups([1, 2], [1, 1], [{}, {}])
    with pytest.raises(UsageError, match="one key per study"):
        stats.pool_groups([1, 2], [1, 1], "ab")


@pytest.mark.parametrize(
    "options",
    [
        {"tau2": "GENQ"},
        {"tau2": "nothing"},
        {"tau2": -1.0},
        {"ci": "kenward-roger"},
        {"model": "ivhet"},
        {"level": 95},
    ],
    ids=str,
)
def test_options_that_only_single_fits_have_are_refused(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        stats.pool_groups([1.0, 2.0], [1.0, 1.0], [1, 1], **options)


def test_unknown_groups_and_codes_are_refused():
    found = stats.pool_groups([1.0, 2.0], [1.0, 1.0], [1, 1])
    with pytest.raises(UsageError, match="group: found 7"):
        found.fit(7)
    with pytest.raises(UsageError, match="'two-maxima'"):
        found.flagged("nothing")


def test_no_rows_give_no_groups():
    assert len(stats.pool_groups([], [], [])) == 0


def test_read_only_input_is_left_alone(engine):
    yi, vi, key = ragged(7)
    before = yi.copy(), vi.copy()
    for array in (yi, vi, key):
        array.setflags(write=False)
    stats.pool_groups(yi, vi, key)
    assert np.array_equal(yi, before[0])
    assert np.array_equal(vi, before[1])


def test_rows_left_out_and_accruing(engine):
    yi, vi, key = ragged(8, groups=8)
    without = stats.leave_one_out_groups(yi, vi, key)
    upto = stats.cumulative_groups(yi, vi, key)
    for row in range(yi.size):
        mine = np.flatnonzero(key == key[row])
        others, first = mine[mine != row], mine[mine <= row]
        assert upto.estimate[row] == pytest.approx(stats.pool(yi[first], vi[first]).estimate, rel=1e-12)
        assert upto.group[row] == key[row]
        if others.size == 0:
            assert np.isnan(without.estimate[row])
            assert without.k[row] == 0
        else:
            single = stats.pool(yi[others], vi[others])
            assert without.ci_low[row] == pytest.approx(single.ci_low, rel=1e-12, abs=1e-13)
            assert without.tau2[row] == pytest.approx(single.tau2, rel=1e-12, abs=1e-13)


def test_numba_is_not_needed_nor_loaded_for_little():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import evergrove.stats.bulk.fits as fits; fits.COMPILE_FROM = 0\n"
        "from evergrove import stats; found = stats.pool_groups([0.1, 0.2], [1, 1], [1, 1])\n"
        "print(found.estimate[0], [remark.code for remark in found.diagnostics])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0.15")
    assert "not-compiled" in done.stdout
    code = (
        "import sys; from evergrove import stats; stats.pool_groups([0.1, 0.2], [1, 1], [1, 1]); "
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_compiled_code_that_cannot_be_kept_is_no_error(monkeypatch):
    made = []

    def njit(*given, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        made.append(given)
        return lambda function: function

    monkeypatch.setattr(numba, "njit", njit)
    loop, remarks = compiled._compile.__wrapped__(kernel.fit_members, compiled._of_members)
    assert made
    assert [remark.code for remark in remarks] == ["compiled-code-not-kept"]
    assert loop is not None


def test_the_switch_turns_compilation_off(monkeypatch):
    monkeypatch.setenv("EVERGROVE_NO_NUMBA", "1")
    loop, remarks = compiled_loop()
    assert loop is None
    assert [remark.code for remark in remarks] == ["not-compiled"]
