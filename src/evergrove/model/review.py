"""A review: one question, its protocol, and everything held and decided under it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from evergrove.model.analysis import Analysis, CertaintyJudgement
from evergrove.model.appraisal import Appraisal
from evergrove.model.base import Count, Label, Model, Slug, Text, fault, first_twice
from evergrove.model.claim import Claim
from evergrove.model.decision import Decision
from evergrove.model.outcome import Outcome
from evergrove.model.provenance import Citation
from evergrove.model.study import Study
from evergrove.model.vocabulary import DesignType, OutcomeKind, ProductClass


class Question(Model):
    """The question in its four parts."""

    population: Text
    intervention: Text
    comparator: Text
    outcomes: Text


class Eligibility(Model):
    """Which studies answer the question."""

    main_designs: tuple[DesignType, ...] = Field(min_length=1)
    beside_designs: tuple[DesignType, ...] = ()
    description: tuple[Text, ...] = ()


class ExcludedArm(Model):
    """An arm left out of a comparison, with the reason."""

    study: Slug
    arm: Slug
    why: Text


class Comparison(Model):
    """Which arms are compared.

    Parameters
    ----------
    id, label : str
    subject : str, optional
        The intervention as it stands in a sentence, in the plural: "mesenchymal stromal cells".
    experimental_label, control_label : str
        Column heads.
    products : tuple of ProductClass
        Products that count as the intervention.
    excluded_arms : tuple of ExcludedArm
    """

    id: Slug
    label: Label
    subject: Label | None = None
    experimental_label: Label
    control_label: Label
    products: tuple[ProductClass, ...] = Field(min_length=1)
    excluded_arms: tuple[ExcludedArm, ...] = ()


class Passage(Model):
    """A paragraph of background in the review's own words, with its references."""

    heading: Text
    text: Text
    references: tuple[Citation, ...] = ()


class Flow(Model):
    """The counts of a PRISMA flow; what was not recorded is missing."""

    records_identified: Count | None = None
    duplicates_removed: Count | None = None
    records_screened: Count | None = None
    records_excluded: Count | None = None
    reports_sought: Count | None = None
    reports_not_retrieved: Count | None = None
    reports_assessed: Count | None = None
    reports_excluded: Count | None = None
    note: Text | None = None


class Protocol(Model):
    """The file ``review.yaml``: what is asked and how it is answered."""

    id: Slug
    title: Label
    short_title: Label
    authors: tuple[Text, ...] = ()
    keywords: tuple[Text, ...] = ()
    language: Text = "en"
    question: Question
    eligibility: Eligibility
    background: tuple[Passage, ...] = ()
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    comparisons: tuple[Comparison, ...] = Field(min_length=1)
    analyses: tuple[Analysis, ...] = ()
    certainty: tuple[CertaintyJudgement, ...] = ()
    dose_bands_per_kg: tuple[float, ...] = ()
    flow: Flow = Flow()
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        for kind, field, ids in (
            ("outcome", "outcomes", [outcome.id for outcome in self.outcomes]),
            ("comparison", "comparisons", [comparison.id for comparison in self.comparisons]),
            ("analysis", "analyses", [analysis.id for analysis in self.analyses]),
        ):
            twice = first_twice(ids)
            if twice is not None:
                raise fault(f"{kind} id stands twice", "each id once", at=(field, twice, "id"))
        outcomes = {outcome.id for outcome in self.outcomes}
        comparisons = {comparison.id for comparison in self.comparisons}
        analyses = {analysis.id for analysis in self.analyses}
        for index, analysis in enumerate(self.analyses):
            if analysis.outcome not in outcomes:
                raise fault("no such outcome", "an id of outcomes", at=("analyses", index, "outcome"))
            if analysis.comparison not in comparisons:
                raise fault(
                    "no such comparison", ", ".join(sorted(comparisons)), at=("analyses", index, "comparison")
                )
        for index, judgement in enumerate(self.certainty):
            if judgement.analysis not in analyses:
                raise fault(
                    "no such analysis", ", ".join(sorted(analyses)), at=("certainty", index, "analysis")
                )
        for index, outcome in enumerate(self.outcomes):
            if outcome.complement_of is not None:
                self._check_complement(index, outcome)
        return self

    def _check_complement(self, index: int, outcome: Outcome) -> None:
        other = next((item for item in self.outcomes if item.id == outcome.complement_of), None)
        if (
            other is None
            or other.id == outcome.id
            or other.complement_of is not None
            or {other.kind, outcome.kind} != {OutcomeKind.DICHOTOMOUS}
        ):
            raise fault(
                "no outcome that this can be the complement of",
                "the id of another dichotomous outcome that is no complement itself",
                at=("outcomes", index, "complement_of"),
            )

    def outcome(self, outcome_id: str) -> Outcome:
        """Return the outcome with this id.

        Raises
        ------
        KeyError
            If there is none.
        """
        for outcome in self.outcomes:
            if outcome.id == outcome_id:
                return outcome
        raise KeyError(outcome_id)

    def comparison(self, comparison_id: str) -> Comparison:
        """Return the comparison with this id.

        Raises
        ------
        KeyError
            If there is none.
        """
        for comparison in self.comparisons:
            if comparison.id == comparison_id:
                return comparison
        raise KeyError(comparison_id)


class Review(Model):
    """A review as a whole: protocol, studies, appraisals, claims, decisions."""

    protocol: Protocol
    studies: tuple[Study, ...] = ()
    appraisals: tuple[Appraisal, ...] = ()
    claims: tuple[Claim, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def id(self) -> str:
        """The protocol's id."""
        return self.protocol.id

    def study(self, study_id: str) -> Study:
        """Return the study with this id.

        Raises
        ------
        KeyError
            If there is none.
        """
        for study in self.studies:
            if study.id == study_id:
                return study
        raise KeyError(study_id)

    def appraisal(self, study_id: str) -> Appraisal | None:
        """Return the appraisal of a study, if there is one."""
        return next((item for item in self.appraisals if item.study == study_id), None)
