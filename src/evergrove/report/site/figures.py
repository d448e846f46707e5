"""Which figures the site has: those of each analysis, and those of the review as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.figures import funnel_svg, prisma_svg
from evergrove.report.flow import flow
from evergrove.report.plots import (
    combinations_plot,
    forest_plot,
    funnel,
    leave_one_out_plot,
    risk_of_bias_figures,
    sensitivity_plot,
    subgroup_plot,
)
from evergrove.report.site.gallery import Drawing, drawing, forest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.report.findings import Findings
    from evergrove.synthesis import AnalysisResult, PooledSet

FLOW = "flow"


def all_figures(findings: Findings) -> Iterator[Drawing]:
    """Yield every figure of the site."""
    for answer in findings.answers:
        yield from _of_analysis(answer.result, findings)
    for name, svg in risk_of_bias_figures(findings).items():
        yield drawing(name, svg)
    yield drawing(FLOW, prisma_svg(flow(findings.review, findings.found)))


def _of_analysis(result: AnalysisResult, findings: Findings) -> Iterator[Drawing]:
    key, main = result.analysis.id, result.main
    if main.effects:
        plot = forest_plot(result, main, findings)
        yield forest(f"{key}-forest", plot, main=result.analysis.main and main.fit is not None)
    if result.beside is not None and result.beside.effects:
        yield forest(f"{key}-beside", forest_plot(result, result.beside, findings))
    yield from _robustness(result, main, key)
    if result.beside is not None:
        yield from _robustness(result, result.beside, f"{key}-beside")
    for subgroup in main.subgroups:
        yield forest(f"{key}-by-{subgroup.by.value}", subgroup_plot(result, subgroup, findings))
    points = funnel(result, main)
    if points is not None:
        yield drawing(f"{key}-funnel", funnel_svg(points))


def _robustness(result: AnalysisResult, pooled: PooledSet, key: str) -> Iterator[Drawing]:
    for name, build in (
        ("combinations", combinations_plot),
        ("sensitivity", sensitivity_plot),
        ("leave-one-out", leave_one_out_plot),
    ):
        plot = build(result, pooled)
        if plot is not None:
            yield forest(f"{key}-{name}", plot)
