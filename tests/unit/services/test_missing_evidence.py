"""The list of trials without a report is kept by the content that it follows from, and is never stale."""

import json
from datetime import date

import pytest

from evergrove.model.link import LinkAction
from evergrove.services import link as service
from evergrove.services import missing_evidence as module
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.services.link import decide, link_review
from evergrove.services.missing_evidence import missing_evidence
from evergrove.services.review import open_review
from evergrove.store import kept_results
from evergrove.store.records import read_records

DAY = date(2026, 1, 1)


def entry(number, title):
    identified = {"nctId": number, "briefTitle": title}
    status = {"overallStatus": "COMPLETED", "primaryCompletionDateStruct": {"date": "2020-01-31"}}
    return {"protocolSection": {"identificationModule": identified, "statusModule": status}}


def write(path, content):
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "evergrove"


@pytest.fixture
def review(tmp_path):
    folder = new_review(tmp_path / "mine", "msc-ards")
    entries = json.dumps([entry("NCT99999991", "An invented trial"), entry("NCT99999992", "Another")])
    report = "TY  - JOUR\nTI  - Results\nAB  - See NCT99999991.\nPY  - 2022\nER  - \n"
    import_files(folder, [write(tmp_path / "entries.json", entries), write(tmp_path / "report.ris", report)])
    return folder


@pytest.fixture
def counted(monkeypatch):
    """The days for which the records were linked."""
    linked = []

    def counting(folder, studies, progress=None, today=None):
        linked.append(today)
        return real(folder, studies, progress, today)

    real = module.link_records
    monkeypatch.setattr(module, "link_records", counting)
    return linked


def listed(review, day=DAY):
    """Return the numbers of the list, after a look that it is what linking anew gives."""
    found = missing_evidence(review, open_review(review).review.studies, day)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.LISTS, "keep", lambda *_: None)
        assert found.trials == link_review(review, today=day).unpublished
    assert set(found.titles) == {key for trial in found.trials for key in trial.possible}
    return [trial.registrations for trial in found.trials]


def test_nothing_is_linked_twice_until_something_changes(review, cache, counted):
    assert listed(review) == listed(review) == [("NCT99999992",)]
    assert len(counted) == 1
    assert len(list(cache.iterdir())) == 1
    assert listed(review, date(2026, 1, 2)) == [("NCT99999992",)]
    assert counted == [DAY, date(2026, 1, 2)]


def test_a_decision_a_record_a_merge_or_a_study_makes_it_anew(review, cache, counted, tmp_path):
    listed(review)
    (report,) = (record for record in read_records(review) if record.title == "Results")
    decide(review, LinkAction.REJECT, (report.id, "NCT99999991"), "A Reviewer", "another trial")
    assert listed(review) == [("NCT99999991",), ("NCT99999992",)]
    second = write(tmp_path / "second.ris", "TY  - JOUR\nTI  - NCT99999992: results\nER  - \n")
    import_files(review, [second])
    assert listed(review) == [("NCT99999991",)]
    (review / "records" / "merges.jsonl").write_text("\n")
    listed(review)
    study = next(
        path for path in sorted(review.glob("studies/*.yaml")) if "registrations" in path.read_text()
    )
    study.write_text(study.read_text().replace("registrations:\n", "registrations:\n- NCT99999991\n", 1))
    assert listed(review) == []
    assert len(counted) == 5


def test_what_the_command_linked_is_not_linked_again_for_the_site(review, cache, counted):
    listed_by_command = link_review(review, today=DAY).unpublished
    found = missing_evidence(review, open_review(review).review.studies, DAY)
    assert found.trials == listed_by_command
    assert not counted


def test_a_list_is_not_kept_where_records_came_in_meanwhile(review, cache, counted, tmp_path):
    late = write(tmp_path / "late.ris", "TY  - JOUR\nTI  - NCT99999992: results\nER  - \n")
    studies = open_review(review).review.studies
    real = service.unpublished

    def importing(found, held, day):
        import_files(review, [late])
        return real(found, held, day)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "unpublished", importing)
        missing_evidence(review, studies, DAY)
    assert not cache.exists() or not list(cache.iterdir())
    assert missing_evidence(review, studies, DAY).trials == ()


def test_other_code_works_it_out_anew(review, cache, counted, monkeypatch, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(kept_results, "_PACKAGE", package)
    listed(review)
    write(package / "changed.py", "weight = 2")
    listed(review)
    assert len(counted) == 2


def test_what_is_kept_may_be_spoiled_or_forbidden(review, cache, counted):
    listed(review)
    (kept,) = cache.iterdir()
    kept.write_text("[[], {]")
    listed(review)
    kept.unlink()
    cache.rmdir()
    cache.write_text("no folder")
    listed(review)
    assert len(counted) == 3


def test_only_the_last_results_stay(cache):
    numbers = kept_results.Kept("kind", int)
    for number in range(kept_results.MOST_KEPT + 5):
        numbers.keep(f"{number:03}", number)
    assert len(list(cache.iterdir())) == kept_results.MOST_KEPT
    assert numbers.recall("024") == 24
    assert kept_results.Kept("other", int).recall("024") is None
