"""Real registry entries find the studies of the shipped review; skipped where the data are not there."""

import csv
import lzma
import os
from datetime import date
from pathlib import Path

import pytest

from evergrove.records.cross_registration import cross_links, joined
from evergrove.records.linking import link
from evergrove.records.trial_candidates import EntryIndex
from evergrove.records.trial_clusters import Clusters
from evergrove.records.trial_items import Entry
from evergrove.records.trial_likeness import Rarity
from evergrove.records.trial_numbers import number_key, numbers_in
from evergrove.records.unpublished import TrialState, unpublished
from evergrove.services.folders import locate
from evergrove.store import read_review
from support.reading import read_text

SHARED = Path(os.environ.get("EVERGROVE_SHARED", Path(__file__).resolve().parents[3] / "../shared")) / "data"


def shared(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: the shared data stand beside the checkout")
    return path


def test_registry_entries_of_cell_trials_find_the_studies_of_the_shipped_review(tmp_path):
    path = shared("registry/ctgov_studyfields_msc/msc_studyfields.jsonl.xz")
    _, records, _ = read_text(tmp_path, lzma.decompress(path.read_bytes()))
    studies = read_review(locate("msc-ards")).studies
    found = link(records, studies)
    known = {trial.study: trial.entries for trial in found.trials if trial.study and trial.entries}
    assert known == {
        "lanzoni-2021": ("NCT04355728",),
        "matthay-2019": ("NCT02097641",),
        "wilson-2015": ("NCT01775774",),
    }
    missing = unpublished(found, studies, date(2026, 1, 1))
    assert len(missing) == len(records) - 3
    by_number = {trial.registrations[0]: trial for trial in missing}
    assert by_number["NCT02804945"].days_since_completion == (date(2026, 1, 1) - date(2019, 6, 13)).days
    assert by_number["NCT04491240"].results_in_registry == "2020-11-04"
    assert by_number["NCT04341610"].state is TrialState.NEVER_BEGAN
    still_recruiting = by_number["NCT04565665"]
    assert (still_recruiting.status, still_recruiting.state) == ("RECRUITING", TrialState.OVERDUE)
    assert by_number["NCT04366830"].completion is None


def test_hand_found_cross_registrations_are_read_and_no_two_trials_joined():
    path = shared("links/covid_trials_tracker/cross_registrations.csv")
    groups = {}
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            others = [text.strip() for text in row["additional_ids"].split(";") if text.strip()]
            assert all(len(numbers_in(text)) == 1 for text in (row["trial_id_keep"], *others))
            groups.setdefault(number_key(row["trial_id_keep"]), set()).update(map(number_key, others))
    entries = {
        number: Entry(number, (), None, (), dict.fromkeys(others - {number}, "a list"))
        for number, others in groups.items()
    }
    rarity, clusters = Rarity([]), Clusters()
    joined(cross_links(entries, {}, EntryIndex(list(entries.values()), rarity), rarity), clusters, {})
    pairs = {(kept, other) for kept, others in groups.items() for other in others - {kept}}
    together = {(one, two) for one, two in pairs if clusters.root(one) == clusters.root(two)}
    assert len(together) >= 0.9 * len(pairs)
    for members in clusters.trials():
        assert any(set(members) <= {kept, *others} for kept, others in groups.items())
