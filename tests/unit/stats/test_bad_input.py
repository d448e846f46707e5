"""Whatever is given: a result, or an error of the project's tree; never another error, never a warning."""

import datetime as dt
import decimal
import fractions
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evergrove import stats
from evergrove.errors import DataError, EvergroveError, UsageError
from evergrove.stats.effects.recipes import RECIPES

YI, VI = [0.1, 0.3, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01]
FITS = (
    {},
    {"model": "common"},
    {"model": "henmi-copas"},
    {"tau2": "DL", "ci": "normal", "prediction": "HTS"},
    {"tau2": "PM", "ci": "t"},
    {"tau2": "GENQ", "tau2_weights": [1, 2, 3, 4]},
    {"tau2": "ML", "tau2_ci": "profile-likelihood"},
    {"ci": "kenward-roger", "prediction": "KR"},
    {"prediction": "NNF", "rng": 1},
)
COLUMNS = {
    "events1": [4, 6, 3, 2],
    "n1": [22, 22, 23, 30],
    "events2": [1, 2, 3, 4],
    "n2": [22, 22, 23, 30],
    "time1": [10.0, 20, 30, 40],
    "time2": [11.0, 21, 31, 41],
    "time": [1.0, 2, 3, 4],
    "both": [1, 2, 3, 2],
    "only1": [1, 2, 3, 4],
    "only2": [4, 3, 2, 1],
    "neither": [9, 8, 7, 6],
    "mean1": [1.0, 2, 3, 4],
    "sd1": [1.0, 1, 2, 1],
    "mean2": [2.0, 2, 2, 2],
    "sd2": [1.0, 2, 1, 1],
    "d": [0.1, 0.2, 0.3, 0.4],
    "t": [1.0, 2, 3, 1],
    "f": [1.0, 2, 3, 4],
    "p": [0.1, 0.2, 0.3, 0.4],
    "r": [0.1, 0.2, 0.3, 0.4],
    "r2": [0.2, 0.3, 0.4, 0.5],
    "predictors": [1, 2, 2, 1],
    "cles": [0.5, 0.6, 0.7, 0.8],
    "ties": [0, 0, 0.1, 0],
    "events": [1, 2, 3, 4],
    "n": [10, 20, 30, 40],
    "mean": [1.0, 2, 3, 4],
    "sd": [1.0, 1, 1, 1],
    "scale_min": [0] * 4,
    "scale_max": [10] * 4,
    "alpha": [0.5, 0.6, 0.7, 0.8],
    "items": [3, 4, 5, 6],
    "aa": [10, 20, 30, 40],
    "ab": [10, 20, 30, 40],
    "bb": [5, 6, 7, 8],
}


def strange(column):
    """Values that may stand for a column of four."""
    rest = list(column[1:])
    hidden = [True, False, False, False]
    for first in (math.nan, math.inf, -math.inf, -1, 0, None, "x", 1j, True):
        yield [first, *rest]
    for every in (0, 1e308, 5e-324, 1e-300, fractions.Fraction(1, 3), decimal.Decimal("0.2")):
        yield [every] * 4
    yield from (list(column[:3]), [], column[:1], "abc", {"a": 1}, set(column), (value for value in column))
    yield np.array(column, dtype=object)
    yield np.array(column, dtype=np.float16)
    yield np.array([column])
    yield np.float64(column[0])
    yield np.ma.masked_array(column, hidden)
    yield np.ma.masked_array([1, 2, 3, 4], hidden)
    yield np.array([dt.date(2020, 1, 1)] * 4, dtype="datetime64[D]")
    yield np.array([3] * 4, dtype="timedelta64[D]")
    yield np.array(column) + 0j
    yield pd.Series(column, index=[5, 3, 9, 1])
    yield pd.Series([None, 1, 2, 3], dtype="Int64")
    yield pd.DataFrame({"a": column})
    yield pl.Series(column)
    yield pl.Series([None, *rest])
    yield pl.Series([dt.date(2020, 1, 1)] * 4)


def read(fit):
    return fit.summary(), fit.to_dict(), repr(fit), fit.heterogeneity(), fit.fit_statistics(), fit.to_frame()


@pytest.mark.parametrize("options", FITS, ids=str)
@pytest.mark.parametrize("name", ["yi", "vi"])
def test_pool_answers_or_refuses(name, options):
    answered, refusals = 0, []
    for values in strange(YI if name == "yi" else VI):
        try:
            fit = stats.pool(**({"yi": YI, "vi": VI} | {name: values}), **options)
            read(fit)
            answered += 1
        except EvergroveError as error:
            refusals.append(str(error))
    assert answered > 3
    assert all("allowed" in refusal for refusal in refusals)


@pytest.mark.parametrize("measure", list(RECIPES))
def test_effect_size_answers_or_refuses(measure):
    answered, seen, refusals = 0, set(), []
    for way in RECIPES[measure].ways:
        for name in set(way) - seen:
            seen.add(name)
            for values in strange(COLUMNS[name]):
                try:
                    sizes = stats.effect_size(
                        measure, **{each: COLUMNS[each] for each in way} | {name: values}
                    )
                    read_sizes = sizes.summary(), sizes.to_dict(), sizes.intervals(natural=True)
                    assert read_sizes
                    answered += 1
                except EvergroveError as error:
                    refusals.append(str(error))
                    continue
                assert np.isfinite(sizes.yi[sizes.estimable]).all()
                assert all(
                    bool(reason) != known
                    for reason, known in zip(sizes.reasons, sizes.estimable, strict=True)
                )
    assert answered > 10
    assert all("allowed" in refusal for refusal in refusals)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([3] * 4, dtype="datetime64[D]"), r"yi: found a value that is no number \(dates\)"),
        ([np.datetime64("2020-01-01")] * 4, r"\(dates\)"),
        (np.array(YI) + 0j, r"\(complex numbers\)"),
        ([np.complex128(1j)] * 4, r"\(complex numbers\)"),
        ([0.1, 1e61, 0.2, 0.3], "yi .effect.: row 1 is 1e.61; allowed: -1e.60 to 1e.60"),
    ],
)
def test_columns_that_are_no_effects(values, message):
    with pytest.raises(DataError, match=message):
        stats.pool(values, VI)


def test_variances_out_of_range_are_named():
    with pytest.raises(
        DataError, match=r"row 2 is 1e-61; allowed: 1e-60 to 1e.60; give the outcome in another"
    ):
        stats.pool(YI, [0.1, 0.1, 1e-61, 0.1])
    assert stats.pool(YI, [0.1, 0.1, 1e-60, 1e60]).converged


@pytest.mark.parametrize(
    "options",
    [
        *({"level": value} for value in ("x", None, [0.95], 95, math.nan)),
        *({"tau2": value} for value in ([1], -1, math.nan, math.inf, 1e61)),
        *({"ci": "t", "df": value} for value in ("x", [1], 0, math.nan)),
        *({"labels": value} for value in (5, "abcd")),
        *({"prediction": "NNF", "rng": value} for value in ("x", -1, 1.5)),
        *({name: 1} for name in ("ci", "prediction", "measure", "model", "tau2_ci")),
    ],
    ids=str,
)
def test_options_that_cannot_be(options):
    with pytest.raises(UsageError, match="allowed"):
        stats.pool(YI, VI, **options)


def test_weights_of_any_size_give_one_mean():
    small, large = (stats.pool(YI, VI, weights=[unit * w for w in (1, 2, 3, 4)]) for unit in (1e-300, 4e307))
    assert small.estimate == pytest.approx(large.estimate, rel=1e-14)
