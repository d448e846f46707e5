"""Risk of bias as figures: the judgements study by study, and their shares by domain."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evergrove.figures import RobRow, RobTable, rob_summary_svg, traffic_light_svg
from evergrove.model.vocabulary import Instrument
from evergrove.report.numerals import count

if TYPE_CHECKING:
    from evergrove.appraisal import Judged
    from evergrove.report.findings import Findings

_NAMES = {Instrument.ROB2: "rob-2", Instrument.ROBINS_I: "robins-i"}


def risk_of_bias_figures(findings: Findings) -> dict[str, str]:
    """Return the figures of the risk of bias as SVG by name.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    dict of str to str
        ``rob-2-traffic-light``, ``rob-2-summary``, ``robins-i-traffic-light``, ``robins-i-summary``; those of
        an instrument that was not used are missing. In the summaries each study counts once.
    """
    figures = {}
    for instrument, name in _NAMES.items():
        names = {study.id: study.name for study in findings.review.studies}
        items = [
            (label, findings.judged[study])
            for study, label in names.items()
            if study in findings.judged and findings.judged[study].instrument is instrument
        ]
        if items:
            figures[f"{name}-traffic-light"] = traffic_light_svg(_table(instrument, items, "study by study"))
            figures[f"{name}-summary"] = rob_summary_svg(
                _table(instrument, items, "share of studies by domain")
            )
    return figures


def _table(instrument: Instrument, items: list[tuple[str, Judged]], what: str) -> RobTable:
    domains = items[0][1].domains
    levels = Counter(judged.overall.label for _, judged in items)
    told = ", ".join(f"{label} in {count(n)}" for label, n in levels.most_common())
    noun = "study" if len(items) == 1 else "studies"
    return RobTable(
        title=f"Risk of bias ({instrument.value}), {what}",
        desc=f"Overall judgement of {count(len(items))} {noun} with {instrument.value}: {told}.",
        domains=tuple((f"D{at}", domain.label) for at, domain in enumerate(domains, start=1)),
        rows=tuple(
            RobRow(
                label,
                tuple(domain.judgement.value for domain in judged.domains),
                judged.overall.value,
            )
            for label, judged in items
        ),
        tool=instrument.value,
    )
