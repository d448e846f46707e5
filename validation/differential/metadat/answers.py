"""What evergrove answers to the questions that `recorder.R` noted: pairs of its numbers and R's, by quantity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from count_answers import mantel_haenszel, mixed_counts, peto
from dependence_answers import (
    least_squares,
    moments,
    multilevel,
    robust_tests,
    sampling_covariances,
    sandwich,
)
from effect_answers import effect_sizes
from exchange import Answer, Asked, Fit, LeftOut, Row
from mean_answers import location_scale, rma
from prediction_answers import (
    comparison,
    contrasts,
    inflation,
    limits,
    predictions,
    share_of_weight,
    true_effects,
)
from sensitivity_answers import asymmetry, deletion, fail_safe, permuted, rank_test, refits, trimmed

ALONE: dict[str, Callable[[Asked, Answer], Iterator[Row]]] = {
    "escalc": effect_sizes,
    "vcalc": sampling_covariances,
    "rma.ls": location_scale,
    "regtest": asymmetry,
    "ranktest": rank_test,
}
Answering = Callable[[Asked, Answer, dict[int, Fit]], Iterator[Row]]
#: They leave a fit behind.
FITS: dict[str, Answering] = {
    "rma": rma,
    "rma.mh": mantel_haenszel,
    "rma.peto": peto,
    "rma.glmm": mixed_counts,
    "rma.mv": multilevel,
    "lm": least_squares,
    "robu": moments,
}
#: They rest on a fit.
RESTING: dict[str, Answering] = {
    "robust": robust_tests,
    "predict": predictions,
    "anova": contrasts,
    "compare": comparison,
    "confint": limits,
    "trimfill": trimmed,
    "blup": true_effects,
    "vif": inflation,
    "fsn": fail_safe,
    "permutest": permuted,
    "weights": share_of_weight,
    **{kind: partial(refits, kind) for kind in ("leave1out", "cumul")},
    **{
        kind: partial(deletion, kind)
        for kind in ("influence", "rstudent", "rstandard", "hatvalues", "cooks.distance")
    },
    **{kind: partial(sandwich, kind) for kind in ("coef_test", "conf_int", "contrasts", "wald")},
}


def answers(record: dict[str, Any], fits: dict[int, Fit]) -> list[Row]:
    """Return the pairs of one record; a fit is kept for the records that rest on it.

    Raises
    ------
    LeftOut
        For what evergrove leaves out.
    EvergroveError
        Where it refuses.
    """
    kind, asked, answer = record["kind"], record["asked"] | {"call": record["call"]}, record["answer"]
    if kind in ALONE:
        return list(ALONE[kind](asked, answer))
    if kind in FITS:
        return list(FITS[kind](asked, answer, fits))
    if asked.get("of", asked.get("fit")) not in fits:
        raise LeftOut("a question about a fit that was left out")
    return list(RESTING[kind](asked, answer, fits))
