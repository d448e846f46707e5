"""Check statements about trials against the data held of them.

A claim is taken apart into propositions; :func:`check_claim` answers each by computation and gives the claim
one verdict. A stated number that does not hold is set against every figure that the data give, to say where
it probably came from.
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
