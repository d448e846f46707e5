"""What holds of any records: the order does not matter, nothing is lost, chances are chances."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove.model.link import LinkVerdict
from evergrove.model.record import FileFormat, RecordKind
from evergrove.records.linking import link
from evergrove.records.links import LinkKind
from evergrove.records.trial_numbers import series_of
from evergrove.records.trial_people import people_of, person_of
from evergrove.records.trial_texts import phases_in, randomised_in, sizes_in, words_of, years_of
from evergrove.sources.draft import Draft, Origin

ORIGIN = Origin(FileFormat.JSON_LINES, "invented", "0" * 64, datetime(2026, 1, 2, tzinfo=UTC))
NUMBERS = [f"{prefix}0000000{digit}" for prefix in ("NCT", "ISRCTN", "DRKS") for digit in range(3)]
WORDS = st.lists(st.sampled_from(["cells", "lung", "aspirin", "stroke", "sepsis", "marrow"]), max_size=5)
RECORDS = st.lists(
    st.tuples(
        st.booleans(), WORDS.map(" ".join), st.lists(st.sampled_from(NUMBERS), max_size=3, unique=True)
    ),
    max_size=8,
)


def made(rows):
    records = []
    for place, (is_entry, title, numbers) in enumerate(rows):
        draft = Draft(
            place + 1, None, f"{place}", RecordKind.REGISTRY_ENTRY if is_entry else RecordKind.ARTICLE
        )
        draft.title, draft.registrations, draft.year = title or None, list(numbers), 2021
        records.append(draft.finish(ORIGIN))
    return records


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.randoms())
def test_links_hold_together(rows, random):
    records = made(rows)
    found = link(records)
    linked = {
        one.left for one in found.links if one.kind is LinkKind.REPORT and one.verdict is LinkVerdict.LINKED
    }
    assert linked | set(found.unlinked) == set(found.reports)
    assert not linked & set(found.unlinked)
    assert all(0 < one.probability < 1 and one.evidence for one in found.links)
    entries = [number for trial in found.trials for number in trial.entries]
    assert sorted(entries) == sorted(found.entries)
    for trial in found.trials:
        series = [series_of(number) for number in trial.numbers if not number.startswith("entry:")]
        assert len(series) == len(set(series))
    shuffled = list(records)
    random.shuffle(shuffled)
    again = link(shuffled)
    assert {trial.entries for trial in again.trials} == {trial.entries for trial in found.trials}


@given(st.text(max_size=60))
def test_any_text_can_be_read(text):
    assert all(word == word.lower() for word in words_of(text))
    assert person_of(text) == person_of(text).lower()
    assert all(person == person.lower() for person in people_of(text))
    assert all(size >= 0 for size in sizes_in(text))
    assert phases_in(text) <= {1, 2, 3, 4}
    assert randomised_in(text) in {True, False, None}
    assert years_of(text) is None or years_of(text) >= 0
