"""The random-effects model with one mean, in plain arithmetic: moments, REML, ML, Paule-Mandel.

One source runs three ways, so that a million fits give the numbers of one fit. Interpreted, on lists of
floats, it fits one meta-analysis in microseconds; compiled by numba (where it is installed) it fits one of
many, or single ones faster; and `moments`, given rows of arrays, evaluates many meta-analyses of one size
side by side. So these functions keep to arithmetic, loops and floats.

All work on studies laid out: the most precise first, its effect at 0 and its variance 1. Then no tolerance
depends on a unit, and weights that differ by twelve orders of magnitude keep their digits.

Why no scan of the likelihood is needed. With P(t) = W - W11'W/1'W at the weights 1/(v + t), the quantities
A = y'PPy, B = tr P, C = y'PPPy and D = tr PP are sums of z²/(λ + t)² and the like with fixed z and λ > 0,
since P(t) has the same eigenvectors for every t: with K an orthonormal basis of the contrasts, it is
K(K'VK + t)⁻¹K'. Hence α = 1/√A and β = 1/B are rising concave functions of t, and twice the score, A - B, is
positive just where α² < β. Tangents and chords of concave functions then *prove*, from values at one or two
points, that a stretch holds no maximum, or one at most. Maximum likelihood has Σw and Σw² in the place of
B and D, which are sums of the same kind.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

#: A float, or an array of floats over many meta-analyses.
Number = Any
#: Floats of one meta-analysis (a list, or an array), or one array over many meta-analyses per study.
Studies = Any

#: Local maxima that are told apart.
MOST_MAXIMA = 8
#: Evaluations after which a search gives up.
MOST_EVALUATIONS = 2000
#: Steps of one root.
MOST_ROOT_STEPS = 200
#: Width, relative to the total variance, below which a stretch that could not be judged is taken by its ends.
NARROWEST = 1e-3
#: A maximum is near when it is within this share of the total variance.
NEAR = 0.1
#: Two maxima whose log-likelihoods differ by less than this are a tie; the smaller tau² is taken.
LIKELIHOOD_TIE = 1e-9
#: A root is found when a step is below this share of the total variance …
ROUNDING = 1e-15
#: … or when the next one, were it taken, would be below this.
ENOUGH = 1e-12

FOUND, NOT_FOUND = 0, 1


def moments_in_a_loop(tau2: Number, y: Studies, v: Studies) -> tuple[Number, ...]:
    """Return the sums of the model at one tau².

    Parameters
    ----------
    tau2 : float or ndarray, shape (g,)
        Not below 0.
    y, v : sequence of k floats, or of k arrays of shape (g,)
        Effects and variances, laid out; an infinite variance is a study that is not there.

    Returns
    -------
    tuple
        Σw, the mean, Q = Σw(y - mean)², A = y'PPy, B = tr P, C = y'PPPy, D = tr PP, Σw². No difference of
        large sums is taken: what the first study contributes to B, C and D is written out.
    """
    first = 1.0 / (v[0] + tau2)
    sum1 = sum2 = sum3 = sum_y = 0.0 * tau2
    for i in range(1, len(v)):
        w = 1.0 / (v[i] + tau2)
        ww = w * w
        sum1 = sum1 + w
        sum2 = sum2 + ww
        sum3 = sum3 + ww * w
        sum_y = sum_y + w * y[i]
    total = first + sum1
    mean = sum_y / total
    origin = -first * mean
    q = -origin * mean
    a = origin * origin
    apart1 = apart2 = 0.0 * tau2
    for i in range(1, len(v)):
        w = 1.0 / (v[i] + tau2)
        residual = y[i] - mean
        weighted = w * residual
        apart = weighted - origin
        q = q + weighted * residual
        a = a + weighted * weighted
        lever = w * apart
        apart1 = apart1 + lever
        apart2 = apart2 + lever * apart
    b = (2.0 * first * sum1 + (sum1 * sum1 - sum2)) / total
    c = apart2 - apart1 * apart1 / total
    d = (first * first * (sum1 * sum1 + 2.0 * sum2) + total * (total * sum2 - 2.0 * sum3) + sum2 * sum2) / (
        total * total
    )
    return total, mean, q, a, b, c, d, first * first + sum2


def moments_of_lists(tau2: float, y: list[float], v: list[float]) -> tuple[float, ...]:
    """Return `moments_in_a_loop`, bit for bit, in the form that is fastest interpreted."""
    w = [1.0 / (variance + tau2) for variance in v]
    first = w[0]
    studies = iter(zip(w, y, strict=True))
    next(studies)
    sum1 = sum2 = sum3 = sum_y = 0.0
    for weight, effect in studies:
        square = weight * weight
        sum1 += weight
        sum2 += square
        sum3 += square * weight
        sum_y += weight * effect
    total = first + sum1
    mean = sum_y / total
    origin = -first * mean
    q = -origin * mean
    a = origin * origin
    apart1 = apart2 = 0.0
    studies = iter(zip(w, y, strict=True))
    next(studies)
    for weight, effect in studies:
        residual = effect - mean
        weighted = weight * residual
        apart = weighted - origin
        q += weighted * residual
        a += weighted * weighted
        lever = weight * apart
        apart1 += lever
        apart2 += lever * apart
    b = (2.0 * first * sum1 + (sum1 * sum1 - sum2)) / total
    c = apart2 - apart1 * apart1 / total
    d = (first * first * (sum1 * sum1 + 2.0 * sum2) + total * (total * sum2 - 2.0 * sum3) + sum2 * sum2) / (
        total * total
    )
    return total, mean, q, a, b, c, d, first * first + sum2


def q_and_slope_in_a_loop(tau2: Number, y: Studies, v: Studies) -> tuple[Number, Number]:
    """Return the generalised Q at one tau², and minus its derivative y'PPy; as `moments_in_a_loop`."""
    first = 1.0 / (v[0] + tau2)
    sum1 = sum_y = 0.0 * tau2
    for i in range(1, len(v)):
        w = 1.0 / (v[i] + tau2)
        sum1 = sum1 + w
        sum_y = sum_y + w * y[i]
    mean = sum_y / (first + sum1)
    origin = first * mean
    q = origin * mean
    a = origin * origin
    for i in range(1, len(v)):
        residual = y[i] - mean
        weighted = residual / (v[i] + tau2)
        q = q + weighted * residual
        a = a + weighted * weighted
    return q, a


def sum_of_squares_in_a_loop(y: Studies) -> Number:
    """Return Σ(y - plain mean)²."""
    total = squares = 0.0 * y[0]
    for i in range(len(y)):
        total = total + y[i]
    mean = total / len(y)
    for i in range(len(y)):
        squares = squares + (y[i] - mean) * (y[i] - mean)
    return squares


def moments(tau2: Number, y: Studies, v: Studies) -> tuple[Number, ...]:
    """Return the sums of the model at one tau²: in a loop, or of whole arrays where there are many studies.

    Parameters and returns as `moments_in_a_loop`; one-dimensional arrays are the effects and variances of one
    meta-analysis.
    """
    if isinstance(v, list):
        return moments_of_lists(tau2, y, v)
    if v.ndim > 1:
        return moments_in_a_loop(tau2, y, v)
    w = 1.0 / (v + tau2)
    first, w = float(w[0]), w[1:]
    ww = w * w
    sum1, sum2, sum3 = float(w.sum()), float(ww.sum()), float((ww * w).sum())
    total = first + sum1
    mean = float((w * y[1:]).sum()) / total
    origin = -first * mean
    residual = y[1:] - mean
    weighted = w * residual
    apart = weighted - origin
    lever = w * apart
    q = -origin * mean + float((weighted * residual).sum())
    a = origin * origin + float((weighted * weighted).sum())
    b = (2.0 * first * sum1 + (sum1 * sum1 - sum2)) / total
    c = float((lever * apart).sum()) - float(lever.sum()) ** 2 / total
    d = first * first * (sum1 * sum1 + 2.0 * sum2) + total * (total * sum2 - 2.0 * sum3) + sum2 * sum2
    return total, mean, q, a, b, c, d / (total * total), first * first + sum2


def q_and_slope(tau2: Number, y: Studies, v: Studies) -> tuple[Number, Number]:
    """Return the generalised Q at one tau², and minus its derivative; arguments as in `moments`."""
    if isinstance(v, list) or v.ndim > 1:
        return q_and_slope_in_a_loop(tau2, y, v)
    w = 1.0 / (v + tau2)
    residual = y - float((w[1:] * y[1:]).sum()) / float(w[0] + w[1:].sum())
    weighted = w * residual
    return float((weighted * residual).sum()), float((weighted * weighted).sum())


def sum_of_squares(y: Studies) -> Number:
    """Return Σ(y - plain mean)²; the argument as in `moments`."""
    if isinstance(y, list):
        mean = sum(y) / len(y)
        return sum([(effect - mean) ** 2 for effect in y])
    if y.ndim > 1:
        return sum_of_squares_in_a_loop(y)
    return float(((y - y.mean()) ** 2).sum())


def log_likelihood(tau2: float, y: Sequence[float], v: Sequence[float], restricted: bool) -> float:
    """Return the log-likelihood at one tau² without its constant (Harville 1977)."""
    sums = moments(tau2, y, v)
    value = float(sums[2])
    for i in range(len(v)):
        value += math.log(v[i] + tau2)
    if restricted:
        value += math.log(sums[0])
    return -0.5 * value


def score_sums(
    tau2: Number, y: Studies, v: Studies, restricted: bool
) -> tuple[Number, Number, Number, Number]:
    """Return A, B, C, D; for maximum likelihood Σw and Σw² stand for B and D."""
    return of_score(moments(tau2, y, v), restricted)


def of_score(sums: tuple[Number, ...], restricted: bool) -> tuple[Number, Number, Number, Number]:
    """Return `score_sums` from `moments`."""
    total, _, _, a, b, c, d, w2 = sums
    if restricted:
        return a, b, c, d
    return a, total, c, w2


def newton_step(a: Number, b: Number, c: Number, d: Number) -> Number:
    """Return the step to the zero of B/A - 1, which is nearly linear in tau² (linear for equal variances)."""
    return (a - b) * a / (2.0 * b * c - d * a)


def one_descent_at_most(a: Number, b: Number, d: Number, squares: Number) -> Number:
    """Prove that from here on the score falls through zero once where it is positive, else never.

    α(t + x) is at least α + x/√Σ(y - ȳ)², its slope at infinity, and β(t + x) at most β + x β'. So α² - β
    rises from here on where 2αα'(∞) reaches β'; and where it is positive it stays so if the quadratic that
    bounds it has no zero.
    """
    rise = 1.0 / (a * squares)
    slope = d / (b * b)
    bound = 0.25 * slope + 1.0 / (squares * b * slope)
    return (4.0 * rise >= slope * slope) | ((a <= b) & (rise > bound * bound))


def judged_by_tangents(  # noqa: PLR0917 - four sums at both ends
    width: Number,
    a1: Number,
    b1: Number,
    c1: Number,
    d1: Number,
    a2: Number,
    b2: Number,
    c2: Number,
    d2: Number,
) -> Number:
    """Prove from both ends that between two points the score falls through zero once at most.

    One of: α² - β rises (one descent at most); it falls (none); the score is positive throughout, with α
    below a tangent and β above its chord; it is negative throughout, since A and B fall.
    """
    slope1, slope2 = d1 / (b1 * b1), d2 / (b2 * b2)
    over, under = 1.0 + c1 / a1 * width, 1.0 - c2 / a2 * width
    rises = 4.0 * c2 * c2 / (a2 * a2 * a2 * a1) >= slope1 * slope1
    falls = 4.0 * c1 * c1 / (a1 * a1 * a1 * a2) <= slope2 * slope2
    positive = (a1 > b1) & (a2 > b2) & ((over * over * b2 < a1) | (under * under * b1 < a2))
    return rises | falls | positive | ((a1 <= b1) & (a1 < b2))


def judged_by_chord(  # noqa: PLR0917 - sums at both ends
    width: float, a1: float, b1: float, d1: float, a2: float, b2: float
) -> bool:
    """Prove that the score is negative throughout: α above its chord, β below a tangent."""
    if a1 > b1 or a2 > b2:
        return False
    alpha1, slope = 1.0 / math.sqrt(a1), d1 / (b1 * b1)
    chord = (1.0 / math.sqrt(a2) - alpha1) / width
    return 2.0 * alpha1 * chord >= slope or alpha1 * chord > 0.25 * slope + chord * chord / (b1 * slope)


def one_descent_between(
    width: float, left: tuple[float, float, float, float], right: tuple[float, float, float, float]
) -> bool:
    """Prove that a stretch holds one maximum at most, by tangents or by a chord."""
    a1, b1, c1, d1 = left
    a2, b2, c2, d2 = right
    return judged_by_tangents(width, a1, b1, c1, d1, a2, b2, c2, d2) or judged_by_chord(
        width, a1, b1, d1, a2, b2
    )


def root_of_score(  # noqa: PLR0917 - the bracket, the guess and the data
    low: float,
    high: float,
    guess: float,
    y: Sequence[float],
    v: Sequence[float],
    restricted: bool,
) -> tuple[float, int]:
    """Return where the score falls through zero, and the steps; minus the steps where it was not found.

    Newton's method on B/A - 1 inside a bracket; bisection where a step would leave it. It ends when the next
    step, judged by the last two (each is about the square of the one before), would be rounding.
    """
    tau2, before = guess, guess - low
    if not low < tau2 < high:
        tau2, before = 0.5 * (low + high), 0.0
    for step in range(1, MOST_ROOT_STEPS):
        a, b, c, d = score_sums(tau2, y, v, restricted)
        if a > b:
            low = tau2
        else:
            high = tau2
        size = v[0] + tau2
        bend = 2.0 * b * c - d * a
        after = tau2 + (a - b) * a / bend if bend > 0.0 else -1.0
        change = abs(after - tau2)
        if low <= after <= high:
            if change <= ROUNDING * size or change * change * change <= ENOUGH * size * before * before:
                return after, step
            if change >= before and change < 1e-10 * size:  # no smaller any more: all digits are there
                return after, step
        else:
            after, change = 0.5 * (low + high), 0.0
            if high - low <= 4.0 * ROUNDING * size:
                return after, step
        tau2, before = after, change
    return tau2, -MOST_ROOT_STEPS


def likelihood_maxima(
    y: Sequence[float],
    v: Sequence[float],
    restricted: bool,
    at_zero: tuple[float, ...],
    maxima: MutableSequence[float],
) -> tuple[int, int, int]:
    """Find every local maximum of the (restricted) likelihood of tau².

    Parameters
    ----------
    y, v : sequence of float
        Studies laid out; 2 or more.
    restricted : bool
        REML; else ML.
    at_zero : tuple of float
        `moments` at tau² = 0.
    maxima : mutable sequence of MOST_MAXIMA floats
        Receives the maxima, rising.

    Returns
    -------
    count, evaluations, status : int
        Number of maxima, evaluations of `moments`, FOUND or NOT_FOUND.

    Notes
    -----
    From tau² = 0 upwards, in stretches on each of which one maximum at most is proved
    (`one_descent_between`), until the rest is settled: by `one_descent_at_most`, or because beyond v_max -
    2 v_min variances are so alike that (t + v_max)² times the score falls. A stretch that cannot be judged
    is halved down to a thousandth of the total variance: maxima nearer than that are one.
    """
    terms = len(v) - 1 if restricted else len(v)
    squares = sum_of_squares(y)
    maxima[0] = 0.0
    # A is at most squares / (1 + t)² and B at least terms / (v_max + t): the score is negative for every t
    if squares * v[len(v) - 1] < terms:
        return 1, 0, FOUND
    alike = v[len(v) - 1] - 2.0 * v[0]
    end = 1.01 * max(v[len(v) - 1], 2.0 * squares / terms)
    left, here = 0.0, of_score(at_zero, restricted)
    count, evaluations, stride = 0, 1, 0.5 * v[0]
    if here[0] <= here[1]:
        count = 1
    while evaluations < MOST_EVALUATIONS and count < MOST_MAXIMA:
        a, b, c, d = here
        towards = newton_step(a, b, c, d) if 2.0 * b * c > d * a else -1.0
        if left >= alike or left >= end or one_descent_at_most(a, b, d, squares):
            if a > b:
                found, steps = root_of_score(left, end, left + towards, y, v, restricted)
                evaluations += abs(steps)
                if steps < 0:
                    return count, evaluations, NOT_FOUND
                maxima[count] = found
                count += 1
            return count, evaluations, FOUND if count > 0 else NOT_FOUND
        if a > b and towards > 0.0:  # short of the maximum at first; over it when it is near
            near = towards < NEAR * (v[0] + left)
            stride = 2.0 * towards if near else towards
            if left == 0.0:  # most of Newton's step, or of DerSimonian and Laird's estimate
                stride = max(0.7 * towards, 0.8 * ((at_zero[2] - len(v) + 1.0) / at_zero[4]))
        else:
            stride *= 2.0
        stride = min(stride, end - left)
        there = score_sums(left + stride, y, v, restricted)
        evaluations += 1
        while stride > NARROWEST * (v[0] + left) and not one_descent_between(stride, here, there):
            stride *= 0.5
            there = score_sums(left + stride, y, v, restricted)
            evaluations += 1
        if a > b and there[0] <= there[1]:
            found, steps = root_of_score(left, left + stride, left + towards, y, v, restricted)
            evaluations += abs(steps)
            if steps < 0:
                return count, evaluations, NOT_FOUND
            maxima[count] = found
            count += 1
        left += stride
        here = there
    return count, evaluations, NOT_FOUND


def highest(
    count: int, maxima: Sequence[float], y: Sequence[float], v: Sequence[float], restricted: bool
) -> float:
    """Return the maximum with the highest likelihood; the first of those that tie."""
    if count == 1:
        return maxima[0]
    top = -math.inf
    for i in range(count):
        top = max(top, log_likelihood(maxima[i], y, v, restricted))
    for i in range(count):
        if log_likelihood(maxima[i], y, v, restricted) >= top - LIKELIHOOD_TIE:
            return maxima[i]
    return math.nan


def tau2_where_q_is(target: float, start: float, y: Sequence[float], v: Sequence[float]) -> tuple[float, int]:
    """Return tau² at which the generalised Q equals a target, and the steps; minus the steps where it failed.

    Newton's method on 1/Q, which is concave and rising in tau²: from a start left of the root every step
    stays left of it, so no bracket is needed.

    Parameters
    ----------
    target : float
        Above 0; for Paule-Mandel k - 1.
    start : float
        Not above the root: 0 will do.
    y, v : sequence of float
        Studies laid out.
    """
    tau2, before = start, 0.0
    for step in range(1, MOST_ROOT_STEPS):
        q, a = q_and_slope(tau2, y, v)
        change = q * (q - target) / (target * a) if a > 0.0 else 0.0
        size = v[0] + tau2
        if change <= ROUNDING * size:
            return max(0.0, tau2 + change) if tau2 > start else tau2, step
        tau2 += change
        if change * change * change <= ENOUGH * size * before * before or before <= change < 1e-10 * size:
            return tau2, step
        before = change
    return tau2, -MOST_ROOT_STEPS
