"""A statement about a study or a body of evidence, taken apart into propositions that data can answer.

A claim in words is checked through its propositions. Each says in typed parameters what the words assert: a
number, a direction, a dose, a count, a time, a status, or merely that the trial reported such a thing. The
discriminator is ``check``.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from evergrove.model.base import Model, NonNegative, Number, PartialDate, Slug, Text, fault, first_twice
from evergrove.model.provenance import Source
from evergrove.model.vocabulary import Contrast, Finding, Term

#: A number as the text prints it, kept as text because ``7.70`` says more than ``7.7``.
PrintedNumber = Annotated[
    str, StringConstraints(strict=True, pattern=r"^-?\d+(\.\d+)?(e\d{1,2})?$", max_length=30)
]


class Wording(Term):
    """How firmly a text states a number."""

    #: Must agree to the printed precision.
    EXACT = "exact"
    #: Must agree to the last digit that is not a trailing zero, or within 2 %.
    ABOUT = "about"
    #: As ``about`` from below; above, to the printed precision only.
    NEARLY = "nearly"
    MORE_THAN = "more-than"
    LESS_THAN = "less-than"


class FigureName(Term):
    """A number that the data of a study give."""

    RISK_EXPERIMENTAL = "arm-risk-experimental"
    RISK_CONTROL = "arm-risk-control"
    RISK_ALL = "risk-all-arms"
    EVENT_FREE_EXPERIMENTAL = "event-free-experimental"
    EVENT_FREE_CONTROL = "event-free-control"
    EVENT_FREE_ALL = "event-free-all-arms"
    RELATIVE_REDUCTION = "relative-reduction"
    ABSOLUTE_REDUCTION = "absolute-reduction"
    RELATIVE_INCREASE = "relative-increase"
    ABSOLUTE_INCREASE = "absolute-increase"
    RISK_RATIO = "risk-ratio"
    ODDS_EXPERIMENTAL = "odds-experimental"
    ODDS_CONTROL = "odds-control"
    ODDS_RATIO = "odds-ratio"
    ODDS_REDUCTION = "odds-reduction"
    RATIO_EVENT_FREE = "ratio-event-free"
    INCREASE_EVENT_FREE = "relative-increase-event-free"
    NUMBER_NEEDED_TO_TREAT = "number-needed-to-treat"
    EVENTS_EXPERIMENTAL = "events-experimental"
    EVENTS_CONTROL = "events-control"
    CENTRE_EXPERIMENTAL = "mean-or-median-experimental"
    CENTRE_CONTROL = "mean-or-median-control"
    DIFFERENCE = "difference-of-means-or-medians"
    PERCENT_CHANGE_EXPERIMENTAL = "percent-change-experimental"
    PERCENT_CHANGE_CONTROL = "percent-change-control"
    REPORTED_ESTIMATE = "reported-estimate"
    REPORTED_CI_LOW = "reported-ci-low"
    REPORTED_CI_HIGH = "reported-ci-high"
    P_PRINTED = "p-printed"
    P_FISHER = "p-fisher-exact"
    P_WELCH = "p-welch-t"
    P_INTERVAL = "p-from-interval"
    DOSE_PER_INFUSION = "dose-per-infusion"
    DOSE_PER_KG = "dose-per-kg"
    DOSE_TOTAL = "dose-total"
    PATIENTS_IN_ARM = "patients-in-arm"
    PATIENTS_IN_OTHER_ARM = "patients-in-other-arm"
    PATIENTS_RANDOMISED = "patients-randomised"
    PATIENTS_ANALYSED = "patients-analysed"
    PATIENTS_PLANNED = "patients-planned"
    INFUSIONS = "infusions"
    CENTRES = "centres"
    STATED_FACT = "stated-fact"

    @property
    def label(self) -> str:
        """The figure in words."""
        return _FIGURE_LABELS.get(self, self.value.replace("-", " "))


_FIGURE_LABELS = {
    FigureName.RISK_EXPERIMENTAL: "risk in the intervention arm",
    FigureName.RISK_CONTROL: "risk in the control arm",
    FigureName.RISK_ALL: "risk in both arms together",
    FigureName.EVENT_FREE_EXPERIMENTAL: "share without the event in the intervention arm",
    FigureName.EVENT_FREE_CONTROL: "share without the event in the control arm",
    FigureName.EVENT_FREE_ALL: "share without the event in both arms together",
    FigureName.ODDS_EXPERIMENTAL: "odds in the intervention arm",
    FigureName.ODDS_CONTROL: "odds in the control arm",
    FigureName.ODDS_REDUCTION: "reduction of the odds",
    FigureName.RATIO_EVENT_FREE: "ratio of the shares without the event",
    FigureName.INCREASE_EVENT_FREE: "relative increase of the share without the event",
    FigureName.EVENTS_EXPERIMENTAL: "events in the intervention arm",
    FigureName.EVENTS_CONTROL: "events in the control arm",
    FigureName.CENTRE_EXPERIMENTAL: "mean or median in the intervention arm",
    FigureName.CENTRE_CONTROL: "mean or median in the control arm",
    FigureName.PERCENT_CHANGE_EXPERIMENTAL: "percent change in the intervention arm",
    FigureName.PERCENT_CHANGE_CONTROL: "percent change in the control arm",
    FigureName.REPORTED_CI_LOW: "reported lower limit",
    FigureName.REPORTED_CI_HIGH: "reported upper limit",
    FigureName.P_PRINTED: "printed p",
    FigureName.P_FISHER: "p of Fisher's exact test",
    FigureName.P_WELCH: "p of Welch's t test",
    FigureName.P_INTERVAL: "p from the printed interval",
    FigureName.DOSE_PER_KG: "dose per kg",
    FigureName.DOSE_TOTAL: "total dose",
    FigureName.PATIENTS_IN_ARM: "number of patients",
    FigureName.PATIENTS_IN_OTHER_ARM: "number of patients",
    FigureName.CENTRES: "number of centres",
    FigureName.INFUSIONS: "number of infusions",
    FigureName.STATED_FACT: "fact",
}


class SignificanceTerm(Term):
    """What a text says of significance at the 5 % level; a merely numerical difference is not significant."""

    SIGNIFICANT = "significant"
    NOT_SIGNIFICANT = "not-significant"


class DoseBasis(Term):
    """What a dose is counted on."""

    PER_INFUSION = "per-infusion"
    PER_KG = "per-kg"
    TOTAL = "total"


class CountOf(Term):
    """What is counted."""

    ARM = "arm"
    PARTICIPANTS = "participants"
    INFUSIONS = "infusions"
    CENTRES = "centres"


class TimeRelation(Term):
    """How a finding stands to a day."""

    AT = "at"
    BY = "by"
    FROM = "from"


class TrialState(Term):
    """Where a trial stands by its registry."""

    ONGOING = "ongoing"
    COMPLETED = "completed"
    NO_RESULTS = "no-results"


class PropositionBase(Model):
    """What every proposition has.

    Parameters
    ----------
    id : str
        Unique within the claim.
    text : str
        The proposition in words.
    check : str
        Which check answers it.
    aside : bool
        Whether the claim only says it in passing, to name the trial or set the scene; an aside is checked and
        shown but does not count for the verdict.
    presupposes : str, optional
        An earlier proposition without which this one cannot be asked.
    """

    id: Slug
    text: Text
    check: str
    aside: bool = False
    presupposes: Slug | None = None


class OfArms(PropositionBase):
    """A proposition that compares two arms.

    Parameters
    ----------
    arms : tuple of two arm ids, optional
        Intervention, then control; needed only where data have several arms of one role.
    """

    arms: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _arms_are_two(self) -> Self:
        if len(self.arms) not in {0, 2}:
            raise fault(f"{len(self.arms)} arms", "none, or intervention and control", at=("arms",))
        return self


class OfDatum(OfArms):
    """A proposition about one datum of the study."""

    datum: Slug


class ValueProposition(OfDatum):
    """A stated number for a quantity that follows from a datum.

    Percentages are stated as percentages: ``69`` for 69 %.
    """

    check: Literal["value"]
    quantity: FigureName
    stated: PrintedNumber
    wording: Wording = Wording.EXACT


class DirectionProposition(OfDatum):
    """An outcome said to be lower, higher, better or no different, and perhaps significantly so."""

    check: Literal["direction"]
    finding: Finding
    contrast: Literal[Contrast.BETWEEN_ARMS, Contrast.WITHIN_ARM] = Contrast.BETWEEN_ARMS
    significance: SignificanceTerm | None = None


class SignificanceProposition(OfDatum):
    """A difference between arms said to be significant, or not to be."""

    check: Literal["significance"]
    significance: SignificanceTerm


class TimingProposition(OfArms):
    """A difference between arms said to be there at, by or from a day on.

    Parameters
    ----------
    outcomes : tuple of str
        Data of any of these outcomes answer it.
    finding : Finding
    relation : TimeRelation
    day : float
        Days after the first infusion.
    significance : SignificanceTerm, optional
    """

    check: Literal["timing"]
    outcomes: tuple[Slug, ...] = Field(min_length=1)
    finding: Finding
    relation: TimeRelation
    day: NonNegative
    significance: SignificanceTerm | None = None


class DoseProposition(PropositionBase):
    """A stated dose of an arm, in cells or cells per kg."""

    check: Literal["dose"]
    arm: Slug
    basis: DoseBasis
    stated: PrintedNumber
    wording: Wording = Wording.EXACT


class CountProposition(PropositionBase):
    """A stated number of patients, infusions or centres; ``arm`` is needed for the first two."""

    check: Literal["count"]
    of: CountOf
    arm: Slug | None = None
    stated: PrintedNumber
    wording: Wording = Wording.EXACT

    @model_validator(mode="after")
    def _arm_is_named(self) -> Self:
        if self.of in {CountOf.ARM, CountOf.INFUSIONS} and self.arm is None:
            raise fault(f"a count of {self.of.label} without an arm", "an arm of the study", at=("arm",))
        return self


class ReportedProposition(PropositionBase):
    """That the trial reports such a thing at all.

    Parameters
    ----------
    outcomes : tuple of str
        Found where a datum of any of them holds something.
    terms : tuple of str
        Words searched in the study's own fields, not in remarks made about it.
    fields : tuple of str
        Where to search the words: ``design.phase``, ``arms.intervention``; everywhere if missing.
    """

    check: Literal["reported"]
    outcomes: tuple[Slug, ...] = ()
    terms: tuple[Text, ...] = ()
    fields: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _something_is_searched(self) -> Self:
        if not self.outcomes and not self.terms:
            raise fault("nothing to search for", "outcomes, terms, or both", at=("outcomes",))
        return self


class StatusProposition(PropositionBase):
    """Where the trial stands: ongoing, completed, or without results."""

    check: Literal["status"]
    state: TrialState


class FactProposition(PropositionBase):
    """A stated background number, set against facts listed in the claim.

    Parameters
    ----------
    stated, wording, unit
        The number as the text gives it.
    facts : tuple of str
        The facts that measure the same thing; all must agree.
    """

    check: Literal["fact"]
    stated: PrintedNumber
    wording: Wording = Wording.EXACT
    unit: Text
    facts: tuple[Slug, ...] = Field(min_length=1)


Proposition = Annotated[
    ValueProposition
    | DirectionProposition
    | SignificanceProposition
    | TimingProposition
    | DoseProposition
    | CountProposition
    | ReportedProposition
    | StatusProposition
    | FactProposition,
    Field(discriminator="check"),
]


class Fact(Model):
    """A number from outside the review, with its source and date.

    Parameters
    ----------
    id, label : str
    value : float
    low, high : float, optional
        The range that the source gives.
    unit : str
        In words: ``deaths``.
    date : str
        What the number is of: a day, month or year.
    sources : tuple of Source
    """

    id: Slug
    label: Text
    value: Number
    low: Number | None = None
    high: Number | None = None
    unit: Text
    date: PartialDate
    sources: tuple[Source, ...] = Field(min_length=1)


class Claim(Model):
    """One claim, taken apart.

    Parameters
    ----------
    id : str
    study : str, optional
        The study that it is about; missing where it is about none.
    statement : str
        The claim in our words.
    source : str
        Who makes it.
    propositions : tuple of Proposition
        What it asserts; at least one that is no aside.
    facts : tuple of Fact
    sources : tuple of Source
        Where the claim was checked by hand.
    note : str, optional
    """

    id: Slug
    study: Slug | None = None
    statement: Text
    source: Text
    propositions: tuple[Proposition, ...] = Field(min_length=1)
    facts: tuple[Fact, ...] = ()
    sources: tuple[Source, ...] = ()
    note: Text | None = None

    @model_validator(mode="after")
    def _propositions_hold_together(self) -> Self:
        for field, ids in (
            ("propositions", [item.id for item in self.propositions]),
            ("facts", [item.id for item in self.facts]),
        ):
            twice = first_twice(ids)
            if twice is not None:
                raise fault("id stands twice", "each id once", at=(field, twice, "id"))
        if all(item.aside for item in self.propositions):
            raise fault("all propositions are asides", "one at least that counts", at=("propositions",))
        facts = {item.id for item in self.facts}
        earlier: list[str] = []
        for index, item in enumerate(self.propositions):
            if item.presupposes is not None and item.presupposes not in earlier:
                raise fault(
                    "no such proposition before this one",
                    ", ".join(earlier) or "none: it is the first",
                    at=("propositions", index, "presupposes"),
                )
            earlier.append(item.id)
            if isinstance(item, FactProposition):
                if not facts.issuperset(item.facts):
                    raise fault("no such fact", ", ".join(sorted(facts)), at=("propositions", index, "facts"))
            elif self.study is None:
                raise fault(
                    f"a {item.check} check without a study",
                    "name the study, or check facts only",
                    at=("propositions", index, "check"),
                )
        return self
