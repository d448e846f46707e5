"""Check statements about trials against the data held of them.

>>> from evergrove.claims import check_claim
>>> result = check_claim(claim, review)  # doctest: +SKIP
>>> result.verdict  # doctest: +SKIP
<Verdict.PARTLY: 'partly'>
"""

from __future__ import annotations

from evergrove.claims.checker import check_claim, check_claims, overall_verdict
from evergrove.claims.origin import rank_origins
from evergrove.claims.result import ClaimResult, Figure, Origin, PropositionResult

__all__ = [
    "ClaimResult",
    "Figure",
    "Origin",
    "PropositionResult",
    "check_claim",
    "check_claims",
    "overall_verdict",
    "rank_origins",
]
