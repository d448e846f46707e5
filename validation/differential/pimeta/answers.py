"""Answers questions with pimeta: ``python answers.py questions.json answers.json``, run by a Python that has pimeta.

A question is a list of calls. The last call's result is read along the paths in ``take``; an earlier result stands in the
arguments of a later call as ``{"result": 0}``, a function as ``{"function": "exp"}``.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pimeta

#: Seconds that a question may take.
PATIENCE = 20
FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "square": np.square,
    "expit": lambda x: 1 / (1 + np.exp(-x)),
}


def resolved(given: Any, results: list[Any]) -> Any:
    """Return an argument with earlier results and functions in place."""
    if isinstance(given, dict) and set(given) == {"result"}:
        return results[given["result"]]
    if isinstance(given, dict) and set(given) == {"function"}:
        return FUNCTIONS[given["function"]]
    return given


def read(found: Any, path: str) -> Any:
    """Return what lies at a path of attributes, keys and positions."""
    for step in path.split(".") if path else []:
        if step.isdigit():
            found = np.asarray(found)[int(step)]
        elif isinstance(found, dict):
            found = found[step]
        else:
            found = getattr(found, step)
    return found


def plain(value: Any) -> Any:
    """Return numbers and lists of numbers; missing values as NaN."""
    if value is None:
        return math.nan
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return value
    numbers = np.asarray(value, dtype=float)
    return numbers.tolist()


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the values asked for, or what pimeta said instead."""
    results: list[Any] = []
    signal.alarm(PATIENCE)
    try:
        for name, arguments in question["calls"]:
            given = {key: resolved(value, results) for key, value in arguments.items()}
            results.append(getattr(pimeta, name)(**given))
        return {name: plain(read(results[-1], path)) for name, path in question["take"].items()}
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        signal.alarm(0)


def too_long(_number: int, _frame: object) -> None:
    """Stop a question that takes too long."""
    raise TimeoutError(f"no answer in {PATIENCE} s")


def main() -> None:
    signal.signal(signal.SIGALRM, too_long)
    warnings.simplefilter("ignore")
    questions = json.loads(Path(sys.argv[1]).read_text())
    with np.errstate(all="ignore"):
        found = [answer(question) for question in questions]
    Path(sys.argv[2]).write_text(json.dumps({"version": pimeta.__version__, "answers": found}))


if __name__ == "__main__":
    main()
