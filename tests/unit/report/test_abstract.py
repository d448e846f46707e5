"""The abstract: its numbers are those of the results, its verbs those of the certainty."""

from __future__ import annotations

import re

from evergrove.appraisal import Certainty
from evergrove.model.vocabulary import CertaintyLevel
from evergrove.report.abstract import Abstract, structured_abstract, to_text
from evergrove.report.findings import Answer, Findings
from evergrove.report.numerals import interval
from support.tiny_review import analysis, counts, datum, review, study
from unit.report.conftest import bare_findings


def text_of(abstract: Abstract) -> str:
    return " ".join(section.text for section in abstract.sections)


def rated(findings: Findings, level: CertaintyLevel, statement: str) -> Findings:
    """Return the findings with every main answer rated alike."""
    certainty = Certainty(level, CertaintyLevel.HIGH, (), "made up")
    answers = tuple(Answer(item.result, certainty, item.absolute, statement) for item in findings.answers)
    return Findings(findings.review, answers, findings.judged, findings.claims)


def test_the_shipped_abstract_has_four_sections_of_about_300_words(shipped) -> None:
    abstract = structured_abstract(shipped)
    assert [section.heading for section in abstract.sections] == [
        "Introduction",
        "Methods",
        "Results",
        "Conclusion",
    ]
    assert 200 < abstract.words < 400
    assert abstract.keywords == shipped.review.protocol.keywords


def test_every_number_is_filled_in_from_the_results(shipped) -> None:
    """Without the labels of the protocol and the numbers used, in their order, no digit stays."""
    abstract = structured_abstract(shipped)
    text, protocol = text_of(abstract), shipped.review.protocol
    known = ["RoB 2", "COVID-19", *protocol.notes]
    known += [answer.result.analysis.title for answer in shipped.answers]
    for label in sorted(known, key=len, reverse=True):
        text = re.sub(re.escape(label), " ", text, flags=re.IGNORECASE)
    rest = ""
    for used in abstract.numbers:
        before, found, text = text.partition(used.text)
        assert found, used
        rest += before
    assert not re.search(r"\d", rest + text), rest + text


def test_each_main_result_stands_with_its_interval_and_certainty(shipped) -> None:
    text = structured_abstract(shipped).results.text
    for answer in shipped.main_answers:
        fit = answer.result.main.fit
        if fit is None:
            assert f"{answer.result.analysis.title}: not pooled" in text
            continue
        natural = fit.natural()
        assert interval(natural.ci_low, natural.ci_high, answer.result.analysis.measure) in text
        assert f"{answer.result.analysis.title}: {fit.k} trials" in text
    levels = {answer.certainty.level.label for answer in shipped.main_answers if answer.certainty.level}
    for level in levels:
        assert f"{level} certainty" in text


def test_no_study_is_named(shipped) -> None:
    text = text_of(structured_abstract(shipped))
    for made in shipped.review.studies:
        assert made.name not in text


def test_the_conclusion_is_made_of_statements(shipped) -> None:
    conclusion = structured_abstract(shipped).conclusion.text
    for answer in shipped.main_answers:
        if answer.certainty.level is not CertaintyLevel.VERY_LOW:
            assert answer.statement in conclusion


def test_very_low_certainty_claims_no_direction_and_shares_a_sentence(tiny) -> None:
    made = tiny.review
    specs = [analysis(), analysis(id="again", title="Death again")]
    findings = bare_findings(
        review([item.model_dump(mode="json") for item in made.studies], specs),
    )
    low = rated(findings, CertaintyLevel.VERY_LOW, "It is uncertain.")
    assert structured_abstract(low).conclusion.text == (
        "It is uncertain whether Cells change death near day 28 or death again: "
        "the certainty of the evidence is very low."
    )


def test_the_verb_comes_from_the_answer(tiny) -> None:
    findings = rated(tiny, CertaintyLevel.LOW, "Cells may reduce death.")
    abstract = structured_abstract(findings)
    assert abstract.conclusion.text == "Cells may reduce death."
    assert "low certainty" in abstract.results.text
    assert "GRADE" in abstract.methods.text


def test_without_certainty_there_is_no_conclusion(tiny) -> None:
    abstract = structured_abstract(tiny)
    assert abstract.conclusion.text.startswith("The certainty of the evidence was not rated")
    assert "GRADE" not in abstract.methods.text
    assert "certainty" not in abstract.results.text


def test_without_a_pooled_result_the_reason_stands() -> None:
    made = review([study("alpha", [datum("d", counts(4), counts(8))])])
    abstract = structured_abstract(bare_findings(made))
    assert "Death near day 28: not pooled; only one study gives" in abstract.results.text
    assert abstract.conclusion.text.startswith("The data do not allow a pooled result")


def test_a_review_without_studies_has_an_abstract() -> None:
    abstract = structured_abstract(bare_findings(review([])))
    assert "no study yet" in abstract.results.text
    assert to_text(abstract).startswith("A tiny review\n\nIntroduction\n")


def test_recorded_searches_are_counted() -> None:
    made = review([], flow={"records_identified": 1234, "records_screened": 1000})
    abstract = structured_abstract(bare_findings(made))
    assert "The searches found 1234 records; 1000 were screened." in abstract.methods.text
    assert "not recorded" not in abstract.methods.text


def test_plain_text_holds_every_section_and_the_keywords(shipped) -> None:
    abstract = structured_abstract(shipped)
    text = to_text(abstract)
    for section in abstract.sections:
        assert f"{section.heading}\n{section.text}" in text
    assert text.endswith(f"Keywords: {', '.join(abstract.keywords)}\n")


def test_a_model_without_heterogeneity_leaves_no_gap() -> None:
    trials = [study(f"trial-{at}", [datum("d", counts(at + 1), counts(2 * at + 3))]) for at in range(5)]
    made = bare_findings(review(trials, [analysis(measure="OR", pooling={"method": "beta-binomial"})]))
    text = text_of(structured_abstract(rated(made, CertaintyLevel.LOW, "It is so.")))
    assert "; ;" not in text
    assert "I²" not in text
    assert "by a beta-binomial model" in text
