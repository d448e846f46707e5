"""What the protocol asks to be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from evergrove.model.base import Label, Model, NonNegative, Number, Slug, Text, fault
from evergrove.model.diagnostics import Diagnostics
from evergrove.model.measures import MEASURES, MeasureName, review_measure
from evergrove.model.pooling import PoolingModel
from evergrove.model.vocabulary import CertaintyDomain, DatumKind, DesignType, ProductClass, Term

if TYPE_CHECKING:
    from evergrove.stats.options import EffectMeasure


class AnalysisKind(Term):
    """What is compared."""

    COMPARATIVE = "comparative"
    SINGLE_ARM = "single-arm"


class SubgroupBy(Term):
    """A property of a study by which studies are grouped."""

    CELL_SOURCE = "cell-source"
    DOSE_PER_KG = "dose-per-kg"
    INFUSIONS = "infusions"
    SEVERITY = "severity"
    CONDITION = "condition"
    RISK_OF_BIAS = "risk-of-bias"
    PRODUCT = "product"


class Window(Model):
    """Which time points count, and which is nearest to what is asked.

    Parameters
    ----------
    target : float
        The day asked for.
    earliest, latest : float
        Days that still count.
    undated : bool
        Whether a datum without a day ("in the report", "hospital stay") counts, after all dated ones.
    """

    target: NonNegative
    earliest: NonNegative
    latest: NonNegative
    undated: bool = False

    @model_validator(mode="after")
    def _order_holds(self) -> Self:
        if not self.earliest <= self.target <= self.latest:
            raise fault(
                f"window {self.earliest:g} to {self.latest:g} does not hold its target {self.target:g}",
                "earliest <= target <= latest",
            )
        return self

    def __str__(self) -> str:
        undated = ", or no day stated" if self.undated else ""
        return f"day {self.target:g} (days {self.earliest:g} to {self.latest:g}{undated})"


class Sensitivity(Model):
    """The analysis done again in another way.

    Parameters
    ----------
    id, label : str
    pooling : PoolingModel, optional
        Another model.
    measure : str, optional
        Another effect measure.
    leave_out_products, leave_out_undated, leave_out_high_risk, leave_out_zero_cells, leave_out_derived :
        Studies to leave out.
    """

    id: Slug
    label: Text
    pooling: PoolingModel | None = None
    measure: MeasureName | None = None
    leave_out_products: tuple[ProductClass, ...] = ()
    leave_out_undated: bool = False
    leave_out_high_risk: bool = False
    leave_out_zero_cells: bool = False
    leave_out_derived: bool = False


class Analysis(Model):
    """One analysis of the protocol: outcome, window, comparison, designs, measure, model, subgroups.

    Parameters
    ----------
    id, title : str
    outcome, comparison : str
        Keys into the protocol.
    kind : AnalysisKind
    data_kinds : tuple of DatumKind
        Shapes of data that count.
    qualifiers : tuple of str
        Qualifiers that count as the whole outcome.
    window : Window
    measure : str
        One of `MEASURES`.
    pooling : PoolingModel
    sensitivity : tuple of Sensitivity
    subgroups : tuple of SubgroupBy
    main : bool
        Whether it stands in the answer and is graded.
    main_designs, beside_designs : tuple of DesignType
        Designs of this analysis; those of the protocol where nothing is said.
    minimum_studies : int
        Below this number nothing is pooled; what there is, is shown.
    possible_values : pair of float, optional
        Lowest and highest value that a patient can have, in the outcome's unit; a mean and SD worked out from
        medians that no such values can have are not used.
    diagnostics : Diagnostics
    relative_reduction : float
        The relative reduction for which the optimal information size is computed, and the threshold of an
        appreciable relative benefit or harm.
    """

    id: Slug
    title: Label
    outcome: Slug
    comparison: Slug
    kind: AnalysisKind = AnalysisKind.COMPARATIVE
    data_kinds: tuple[DatumKind, ...] = Field(min_length=1)
    qualifiers: tuple[Text, ...] = ()
    window: Window
    measure: MeasureName
    pooling: PoolingModel = PoolingModel()
    sensitivity: tuple[Sensitivity, ...] = ()
    subgroups: tuple[SubgroupBy, ...] = ()
    main: bool = False
    main_designs: tuple[DesignType, ...] = ()
    beside_designs: tuple[DesignType, ...] = ()
    minimum_studies: int = Field(default=2, ge=1)
    possible_values: tuple[Number, Number] | None = None
    diagnostics: Diagnostics = Diagnostics()
    relative_reduction: float = Field(default=0.25, gt=0, lt=1)
    note: Text | None = None

    @model_validator(mode="after")
    def _kind_fits_measures(self) -> Self:
        asked: list[tuple[EffectMeasure, tuple[str | int, ...]]] = [(self.measure, ("measure",))]
        asked += [
            (spec.measure, ("sensitivity", index, "measure"))
            for index, spec in enumerate(self.sensitivity)
            if spec.measure is not None
        ]
        single = self.kind is AnalysisKind.SINGLE_ARM
        allowed = ", ".join(word for word, row in MEASURES.items() if row.proportion == single)
        for measure, at in asked:
            if review_measure(measure).proportion != single:
                raise fault(f"{measure} is no measure of a {self.kind.label} analysis", allowed, at=at)
        return self

    @model_validator(mode="after")
    def _methods_fit_measures(self) -> Self:
        self.pooling.check_measure(self.measure, ("pooling", "method"))
        for index, spec in enumerate(self.sensitivity):
            pooling = spec.pooling if spec.pooling is not None else self.pooling
            pooling.check_measure(spec.measure or self.measure, ("sensitivity", index))
        self.diagnostics.check(self.pooling, self.measure)
        return self


class CertaintyJudgement(Model):
    """A GRADE step that cannot be computed: who judged, how many steps down, and why."""

    analysis: Slug
    domain: CertaintyDomain
    steps: int = Field(ge=0, le=3)
    why: Text
    who: Text
