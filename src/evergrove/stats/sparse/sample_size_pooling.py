"""Pooling by weights that do not depend on the studies' variances: sample sizes, Cochran's rates."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import checked_labels, checked_level, column, refuse_rows, same_length
from evergrove.stats.distributions import log_two_sided_p, two_sided_p, two_sided_quantile
from evergrove.stats.options import (
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Scale,
    Tau2Method,
    ZeroCells,
    choose,
)
from evergrove.stats.pooling import pool
from evergrove.stats.sparse.cell_corrections import checked_correction
from evergrove.stats.sparse.closed_form_result import ClosedForm, common_effect
from evergrove.stats.sparse.counts import MOST, checked_counts
from evergrove.stats.sparse.mantel_haenszel_formulas import Pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.pool_result import PoolResult


def sample_size_weighted(
    yi: ArrayLike,
    vi: ArrayLike,
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str = IntervalMethod.NORMAL,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    measure: str | None = None,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool effects with weights n1 n2 / (n1 + n2), which no event and no variance can bias.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and their sampling variances, as for `pool`.
    n1, n2 : array-like, shape (k,)
        Patients per arm, above 0.
    model : PoolModel or str
        ``"random"`` or ``"common"``; the estimate is the same, its variance has tau² or not.
    tau2, prediction, measure, labels
        As in `pool`.
    ci : IntervalMethod or str
        ``"normal"``, or ``"t"`` with k - 1 degrees of freedom.
    level : float
        Of all intervals.

    Returns
    -------
    PoolResult
        Q and I² are those of the inverse-variance weights.

    Raises
    ------
    DataError
        For effects, variances or sizes that cannot be.
    TooFewStudiesError
        Without any study.
    UsageError
        For an unknown option.

    Notes
    -----
    Inverse-variance weights of log odds ratios are correlated with the effects they weigh; these are not. The
    price is a larger variance. With zero cells the effects themselves still need a correction.

    References
    ----------
    [Bakbergenuly2020].

    Examples
    --------
    >>> fit = sample_size_weighted([0.1, 0.3], [0.04, 0.09], [50, 20], [50, 20], model="common")
    >>> round(fit.estimate, 4), round(fit.se, 4)
    (0.1571, 0.1666)
    """
    interval = choose(IntervalMethod, ci, "ci")
    if interval not in (IntervalMethod.NORMAL, IntervalMethod.T):
        raise UsageError(f"ci: found {ci!r}; allowed: 'normal', 't'; Hartung-Knapp belongs to pool()")
    base = pool(yi, vi, model=model, tau2=tau2, ci=interval, level=level, measure=measure, labels=labels)
    sizes = {"n1": column("n1", n1), "n2": column("n2", n2)}
    same_length({"yi": base.yi, **sizes})
    for name, values in sizes.items():
        bad = ~((values > 0) & (values <= MOST))
        refuse_rows(name, values, bad, allowed=f"above 0, at most {MOST:g}", todo="leave the study out")
    size1, size2 = sizes.values()
    weights = size1 * size2 / (size1 + size2)
    weights /= weights.sum()
    spread = 0.0 if base.tau2 is None else base.tau2
    estimate = float(weights @ base.yi)
    se = math.sqrt(float(weights**2 @ (base.vi + spread)))
    half = two_sided_quantile(base.level, base.df) * se
    low, high = None, None
    if base.prediction_low is not None:
        of = {
            PredictionMethod.T_K_MINUS_1: float(base.k - 1),
            PredictionMethod.T_K_MINUS_2: float(base.k - 2),
            PredictionMethod.NORMAL: None,
            PredictionMethod.TEST: base.df,
        }[choose(PredictionMethod, prediction, "prediction")]
        reach = two_sided_quantile(base.level, of) * math.sqrt(spread + se * se)
        low, high = estimate - reach, estimate + reach
        base = replace(base, prediction_df=of)
    return replace(
        base,
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=estimate / se,
        p_value=two_sided_p(estimate / se, base.df),
        log_p_value=log_two_sided_p(estimate / se, base.df),
        prediction_low=low,
        prediction_high=high,
        weights=weights,
        method=f"sample-size weights; tau², Q: {base.method}",
        options={**base.options, "weights": "sample size", "prediction": str(prediction)},
        inputs={"yi": base.yi, "vi": base.vi, **sizes},
    )


def cochran_rate_ratio(
    events1: ArrayLike,
    time1: ArrayLike,
    events2: ArrayLike,
    time2: ArrayLike,
    *,
    row_correction: float = 0.5,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool log rate ratios with weights of the events expected in arm 1 at arm 2's rate.

    Parameters
    ----------
    events1, time1, events2, time2 : array-like, shape (k,)
        Events and person-time per arm.
    row_correction : float
        Added to the events of both arms of a study with a zero, for its own log rate ratio.
    level : float
        Of the interval.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult
        Log rate ratio, common effect; the standard error is √(1/Σ events1 + 1/Σ events2).

    Raises
    ------
    DataError
        For counts that cannot be, without events in an arm, and where a study has no log rate ratio.
    TooFewStudiesError
        Without any study.

    See Also
    --------
    mantel_haenszel_rates : to be preferred.

    Notes
    -----
    meta's ``metainc(method="Cochran")``; of the Surgeon General's report on smoking (1964). For comparison
    with old reviews.

    Examples
    --------
    >>> round(cochran_rate_ratio([3, 5], [120.0, 310.0], [9, 11], [118.0, 295.0]).estimate, 4)
    -0.9606
    """
    level = checked_level(level)
    columns = checked_counts({"events1": events1, "time1": time1, "events2": events2, "time2": time2})
    names = checked_labels(labels, columns["time1"].size)
    x1, t1, x2, t2 = columns.values()
    add = checked_correction("row_correction", row_correction, ZeroCells.ONLY_ZERO, "row_to").add
    step = np.where((x1 == 0) | (x2 == 0), add, 0.0)
    weights = x2 * t1 / t2
    with np.errstate(divide="ignore", invalid="ignore"):  # refused just below
        yi = np.log((x1 + step) / t1) - np.log((x2 + step) / t2)
        vi = 1.0 / (x1 + step) + 1.0 / (x2 + step)
    if x1.sum() == 0 or x2.sum() == 0 or not np.isfinite(yi).all():
        raise DataError(
            f"cochran_rate_ratio: found {x1.sum():g} and {x2.sum():g} events; allowed: events in both arms, "
            "or a row_correction above 0 where a study has none; use mantel_haenszel_rates()"
        )
    estimate = float(weights @ yi / weights.sum())
    fit = ClosedForm(
        pooled=Pooled(estimate, 1.0 / float(x1.sum()) + 1.0 / float(x2.sum()), weights),
        measure="IRR",
        scale=Scale.LOG,
        yi=yi,
        vi=vi,
        informative=weights > 0,
        q=float(((yi - estimate) ** 2 / vi).sum()),
        q_df=yi.size - 1,
        method="Cochran's rate ratio",
        columns=columns,
        labels=names,
    )
    options: dict[str, object] = {"measure": "IRR", "row_correction": float(row_correction), "level": level}
    return common_effect(fit, options, ())
