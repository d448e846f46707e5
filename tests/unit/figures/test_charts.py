import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from evergrove import figures
from evergrove.errors import DataError, RenderError
from evergrove.figures import (
    Count,
    FunnelPlot,
    FunnelPoint,
    PrismaFlow,
    PrismaOther,
    PrismaPrevious,
    RobRow,
    RobTable,
    funnel_svg,
    prisma_svg,
    rob_summary_svg,
    svg_to_png,
    traffic_light_svg,
)

SVG = "{http://www.w3.org/2000/svg}"
POINTS = (FunnelPoint("A", 0.5, 0.6), FunnelPoint("B", 0.8, 0.2), FunnelPoint("C", 2.0, 0.9, imputed=True))
FUNNEL = FunnelPlot("Funnel", "Three trials.", POINTS, summary=0.75, axis_title="Cost in $ and $ <b>")
TABLE = RobTable(
    "Bias",
    "Two trials.",
    (("D1", "Randomisation process"), ("D2", "Deviations from intended interventions")),
    (
        RobRow("Adas 2021 <script>", ("low", "some-concerns"), "some-concerns", 3),
        RobRow("Shu 2020", ("critical", ""), "no information", 1),
    ),
    "RoB 2",
)
FLOW = PrismaFlow(
    "Flow",
    "Counts.",
    databases=(Count("PubMed", 812), Count("Europe PMC", 1203)),
    registers=(Count("ICTRP", None),),
    removed=(Count("Duplicates", 702),),
    screened=1313,
    excluded=(Count("Not randomised <b>", 60),),
    studies=41,
)


def words(svg):
    root = ET.fromstring(svg)
    return " ".join("".join(node.itertext()) for node in root.iter(f"{SVG}text"))


ALL = {
    "funnel": lambda: funnel_svg(FUNNEL),
    "traffic-light": lambda: traffic_light_svg(TABLE),
    "shares": lambda: rob_summary_svg(TABLE),
    "prisma": lambda: prisma_svg(FLOW),
}


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_figures_are_named_safe_and_the_same_each_time(make):
    svg = make()
    assert svg == make()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert [node.tag for node in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert "<script" not in svg
    assert "style" not in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_funnel_keeps_text_and_draws_each_study():
    svg = funnel_svg(FUNNEL)
    assert "Cost in $ and $ <b>" in words(svg)
    assert "95 % pseudo confidence limits" in words(svg)
    assert "Filled in" in words(svg)
    marks = [node for node in ET.fromstring(svg).iter(f"{SVG}circle") if node.find(f"{SVG}title") is not None]
    assert len(marks) == len(POINTS)


def test_funnel_has_big_trials_on_top():
    svg = funnel_svg(replace(FUNNEL, contours=False, summary=None))
    labels = {node.text: float(node.get("y")) for node in ET.fromstring(svg).iter(f"{SVG}text")}
    assert labels["0"] < labels["0.8"]


def test_funnel_on_a_linear_axis():
    points = (FunnelPoint("A", -3.0, 1.0), FunnelPoint("B", 2.0, 2.0))
    assert "−" in words(funnel_svg(FunnelPlot("t", "d", points, summary=-1.0, scale="linear")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": ()}, "no study"),
        ({"points": (FunnelPoint("A", 0.5, 0.0),)}, "se 0.0"),
        ({"points": (FunnelPoint("A", -0.5, 0.1),)}, "above 0"),
        ({"level": 95}, "between 0 and 1"),
        ({"scale": "ln"}, "allowed: log"),
    ],
)
def test_funnel_names_bad_input(change, message):
    with pytest.raises(DataError, match=message):
        replace(FUNNEL, **change)


def test_traffic_light_has_a_dot_per_judgement_and_a_legend():
    root = ET.fromstring(traffic_light_svg(TABLE))
    # three judgements, two overall, four levels in the legend
    assert len(list(root.iter(f"{SVG}circle"))) == 3 + 2 + 4
    assert "RoB 2: D1 = Randomisation process" in words(traffic_light_svg(TABLE))


def test_shares_are_weighted_and_signed():
    svg = rob_summary_svg(TABLE)
    assert "75%" in words(svg)
    assert "weighted" in words(svg)
    plain = replace(TABLE, rows=tuple(replace(row, weight=1.0) for row in TABLE.rows))
    assert "50%" in words(rob_summary_svg(plain))
    assert "weighted" not in words(rob_summary_svg(plain))


def test_shares_of_a_domain_without_judgements():
    table = replace(TABLE, rows=(RobRow("A", ("low", "")),))
    assert "no judgement made" in words(rob_summary_svg(table))


@pytest.mark.parametrize("rows", [(RobRow("A", ("low",)),), (RobRow("A", ("low", "low"), weight=-1),)])
def test_rob_table_names_bad_input(rows):
    with pytest.raises(DataError, match="'A'"):
        replace(TABLE, rows=rows)


def test_prisma_shows_counts_and_what_was_not_recorded():
    text = words(prisma_svg(FLOW))
    for part in (
        "Databases (n = 2,015)",
        "Registers (not recorded)",
        "Records screened (n = 1,313)",
        "Records excluded (not recorded)",
        "Not randomised <b> (n = 60)",
        "Studies included in review (n = 41)",
    ):
        assert part in text


def test_prisma_with_all_columns_has_every_arrow():
    flow = replace(
        FLOW,
        other=PrismaOther((Count("Citation searching", 12),), 12, 0, 12),
        previous=PrismaPrevious(22, 30),
        total_studies=63,
    )
    root = ET.fromstring(prisma_svg(flow))
    assert sum(node.get("class") == "arrow" for node in root.iter()) == 4 + 4 + 1 + 2 + 2 + 1 + 1
    assert "Total studies included in review (n = 63)" in words(prisma_svg(flow))
    assert float(root.get("width")) > float(ET.fromstring(prisma_svg(FLOW)).get("width"))


def test_png_is_a_picture_of_the_asked_size_and_the_same_each_time():
    svg = prisma_svg(FLOW)
    png = svg_to_png(svg, 1.0)
    assert png == svg_to_png(svg, 1.0)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width = float(ET.fromstring(svg).get("width"))
    assert abs(int.from_bytes(png[16:20], "big") - width) <= 1


@pytest.mark.parametrize(("svg", "scale"), [("not svg", 1.0), ("<svg", 1.0), (prisma_svg(FLOW), 0.0)])
def test_png_names_what_cannot_be_drawn(svg, scale):
    with pytest.raises(RenderError, match="png:"):
        svg_to_png(svg, scale)


def test_the_package_loads_nothing_heavy_and_exports_what_it_says():
    code = (
        "import sys, evergrove.figures\n"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'vl_convert')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert all(hasattr(figures, name) for name in figures.__all__)
