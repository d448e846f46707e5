"""Egger's test where studies give several effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import (
    checked_level,
    column,
    effects_and_variances,
    level_names,
    same_length,
)
from evergrove.stats.bias.asymmetry import VANISHING, RegressionTest, regression_result
from evergrove.stats.bias.line import Line, checked_predictor
from evergrove.stats.bias.options import ClusterTest, Precision
from evergrove.stats.bias.precision import precision_of
from evergrove.stats.dependence.fitting import three_level
from evergrove.stats.dependence.robust_tests import robust
from evergrove.stats.options import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def multilevel_egger(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[object],
    *,
    predictor: str | ArrayLike = Precision.SE,
    test: str = ClusterTest.ROBUST,
    n: ArrayLike | None = None,
    level: float = 0.95,
) -> RegressionTest:
    """Test for small-study effects when effects are nested in studies.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances.
    cluster : sequence, length k
        Study of each effect.
    predictor : Precision, str, or array-like of shape (k,)
        As for `regression_test`.
    test : ClusterTest or str
        ``"robust"`` (CR2 with Satterthwaite degrees of freedom), ``"t"`` (k - 2) or ``"normal"``.
    n : array-like or None
        Sample sizes, for predictors that use them.
    level : float
        Of the intervals.

    Returns
    -------
    RegressionTest
        `tau2` is the sum of the variances between and within studies.

    Raises
    ------
    DataError, TooFewStudiesError, UsageError, ConvergenceError
        As `regression_test` and `three_level`.

    See Also
    --------
    regression_test : one effect per study.

    Notes
    -----
    A three-level model (effects within studies, REML) with the predictor as moderator. With the robust
    test, sampling errors within studies may be correlated; the model's weights are a working assumption.
    For standardised mean differences use √(1/n1 + 1/n2) as predictor (Pustejovsky & Rodgers 2019).

    References
    ----------
    [Rodgers2021]; [Fernandez-Castilla2021].

    Examples
    --------
    >>> y, v = [0.1, 0.2, 0.35, 0.3, 0.6, 0.5, 0.2, 0.4], [0.01, 0.02, 0.05, 0.04, 0.09, 0.07, 0.02, 0.06]
    >>> found = multilevel_egger(y, v, ["a", "a", "b", "b", "c", "c", "d", "e"], test="normal")
    >>> round(found.slope, 4), found.k
    (2.2618, 8)
    """
    effects, variances = effects_and_variances(yi, vi)
    level = checked_level(level)
    kind = choose(ClusterTest, test, "test")
    if isinstance(predictor, str):
        named = choose(Precision, predictor, "predictor")
        x, name, limit = precision_of(named, variances, n), str(named), named in VANISHING
    else:
        x, name, limit = column("predictor", predictor), "given predictor", False
        same_length({"yi": effects, "predictor": x})
    groups = level_names("cluster", cluster, "one per effect")
    if len(groups) != effects.size:
        raise UsageError(f"cluster: found {len(groups)}; allowed: one per effect, here {effects.size}")
    checked_predictor("multilevel_egger", x)
    fit: Any = three_level(
        effects,
        variances,
        groups,
        mods=x[:, np.newaxis],
        names=["precision"],
        test="t" if kind is ClusterTest.T else "z",
        level=level,
    )
    tau2 = sum(part.value for part in fit.components)
    found: Any = robust(fit, groups, level=level) if kind is ClusterTest.ROBUST else fit
    remarks = tuple(fit.diagnostics)
    if found is not fit:
        remarks = (*(remark for remark in remarks if remark.code != "few-clusters"), *found.diagnostics)
    df = [None, None] if found.df is None else [float(value) for value in np.broadcast_to(found.df, 2)]
    line = Line(
        float(found.estimate[0]),
        float(found.se[0]),
        float(found.estimate[1]),
        float(found.se[1]),
        df[1],
        df[0],
        1.0,
        float(tau2),
        remarks,
    )
    clusters = len(set(groups))
    options = {"predictor": name, "test": kind, "clusters": clusters}
    return regression_result(
        line, int(effects.size), level, test=f"multilevel regression on {name}", limit=limit, options=options
    )
