"""Data on which a likelihood has no maximum: the estimate would be infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import ConvergenceError
from evergrove.stats.sparse.options import GlmmModel

if TYPE_CHECKING:
    from evergrove.stats.sparse.mixed_models import Counts


def refuse_separation(counts: Counts, model: GlmmModel | None) -> None:
    """Raise where the pooled effect is infinite, which no iteration would find.

    Parameters
    ----------
    counts : Counts
        The data in the fit.
    model : GlmmModel or None
        The model of two arms, or None for one group.

    Raises
    ------
    ConvergenceError
        Where an arm has no event, or events only, in every study that counts.
    """
    x, n = counts.events, counts.sizes
    if model in (GlmmModel.UM_FS, GlmmModel.CM_EL) and not counts.rates:
        total = x.sum(axis=1)
        lowest, highest = np.maximum(0.0, total - n[:, 1]), np.minimum(n[:, 0], total)
        ends = bool((x[:, 0] == lowest).all() or (x[:, 0] == highest).all())
        what = "every study has its events on the same side, as far as its totals allow"
    else:
        totals, sizes = x.sum(axis=0), n.sum(axis=0)
        ends = bool(
            (totals == 0).any()
            or (not counts.rates and model is not GlmmModel.CM_AL and (totals == sizes).any())
        )
        what = "no event (or only events) in all studies of an arm"
    if ends:
        events = ", ".join(
            f"{one:g}/{size:g}" for one, size in zip(x.sum(axis=0), n.sum(axis=0), strict=True)
        )
        raise ConvergenceError(
            f"glmm: {what}: found {events} events; the maximum-likelihood estimate is infinite (0 "
            "iterations); use event_regression() for a penalised estimate, exact_odds_ratio() for one-sided "
            "limits, or state the counts"
        )
