"""From an analysis of the protocol to its result, in four visible steps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evergrove.errors import ConvergenceError, DataError
from evergrove.model.analysis import AnalysisKind
from evergrove.model.measures import STANDARDISED
from evergrove.model.vocabulary import DatumKind, DesignType
from evergrove.stats import subgroup_test
from evergrove.synthesis.choice import choose
from evergrove.synthesis.diagnostics import asymmetry, influence, missing_studies, without_each
from evergrove.synthesis.effects import study_effects
from evergrove.synthesis.eligibility import LeftOut, eligible_studies
from evergrove.synthesis.fitting import fit, poolable
from evergrove.synthesis.groups import TITLES, group_of, position, untested
from evergrove.synthesis.result import (
    AnalysisResult,
    Combination,
    PooledSet,
    SensitivityResult,
    Subgroup,
    SubgroupResult,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evergrove.model import Analysis, Review, Study
    from evergrove.model.analysis import Sensitivity, SubgroupBy
    from evergrove.stats import PoolResult
    from evergrove.synthesis.choice import Choice, Option
    from evergrove.synthesis.effects import StudyEffect

_IN_WORDS = {2: "two", 3: "three", 4: "four", 5: "five"}
#: More combinations of conflicting data than this are not computed; the page says so.
MOST_COMBINATIONS = 512

HIGH_RISK = frozenset({"high", "serious", "critical"})


@dataclass(frozen=True, slots=True)
class _Setting:
    """What every step of one analysis needs to know."""

    review: Review
    analysis: Analysis
    risk_of_bias: Mapping[str, str]
    studies: Mapping[str, Study]


def analyse(review: Review, analysis: Analysis, risk_of_bias: Mapping[str, str]) -> AnalysisResult:
    """Run one analysis of a review's protocol.

    Parameters
    ----------
    review : Review
    analysis : Analysis
    risk_of_bias : mapping of study id to overall judgement
        For the subgroups and the sensitivity analysis by risk of bias.

    Returns
    -------
    AnalysisResult
        Eligible studies, chosen data, effect sizes and model, with everything around them.
    """
    setting = _Setting(review, analysis, risk_of_bias, {study.id: study for study in review.studies})
    eligible = eligible_studies(review, analysis)
    left_out = list(eligible.left_out)
    sets = []
    for studies, is_main in ((eligible.main, True), (eligible.beside, False)):
        choices = []
        for study in studies:
            choice = choose(study, analysis, review)
            if choice is None:
                left_out.append(LeftOut(study.id, study.name, "data", "nothing reported on this outcome"))
            else:
                choices.append(choice)
        sets.append(_pooled_set(choices, {study.design.type for study in studies}, setting, is_main=is_main))
    main, beside = sets
    protocol = review.protocol
    return AnalysisResult(
        analysis,
        protocol.outcome(analysis.outcome),
        protocol.comparison(analysis.comparison),
        tuple(left_out),
        main,
        beside if beside.choices else None,
    )


def _pooled_set(
    choices: list[Choice], designs: set[DesignType], setting: _Setting, *, is_main: bool
) -> PooledSet:
    analysis = setting.analysis
    pooling, measure = analysis.pooling, analysis.measure
    effects = study_effects(choices, measure, pooling)
    pooled = poolable(effects, pooling)
    base = PooledSet(
        _design_label(designs, analysis),
        designs <= {DesignType.RANDOMISED},
        tuple(choices),
        effects,
        tuple(pooled),
        None,
    )
    result, why_not = _tried(lambda: fit(pooled, measure, pooling), len(pooled), analysis.minimum_studies)
    if result is None:
        return replace(base, not_pooled=why_not)
    done = replace(
        base,
        fit=result,
        leave_one_out=without_each(pooled, analysis),
        asymmetry=asymmetry(pooled, analysis),
        missing=missing_studies(pooled, analysis),
        influence=influence(pooled, analysis),
        combinations=_combinations(choices, analysis, result),
    )
    if not is_main:
        return done
    return replace(
        done,
        subgroups=tuple(_subgroups(by, pooled, setting) for by in analysis.subgroups),
        sensitivity=tuple(_sensitivity(spec, base, setting) for spec in analysis.sensitivity),
    )


def _design_label(designs: set[DesignType], analysis: Analysis) -> str:
    if analysis.kind is AnalysisKind.SINGLE_ARM:
        return "Treated patients, all designs"
    if designs <= {DesignType.RANDOMISED}:
        return "Randomised controlled trials"
    if designs <= {DesignType.NON_RANDOMISED}:
        return "Non-randomised controlled studies"
    return "Studies of several designs"


def _tried(compute: Callable[[], PoolResult], k: int, minimum: int) -> tuple[PoolResult | None, str]:
    """Return a fit, or the reason why there is none."""
    if k < minimum:
        if k == 0:
            return None, "no study gives numbers that can be pooled"
        found = "only one study gives" if k == 1 else f"only {k} studies give"
        needed = _IN_WORDS.get(minimum, minimum)
        return None, f"{found} numbers that can be pooled; at least {needed} are needed"
    try:
        return compute(), ""
    except (DataError, ConvergenceError) as error:
        return None, str(error)


def _subgroups(by: SubgroupBy, pooled: list[StudyEffect], setting: _Setting) -> SubgroupResult:
    analysis, protocol = setting.analysis, setting.review.protocol
    members: dict[str, list[StudyEffect]] = {}
    for effect in pooled:
        study = setting.studies[effect.study]
        label = group_of(by, effect, study, protocol, setting.risk_of_bias)
        members.setdefault(label, []).append(effect)
    order = sorted(members, key=lambda label: (untested(label), position(by, label, protocol), label.lower()))
    groups = [_subgroup(label, members[label], analysis) for label in order]
    tested = {group.label: group.fit for group in groups if group.tested and group.fit is not None}
    if len(tested) < 2:
        why_not = "fewer than two groups that can be compared"
        return SubgroupResult(by, TITLES[by], tuple(groups), None, why_not)
    try:
        return SubgroupResult(by, TITLES[by], tuple(groups), subgroup_test(tested))
    except DataError as error:
        return SubgroupResult(by, TITLES[by], tuple(groups), None, str(error))


def _subgroup(label: str, effects: list[StudyEffect], analysis: Analysis) -> Subgroup:
    result, _ = _tried(lambda: fit(effects, analysis.measure, analysis.pooling), len(effects), 1)
    return Subgroup(label, tuple(effects), result, tested=result is not None and not untested(label))


def _sensitivity(spec: Sensitivity, base: PooledSet, setting: _Setting) -> SensitivityResult:
    analysis = setting.analysis
    measure = spec.measure or analysis.measure
    pooling = spec.pooling or analysis.pooling
    choices = base.choices
    if measure != analysis.measure:
        # Another measure may take other data, or none: choose again.
        again = analysis.model_copy(update={"measure": measure})
        chosen = [choose(setting.studies[item.study], again, setting.review) for item in choices]
        choices = tuple(item for item in chosen if item is not None)
    effects = study_effects(choices, measure, pooling)
    kept = [effect for effect in effects if not _leaves_out(spec, effect, setting)]
    usable = poolable(kept, pooling)
    if measure in STANDARDISED and any(effect.datum.kind is DatumKind.CHANGE for effect in usable):
        why_not = "changes and final values cannot be standardised together"
        return SensitivityResult(spec, measure, None, 0, (), why_not)
    used = {item.study for item in usable}
    left_out = tuple(effect.name for effect in base.pooled if effect.study not in used)
    result, why_not = _tried(lambda: fit(usable, measure, pooling), len(usable), analysis.minimum_studies)
    k = len(usable) if result is None else result.k
    return SensitivityResult(spec, measure, result, k, left_out, why_not, tuple(usable))


def _leaves_out(spec: Sensitivity, effect: StudyEffect, setting: _Setting) -> bool:
    study = setting.studies[effect.study]
    products = {arm.intervention.product_class.value for arm in study.arms if arm.intervention is not None}
    return (
        bool(products & set(spec.leave_out_products))
        or (spec.leave_out_undated and effect.datum.time.day is None)
        or (spec.leave_out_high_risk and setting.risk_of_bias.get(study.id) in HIGH_RISK)
        or (spec.leave_out_zero_cells and effect.has_zero_cell)
        or (spec.leave_out_derived and effect.numbers.derived)
    )


def _combinations(choices: Sequence[Choice], analysis: Analysis, main: PoolResult) -> tuple[Combination, ...]:
    """Fit again under every way to settle the conflicts; the first way of each study is the main one."""
    conflicts = [choice for choice in choices if choice.conflict]
    if not conflicts:
        return ()
    names = [choice.study for choice in conflicts]
    ways = itertools.product(*(choice.conflict for choice in conflicts))
    return tuple(
        _combination(dict(zip(names, way, strict=True)), choices, analysis, main)
        for way in itertools.islice(ways, MOST_COMBINATIONS)
    )


def _combination(
    way: Mapping[str, Option], choices: Iterable[Choice], analysis: Analysis, main: PoolResult
) -> Combination:
    settled = [
        replace(choice, chosen=None if way[choice.study].datum is None else way[choice.study])
        if choice.study in way
        else choice
        for choice in choices
    ]
    is_main = all(way[choice.study] == choice.conflict[0] for choice in choices if choice.study in way)
    labels = tuple((choice.name, way[choice.study].label) for choice in settled if choice.study in way)
    effects = poolable(study_effects(settled, analysis.measure, analysis.pooling), analysis.pooling)
    if is_main:
        return Combination(labels, main, main=True, effects=tuple(effects))
    result, why_not = _tried(
        lambda: fit(effects, analysis.measure, analysis.pooling), len(effects), analysis.minimum_studies
    )
    return Combination(labels, result, main=False, why_not=why_not, effects=tuple(effects))
