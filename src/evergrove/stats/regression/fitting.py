"""Meta-regression: a mixed-effects model with moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import (
    FAR,
    NEAR,
    checked_labels,
    checked_level,
    column,
    effects_and_variances,
    refuse_rows,
)
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Method,
    choose,
)
from evergrove.stats.regression.coefficient_tests import (
    checked_interval,
)
from evergrove.stats.regression.design import Design, of_full_rank
from evergrove.stats.regression.mixed_model import Data, Options, fit_model
from evergrove.stats.regression.moderators import columns_of, complete_rows, read_moderators
from evergrove.stats.regression.options import MissingModerators, RedundantColumns
from evergrove.stats.regression.prediction import prediction_df
from evergrove.stats.regression.residual_variance import chosen_tau2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.regression.regression_result import MetaRegressionResult


def meta_regression(
    yi: ArrayLike | str,
    vi: ArrayLike | str,
    mods: object = None,
    *,
    data: object = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str | None = None,
    test: Sequence[str | int] | None = None,
    intercept: bool = True,
    names: Sequence[str] | None = None,
    reference: Mapping[str, str] | None = None,
    weights: ArrayLike | None = None,
    tau2_weights: ArrayLike | None = None,
    redundant: str = RedundantColumns.ERROR,
    missing: str = MissingModerators.ERROR,
    centred: bool = False,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    measure: str | None = None,
    labels: Sequence[str] | None = None,
) -> MetaRegressionResult:
    """Regress effects on moderators with a residual variance between studies.

    Parameters
    ----------
    yi : array-like, shape (k,), or str
        Effects on the pooling scale; finite. Text names a column of `data`.
    vi : array-like, shape (k,), or str
        Sampling variances (not standard errors); finite and above 0.
    mods : str, sequence of str, mapping, data frame, array-like or None
        A formula (``"~ ablat + year"``; needs the extra ``formulas``), names of columns of `data`, a mapping
        or frame of columns, or an array of shape (k, m). Text and truth values are factors with treatment
        coding. None is the intercept alone. A formula can call Python functions: take none from strangers.
    data : data frame or mapping or None
        Any frame that narwhals reads.
    model : PoolModel or str
        ``"random"`` (mixed effects) or ``"common"`` (no tau²).
    tau2 : Tau2Method, str or float
        Estimator, or a known residual variance not below 0.
    ci : IntervalMethod, str or None
        ``"hartung-knapp"``, ``"hartung-knapp-adhoc"``, ``"hartung-knapp-truncated"``, ``"normal"`` or
        ``"t"``, with k - p degrees of freedom. None is Hartung-Knapp for random effects, normal for a
        common effect.
    test : sequence of str or int, or None
        Coefficients of the joint test, by name or position; None is all but the intercept.
    intercept : bool
        Whether a column of ones is added; a formula says it itself (``- 1``).
    names : sequence of str or None
        Of the columns of an array.
    reference : mapping of str to str or None
        Reference level by factor; None is the first in the order of text.
    weights : array-like, shape (k,), or None
        Weights of one's own for the coefficients, above 0; None is 1 / (vi + tau²). Ones give unweighted
        least squares. tau² and Q do not change.
    tau2_weights : array-like, shape (k,), or None
        Of ``GENQ`` and ``GENQM``.
    redundant : RedundantColumns or str
        ``"error"`` or ``"drop"`` where moderators depend on each other.
    missing : MissingModerators or str
        ``"error"`` or ``"drop"`` where a study lacks a moderator.
    centred : bool
        Whether tau² and Q come from the effects less their plain mean. That matters only where the design
        holds no constant; metafor does it there (Q is then not the residual sum of squares, and the
        limits of tau² are still those of the effects as they are).
    prediction : PredictionMethod or str
        Of `MetaRegressionResult.predict`.
    level : float
        Of all intervals, in (0, 1).
    measure : EffectMeasure, str or None
        What `yi` is.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    MetaRegressionResult

    Raises
    ------
    TooFewStudiesError
        With fewer studies than coefficients, or none.
    DataError
        For numbers that cannot be, redundant or missing moderators, a factor with one level.
    UsageError
        For an unknown option, or a formula without formulaic.
    ConvergenceError
        Where tau² was not found.

    See Also
    --------
    location_scale : where tau² itself depends on moderators.
    permutation_test : p values without normality.
    linear_hypothesis : contrasts of coefficients.

    Notes
    -----
    Model: y_i ~ N(x_i'b + u_i, v_i), u_i ~ N(0, tau²). Associations between studies are observational, and
    averages of patients' characteristics can mislead about patients (ecological bias). With fewer than ten
    studies per coefficient, say so. R² is uncertain with fewer than about 40 studies
    (López-López et al. 2014).

    References
    ----------
    [Berkey1995]; [Knapp2003]; [Viechtbauer2015]; [Raudenbush1994].

    Examples
    --------
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.8, 0.7], [0.04, 0.02, 0.03, 0.05, 0.02],
    ...                       {"dose": [1, 2, 3, 4, 5]})
    >>> [round(float(value), 4) for value in fit.estimate]
    [-0.0001, 0.1535]
    """
    columns = None if data is None else columns_of(data)
    effects, variances = effects_and_variances(
        column_or_values(yi, columns, "yi"), column_or_values(vi, columns, "vi")
    )
    chosen_model = _chosen_model(model)
    options = Options(
        chosen_model,
        chosen_tau2(chosen_model, tau2),
        checked_interval(_interval_method(chosen_model, ci)),
        choose(PredictionMethod, prediction, "prediction"),
        checked_level(level),
        None if measure is None else choose(EffectMeasure, measure, "measure"),
        choose(RedundantColumns, redundant, "redundant"),
        choose(MissingModerators, missing, "missing"),
        bool(centred),
        (),
    )
    prediction_df(options.prediction, 3, 1, None)
    k = int(effects.size)
    moderators = read_moderators(mods, columns, k=k, intercept=intercept, names=names, reference=reference)
    given_labels = checked_labels(labels, k)
    keep, remarks = complete_rows([moderators], k, options.missing, given_labels)
    if not keep.any():
        raise TooFewStudiesError(
            "meta_regression: found 0 studies; allowed: at least one per coefficient; check which were "
            "eligible"
        )
    whole = moderators.design(keep)
    if options.redundant is RedundantColumns.ERROR:
        enough_studies(int(keep.sum()), whole)
    design, dropped = of_full_rank(whole, options.redundant)
    enough_studies(int(keep.sum()), design)
    rows = np.flatnonzero(keep)
    own = Data(
        effects[keep],
        variances[keep],
        design,
        checked_weights(weights, k, keep),
        checked_weights(tau2_weights, k, keep, "tau2_weights"),
    )
    kept_labels = None if given_labels is None else tuple(given_labels[row] for row in rows)
    return fit_model(own, options, remarks + dropped, rows=rows, labels=kept_labels, test=test)


def column_or_values(
    values: ArrayLike | str, columns: Mapping[str, object] | None, argument: str
) -> ArrayLike:
    """Return a column by its name, or the values as they are."""
    if not isinstance(values, str):
        return values
    if columns is None or values not in columns:
        raise UsageError(
            f"{argument}: found no column {values!r}; allowed: numbers, or the name of a column of data"
        )
    return columns[values]  # type: ignore[return-value] # a column as columns_of reads it


def _chosen_model(model: str) -> PoolModel:
    """Return the model; those of one mean only are refused."""
    chosen = choose(PoolModel, model, "model")
    if chosen not in {PoolModel.RANDOM, PoolModel.COMMON}:
        raise UsageError(f"model: found {model!r}; allowed with moderators: 'random', 'common'")
    return chosen


def _interval_method(model: PoolModel, ci: str | None) -> IntervalMethod:
    """Return the interval method, Hartung-Knapp unless there is no tau²."""
    if ci is None:
        return IntervalMethod.NORMAL if model is PoolModel.COMMON else IntervalMethod.HARTUNG_KNAPP
    return choose(IntervalMethod, ci, "ci")


def checked_weights(
    weights: ArrayLike | None, k: int, keep: BoolArray, name: str = "weights"
) -> FloatArray | None:
    """Return the caller's weights of the rows kept, or None.

    Parameters
    ----------
    weights : array-like, shape (k,), or None
        Finite and above 0.
    k : int
        Studies.
    keep : ndarray of bool, shape (k,)
        Rows analysed.
    name : str
        The argument.

    Returns
    -------
    ndarray or None

    Raises
    ------
    DataError
        For weights that are not finite and above 0, or not one per study.
    """
    if weights is None:
        return None
    array = column(name, weights)
    if array.size != k:
        raise DataError(f"{name}: found {array.size}; allowed: one per study, here {k}; check the rows")
    refuse_rows(
        name,
        array,
        ~((array >= NEAR) & (array <= FAR)),
        allowed=f"a weight above 0, from {NEAR:g} to {FAR:g}",
        todo="leave out the study that should not count",
    )
    return np.asarray(array[keep])


def enough_studies(k: int, design: Design) -> None:
    """Refuse more coefficients than studies."""
    p = design.matrix.shape[1]
    if p == 0:
        raise UsageError(
            "mods: found neither moderators nor an intercept; allowed: one coefficient or more; "
            "pass intercept=True or moderators"
        )
    if k < p:
        raise TooFewStudiesError(
            f"meta_regression: found {k} studies for {p} coefficients ({', '.join(design.names)}); allowed: "
            "at least as many studies, better ten per coefficient; leave moderators out"
        )
