"""All subsets of a meta-regression, or many at random: the coefficients of each (GOSH with moderators)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.bulk.fits import contains, cores, in_chunks
from evergrove.stats.bulk.subsets import chosen_subsets, holding
from evergrove.stats.options import PoolModel
from evergrove.stats.regression import subset_kernel
from evergrove.stats.regression.permuted_fits import (
    WORTH_COMPILING,
    grid_of,
    highest_tau2,
    known_number,
    model_of,
)
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import Result, wanted_result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.regression.permuted_fits import Model

#: Subsets that a thread takes at a time, and that NumPy fits together.
CHUNK, TOGETHER = 8_192, 4_096


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GoshRegression(Result):
    """Coefficients and residual heterogeneity of each subset of the studies.

    Parameters
    ----------
    names : tuple of str
        Coefficients.
    k : ndarray of int, shape (s,)
        Studies in each subset.
    coefficients : ndarray, shape (s, p)
        NaN where a subset does not determine them: a level of a factor is gone, a moderator constant, or,
        where tau² is estimated, no study is left over for it.
    tau2, i2, h2, q : ndarray, shape (s,)
        As in `MetaRegressionResult`.
    studies : int
        Studies of the whole meta-regression.
    every : bool
        Whether these are all subsets of as many studies as coefficients or more; else a sample.
    seed : int or None
        Of the sample.
    model, tau2_method : str
        Of every fit.
    members : ndarray of uint32, shape (s, words)
        Bit i of the words says whether study i is in; see `contains`.
    """

    names: tuple[str, ...]
    k: NDArray[np.int64]
    coefficients: FloatArray
    tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    q: FloatArray
    studies: int
    every: bool
    seed: int | None
    model: str
    tau2_method: str
    members: NDArray[np.uint32]

    HIDDEN = ("members",)

    def __len__(self) -> int:
        return int(self.k.size)

    @property
    def estimable(self) -> BoolArray:
        """Which subsets determine the model."""
        return np.asarray(np.isfinite(self.coefficients).all(axis=1))

    def coefficient(self, name: str) -> FloatArray:
        """Return one coefficient of every subset, shape (s,).

        Raises
        ------
        UsageError
            Where there is no such coefficient.
        """
        if name not in self.names:
            raise UsageError(
                f"coefficient: found {name!r}; allowed: {', '.join(self.names)}; take one of them"
            )
        return np.asarray(self.coefficients[:, self.names.index(name)])

    def contains(self, study: int) -> BoolArray:
        """Return which subsets hold a study, counted from 0.

        Raises
        ------
        UsageError
            Where there is no such study.
        """
        return holding(self.members, study, self.studies)

    def __repr__(self) -> str:
        kind = "all" if self.every else "random"
        return (
            f"<GoshRegression {len(self)} {kind} subsets of {self.studies} studies, "
            f"{int(self.estimable.sum())} estimable; {', '.join(self.names)}>"
        )

    def columns(self) -> dict[str, Any]:
        """Return one row per subset."""
        own = {name: getattr(self, name) for name in ("k", "q", "i2", "h2", "tau2")}
        return own | {name: self.coefficients[:, at] for at, name in enumerate(self.names)}


def gosh_regression(
    fit: MetaRegressionResult,
    *,
    subsets: int | None = None,
    rng: np.random.Generator | int | None = None,
) -> GoshRegression:
    """Fit a meta-regression to every subset of its studies, or to many at random.

    Parameters
    ----------
    fit : MetaRegressionResult
        Of `meta_regression`; its model and estimator of tau² are used for every subset.
    subsets : int or None
        How many subsets at random; all where there are no more than that. None is all up to 20 studies,
        and 1,000,000 at random beyond.
    rng : Generator, int or None
        For random subsets; the seed is recorded.

    Returns
    -------
    GoshRegression
        All subsets come in the order of their number in binary, study 0 the last digit, those with fewer
        studies than coefficients left out. Sorted by `k` (stably) that is the order of metafor's ``gosh``.

    Raises
    ------
    UsageError
        For weights of one's own, an estimator that needs them, ``centred=True``, as many coefficients as
        studies, or a number of subsets below 1.

    See Also
    --------
    gosh : one mean.
    gosh_plot : the picture, of one coefficient and `i2`.

    Notes
    -----
    A look for studies that carry a slope: plot `coefficient` against `i2` and colour the subsets that hold a
    study. No test: the subsets share their studies, and slopes of few studies are wild. Random subsets have
    each study with probability 1/2 (metafor's). With numba (extra ``fast``) compiled.

    References
    ----------
    [Olkin2012].

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> dose = {"dose": [1, 2, 3, 4]}
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.9], [0.04, 0.02, 0.03, 0.01], dose, tau2="DL")
    >>> gosh_regression(fit)
    <GoshRegression 11 all subsets of 4 studies, 5 estimable; intercept, dose>
    """
    fit = wanted_result("fit", fit, MetaRegressionResult)
    model = model_of(fit, "gosh_regression")
    n, p = model.basis.matrix.shape
    members, sizes, every, seed = chosen_subsets(n, subsets, rng, least=p)
    found = _fitted(model, fit.options["tau2"], members, sizes)
    tau2, q, trace = found[:, 0], found[:, 1], found[:, 2]
    df = (sizes - p).astype(np.float64)
    common = fit.model == PoolModel.COMMON
    known, over = np.isfinite(tau2), df > 0
    ratio = np.divide(q, df, out=np.ones(df.size), where=over)
    typical = np.divide(df, trace, out=np.full(df.size, np.inf), where=over)
    shares = (
        100.0 * np.maximum(0.0, 1.0 - 1.0 / np.maximum(ratio, 1.0))
        if common
        else 100.0 * tau2 / (tau2 + typical)
    )
    return GoshRegression(
        names=fit.names,
        k=sizes,
        coefficients=found[:, 3:] @ model.basis.back.T * np.sqrt(model.unit),
        tau2=tau2 * model.unit,
        i2=np.where(known, shares, np.nan),
        h2=np.where(known, ratio if common else tau2 / typical + 1.0, np.nan),
        q=q,
        studies=n,
        every=every,
        seed=seed,
        model=str(fit.model),
        tau2_method=str(fit.options["tau2"]),
        members=members,
    )


def _fitted(model: Model, tau2: object, members: NDArray[np.uint32], sizes: NDArray[np.int64]) -> FloatArray:
    """Return what the kernel writes for each subset, shape (s, 3 + p)."""
    n, p = model.basis.matrix.shape
    by_size = [max(1, k - p) for k in range(n + 1)]
    known = np.array([known_number(tau2, k, df, model.unit) for k, df in enumerate(by_size)])
    grid = grid_of(model, model.y, 1)
    tops = [highest_tau2(model, model.y, df) for df in by_size]
    ends = np.minimum(np.searchsorted(grid, tops) + 1, grid.size)
    data = (model.y, model.v, np.ascontiguousarray(model.basis.matrix))
    out = np.empty((sizes.size, len(subset_kernel.NUMBERS) + p))
    compiled = subset_kernel.compiled() if sizes.size >= WORTH_COMPILING else None
    if compiled is not None:

        def work(begin: int, end: int) -> None:
            compiled(*data, members[begin:end], grid, ends, known, model.method, out[begin:end])

        in_chunks(work, np.append(np.arange(0, sizes.size, CHUNK), sizes.size), threads=cores())
        return out
    for k in np.unique(sizes).tolist():
        alike = np.flatnonzero(sizes == k)
        for begin in range(0, alike.size, TOGETHER):
            part = alike[begin : begin + TOGETHER]
            rows = np.nonzero(contains(members[part], np.arange(n)))[1].reshape(part.size, k)
            out[part] = subset_kernel.fit_equal_subsets(
                *data, rows, grid[: ends[k]], float(known[k]), model.method
            )
    return out
