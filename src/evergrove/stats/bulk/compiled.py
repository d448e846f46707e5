"""Compiles the kernels with numba where it is installed, once per machine; else says why not.

Compiled code is kept on disk by numba (in ``__pycache__`` beside this file, or in the user's cache
directory where that cannot be written, or in ``NUMBA_CACHE_DIR``). Where nothing can be written the kernels
are compiled anew in each process, and a diagnostic says so. ``EVERGROVE_NO_NUMBA=1`` switches compilation
off.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from evergrove.stats import mean_estimators, one_mean
from evergrove.stats.bulk import kernel
from evergrove.stats.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable

SWITCH = "EVERGROVE_NO_NUMBA"
#: Compiled as they stand.
PARTS = (
    one_mean.log_likelihood,
    one_mean.of_score,
    one_mean.score_sums,
    one_mean.newton_step,
    one_mean.one_descent_at_most,
    one_mean.judged_by_tangents,
    one_mean.judged_by_chord,
    one_mean.one_descent_between,
    one_mean.root_of_score,
    one_mean.likelihood_maxima,
    one_mean.highest,
    one_mean.tau2_where_q_is,
    kernel.sort_by_precision,
    mean_estimators.moment_estimate,
    mean_estimators.between_study_variance,
    kernel.solve_sorted,
    kernel.fit_sorted,
    kernel.fit_studies,
)
#: Functions that choose between a loop and whole arrays: compiled code has the loop (in numba's form for
#: that).
LOOPS: dict[Callable[..., Any], Callable[..., Any]] = {
    one_mean.moments: lambda tau2, y, v: one_mean.moments_in_a_loop,  # noqa: ARG005
    one_mean.q_and_slope: lambda tau2, y, v: one_mean.q_and_slope_in_a_loop,  # noqa: ARG005
    one_mean.sum_of_squares: lambda y: one_mean.sum_of_squares_in_a_loop,  # noqa: ARG005
}

#: What `load_compiled` has loaded in this process.
_LOADED: list[Callable[..., None]] = []


def of_these_sources(function: Any, *modules: Any) -> Any:  # noqa: ANN401 - a Python function and its copy
    """Return the function under a name that changes with the sources: no old code is taken from disk."""
    digest = hashlib.sha256()
    for module in modules:
        digest.update(Path(str(module.__file__)).read_bytes())
    copy = FunctionType(function.__code__, function.__globals__, function.__name__)
    copy.__qualname__ = f"{function.__name__}_{digest.hexdigest()[:12]}"
    copy.__module__ = function.__module__
    return copy


def _array(numba: Any, kind: Any, ndim: int = 1, *, readonly: bool = True) -> Any:  # noqa: ANN401
    """Return the type of a contiguous array."""
    return numba.types.Array(kind, ndim, "C", readonly=readonly)


def _of_members(numba: Any) -> Any:  # noqa: ANN401 - the module, loaded late, and its types
    """Return what `kernel.fit_members` takes; inputs may be read-only."""
    types = numba.types
    reals, wholes = _array(numba, types.float64), _array(numba, types.int64)
    room = _array(numba, types.float64, 2, readonly=False)
    subsets = _array(numba, types.uint32, 2)
    studies = (reals, reals, reals, wholes)
    return types.void(types.int64, *studies, wholes, wholes, wholes, subsets, room, room)


def _of_one(numba: Any) -> Any:  # noqa: ANN401 - as above
    """Return what `kernel.fit_one` takes."""
    types = numba.types
    studies, out = (_array(numba, types.float64, readonly=readonly) for readonly in (True, False))
    return types.void(types.int64, types.float64, studies, studies, out)


@cache
def _numba() -> Any:  # noqa: ANN401 - the module
    """Load numba and tell it of the parts."""
    import numba  # noqa: PLC0415 - an optional extra
    from numba.extending import overload, register_jitable  # noqa: PLC0415

    for part in PARTS:
        register_jitable(part)
    for chooser, loop in LOOPS.items():
        overload(chooser, strict=False)(loop)  # strict compares annotations too
    return numba


@cache
def _compile(
    function: Callable[..., None], signature_of: Callable[[Any], Any]
) -> tuple[Callable[..., None], tuple[Diagnostic, ...]]:
    """Compile a kernel, or take it from disk."""
    numba = _numba()
    source = of_these_sources(function, one_mean, mean_estimators, kernel)
    signature = signature_of(numba)
    try:
        return numba.njit(signature, cache=True, nogil=True)(source), ()
    except (RuntimeError, OSError) as error:  # numba's words for no place to write
        remark = Diagnostic(
            "compiled-code-not-kept",
            f"compiled code cannot be kept on disk ({error}); each process compiles anew; "
            "set NUMBA_CACHE_DIR to a directory that can be written",
        )
        return numba.njit(signature, nogil=True)(source), (remark,)


def _compiled(
    function: Callable[..., None], signature_of: Callable[[Any], Any]
) -> tuple[Callable[..., None] | None, tuple[Diagnostic, ...]]:
    """Return a kernel compiled, with remarks; None where numba is missing or switched off."""
    if os.environ.get(SWITCH, "") not in ("", "0"):
        return None, (Diagnostic("not-compiled", f"{SWITCH} is set: NumPy alone is used"),)
    try:
        return _compile(function, signature_of)
    except ImportError as error:
        message = f"numba cannot be used ({error}): NumPy alone is used, with the same numbers, more slowly"
        return None, (Diagnostic("not-compiled", f"{message}; pip install 'evergrove[fast]'"),)


def compiled_loop() -> tuple[Callable[..., None] | None, tuple[Diagnostic, ...]]:
    """Return `kernel.fit_members` compiled, with remarks; None where numba is missing or switched off.

    Returns
    -------
    loop : callable or None
        It releases the interpreter's lock.
    remarks : tuple of Diagnostic
        Why nothing is compiled, or why it is not kept on disk.
    """
    return _compiled(kernel.fit_members, _of_members)


def load_compiled() -> tuple[Diagnostic, ...]:
    """Load compiled code now: `pool` takes half the time and less, `pool_groups` of few studies too.

    For `pool` it takes effect for up to 32 studies and the estimators REML, ML, PM, PMM, EB and DL, and the
    numbers stay the same to the last bit. Loading numba and the code costs about half a second in each
    process, and the first time on a machine some seconds of compiling, so it pays from some ten thousand
    single fits on; for many fits at once `pool_groups` is faster still and loads it by itself.

    Parameters
    ----------
    None

    Returns
    -------
    tuple of Diagnostic
        Why nothing was compiled (numba is not installed, or switched off), or not kept on disk; else empty.

    Raises
    ------
    Nothing: without compiled code everything works, more slowly.

    Examples
    --------
    >>> load_compiled()
    ()
    """
    fit, remarks = _compiled(kernel.fit_one, _of_one)
    if fit is not None and loaded_fit() is None:
        compiled_loop()
        _LOADED.append(fit)
    return remarks


def loaded_fit() -> Callable[..., None] | None:
    """Return `kernel.fit_one` compiled where `load_compiled` was called; else None."""
    return _LOADED[0] if _LOADED else None
