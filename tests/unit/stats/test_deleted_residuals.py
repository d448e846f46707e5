"""Residuals of Mantel-Haenszel and Peto fits: what they are made of, and where there are none."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import TooFewStudiesError, UsageError

COUNTS = {
    "events1": np.array([4, 6, 0, 0, 9]),
    "n1": np.array([60, 80, 40, 33, 70]),
    "events2": np.array([9, 11, 0, 5, 10]),
    "n2": np.array([61, 79, 41, 35, 66]),
}
FITS = [
    lambda counts, **more: stats.mantel_haenszel(**counts, **more),
    lambda counts, **more: stats.mantel_haenszel(**counts, measure="OR", correction=0.5, to="all", **more),
    lambda counts, **more: stats.mantel_haenszel(**counts, measure="RD", variance="klingenberg", **more),
    lambda counts, **more: stats.peto(**counts, correction=0.25, **more),
    lambda counts, **more: stats.mantel_haenszel(
        **counts, row_cells="events", add_by="treatment-arm", **more
    ),
    lambda counts, **more: stats.mantel_haenszel_rates(
        counts["events1"], counts["n1"], counts["events2"], counts["n2"], row_to="all", **more
    ),
]


@pytest.mark.parametrize("fitted", FITS)
def test_a_fit_without_a_study_is_the_fit_of_the_others_with_its_own_options(fitted):
    fit, row = fitted(COUNTS, level=0.9, labels=list("vwxyz")), 3
    others = fitted({name: np.delete(values, row) for name, values in COUNTS.items()}, level=0.9)
    found, without = stats.deleted_residuals(fit), stats.leave_one_out(fit)
    assert (without.estimate[row], without.ci_low[row]) == (others.estimate, others.ci_low)
    assert found.deleted_residual[row] == fit.yi[row] - others.estimate
    assert found.rstudent[row] == pytest.approx(
        (fit.yi[row] - others.estimate) / np.sqrt(fit.vi[row] + others.se**2), rel=1e-14
    )
    assert found.rstandard[row] == pytest.approx(
        (fit.yi[row] - fit.estimate) / np.sqrt(fit.vi[row]), rel=1e-14
    )
    assert stats.cumulative(fit).estimate[-1] == fit.estimate
    assert found.labels == tuple("vwxyz")


def test_random_effects_are_refitted_too():
    fit = stats.mantel_haenszel(**COUNTS, model="random", tau2="REML")
    others = stats.mantel_haenszel(
        **{name: values[:-1] for name, values in COUNTS.items()}, model="random", tau2="REML"
    )
    assert stats.leave_one_out(fit).tau2[-1] == others.tau2
    assert stats.leave_one_out(fit).estimate[-1] == others.estimate


def test_a_study_without_events_has_a_reason_and_no_number():
    found = stats.deleted_residuals(stats.peto(**COUNTS))
    assert found.reasons[2] == "no effect of its own"
    assert np.isnan(found.rstudent[2])
    assert np.isfinite(np.delete(found.rstudent, 2)).all()
    assert "row 2: no effect of its own" in found.summary()
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert found.to_frame("polars").shape == (5, 6)


def test_a_study_without_which_nothing_is_left_has_a_reason():
    found = stats.deleted_residuals(stats.mantel_haenszel([0, 2], [10, 12], [1, 3], [11, 13]))
    assert "events over all studies" in found.reasons[1]
    assert np.isnan(found.rstudent[1])
    assert np.isfinite(found.rstandard).all()


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda: stats.pool([0.1, 0.2], [0.1, 0.1]), "use influence_diagnostics"),
        (lambda: stats.mantel_haenszel(**COUNTS, model="random"), "use influence_diagnostics"),
        (lambda: stats.arcsine_difference(**COUNTS, model="common"), "arcsine difference"),
        (lambda: 3.0, "found float"),
    ],
)
def test_other_fits_are_refused(fit, message):
    with pytest.raises(UsageError, match=message):
        stats.deleted_residuals(fit())


def test_one_study_is_too_few():
    with pytest.raises(TooFewStudiesError, match="found 1 studies"):
        stats.deleted_residuals(stats.peto([1], [10], [3], [10]))
