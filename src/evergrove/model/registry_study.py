"""A trial as its registry describes it: design, arms, interventions, outcomes, enrolment, dates."""

from __future__ import annotations

from datetime import date, timedelta

from evergrove.model.base import Count, Model, PartialDate, Text
from evergrove.model.record import LongText, RecordId

#: Days after primary completion by which results are due: a year, as US law and the WHO's statement ask.
RESULTS_DUE = 365


class RegisteredArm(Model):
    """An arm as registered."""

    label: LongText
    type: LongText | None = None
    description: LongText | None = None
    interventions: tuple[LongText, ...] = ()


class RegisteredIntervention(Model):
    """An intervention as registered."""

    name: LongText
    type: LongText | None = None
    description: LongText | None = None


class RegisteredOutcome(Model):
    """An outcome as registered: primary, secondary or other."""

    rank: Text
    measure: LongText
    time_frame: LongText | None = None
    description: LongText | None = None


class RegistryStudy(Model):
    """A registry entry in typed fields; what the entry does not say is missing.

    Parameters
    ----------
    record : str
        Id of the record that it was read from.
    registration : str
        The entry's own number.
    other_registrations : tuple of str
        Numbers of other registries that the entry names.
    title, official_title, acronym, sponsor : str, optional
    status : str, optional
        As printed.
    study_type, allocation, intervention_model, masking, purpose : str, optional
        As printed; of a registry with one field for the design, all of it is in `study_design`.
    phases, conditions, countries, investigators : tuple of str
    enrolment : int, optional
        Where the entry gives one number.
    enrolment_as_reported : str, optional
    enrolment_actual : bool, optional
        Whether it is the number reached, not the one planned.
    registered, start, primary_completion, completion, results_posted : str, optional
        As far as they are known: 2020, 2020-04 or 2020-04-06.
    primary_completion_actual : bool, optional
        Whether that day has been reached by the entry's own word.
    has_results : bool, optional
        Whether results are posted; missing where the entry does not say.
    result_pmids, derived_pmids, background_pmids : tuple of str
        Publications that the entry names, by its own kinds; `derived` were added by the registry.
    """

    record: RecordId
    registration: Text
    other_registrations: tuple[Text, ...] = ()
    title: LongText | None = None
    official_title: LongText | None = None
    acronym: LongText | None = None
    sponsor: LongText | None = None
    status: LongText | None = None
    study_type: LongText | None = None
    study_design: LongText | None = None
    allocation: LongText | None = None
    intervention_model: LongText | None = None
    masking: LongText | None = None
    purpose: LongText | None = None
    phases: tuple[LongText, ...] = ()
    conditions: tuple[LongText, ...] = ()
    countries: tuple[LongText, ...] = ()
    investigators: tuple[LongText, ...] = ()
    arms: tuple[RegisteredArm, ...] = ()
    interventions: tuple[RegisteredIntervention, ...] = ()
    outcomes: tuple[RegisteredOutcome, ...] = ()
    enrolment: Count | None = None
    enrolment_as_reported: LongText | None = None
    enrolment_actual: bool | None = None
    registered: PartialDate | None = None
    start: PartialDate | None = None
    primary_completion: PartialDate | None = None
    primary_completion_actual: bool | None = None
    completion: PartialDate | None = None
    results_posted: PartialDate | None = None
    has_results: bool | None = None
    result_pmids: tuple[Text, ...] = ()
    derived_pmids: tuple[Text, ...] = ()
    background_pmids: tuple[Text, ...] = ()

    @property
    def completed(self) -> date | None:
        """The last day that primary completion can mean; completion where that is all the entry gives."""
        told = self.primary_completion or self.completion
        return last_day(told) if told is not None else None

    def days_since_completion(self, on: date) -> int | None:
        """Return the days from primary completion to a day, below 0 where it is still to come.

        A date without its day, or month, is taken as the last that it can be: the days are never too many.
        """
        return (on - self.completed).days if self.completed is not None else None

    @property
    def results_due(self) -> date | None:
        """The day by which results are due: a year after primary completion."""
        return self.completed + timedelta(days=RESULTS_DUE) if self.completed is not None else None


def last_day(told: str) -> date | None:
    """Return the last day that a partial date can mean; ``None`` for a day that is not in the calendar.

    Examples
    --------
    >>> last_day("2020"), last_day("2020-02"), last_day("2020-02-14"), last_day("2021-02-29")
    (datetime.date(2020, 12, 31), datetime.date(2020, 2, 29), datetime.date(2020, 2, 14), None)
    """
    parts = [int(part) for part in told.split("-")]
    try:
        if len(parts) == 3:
            return date(*parts)
        year, month = parts[0], parts[1] if len(parts) == 2 else 12
        following = date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        return None
    return following - timedelta(days=1)


__all__ = [
    "RESULTS_DUE",
    "RegisteredArm",
    "RegisteredIntervention",
    "RegisteredOutcome",
    "RegistryStudy",
    "last_day",
]
