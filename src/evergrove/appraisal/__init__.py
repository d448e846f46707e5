"""Appraisal: risk of bias of a study's result (RoB 2, ROBINS-I) and certainty of the evidence (GRADE)."""

from __future__ import annotations

from evergrove.appraisal.evidence import EvidenceSummary, Thresholds
from evergrove.appraisal.faults import INSTRUMENTS, AppraisalFault, appraisal_faults
from evergrove.appraisal.grade import Certainty, CertaintyStep, grade
from evergrove.appraisal.instrument import Domain, Instrument, Judgement, Question
from evergrove.appraisal.judge import DomainJudgement, Judged, judge
from evergrove.appraisal.rob2 import ROB2
from evergrove.appraisal.robins_i import ROBINS_I
from evergrove.appraisal.wording import Effect, effect_of, statement

__all__ = [
    "INSTRUMENTS",
    "ROB2",
    "ROBINS_I",
    "AppraisalFault",
    "Certainty",
    "CertaintyStep",
    "Domain",
    "DomainJudgement",
    "Effect",
    "EvidenceSummary",
    "Instrument",
    "Judged",
    "Judgement",
    "Question",
    "Thresholds",
    "appraisal_faults",
    "effect_of",
    "grade",
    "judge",
    "statement",
]
