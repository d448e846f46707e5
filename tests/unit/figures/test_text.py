import itertools
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.figures.columns import lay_out, split_cell
from evergrove.figures.svg import clean, document, number, text
from evergrove.figures.text_measure import shorten, text_width, wrap


@given(st.text())
def test_any_text_makes_well_formed_xml(content):
    root = ET.fromstring(document([f"<text>{clean(content)}</text>"], 10, 10, content, content))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == root[0].get("id")


def test_markup_is_escaped():
    assert clean("<script>alert('x')</script>") == "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"


@pytest.mark.parametrize(("value", "text"), [(-0.001, "0"), (100.0, "100"), (1.005, "1"), (-2.5, "-2.5")])
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_widths_are_those_of_the_font():
    # Arial: digits 0.556 em, full stop 0.278 em
    assert text_width("0.5", 1000) == pytest.approx(556 * 2 + 278, abs=1)
    assert text_width("τ²", 10) > 0
    assert text_width("漢", 10) == 10
    assert text_width("e\u0301", 10) == text_width("e", 10)
    assert text_width("ệ", 10) == text_width("e", 10)


@given(st.text(alphabet="abcdefgh -/", max_size=60), st.floats(30, 300))
def test_wrapped_lines_fit_and_keep_the_text(content, width):
    lines = wrap(content, width, 12)
    assert all(text_width(line, 12) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(content.split())


@given(st.text(alphabet="abcdefgh ", max_size=80), st.floats(40, 200), st.integers(1, 3))
def test_wrapping_stops_at_the_most_lines(content, width, most):
    lines = wrap(content, width, 12, most=most)
    assert 1 <= len(lines) <= most
    assert all(text_width(line, 12) <= width for line in lines)


def test_a_comparison_is_not_broken():
    lines = wrap("Heterogeneity: Q = 13.2 on 10 df (p = 0.21)", 150, 12)
    assert not any(line.endswith("=") or line.startswith("=") for line in lines)


def test_shortened_text_says_so():
    assert shorten("Fathi-Kazerooni 2022", 60, 13).endswith("…")


def spans(markup):
    return [(float(span.get("x")), span.text) for span in ET.fromstring(markup).iter("tspan")]


def test_decimals_stand_under_each_other():
    cells = ["0.45 [0.20, 1.03]", "10.5 [1.00, 110.00]", "−0.123 [−2.00, 1]"]
    column = lay_out([(cell, False) for cell in cells], 13)
    points = []
    for cell in cells:
        drawn = spans(column.cell(cell, 50, 10))
        assert "".join(text for _, text in drawn) == cell
        points.append([x + text_width(text.split(".")[0].rstrip("]"), 13) for x, text in drawn])
    for one, other in itertools.pairwise(points):
        assert one == pytest.approx(other, abs=0.02)


def test_denominators_follow_their_slash():
    column = lay_out([("5/9", False), ("12/112", False)], 13)
    (x1, first), (x2, _) = spans(column.cell("5/9", 0, 10))
    assert x2 - x1 == pytest.approx(text_width(first, 13), abs=0.02)


def test_a_bare_interval_is_aligned_with_the_intervals():
    column = lay_out([("0.45 [0.20, 1.03]", False), ("0.70 [0.30, 1.63]", False)], 13)
    whole, bare = spans(column.cell("0.45 [0.20, 1.03]", 0, 10)), spans(column.cell("[0.10, 2.00]", 0, 10))
    assert [x for x, _ in bare] == [x for x, _ in whole[1:]]


def test_words_stand_at_the_right_edge():
    column = lay_out([("0.45 [0.20, 1.03]", False)], 13)
    node = ET.fromstring(column.cell("not estimable", 0, 10))
    assert node.get("text-anchor") == "end"
    assert float(node.get("x")) == pytest.approx(column.width, abs=0.02)
    assert column.cell("", 0, 10) == ""


@given(st.text(alphabet="0123456789.,[]()/%- −∞ab", max_size=25))
def test_every_cell_is_written_whole(cell):
    column = lay_out([("0.45 [0.20, 1.03]", False), (cell, True)], 13)
    drawn = column.cell(cell, 0, 10, bold=True)
    if cell.strip():
        assert "".join("".join(ET.fromstring(drawn).itertext()).split()) == "".join(cell.split())


def test_split_cell_takes_a_dash_between_numbers_for_a_range():
    assert [slot.whole + slot.fraction for slot in split_cell("0.2-1.3")] == ["0.2", "1.3"]


def test_text_keeps_the_width_it_was_laid_out_for_in_any_font():
    drawn = ET.fromstring(text(0, 0, "Adas 2021", font_size=13, font_weight="bold"))
    assert float(drawn.get("textLength")) == pytest.approx(text_width("Adas 2021", 13, bold=True), abs=0.01)
    assert drawn.get("lengthAdjust") == "spacingAndGlyphs"
    assert ET.fromstring(text(0, 0, "no size of its own")).get("textLength") is None
    (low, high) = ET.fromstring(
        lay_out([("0.45 [0.20, 1.03]", False)], 13).cell("0.45 [0.20, 1.03]", 0, 0)
    ).findall("tspan")[1:]
    assert float(low.get("x")) + float(low.get("textLength")) <= float(high.get("x"))
