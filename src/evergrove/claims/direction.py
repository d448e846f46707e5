"""Which way an outcome went, and whether by more than chance."""

from __future__ import annotations

from dataclasses import dataclass

from evergrove.claims.figures import centre_of, compared_arms, share_of
from evergrove.claims.printed import shown
from evergrove.claims.result import Figure
from evergrove.claims.significance import RATIOS, p_figures
from evergrove.model import ArmValue, Datum, Study
from evergrove.model.claim import FigureName, SignificanceTerm
from evergrove.model.vocabulary import (
    ArmRole,
    Better,
    Contrast,
    DatumKind,
    Finding,
    Orientation,
    ReportedMeasure,
    Verdict,
)

_PHRASES = {
    Contrast.BETWEEN_ARMS: {
        Finding.LOWER: "lower with the intervention than with control",
        Finding.HIGHER: "higher with the intervention than with control",
        Finding.BETTER: "better with the intervention than with control",
        Finding.NO_DIFFERENCE: "no different between the arms",
    },
    Contrast.WITHIN_ARM: {
        Finding.LOWER: "lower after than before, within the arm",
        Finding.HIGHER: "higher after than before, within the arm",
        Finding.BETTER: "better after than before, within the arm",
        Finding.NO_DIFFERENCE: "no different after than before",
    },
}


@dataclass(frozen=True, slots=True)
class Observation:
    """Which way an outcome went.

    Parameters
    ----------
    finding : Finding
    basis : str
        From what it is seen: the two numbers, the printed effect, or words.
    figures : tuple of Figure
    """

    finding: Finding
    basis: str
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one datum says of a direction."""

    verdict: Verdict
    explanation: str
    figures: tuple[Figure, ...] = ()


def phrase(finding: Finding, contrast: Contrast) -> str:
    """Return a direction in words.

    Examples
    --------
    >>> phrase(Finding.LOWER, Contrast.BETWEEN_ARMS)
    'lower with the intervention than with control'
    """
    return _PHRASES[contrast][finding]


def _compare(first: float, second: float) -> Finding:
    if first == second:
        return Finding.NO_DIFFERENCE
    return Finding.LOWER if first < second else Finding.HIGHER


def observe_between(study: Study, datum: Datum, arms: tuple[str, ...] = ()) -> Observation | None:
    """Return how the intervention arm stands to control, or None where the datum does not show it.

    Counts or percentages are looked at first, then means or medians, then the printed effect if it is known
    which arm stands first in it, then what the source says in words.

    Parameters
    ----------
    study : Study
    datum : Datum
    arms : tuple of two str, optional

    Raises
    ------
    DataError
        If it is not clear which arms are compared.
    """
    pair = compared_arms(study, datum, arms)
    if pair is not None:
        seen = _from_numbers(datum, pair)
        if seen is not None:
            return seen
    return _from_effect(datum) or _from_words(datum, Contrast.BETWEEN_ARMS)


def _from_numbers(datum: Datum, pair: tuple[str, str]) -> Observation | None:
    names = (FigureName.RISK_EXPERIMENTAL, FigureName.RISK_CONTROL)
    source = datum.provenance.source
    shares = [share_of(datum, arm) for arm in pair]
    if shares[0] is not None and shares[1] is not None:
        figures = tuple(
            Figure(name, 100 * share.risk, "%", share.how, datum.id, source)
            for name, share in zip(names, (shares[0], shares[1]), strict=True)
        )
        basis = " v ".join(f"{figure.how} ({figure.shown})" for figure in figures)
        return Observation(_compare(shares[0].risk, shares[1].risk), basis, figures)
    one, two = (datum.values[arm] for arm in pair)
    first, second = one.events, two.events
    if datum.kind is DatumKind.COUNT and first is not None and second is not None and one.n and two.n:
        basis = f"{first} events in {one.n} patients v {second} in {two.n}"
        return Observation(_compare(first / one.n, second / two.n), basis)
    return _from_centres(datum, one, two)


def _from_centres(datum: Datum, one: ArmValue, two: ArmValue) -> Observation | None:
    first, second = centre_of(one), centre_of(two)
    if first is None or second is None or first[1] != second[1]:
        if one.percent_change is None or two.percent_change is None:
            return None
        basis = f"change {one.percent_change:g} % v {two.percent_change:g} %"
        return Observation(_compare(one.percent_change, two.percent_change), basis)
    names = (FigureName.CENTRE_EXPERIMENTAL, FigureName.CENTRE_CONTROL)
    unit, how = datum.unit or "", f"{first[1]} as printed"
    figures = tuple(
        Figure(name, value, unit, how, datum.id, datum.provenance.source, True)
        for name, value in zip(names, (first[0], second[0]), strict=True)
    )
    basis = f"{first[1]} {shown(first[0])} v {shown(second[0])} {unit}".rstrip()
    return Observation(_compare(first[0], second[0]), basis, figures)


def _from_effect(datum: Datum) -> Observation | None:
    effect = datum.effect
    if (
        effect is None
        or effect.estimate is None
        or effect.measure in {None, ReportedMeasure.WITHIN_ARM}
        or effect.orientation is Orientation.UNSTATED
    ):
        return None
    unit = "ratio" if effect.measure in RATIOS else datum.unit or ""
    finding = _compare(effect.estimate, 1.0 if effect.measure in RATIOS else 0.0)
    if effect.orientation is Orientation.CONTROL_VS_INTERVENTION:
        finding = {Finding.LOWER: Finding.HIGHER, Finding.HIGHER: Finding.LOWER}.get(finding, finding)
    name = effect.measure_as_reported or (effect.measure.value if effect.measure is not None else "effect")
    interval = f" ({effect.ci_low:g} to {effect.ci_high:g})" if effect.has_interval else ""
    figure = Figure(
        FigureName.REPORTED_ESTIMATE,
        effect.estimate,
        unit,
        f"{name} as printed, {effect.orientation.label}",
        datum.id,
        datum.provenance.source,
        True,
    )
    return Observation(finding, f"printed {name} {effect.estimate:g}{interval}", (figure,))


def _from_words(datum: Datum, contrast: Contrast) -> Observation | None:
    said = datum.direction
    if said is None or said.contrast is not contrast:
        return None
    return Observation(said.finding, "the source says so in words, without numbers")


def observe_within(study: Study, datum: Datum, arms: tuple[str, ...] = ()) -> Observation | None:
    """Return how the intervention arm changed from before to after, or None where the datum does not show it.

    Parameters
    ----------
    study : Study
    datum : Datum
        A change from baseline, or one with words about it.
    arms : tuple of str, optional
        The first is the arm looked at; the first intervention arm if missing.
    """
    experimental = [
        arm.id for arm in study.arms if arm.role is ArmRole.EXPERIMENTAL and arm.id in datum.values
    ]
    arm = arms[0] if arms else next(iter(experimental), None)
    value = datum.values.get(arm, ArmValue()) if arm is not None else ArmValue()
    middle = centre_of(value) if datum.kind is DatumKind.CHANGE else None
    if middle is not None:
        basis = f"change from baseline, {middle[1]} {shown(middle[0])} {datum.unit or ''}".rstrip()
        return Observation(_compare(middle[0], 0.0), basis)
    if value.percent_change is not None:
        return Observation(_compare(value.percent_change, 0.0), f"changed by {value.percent_change:g} %")
    return _from_words(datum, Contrast.WITHIN_ARM)


def _as_expected(expected: Finding, seen: Finding, better: Better) -> bool | None:
    """Return whether a finding is the one expected; None where "better" has no direction to compare."""
    if expected is seen:
        return True
    if Finding.NO_DIFFERENCE in {expected, seen}:
        return False
    if Finding.BETTER in {expected, seen}:
        good = {Better.LOWER: Finding.LOWER, Better.HIGHER: Finding.HIGHER}.get(better)
        return None if good is None else good in {expected, seen}
    return False


def judge_direction(
    study: Study,
    datum: Datum,
    finding: Finding,
    *,
    contrast: Contrast = Contrast.BETWEEN_ARMS,
    significance: SignificanceTerm | None = None,
    arms: tuple[str, ...] = (),
    better: Better = Better.NEITHER,
) -> Judgement:
    """Judge one datum against a stated direction and, if stated, significance.

    Parameters
    ----------
    study : Study
    datum : Datum
    finding : Finding
        What is stated.
    contrast : Contrast
        Between arms, or within the intervention arm.
    significance : SignificanceTerm, optional
        What is stated of it.
    arms : tuple of two str, optional
    better : Better
        Which direction is good for this outcome.

    Returns
    -------
    Judgement
        Contradicted where the direction is another; partly where it holds and what is said of significance
        does not, or tests disagree on it, or there is none. "No difference" holds where the difference is
        not significant.

    Raises
    ------
    DataError
        If it is not clear which arms are compared.
    """
    within = contrast is Contrast.WITHIN_ARM
    seen = observe_within(study, datum, arms) if within else observe_between(study, datum, arms)
    if seen is None:
        said = f"; it says only: {datum.direction}" if datum.direction is not None else ""
        return Judgement(Verdict.NOT_FOUND, f"Datum {datum.id} does not show it {contrast.label}{said}.")
    tests, flags = p_figures(datum, None if within else compared_arms(study, datum, arms), within_arm=within)
    figures = (*seen.figures, *tests)
    basis = f"{seen.basis}: {phrase(seen.finding, contrast)}"
    if finding is Finding.NO_DIFFERENCE and seen.finding is not Finding.NO_DIFFERENCE and flags:
        verdict, words = judge_significance(flags, SignificanceTerm.NOT_SIGNIFICANT)
        return Judgement(verdict, f"{_sentence(basis, tests)} {words}", figures)
    right = _as_expected(finding, seen.finding, better)
    if right is None:
        text = f"{_sentence(basis, tests)} Which direction is better for {datum.outcome} is not defined."
        return Judgement(Verdict.NOT_FOUND, text, figures)
    if not right:
        return Judgement(Verdict.CONTRADICTED, _sentence(basis, tests), figures)
    if significance is None:
        return Judgement(Verdict.SUPPORTED, _sentence(basis, tests), figures)
    verdict, words = judge_significance(flags, significance)
    combined = Verdict.SUPPORTED if verdict is Verdict.SUPPORTED else Verdict.PARTLY
    return Judgement(combined, f"{_sentence(basis, tests)} {words}", figures)


def judge_significance(flags: tuple[bool, ...], stated: SignificanceTerm) -> tuple[Verdict, str]:
    """Judge what is stated of significance against the tests there are.

    Examples
    --------
    >>> judge_significance((True, False), SignificanceTerm.SIGNIFICANT)[0]
    <Verdict.PARTLY: 'partly'>
    """
    if not flags:
        return Verdict.NOT_FOUND, "Nothing held tells whether that is significant."
    if all(flags) or not any(flags):
        found = SignificanceTerm.SIGNIFICANT if flags[0] else SignificanceTerm.NOT_SIGNIFICANT
        verdict = Verdict.SUPPORTED if found is stated else Verdict.CONTRADICTED
        return verdict, f"At the 5 % level that is {found.label}."
    return Verdict.PARTLY, "The tests disagree on significance at the 5 % level."


def _sentence(basis: str, tests: tuple[Figure, ...]) -> str:
    """Return what was seen and every p as one sentence."""
    told = [basis]
    for test in tests:
        number = test.how.removeprefix("printed as ") if test.printed else test.shown
        told.append(f"{test.label} {number}")
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."
