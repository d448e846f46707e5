"""Whatever the records: order does not matter, the same again changes nothing, no contradiction is merged."""

from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove.records import deduplicate
from evergrove.records.normal_forms import doi_form, pages_form, title_form
from evergrove.records.person_names import names_form

WORDS = st.sampled_from("cells lung rest trial of in severe injury part 1 2 erratum adults children".split())
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
