"""One group: proportions, means, reliabilities, genotypes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.effects.options import BiasCorrection, CorrectedCells
from evergrove.stats.effects.reported import percent_of_range
from evergrove.stats.effects.request import Outcome, Pair, Request, weighted_mean
from evergrove.stats.effects.small_sample import bias_factor
from evergrove.stats.effects.zero_cells import steps
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def _proportion(measure: EffectMeasure, method: VarianceMethod, x: FloatArray, n: FloatArray) -> Pair:
    """Return a proportion on its scale (Freeman & Tukey, Ann Math Stat 21 (1950) 607-611, for PFT)."""
    own = x / n
    p = weighted_mean(own, n) if method is VarianceMethod.AV else own
    if measure is EffectMeasure.PR:
        return own, p * (1 - p) / (n - 1 if method is VarianceMethod.UB else n)
    if measure is EffectMeasure.PLN:
        return np.log(own), 1 / x - 1 / n if p is own else 1 / (p * n) - 1 / n
    if measure is EffectMeasure.PLO:
        yi = np.log(x) - np.log(n - x)
        return yi, 1 / x + 1 / (n - x) if p is own else 1 / (p * n) + 1 / ((1 - p) * n)
    if measure is EffectMeasure.PRZ:
        yi = special.ndtri(own)
        return yi, 2 * math.pi * own * (1 - own) * np.exp(yi**2) / n
    if measure is EffectMeasure.PAS:
        return np.arcsin(np.sqrt(own)), 1 / (4 * n)
    angles = np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))
    return 0.5 * angles, 1 / (4 * n + 2)


def proportion(request: Request) -> Outcome:
    """Return proportions of one group.

    Parameters
    ----------
    request : Request
        With events, n.

    Returns
    -------
    Outcome
    """
    x, n = request["events"], request["n"]
    plan, measure, method = request.zero, request.measure, request.variance
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 or all events: rows become not estimable
        step, _, corrected = steps(request, (x, n - x))
        every = 1.0 if plan.cells is CorrectedCells.EVENTS else 2.0
        moved = _proportion(measure, method, x + step, n + every * step)
        raw = moved if plan.in_effect and plan.in_variance else _proportion(measure, method, x, n)
        yi, vi = (moved if plan.in_effect else raw)[0], (moved if plan.in_variance else raw)[1]
        if measure is EffectMeasure.PLN and plan.cells is CorrectedCells.EVENTS:
            vi = np.where(x == n, 1 / x - 1 / (n + step), vi)  # Hartung & Knapp 2001, formula 18
    return Outcome(yi, vi, corrected)


def mean(request: Request) -> Outcome:
    """Return means and standard deviations of one group.

    Parameters
    ----------
    request : Request
        With mean, sd, n (SDLN needs no mean); scale_min and scale_max for POMPMN.

    Returns
    -------
    Outcome
        Nakagawa et al 2015 (SDLN, CVLN).
    """
    measure, m, sd, n = request.measure, request["mean"], request["sd"], request["n"]
    with np.errstate(divide="ignore", invalid="ignore"):  # means and SDs of 0: rows become not estimable
        if measure in (EffectMeasure.MN, EffectMeasure.POMPMN):
            unit = percent_of_range(request) if measure is EffectMeasure.POMPMN else 1.0
            spread = (unit * sd) ** 2
            if request.variance is VarianceMethod.HO:
                spread = np.full(n.size, weighted_mean(spread, n - 1))
            offset = request["scale_min"] if measure is EffectMeasure.POMPMN else 0.0
            return Outcome(unit * (m - offset), spread / n)
        if measure is EffectMeasure.SMN:
            g = bias_factor(n - 1, request.bias) * m / sd
            return Outcome(g, 1 / n + g**2 / (2 * n))
        if measure in (EffectMeasure.MNLN, EffectMeasure.CVLN):
            request.rows.mark(m <= 0, "the log needs a mean above 0")
        relative = sd**2 / (n * m**2)
        if measure is EffectMeasure.MNLN:
            return Outcome(np.log(m), relative)
        half = 1 / (2 * (n - 1))
        bias = half if request.bias is BiasCorrection.SECOND_ORDER else 0.0
        if measure is EffectMeasure.SDLN:
            return Outcome(np.log(sd) + bias, half)
        return Outcome(np.log(sd) - np.log(m) + bias, half + relative)


def reliability(request: Request) -> Outcome:
    """Return Cronbach's alpha: ARAW, AHW or ABT, the last two rising with alpha.

    Parameters
    ----------
    request : Request
        With alpha, items, n.

    Returns
    -------
    Outcome
        van Zyl et al 2000; Hakstian & Whalen 1976; Bonett, J Educ Behav Stat 27 (2002) 335-340.
    """
    alpha, items, n = request["alpha"], request["items"], request["n"]
    share = items / (items - 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # 2 patients, or alpha of 1: not estimable
        if request.measure is EffectMeasure.ARAW:
            return Outcome(alpha, 2 * share * (1 - alpha) ** 2 / (n - 2))
        if request.measure is EffectMeasure.AHW:
            root = np.cbrt(1 - alpha)
            return Outcome(1 - root, 18 * share * (n - 1) * root**2 / (9 * n - 11) ** 2)
        return Outcome(-np.log1p(-alpha), 2 * share / (n - 2))


def excess_heterozygosity(request: Request) -> Outcome:
    """Return REH, the log of the relative excess heterozygosity.

    Parameters
    ----------
    request : Request
        With the counts aa, ab, bb.

    Returns
    -------
    Outcome
        Ziegler, Van Steen & Wellek, Breast Cancer Res Treat 128 (2011) 903-904.
    """
    n = request["aa"] + request["ab"] + request["bb"]
    with np.errstate(divide="ignore", invalid="ignore"):  # a genotype nobody has: not estimable
        first, middle, second = (request[name] / n for name in ("aa", "ab", "bb"))
        yi = np.log(middle) - math.log(2) - 0.5 * np.log(first) - 0.5 * np.log(second)
        return Outcome(yi, ((1 - middle) / (4 * first * second) + 1 / middle) / n)
