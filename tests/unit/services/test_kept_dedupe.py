"""A review in which nothing changed is not compared again; whatever changed is."""

import pytest

from evergrove.services import dedupe as module
from evergrove.services.dedupe import dedupe, merges, report_groups, undo
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files

BASE = (
    "TY  - JOUR\nTI  - Stromal cells for severe lung injury: a trial\nPY  - 2019\n"
    "AU  - Berger, A.\nAU  - Costa, J.\n"
)


def ris(path, *records):
    path.write_text("".join(BASE + more + "ER  - \n" for more in records))
    return path


@pytest.fixture
def compared(monkeypatch):
    """The numbers of records of each run that compared."""
    runs = []

    def counting(records, **more):
        found = real(records, **more)
        runs.append(len(found.ids))
        return found

    real = module.deduplicate
    monkeypatch.setattr(module, "deduplicate", counting)
    return runs


@pytest.fixture
def review(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = new_review(tmp_path / "mine")
    place = "JO  - Alpha Letters\nVL  - 1\nSP  - 10\n"
    import_files(folder, [ris(tmp_path / "a.ris", place + "DO  - 10.1000/a\n", place + "N1  - the same\n")])
    return folder


def test_nothing_is_compared_twice_until_something_changes(review, tmp_path, compared):
    first = dedupe(review)
    again = dedupe(review)
    assert compared == [2]
    assert (again.records, again.reports, again.added, again.waiting) == (2, 1, (), first.waiting)
    import_files(review, [ris(tmp_path / "b.ris", "JO  - Beta Reports\nVL  - 7\nSP  - 99\n")])
    assert dedupe(review).reports == 2
    undo(review, merges(review)[0].id, "A. Reviewer")
    assert dedupe(review).reports == 3
    assert dedupe(review).reports == 3
    assert compared == [2, 3, 3]


def test_what_changed_by_hand_meanwhile_is_compared_the_next_time(review, tmp_path, compared, monkeypatch):
    records = next((review / "records").glob("a-*.jsonl"))
    real = module._waiting

    def editing(now, groups):
        records.write_bytes(records.read_bytes() + b"\n")
        return real(now, groups)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_waiting", editing)
        dedupe(review)
    records.write_bytes(records.read_bytes()[:-1])
    dedupe(review)
    assert compared == [2, 2]


def test_a_merge_that_a_later_record_leaves_open_waits_for_a_person(tmp_path):
    folder = new_review(tmp_path / "mine")
    one, bare = "JO  - Alpha Letters\nDO  - 10.1000/a\n", "N1  - bare\n"
    import_files(folder, [ris(tmp_path / "a.ris", one, bare)])
    assert dedupe(folder).reports == 1
    import_files(folder, [ris(tmp_path / "b.ris", "JO  - Beta Letters\nDO  - 10.1000/b\n")])
    run = dedupe(folder)
    assert run.reports == 3
    assert not merges(folder)
    assert len(run.parted) == 1
    assert [event.rule for event in run.waiting] == ["chain", "chain", "title-only"]
    assert run.parted[0] in run.waiting
    assert len(report_groups(folder)) == 3
