import itertools
import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.errors import DataError
from evergrove.figures import ForestPlot, ForestRow, forest_svg
from evergrove.figures.colours import DIAMOND, INK, MUTED, contrast, luminance
from evergrove.figures.judgements import SIGNS, Judgement, judgement

SVG = "{http://www.w3.org/2000/svg}"


def study(label, estimate, low, high, weight=10.0, **more):
    text = f"{estimate:.2f} [{low:.2f}, {high:.2f}]"
    return ForestRow(
        "study", label, ("3/10", "6/10"), (text, f"{weight:.1f}%"), estimate, low, high, weight, **more
    )


STUDIES = (
    study("Adas 2021", 0.5, 0.2, 1.25, 25),
    study("Dilogo 2021", 0.6, 0.35, 1.02, 100),
    study("Lanzoni 2021", 0.1, 0.0001, 900, 5),
    ForestRow("study", "Meng 2020", ("0/9", "0/9"), ("not estimable", "—")),
)
SUMMARY = ForestRow(
    "summary", "Random effects", right=("0.58 [0.38, 0.88]",), estimate=0.58, ci_low=0.38, ci_high=0.88
)
FIXED = replace(SUMMARY, label="Mantel–Haenszel", outline=True)
PREDICTION = ForestRow("prediction", "Prediction interval", right=("[0.2, 1.7]",), ci_low=0.2, ci_high=1.7)
NOTE = ForestRow("text", "I² = 12 %, τ² = 0.03")
PLOT = ForestPlot(
    title="Deaths",
    desc="Four trials.",
    rows=(*STUDIES, SUMMARY, FIXED, PREDICTION, NOTE),
    left_headers=("Study", "Cells\nevents/n", "Control\nevents/n"),
    right_headers=("RR [95% CI]", "Weight"),
    axis_title="Risk ratio",
    favours_low="favours cells",
    favours_high="favours control",
)


def drawn(plot, *, compact=False):
    return ET.fromstring(forest_svg(plot, compact=compact))


def marks(root, name):
    return [node for node in root.iter() if name in (node.get("class") or "").split()]


def words(root):
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


both = pytest.mark.parametrize("compact", [False, True], ids=["wide", "compact"])


@both
def test_every_estimate_has_its_mark(compact):
    root = drawn(PLOT, compact=compact)
    assert len(marks(root, "square")) == 3
    assert len(marks(root, "interval")) == 3
    assert len(marks(root, "diamond")) == 2
    assert len(marks(root, "prediction-bar")) == 1
    assert [node.get("fill") for node in marks(root, "diamond")] == [DIAMOND, "#ffffff"]


@both
def test_a_row_without_estimate_shows_its_text_only(compact):
    root = drawn(PLOT, compact=compact)
    row = next(node for node in marks(root, "row") if "Meng 2020" in "".join(node.itertext()))
    assert "not estimable" in "".join(row.itertext())
    assert not any(marks(row, name) for name in ("square", "interval", "arrow"))


@both
def test_a_cut_interval_has_arrows_at_both_ends(compact):
    assert len(marks(drawn(PLOT, compact=compact), "arrow")) == 2
    whole = replace(PLOT, x_min=1e-5, x_max=1e4)
    assert not marks(drawn(whole, compact=compact), "arrow")


def test_an_estimate_beyond_the_axis_has_an_arrow_and_no_square():
    root = drawn(replace(PLOT, rows=(study("Far", 500, 400, 600), *STUDIES[:2])))
    far = next(node for node in marks(root, "row") if "Far" in "".join(node.itertext()))
    assert not marks(far, "square")
    assert len(marks(far, "arrow")) == 1


def test_areas_are_proportional_to_weights():
    side = [float(node.get("width")) for node in marks(drawn(PLOT), "square")]
    assert (side[0] / side[1]) ** 2 == pytest.approx(0.25, abs=0.01)


@both
def test_markup_in_labels_is_text(compact):
    nasty = "<script>alert(1)</script>"
    plot = replace(
        PLOT, title=nasty, desc=nasty, axis_title=nasty, footnotes=(nasty,), rows=(study(nasty, 1, 0.5, 2),)
    )
    svg = forest_svg(plot, compact=compact)
    assert "<script" not in svg
    root = ET.fromstring(svg)
    assert root[0].text == nasty
    assert not list(root.iter(f"{SVG}script"))


@both
def test_same_plot_same_bytes(compact):
    assert forest_svg(PLOT, compact=compact) == forest_svg(replace(PLOT), compact=compact)


@both
def test_the_figure_stands_alone_and_is_named(compact):
    svg = forest_svg(PLOT, compact=compact)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "Deaths"
    assert root[1].tag == f"{SVG}desc"
    assert root[2].get("fill") == "#ffffff"
    assert "style" not in svg
    assert "href" not in svg
    assert root.get("viewBox").split()[2] == ("360" if compact else "900")


def test_ids_differ_between_figures():
    wide, compact = drawn(PLOT), drawn(PLOT, compact=True)
    assert wide[0].get("id") != compact[0].get("id")


@both
def test_ticks_are_sensible(compact):
    labels = [node.text for node in marks(drawn(PLOT, compact=compact), "tick-label")]
    values = sorted(map(float, labels))
    assert 1.0 in values
    assert 3 <= len(values) <= 10
    assert set(values) <= {m * 10.0**e for m in (1, 2, 3, 5) for e in range(-6, 6)} | {
        0.05,
        0.02,
        0.2,
        0.5,
        0.3,
    }


@both
def test_tick_labels_do_not_touch(compact):
    places = sorted(float(node.get("x")) for node in marks(drawn(PLOT, compact=compact), "tick-label"))
    assert all(b - a > 12 for a, b in itertools.pairwise(places))


def test_null_and_summary_lines():
    root = drawn(PLOT)
    assert len(marks(root, "null")) == 1
    assert len(marks(root, "summary-line")) == 1
    assert not marks(drawn(replace(PLOT, null=math.nan)), "null")


def test_long_labels_are_cut_with_the_whole_in_a_title():
    name = "A very long name of a study " * 8
    for compact in (False, True):
        root = drawn(replace(PLOT, rows=(study(name, 1, 0.5, 2),)), compact=compact)
        label = next(node for node in marks(root, "label") if "…" in "".join(node.itertext()))
        assert label.find(f"{SVG}title").text == name


def test_nothing_stands_outside_the_picture():
    root = drawn(PLOT)
    width, height = map(float, root.get("viewBox").split()[2:])
    for node in root.iter():
        for name, limit in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height)):
            if node.get(name) is not None:
                assert 0 <= float(node.get(name)) <= limit


def test_many_columns_widen_the_figure_rather_than_squeeze_the_drawing():
    headers = tuple(f"A wide header number {i}" for i in range(9))
    root = drawn(replace(PLOT, left_headers=("Study", *headers), rows=(STUDIES[1],)))
    assert float(root.get("viewBox").split()[2]) > 900
    axis = marks(root, "axis")[0]
    assert float(axis.get("x2")) - float(axis.get("x1")) >= 239.9


def test_linear_axis_and_subgroups():
    rows = (
        ForestRow("subgroup", "Umbilical cord"),
        ForestRow("study", "A", right=("−2.0 [−5.0, 1.0]",), estimate=-2, ci_low=-5, ci_high=1, weight=1),
        ForestRow("subgroup-summary", "Subtotal", estimate=-2, ci_low=-5, ci_high=1),
        ForestRow("spacer"),
    )
    plot = ForestPlot("t", "d", rows, right_headers=("MD",), scale="linear")
    root = drawn(plot)
    assert len(marks(root, "diamond")) == 1
    assert any(node.text.startswith("−") for node in marks(root, "tick-label"))
    assert float(marks(root, "label")[1].get("x")) > float(marks(root, "label")[0].get("x"))


def test_judgements_are_signs_with_names():
    plot = replace(PLOT, rob_headers=("1", "O"), rows=(study("A", 1, 0.5, 2, rob=("low", "High")),))
    root = drawn(plot)
    titles = [node.find(f"{SVG}title").text for node in marks(root, "judgement")]
    assert titles == ["Low", "High", "Low", "High"]  # the row, then the legend
    assert "Risk of bias:" in words(root)


@given(
    st.lists(
        st.tuples(st.floats(1e-6, 1e6), st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 100)),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_any_numbers_make_a_figure(numbers, compact):
    rows = tuple(study(f"S{i}", e, e / a, e * b, w) for i, (e, a, b, w) in enumerate(numbers))
    root = drawn(replace(PLOT, rows=rows), compact=compact)
    assert len(marks(root, "interval")) == len(rows)
    assert len(marks(root, "tick-label")) >= 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ForestRow("stduy"), "allowed: study"),
        (lambda: ForestRow("study", "A", estimate=math.nan), "not a number"),
        (lambda: ForestRow("study", "A", estimate=1, ci_low=0.5), "both ends"),
        (lambda: ForestRow("study", "A", estimate=3, ci_low=0.5, ci_high=2), "must contain"),
        (lambda: ForestRow("prediction", "A", ci_low=3, ci_high=2), "must contain"),
        (lambda: replace(PLOT, scale="logit"), "allowed: log, linear"),
        (lambda: replace(PLOT, left_headers=()), "left_headers"),
        (lambda: replace(PLOT, right_headers=()), "right cells"),
        (lambda: replace(PLOT, x_min=-1.0), "above 0"),
        (lambda: replace(PLOT, x_min=2.0, x_max=1.0), "not below"),
        (lambda: judgement("lowish"), "allowed: low"),
        (lambda: forest_svg(replace(PLOT, x_min=1e6)), "axis runs"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(DataError, match=message):
        make()


def test_colours_are_legible_and_ordered_in_grey():
    assert min(contrast(colour, "#ffffff") for colour in (INK, MUTED, DIAMOND)) >= 4.5
    assert all(contrast(sign.fill, sign.ink) >= 4.5 for sign in SIGNS.values())
    levels = (Judgement.LOW, Judgement.MODERATE, Judgement.SERIOUS, Judgement.CRITICAL)
    grey = [luminance(SIGNS[level].fill) for level in levels]
    assert grey == sorted(grey, reverse=True)


@both
def test_directions_stay_in_one_line_beside_a_null_near_the_edge(compact):
    root = drawn(replace(PLOT, x_min=0.1, x_max=1.1), compact=compact)
    directions = marks(root, "direction")
    assert [node.text for node in directions] == ["←\u00a0favours cells", "favours control\u00a0→"]
