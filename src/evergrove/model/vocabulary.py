"""The words with a fixed list of values. The values are what the files hold."""

from __future__ import annotations

from enum import StrEnum


class Term(StrEnum):
    """A word from a fixed list; ``label`` is how a page prints it."""

    @property
    def label(self) -> str:
        """The term in words."""
        return _LABELS.get(self.value, self.value.replace("-", " "))


class DesignType(Term):
    """How a study compares, if it compares."""

    RANDOMISED = "randomised-controlled-trial"
    NON_RANDOMISED = "non-randomised-controlled-trial"
    CASE_SERIES = "case-series"
    REGISTRY_RECORD = "registry-record"
    SYSTEMATIC_REVIEW = "systematic-review"


class Blinding(Term):
    """Who did not know the allocation, in the words of the report."""

    NONE = "none"
    SINGLE = "single"
    DOUBLE = "double"
    TRIPLE = "triple"
    QUADRUPLE = "quadruple"
    UNCLEAR = "unclear"


class ArmRole(Term):
    """What an arm is for in the comparison."""

    EXPERIMENTAL = "experimental"
    CONTROL = "control"


class ProductClass(Term):
    """What kind of product is given."""

    MSC = "mesenchymal-stromal-cells"
    MAPC = "multipotent-adult-progenitor-cells"
    MSC_AND_VESICLES = "mesenchymal-stromal-cells-and-vesicles"
    VESICLES = "extracellular-vesicles"
    SECRETOME = "secretome"
    OTHER_CELLS = "other-cells"


class CellSource(Term):
    """The tissue that the cells come from."""

    UMBILICAL_CORD = "umbilical-cord"
    WHARTON_JELLY = "wharton-jelly"
    PLACENTA = "placenta"
    PERINATAL = "perinatal"
    BONE_MARROW = "bone-marrow"
    ADIPOSE = "adipose"
    MENSTRUAL_BLOOD = "menstrual-blood"
    DENTAL_PULP = "dental-pulp"
    PERIPHERAL_BLOOD = "peripheral-blood"
    OTHER = "other"


class Donor(Term):
    """Whose cells they are."""

    ALLOGENEIC = "allogeneic"
    AUTOLOGOUS = "autologous"


class Route(Term):
    """How the product enters the body."""

    INTRAVENOUS = "intravenous"
    INTRATRACHEAL = "intratracheal"
    INHALED = "inhaled"


class Preservation(Term):
    """Whether the cells were frozen before use."""

    FRESH = "fresh"
    CRYOPRESERVED = "cryopreserved"
    UNCLEAR = "unclear"


class ConditionClass(Term):
    """Why the patients have lung injury."""

    COVID_19 = "covid-19"
    OTHER_ARDS = "other-ards"
    MIXED = "mixed"


class SeverityClass(Term):
    """How ill the patients were at entry, by the most that the source says of the group."""

    MILD_TO_MODERATE = "mild-to-moderate"
    SEVERE = "severe"
    CRITICAL = "critical"
    MIXED = "mixed"


class OutcomeKind(Term):
    """What sort of quantity an outcome is."""

    DICHOTOMOUS = "dichotomous"
    CONTINUOUS = "continuous"
    COUNT = "count"
    TIME_TO_EVENT = "time-to-event"


class DatumKind(Term):
    """The shape in which a datum was reported."""

    DICHOTOMOUS = "dichotomous"
    COUNT = "count"
    CONTINUOUS = "continuous"
    CHANGE = "change-from-baseline"
    TIME_TO_EVENT = "time-to-event"


class Better(Term):
    """Which direction is good for the patient."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


class Finding(Term):
    """What a source says in words where it prints no numbers."""

    LOWER = "lower"
    HIGHER = "higher"
    BETTER = "better"
    NO_DIFFERENCE = "no-difference"


class Contrast(Term):
    """What a finding in words compares."""

    BETWEEN_ARMS = "between-arms"
    WITHIN_ARM = "within-arm"
    NOT_STATED = "not-stated"


class SourceType(Term):
    """Where a number was read."""

    REPORT = "report"
    REGISTRY = "registry"
    REVIEW = "review"
    PRESS = "press"
    DATABASE = "database"
    THESIS = "thesis"


#: Sources that belong to the trial itself.
PRIMARY_SOURCES = frozenset({SourceType.REPORT, SourceType.REGISTRY})


class ReportedMeasure(Term):
    """The effect measure that a source prints."""

    RR = "RR"
    OR = "OR"
    HR = "HR"
    RD = "RD"
    MD = "MD"
    IRR = "IRR"
    HR_KIND_NOT_STATED = "HR-kind-not-stated"
    MEDIAN_DIFFERENCE = "median-difference"
    LOCATION_DIFFERENCE = "location-difference"
    RATIO_OF_SURVIVORS = "ratio-of-survivors"
    WITHIN_ARM = "within-arm"


class Orientation(Term):
    """Which arm stands first in a printed contrast."""

    INTERVENTION_VS_CONTROL = "intervention-vs-control"
    CONTROL_VS_INTERVENTION = "control-vs-intervention"
    UNSTATED = "unstated"


class ReportKind(Term):
    """What a report is."""

    ARTICLE = "article"
    PREPRINT = "preprint"
    REGISTRY_RECORD = "registry-record"
    ABSTRACT = "abstract"


class DecisionAction(Term):
    """What a person decided about a study, a datum or an analysis."""

    #: A conflict between sources is not settled: not used for the main result, used in the combinations.
    UNRESOLVED = "unresolved"
    #: Not usable for the analysis at all.
    REJECT = "reject"
    #: Take this datum although a rule would take another.
    PREFER = "prefer"


class ResponseCode(Term):
    """An answer to a signalling question."""

    YES = "Y"
    PROBABLY_YES = "PY"
    PROBABLY_NO = "PN"
    NO = "N"
    NO_INFORMATION = "NI"
    NOT_APPLICABLE = "NA"


class Instrument(Term):
    """A risk-of-bias instrument."""

    ROB2 = "RoB 2"
    ROBINS_I = "ROBINS-I"


class CertaintyLevel(Term):
    """GRADE's four levels."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very-low"


class CertaintyDomain(Term):
    """GRADE's reasons to rate down."""

    RISK_OF_BIAS = "risk-of-bias"
    INCONSISTENCY = "inconsistency"
    INDIRECTNESS = "indirectness"
    IMPRECISION = "imprecision"
    PUBLICATION_BIAS = "publication-bias"


class Verdict(Term):
    """What the data say of a claim."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not-found"


_LABELS = {
    "covid-19": "COVID-19",
    "other-ards": "ARDS of another cause",
    "wharton-jelly": "Wharton's jelly of the umbilical cord",
    "randomised-controlled-trial": "randomised controlled trial",
    "non-randomised-controlled-trial": "non-randomised controlled trial",
    "mesenchymal-stromal-cells-and-vesicles": "mesenchymal stromal cells and their vesicles",
    "mild-to-moderate": "mild to moderate",
    "other-cells": "other cells (not mesenchymal stromal cells)",
    "HR-kind-not-stated": "HR or subdistribution HR (not stated which)",
    "review": "another review",
    "press": "news, press or company statement",
}
