"""What every command shares: JSON on request, progress on a terminal, errors by code."""

from __future__ import annotations

import functools
import json
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NoReturn, ParamSpec

import click

from evergrove.errors import EvergroveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def counted(number: int, name: str) -> str:
    """Return a number with the name of what was counted.

    Examples
    --------
    >>> counted(1, "pair"), counted(1200, "record")
    ('1 pair', '1200 records')
    """
    return f"{number} {name}{'' if number == 1 else 's'}"


def print_json(data: dict[str, Any]) -> None:
    """Print data as one JSON object."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def with_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turn an error of evergrove's into a message and the exit status of its code."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except EvergroveError as error:
            _leave(error, as_json=bool(kwargs.get("as_json")))

    return wrapped


class UsageInJson(click.ClickException):
    """A call that click refuses, told as JSON where JSON was asked for."""

    exit_code = UsageError.exit_status

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - click's signature
        """Print the error as every other error is printed."""
        print_json({"error": UsageError(self.message).to_dict()})


def _leave(error: EvergroveError, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"error": error.to_dict()})
    else:
        click.echo(f"evergrove: {error}", err=True)
    sys.exit(error.exit_status)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Give a progress callback that draws bars on a terminal; ``None`` elsewhere.

    A total of 0 is not known: the bar then only moves, and the count stands beside it.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def step(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield step
