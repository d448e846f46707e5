"""The model at values of tau² for a design with many rows: sums by QR, linear in their number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray


class Projected(NamedTuple):
    """What depends on P at one tau², for weights w = 1 / (v + tau²).

    Parameters
    ----------
    q, trace, squares : float
        y'Py, trace(P), y'PPy.
    trace_of_square : float
        trace(PP).
    weights, log_variances : float
        Σ w and Σ log(v + tau²).
    log_gram : float
        log det(X'WX) - log det(X'X).
    """

    q: float
    trace: float
    squares: float
    trace_of_square: float
    weights: float
    log_variances: float
    log_gram: float


class TallDesign(NamedTuple):
    """Any full-rank design without its contrasts; the fields are those of `Contrasts` that it shares.

    Parameters
    ----------
    effects, variances, order, scale, df, sum_of_squares, smallest, largest, design
        As `Contrasts`.
    log_gram : float
        log det(X'X).
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
    log_gram: float

    def at(self, tau2: float) -> Projected:
        """Return the model at a tau².

        With √W X = QR, P = √W (I - QQ') √W, so that every trace is a sum over rows and over p x p entries.
        The heaviest rows come first, which keeps the digits of the light ones (Cox & Higham 1998).
        """
        total = self.variances + tau2
        w = 1.0 / total
        root = np.sqrt(w)
        basis, triangle = np.linalg.qr(root[:, np.newaxis] * self.design)
        left = root * self.effects
        for _ in range(2):  # once more for what rounding left in the span
            left = left - basis @ (basis.T @ left)
        share = (basis**2).sum(axis=1)
        inner = basis.T @ (w[:, np.newaxis] * basis)
        gram = 2.0 * float(np.log(np.abs(np.diag(triangle))).sum())
        return Projected(
            float(left @ left),
            float((w * (1.0 - share)).sum()),
            float((w * left**2).sum()),
            float((w**2 * (1.0 - 2.0 * share)).sum() + (inner**2).sum()),
            float(w.sum()),
            float(np.log(total).sum()),
            gram - self.log_gram,
        )

    def residual_variances(self) -> tuple[float, float]:
        """Return trace(MV) and trace(MVMV), M = I - X(X'X)⁻¹X'."""
        basis, _ = np.linalg.qr(self.design)
        share, v = (basis**2).sum(axis=1), self.variances
        inner = basis.T @ (v[:, np.newaxis] * basis)
        return (
            float((v * (1.0 - share)).sum()),
            float((v**2 * (1.0 - 2.0 * share)).sum() + (inner**2).sum()),
        )


def tall_design(
    effects: FloatArray,
    variances: FloatArray,
    order: NDArray[np.intp],
    scale: float,
    design: FloatArray,
) -> TallDesign:
    """Return the layout of scale-free data without contrasts.

    Parameters
    ----------
    effects, variances : ndarray, shape (k,)
        Scale-free, most precise first; effects up to what lies in the span of the design.
    order : ndarray of int, shape (k,)
        Row of the input at each place.
    scale : float
        The median variance.
    design : ndarray, shape (k, p)
        Of full rank, rows in `order`.

    Returns
    -------
    TallDesign
    """
    basis, triangle = np.linalg.qr(design)
    rest = effects - basis @ (basis.T @ effects)
    return TallDesign(
        effects,
        variances,
        order,
        scale,
        int(effects.size - design.shape[1]),
        float(rest @ rest),
        float(variances[0]),
        float(variances[-1]),
        design,
        2.0 * math.fsum(np.log(np.abs(np.diag(triangle)))),
    )
