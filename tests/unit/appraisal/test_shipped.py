"""The appraisals that ship with the review: all there, all judged, each with the right instrument."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evergrove.appraisal import INSTRUMENTS, Judgement, judge
from evergrove.model import Appraisal
from evergrove.model.vocabulary import DesignType, Instrument, ResponseCode

REVIEW = Path(__file__).parents[3] / "reviews" / "msc-ards"
FILES = sorted((REVIEW / "appraisals").glob("*.yaml"))
APPRAISALS = {path.stem: Appraisal.model_validate(YAML(typ="safe").load(path)) for path in FILES}
JUDGED = {study: judge(appraisal) for study, appraisal in APPRAISALS.items()}

RANDOMISED = {
    "adas-2021", "bellingan-2022", "bowdish-2023", "dilogo-2021", "fathi-kazerooni-2022", "gorman-2023",
    "ichikado-2023", "karyana-2022", "lanzoni-2021", "lightner-2023", "martinez-munoz-2024", "matthay-2019",
    "monsel-2022", "rebelatto-2022", "shi-2021", "shu-2020", "ventura-carmenate-2021", "zarrabi-2023",
    "zheng-2014", "zhu-2021",
}  # fmt: skip
#: A randomised trial known from its registry record.
FROM_REGISTRY = {"stat-nct03818854"}
CONTROLLED = {
    "aghayan-2022", "chen-2020", "haberle-2021", "kaffash-farkhad-2022", "leng-2020", "meng-2020", "xu-2021",
}  # fmt: skip
SERIES = {
    "brown-2022", "ercelen-2021", "gorman-2021", "hashemian-2021", "hct-msc-phase1", "sengupta-2020",
    "uc-msc-pilot-2020-pmc7705911", "wilson-2015", "yip-2020",
}  # fmt: skip


def test_every_study_with_results_is_appraised_once_and_nothing_else():
    assert set(APPRAISALS) == RANDOMISED | FROM_REGISTRY | CONTROLLED | SERIES
    assert all(study == appraisal.study for study, appraisal in APPRAISALS.items())


def test_instrument_fits_the_design():
    by_instrument = {
        instrument: {study for study, item in APPRAISALS.items() if item.instrument is instrument}
        for instrument in Instrument
    }
    assert by_instrument[Instrument.ROB2] == RANDOMISED | FROM_REGISTRY
    assert by_instrument[Instrument.ROBINS_I] == CONTROLLED | SERIES


def test_design_in_the_study_files_agrees():
    designs = {
        DesignType.RANDOMISED.value: RANDOMISED,
        DesignType.NON_RANDOMISED.value: CONTROLLED,
        DesignType.CASE_SERIES.value: SERIES,
    }
    found: dict[str, set[str]] = {design: set() for design in designs}
    for path in (REVIEW / "studies").glob("*.yaml"):
        design = YAML(typ="safe").load(path)["design"]["type"]
        if design in found:
            found[design].add(path.stem)
    assert found == designs


@pytest.mark.parametrize("study", sorted(APPRAISALS))
def test_every_firm_answer_is_supported_and_reached_or_always_asked(study):
    judged = JUDGED[study]
    instrument = INSTRUMENTS[judged.instrument]
    for domain in judged.domains:
        given = APPRAISALS[study].domains[domain.id].answers
        for question, answer in given.items():
            if answer.response is ResponseCode.NO_INFORMATION:
                assert answer.support is None
                continue
            assert "http" in answer.support or "a fact about the outcome" in answer.support, (study, question)
            conditional = (
                ResponseCode.NOT_APPLICABLE in instrument.domain(domain.id).question(question).options
            )
            assert not conditional or question in dict(domain.path), (study, question)


@pytest.mark.parametrize("study", sorted(APPRAISALS))
def test_every_question_reached_is_in_the_file_unless_it_offers_no_ni(study):
    for domain in JUDGED[study].domains:
        for question, response in domain.path:
            if question not in APPRAISALS[study].domains[domain.id].answers:
                assert (question, response) == ("3.2", ResponseCode.NO_INFORMATION)


def test_says_what_was_appraised_and_by_whom():
    for study, appraisal in APPRAISALS.items():
        assert appraisal.assessor == "evergrove review team"
        assert len(appraisal.result) > 20, study


def test_overall_judgements():
    overall = {study: judged.overall for study, judged in JUDGED.items()}
    assert {study for study, judgement in overall.items() if judgement is Judgement.HIGH} == {
        "bellingan-2022", "fathi-kazerooni-2022", "ichikado-2023", "martinez-munoz-2024", "shu-2020",
        "ventura-carmenate-2021", "zarrabi-2023",
    }  # fmt: skip
    assert Counter(overall[study] for study in RANDOMISED | FROM_REGISTRY) == {
        Judgement.SOME_CONCERNS: 14,
        Judgement.HIGH: 7,
    }
    assert {overall[study] for study in CONTROLLED} == {Judgement.SERIOUS}
    assert {overall[study] for study in SERIES} == {Judgement.CRITICAL}


def test_only_uncontrolled_series_are_overridden():
    overridden = {
        (study, domain.id)
        for study, judged in JUDGED.items()
        for domain in judged.domains
        if domain.overridden
    }
    assert overridden == {(study, "confounding") for study in SERIES}
