"""Signs beside words: certainty, judgements, verdicts. The word always stands with its sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.figures.judgements import SIGNS
from evergrove.figures.judgements import judgement as drawn
from evergrove.model.vocabulary import CertaintyLevel, ResponseCode, Verdict

if TYPE_CHECKING:
    from evergrove.appraisal import Judgement


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign, its word, and the class that colours it."""

    symbol: str
    word: str
    kind: str


_CERTAINTY = {
    CertaintyLevel.HIGH: "⊕⊕⊕⊕",
    CertaintyLevel.MODERATE: "⊕⊕⊕⊝",
    CertaintyLevel.LOW: "⊕⊕⊝⊝",
    CertaintyLevel.VERY_LOW: "⊕⊝⊝⊝",
}
_VERDICTS = {
    Verdict.SUPPORTED: "✓",
    Verdict.PARTLY: "◐",
    Verdict.CONTRADICTED: "✕",
    Verdict.NOT_FOUND: "?",
}
_RESPONSES = {
    ResponseCode.YES: "yes",
    ResponseCode.PROBABLY_YES: "probably yes",
    ResponseCode.PROBABLY_NO: "probably no",
    ResponseCode.NO: "no",
    ResponseCode.NO_INFORMATION: "no information",
    ResponseCode.NOT_APPLICABLE: "not asked",
}


def certainty(level: CertaintyLevel | None) -> Sign:
    """Return the sign of a certainty.

    Examples
    --------
    >>> certainty(CertaintyLevel.LOW)
    Sign(symbol='⊕⊕⊝⊝', word='low', kind='low')
    """
    if level is None:
        return Sign("", "not graded", "none")
    return Sign(_CERTAINTY[level], level.label, level.value)


def judgement(level: Judgement) -> Sign:
    """Return the sign of a judgement of risk of bias, the same as in the figures."""
    sign = SIGNS[drawn(level.value)]
    return Sign(sign.symbol, sign.label, level.value)


def verdict(word: Verdict) -> Sign:
    """Return the sign of a verdict on a claim."""
    return Sign(_VERDICTS[word], word.label, word.value)


def response_label(response: ResponseCode) -> str:
    """Return an answer to a signalling question in words."""
    return _RESPONSES[response]
