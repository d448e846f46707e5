"""Where a number that does not hold probably came from.

Each figure that the data give is tried as the thing misread. A *slip* is one step by which a reader or typist
turns one number into another:

- a percentage taken for its complement (100 − x), a ratio for its reciprocal, an increase for a decrease
  (sign);
- a ratio read as a percentage or the reverse;
- the decimal point moved;
- one unbroken piece of the printed number lost, such as ``7.`` of ``7.69``, with two digits or more left;
- two neighbouring digits swapped.

The first two are slips of understanding, the others slips of the pen; only the loss of a piece may happen
twice. A percentage is tried as it is printed, with up to two decimals, not as a decimal fraction.

A figure *explains* the stated number if it leads to all its printed digits in at most two slips. Figures that
explain rank before figures that are merely near. Among the former fewer slips rank first, so that a figure
that is the stated number itself always comes before any misreading; then figures that a source prints before
figures that a reader would have to work out; then the quantity that the text names before others; then
nearness. Only a figure that explains the number in at most one slip is named as the likely origin: two slips
can lead from almost anything to anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.claims.printed import ARITHMETIC, WHOLE, agrees
from evergrove.claims.result import Figure, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evergrove.model.claim import FigureName

#: More slips than this are too many for an origin to be called likely.
MOST_LIKELY_SLIPS = 1
#: Digits that must be left when a piece is lost: single digits stand in almost every number.
FEWEST_DIGITS = 2
#: Decimals to which a number of a unit is commonly printed.
_DECIMALS = {"%": (0, 1, 2), "points": (0, 1, 2), "ratio": (1, 2, 3), "odds": (1, 2, 3)}
_SHIFTS = (-2, -1, 1, 2)


def rank_origins(
    stated: str, figures: Iterable[Figure], claimed: Iterable[FigureName] = ()
) -> tuple[Origin, ...]:
    """Rank figures by how plausibly a stated number came from each.

    Parameters
    ----------
    stated : str
        The number as printed, in the unit of the claimed quantity.
    figures : iterable of Figure
        What the data give.
    claimed : iterable of FigureName
        The quantity that the text names.

    Returns
    -------
    tuple of Origin
        The most plausible first; the module's text has the rule.

    Examples
    --------
    >>> from evergrove.model.claim import FigureName
    >>> risk = Figure(FigureName.RISK_EXPERIMENTAL, 100 * 2 / 26, "%", "2/26", printed=True)
    >>> survival = Figure(FigureName.EVENT_FREE_CONTROL, 100 * 12 / 18, "%", "12/18")
    >>> for origin in rank_origins("69", [survival, risk]):
    ...     print(origin.figure.shown, origin.slips)
    7.69 % ('7.69 with "7." lost',)
    66.7 % ()
    """
    names = frozenset(claimed)
    origins = []
    for figure in figures:
        slips = _fewest_slips(figure, stated)
        explains = slips is not None
        origins.append(
            Origin(figure, slips or (), explains, _distance(figure, float(stated)), figure.name in names)
        )
    return tuple(sorted(origins, key=lambda origin: origin.rank))


def likely_origin(ranked: tuple[Origin, ...]) -> Origin | None:
    """Return the first of ranked origins if it explains the number in at most one slip.

    Examples
    --------
    >>> likely_origin(()) is None
    True
    """
    if ranked and ranked[0].explains and len(ranked[0].slips) <= MOST_LIKELY_SLIPS:
        return ranked[0]
    return None


def _distance(figure: Figure, stated: float) -> float:
    """Return the gap as a share of the larger number; a ratio may also be meant as a percentage."""
    forms = [figure.value, 100 * figure.value] if figure.unit in {"ratio", "odds"} else [figure.value]
    sizes = [(abs(value - stated), max(abs(value), abs(stated))) for value in forms]
    return min(gap / size if size > 0 else 0.0 for gap, size in sizes)


def _fewest_slips(figure: Figure, stated: str) -> tuple[str, ...] | None:
    """Return the fewest slips that lead from a figure to the stated number, or None."""
    if agrees(figure.value, stated):
        return ()
    for slip, value in _misunderstood(figure):
        if agrees(value, stated):
            return (slip,)
    return _text_slips(figure.value, figure.unit, stated)


def _misunderstood(figure: Figure) -> Iterator[tuple[str, float]]:
    """Yield the numbers that one slip of understanding makes of a figure."""
    value, unit = figure.value, figure.unit
    if unit == "%" and 0 <= value <= 100:
        yield f"taken for its complement, 100 − {value:.4g}", 100 - value
    if unit in {"ratio", "odds"}:
        yield f"{value:.3g} read as a percentage", 100 * value
        if value != 0:
            yield f"taken for its reciprocal, 1/{value:.3g}", 1 / value
    if unit == "%":
        yield f"{value:.4g} % read as a ratio", value / 100
    if unit not in WHOLE:
        yield "its sign reversed", -value


def _text_slips(value: float, unit: str, stated: str) -> tuple[str, ...] | None:
    """Return the fewest slips of the pen from a printed form of the value to the stated text, or None."""
    if value * float(stated) <= 0:
        return None
    for shift in _SHIFTS:
        if _same_digits(value * 10.0**shift, stated):
            return (f"the decimal point of {value:.4g} moved",)
    target = stated.lstrip("-")
    if sum(letter.isdigit() for letter in target) < FEWEST_DIGITS:
        return None
    forms = tuple(dict.fromkeys(f"{abs(value):.{places}f}" for places in _DECIMALS.get(unit, ())))
    return next(_one_slip(forms, target), None) or next(_two_slips(forms, target), None)


def _one_slip(forms: tuple[str, ...], target: str) -> Iterator[tuple[str, ...]]:
    for form in forms:
        if target in _swapped(form):
            yield (f"two digits of {form} swapped",)
        lost = _lost_piece(form, target)
        if lost is not None:
            yield (f'{form} with "{lost}" lost',)


def _two_slips(forms: tuple[str, ...], target: str) -> Iterator[tuple[str, ...]]:
    for form in forms:
        pieces = _two_lost_pieces(form, target)
        if pieces is not None:
            yield (f'{form} with "{pieces[0]}" lost', f'"{pieces[1]}" lost as well')


def _same_digits(value: float, stated: str) -> bool:
    """Return whether a shifted value agrees with the stated number in two digits or more, or equals it."""
    digits = stated.replace("-", "").replace(".", "").partition("e")[0].strip("0")
    exact = abs(value - float(stated)) <= ARITHMETIC * abs(value)
    return exact or (len(digits) >= FEWEST_DIGITS and agrees(value, stated))


def _swapped(form: str) -> Iterator[str]:
    for left in range(len(form) - 1):
        pair = form[left : left + 2]
        if pair.isdigit() and pair[0] != pair[1]:
            yield form[:left] + pair[::-1] + form[left + 2 :]


def _lost_piece(form: str, target: str) -> str | None:
    """Return the one unbroken piece whose loss turns one text into the other, or None."""
    missing = len(form) - len(target)
    if missing < 1:
        return None
    for start in range(len(target) + 1):
        if form[:start] + form[start + missing :] == target:
            return form[start : start + missing]
    return None


def _two_lost_pieces(form: str, target: str) -> tuple[str, str] | None:
    """Return two pieces whose loss turns one text into the other, or None."""
    for start in range(len(form)):
        for end in range(start + 1, len(form)):
            second = _lost_piece(form[:start] + form[end:], target)
            if second is not None:
                return form[start:end], second
    return None
