"""Scale-free data on which every estimator of tau² works, and the model evaluated at values of tau².

Three forms with the same answers. `Layout` is the usual meta-analysis with one mean: sums over studies,
most precise study first and at 0, so that weights which differ by twenty-four orders of magnitude keep
their digits. `Contrasts` is any other full-rank design X of shape (k, p): with K an orthonormal basis of
the complement of X, the eigenvalues d of K'VK and the contrasts z of the effects along its eigenvectors
turn every quantity into a sum over k - p numbers, because P = K (K'VK + tau² I)⁻¹ K' (Harville 1977).
Singular values of √V K give d = σ²; where the variances differ by more than eight orders of magnitude
they come from one-sided Jacobi rotations, which keep the relative accuracy of the small ones
(Drmač & Veselić, SIAM J Matrix Anal Appl 29 (2008) 1322-1362). `TallDesign` is such a design with many
rows, whose decomposition would cost k³: the same quantities by QR at each tau², linear in k.

All divide the variances by their median, so that no tolerance depends on the unit of the outcome.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg

from evergrove.errors import DataError
from evergrove.stats.tau2.tall_design import TallDesign, tall_design

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray

#: Ratio of variances above which the plain singular value decomposition loses digits that matter.
LARGEST_PLAIN_RATIO = 1e8
#: With more studies than this a design is not decomposed: QR at each tau² is faster, and linear in k.
MOST_DECOMPOSED = 400
#: A design is of full rank where its smallest singular value (unit columns) is above this.
SMALLEST_SINGULAR_VALUE = 1e-10


class Layout(NamedTuple):
    """One mean: scale-free effects and variances, most precise study first and at 0.

    Parameters
    ----------
    effects, variances : ndarray, shape (k,)
        (y - y of the most precise study) / √scale, and v / scale, in `order`.
    order : ndarray of int, shape (k,)
        Row of the input at each place.
    scale : float
        The median variance.
    df : int
        k - 1.
    sum_of_squares : float
        Unweighted residual sum of squares of the effects.
    smallest, largest : float
        Variances.
    """

    effects: FloatArray
    variances: FloatArray
    order: NDArray[np.intp]
    scale: float
    df: int
    sum_of_squares: float
    smallest: float
    largest: float

    @property
    def design(self) -> FloatArray:
        """The design in `order`: a column of ones."""
        return np.ones((self.effects.size, 1))


class Contrasts(NamedTuple):
    """Any full-rank design: the fields of `Layout`, the design, and the contrasts that replace it.

    Parameters
    ----------
    effects, variances, order, scale, df, sum_of_squares, smallest, largest
        As `Layout`; `effects` are residuals of the fit at weights 1/v, and df is k - p.
    design : ndarray, shape (k, p)
        Rows in `order`.
    contrasts, spreads : ndarray, shape (k - p,)
        z and d: independent contrasts of the effects and their sampling variances.
    """

    effects: FloatArray
    variances: FloatArray
    order: NDArray[np.intp]
    scale: float
    df: int
    sum_of_squares: float
    smallest: float
    largest: float
    design: FloatArray
    contrasts: FloatArray
    spreads: FloatArray


class Profile(NamedTuple):
    """Quantities of the weighted model at values of tau², each of shape (m,).

    Parameters
    ----------
    q : ndarray
        Generalised Q: y'Py.
    trace : ndarray
        trace(P); for one mean Σ w - Σ w² / Σ w.
    squares : ndarray
        y'PPy: Σ w² (residual)².
    log_likelihood : ndarray
        Restricted log-likelihood without its constant.
    weights : ndarray
        Σ w, the expected value of y'PPy under full maximum likelihood.
    full_log_likelihood : ndarray
        Log-likelihood without its constant.
    """

    q: FloatArray
    trace: FloatArray
    squares: FloatArray
    log_likelihood: FloatArray
    weights: FloatArray
    full_log_likelihood: FloatArray

    @property
    def score(self) -> FloatArray:
        """Derivative of the restricted log-likelihood."""
        return 0.5 * (self.squares - self.trace)

    @property
    def full_score(self) -> FloatArray:
        """Derivative of the log-likelihood."""
        return 0.5 * (self.squares - self.weights)


#: What `lay_out` returns.
AnyLayout = Layout | Contrasts | TallDesign


def lay_out(yi: FloatArray, vi: FloatArray, design: FloatArray | None = None) -> AnyLayout:
    """Return the scale-free data on which the kernels work.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.
    design : ndarray, shape (k, p), or None
        Full-rank design with its own intercept column where one is meant; None, or one constant column,
        is the mean alone.

    Returns
    -------
    Layout, Contrasts or TallDesign
        The last for designs with more than 400 rows.

    Raises
    ------
    DataError
        For a design of another length, with a value that is not finite, or not of full rank.
    """
    scale = float(np.median(vi))
    order = np.lexsort((yi, vi))
    y = (yi[order] - yi[order[0]]) / math.sqrt(scale)
    v = vi[order] / scale
    if design is None or (design.shape == (yi.size, 1) and _is_constant(design)):
        spread = float(np.sum((y - y.mean()) ** 2))
        return Layout(y, v, order, scale, int(yi.size - 1), spread, float(v[0]), float(v[-1]))
    x = _unit_columns(design, int(yi.size))[order]
    # residuals of a first fit: what is subtracted lies in the span of the design and changes no contrast
    y = y + yi[order[0]] / math.sqrt(scale)
    first, triangle = np.linalg.qr(x / np.sqrt(v)[:, np.newaxis])
    residual = y - x @ linalg.solve_triangular(triangle, first.T @ (y / np.sqrt(v)))
    if yi.size > MOST_DECOMPOSED:
        return tall_design(residual, v, order, scale, x)
    contrasts, spreads = _contrasts(residual, v, x)
    return Contrasts(
        residual,
        v,
        order,
        scale,
        int(yi.size - x.shape[1]),
        float((contrasts**2).sum()),
        float(v[0]),
        float(v[-1]),
        x,
        contrasts,
        spreads,
    )


def _is_constant(design: FloatArray) -> bool:
    """Say whether a design of one column is the intercept."""
    return bool(np.all(design == design[0, 0]) and design[0, 0] != 0)


def _unit_columns(design: FloatArray, k: int) -> FloatArray:
    """Return the design with columns of length 1, checked for shape, finite values and rank."""
    if design.ndim != 2 or design.shape[0] != k:
        raise DataError(
            f"design: found shape {design.shape}; allowed: ({k}, p), one row per study; "
            "pass one column per coefficient"
        )
    length = np.sqrt((design**2).sum(axis=0))
    if not (np.isfinite(design).all() and (length > 0).all() and design.shape[1] <= k):
        raise DataError(
            f"design: found {design.shape[1]} columns for {k} studies, or a column of zeros, or a value that "
            "is not finite; allowed: finite columns, no more than studies; drop the column or the row"
        )
    unit: FloatArray = design / length
    if np.linalg.svd(unit, compute_uv=False)[-1] <= SMALLEST_SINGULAR_VALUE:
        raise DataError(
            "design: found columns that depend on each other; allowed: a design of full rank; "
            "drop a column that the others determine"
        )
    return unit


def _contrasts(residual: FloatArray, v: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return independent contrasts of the effects and their sampling variances."""
    complement = linalg.qr(x)[0][:, x.shape[1] :]
    if complement.shape[1] == 0:
        return np.zeros(0), np.zeros(0)
    spread = np.sqrt(v)[:, np.newaxis] * complement
    if v[-1] / v[0] <= LARGEST_PLAIN_RATIO:
        _, sigma, transposed = np.linalg.svd(spread, full_matrices=False)
        return transposed @ (complement.T @ residual), sigma**2
    sigma, _, vectors, work, _, info = linalg.lapack.dgejsv(spread, joba=2, jobu=0, jobv=1)
    if info != 0:
        raise DataError(
            f"vi (sampling variance): found a largest {v[-1] / v[0]:.1e} times the smallest with a design "
            "that cannot be decomposed; allowed: variances of comparable size; leave the extreme study out"
        )
    return vectors.T @ (complement.T @ residual), (sigma * (work[0] / work[1])) ** 2


def profile(data: AnyLayout, tau2: FloatArray) -> Profile:
    """Evaluate the model at several values of tau² at once.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        Scale-free data.
    tau2 : ndarray, shape (m,)
        Values on the layout's scale, not below 0.

    Returns
    -------
    Profile
        Restricted likelihood of Harville 1977; for one mean see Viechtbauer 2005.
    """
    if isinstance(data, TallDesign):
        return _tall_profile(data, tau2)
    total = data.variances + tau2[:, np.newaxis]
    w = 1.0 / total
    logs = np.log(total).sum(axis=1)
    if isinstance(data, Contrasts):
        spread = data.spreads + tau2[:, np.newaxis]
        q = (data.contrasts**2 / spread).sum(axis=1)
        restricted = -0.5 * (np.log(spread).sum(axis=1) + q)
        squares = ((data.contrasts / spread) ** 2).sum(axis=1)
        return Profile(q, (1.0 / spread).sum(axis=1), squares, restricted, w.sum(axis=1), -0.5 * (logs + q))
    rest = w[:, 1:].sum(axis=1)
    all_weight = w[:, 0] + rest
    residual = data.effects - (w * data.effects).sum(axis=1)[:, np.newaxis] / all_weight[:, np.newaxis]
    weighted = w * residual
    q = (weighted * residual).sum(axis=1)
    others = all_weight[:, np.newaxis] - w
    others[:, 0] = rest
    trace = (w * others).sum(axis=1) / all_weight
    restricted = -0.5 * (logs + np.log(all_weight) + q)
    return Profile(q, trace, (weighted**2).sum(axis=1), restricted, all_weight, -0.5 * (logs + q))


def _tall_profile(data: TallDesign, tau2: FloatArray) -> Profile:
    """Evaluate a design of many rows, one tau² after the other."""
    found = np.array([data.at(float(one)) for one in tau2])
    q, trace, squares, _, weights, logs, gram = found.T
    return Profile(q, trace, squares, -0.5 * (logs + gram + q), weights, -0.5 * (logs + q))


def profile_at(data: AnyLayout, tau2: float) -> Profile:
    """Return the profile at one tau², each entry an array of one."""
    return profile(data, np.array([tau2]))


def generalised_q(data: AnyLayout, tau2: float) -> float:
    """Return Q at weights 1 / (v + tau²)."""
    return float(profile_at(data, tau2).q[0])


def trace_of_square(data: AnyLayout, tau2: float) -> float:
    """Return trace(PP) at weights 1 / (v + tau²): the sum of squares of the entries of P."""
    if isinstance(data, TallDesign):
        return data.at(tau2).trace_of_square
    if isinstance(data, Contrasts):
        return float((1.0 / (data.spreads + tau2) ** 2).sum())
    w = 1.0 / (data.variances + tau2)
    rest = w[1:]
    all_weight = float(w[0] + rest.sum())
    own = np.concatenate(([rest.sum()], all_weight - rest)) / all_weight
    pairs = float((rest**2).sum()) ** 2 - float((rest**4).sum())
    cross = 2.0 * float(w[0] ** 2 * (rest**2).sum()) + max(0.0, pairs)
    return float(((w * own) ** 2).sum()) + cross / all_weight**2


def residual_variances(data: AnyLayout) -> tuple[float, float]:
    """Return trace(MV) and trace(MVMV) of the unweighted fit with residual projection M.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        Scale-free data.

    Returns
    -------
    first, second : float
        What the variances add to the residual sum of squares; half the variance of that.
    """
    if isinstance(data, TallDesign):
        return data.residual_variances()
    if isinstance(data, Contrasts):
        return float(data.spreads.sum()), float((data.spreads**2).sum())
    v, k = data.variances, data.variances.size
    plain = float(v.sum())
    return plain * data.df / k, float((v**2).sum()) * (1.0 - 2.0 / k) + (plain / k) ** 2
