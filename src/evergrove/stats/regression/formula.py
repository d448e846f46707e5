"""Moderators as a formula, read by formulaic (an optional extra)."""

from __future__ import annotations

import ast
import builtins
import importlib
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.regression.design import INTERCEPT, Design
from evergrove.stats.regression.splines import SplineBasis, rcs

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

FORMULAIC_INTERCEPT = "Intercept"


def _formulaic() -> Any:  # noqa: ANN401 - a module
    """Return formulaic, or say which extra brings it."""
    try:
        return importlib.import_module("formulaic")
    except ImportError:
        raise UsageError(
            "mods: found a formula, but formulaic is not installed; pip install 'evergrove[formulas]', or "
            "pass "
            "the moderators as a mapping of columns or an array"
        ) from None


def _parsed(formula: str) -> Any:  # noqa: ANN401 - a formulaic Formula
    """Return a one-sided formula."""
    left, _, right = formula.partition("~")
    if left.strip() or not right.strip():
        raise UsageError(
            f"mods: found formula {formula!r}; allowed: one side, such as '~ ablat + year'; effects are "
            "yi, vi"
        )
    package = _formulaic()
    try:
        return package.Formula(right.strip())
    except package.errors.FormulaicError as error:
        raise UsageError(f"mods: cannot read formula {formula!r}: {str(error).splitlines()[0]}") from None


def _context() -> dict[str, Any]:
    """Return what a formula may call beside formulaic's own transforms."""
    transforms = importlib.import_module("formulaic.transforms")

    @transforms.stateful_transform  # type: ignore[untyped-decorator,unused-ignore]
    def spline(
        data: Any,  # noqa: ANN401 - a column
        knots: Any = 4,  # noqa: ANN401 - a number or places
        _state: Any = None,  # noqa: ANN401 - formulaic's memory of the fit
    ) -> dict[int, FloatArray]:
        if "knots" not in _state:
            _state["knots"] = rcs(np.asarray(data), knots).knots
        basis = SplineBasis.at(np.asarray(data), _state["knots"]).matrix
        return {position + 1: basis[:, position] for position in range(basis.shape[1])}

    return {"rcs": spline, "np": np}


@dataclass(frozen=True, slots=True, eq=False)
class FormulaRecipe:
    """Rows from a formula, with what it learned from the data of the fit (levels, knots, centres)."""

    spec: Any
    needed: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]

    @staticmethod
    def variables(formula: str, available: Collection[str]) -> tuple[str, ...]:
        """Return the names of the columns that a formula needs: those available, and those nobody knows."""
        factors = [factor for term in _parsed(formula) for factor in term.factors]
        found = {name for factor in factors for name in _names_in(factor)}
        transforms = importlib.import_module("formulaic.transforms").TRANSFORMS
        known = {*transforms, *_context(), *dir(builtins)}
        return tuple(sorted(name for name in found if name in available or name not in known))

    @staticmethod
    def design(formula: str, columns: Mapping[str, Any], k: int) -> Design:
        """Return the design of a formula over complete columns."""
        parsed = _parsed(formula)
        matrix = _materialise(parsed, columns, k, formula)
        spec = matrix.model_spec
        levels, references = _levels(spec, columns)
        names = tuple(INTERCEPT if name == FORMULAIC_INTERCEPT else str(name) for name in spec.column_names)
        terms = {
            str(entry.term): tuple(str(name) for name in entry.columns)
            for entry in spec.structure
            if entry.columns and str(entry.term) != "1"
        }
        recipe = FormulaRecipe(spec, tuple(sorted(columns)), levels)
        values = np.asarray(matrix, dtype=np.float64).reshape(k, -1)
        knots = {
            str(name): tuple(state["knots"])
            for name, state in spec.transform_state.items()
            if str(name).startswith("rcs(") and "knots" in state
        }
        return Design(values, names, terms, references, knots, recipe, tuple(range(values.shape[1])))

    def rows(self, data: Mapping[str, object]) -> FloatArray:
        """Return rows for new values of every variable in the formula."""
        absent = [name for name in self.needed if name not in data]
        if absent:
            raise UsageError(
                f"new rows: found no column {absent[0]!r}; allowed: a value of each of "
                f"{', '.join(map(repr, self.needed))}; add it"
            )
        columns = {name: np.atleast_1d(np.asarray(data[name])) for name in self.needed}
        for name, levels in self.levels.items():
            unknown = sorted({str(value) for value in columns[name]} - set(levels))
            if unknown:
                raise DataError(
                    f"new rows: found level {unknown[0]!r} of {name!r}; allowed: "
                    f"{', '.join(map(repr, levels))}"
                )
        size = max((values.shape[0] for values in columns.values()), default=1)
        matrix = _materialise(self.spec, columns, size, "new rows")
        return np.asarray(matrix, dtype=np.float64).reshape(size, -1)


def _materialise(source: Any, columns: Mapping[str, Any], k: int, formula: str) -> Any:  # noqa: ANN401
    """Return formulaic's model matrix of a formula or spec."""
    package = _formulaic()
    pandas = importlib.import_module("pandas")  # a requirement of formulaic
    frame = pandas.DataFrame({name: list(values) for name, values in columns.items()}, index=range(k))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return package.model_matrix(source, frame, context=_context(), na_action="ignore")
    except (UsageError, DataError):
        raise
    except package.errors.FormulaicError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, UsageError | DataError):
            raise cause from None
        raise UsageError(f"mods: cannot evaluate {formula!r}: {cause or error}") from None
    except (ValueError, TypeError, NameError, Warning) as error:
        raise UsageError(f"mods: cannot evaluate {formula!r}: {error}") from None


def _names_in(factor: Any) -> set[str]:  # noqa: ANN401 - a formulaic Factor
    """Return the names in a factor; formulaic leaves out those that stateful transforms take."""
    names = {str(variable.root) for variable in factor.required_variables}
    if str(factor.eval_method.value) == "python":
        try:
            tree = ast.parse(factor.expr, mode="eval")
        except SyntaxError:  # names in backquotes; formulaic reads those
            return names
        names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names


def _levels(
    spec: Any,  # noqa: ANN401 - a formulaic ModelSpec
    columns: Mapping[str, Any],
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the levels of plain factors, and the reference of every factor with treatment coding."""
    levels: dict[str, tuple[str, ...]] = {}
    references: dict[str, str] = {}
    for factor, (_, state) in spec.encoder_state.items():
        known = state.get("categories") if isinstance(state, Mapping) else None
        if known is None:
            continue
        texts = tuple(str(level) for level in known)
        if len(texts) < 2:
            raise DataError(
                f"mods: factor {str(factor)!r} has one level, {texts[0]!r}; allowed: two levels or more; "
                "leave it "
                "out"
            )
        contrasts = state["contrasts"].contrasts
        base = getattr(contrasts, "base", None)
        if type(contrasts).__name__ == "TreatmentContrasts":
            references[str(factor)] = texts[0] if str(base) not in texts else str(base)
        for name in columns:
            if str(factor) == name or str(factor).startswith((f"C({name},", f"C({name})")):
                levels[name] = texts
    return levels, references
