"""Effect sizes of the chosen data, with every conversion named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.model.measures import Basis, review_measure
from evergrove.stats import back_transform, effect_from_ci, effect_size, proportion_interval
from evergrove.stats.effects.recipes import RECIPES
from evergrove.stats.options import EffectMeasure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.model import Datum, PoolingModel
    from evergrove.stats import EffectSizes
    from evergrove.synthesis.choice import Choice
    from evergrove.synthesis.numbers import Numbers

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """One study's effect.

    Parameters
    ----------
    study, name : str
    datum : Datum
        The datum it comes from.
    numbers : Numbers
    yi, vi : float or None
        On the pooling scale; missing where not estimable.
    estimate, ci_low, ci_high : float or None
        On the natural scale, 95 %.
    corrected : bool
        Whether a continuity correction was added.
    why_not : str
        Why the study is not estimable; empty where it is.
    steps : tuple of str
        The conversions and corrections, in words.
    """

    study: str
    name: str
    datum: Datum
    numbers: Numbers
    yi: float | None
    vi: float | None
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    corrected: bool
    why_not: str
    steps: tuple[str, ...]

    @property
    def estimable(self) -> bool:
        """Whether the study can be pooled."""
        return self.yi is not None

    @property
    def has_zero_cell(self) -> bool:
        """Whether an arm has no event, or only events."""
        return any(
            side is not None and side.events is not None and side.events in (0.0, side.n)
            for side in (self.numbers.experimental, self.numbers.control)
        )


def study_effects(choices: Sequence[Choice], measure: str, pooling: PoolingModel) -> tuple[StudyEffect, ...]:
    """Compute the effect of each study that entered with a datum.

    Parameters
    ----------
    choices : sequence of Choice
        Those without a chosen datum are passed over.
    measure : str
    pooling : PoolingModel
        For the treatment of zero cells.

    Returns
    -------
    tuple of StudyEffect
        In the order of the choices.
    """
    entries = [
        (choice, choice.chosen.datum, choice.chosen.numbers)
        for choice in choices
        if choice.chosen is not None and choice.chosen.datum is not None and choice.chosen.numbers is not None
    ]
    by_arm = [row for row, (_, _, numbers) in enumerate(entries) if numbers.printed is None]
    found: dict[int, tuple[EffectSizes, int]] = {}
    if by_arm:
        sizes = _from_arms([entries[row][2] for row in by_arm], measure, pooling)
        found |= {row: (sizes, at) for at, row in enumerate(by_arm)}
    for row, (_, _, numbers) in enumerate(entries):
        effect = numbers.printed
        if effect is not None:
            one = effect_from_ci(measure, effect.estimate, effect.ci_low, effect.ci_high, effect.level)
            found[row] = (one, 0)
    return tuple(
        _study_effect(choice, datum, numbers, found[row], pooling)
        for row, (choice, datum, numbers) in enumerate(entries)
    )


def is_corrected(measure: str) -> bool:
    """Whether a measure's formula needs a continuity correction at zero cells."""
    recipe = RECIPES.get(EffectMeasure(measure))
    return recipe is not None and bool(recipe.add)


def _from_arms(numbers: Sequence[Numbers], measure: str, pooling: PoolingModel) -> EffectSizes:
    def column(side: str, field: str) -> NDArray[np.float64]:
        return np.array([getattr(getattr(item, side), field) for item in numbers], dtype=float)

    basis = review_measure(measure).basis
    if basis is Basis.EVENTS_OF_ONE_ARM:
        return effect_size(
            measure,
            events=column("experimental", "events"),
            n=column("experimental", "n"),
            add=pooling.add if is_corrected(measure) else None,
            to=pooling.zero_cells,
        )
    if basis is Basis.EVENTS:
        return effect_size(
            measure,
            events1=column("experimental", "events"),
            n1=column("experimental", "n"),
            events2=column("control", "events"),
            n2=column("control", "n"),
            add=pooling.add if is_corrected(measure) else None,
            to=pooling.zero_cells,
        )
    return effect_size(
        measure,
        mean1=column("experimental", "mean"),
        sd1=column("experimental", "sd"),
        n1=column("experimental", "n"),
        mean2=column("control", "mean"),
        sd2=column("control", "sd"),
        n2=column("control", "n"),
    )


def _study_effect(
    choice: Choice, datum: Datum, numbers: Numbers, place: tuple[EffectSizes, int], pooling: PoolingModel
) -> StudyEffect:
    sizes, row = place
    steps = list(numbers.conversions)
    corrected = bool(sizes.corrected[row])
    if corrected:
        steps.append(f"{pooling.add:g} added to each cell (an arm has no event or only events)")
    steps += [remark.message for remark in sizes.diagnostics if f"row {row}" in remark.where.split(", ")]
    yi: float | None = None
    vi: float | None = None
    natural: tuple[float | None, float | None, float | None] = (None, None, None)
    if sizes.estimable[row]:
        yi, vi = float(sizes.yi[row]), float(sizes.vi[row])
        natural = _natural(numbers, sizes.measure, yi, vi)
    return StudyEffect(
        study=choice.study,
        name=choice.name,
        datum=datum,
        numbers=numbers,
        yi=yi,
        vi=vi,
        estimate=natural[0],
        ci_low=natural[1],
        ci_high=natural[2],
        corrected=corrected and yi is not None,
        why_not=sizes.reasons[row],
        steps=tuple(steps),
    )


def _natural(numbers: Numbers, measure: str, yi: float, vi: float) -> tuple[float, float, float]:
    """Return a study's effect and interval on the natural scale.

    A printed contrast stands as printed; a proportion has Wilson's interval.
    """
    if numbers.printed is not None:
        return numbers.printed.estimate, numbers.printed.ci_low, numbers.printed.ci_high
    side = numbers.experimental
    if review_measure(measure).proportion and side is not None and side.events is not None:
        interval = proportion_interval(side.events, side.n)
        return side.events / side.n, interval.ci_low, interval.ci_high
    half = _Z95 * vi**0.5
    low, middle, high = (float(back_transform(value, measure)) for value in (yi - half, yi, yi + half))
    return middle, low, high
