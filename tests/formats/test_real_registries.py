"""Real registry files and answers, where they lie beside the checkout."""

import csv
import lzma
import re

import pytest
from ruamel.yaml import YAML

from evergrove.extraction.candidates import candidates_in
from evergrove.extraction.recomputed import recomputed
from evergrove.extraction.registry_study import registry_study
from evergrove.model.candidate import CandidatePart
from evergrove.store.yaml_text import parse
from support.registry_samples import ROOT, SHARED, read_file

BULK = "registry/ctgov_v2_bulk/studies.jsonl.xz"
MSC = "registry/ctgov_studyfields_msc/msc_studyfields.jsonl.xz"


def real(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"real file not there: {path}")
    return path


def unpacked(name, folder):
    path = real(name)
    if path.suffix != ".xz":
        return path
    target = folder / path.name.removesuffix(".xz")
    target.write_bytes(lzma.decompress(path.read_bytes()))
    return target


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def bulk(folder):
    form, records, left = read_file(unpacked(BULK, folder))
    assert form == "clinicaltrials-v2"
    assert not left
    return records


def test_the_bulk_set_is_as_its_index_says(bulk):
    with (real("registry/ctgov_v2_bulk") / "index.csv").open(encoding="utf-8") as stream:
        rows = {row["nct"]: row for row in csv.DictReader(stream)}
    assert len(bulk) == len(rows) == 191
    for record in bulk:
        row = rows[record.registrations[0]]
        assert record.title == " ".join(row["brief_title"].split())
        assert (record.other["has_results"] == ("yes",)) is (row["has_results"] == "1")
        assert bool(candidates_in(record)) is (row["has_results"] == "1")
        assert registry_study(record).registration == row["nct"]


def test_every_posted_table_of_the_bulk_set_is_there(bulk):
    candidates = [candidate for record in bulk for candidate in candidates_in(record)]
    assert len({candidate.id for candidate in candidates}) == len(candidates)
    outcomes = {(item.registration, item.number) for item in candidates if item.part is CandidatePart.OUTCOME}
    assert len(outcomes) == 765
    assert sum(len(item.effects) for item in candidates) == 154
    readable = [
        arm.values is not None
        for item in candidates
        for arm in item.arms
        if re.fullmatch(r"-?[\d.,]+", arm.printed.get("value", ""))
    ]
    assert sum(readable) / len(readable) > 0.999


def test_posted_analyses_agree_with_their_groups(bulk):
    """Of 18 that can be worked out again 12 agree; the others are adjusted by a model, as they say."""
    checked = [
        (effect, again)
        for record in bulk
        for candidate in candidates_in(record)
        for effect in candidate.effects
        if (again := recomputed(candidate, effect)) is not None
    ]
    agree = [again.agrees for _, again in checked]
    assert len(agree) >= 18
    assert sum(agree) / len(agree) >= 0.6
    for effect, again in checked:
        if not again.agrees:
            words = f"{effect.measure_as_reported} {effect.method}"
            assert re.search(r"LS ?Mean|Mixed|ANCOVA|adjusted", words, re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "form", "count"),
    [
        (MSC, "clinicaltrials-study-fields", 22),
        ("registry/ctgov_v1_full/results_1.json.xz", "clinicaltrials-v1", 100),
        ("formats/openalex/openalexR_works.json", "openalex", 3),
        ("formats/europepmc/search_pmid_22663011.json", "europe-pmc", 1),
    ],
)
def test_whole_files_are_read(folder, name, form, count):
    found, records, left = read_file(unpacked(name, folder))
    assert (found, len(records), len(left)) == (form, count, 0)
    assert all(record.title and record.year for record in records)


def test_every_single_study_and_projection_is_read(folder):
    with real("registry/ctgov_v2_index.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    seen = 0
    for row in rows:
        for suffix in (".json", ".json.xz"):
            name = f"registry/{row['kind']}/{row['nct']}{suffix}"
            if not (SHARED / name).exists():
                continue
            seen += 1
            form, (record,), left = read_file(unpacked(name, folder))
            assert (form, left) == ("clinicaltrials-v2", [])
            assert record.registrations[0] == row["nct"]
            references = sum(len(told) for key, told in record.other.items() if key.startswith("reference_"))
            assert references == int(row["n_references"])
            assert bool(candidates_in(record)) is (row["has_results"] == "1")
    assert seen == 16


def test_works_of_crossref_are_read_from_recorded_answers(folder):
    path = unpacked("formats/crossref/rcrossref_cr_works.yml.xz", folder)
    recorded = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["http_interactions"]
    count = 0
    for index, answer in enumerate(recorded):
        body = answer["response"]["body"]["string"]
        if '"message-type"' not in body:
            continue
        target = folder / f"crossref-{index}.json"
        target.write_text(body)
        form, records, _ = read_file(target)
        count += len(records)
        assert form == "crossref"
    assert count > 20


def test_deaths_and_serious_events_are_those_of_the_shipped_review(folder):
    _, records, _ = read_file(unpacked(MSC, folder))
    (record,) = [item for item in records if item.registrations[0] == "NCT04355728"]
    posted = {item.part: item for item in candidates_in(record) if item.part is not CandidatePart.OUTCOME}
    path = ROOT / "reviews" / "msc-ards" / "studies" / "lanzoni-2021.yaml"
    shipped = {datum["id"]: datum for datum in parse(path.read_text(encoding="utf-8"), path.name)["data"]}
    arms = {"UC-MSCs Group": "msc", "Control Group": "control"}
    for part, datum in (
        (CandidatePart.DEATHS, "mortality-day-90"),
        (CandidatePart.SERIOUS, "serious-adverse-event-day-90"),
        (CandidatePart.OTHER_EVENTS, "adverse-event-non-serious-day-90-2"),
    ):
        values = {arms[arm.title]: arm.values.model_dump(exclude_none=True) for arm in posted[part].arms}
        assert values == shipped[datum]["values"]
        assert posted[part].time_frame == "3 months"
