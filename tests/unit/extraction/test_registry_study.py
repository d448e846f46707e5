"""A registry entry in typed fields, and how long its results have been due."""

from datetime import date

from evergrove.extraction.registry_study import registry_study
from support.registry_samples import sample


def test_a_study_of_every_interface():
    studies = []
    for name in ("ctgov-v2-study.json", "ctgov-v1.json", "ctgov-fields.json"):
        _, (record,), _ = sample(name)
        studies.append(registry_study(record))
    for study in studies:
        assert study.registration == "NCT09990001"
        assert study.other_registrations == ("EUCTR2020-001234-56",)
        assert (study.enrolment, study.enrolment_actual) == (24, True)
        assert (study.start, study.primary_completion) == ("2020-05-02", "2021-06")
        assert study.primary_completion_actual is True
        assert study.has_results is True
        assert study.phases == ("PHASE1", "PHASE2")
        assert [arm.label for arm in study.arms] == ["Cells", "Control"]
        assert [item.name for item in study.interventions] == ["Invented cells", "Vehicle"]
    whole, old, flat = studies
    assert whole.outcomes == old.outcomes
    assert whole.arms == old.arms
    assert (whole.outcomes[0].rank, whole.outcomes[0].time_frame) == ("primary", "31 days")
    assert whole.result_pmids == ("99000001",)
    assert flat.result_pmids == ()
    # the last day of June 2021: never too many days
    assert whole.completed == date(2021, 6, 30)
    assert whole.days_since_completion(date(2021, 7, 10)) == 10
    assert whole.results_due == date(2022, 6, 30)


def test_an_entry_of_another_registry_has_what_it_says():
    _, (first, second), _ = sample("ictrp.xml")
    study = registry_study(first)
    assert study.enrolment is None
    assert study.enrolment_as_reported == "vesicles:20;placebo:20;"
    assert study.study_design == "Randomization: randomized; Blinding: double"
    assert [outcome.measure for outcome in study.outcomes] == ["Death at day 28"]
    assert study.has_results is False
    assert study.days_since_completion(date(2026, 1, 1)) is None
    assert registry_study(second).enrolment == 140


def test_an_article_is_no_registry_entry():
    _, (article, _), _ = sample("europe-pmc.json")
    assert registry_study(article) is None
