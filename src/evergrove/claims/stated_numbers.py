"""Stated numbers against figures: values, doses, counts and background facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.claims.figures import count_figures, datum_figures, dose_figures
from evergrove.claims.origin import likely_origin, rank_origins
from evergrove.claims.printed import agrees, shown, shown_printed
from evergrove.claims.result import Figure, Origin, PropositionResult
from evergrove.errors import DataError
from evergrove.model.claim import (
    CountOf,
    CountProposition,
    DoseBasis,
    DoseProposition,
    FactProposition,
    FigureName,
    ValueProposition,
    Wording,
)
from evergrove.model.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrove.model import Arm, Claim, Datum, Study

#: How many runners-up are kept.
RUNNERS_UP = 6

_DOSE_OF = {
    DoseBasis.PER_INFUSION: FigureName.DOSE_PER_INFUSION,
    DoseBasis.PER_KG: FigureName.DOSE_PER_KG,
    DoseBasis.TOTAL: FigureName.DOSE_TOTAL,
}
_COUNTS_OF = {
    CountOf.ARM: (FigureName.PATIENTS_IN_ARM,),
    CountOf.PARTICIPANTS: (FigureName.PATIENTS_RANDOMISED, FigureName.PATIENTS_ANALYSED),
    CountOf.INFUSIONS: (FigureName.INFUSIONS,),
    CountOf.CENTRES: (FigureName.CENTRES,),
}
_UNIT_OF = {
    CountOf.ARM: "patients",
    CountOf.PARTICIPANTS: "patients",
    CountOf.INFUSIONS: "infusions",
    CountOf.CENTRES: "centres",
}

NumberProposition = ValueProposition | DoseProposition | CountProposition


def arm_of(study: Study, arm_id: str, proposition_id: str) -> Arm:
    """Return an arm that a proposition names.

    Raises
    ------
    DataError
        If the study has no such arm.
    """
    for arm in study.arms:
        if arm.id == arm_id:
            return arm
    known = ", ".join(arm.id for arm in study.arms)
    raise DataError(
        f"proposition {proposition_id}: {study.id} has no arm {arm_id!r}; allowed: {known}; name one"
    )


def check_value(proposition: ValueProposition, study: Study, datum: Datum) -> PropositionResult:
    """Check a stated number for a quantity of a datum, and look for its origin where it does not hold."""
    figures = datum_figures(study, datum, proposition.arms)
    return _compared(proposition, figures, (proposition.quantity,), "")


def check_dose(proposition: DoseProposition, study: Study) -> PropositionResult:
    """Check a stated dose; one that does not hold is set against the other doses of the arm."""
    figures = dose_figures(arm_of(study, proposition.arm, proposition.id))
    unit = "cells/kg" if proposition.basis is DoseBasis.PER_KG else "cells"
    return _compared(proposition, figures, (_DOSE_OF[proposition.basis],), unit)


def check_count(proposition: CountProposition, study: Study) -> PropositionResult:
    """Check a stated number of patients, infusions or centres."""
    arm = arm_of(study, proposition.arm, proposition.id) if proposition.arm is not None else None
    return _compared(
        proposition, count_figures(study, arm), _COUNTS_OF[proposition.of], _UNIT_OF[proposition.of]
    )


def _compared(
    proposition: NumberProposition, figures: tuple[Figure, ...], names: tuple[FigureName, ...], unit: str
) -> PropositionResult:
    """Compare a stated number with the figures of its quantity."""
    own = tuple(figure for figure in figures if figure.name in names)
    unit = own[0].unit if own else unit
    wording = "" if proposition.wording is Wording.EXACT else f"{proposition.wording.label} "
    stated = f"{wording}{shown_printed(proposition.stated, unit)}"
    if not own:
        text = f"The data held give no {names[0].label}."
        return PropositionResult(proposition, Verdict.NOT_FOUND, stated, (), text)
    if any(agrees(figure.value, proposition.stated, proposition.wording) for figure in own):
        right = [figure for figure in own if agrees(figure.value, proposition.stated, proposition.wording)]
        text = f"{_listed(right)}. It agrees with {stated}."
        return PropositionResult(proposition, Verdict.SUPPORTED, stated, own, _capital(text))
    ranked = rank_origins(proposition.stated, figures, names)
    origin = likely_origin(ranked)
    text = f"{_listed(own)}, not {stated}{_factor(proposition, own[0])}."
    beside = _companions(figures, own) if isinstance(proposition, ValueProposition) else ()
    if beside:
        text += f" Beside it: {', '.join(f'{figure.label} {figure.shown}' for figure in beside)}."
    if origin is not None:
        text += f" {_origin_sentence(proposition.stated, origin, ranked)}"
    rest = tuple(item for item in ranked if item is not origin)[:RUNNERS_UP]
    return PropositionResult(
        proposition, Verdict.CONTRADICTED, stated, own + beside, _capital(text), origin, rest
    )


def _companions(figures: tuple[Figure, ...], own: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """Return the figures to show beside a number that does not hold: the risks and both reductions."""
    names = {
        FigureName.RISK_EXPERIMENTAL,
        FigureName.RISK_CONTROL,
        FigureName.RELATIVE_REDUCTION,
        FigureName.ABSOLUTE_REDUCTION,
        FigureName.RISK_RATIO,
    }
    return tuple(figure for figure in figures if figure.name in names and figure not in own)


def _listed(figures: Iterable[Figure]) -> str:
    return " and ".join(f"{figure.label}: {figure.shown} ({figure.how})" for figure in figures)


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _factor(proposition: NumberProposition, figure: Figure) -> str:
    """Say by what factor a dose or count is off."""
    stated = float(proposition.stated)
    if isinstance(proposition, ValueProposition) or figure.value <= 0 or stated <= 0:
        return ""
    if stated > figure.value:
        return f": overstated {stated / figure.value:.3g}-fold"
    return f": understated {figure.value / stated:.3g}-fold"


def _origin_sentence(stated: str, origin: Origin, ranked: tuple[Origin, ...]) -> str:
    figure = origin.figure
    if not origin.slips:
        text = f"{shown_printed(stated, figure.unit)} is the {figure.label} ({figure.how})."
    else:
        printed = ", which the source prints" if figure.printed else ""
        text = f"{stated} probably comes from the {figure.label}, {figure.shown}{printed}: {origin.slips[0]}."
    rivals = [item.figure.label for item in ranked if item is not origin and item.rank[:4] == origin.rank[:4]]
    return f"{text} As plausible: {', '.join(rivals)}." if rivals else text


def check_fact(proposition: FactProposition, claim: Claim) -> PropositionResult:
    """Check a background number against the facts that the claim lists for it.

    Every listed fact must agree for a full support; where the source gives a range, a number inside it
    agrees too.
    """
    wording = "" if proposition.wording is Wording.EXACT else f"{proposition.wording.label} "
    stated = f"{wording}{shown_printed(proposition.stated, proposition.unit)}"
    facts = [fact for fact in claim.facts if fact.id in proposition.facts]
    strange = [fact.id for fact in facts if fact.unit != proposition.unit]
    if strange:
        raise DataError(
            f"proposition {proposition.id}: fact {strange[0]} is not in {proposition.unit}; "
            "allowed: facts in the unit of the stated number; give both in one unit"
        )
    figures, flags, texts = [], [], []
    for fact in facts:
        inside, span = False, ""
        if fact.low is not None and fact.high is not None:
            inside = fact.low <= float(proposition.stated) <= fact.high
            span = f" ({shown(fact.low)} to {shown(fact.high)})"
        flags.append(inside or agrees(fact.value, proposition.stated, proposition.wording))
        how = f"{fact.label}, {fact.date}"
        source, name = fact.sources[0], FigureName.STATED_FACT
        figures.append(Figure(name, fact.value, fact.unit, how, None, source, True, fact.id))
        texts.append(f"{how}: {shown(fact.value, fact.unit)}{span}, {'agrees' if flags[-1] else 'differs'}")
    verdict = Verdict.PARTLY
    if all(flags) or not any(flags):
        verdict = Verdict.SUPPORTED if flags[0] else Verdict.CONTRADICTED
    return PropositionResult(proposition, verdict, stated, tuple(figures), f"{'; '.join(texts)}.")
