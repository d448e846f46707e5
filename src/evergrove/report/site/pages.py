"""All pages of the site, in the order in which they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.report.site.abstract_page import abstract_page
from evergrove.report.site.analysis_page import analysis_pages
from evergrove.report.site.bias_page import bias_page
from evergrove.report.site.claims_page import claims_page
from evergrove.report.site.downloads_page import Download, downloads_page
from evergrove.report.site.figures import FLOW
from evergrove.report.site.flow_page import flow_page
from evergrove.report.site.home_page import home_page
from evergrove.report.site.methods_page import methods_page
from evergrove.report.site.study_page import study_pages
from evergrove.report.site.topic_page import topic_page
from evergrove.report.site.unpublished_page import unpublished_pages
from evergrove.report.site.uses import uses_by_study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.report.findings import Findings
    from evergrove.report.site.gallery import Drawing
    from evergrove.report.site.page import Page


def all_pages(
    findings: Findings, figures: Mapping[str, Drawing], files: tuple[Download, ...]
) -> tuple[Page, ...]:
    """Return every page of the site.

    Parameters
    ----------
    findings : Findings
    figures : mapping of str to Drawing
        By the name of their files.
    files : tuple of Download
        The data files.

    Returns
    -------
    tuple of Page
    """
    return (
        home_page(findings),
        topic_page(findings),
        claims_page(findings),
        bias_page(findings, figures),
        methods_page(findings),
        flow_page(findings, figures[FLOW]),
        *unpublished_pages(findings),
        abstract_page(findings),
        downloads_page(files, figures),
        *analysis_pages(findings, figures),
        *study_pages(findings, uses_by_study(findings)),
    )
