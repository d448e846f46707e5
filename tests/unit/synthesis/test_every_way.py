"""Every word by which a review can ask for pooling gives what the statistics give, and can be told."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from evergrove import stats
from evergrove.model import Analysis, PoolingModel
from evergrove.model.diagnostics import asymmetry_tests
from evergrove.model.measures import MEASURES, Basis
from evergrove.model.pooling import MEASURES_OF, RESTS_ON, WAYS, PoolingMethod
from evergrove.report import model_words
from evergrove.synthesis import analyse
from evergrove.synthesis.fitting import SEED
from support.tiny_review import analysis, counts, datum, review, study

EVENTS1 = [4, 6, 3, 0, 8, 2, 5, 7, 1, 9, 3, 0]
EVENTS2 = [8, 7, 9, 3, 9, 6, 4, 12, 2, 14, 3, 0]
SIZES1 = [20, 30, 25, 18, 40, 22, 31, 28, 15, 50, 21, 12]
SIZES2 = [22, 28, 25, 20, 38, 20, 33, 30, 15, 48, 20, 12]
TABLE = {"events1": EVENTS1, "n1": SIZES1, "events2": EVENTS2, "n2": SIZES2}
SINGLE = {
    "kind": "single-arm",
    "main_designs": ["case-series"],
    "beside_designs": [],
}


def trials(single=False):
    """Return twelve trials, the last without an event."""
    rows = zip(EVENTS1, SIZES1, EVENTS2, SIZES2, strict=True)
    return [
        study(
            f"trial-{at:02}",
            [datum("d", counts(a, n), None if single else counts(c, m))],
            **({"design": "case-series"} if single else {}),
        )
        for at, (a, n, c, m) in enumerate(rows)
    ]


def pooled(pooling, measure="RR", **changes):
    """Return the main set of a review that asks for this."""
    single = MEASURES[measure].proportion
    asked = {**(SINGLE if single else {}), "measure": measure, "pooling": pooling, **changes}
    made = review(trials(single), [analysis(**asked)])
    return analyse(made, made.protocol.analyses[0], {}).main


def inverse_variance_cases():
    for model, way in WAYS[PoolingMethod.INVERSE_VARIANCE].items():
        yield {"model": str(model)}
        for name in ("tau2", "tau2_ci", "ci", "prediction"):
            for word in getattr(way, name):
                yield {"model": str(model), name: str(word)}


@pytest.mark.parametrize("asked", list(inverse_variance_cases()), ids=lambda asked: "-".join(asked.values()))
def test_inverse_variance_is_pool_with_the_same_words(asked):
    found = pooled(asked).fit
    sizes = stats.effect_size("RR", **{name: values[:-1] for name, values in TABLE.items()})
    more = {"rng": SEED} if asked.get("prediction") == "NNF" else {}
    expected = stats.pool(sizes.yi, sizes.vi, measure="RR", **asked, **more)
    for name in ("estimate", "ci_low", "ci_high", "tau2", "tau2_ci_high", "prediction_low"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert ours == theirs or ours == pytest.approx(theirs, rel=1e-12), name


@pytest.mark.parametrize("measure", MEASURES_OF[PoolingMethod.MANTEL_HAENSZEL])
@pytest.mark.parametrize("model", WAYS[PoolingMethod.MANTEL_HAENSZEL])
def test_mantel_haenszel(measure, model):
    found = pooled({"method": "mantel-haenszel", "model": str(model)}, measure).fit
    expected = stats.mantel_haenszel(**TABLE, measure=measure, model=model)
    assert (found.estimate, found.se) == (expected.estimate, expected.se)


@pytest.mark.parametrize("model", WAYS[PoolingMethod.PETO])
def test_peto(model):
    found = pooled({"method": "peto", "model": str(model)}, "PETO").fit
    expected = stats.peto(**TABLE, model=model)
    assert (found.estimate, found.se) == (expected.estimate, expected.se)


def test_random_effects_beside_mantel_haenszel_take_the_words_of_pool():
    asked = {"tau2": "REML", "ci": "kenward-roger", "prediction": "KR"}
    found = pooled({"method": "mantel-haenszel", "model": "random", **asked}).fit
    expected = stats.mantel_haenszel(**TABLE, model="random", **asked)
    assert found.ci_low == expected.ci_low
    assert found.prediction_low == expected.prediction_low
    assert found.options["ci"] == "kenward-roger"


@pytest.mark.parametrize("model", WAYS[PoolingMethod.MIXED_MODEL])
@pytest.mark.parametrize("glmm", WAYS[PoolingMethod.MIXED_MODEL]["random"].glmm)
def test_mixed_models(model, glmm):
    found = pooled({"method": "glmm", "model": str(model), "glmm": str(glmm), "ci": "t"}, "OR")
    expected = stats.glmm("OR", **TABLE, model=glmm, effects=model, ci="t")
    assert found.fit.estimate == expected.estimate
    assert found.fit.ci_low == expected.ci_low
    assert found.fit.q == expected.q_lrt
    assert found.fit.content_hash == expected.content_hash
    assert found.fit.tau2 == (expected.tau2 if model == "random" else None)
    assert found.shares == {}
    assert found.fit.weights[-1] == 0.0
    assert math.isnan(found.fit.weights[0])


@pytest.mark.parametrize("prediction", WAYS[PoolingMethod.MIXED_MODEL]["random"].prediction)
def test_prediction_of_mixed_models(prediction):
    found = pooled({"method": "glmm", "prediction": str(prediction)}, "OR").fit
    assert found.prediction_low == stats.glmm("OR", **TABLE, prediction=prediction).prediction_low


def test_a_mixed_model_of_one_arm():
    found = pooled({"method": "glmm"}, "PLO").fit
    assert found.estimate == stats.glmm("PLO", events=EVENTS1, n=SIZES1).estimate


@pytest.mark.parametrize("ci", WAYS[PoolingMethod.BETA_BINOMIAL]["random"].ci)
def test_beta_binomial(ci):
    found = pooled({"method": "beta-binomial", "ci": str(ci)}, "OR").fit
    expected = stats.beta_binomial(**TABLE, ci=ci)
    assert (found.estimate, found.ci_low) == (expected.estimate, expected.ci_low)
    assert f"{expected.rho:.3g}" in found.diagnostics[0].message


def test_beta_binomial_of_one_arm():
    found = pooled({"method": "beta-binomial"}, "PLO").fit
    assert found.estimate == stats.beta_binomial(events=EVENTS1, n=SIZES1).estimate


@pytest.mark.parametrize("method", ["mantel-haenszel", "glmm"])
def test_a_trial_without_an_event_is_not_counted(method):
    found = pooled({"method": method}, "OR")
    assert found.fit.k == 11
    assert found.participants == found.known_participants == sum(SIZES1[:-1]) + sum(SIZES2[:-1])
    assert [item.study for item in found.pooled if item not in found.counted] == ["trial-11"]


@pytest.mark.parametrize(
    "measure",
    [word for word, row in MEASURES.items() if row.basis in {Basis.EVENTS, Basis.EVENTS_OF_ONE_ARM}],
)
def test_every_measure_of_events_is_pooled(measure):
    found = pooled({}, measure)
    if MEASURES[measure].proportion:
        sizes = stats.effect_size(measure, events=EVENTS1, n=SIZES1)
    else:
        sizes = stats.effect_size(measure, **TABLE)
    assert [item.yi for item in found.pooled] == [float(y) for y in sizes.yi if not math.isnan(y)]
    expected = stats.pool(sizes.yi[sizes.estimable], sizes.vi[sizes.estimable])
    assert found.fit.estimate == pytest.approx(expected.estimate, rel=1e-12)


@pytest.mark.parametrize("test", asymmetry_tests("OR"))
def test_every_test_of_asymmetry(test):
    found = pooled({}, "OR", diagnostics={"asymmetry": str(test)}).asymmetry
    kept = {name: values[:-1] for name, values in TABLE.items()}
    if test == "egger":
        sizes = stats.effect_size("OR", **kept)
        expected = stats.egger_test(sizes.yi, sizes.vi)
    else:
        expected = stats.asymmetry_test(test, **kept)
    assert found.found.p_value == pytest.approx(expected.p_value, rel=1e-9)


def test_equal_standard_errors_leave_no_test_and_say_so():
    same = [study(f"trial-{at:02}", [datum("d", counts(4), counts(8))]) for at in range(10)]
    made = review(same)
    found = analyse(made, made.protocol.analyses[0], {}).main.asymmetry
    assert found.found is None
    assert "the same standard error" in found.why_not


def test_trim_and_fill_and_influence_are_done_where_asked():
    asked = {"trim_and_fill": "R0", "influence": True}
    found = pooled({}, "RR", diagnostics=asked)
    yi, vi = [item.yi for item in found.pooled], [item.vi for item in found.pooled]
    filled = stats.trim_and_fill(yi, vi, estimator="R0", measure="RR", tau2="REML", ci="hartung-knapp")
    assert found.missing.found.missing == filled.missing
    assert found.missing.found.estimate == pytest.approx(filled.estimate, rel=1e-12)
    expected = stats.influence_diagnostics(yi, vi)
    assert found.influence.found.cook == pytest.approx(expected.cook, rel=1e-12)


def test_common_effect_is_trimmed_as_a_common_effect():
    found = pooled({"model": "common"}, "RR", diagnostics={"trim_and_fill": "L0", "influence": True})
    yi, vi = [item.yi for item in found.pooled], [item.vi for item in found.pooled]
    assert found.missing.found.estimate == pytest.approx(
        stats.trim_and_fill(yi, vi, model="common", tau2=0.0).estimate, rel=1e-12
    )
    expected = stats.influence_diagnostics(yi, vi, model="common", tau2=0.0, ci="normal")
    assert found.influence.found.rstudent == pytest.approx(expected.rstudent, rel=1e-12)


BAD = [
    ({"ci": "hartung-knapp", "model": "common"}, "RR", ("pooling", "ci"), "normal, t"),
    ({"tau2": "GENQ"}, "RR", ("pooling", "tau2"), "REML"),
    ({"tau2": "DL", "ci": "kenward-roger"}, "RR", ("pooling", "ci"), "tau2 REML"),
    ({"tau2": "DL", "prediction": "KR"}, "RR", ("pooling", "prediction"), "tau2 REML"),
    ({"tau2": "PM", "tau2_ci": "profile-likelihood"}, "RR", ("pooling", "tau2_ci"), "tau2 REML or ML"),
    ({"model": "henmi-copas", "tau2": "DL"}, "RR", ("pooling", "tau2"), "leave tau2 out"),
    ({"method": "mantel-haenszel", "tau2": "DL"}, "RR", ("pooling", "tau2"), "leave tau2 out"),
    ({"method": "mantel-haenszel", "model": "ivhet"}, "RR", ("pooling", "model"), "common, random"),
    ({"method": "mantel-haenszel"}, "MD", ("pooling", "method"), "measure RR, OR, RD"),
    ({"method": "peto"}, "OR", ("pooling", "method"), "measure PETO"),
    ({"method": "glmm"}, "RR", ("pooling", "method"), "measure OR, PLO"),
    ({"method": "glmm", "prediction": "HTS"}, "OR", ("pooling", "prediction"), "t(k-1)"),
    ({"glmm": "CM.EL"}, "OR", ("pooling", "glmm"), "leave glmm out"),
    ({"method": "beta-binomial", "model": "common"}, "OR", ("pooling", "model"), "random"),
]


@pytest.mark.parametrize(("asked", "measure", "place", "allowed"), BAD)
def test_words_that_do_not_go_together_are_faults_in_their_place(asked, measure, place, allowed):
    with pytest.raises(ValidationError) as caught:
        Analysis.model_validate(analysis(measure=measure, pooling=asked))
    (error,) = caught.value.errors()
    assert (*error["loc"], *error["ctx"]["at"]) == place
    assert allowed in error["ctx"]["allowed"]


def test_a_mixed_model_of_two_arms_does_not_fit_one():
    with pytest.raises(ValidationError, match="compares two arms"):
        Analysis.model_validate(
            analysis(measure="PLO", kind="single-arm", pooling={"method": "glmm", "glmm": "UM.RS"})
        )


@pytest.mark.parametrize(
    ("diagnostics", "pooling", "place"),
    [
        ({"asymmetry": "pustejovsky"}, {}, "asymmetry"),
        ({"asymmetry": "deeks"}, {}, "asymmetry"),
        ({"trim_and_fill": "L0"}, {"method": "mantel-haenszel"}, "trim_and_fill"),
        ({"influence": True}, {"model": "ivhet"}, "influence"),
        ({"influence": True}, {"ci": "kenward-roger"}, "influence"),
    ],
)
def test_diagnostics_that_cannot_be_are_faults(diagnostics, pooling, place):
    with pytest.raises(ValidationError) as caught:
        Analysis.model_validate(analysis(diagnostics=diagnostics, pooling=pooling))
    assert caught.value.errors()[0]["ctx"]["at"] == ("diagnostics", place)


def test_a_proportion_has_no_trim_and_fill():
    with pytest.raises(ValidationError, match="no value of no effect"):
        Analysis.model_validate(
            analysis(measure="PLO", kind="single-arm", diagnostics={"trim_and_fill": "L0"})
        )


def test_a_proportion_is_no_comparison():
    with pytest.raises(ValidationError, match="no measure of a comparative analysis"):
        Analysis.model_validate(analysis(measure="PLO"))


@pytest.mark.parametrize(
    "pooling",
    [
        PoolingModel.model_validate({"method": method, "model": model, name: word})
        for method, models in WAYS.items()
        for model, way in models.items()
        for name in way.__dataclass_fields__
        for word in getattr(way, name)
        if word not in RESTS_ON or way.tau2[0] in RESTS_ON[word]
    ],
)
def test_every_word_is_told_in_words(pooling):
    told = [
        model_words.pooling_words(pooling),
        model_words.pooling_in_short(pooling),
        model_words.interval_words(pooling),
        model_words.prediction_words(pooling),
    ]
    assert told[0]
    assert told[1]
    for text in told:
        assert "None" not in text
        assert "  " not in text


def test_what_is_left_out_is_filled_in_and_what_is_not_used_stays_empty():
    assert PoolingModel().resolved() == PoolingModel(
        model="random", tau2="REML", ci="hartung-knapp", prediction="t(k-1)"
    )
    closed = PoolingModel(method="peto").resolved()
    assert (closed.model, closed.tau2, closed.ci, closed.prediction) == ("common", None, "normal", None)
