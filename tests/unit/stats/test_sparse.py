"""Mantel-Haenszel and Peto at the edges of the data."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

EDGE = ([0, 2, 0, 5, 10], [10, 12, 8, 5, 20], [1, 0, 0, 9, 12], [11, 13, 9, 9, 22])


def test_double_zero_rows_have_no_weight_and_are_named():
    ratio = stats.mantel_haenszel(*EDGE, measure="RR", labels=list("abcde"))
    assert ratio.k == 4
    assert ratio.weights[2] == 0.0
    assert ratio.diagnostics[0].code == "no-information"
    assert ratio.diagnostics[0].where == "row 2 (c)"
    odds = stats.mantel_haenszel(*EDGE, measure="OR")
    assert odds.k == 3
    assert odds.diagnostics[0].where == "row 2, row 3"
    difference = stats.mantel_haenszel(*EDGE, measure="RD")
    assert difference.k == 5
    assert (difference.weights > 0).all()


def test_removing_a_double_zero_study_changes_nothing():
    kept = [0, 1, 3, 4]
    for fit in (
        lambda *columns: stats.mantel_haenszel(*columns, measure="RR"),
        lambda *columns: stats.mantel_haenszel(*columns, measure="OR"),
        stats.peto,
    ):
        whole, part = fit(*EDGE), fit(*(np.array(column)[kept] for column in EDGE))
        assert whole.estimate == pytest.approx(part.estimate, rel=1e-14)
        assert whole.se == pytest.approx(part.se, rel=1e-14)


def test_peto_is_the_weighted_mean_of_its_rows():
    result = stats.peto(*EDGE)
    rows = result.weights > 0
    assert float((result.weights[rows] * result.yi[rows]).sum()) == pytest.approx(result.estimate, rel=1e-13)
    assert np.isnan(result.yi[2])
    assert result.tau2 is None


@pytest.mark.parametrize("measure", ["RR", "OR"])
def test_an_arm_without_events_is_undefined(measure):
    with pytest.raises(DataError, match="found 0/30 and 4/30 events"):
        stats.mantel_haenszel([0, 0], [10, 20], [1, 3], [10, 20], measure=measure)
    assert stats.mantel_haenszel([0, 0], [10, 20], [1, 3], [10, 20], measure="RD").estimate < 0


def test_no_event_at_all():
    with pytest.raises(DataError, match="Mantel-Haenszel RR"):
        stats.mantel_haenszel([0], [10], [0], [10])
    with pytest.raises(DataError, match="Peto: found 0 events among 20 patients"):
        stats.peto([0], [10], [0], [10])


def test_events_in_every_patient():
    result = stats.mantel_haenszel([10, 3], [10, 9], [8, 4], [8, 9], measure="RR")
    assert result.k == 2
    with pytest.raises(DataError, match="Mantel-Haenszel OR"):
        stats.mantel_haenszel([10], [10], [8], [8], measure="OR")


def test_refusals():
    with pytest.raises(UsageError, match="use peto"):
        stats.mantel_haenszel(*EDGE, measure="PETO")
    with pytest.raises(UsageError, match="correction: found -1"):
        stats.mantel_haenszel(*EDGE, correction=-1)
    with pytest.raises(TooFewStudiesError):
        stats.mantel_haenszel([], [], [], [])
    with pytest.raises(DataError, match="events1: row 0 is nan"):
        stats.peto([np.nan], [10], [1], [10])
    with pytest.raises(DataError, match=r"events2: row 0 is 11\.0"):
        stats.peto([1], [10], [11], [10])


def test_a_correction_is_named():
    result = stats.mantel_haenszel(*EDGE, correction=0.5)
    assert "continuity-correction" in [remark.code for remark in result.diagnostics]


def test_one_study_and_json():
    result = stats.mantel_haenszel([2], [20], [5], [20])
    assert result.natural().estimate == pytest.approx(0.4)
    assert (result.q_df, result.q_p_value, result.i2) == (0, 1.0, 0.0)
    data = json.loads(json.dumps(stats.mantel_haenszel(*EDGE).to_dict(), allow_nan=False))
    assert data["tau2"] is None
    assert data["yi"][2] is None
    assert data["inputs_sha256"] != json.loads(json.dumps(stats.peto(*EDGE).to_dict()))["inputs_sha256"]
    assert "Mantel-Haenszel RR" in stats.mantel_haenszel(*EDGE).summary()
