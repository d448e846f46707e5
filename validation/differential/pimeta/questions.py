"""What a question is, and the comparison of the two answers."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from models_exchange import difference

from evergrove.errors import EvergroveError

HERE = Path(__file__).parent
#: From this relative difference on a value is counted and listed.
NOTED = 1e-6
#: A difference of values near 0 is relative to this at least; p values keep their own size.
FLOOR = 1e-8
#: Characters of the quantity and the data set in the table.
SHOWN = 56

Values = Mapping[str, Any]
Call = tuple[str, dict[str, Any]]


def _values(
    names: tuple[str, ...], function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> Values:
    found = function(*args, **options)
    return {name: getattr(found, name) for name in names}


def reading(
    names: Iterable[str], function: Callable[..., Any], *args: Any, **options: Any
) -> Callable[[], Values]:
    """Return a call, made later, that gives the named fields of what a function returns."""
    return partial(_values, tuple(names), function, args, options)


def _named(name: str, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Values:
    return {name: function(*args, **options)}


def named(name: str, function: Callable[..., Any], *args: Any, **options: Any) -> Callable[[], Values]:
    """Return a call, made later, that gives what a function returns under a name."""
    return partial(_named, name, function, args, options)


@dataclass(frozen=True)
class Question:
    """One question to both.

    Parameters
    ----------
    function : str
        The line of the table.
    label : str
        The data set and the options.
    calls : list
        Calls to the peer, in order.
    take : mapping
        Names of quantities and where the peer's last result holds them.
    ours : callable
        Returns our values by the same names.
    """

    function: str
    label: str
    calls: list[Call]
    take: dict[str, str]
    ours: Callable[[], Values]


@dataclass
class Compared:
    """What was seen of one function."""

    asked: int = 0
    values: int = 0
    beyond: int = 0
    worst: float = 0.0
    where: str = ""
    refused: Counter[str] = field(default_factory=Counter)
    listed: list[str] = field(default_factory=list)


def asked(questions: list[Question], python: str) -> dict[str, Any]:
    """Return the peer's version and answers, in order."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "questions.json"), Path(folder, "answers.json")
        given.write_text(json.dumps([{"calls": one.calls, "take": one.take} for one in questions]))
        subprocess.run([python, HERE / "answers.py", given, made], check=True)
        return json.loads(made.read_text())


def numbers(value: Any) -> np.ndarray:
    """Return floats; NaN for None and False/True as 0/1."""
    values = np.atleast_1d(np.array(value, dtype=object))
    return np.array([math.nan if one is None else float(one) for one in values.ravel()])


def gap(name: str, ours: Any, theirs: Any) -> float:
    """Return the largest relative difference of two values."""
    a, b = numbers(ours), numbers(theirs)
    if a.shape != b.shape:
        return math.inf
    if name.startswith("p_value"):
        return difference(a, b)
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return math.inf
    both = np.isfinite(a)
    size = np.maximum(np.maximum(np.abs(a[both]), np.abs(b[both])), FLOOR)
    return float((np.abs(a[both] - b[both]) / size).max(initial=0.0))


def compared(questions: list[Question], answers: list[dict[str, Any]]) -> dict[str, Compared]:
    """Return what was seen, by function."""
    seen: dict[str, Compared] = defaultdict(Compared)
    for question, answer in zip(questions, answers, strict=True):
        line = seen[question.function]
        line.asked += 1
        try:
            ours, said = question.ours(), ""
        except EvergroveError as error:
            ours, said = {}, f"{type(error).__name__}: {error}"
        if said or "error" in answer:
            side = "both" if said and "error" in answer else "here" if said else "pimeta"
            line.refused[f"{side}: {(said or answer['error'])[:90]}"] += 1
            line.listed += [f"    {question.label}: {side} refused: {said or answer['error']}"]
            continue
        for name in question.take:
            line.values += 1
            size = gap(name, ours[name], answer[name])
            if size > NOTED:
                line.beyond += 1
                line.listed += [
                    f"    {question.label}: {name}: {size:.1e}: here {ours[name]}, pimeta {answer[name]}"
                ]
            if size > line.worst:
                line.worst, line.where = size, f"{name}, {question.label}"[:SHOWN]
    return dict(seen)


def table(seen: Mapping[str, Compared]) -> Iterator[str]:
    """Yield the table in Markdown."""
    yield "| function | questions | values | largest difference (where) | above 1e-6 | refused |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, line in sorted(seen.items()):
        sides = Counter[str]()
        for reason, count in line.refused.items():
            sides[reason.split(":")[0]] += count
        where = f"{line.worst:.1e} ({line.where})" if line.worst > NOTED else f"{line.worst:.1e}"
        refusals = ", ".join(f"{side} {count}" for side, count in sorted(sides.items()))
        yield f"| {name} | {line.asked} | {line.values} | {where} | {line.beyond or ''} | {refusals} |"
