"""Arms of one trial joined into one, and a control that several comparisons share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FloatArray, column, refuse_rows, same_length
from evergrove.stats.result import Result
from evergrove.stats.scalars import above, finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


#: Shares into which an arm is split at most.
MOST_SHARES = 1000


@dataclass(frozen=True, slots=True, repr=False)
class CombinedArm(Result):
    """Several arms as one.

    Parameters
    ----------
    n : float
        Patients.
    mean, sd : float
        Of all patients together; NaN for events.
    events : float
        Of all patients together; NaN for means.
    arms : int
        How many were joined.
    """

    n: float
    mean: float
    sd: float
    events: float
    arms: int

    def __repr__(self) -> str:
        value = (
            f"{self.events:g} events" if math.isnan(self.mean) else f"mean {self.mean:.4f}, SD {self.sd:.4f}"
        )
        return f"<CombinedArm {value}, n={self.n:g}, {self.arms} arms>"


def combine_arms(
    n: ArrayLike,
    *,
    mean: ArrayLike | None = None,
    sd: ArrayLike | None = None,
    events: ArrayLike | None = None,
) -> CombinedArm:
    """Join two or more arms of a trial into one.

    Parameters
    ----------
    n : array-like, shape (arms,)
        Patients, 1 or more each.
    mean, sd : array-like, shape (arms,), or None
        Both, in one unit, SD not below 0.
    events : array-like, shape (arms,), or None
        Instead of means: 0 to n.

    Returns
    -------
    CombinedArm
        The mean and SD that all patients together have: sums of squares within and between arms over n - 1
        (Cochrane Handbook, table 6.5.a, for any number of arms).

    Raises
    ------
    DataError
        For fewer than two arms, missing numbers, events above n, and where neither or both kinds are given.

    Notes
    -----
    Join arms that the review regards as one intervention; arms that differ in dose belong in a
    dose-response analysis, or each with a share of the control (`split_arm`).

    References
    ----------
    [CochraneHandbook], section 6.5.2.10.

    Examples
    --------
    >>> both = combine_arms([20, 30], mean=[10.0, 12.0], sd=[2.0, 3.0])
    >>> round(both.mean, 2), round(both.sd, 4)
    (11.2, 2.8031)
    """
    if (events is None) == (mean is None) or (mean is None) != (sd is None):
        raise DataError(
            "combine_arms: found not one kind of outcome; allowed: mean with sd, or events; give one of them"
        )
    given = {"n": n, "mean": mean, "sd": sd, "events": events}
    columns = {name: column(name, values) for name, values in given.items() if values is not None}
    if "n" not in columns:
        raise DataError("combine_arms: found no n; allowed: the patients of each arm; give n")
    arms = same_length(columns)
    if arms < 2:
        raise DataError(f"combine_arms: found {arms} arm; allowed: 2 and more; there is nothing to join")
    for name, values in columns.items():
        refuse_rows(name, values, ~np.isfinite(values), allowed="a finite number", todo="leave the arm out")
    sizes = columns["n"]
    refuse_rows("n", sizes, sizes < 1, allowed="1 and more", todo="leave the arm out")
    total = float(sizes.sum())
    if events is not None:
        counts = columns["events"]
        refuse_rows(
            "events", counts, (counts < 0) | (counts > sizes), allowed="0 to n", todo="check the counts"
        )
        return CombinedArm(total, math.nan, math.nan, float(counts.sum()), arms)
    spread = columns["sd"]
    refuse_rows("sd", spread, spread < 0, allowed="0 and more", todo="check the standard deviation")
    return _joined(sizes, columns["mean"], spread)


def _joined(sizes: FloatArray, means: FloatArray, spread: FloatArray) -> CombinedArm:
    """Return the mean and SD of all patients together."""
    total = float(sizes.sum())
    mean = float(sizes @ (means - means[0])) / total + float(means[0])
    squares = float((sizes - 1.0) @ spread**2 + sizes @ (means - mean) ** 2)
    sd = math.sqrt(squares / (total - 1.0)) if total > 1 else math.nan
    return CombinedArm(total, mean, sd, math.nan, int(sizes.size))


@dataclass(frozen=True, slots=True, repr=False)
class SplitArm(Result):
    """The share of a control that one of several comparisons takes.

    Parameters
    ----------
    n : tuple of float
        Patients of each share; they need not be whole.
    events : tuple of float or None
        Events of each share, in proportion; None for means (mean and SD stay as they are).
    """

    n: tuple[float, ...]
    events: tuple[float, ...] | None

    def __repr__(self) -> str:
        return f"<SplitArm {len(self.n)} shares of n = {', '.join(f'{size:g}' for size in self.n)}>"

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per share."""
        rows = {"n": np.array(self.n)}
        return rows if self.events is None else {**rows, "events": np.array(self.events)}


def split_arm(
    n: float, shares: int | ArrayLike, *, events: float | None = None, whole: bool = False
) -> SplitArm:
    """Divide a control among the comparisons that share it, so that no patient counts twice.

    Parameters
    ----------
    n : float
        Patients of the control, 1 or more.
    shares : int or array-like
        How many equal shares, or the sizes of the arms that it is compared with (shares in proportion).
    events : float or None
        Events of the control, 0 to n.
    whole : bool
        Whether shares are rounded to whole patients and events, the remainder to the first shares.

    Returns
    -------
    SplitArm
        For means: each share keeps the control's mean and SD.

    Raises
    ------
    DataError
        For fewer than two shares, or events above n.

    Notes
    -----
    Cochrane Handbook 23.3.4: an approximation; the comparisons are still correlated. A multivariate model
    with the covariance of the shared control, or joined arms (`combine_arms`), lose less.

    References
    ----------
    [CochraneHandbook], section 23.3.4.

    Examples
    --------
    >>> split_arm(61, 2, events=7, whole=True)
    <SplitArm 2 shares of n = 31, 30>
    """
    size = above("n", n, 0.0, todo="give the arm's patients")
    if isinstance(shares, int) and not isinstance(shares, bool) and 0 <= shares <= MOST_SHARES:
        weights = np.ones(shares)
    else:
        weights = column("shares", shares)
    bad = weights.size < 2 or not np.isfinite(weights).all() or (weights <= 0).any()
    if bad or not math.isfinite(size) or size < 1:
        raise DataError(
            f"split_arm: found n={n!r} and shares={shares!r}; allowed: n of 1 and more, at least 2 shares "
            "above 0; there is nothing to split"
        )
    if events is not None and not 0 <= finite("events", events) <= size:
        raise DataError(f"split_arm: found {events!r} events of {n!r}; allowed: 0 to n; check the counts")
    part = weights / weights.sum()
    sizes = _whole(size, part) if whole else size * part
    counts = None
    if events is not None:
        counts = _whole(float(events), part) if whole else float(events) * part
    return SplitArm(
        tuple(float(x) for x in sizes), None if counts is None else tuple(float(x) for x in counts)
    )


def _whole(total: float, part: FloatArray) -> FloatArray:
    """Return whole shares that add up, the largest remainders rounded up, earlier ones first."""
    exact = round(total) * part
    floor = np.floor(exact + 1e-9)
    missing = int(round(total) - floor.sum())
    order = np.argsort(-(exact - floor), kind="stable")
    floor[order[:missing]] += 1.0
    return floor
