"""The shipped claims: their verdicts come out of the data, and change with them."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from evergrove.claims import check_claim
from evergrove.model import Claim, Review, Study
from evergrove.model.claim import FigureName as F
from evergrove.model.vocabulary import Verdict
from evergrove.store import dump, read_review
from evergrove.store.write import plain

V = Verdict
EXPECTED = {
    "claim-a": V.SUPPORTED,
    "claim-b": V.PARTLY,
    "claim-c": V.SUPPORTED,
    "claim-d": V.PARTLY,
    "claim-e": V.NOT_FOUND,
    "claim-f": V.PARTLY,
    "claim-g": V.NOT_FOUND,
    "claim-h": V.SUPPORTED,
}


@pytest.fixture(scope="module")
def review(shipped_folder) -> Review:
    return read_review(shipped_folder)


@pytest.fixture(scope="module")
def results(review):
    return {claim.id: check_claim(claim, review) for claim in review.claims}


def with_study(review: Review, study_id: str, change) -> Review:
    """Return the review with one study's plain data changed."""
    data = review.study(study_id).model_dump(mode="json")
    change(data)
    changed = Study.model_validate(data)
    return review.model_copy(
        update={"studies": tuple(changed if study.id == study_id else study for study in review.studies)}
    )


def claim_of(review: Review, claim_id: str) -> Claim:
    return next(claim for claim in review.claims if claim.id == claim_id)


def test_every_claim_has_its_verdict(results):
    assert {claim: result.verdict for claim, result in results.items()} == EXPECTED


def test_every_claim_names_its_sources_and_every_finding_explains_itself(results):
    for result in results.values():
        assert result.claim.sources
        assert result.claim.note
        assert all(finding.explanation.endswith(".") for finding in result.findings)


@pytest.mark.parametrize("claim_id", EXPECTED)
def test_files_are_in_canonical_form(shipped_folder, claim_id):
    text = (shipped_folder / "claims" / f"{claim_id}.yaml").read_text(encoding="utf-8")
    assert dump(plain(Claim.model_validate(YAML(typ="safe").load(text)))) == text


def test_f_deaths(results):
    deaths = results["claim-f"].finding("deaths")
    figures = {figure.name: figure.value for figure in deaths.computed}
    assert deaths.verdict is V.CONTRADICTED
    assert figures[F.RELATIVE_REDUCTION] == pytest.approx(76.923, abs=1e-3)
    assert figures[F.ABSOLUTE_REDUCTION] == pytest.approx(25.641, abs=1e-3)
    origin = deaths.likely_origin
    assert origin.figure.name is F.RISK_EXPERIMENTAL
    assert origin.figure.printed
    assert origin.figure.value == pytest.approx(7.692, abs=1e-3)
    assert origin.slips == ('7.69 with "7." lost',)
    assert [item.figure.name for item in deaths.runners_up[:2]] == [
        F.RELATIVE_REDUCTION,
        F.EVENT_FREE_CONTROL,
    ]


def test_f_the_rest(results):
    found = {finding.proposition.id: finding.verdict for finding in results["claim-f"].findings}
    assert found.pop("deaths") is V.CONTRADICTED
    assert found.pop("dose") is V.CONTRADICTED
    assert set(found.values()) == {V.SUPPORTED}
    dose = results["claim-f"].finding("dose")
    assert dose.computed[0].value == 3e7
    assert dose.likely_origin.figure.name is F.DOSE_TOTAL
    assert "overstated 3-fold" in dose.explanation


def test_b_turns_the_cytokines_round(results):
    found = {finding.proposition.id: finding.verdict for finding in results["claim-b"].findings}
    assert found["tnf-alpha-survived"] is V.CONTRADICTED
    assert found["tnf-beta-survived"] is V.CONTRADICTED
    assert found["relief-within-6-days"] is V.NOT_FOUND
    assert found["survival-increased"] is V.SUPPORTED


def test_f_would_hold_with_other_counts(review):
    def change(data):
        datum = next(item for item in data["data"] if item["outcome"] == "mortality")
        datum["values"]["msc"] = {"events": 8, "n": 26}
        datum["values"]["control"] = {"events": 18, "n": 18}
        data["arms"][0]["intervention"]["dose_per_infusion"] = {"value": 9e7, "unit": "cells"}

    assert (
        check_claim(claim_of(review, "claim-f"), with_study(review, "xu-2021", change)).verdict is V.SUPPORTED
    )


def test_a_falls_if_the_counts_are_exchanged(review):
    def change(data):
        for item in data["data"]:
            if item["outcome"] in {"symptom-resolution", "clinical-improvement"}:
                item["values"]["msc"], item["values"]["control"] = (
                    {**item["values"]["msc"], "events": 0},
                    {**item["values"]["control"], "events": 20},
                )

    result = check_claim(claim_of(review, "claim-a"), with_study(review, "shu-2020", change))
    assert result.verdict is V.CONTRADICTED


def test_c_falls_if_the_result_were_significant(review):
    def change(data):
        effect = next(item for item in data["data"] if item["id"] == "ct-lesion-volume-day-28")["effect"]
        effect.update(ci_high=-2.13, p={"value": 0.01})

    result = check_claim(claim_of(review, "claim-c"), with_study(review, "shi-2021", change))
    assert result.finding("lesion-volume-day-28").verdict is V.PARTLY


def test_g_is_found_once_a_record_names_the_hospital(review):
    def change(data):
        data["arms"][0]["label"] = "two infusions at Shariati Hospital"
        data["related"] = []
        data["status"].append({**data["status"][0], "date": "2023", "value": "Recruiting, no results"})

    result = check_claim(claim_of(review, "claim-g"), with_study(review, "irct-shariati", change))
    assert result.verdict is V.SUPPORTED


def test_e_is_found_once_a_datum_holds_symptoms(review):
    def change(data):
        data["data"].append({**data["data"][2], "id": "symptoms", "outcome": "symptom-resolution"})

    assert (
        check_claim(claim_of(review, "claim-e"), with_study(review, "qu-2020", change)).verdict is V.SUPPORTED
    )
