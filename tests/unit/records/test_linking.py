"""Reports find their trials, entries find each other, a person's word goes before. All invented."""

from datetime import UTC, date, datetime

import pytest

from evergrove.model.link import LinkAction, LinkDecision, LinkVerdict
from evergrove.model.record import FileFormat, RecordKind
from evergrove.model.study import Study
from evergrove.records.linking import Works, link
from evergrove.records.trial_clusters import Clusters
from evergrove.records.trial_items import entry_of, report_of
from evergrove.records.trial_likeness import Rarity, report_levels
from evergrove.records.trial_people import people_of, same_person
from evergrove.records.unpublished import unpublished
from evergrove.sources.draft import Draft, Origin

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
ORIGIN = Origin(FileFormat.JSON_LINES, "invented", "0" * 64, WHEN)


def entry(number, title="Marrow Cells for Severe Lung Injury", also=(), **other):
    draft = Draft(1, None, f"entry {number} {title}", RecordKind.REGISTRY_ENTRY, title=title)
    draft.registrations = [number, *also]
    draft.date = "2020-01-15"
    facts = {
        "investigators": "Ada Bergen, MD",
        "start_date": "2020-02",
        "completion_date": "2021-06-30",
        "enrolment": "84",
        "allocation": "RANDOMIZED",
        **other,
    }
    for name, value in facts.items():
        draft.keep(name, value)
    return draft.finish(ORIGIN)


def report(title="An article about cells", abstract=None, year=2022, authors=("Costa, J",), **fields):
    draft = Draft(1, None, f"report {title} {abstract} {fields}", RecordKind.ARTICLE, title=title, year=year)
    draft.abstract, draft.authors = abstract, list(authors)
    for name, value in fields.items():
        setattr(draft, name, value)
    return draft.finish(ORIGIN)


def decision(action, one, two, who="A Reviewer"):
    items = (min(one, two), max(one, two))
    return LinkDecision(id="0123456789", when=WHEN, who=who, action=action, items=items, why="read both")


def only(links, left):
    (found,) = [one for one in links if one.left == left]
    return found


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"abstract": "Registered as nct 00000001."}, "abstract"),
        ({"title": "Cells (NCT-00000001)"}, "title"),
        ({"keywords": ["NCT00000001"]}, "keywords"),
        ({"notes": ["see NCT0000 0001"]}, "notes"),
        ({"other": {"SI": ["ClinicalTrials.gov/NCT00000001"]}}, "SI"),
        ({"urls": ["https://clinicaltrials.gov/study/NCT00000001"]}, "addresses"),
    ],
)
def test_a_number_in_any_field_links_and_says_where_it_stands(fields, place):
    one = report(**fields)
    found = only(link([entry("NCT00000001"), one]).links, one.id)
    assert (found.right, found.verdict) == ("NCT00000001", LinkVerdict.LINKED)
    assert found.evidence[0].says == f"NCT00000001 stands in its {place}"


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("result", LinkVerdict.LINKED), ("derived", LinkVerdict.LINKED), ("background", None)],
)
def test_a_reference_of_the_registry_links_but_not_as_background(kind, verdict):
    one = report("Outcome of severe illness", pmid="123")
    found = link([entry("NCT00000001", **{f"pmid_{kind}": "123"}), one])
    links = [item for item in found.links if item.left == one.id]
    assert [item.verdict for item in links] == ([verdict] if verdict else [])


def test_a_result_that_appeared_before_the_trial_began_is_not_one():
    one = report("Outcome of severe illness", year=2010, pmid="123")
    found = link([entry("NCT00000001", pmid_result="123"), one])
    assert found.unlinked == (one.id,)


def test_a_reference_by_its_doi():
    one = report("Outcome of severe illness", doi="10.1000/x.1")
    found = link([entry("NCT00000001", reference_result="Costa J. Outcome. doi: 10.1000/X.1."), one])
    assert only(found.links, one.id).verdict is LinkVerdict.LINKED


def test_likeness_alone_links_where_title_person_and_date_agree():
    one = report(
        "Marrow cells for severe lung injury: a randomised trial", authors=("Costa, J", "Bergen, Ada")
    )
    others = [entry(f"NCT10000{n:03}", f"Aspirin dose {n} after stroke") for n in range(120)]
    found = only(link([entry("NCT00000001", investigators="Ada Bergen, MD"), *others, one]).links, one.id)
    assert found.verdict is LinkVerdict.LINKED
    assert {item.kind for item in found.evidence} >= {"title", "word", "subject", "investigator", "date"}
    assert 0.9 <= found.probability < 1
    assert "probability" in str(found)


def test_the_authors_of_a_linked_report_tell_a_report_whose_title_says_little():
    group = ("Costa, J", "Duval, P", "Eder, Q", "Falk, R")
    trial = entry("NCT00000001", investigators="Jo Costa, MD")
    first = report("Marrow cells for severe lung injury", "Registered as NCT00000001.", authors=group)
    second = report("Who gives marrow to strangers", authors=("Gall, S", *group[:3], "Hart, T"))
    others = [entry(f"NCT0000010{number}", f"A trial of rest in fever {number}") for number in range(9)]
    alone = [one for one in link([trial, *others, second]).links if one.left == second.id]
    assert not [one for one in alone if one.verdict is LinkVerdict.LINKED]
    found = only(link([trial, *others, second, first]).links, second.id)
    assert found.right == "NCT00000001"
    assert any(item.kind == "authors" and item.weight > 0 for item in found.evidence)
    assert found.probability > max((one.probability for one in alone), default=0.0)


def test_offices_and_companies_are_no_investigators():
    names = (
        "Medical Director, Bristol-Myers Squibb",
        "Invented University Medical Center",
        "Lynn Sleeper, ScD",
    )
    record = entry("NCT00000001")
    record = record.model_copy(update={"other": {**record.other, "investigators": names}})
    assert entry_of([record]).people == {"sleeper l"}


def test_what_is_only_somewhat_alike_goes_to_a_person_or_nowhere():
    one = report("Marrow cells in lung fibrosis", authors=("Nobody, X",))
    others = [entry(f"NCT1000000{n}", f"Aspirin dose {n} after stroke") for n in range(9)]
    found = link([entry("NCT00000001"), *others, one])
    assert found.unlinked == (one.id,)


def test_a_review_of_trials_is_a_report_of_none():
    one = report("Cells in lung injury: a systematic review", "We found NCT00000001.")
    found = link([entry("NCT00000001"), one])
    assert one.id in found.unlinked
    assert len(unpublished(found, (), date(2026, 1, 1))) == 1


def test_one_trial_in_many_registries_is_one():
    records = [
        entry("NCT00000001", also=["EUCTR2020-001682-36"]),
        entry("EUCTR2020-001682-36-ES", "Células", sponsor="Hospital"),
        entry("JPRN-jRCT2031190264", "Cells, Japan", secondary_ids="NCT 00000001"),
    ]
    (trial,) = link(records).trials
    assert trial.numbers == ("EUCTR2020-001682-36", "NCT00000001", "jRCT2031190264")


def test_a_number_that_two_trials_name_does_not_join_them():
    records = [
        entry("NCT00000001", also=["ISRCTN15281137"]),
        entry("NCT00000002", "Quite another question", also=["ISRCTN15281137"], investigators="Bo Dahl"),
    ]
    found = link(records)
    assert len(found.trials) == 2
    (asked,) = found.to_decide
    assert "two numbers of one registry" in asked.evidence[-1].says


def test_a_report_that_gives_two_registries_numbers_joins_them():
    one = report(abstract="NCT00000001; EudraCT 2020-001287-28")
    (trial,) = link([one]).trials
    assert trial.numbers == ("EUCTR2020-001287-28", "NCT00000001")
    assert trial.reports == (one.id,)


def test_alike_entries_of_two_registries_are_joined_and_explained():
    other = {"sponsor": "University Hospital of Nowhere"}
    records = [entry("NCT00000001", **other), entry("DRKS00000001", **other)]
    records += [entry(f"NCT1000000{n}", f"Aspirin dose {n} after stroke") for n in range(9)]
    found = link(records)
    (crossed,) = [one for one in found.links if {one.left, one.right} == {"NCT00000001", "DRKS00000001"}]
    assert crossed.verdict is LinkVerdict.LINKED
    assert len(found.trials) == 10


def test_former_numbers_of_one_registry_are_the_same_trial():
    (trial,) = link([entry("NCT00000001", former_ids="NCT00000009")]).trials
    assert trial.numbers == ("NCT00000001", "NCT00000009")


def test_a_person_goes_before_the_evidence():
    one = report(abstract="NCT00000001")
    records = [entry("NCT00000001"), entry("NCT00000002", "Something else"), one]
    rejected = link(records, decisions=[decision(LinkAction.REJECT, one.id, "NCT00000001")])
    assert rejected.unlinked == (one.id,)
    accepted = link(records, decisions=[decision(LinkAction.ACCEPT, one.id, "NCT00000002")])
    assert {trial.numbers: trial.reports for trial in accepted.trials}["NCT00000002",] == (one.id,)
    parted = link(
        [entry("NCT00000001", also=["DRKS00000001"]), entry("DRKS00000001")],
        decisions=[decision(LinkAction.REJECT, "DRKS00000001", "NCT00000001")],
    )
    assert len(parted.trials) == 2
    joined = link(
        [entry("NCT00000001"), entry("NCT00000002", "Something else")],
        decisions=[decision(LinkAction.ACCEPT, "NCT00000002", "NCT00000001")],
    )
    assert len(joined.trials) == 1


def test_what_the_review_says_is_decided():
    design = {"type": "randomised-controlled-trial"}
    reports = [{"id": "alpha-2022", "title": "Alpha", "doi": "10.1000/a"}]
    study = Study.model_validate(
        {
            "id": "alpha-2022",
            "name": "Alpha 2022",
            "reports": reports,
            "registrations": ["NCT00000001"],
            "design": design,
            "population": {},
        }
    )
    one = report("Words of no likeness", doi="10.1000/A")
    found = link([entry("NCT00000001"), entry("NCT00000002", "Another matter"), one], [study])
    known, new = found.trials
    assert (known.study, known.reports, known.numbers) == ("alpha-2022", (one.id,), ("NCT00000001",))
    assert found.candidates == (new,)
    assert [trial.registrations for trial in unpublished(found, [study], date(2026, 1, 1))] == [
        ("NCT00000002",)
    ]


def test_records_of_one_report_and_reports_of_one_work():
    one, two = report(abstract="NCT00000001"), report("The same article")
    preprint = report("An early form of it")
    works = Works({one.id: one.id, two.id: one.id}, [(preprint.id, two.id, "preprint")])
    found = link([entry("NCT00000001"), one, two, preprint], works=works)
    (trial,) = found.trials
    assert trial.reports == (one.id, preprint.id)
    assert not found.unlinked


def test_trials_without_results_are_listed_with_days_since_completion():
    protocol = report("Cells in lung injury: study protocol for a randomised trial", "NCT00000001")
    relayed = report(
        "Cells in lung injury", "NCT00000001", journal="https://clinicaltrials.gov/show/NCT00000001"
    )
    records = [
        relayed,
        entry("NCT00000001", primary_completion_date="2021-05", results_posted="2022-01-01"),
        entry("NCT00000002", "Ahead", completion_date="2030-01-01"),
        entry("NCT00000003", "Never begun", status="WITHDRAWN"),
        protocol,
    ]
    first, *others = unpublished(link(records), (), date(2021, 6, 10))
    assert first.registrations == ("NCT00000001",)
    assert (first.completion, first.completion_is, first.days_since_completion) == ("2021-05", "primary", 10)
    assert (first.results_in_registry, first.protocols) == ("2022-01-01", (relayed.id, protocol.id))
    assert [trial.days_since_completion for trial in others] == [None, None]
    assert [trial.completion_expected for trial in others] == [True, False]


def test_the_same_records_in_another_order_give_the_same_trials():
    records = [
        entry("NCT00000001", also=["ISRCTN15281137"]),
        entry("NCT00000002", "Quite another question", also=["ISRCTN15281137"]),
        entry("DRKS00000001", "Third"),
        report(abstract="NCT00000001 and DRKS00000001"),
    ]
    one, two = link(records).to_dict()["trials"], link(records[::-1]).to_dict()["trials"]
    assert one == two


def test_clusters_keep_apart_what_a_person_keeps_apart():
    clusters = Clusters([("NCT00000001", "DRKS00000001")])
    assert clusters.join("DRKS00000001", "ISRCTN00000001")
    assert not clusters.join("ISRCTN00000001", "NCT00000001")
    assert clusters.conflict("ISRCTN00000001", "NCT00000001").startswith("a person keeps")


@pytest.mark.parametrize(
    ("investigator", "author", "same"),
    [
        ("Ada Bergen, MD", "Bergen A", True),
        ("Ada Bergen, MD", "Bergen O", False),
        ("Iwan CC van der Horst, MD, PhD", "van der Horst IC", True),
        ("Carsten Tschoepe, Prof.", "Tschöpe C", True),
        ("Jin Yang, Professor", "Yang J", True),
        ("Wang Fusheng", "Wang FS", True),
        ("Fusheng Wang", "Wang FS", True),
        ("Wang Fusheng", "Fu W", False),
        ("Bergen", "Bergen O", True),
    ],
)
def test_an_investigator_is_known_among_the_authors(investigator, author, same):
    record = entry("NCT00000001")
    names = {**record.other, "investigators": (), "sponsor": (f"{investigator}",)}
    if " " in investigator:
        names |= {"investigators": (investigator,), "sponsor": ()}
    people = entry_of([record.model_copy(update={"other": names})]).people or people_of(investigator)
    authors = report_of([report("Of cells", authors=("Costa, J", author, "Duval, P"))]).authors
    assert any(same_person(one, two) for one in people for two in authors) is same


@pytest.mark.parametrize(
    ("acronym", "entry_title", "title", "named"),
    [
        ("TRAINING-HR", "Exercise", "Exercise in lung injury: Training-HR study protocol", True),
        ("TRAINING-HR", "Exercise", "Training in lung injury and its HR", False),
        ("CCM-LINj", "Cells", "Cells in lung injury: a pilot study (CCM-LInj)", True),
        (None, "Cells in lung injury: The RELAX Study", "An analysis of the RELAX trial", True),
        (None, "Cells in lung injury: The RELAX Study", "Relax: rest in lung injury", False),
        (None, "Blood Pressure Checks (BP-CHECK)", "BP-CHECK, a trial", True),
        (None, "Cells for acute respiratory distress syndrome (ARDS)", "Cells in ARDS", False),
    ],
)
def test_an_acronym_is_found_as_the_registry_or_a_title_gives_it(acronym, entry_title, title, named):
    record = entry("NCT00000001", entry_title, **({"acronym": acronym} if acronym else {}))
    told, one = entry_of([record]), report_of([report(title)])
    levels = report_levels(one, told, Rarity.of([told], [one]))
    assert (levels["acronym"] == "named") is named


def test_a_rare_word_counts_where_the_entry_speaks_of_it_outside_its_title():
    one = report("Growth and enalapril in newborn children", authors=("Nobody, X",))
    told = entry("NCT00000001", "A trial of two drugs", interventions="DRUG: Enalapril")
    others = [entry(f"NCT10000{n:03}", f"Aspirin dose {n} after stroke") for n in range(120)]
    entries = [entry_of([record]) for record in (told, *others)]
    one = report_of([one])
    rarity = Rarity.of(entries, [one])
    assert report_levels(one, entries[0], rarity)["word"] == "only"
    assert report_levels(one, entries[1], rarity)["word"] == "none"
    small = Rarity.of(entries[:20], [one])
    assert report_levels(one, entries[0], small)["word"] == "some"


def test_nothing_that_weighs_nothing_is_told_as_evidence():
    one = report("Marrow cells for severe lung injury: a randomised trial", authors=("Bergen, Ada",))
    others = [entry(f"NCT10000{n:03}", f"Aspirin dose {n} after stroke") for n in range(120)]
    found = only(link([entry("NCT00000001"), *others, one]).links, one.id)
    assert all(item.weight for item in found.evidence)


def test_a_number_is_not_lost_because_the_report_is_older_than_the_start():
    early = report("Cells: study protocol", abstract="Registered as NCT00000001.", year=2017)
    found = only(link([entry("NCT00000001"), early]).links, early.id)
    assert found.verdict is not LinkVerdict.NOT
    date_weight = next(item.weight for item in found.evidence if item.kind == "date")
    assert date_weight == pytest.approx(-3.3)
