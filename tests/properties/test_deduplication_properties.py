"""Whatever the records: order does not matter, the same again changes nothing, no contradiction is merged."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove.model.merge import PairVerdict
from evergrove.model.record import FileFormat
from evergrove.records import deduplicate
from evergrove.records.normal_forms import doi_form, pages_form, title_form
from evergrove.records.person_names import names_form
from evergrove.services.dedupe import decide, dedupe, merges, report_groups, undo
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.sources.draft import record_id

WORDS = st.sampled_from(
    ["cells", "lung", "rest", "trial", "of", "in", "severe", "injury", "part", "1", "2", "erratum", "adults"]
)
TITLES = st.lists(WORDS, min_size=3, max_size=9).map(" ".join)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "title": TITLES,
            "author": st.sampled_from(["Smith, J. and Lee, K.", "Smith J; Lee K", "Doe A", ""]),
            "year": st.sampled_from(["2001", "2002", "2010", ""]),
            "journal": st.sampled_from(["Alpha Letters", "Alpha Lett", "Gut", ""]),
            "volume": st.sampled_from(["1", "2", ""]),
            "pages": st.sampled_from(["10-19", "10-9", "S4", ""]),
            "doi": st.sampled_from(["10.1000/a", "10.1000/b", "", ""]),
        }
    ),
    max_size=14,
)


def partition(rows, order):
    found = deduplicate([{**rows[at], "id": str(at)} for at in order])
    return {frozenset(cluster) for cluster in found.clusters}


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_every_record_is_in_one_report(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    clusters = partition(rows, order)
    members = [key for cluster in clusters for key in cluster]
    assert len(members) == len(set(members))
    for cluster in clusters:
        held = [rows[int(key)] for key in cluster]
        assert len({"erratum" in row["title"].split()[0] for row in held}) == 1


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_what_was_merged_is_merged_again(rows):
    given_rows = [{**row, "id": str(at)} for at, row in enumerate(rows)]
    found = deduplicate(given_rows)
    pairs = [(cluster[0], key) for cluster in found.clusters for key in cluster[1:]]
    assert deduplicate(given_rows, together=pairs).clusters == found.clusters
    assert not deduplicate(
        given_rows, apart=[(a["id"], b["id"]) for a in given_rows for b in given_rows if a["id"] < b["id"]]
    ).clusters


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_a_normal_form(text):
    title = title_form(text)
    assert title == title.strip()
    assert title_form(title) == title or len(title) < len(text)
    names_form(text)
    pages_form(text)
    assert doi_form(doi_form(text)) == doi_form(text)


#: Records of few titles and places, many of which lack what would tell them apart.
LIKE = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(
                ["Stromal cells for severe lung injury: a trial", "Stromal cells in lung injury of adults"]
            ),
            "authors": st.sampled_from([["Berger, A.", "Costa, J."], ["Berger A", "Costa J"], []]),
            "year": st.sampled_from([2019, 2019, 2020, None]),
            "journal": st.sampled_from(["Alpha Letters", "Beta Reports", None]),
            "volume": st.sampled_from(["1", "2", None]),
            "pages": st.sampled_from(["10-19", "44-51", None, None]),
            "doi": st.sampled_from(["10.1000/a", "10.1000/b", None, None]),
        }
    ),
    min_size=2,
    max_size=9,
)


def written(folder, name, rows):
    source = {"format": "ris", "file": name, "file_sha256": "0" * 64, "position": 1}
    source["imported"] = "2026-01-02T03:04:05Z"
    path = folder / f"{name}.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": record_id(FileFormat.RIS, key), **row, "source": source, "raw": key}) + "\n"
            for key, row in rows
        )
    )
    return path


def reports(review):
    return {frozenset(group) for group in report_groups(review)}


def again(review, place):
    """Deduplicate again: nothing is new, and what is kept is what comparing anew gives."""
    kept = dedupe(review)
    assert kept.added == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "another cache"))
        assert dedupe(review) == kept
    return kept


@settings(max_examples=40, deadline=None)
@given(LIKE, st.lists(st.booleans(), min_size=9, max_size=9))
def test_any_split_of_the_records_into_imports_gives_the_same_merges(rows, first):
    parts = {"a": [], "b": []}
    for at, row in enumerate(rows):
        parts["a" if first[at] else "b"].append((str(at), row))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files = [written(place, label, part) for label, part in parts.items() if part]
        one, several = new_review(place / "one"), new_review(place / "several")
        import_files(one, files)
        whole = dedupe(one)
        for file in files:
            import_files(several, [file])
            dedupe(several)
        assert reports(several) == reports(one)
        waiting = again(several, place).waiting
        assert len(waiting) == len(whole.waiting)
        again(one, place)


@settings(max_examples=40, deadline=None)
@given(LIKE, st.integers(1, 9), st.sampled_from([PairVerdict.DUPLICATE, PairVerdict.NOT]))
def test_what_a_person_decided_holds_through_any_import(rows, cut, verdict):
    rows = [(str(at), row) for at, row in enumerate(rows)]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        review = new_review(place / "review")
        import_files(review, [written(place, "a", rows[:cut])])
        decided = [event.records for event in dedupe(review).waiting]
        for pair in decided:
            decide(review, pair, verdict, "A. Reviewer")
        if verdict is PairVerdict.NOT:
            for event in merges(review)[::2]:
                undo(review, event.id, "A. Reviewer")
                decided.append(event.records)
        if rows[cut:]:
            import_files(review, [written(place, "b", rows[cut:])])
        dedupe(review)
        again(review, place)
        home = {key: group for group in reports(review) for key in group}
        for one, two in decided:
            assert (home[one] == home[two]) is (verdict is PairVerdict.DUPLICATE)
