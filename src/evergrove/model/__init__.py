"""The nouns of evidence synthesis as frozen models: no input, no output, no statistics.

Everything above this floor speaks in these terms: a :class:`Review` and its protocol, a :class:`Study` with
its reports, arms, interventions and data, each :class:`Datum` with its provenance, appraisals, claims and
decisions.
"""

from __future__ import annotations

from evergrove.model.analysis import Analysis, CertaintyJudgement, Window
from evergrove.model.appraisal import Answer, Appraisal, DomainAnswers, Override, Response
from evergrove.model.claim import Claim
from evergrove.model.datum import ArmValue, Datum, Direction, PValue, ReportedEffect, TimePoint
from evergrove.model.decision import Decision
from evergrove.model.outcome import Outcome
from evergrove.model.pooling import PoolingModel
from evergrove.model.provenance import Citation, Provenance, Source
from evergrove.model.review import Comparison, Eligibility, Protocol, Question, Review
from evergrove.model.study import AppraisalFacts, Arm, Design, Intervention, Population, Report, Study
from evergrove.model.units import Quantity, Unit, convert, unit

__all__ = [
    "Analysis",
    "Answer",
    "Appraisal",
    "AppraisalFacts",
    "Arm",
    "ArmValue",
    "CertaintyJudgement",
    "Citation",
    "Claim",
    "Comparison",
    "Datum",
    "Decision",
    "Design",
    "Direction",
    "DomainAnswers",
    "Eligibility",
    "Intervention",
    "Outcome",
    "Override",
    "PValue",
    "PoolingModel",
    "Population",
    "Protocol",
    "Provenance",
    "Quantity",
    "Question",
    "Report",
    "ReportedEffect",
    "Response",
    "Review",
    "Source",
    "Study",
    "TimePoint",
    "Unit",
    "Window",
    "convert",
    "unit",
]
