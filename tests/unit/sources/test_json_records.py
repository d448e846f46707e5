"""JSON files are cut into records, whatever surrounds them; a broken record costs only itself."""

import json

import pytest

from evergrove.sources import json_records
from evergrove.sources.draft import LeftOut
from evergrove.sources.json_records import records_of
from evergrove.sources.opening import open_file

PATHS = (("message", "items"), ("items",))


def cut(tmp_path, text):
    path = tmp_path / "file.json"
    path.write_text(text)
    return list(records_of(open_file(path), PATHS))


def values(items):
    return [None if isinstance(item, LeftOut) else item.value for item in items]


ONE, TWO = {"a": 1, "b": {"c": [1, "]}"]}}, {"a": 2, "b": 'a "quoted" \\ word'}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ONE) + "\n" + json.dumps(TWO),
        json.dumps(ONE) + json.dumps(TWO) + "\n\n",
        json.dumps([ONE, TWO], indent=2),
        json.dumps({"items": [ONE, TWO], "next": {"a": [1]}}),
        json.dumps(
            {"status": "ok", "message": {"facets": {}, "items": [ONE, TWO], "query": {"x": 1}}, "y": [2]}
        ),
        json.dumps({"items": [ONE]}) + json.dumps({"items": [TWO]}),
        json.dumps([{"items": [ONE]}, {"items": [TWO]}]),
    ],
)
def test_records_are_found_in_every_wrapping(tmp_path, text):
    items = cut(tmp_path, text)
    assert values(items) == [ONE, TWO]
    assert [item.position for item in items] == [1, 2]
    assert [json.loads(item.raw) for item in items] == [ONE, TWO]


def test_the_line_is_that_on_which_a_record_begins(tmp_path):
    items = cut(tmp_path, json.dumps([ONE, TWO], indent=1))
    lines = json.dumps([ONE, TWO], indent=1).split("\n")
    assert [lines[item.line - 1].strip() for item in items] == ["{", "{"]
    assert items[0].line == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a": 1}, {"a": }, {"a": 3}]', [{"a": 1}, None, {"a": 3}]),
        ('[{"a": 1}, {"a": [2, {"a": 3}, {"a": 4}]', [{"a": 1}, None, {"a": 3}, {"a": 4}]),
        ('[{"a": 1}, {"a": "never closed}, {"a": 3}]', [{"a": 1}, None, {"a": 3}]),
        ('{"a": 1}\n{"a": {"b": 2}\n{"a": 3}\n', [{"a": 1}, None, {"a": 3}]),
        ('{"items": [{"a": 1}, {"a": 2', [{"a": 1}, None]),
        ('[{"a": 1}, 7, null, "text", {"a": 2}]', [{"a": 1}, None, None, None, {"a": 2}]),
        ('[{"a": 1}, {"b": 2]}, {"a": 3}]', [{"a": 1}, None, {"a": 3}]),
        ('{"items": []}', []),
        ("[" * 300, [None]),
    ],
)
def test_a_broken_record_costs_only_itself(tmp_path, text, expected):
    items = cut(tmp_path, text)
    if text.startswith("[["):
        assert not any(values(items))
    else:
        assert values(items) == expected
    assert all(item.reason for item in items if isinstance(item, LeftOut))


def test_records_may_be_larger_than_what_is_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "CHUNK", 7)
    records = [{"a": "x" * size, "b": ["ü\\u00e9", {"c": size}]} for size in range(0, 200, 13)]
    for text in (json.dumps(records), json.dumps({"message": {"n": 1, "items": records}})):
        assert values(cut(tmp_path, text)) == records


def test_a_record_beyond_all_size_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "LARGEST_RAW", 1000)
    monkeypatch.setattr(json_records, "CHUNK", 100)
    large = {"a": ["y" * 10] * 500}
    items = cut(tmp_path, json.dumps([ONE, large, TWO]))
    assert values(items)[0] == ONE
    assert isinstance(items[1], LeftOut)
    assert "more than 1,000 characters" in items[1].reason
