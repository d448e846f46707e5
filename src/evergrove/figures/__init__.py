"""Figures: plain strings and numbers in, SVG text out.

Nothing here computes a result: a figure shows the numbers it is given. vl-convert is
loaded when a PNG is asked for, not when this package is imported.
"""

from __future__ import annotations

from evergrove.figures.forest import ForestPlot, ForestRow, RowKind, Scale, forest_svg
from evergrove.figures.funnel import FunnelPlot, FunnelPoint, funnel_svg
from evergrove.figures.judgements import Judgement
from evergrove.figures.png import svg_to_png
from evergrove.figures.prisma import Count, PrismaFlow, PrismaOther, PrismaPrevious, prisma_svg
from evergrove.figures.traffic_light import RobRow, RobTable, rob_summary_svg, traffic_light_svg

__all__ = [
    "Count",
    "ForestPlot",
    "ForestRow",
    "FunnelPlot",
    "FunnelPoint",
    "Judgement",
    "PrismaFlow",
    "PrismaOther",
    "PrismaPrevious",
    "RobRow",
    "RobTable",
    "RowKind",
    "Scale",
    "forest_svg",
    "funnel_svg",
    "prisma_svg",
    "rob_summary_svg",
    "svg_to_png",
    "traffic_light_svg",
]
