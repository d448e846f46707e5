"""Effects and variances from whatever each study prints: an interval, a test statistic, a p value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, column, refuse_rows, row_names, same_length
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import Scale
from evergrove.stats.result import Result
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

#: The estimate may be off the interval's middle by this share of its width (metafor's ``cifac``).
ASYMMETRY = 0.1


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ConvertedEffects(Result):
    """Effects and variances on the pooling scale, one per study.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        NaN where nothing was printed that gives them.
    sources : tuple of str
        What the variance came from: ``"standard error"``, ``"interval"``, ``"statistic"``, ``"p value"`` or
        nothing.
    scale : Scale
        ``"log"`` for ratios.
    options : mapping
        As resolved.
    diagnostics : tuple of Diagnostic
        ``interval-not-symmetric``, ``estimate-from-interval``, ``no-variance``.
    """

    yi: FloatArray
    vi: FloatArray
    sources: tuple[str, ...]
    scale: Scale
    options: Mapping[str, object]
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return f"<ConvertedEffects {int(np.isfinite(self.vi).sum())} of {self.yi.size}, {self.scale} scale>"

    def summary(self) -> str:
        """Return one line per study."""
        lines = [repr(self)]
        for row, source in enumerate(self.sources):
            value = (
                f"{self.yi[row]:.4f}, variance {self.vi[row]:.4g} from {source}" if source else "no variance"
            )
            lines.append(f"row {row}: {value}")
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per study."""
        return {"yi": self.yi, "vi": self.vi, "source": np.array(self.sources)}


def _quantiles(tail: FloatArray, df: FloatArray) -> FloatArray:
    """Return upper quantiles of t, or of the normal where `df` is missing."""
    normal = np.isnan(df)
    return np.asarray(
        -np.where(normal, special.ndtri(tail), special.stdtrit(np.where(normal, 1.0, df), tail)),
        dtype=np.float64,
    )


def _logged(columns: dict[str, FloatArray]) -> None:
    """Take logs of estimates and limits, in place."""
    for name in ("estimate", "ci_low", "ci_high"):
        todo = "give the ratio itself, not its log"
        refuse_rows(name, columns[name], columns[name] <= 0, allowed="above 0 for a ratio", todo=todo)
        columns[name] = np.log(columns[name])


def effects_from_printed(
    *,
    estimate: ArrayLike | None = None,
    se: ArrayLike | None = None,
    ci_low: ArrayLike | None = None,
    ci_high: ArrayLike | None = None,
    statistic: ArrayLike | None = None,
    p_value: ArrayLike | None = None,
    df: ArrayLike | None = None,
    log: bool = False,
    level: float = 0.95,
) -> ConvertedEffects:
    """Return effects and variances from what each study prints.

    Parameters
    ----------
    estimate : array-like, shape (k,), or None
        On the natural scale. Missing beside an interval: its middle on the pooling scale is taken, and said.
    se : array-like or None
        Standard error on the pooling scale (of the log of a ratio), above 0; used first.
    ci_low, ci_high : array-like or None
        Limits on the natural scale; used next.
    statistic : array-like or None
        z or t; used next.
    p_value : array-like or None
        Two-sided, 0 to 1; used last.
    df : array-like or None
        Degrees of freedom of t intervals and t tests; missing means normal.
    log : bool
        Whether the effects are ratios: estimates and limits are logged.
    level : float
        Of the intervals.

    Returns
    -------
    ConvertedEffects

    Raises
    ------
    DataError
        For limits out of order, ratios not above 0, p values outside 0 to 1, or columns of different length.

    Notes
    -----
    metafor's ``conv.wald`` (normal only) and meta's ``metagen(lower, upper, pval, df)``. Of several, the one
    with the most digits decides: a standard error, an interval, a statistic, a p value. An estimate more
    than a tenth of the width off the interval's middle is named: another scale, another method or a
    misprint. A statistic or estimate of 0 gives no variance.

    References
    ----------
    [CochraneHandbook], section 6.3 and 6.5.2; [Altman2011a].

    See Also
    --------
    effect_from_ci : for one named measure, with a check of rounding.

    Examples
    --------
    >>> found = effects_from_printed(estimate=[0.7, 0.8], ci_low=[0.5, None], ci_high=[0.98, None],
    ...                              p_value=[None, 0.04], log=True)
    >>> found.vi.round(4), found.sources
    (array([0.0295, 0.0118]), ('interval', 'p value'))
    """
    given = {
        "estimate": estimate,
        "se": se,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "statistic": statistic,
        "p_value": p_value,
        "df": df,
    }
    level = checked_level(level)
    columns = _columns(given)
    if log:
        _logged(columns)
    low, high = columns["ci_low"], columns["ci_high"]
    refuse_rows("ci_low", low, low >= high, allowed="below ci_high", todo="check the printed limits")
    middle = (low + high) / 2.0
    from_interval = np.isnan(columns["estimate"]) & ~np.isnan(middle)
    yi = np.where(from_interval, middle, columns["estimate"])
    se_of = _standard_errors(columns, yi, level)
    vi, sources = np.full(yi.size, np.nan), np.full(yi.size, "", dtype=object)
    for name, values in se_of.items():
        fresh = np.isnan(vi) & np.isfinite(values) & (values > 0)
        vi[fresh], sources[fresh] = values[fresh] ** 2, name
    off = np.abs(middle - yi) > ASYMMETRY * (high - low)
    texts = {
        "interval-not-symmetric": (
            off,
            "the estimate is off the middle of its interval by over a tenth of the width",
        ),
        "estimate-from-interval": (
            from_interval,
            "no estimate was printed: the middle of the interval was taken",
        ),
        "no-variance": (np.isnan(vi), "nothing printed gives a variance"),
    }
    remarks = [
        Diagnostic(code, text, row_names(np.flatnonzero(bad)))
        for code, (bad, text) in texts.items()
        if bad.any()
    ]
    return ConvertedEffects(
        yi,
        vi,
        tuple(str(name) for name in sources),
        Scale.LOG if log else Scale.NATURAL,
        {"log": log, "level": level},
        tuple(remarks),
    )


def _columns(given: dict[str, ArrayLike | None]) -> dict[str, FloatArray]:
    """Return checked columns of one length; missing ones full of NaN."""
    present = {name: column(name, values) for name, values in given.items() if values is not None}
    if not present:
        raise DataError(
            "effects_from_printed: found no columns; allowed: estimates with intervals, and so on"
        )
    k = same_length(present)
    columns = {name: present.get(name, np.full(k, np.nan)) for name in given}
    p, df = columns["p_value"], columns["df"]
    refuse_rows("p_value", p, (p < 0) | (p > 1), allowed="0 to 1", todo="give the two-sided p value")
    refuse_rows("df", df, df <= 0, allowed="above 0", todo="n1 + n2 - 2 for two arms")
    refuse_rows("se", columns["se"], columns["se"] <= 0, allowed="above 0", todo="check the standard error")
    for name, values in columns.items():
        refuse_rows(name, values, np.isinf(values), allowed="finite", todo="leave it missing")
    return columns


def _standard_errors(columns: dict[str, FloatArray], yi: FloatArray, level: float) -> dict[str, FloatArray]:
    """Return the standard error by each source, in order of preference."""
    k, df = yi.size, columns["df"]
    width = (columns["ci_high"] - columns["ci_low"]) / (2.0 * _quantiles(np.full(k, (1.0 - level) / 2.0), df))
    statistic = np.abs(columns["statistic"])
    tails = np.where(columns["p_value"] > 0, columns["p_value"], np.nan) / 2.0
    of_p = _quantiles(tails, df)

    def ratio(size: FloatArray) -> FloatArray:
        out: FloatArray = np.full(k, np.nan)
        return np.divide(np.abs(yi), size, out=out, where=size > 0)

    return {
        "standard error": columns["se"],
        "interval": width,
        "statistic": ratio(statistic),
        "p value": ratio(of_p),
    }


def slope(transform: Callable[[float], float], at: float) -> float:
    """Return the derivative by Ridders' extrapolated central differences."""
    h = 1e-2 * max(abs(at), 1e-2)
    best, error = np.nan, np.inf
    table: list[list[float]] = []
    for row in range(10):
        width = h / 1.6**row
        line = [(transform(at + width) - transform(at - width)) / (2.0 * width)]
        for order in range(1, row + 1):
            factor = 1.6 ** (2 * order)
            line.append((factor * line[order - 1] - table[row - 1][order - 1]) / (factor - 1.0))
            change = max(abs(line[order] - line[order - 1]), abs(line[order] - table[row - 1][order - 1]))
            if change <= error:
                best, error = line[order], change
        table.append(line)
    return float(best)


def delta_method(
    yi: ArrayLike,
    vi: ArrayLike,
    transform: Callable[[float], float],
    *,
    derivative: Callable[[float], float] | None = None,
) -> ConvertedEffects:
    """Carry effects and their variances through a function.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects and sampling variances; NaN stays NaN.
    transform : callable
        Of one number, smooth at every effect.
    derivative : callable or None
        Its derivative; None differentiates numerically (Ridders 1982), to about ten digits.

    Returns
    -------
    ConvertedEffects
        ``transform(yi)`` and ``vi * derivative(yi)²``.

    Raises
    ------
    DataError
        For variances below 0, and where the function has no finite value or slope at an effect.

    Notes
    -----
    metafor's ``conv.delta``. First order: poor where the function bends within a standard error or two of the
    effect; then carry the limits of the interval instead.

    References
    ----------
    [Ridders1982].

    Examples
    --------
    >>> import math
    >>> found = delta_method([0.5], [0.04], math.exp)
    >>> [round(float(x[0]), 8) for x in (found.yi, found.vi)]
    [1.64872127, 0.10873127]
    """
    if not callable(transform):
        raise UsageError(f"transform: found {shown(transform)}; allowed: a function of one number; pass one")
    effects, variances = column("yi", yi), column("vi", vi)
    same_length({"yi": effects, "vi": variances})
    refuse_rows("vi", variances, variances < 0, allowed="0 and more", todo="give variances, not their logs")
    moved, slopes = np.full(effects.size, np.nan), np.full(effects.size, np.nan)
    for row in np.flatnonzero(np.isfinite(effects) & np.isfinite(variances)):
        at = float(effects[row])
        try:
            moved[row] = transform(at)
            slopes[row] = slope(transform, at) if derivative is None else derivative(at)
        except (ValueError, ArithmeticError):
            moved[row] = np.nan
        if not np.isfinite(moved[row] * slopes[row]):
            raise DataError(
                f"delta_method: row {row} is {at!r}, where the function has no finite value and slope; "
                "allowed: effects inside its domain; leave the row out"
            )
    missing = np.isnan(moved)
    text = "effect or variance is missing"
    remarks = (Diagnostic("no-variance", text, row_names(np.flatnonzero(missing))),) if missing.any() else ()
    sources = tuple("" if gap else "delta method" for gap in missing)
    return ConvertedEffects(
        moved,
        variances * slopes**2,
        sources,
        Scale.NATURAL,
        {"derivative": "given" if derivative else "numeric"},
        remarks,
    )
