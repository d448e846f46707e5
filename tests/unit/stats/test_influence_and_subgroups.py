"""Leave-one-out, subgroups and Egger's test at their limits."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

YI = np.array([0.1, 0.3, 0.35, 0.65, -0.2])
VI = np.array([0.03, 0.03, 0.05, 0.01, 0.02])


def test_leave_one_out_says_why_a_row_is_empty():
    events1, n1, events2, n2 = (np.array(column) for column in ([0, 2], [10, 12], [1, 3], [11, 13]))

    def refit(keep):
        return stats.mantel_haenszel(events1[keep], n1[keep], events2[keep], n2[keep])

    found = stats.leave_one_out(refit, 2)
    assert np.isnan(found.estimate[1])
    assert "events over all studies" in found.reasons[1]
    assert found.reasons[0] == ""
    assert np.isnan(found.tau2).all()
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert "without row 1" in found.summary()
    assert found.k == 2


def test_leave_one_out_needs_two():
    with pytest.raises(TooFewStudiesError, match="found 1 studies"):
        stats.leave_one_out(lambda keep: stats.pool(YI[:1][keep], VI[:1][keep]), 1)


@pytest.mark.parametrize(
    "options",
    [
        {"model": "ivhet"},
        {"model": "henmi-copas"},
        {"model": "common"},
        {"weights": np.array([3.0, 1.0, 2.0, 5.0, 4.0])},
        {"tau2": "GENQ", "tau2_weights": VI**-0.5},
        {"tau2": "SJ", "tau2_start": 0.3},
        {"tau2": "DL", "tau2_about": 0.2},
        {"tau2": 0.1, "df": 9.0, "level": 0.9},
        {"prediction": "NNF", "rng": 3},
        {"ci": "kenward-roger", "prediction": "KR"},
        {"tau2": "ML", "tau2_ci": "profile-likelihood", "labels": list("vwxyz"), "measure": "RR"},
    ],
)
def test_refits_have_the_options_of_the_fit(options):
    def by_hand(keep):
        kept = {
            name: [one for one, held in zip(value, keep, strict=True) if held]
            if isinstance(value, np.ndarray | list)
            else value
            for name, value in options.items()
        }
        return stats.pool(YI[keep], VI[keep], **kept)

    fit = stats.pool(YI, VI, **options)
    assert stats.leave_one_out(fit).to_dict() == stats.leave_one_out(by_hand, 5).to_dict()
    assert stats.cumulative(fit).to_dict() == stats.cumulative(by_hand, 5).to_dict()


def test_subgroups_keep_the_order_and_name_single_studies():
    found = stats.subgroups(YI, VI, ["b", "b", "a", "a", "c"], ci="normal", labels=list("vwxyz"))
    assert list(found.results) == ["b", "a", "c"]
    assert found.results["a"].labels == ("x", "y")
    assert found.test.df == 2
    assert found.test.diagnostics[0].where == "c"
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert "subgroup differences" in found.summary()


def test_one_subgroup_has_no_test():
    found = stats.subgroups(YI, VI, ["a"] * 5)
    assert found.test is None
    assert found.results["a"].estimate == stats.pool(YI, VI).estimate
    assert stats.subgroups(YI, VI, ["a"] * 5, common_tau2=True).tau2 == pytest.approx(
        stats.pool(YI, VI).tau2, rel=1e-12
    )
    with pytest.raises(TooFewStudiesError):
        stats.subgroup_test(found.results)


def test_subgroup_refusals():
    with pytest.raises(DataError, match="groups: found 2"):
        stats.subgroups(YI, VI, ["a", "b"])
    with pytest.raises(TooFewStudiesError):
        stats.subgroups([], [], [])
    with pytest.raises(UsageError, match="common_tau2"):
        stats.subgroups(YI, VI, list("aabbb"), common_tau2=True, model="common")
    with pytest.raises(UsageError, match="with common_tau2"):
        stats.subgroups(YI, VI, list("aabbb"), common_tau2=True, tau2=0.1)
    log, natural = stats.pool(YI, VI, measure="RR"), stats.pool(YI, VI, measure="MD")
    with pytest.raises(UsageError, match="found scales log, natural"):
        stats.subgroup_test({"a": log, "b": natural})
    with pytest.raises(DataError, match=r"group 'a' has standard error 0\.0"):
        stats.subgroups([0.1, 0.1, 0.2, 0.3], [0.1] * 4, list("aabb"))


def test_egger_limits():
    with pytest.raises(TooFewStudiesError, match="found 2 studies"):
        stats.egger_test(YI[:2], VI[:2])
    with pytest.raises(DataError, match="one precision"):
        stats.egger_test(YI, np.full(5, 0.1))
    found = stats.egger_test(YI, VI)
    assert found.diagnostics[0].code == "few-studies"
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert "Egger" in found.summary()
    many = stats.egger_test(np.tile(YI, 2), np.concatenate([VI, VI * 2]))
    assert many.diagnostics == ()


def test_egger_is_the_classic_regression_of_precision():
    errors = np.sqrt(VI)
    design = np.column_stack([np.ones(5), 1 / errors])
    (intercept, slope), *_ = np.linalg.lstsq(design, YI / errors)
    found = stats.egger_test(YI, VI)
    assert found.slope == pytest.approx(intercept, rel=1e-10)
    assert found.limit_estimate == pytest.approx(slope, rel=1e-10)
