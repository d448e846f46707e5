"""Dose-response meta-analysis in one stage or two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import checked_level, column, level_names, same_length
from evergrove.stats.dependence.fitting import multilevel
from evergrove.stats.dependence.heterogeneity import fitted_matrices
from evergrove.stats.dependence.known_covariance import known_covariance
from evergrove.stats.dependence.multivariate import moment_covariance
from evergrove.stats.dependence.options import Structure
from evergrove.stats.dependence.random_terms import factor_codes
from evergrove.stats.dependence.wald import wald_test
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.doses.basis import DoseBasis, choose_basis
from evergrove.stats.doses.dose_result import DoseResponse
from evergrove.stats.doses.moderation import Moderation, read_moderation, refuse_dependent
from evergrove.stats.doses.options import (
    DoseApproach,
    DoseCovarianceMethod,
    DoseDesign,
    DoseMethod,
    DoseShape,
)
from evergrove.stats.doses.shared_reference import ratio_covariance, reference_row
from evergrove.stats.inverse_variance import i2_from_q
from evergrove.stats.options import choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.multilevel_result import MultilevelResult


class _Study(NamedTuple):
    """One study without its reference row; `z` is 1 and its moderators."""

    name: str
    y: FloatArray
    x: FloatArray
    s: FloatArray
    z: FloatArray

    @property
    def columns(self) -> FloatArray:
        """The columns of all coefficients: of the curve, and of its change by each moderator."""
        return np.asarray(np.kron(self.z, self.x), dtype=np.float64)


class _Pooled(NamedTuple):
    """Pooled coefficients on the orthonormal scale."""

    coefficients: FloatArray
    covariance: FloatArray
    between: FloatArray
    q: float
    q_df: int
    fit: MultilevelResult


def _covariance(
    rows: NDArray[np.intp],
    numbers: dict[str, FloatArray],
    given: Sequence[ArrayLike] | None,
    place: int,
    *,
    design: Sequence[str] | str | None,
    how: DoseCovarianceMethod,
    name: str,
) -> FloatArray:
    """Return the sampling covariance of one study's effects."""
    others = numbers["vi"][rows] > 0
    if given is not None:
        matrix = np.atleast_2d(np.asarray(given[place], dtype=np.float64))
        if matrix.shape != (int(others.sum()), int(others.sum())):
            raise DataError(
                f"V: study {name} has {int(others.sum())} doses beside the reference and a matrix of shape "
                f"{matrix.shape}; allowed: one row per such dose"
            )
        return matrix
    if how is DoseCovarianceMethod.INDEPENDENT:
        return np.diag(numbers["vi"][rows][others])
    if "cases" not in numbers or "n" not in numbers or design is None:
        raise UsageError(
            f"dose_response: covariance={str(how)!r} needs cases, n and design; allowed: all "
            "three, or V (a matrix per study, see difference_covariance), or covariance='independent'"
        )
    kinds = {design} if isinstance(design, str) else {design[row] for row in rows}
    if len(kinds) != 1:
        raise DataError(f"design: study {name} has {', '.join(sorted(kinds))}; allowed: one design per study")
    try:
        return ratio_covariance(
            *(numbers[key][rows] for key in ("yi", "vi", "cases", "n")), design=kinds.pop(), method=how
        ).matrix
    except DataError as error:
        raise DataError(f"study {name}: {error}") from None


def _studies(
    numbers: dict[str, FloatArray],
    study: Sequence[object],
    basis: DoseBasis,
    given: Sequence[ArrayLike] | None,
    moderation: Moderation,
    *,
    design: Sequence[str] | str | None,
    how: DoseCovarianceMethod,
) -> list[_Study]:
    """Return the studies in order of first appearance."""
    codes, names, _ = factor_codes(np.asarray(study))
    order = sorted(range(len(names)), key=lambda code: int(np.flatnonzero(codes == code)[0]))
    if given is not None and len(given) != len(order):
        raise DataError(f"V: found {len(given)} matrices; allowed: one per study, here {len(order)}")
    found = []
    for place, code in enumerate(order):
        rows = np.flatnonzero(codes == code)
        reference = reference_row(numbers["vi"][rows], f"study {names[code]}")
        others = ~reference
        if not others.any():
            raise DataError(
                f"study {names[code]}: found the reference dose alone; allowed: one more dose at least"
            )
        y = numbers["yi"][rows]
        for column_name, needed in (("yi", rows[others]), ("dose", rows)):
            gaps = needed[~np.isfinite(numbers[column_name][needed])]
            if gaps.size:
                raise DataError.from_rows(
                    f"study {names[code]}: {column_name}",
                    gaps.tolist(),
                    numbers[column_name][gaps].tolist(),
                    allowed="a finite number",
                    todo="fill in or leave the row out",
                )
        x = basis.columns(numbers["dose"][rows])
        s = _covariance(rows, numbers, given, place, design=design, how=how, name=names[code])
        z = moderation.of_study(rows, names[code])
        found.append(_Study(names[code], y[others], x[others] - x[reference], s, z))
    return found


def _two_stage(
    studies: list[_Study], method: DoseMethod, names: tuple[str, ...]
) -> tuple[_Pooled, FloatArray]:
    """Fit each study, then pool the coefficients; also return each study's coefficients."""
    p = len(names)
    if len(studies) < 2:
        raise TooFewStudiesError("two-stage: found 1 study; allowed: 2 or more; use approach='one-stage'")
    short = [one.name for one in studies if one.y.size < p or np.linalg.matrix_rank(one.x) < p]
    if short:
        raise TooFewStudiesError(
            f"two-stage: studies with fewer distinct doses than the curve has coefficients ({p}): "
            f"{', '.join(short)}; allowed: {p + 1} doses or more, the reference among them; use "
            "approach='one-stage', or a simpler curve"
        )
    coefficients, blocks = [], []
    for one in studies:
        solved = np.linalg.solve(one.s, np.column_stack([one.x, one.y]))
        covariance = np.linalg.inv(one.x.T @ solved[:, :p])
        blocks.append((covariance + covariance.T) / 2.0)
        coefficients.append(covariance @ one.x.T @ solved[:, p])
    y, m = np.concatenate(coefficients), len(studies)
    kinds, owner = np.tile(np.arange(p), m), np.repeat(np.arange(m), p)
    data = {"coefficient": kinds, "study": owner}
    options: dict[str, Any] = {}
    if method is not DoseMethod.FIXED:
        options = {"random": "~ coefficient | study", "struct": Structure.UN, "data": data}
    if method is DoseMethod.MM and studies[0].z.size > 1:
        raise UsageError("method='MM': found with mods; allowed: without; use REML, ML or fixed")
    if method is DoseMethod.MM:
        rows = [(np.arange(place * p, (place + 1) * p), block) for place, block in enumerate(blocks)]
        between, _ = moment_covariance(y, kinds, rows)
        options |= _components_of(between)
    likelihood = "ML" if method is DoseMethod.ML else "REML"
    design = np.vstack([np.kron(one.z, np.eye(p)) for one in studies])
    fit = multilevel(y, blocks, mods=design, intercept=False, method=likelihood, **options)
    between = fitted_matrices(fit)[0] if fit.components else np.zeros((p, p))
    return _Pooled(fit.estimate, fit.covariance, between, fit.q, fit.q_df, fit), np.array(coefficients)


def _components_of(between: FloatArray) -> dict[str, Any]:
    """Return variances and correlations of a covariance matrix as given components."""
    variances = np.diag(between)
    roots = np.sqrt(variances)
    columns, rows = np.triu_indices(variances.size, 1)
    scale = roots[rows] * roots[columns]
    safe = np.where(scale > 0, scale, 1.0)
    correlations = np.clip(np.where(scale > 0, between[rows, columns] / safe, 0.0), -1.0, 1.0)
    return {"tau2": variances, "rho": correlations if correlations.size else None}


def _one_stage(studies: list[_Study], method: DoseMethod, names: tuple[str, ...]) -> _Pooled:
    """Fit all effects at once with random coefficients per study."""
    if method is DoseMethod.MM:
        raise UsageError("method='MM': allowed with approach='two-stage'; use REML, ML or fixed")
    p = len(names)
    y, x = np.concatenate([one.y for one in studies]), np.vstack([one.x for one in studies])
    owner = np.repeat(np.arange(len(studies)), [one.y.size for one in studies])
    keys = [f"b{place}" for place in range(p)]
    data = {"study": owner, **{key: x[:, place] for place, key in enumerate(keys)}}
    if method is DoseMethod.FIXED or len(studies) == 1:
        options: dict[str, Any] = {"random": ()}
    else:
        options = {"random": f"~ 0 + {' + '.join(keys)} | study", "struct": Structure.GEN, "data": data}
    likelihood = "ML" if method is DoseMethod.ML else "REML"
    mods = np.vstack([one.columns for one in studies])
    fit = multilevel(y, [one.s for one in studies], mods=mods, intercept=False, method=likelihood, **options)
    between = fitted_matrices(fit)[0] if fit.components else np.zeros((p, p))
    return _Pooled(fit.estimate, fit.covariance, between, fit.q, fit.q_df, fit)


class _Fitness(NamedTuple):
    """Deviance and R² of the mean curve."""

    deviance: float
    df: int
    r2: float
    r2_adjusted: float


def _fitness(studies: list[_Study], coefficients: FloatArray) -> _Fitness:
    """Return how well the mean curve fits the effects."""
    deviance = total = 0.0
    count = 0
    for one in studies:
        residual = one.y - one.columns @ coefficients
        deviance += float(residual @ np.linalg.solve(one.s, residual))
        total += float(one.y @ np.linalg.solve(one.s, one.y))
        count += one.y.size
    p = coefficients.size
    r2 = 1.0 - deviance / total if total > 0 else math.nan
    adjusted = 1.0 - count / (count - p) * (1.0 - r2) if count > p else math.nan
    return _Fitness(deviance, count - p, r2, adjusted)


def dose_response(
    yi: ArrayLike,
    vi: ArrayLike,
    dose: ArrayLike,
    study: Sequence[object],
    *,
    cases: ArrayLike | None = None,
    n: ArrayLike | None = None,
    design: Sequence[str] | str | None = None,
    covariance: str = DoseCovarianceMethod.GREENLAND_LONGNECKER,
    V: Sequence[ArrayLike] | None = None,  # noqa: N803 - as for multilevel
    shape: str = DoseShape.LINEAR,
    knots: Sequence[float] | int = 3,
    powers: Sequence[float] = (1.0, 2.0),
    shift: float = 0.0,
    mods: ArrayLike | Mapping[str, ArrayLike] | None = None,
    approach: str = DoseApproach.TWO_STAGE,
    method: str = DoseMethod.REML,
    level: float = 0.95,
) -> DoseResponse:
    """Fit one curve of effect against dose to studies that compare several doses with a reference.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Log ratios or differences against the study's reference dose; 0 in the reference row.
    vi : array-like, shape (k,)
        Their variances; 0 or missing in the one reference row of each study.
    dose : array-like, shape (k,)
        Doses in one unit for all studies (for example 10⁶ cells per kg); the reference need not be 0.
    study : sequence, length k
        Study of each row.
    cases, n : array-like or None
        Cases, and subjects or person-time, of each row: for the covariances of ratios.
    design : DoseDesign, str, sequence or None
        ``"cc"``, ``"ir"`` or ``"ci"``, for all or for each row.
    covariance : DoseCovarianceMethod or str
        How covariances are recovered; ``"independent"`` needs no counts.
    V : sequence of matrices or None
        Covariances of the doses other than the reference, one matrix per study in order of appearance
        (`difference_covariance` for means), instead.
    shape : DoseShape or str
        ``"linear"``, ``"quadratic"``, ``"spline"`` or ``"fractional-polynomial"``.
    knots : int or sequence of float
        Of a spline: their number (3 to 7, at Harrell's percentiles of all rows' doses) or places.
    powers : sequence of float
        Of a fractional polynomial: one or two of -2, -1, -0.5, 0 (logarithm), 0.5, 1, 2, 3.
    shift : float
        Added to doses before powers are taken.
    mods : array-like of shape (k,) or (k, m), mapping of columns, or None
        Moderators of the curve, constant within each study, as numbers: each adds a change of every
        coefficient of the curve per unit. Differences between studies are observational.
    approach : DoseApproach or str
        ``"two-stage"`` or ``"one-stage"``.
    method : DoseMethod or str
        ``"REML"``, ``"ML"``, ``"MM"`` (two-stage) or ``"fixed"``.
    level : float
        Of the intervals.

    Returns
    -------
    DoseResponse
        ``curve(doses, reference=…)`` gives the predicted curve, with moderators at the values ``mods=…``.

    Raises
    ------
    DataError
        For rows or counts that cannot be, naming the study.
    TooFewStudiesError
        With fewer doses than the approach needs, naming the studies.
    UsageError
        For options that do not fit together.
    ConvergenceError
        Where no maximum or no counts were found.

    Notes
    -----
    Within a study y = (f(dose) - f(reference dose))'β_i + e, without intercept; β_i ~ N(β, Ψ). The curve is
    fitted on orthonormal columns and transformed back, so that its unit does not matter. Dose was not
    randomised between studies: a curve over studies is observational. With few doses per study a flexible
    curve rests on few of them; do not read it beyond the doses seen.
    The deviance uses sampling covariances alone: a large one with a large Q is heterogeneity.

    References
    ----------
    [Greenland1992]; [Orsini2012]; [Crippa2019]; [Discacciati2017].

    Examples
    --------
    The case-control study of Rohan & McMichael in Greenland & Longnecker (1992):

    >>> y, se = np.log([1, 0.80, 1.16, 1.57]), np.log([1, 1.27, 1.85, 2.51]) - np.log([1, 0.51, 0.73, 0.99])
    >>> fit = dose_response(y, (se / (2 * 1.959964)) ** 2, [0, 2, 6, 11], ["Rohan"] * 4, design="cc",
    ...                     cases=[165, 74, 90, 122], n=[337, 167, 186, 212], approach="one-stage")
    >>> round(float(fit.estimate[0]), 4), round(float(fit.se[0]), 4), round(fit.wald, 4)
    (0.0454, 0.0207, 4.8333)
    """
    level = checked_level(level)
    kind, how = choose(DoseShape, shape, "shape"), choose(DoseCovarianceMethod, covariance, "covariance")
    way, by = choose(DoseApproach, approach, "approach"), choose(DoseMethod, method, "method")
    if design is not None and isinstance(design, str):
        choose(DoseDesign, design, "design")
    given = {"yi": yi, "vi": vi, "dose": dose, "cases": cases, "n": n}
    numbers = {name: column(name, value) for name, value in given.items() if value is not None}
    needed = [name for name in ("yi", "vi", "dose") if name not in numbers]
    if needed:
        raise UsageError(
            f"dose_response: found no {', '.join(needed)}; allowed: one value per row; give them"
        )
    k = same_length(numbers)
    study = level_names("study", study, "one study per row")
    if design is not None and not isinstance(design, str):
        design = level_names("design", design, "one design for all, or one per row")
        if len(design) != k:
            raise DataError(f"design: found {len(design)}; allowed: one for all, or one per row, here {k}")
    if not k or len(study) != k:
        raise DataError(
            f"study: found {len(study)} and {k} rows; allowed: one study per row, one row or more"
        )
    basis = choose_basis(kind, numbers["dose"], knots=knots, powers=powers, shift=shift)
    moderation = read_moderation(mods, k)
    studies = _studies(numbers, study, basis, V, moderation, design=design, how=how)
    refuse_dependent(np.array([one.z for one in studies]), moderation.names)
    stacked = np.vstack([one.x for one in studies])
    if np.linalg.matrix_rank(stacked) < stacked.shape[1]:
        raise DataError(
            f"dose: {np.unique(numbers['dose']).size} distinct doses do not determine {len(basis.names)} "
            "coefficients; allowed: more doses than coefficients; choose a simpler curve"
        )
    known_covariance([one.s for one in studies], stacked.shape[0])
    triangle = np.linalg.qr(stacked)[1] / math.sqrt(stacked.shape[0])
    back = np.asarray(np.linalg.inv(triangle), dtype=np.float64)
    scaled = [one._replace(x=one.x @ back) for one in studies]
    if way is DoseApproach.TWO_STAGE:
        pooled, each = _two_stage(scaled, by, basis.names)
        own = {one.name: back @ row for one, row in zip(studies, each, strict=True)}
    else:
        pooled, own = _one_stage(scaled, by, basis.names), {}
    options = {
        "covariance": "given" if V is not None else how,
        "shape": kind,
        "knots": basis.knots,
        "powers": basis.powers,
        "shift": basis.shift,
        "approach": way,
        "method": by,
        "level": level,
    }
    return _result(pooled, back, basis, studies, moderation, own=own, options=options)


def _likelihood(
    pooled: _Pooled, back: FloatArray, options: dict[str, Any], studies: list[_Study]
) -> tuple[float | None, float | None]:
    """Return log-likelihood and AIC on the scale of the original columns; none for moments."""
    if options["method"] is DoseMethod.MM:
        return None, None
    value = pooled.fit.log_likelihood
    if options["approach"] is DoseApproach.TWO_STAGE:
        lost = 0 if options["method"] is DoseMethod.ML else studies[0].z.size
        count = len(studies) - lost
        value -= count * float(np.linalg.slogdet(back)[1])
    return value, -2.0 * value + 2.0 * pooled.fit.n_parameters


def _result(
    pooled: _Pooled,
    back: FloatArray,
    basis: DoseBasis,
    studies: list[_Study],
    moderation: Moderation,
    *,
    own: dict[str, FloatArray],
    options: dict[str, Any],
) -> DoseResponse:
    """Transform back and assemble the result."""
    whole = np.kron(np.eye(len(moderation.names) + 1), back)
    coefficients, covariance = whole @ pooled.coefficients, whole @ pooled.covariance @ whole.T
    p, size, level = coefficients.size, len(basis.names), float(options["level"])
    rows = wald_test(coefficients, covariance, None, range(p), level)
    curved = basis.shape in {DoseShape.QUADRATIC, DoseShape.SPLINE}
    bending = [place for place in range(p) if place % size > 0]
    bent = wald_test(coefficients, covariance, None, bending, level) if curved else None
    changed = wald_test(coefficients, covariance, None, range(size, p), level) if p > size else None
    fitness = _fitness(studies, coefficients)
    log_likelihood, aic = _likelihood(pooled, back, options, studies)
    return DoseResponse(
        names=moderation.coefficient_names(basis.names),
        estimate=coefficients,
        se=rows.se,
        ci_low=rows.ci_low,
        ci_high=rows.ci_high,
        statistic=rows.statistic,
        p_value=rows.p_value,
        covariance=covariance,
        between=back @ pooled.between @ back.T,
        wald=rows.joint,
        wald_df=p,
        wald_p_value=rows.joint_p_value,
        nonlinear=None if bent is None else bent.joint,
        nonlinear_df=None if bent is None else len(bending),
        nonlinear_p_value=None if bent is None else bent.joint_p_value,
        moderators=moderation.names,
        moderation=None if changed is None else changed.joint,
        moderation_df=None if changed is None else p - size,
        moderation_p_value=None if changed is None else changed.joint_p_value,
        q=pooled.q,
        q_df=pooled.q_df,
        q_p_value=chi2_tail(pooled.q, pooled.q_df),
        i2=i2_from_q(pooled.q, pooled.q_df),
        log_likelihood=log_likelihood,
        aic=aic,
        deviance=fitness.deviance,
        deviance_df=fitness.df,
        deviance_p_value=chi2_tail(fitness.deviance, fitness.df),
        r2=fitness.r2,
        r2_adjusted=fitness.r2_adjusted,
        basis=basis,
        studies=len(studies),
        k=sum(one.y.size for one in studies),
        study_coefficients=own,
        level=level,
        method=str(options["method"]),
        approach=str(options["approach"]),
        converged=pooled.fit.converged,
        iterations=pooled.fit.iterations,
        reason=pooled.fit.reason,
        diagnostics=_remarks(pooled, options, len(studies)),
        options=options,
    )


def _remarks(pooled: _Pooled, options: dict[str, Any], studies: int) -> tuple[Diagnostic, ...]:
    """Return what is to be said of the fit."""
    kept = [one for one in pooled.fit.diagnostics if one.code not in {"few-clusters", "component-at-bound"}]
    if pooled.between.any() and np.linalg.eigvalsh(pooled.between)[0] < 1e-8 * np.trace(pooled.between):
        message = "the between-study covariance is singular: the studies do not tell all its parts"
        kept.append(Diagnostic("between-at-bound", message, "between"))
    if studies == 1 and options["method"] is not DoseMethod.FIXED:
        kept.append(Diagnostic("one-study", "one study: its own curve, nothing is pooled"))
    if options["covariance"] is DoseCovarianceMethod.INDEPENDENT:
        message = "effects against one reference are taken as independent: standard errors are too small"
        kept.append(Diagnostic("covariance-ignored", message))
    return tuple(kept)
