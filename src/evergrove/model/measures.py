"""The effect measures that a review can ask for: one row each, for all that must tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import BeforeValidator

from evergrove.model.base import fault
from evergrove.model.vocabulary import ReportedMeasure
from evergrove.stats.measure_scales import HALF_IS_NULL, SCALE_OF, WITHOUT_NULL
from evergrove.stats.options import EffectMeasure, Scale


class Basis(Enum):
    """What a measure is computed from."""

    EVENTS = "events of two arms"
    EVENTS_OF_ONE_ARM = "events of one arm"
    MEANS = "means and SDs of two arms"
    PRINTED = "a printed effect with its interval"


@dataclass(frozen=True, slots=True)
class ReviewMeasure:
    """A measure as a review uses it.

    Parameters
    ----------
    measure : EffectMeasure
        Its name in the statistics; the word in the file.
    words : str
        Its name in a sentence.
    basis : Basis
        The numbers it needs.
    printed : frozenset of ReportedMeasure
        The printed effects that are taken for it where the arms' numbers are not given.
    short : str
        Its name at the head of a column; the word itself where empty.
    standardised : bool
        Whether it is in units of a standard deviation.
    """

    measure: EffectMeasure
    words: str
    basis: Basis
    printed: frozenset[ReportedMeasure] = frozenset()
    short: str = ""
    standardised: bool = False

    @property
    def ratio(self) -> bool:
        """Whether it is pooled as a log and read against 1; not so the log of a proportion."""
        return SCALE_OF[self.measure] is Scale.LOG and self.measure not in WITHOUT_NULL

    @property
    def proportion(self) -> bool:
        """Whether it describes the patients of one arm."""
        return self.basis is Basis.EVENTS_OF_ONE_ARM

    @property
    def null(self) -> float | None:
        """The value of no effect on the natural scale; ``None`` where no value stands for it."""
        if self.measure in WITHOUT_NULL:
            return None
        return 1.0 if self.ratio else 0.5 if self.measure in HALF_IS_NULL else 0.0


_EVENTS, _ONE_ARM, _MEANS = Basis.EVENTS, Basis.EVENTS_OF_ONE_ARM, Basis.MEANS
_DIFFERENCES = frozenset(
    {ReportedMeasure.MD, ReportedMeasure.LOCATION_DIFFERENCE, ReportedMeasure.MEDIAN_DIFFERENCE}
)


def _proportion(measure: EffectMeasure, words: str) -> ReviewMeasure:
    return ReviewMeasure(measure, words, _ONE_ARM, short="Proportion")


def _standardised(measure: EffectMeasure, words: str) -> ReviewMeasure:
    return ReviewMeasure(measure, words, _MEANS, standardised=True)


_ROWS = (
    ReviewMeasure(EffectMeasure.RR, "risk ratio", _EVENTS, frozenset({ReportedMeasure.RR})),
    ReviewMeasure(EffectMeasure.OR, "odds ratio", _EVENTS, frozenset({ReportedMeasure.OR})),
    ReviewMeasure(EffectMeasure.RD, "risk difference", _EVENTS, frozenset({ReportedMeasure.RD})),
    ReviewMeasure(EffectMeasure.PETO, "Peto odds ratio", _EVENTS, short="Peto OR"),
    ReviewMeasure(EffectMeasure.AS, "difference of arcsine square roots of the risks", _EVENTS),
    ReviewMeasure(EffectMeasure.MD, "mean difference", _MEANS, _DIFFERENCES),
    _standardised(EffectMeasure.SMD, "standardised mean difference (Hedges’ g)"),
    _standardised(EffectMeasure.SMDH, "standardised mean difference (unequal variances)"),
    _standardised(EffectMeasure.SMD1, "standardised mean difference (Glass’ delta)"),
    _standardised(EffectMeasure.SMD1H, "standardised mean difference (Glass’ delta, unequal variances)"),
    ReviewMeasure(EffectMeasure.ROM, "ratio of means", _MEANS),
    ReviewMeasure(EffectMeasure.HR, "hazard ratio", Basis.PRINTED, frozenset({ReportedMeasure.HR})),
    ReviewMeasure(EffectMeasure.IRR, "incidence rate ratio", Basis.PRINTED, frozenset({ReportedMeasure.IRR})),
    _proportion(EffectMeasure.PAS, "proportion (arcsine)"),
    _proportion(EffectMeasure.PLO, "proportion (logit)"),
    _proportion(EffectMeasure.PFT, "proportion (Freeman–Tukey)"),
    _proportion(EffectMeasure.PR, "proportion"),
    _proportion(EffectMeasure.PLN, "proportion (log)"),
    _proportion(EffectMeasure.PRZ, "proportion (probit)"),
)
#: Every measure that a review can ask for, by its word.
MEASURES: dict[EffectMeasure, ReviewMeasure] = {row.measure: row for row in _ROWS}
#: Those in units of a standard deviation.
STANDARDISED = frozenset(measure for measure, row in MEASURES.items() if row.standardised)


def review_measure(name: str) -> ReviewMeasure:
    """Return the row of a measure.

    Parameters
    ----------
    name : str
        One of the words of `MEASURES`.

    Returns
    -------
    ReviewMeasure

    Examples
    --------
    >>> review_measure("RR").ratio, review_measure("RD").null, review_measure("PLO").null
    (True, 0.0, None)
    """
    return MEASURES[EffectMeasure(name)]


def _in_table(value: object) -> object:
    """Raise a fault for a word that is no measure of a review."""
    if not isinstance(value, str) or value not in MEASURES:
        raise fault("no effect measure of a review", ", ".join(MEASURES))
    return value


#: A field that holds a measure's word.
MeasureName = Annotated[EffectMeasure, BeforeValidator(_in_table)]
