"""Records of one publication are found, others left apart or linked, all explained. All are invented."""

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import evergrove as eg
from evergrove.errors import DataError
from evergrove.records import deduplicate
from evergrove.records.rules import RULES

BASE = {
    "title": "Stromal cells for severe lung injury: a randomised controlled trial",
    "author": "Berger, Anna and Costa, J. M. and Duval, P.",
    "year": "2019",
    "journal": "Journal of Invented Respiratory Medicine",
    "volume": "12",
    "number": "3",
    "pages": "123-129",
}


def verdicts(*changes, **more):
    """Return clusters, uncertain and related pairs of the base record and changed copies of it."""
    rows = [{**BASE, "id": "0"}] + [{**BASE, **change, "id": str(i)} for i, change in enumerate(changes, 1)]
    found = deduplicate(rows, **more)
    return found, list(found.uncertain()), list(found.related())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"title": BASE["title"].upper() + "."},
        {"title": "[Stromal cells for severe lung injury - a randomized controlled trial] [Letter]"},
        {"author": "Berger A, Costa JM, Duval P"},
        {"author": "Anna Berger; Joao M. Costa; Paul Duval"},
        {"author": "Berger A.Costa J. M.Duval P."},
        {"journal": "J Inv Respir Med", "pages": "123-9"},
        {"pages": "123–129; discussion 130"},
        {"pages": "", "doi": "10.1234/a.1"},
        {"year": "2020"},
        {"volume": "", "number": ""},
        {"number": ""},
        {"title": "Stromal cells for sever lung injury: a randomised controled trial"},
        {"title": "Cellules stromales et poumon : un essai", "journal": "J. Inv. Respir. Med."},
        {"title": BASE["title"] + ".[Erratum appears in J Inv Respir Med. 2020;13(2):99]"},
        {"title": "RETRACTED: " + BASE["title"]},
        {"journal": "", "volume": "", "number": "", "pages": ""},
        {"year": "2018", "volume": "", "number": "", "pages": "1-7"},
        {"volume": "21"},
        {"pages": "126-132"},
        {"pages": "512-519"},
        {"title": "Stromal cells for severe lung injury"},
        {"title": "Stromal cells for severe lung injury", "pages": ""},
        {"title": "P123: " + BASE["title"]},
        {"title": BASE["title"] + " [corrected] [34 refs]"},
        {"title": BASE["title"].replace("lung injury", "lung injruy"), "pages": ""},
        {"author": "Berger, Anna and Costa, J. M. and Duval, P. and Trial Study Group", "pages": ""},
        {"author": "B?rger, Anna and Costa, J. M. and Duval, P.", "pages": "", "volume": ""},
        {"journal": "Revista inventada de neumologia", "pages": ""},
        {"volume": "12(3)", "number": ""},
    ],
)
def test_what_is_one_publication_is_merged(change):
    found, _, _ = verdicts(change)
    assert found.clusters == [("0", "1")]


@pytest.mark.parametrize(
    ("change", "relation"),
    [
        ({"title": "Erratum: " + BASE["title"], "pages": "400"}, "correction"),
        ({"title": "Correction to: " + BASE["title"]}, "correction"),
        ({"title": "Retraction: " + BASE["title"], "pages": "401"}, "retraction-notice"),
        ({"title": "Re: " + BASE["title"], "pages": "402"}, "reply-or-comment"),
        ({"title": BASE["title"] + ": authors' reply", "pages": "403"}, "reply-or-comment"),
        ({"journal": "medRxiv", "volume": "", "number": "", "pages": ""}, "preprint"),
        ({"doi": "10.1101/2019.04.05.20053058", "journal": "", "volume": "", "pages": ""}, "preprint"),
        ({"title": BASE["title"] + ". Part 2", "pages": "130-138"}, None),
        (
            {"journal": "Annual Meeting of Invented Societies", "volume": "44", "number": "", "pages": "S77"},
            "conference-abstract",
        ),
        ({"journal": "Gut Reports", "volume": "3", "pages": "9-19"}, "other-report-of-the-same-work"),
        ({"year": "2021", "volume": "14", "pages": "1-9"}, None),
        ({"number": "Suppl 2", "pages": "S44"}, None),
        ({"volume": "12 Suppl 2", "number": "", "pages": ""}, None),
        ({"author": "Zhou X; Lan J", "pages": "123"}, None),
        (
            {
                "title": "Stromal cells for severe kidney injury: a randomised controlled trial",
                "pages": "130-8",
            },
            None,
        ),
    ],
)
def test_what_is_another_publication_is_never_merged(change, relation):
    found, _, related = verdicts(change)
    assert not found.clusters
    if relation is not None:
        assert [pair.relation for pair in related] == [relation]


SUPPLEMENT = {**BASE, "number": "Suppl 1", "pages": "S12", "doi": "10.1234/supplement.1"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Nifedipine in severe lung injury of rats", "Nimodipine in severe lung injury of rats"),
        ("Stromal cells in maternal lung injury", "Stromal cells in paternal lung injury"),
        ("IFN-α in severe lung injury of rats", "IFN-γ in severe lung injury of rats"),
    ],
)
def test_abstracts_on_one_page_under_the_doi_of_their_supplement_stay_apart(one, two):
    others = [
        {**BASE, "id": f"{word}{place}", "title": f"{word} in {place} and {word} elsewhere", "pages": ""}
        for word in ("Nifedipine", "Nimodipine")
        for place in ("gut", "kidney", "skin", "bone")
    ]
    found = deduplicate(
        [*others, {**SUPPLEMENT, "id": "x", "title": one}, {**SUPPLEMENT, "id": "y", "title": two}]
    )
    assert not found.clusters


def test_the_same_abstract_of_a_supplement_is_merged_however_it_is_printed():
    found = deduplicate(
        [
            {**SUPPLEMENT, "id": "a"},
            {**SUPPLEMENT, "id": "b", "volume": "12 Suppl 1", "number": "", "doi": ""},
            {
                **SUPPLEMENT,
                "id": "c",
                "number": "SUPPL. 1",
                "pages": "S12-S12",
                "title": BASE["title"].upper(),
            },
            {**SUPPLEMENT, "id": "d", "number": "", "pages": "", "doi": ""},
        ]
    )
    assert found.clusters == [("a", "b", "c", "d")]


def test_a_record_without_pages_is_not_torn_between_article_and_abstract():
    found = deduplicate(
        [
            {**BASE, "id": "article"},
            {**SUPPLEMENT, "id": "abstract"},
            {**BASE, "id": "bare", "pages": "", "number": ""},
        ]
    )
    assert not found.clusters
    assert {pair.rule for pair in found.uncertain()} >= {"chain"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Role of TNF-α and Ca²⁺ in lung injury", "Role of TNF-alpha and Ca(2+) in lung injury."),
        ("Role of TNF-α and CO₂ in lung injury", "Role of TNF-? and CO2 in lung injury"),
        ("Role of PPAR-γ in lung injury of rats", "Role of PPAR-g in lung injury of rats"),
        (
            "Role of <i>TNF</i> &amp; rest in lung injury",
            "Role of &lt;i&gt;TNF&lt;/i&gt; &amp;amp; rest in lung injury",
        ),
        ("Tools to use “Lung Six” – a study of rest", "Tools to use â€œLung Sixâ€\x9d â€“ a study of rest"),
        ("Multicentre trial of behaviours and sulphate", "Multicenter trial of behaviors and sulfate"),
        ("Teh role of rest in severe lung injury", "The role of rest in severe lung injury"),
    ],
)
def test_what_databases_do_to_a_title_does_not_matter(one, two):
    single = {**BASE, "pages": "e12345"}
    found = deduplicate([{**single, "title": one}, {**single, "title": two}])
    assert found.clusters == [("0", "1")]


def test_short_titles_need_all_authors():
    short = {**BASE, "title": "Lung injury in men", "pages": ""}
    assert deduplicate([short, {**short, "number": ""}]).clusters
    alone = {**short, "author": "Berger, Anna"}
    assert not deduplicate([alone, {**alone, "number": ""}]).clusters


def test_an_abstract_may_be_cut_or_begin_with_a_heading():
    bare = {"title": BASE["title"], "year": "2019"}
    words = " ".join(f"word{number} stands here" for number in range(40))
    for other in (
        words[:150],
        "BACKGROUND AND AIMS OF THE STUDY: " + words,
        "Copyright 2010 Invented AG. " + words,
    ):
        assert deduplicate([{**bare, "abstract": words}, {**bare, "abstract": other}]).clusters
    assert not deduplicate(
        [{**bare, "abstract": words}, {**bare, "abstract": "quite other text " * 20}]
    ).clusters


def test_entries_listed_under_the_site_of_a_registry_go_by_their_number():
    entry_of = {"title": "A trial of stromal cells in severe lung injury", "author": "Nct", "year": "2020"}
    found = deduplicate(
        [
            {**entry_of, "id": "a", "journal": "https://clinicaltrials.gov/show/NCT90000001"},
            {**entry_of, "id": "b", "journal": "https://clinicaltrials.gov/show/NCT90000002"},
            {
                **entry_of,
                "id": "c",
                "journal": "http://www.who.int/trialsearch/Trial2.aspx?TrialID=NCT90000001",
            },
            {**entry_of, "id": "d", "journal": "Gut Reports"},
        ]
    )
    assert found.clusters == [("a", "c")]


def test_two_parts_of_a_series_are_linked():
    found = deduplicate(
        [
            {**BASE, "id": "a", "title": "Stromal cells and the lung. Part I"},
            {**BASE, "id": "b", "title": "Stromal cells and the lung. Part II", "pages": "130-140"},
        ]
    )
    assert not found.clusters
    assert [pair.relation for pair in found.related()] == ["part-of-a-series"]


@pytest.mark.parametrize(
    "change",
    [
        {"pages": "S44", "number": ""},
        {"doi": "10.1234/a.1", "title": "Something else entirely", "pages": "7"},
        {"author": "", "year": "", "journal": "", "volume": "", "number": "", "pages": ""},
    ],
)
def test_what_is_not_clear_goes_to_a_person(change):
    base = {**BASE, "doi": "10.1234/a.1"}
    found = deduplicate([{**base, "id": "0"}, {**base, **change, "id": "1"}]) if "doi" in change else None
    found = found or verdicts(change)[0]
    assert not found.clusters
    (pair,) = found.uncertain()
    assert pair.verdict == "uncertain"


def test_versions_of_a_cochrane_review_go_to_a_person():
    review = {
        "title": "Rest for back pain in adults",
        "author": "Doe J; Roe K",
        "journal": "Cochrane Database Syst Rev",
    }
    found = deduplicate(
        [
            {**review, "year": "2004", "doi": "10.1002/14651858.CD009999.pub2"},
            {**review, "year": "2005", "doi": "10.1002/14651858.CD009999.pub3"},
        ]
    )
    assert not found.clusters
    assert [pair.relation for pair in found.uncertain()] == ["version"]


def test_a_verdict_says_which_fields_agreed():
    found, _, _ = verdicts({"pages": "123-9", "year": "2020", "doi": "10.1234/x"})
    (pair,) = found.duplicates()
    assert pair.rule == "title-and-place"
    assert pair.agreed == ("title", "authors", "journal", "volume", "issue", "pages")
    assert pair.near == ("year",)
    assert not pair.differed
    assert "doi" in pair.missing
    assert "agree: title, authors" in str(pair)
    assert pair.to_dict()["records"] == ["0", "1"]


def test_a_chain_never_brings_together_what_contradicts():
    # The middle record lacks what tells the other two apart.
    bare = {"journal": "", "volume": "", "number": "", "pages": "", "doi": ""}
    found, uncertain, _ = verdicts(
        bare, {"journal": "Gut Reports", "volume": "3", "pages": "9-19", "number": "1"}
    )
    assert not found.clusters
    assert {pair.rule for pair in uncertain} == {"chain"}


def test_two_dois_block_a_cluster():
    rows = [
        {**BASE, "id": "a", "doi": "10.1234/one", "journal": "Alpha Letters", "pages": "", "volume": ""},
        {**BASE, "id": "b", "journal": "", "pages": "", "volume": "", "number": ""},
        {**BASE, "id": "c", "doi": "10.1234/two", "journal": "Beta Letters", "pages": "", "volume": ""},
    ]
    found = deduplicate(rows)
    assert not found.clusters


def test_a_person_has_the_last_word():
    found, _, _ = verdicts({}, apart=[("0", "1")])
    assert not found.clusters
    found, _, _ = verdicts({"title": "Entirely different"}, together=[("1", "0")])
    assert found.clusters == [("0", "1")]


def test_a_person_may_bring_together_through_a_third_what_contradicts():
    told = [("0", "1"), ("1", "2")]
    rows = [{"id": key, "title": f"Report {key} of a trial", "doi": f"10.1000/{key}"} for key in "012"]
    assert deduplicate(rows, together=told).clusters == [("0", "1", "2")]
    assert deduplicate(rows, together=told, apart=[("0", "2")]).clusters == [("0", "1")]


def test_a_merge_of_an_earlier_run_is_judged_with_all_records():
    one, bare, two = (
        {**BASE, "id": key, "doi": doi, "journal": journal, "pages": "", "volume": "", "number": ""}
        for key, doi, journal in (
            ("a", "10.1234/one", "Alpha Letters"),
            ("b", "", ""),
            ("c", "10.1234/two", "Beta Letters"),
        )
    )
    assert deduplicate([one, bare]).clusters == [("a", "b")]
    found = deduplicate([one, bare, two], before=[("a", "b")])
    assert not found.clusters
    assert [pair.rule for pair in found.of([("b", "a")])] == ["chain"]
    # Two of which no rule speaks any more stay together.
    other = {**BASE, "id": "d", "title": "Rest in bed for the common cold"}
    assert deduplicate([one, other], before=[("a", "d")]).clusters == [("a", "d")]


def test_issues_filled_by_dragging_are_not_believed():
    rows = [
        {**BASE, "title": f"{BASE['title']} of product {chr(97 + i % 26) * 5}{i}", "pages": ""}
        for i in range(60)
    ]
    rows += [dict(row) for row in rows]
    for number, row in enumerate(rows):
        row.update(id=str(number), number=str(number + 1))
    assert len(deduplicate(rows).clusters) == 60


def test_columns_frames_rows_and_records_give_the_same():
    rows = [BASE, {**BASE, "pages": "123-9"}, {**BASE, "title": "Rest in bed", "pages": "1"}]
    columns = {name.upper(): [row[name] for row in rows] for name in BASE}
    expected = [("0", "1")]
    assert deduplicate(rows).clusters == expected
    assert deduplicate(columns).clusters == expected
    assert deduplicate(pd.DataFrame(columns)).clusters == expected
    assert deduplicate(pl.DataFrame(columns)).clusters == expected
    assert deduplicate(columns).labels().tolist() == [0, 0, 2]
    assert deduplicate([]).publications == 0


def test_columns_are_known_by_the_names_of_exports():
    found = deduplicate(
        pd.DataFrame(
            {
                "Record-ID": ["x", "y"],
                "Article Title": [BASE["title"]] * 2,
                "Author Full Names": ["Berger, Anna; Costa, J. M.", "Berger A; Costa JM"],
                "Publication Year": [2019.0, float("nan")],
                "Source Title": ["J Inv Respir Med", None],
                "Start Page": ["123", ""],
                "End Page": ["129", ""],
                "URL": ["https://doi.org/10.1234/A.1", None],
                "DOI": [None, "doi:10.1234/a.1"],
            }
        )
    )
    assert found.clusters == [("x", "y")]
    (pair,) = found.duplicates()
    assert "doi" in pair.agreed


def test_the_result_tells_itself():
    found = eg.deduplicate(
        [{**BASE, "id": "a"}, {**BASE, "id": "b"}, {**BASE, "id": "c", "title": "Rest in bed", "pages": "1"}]
    )
    assert repr(found) == (
        "<Deduplicated: 3 records = 2 publications + 1 merged into them; 0 pairs for a person>"
    )
    assert "merged, title-and-place: 1" in found.summary()
    frame = found.to_frame()
    assert frame["publication"].tolist() == ["a", "a", "c"]
    assert frame["records"].tolist() == [2, 2, 1]
    told = json.loads(json.dumps(found.to_dict()))
    assert told["clusters"] == [["a", "b"]]
    assert told["duplicates"][0]["rule"] == "title-and-place"


def test_files_are_read_and_deduplicated_without_a_review(tmp_path):
    ris = tmp_path / "a.ris"
    ris.write_text(
        "TY  - JOUR\nTI  - Stromal cells for severe lung injury\nAU  - Berger, Anna\nPY  - 2019\nSP  - 123\n"
        "EP  - 129\nVL  - 12\nJO  - J Inv Respir Med\nER  - \n\nTY  - JOUR\nER  - \n"
    )
    csv = tmp_path / "b.csv"
    csv.write_text(
        "Title,Authors,Year,Volume,Pages\nSTROMAL CELLS FOR SEVERE LUNG INJURY,Berger A,2019,12,123-9\n"
    )
    read = eg.read_records(ris, csv)
    assert (len(read.records), [(file, item.position) for file, item in read.left_out]) == (2, [("a.ris", 2)])
    assert eg.deduplicate(read.records).publications == 1


def test_columns_that_cannot_be_records_are_refused():
    with pytest.raises(DataError, match="title or article title"):
        deduplicate({"name": ["a"]})
    with pytest.raises(DataError, match="lengths"):
        deduplicate({"title": ["a"], "year": [1, 2]})
    with pytest.raises(DataError, match="row 1 is 'x'"):
        deduplicate({"title": ["a", "b"], "id": ["x", "x"]})


def test_large_blocks_stay_bounded():
    rows = {"title": ["Editorial"] * 3000, "year": ["2001"] * 3000, "journal": ["Alpha"] * 3000}
    found = deduplicate(rows)
    assert not found.clusters
    assert found.compared <= 3000 * 12


def entry(numbers, title, **more):
    return {"title": title, "registrations": numbers, "kind": "registry-entry", **more}


def test_registry_entries_merge_by_number_across_registries():
    found = deduplicate(
        [
            entry("NCT90000001; EUCTR2020-009999-36-ES", "Cells for lung injury in adults", id="a"),
            entry("EUCTR2020-009999-36-DE", "Cells for lung injury in adults", id="b"),
            entry("EUCTR2020-009999-36-IT", "Una prova", id="c"),
            entry("NCT 90000001", "Another official title", id="d"),
            entry("NCT90000002; NCT90000001", "Cells for lung injury in adults", id="e"),
            entry("ISRCTN90000003", "Cells for lung injury in adults", id="f"),
            entry("ChiCTR9000000004; ISRCTN90000009", "A trial of rest", id="g"),
            entry("ISRCTN90000009", "An extension study of something", id="h"),
            {**BASE, "id": "i", "title": "Cells for lung injury in adults", "registrations": "NCT90000001"},
        ]
    )
    assert found.clusters == [("a", "b", "c", "d")]
    rules = {(pair.left, pair.right): pair.rule for pair in found.uncertain()}
    assert rules["g", "h"] == "registration-and-other-title"
    assert rules["a", "f"] == "entry-title"
    assert not any("e" in pair for pair in rules if "a" in pair)


def test_every_rule_is_in_the_reference():
    page = (Path(__file__).resolve().parents[3] / "docs/reference/deduplication.md").read_text()
    for rule in RULES:
        assert f"| `{rule.name}` |" in page
        assert rule.says in page
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("kind", "merged"), [("Conference Abstract", False), ("Conference Paper", True)])
def test_what_a_database_calls_a_conference_paper_tells_nothing(kind, merged):
    bare = {**BASE, "volume": "", "number": "", "pages": ""}
    rows = [{**bare, "document type": "Article"}, {**bare, "document type": kind}]
    assert bool(deduplicate(rows).clusters) is merged
