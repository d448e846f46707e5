"""A meta-regression fitted to every permutation of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.bulk.fits import cores, in_chunks
from evergrove.stats.distributions import normal_quantile, t_quantile
from evergrove.stats.options import IntervalMethod, Tau2Method
from evergrove.stats.regression import permutation_batch, permutation_kernel
from evergrove.stats.regression.least_squares import Basis, centred_basis

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.permutation_plans import Plan
    from evergrove.stats.regression.regression_result import MetaRegressionResult

#: Permutations that NumPy takes at a time, and the fewest worth a thread of their own.
BATCH, SHARE = 2_000, 2_000
#: Fewer fits than this are not worth loading numba: NumPy has the same numbers sooner.
WORTH_COMPILING = 5_000
#: Steps of tau² per unit of its log, beyond the smallest variance, at which maxima are looked for.
GRID_STEP = 0.35

ESTIMATORS = {
    Tau2Method.DL: permutation_kernel.DL,
    Tau2Method.DL2: permutation_kernel.DL2,
    Tau2Method.HE: permutation_kernel.HE,
    Tau2Method.CA2: permutation_kernel.CA2,
    Tau2Method.HS: permutation_kernel.HS,
    Tau2Method.HSK: permutation_kernel.HS,
    Tau2Method.SJ: permutation_kernel.SJ,
    Tau2Method.SJ_HEDGES: permutation_kernel.SJ_HEDGES,
    Tau2Method.PM: permutation_kernel.PM,
    Tau2Method.PMM: permutation_kernel.PM,
    Tau2Method.EB: permutation_kernel.PM,
    Tau2Method.ML: permutation_kernel.ML,
    Tau2Method.REML: permutation_kernel.REML,
}
SCALING = {
    IntervalMethod.NORMAL: permutation_kernel.CLASSIC,
    IntervalMethod.T: permutation_kernel.CLASSIC,
    IntervalMethod.HARTUNG_KNAPP: permutation_kernel.SCALED,
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED: permutation_kernel.SCALED_TRUNCATED,
    IntervalMethod.HARTUNG_KNAPP_ADHOC: permutation_kernel.SCALED_OR_CLASSIC,
}


class Model(NamedTuple):
    """A fit in the form that the kernels take: scale-free."""

    y: FloatArray
    v: FloatArray
    basis: Basis
    unit: float
    known: float
    method: int
    scaling: int
    ratio: float
    tested: tuple[int, ...]


class Fits(NamedTuple):
    """What the kernels find for every permutation."""

    coefficients: FloatArray
    tests: FloatArray
    joint: FloatArray


def known_number(tau2: object, k: int, df: int, unit: float) -> float:
    """Return what the kernels take beside the estimator: see `permutation_kernel.tau2_of`.

    Parameters
    ----------
    tau2 : Tau2Method, float or None
        Estimator or tau² of the fit.
    k, df : int
        Studies, and those less coefficients.
    unit : float
        Variance that the scale-free data have as 1.

    Returns
    -------
    float
    """
    if not isinstance(tau2, Tau2Method):
        return 0.0 if tau2 is None else float(tau2) / unit  # type: ignore[arg-type] # a number, as resolved
    if tau2 is Tau2Method.PMM:
        return 2.0 * float(special.gammaincinv(df / 2.0, 0.5))
    if tau2 is Tau2Method.HSK:
        return k / df
    return {Tau2Method.HS: 1.0, Tau2Method.SJ_HEDGES: 0.01 / unit}.get(tau2, float(df))


def model_of(fit: MetaRegressionResult, who: str = "permutation_test") -> Model:
    """Return a fit in the form of the kernels; `who` asks, for messages."""
    tau2 = fit.options["tau2"]
    if fit.given_weights is not None or tau2 in {Tau2Method.GENQ, Tau2Method.GENQM}:
        raise UsageError(
            f"{who}: found a fit with weights of one's own; allowed: weights 1 / (vi + tau²) and "
            "an estimator of tau² without weights; fit without them"
        )
    if fit.options["centred"]:
        raise UsageError(
            f"{who}: found centred=True; allowed: False, for tau² is found anew from the effects "
            "as they are; fit without it"
        )
    df = fit.k - fit.p
    if df == 0:
        raise UsageError(
            f"{who}: found as many coefficients as studies; allowed: fewer; leave moderators out"
        )
    unit = float(np.median(fit.vi))
    return Model(
        fit.yi / np.sqrt(unit),
        fit.vi / unit,
        centred_basis(fit.design.matrix),
        unit,
        known_number(tau2, fit.k, df, unit),
        ESTIMATORS[tau2] if isinstance(tau2, Tau2Method) else permutation_kernel.KNOWN,
        SCALING[IntervalMethod(str(fit.options["ci"]))],
        normal_quantile(fit.level) / t_quantile(fit.level, df),
        tuple(fit.position(name) for name in fit.moderator_test.names),
    )


def grid_of(model: Model, y: FloatArray, df: int, *, flips: bool = False) -> FloatArray:
    """Return values of tau² from 0 to `highest_tau2`, denser near 0."""
    v = model.v
    smallest, high = float(v.min()), highest_tau2(model, y, df, flips=flips)
    count = max(8, int(np.ceil(np.log1p(high / smallest) / GRID_STEP)))
    return np.asarray(smallest * np.expm1(np.linspace(0.0, np.log1p(high / smallest), count + 1)))


def highest_tau2(model: Model, y: FloatArray, df: int, *, flips: bool = False) -> float:
    """Return where every likelihood of `df` degrees of freedom falls, whichever studies it has."""
    centred = y if flips else y - y.mean()
    squares = float(max((centred**2).sum(), 1e-300)) if _has_constant(model) else float((y**2).sum())
    return 1.01 * max(float(model.v.max()), 2.0 * squares / df)


def _has_constant(model: Model) -> bool:
    """Return whether the design has a constant column."""
    matrix = model.basis.matrix
    return bool((matrix == matrix[0]).all(axis=0).any())


def run(model: Model, y: FloatArray, plan: Plan, *, repeats: int = 1) -> Fits:
    """Fit every permutation of a plan, on several threads where numba is installed and worth it.

    Parameters
    ----------
    model : Model
        The fit, scale-free.
    y : ndarray, shape (k,)
        Effects, scale-free.
    plan : Plan
        Permutations.
    repeats : int
        How often such a plan is run.

    Returns
    -------
    Fits
    """
    p = model.basis.matrix.shape[1]
    size = plan.size
    fits = Fits(np.empty((size, p)), np.empty((size, p)), np.empty(size))
    compiled = permutation_kernel.compiled() if size * repeats >= WORTH_COMPILING else None
    kernel = permutation_batch.statistics if compiled is None else compiled
    grid = grid_of(model, y, y.size - p, flips=plan.signs.shape[0] > 1)

    def fill(low: int, high: int) -> None:
        part = plan.part(low, high)
        kernel(
            y,
            model.v,
            model.basis.matrix,
            model.basis.back,
            np.ascontiguousarray(part.orders),
            np.ascontiguousarray(part.signs),
            grid,
            model.known,
            model.method,
            model.scaling,
            model.ratio,
            np.array(model.tested, dtype=np.int64),
            fits.coefficients[low:high],
            fits.tests[low:high],
            fits.joint[low:high],
        )

    threads = 1 if compiled is None else min(cores(), max(1, size // SHARE))
    step = BATCH if compiled is None else -(-size // threads)
    in_chunks(fill, np.append(np.arange(0, size, step), size), threads=threads)
    perfect = np.isinf(fits.tests[:, list(model.tested)]).any(axis=1)  # no residual: certain, not unknown
    fits.joint[perfect] = np.inf
    return fits
