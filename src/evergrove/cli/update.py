"""``evergrove update``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evergrove.cli.output import json_option, progress, with_errors
from evergrove.cli.search import leave, tell
from evergrove.errors import UsageError

if TYPE_CHECKING:
    from evergrove.services.search import SearchOutcome

#: What follows an update, in its order.
STEPS = ("dedupe", "link", "build")


@click.command()
@click.argument("review")
@click.option(
    "--then",
    "steps",
    multiple=True,
    type=click.Choice(STEPS),
    help="Run this command on the review afterwards; may be given several times.",
)
@json_option
@with_errors
@click.pass_context
def command(context: click.Context, review: str, steps: tuple[str, ...], as_json: bool) -> None:
    """Run all saved searches of REVIEW again, import what is new, and name it.

    What --then names runs afterwards, each once, in the order dedupe, link, build; also where a service did
    not answer, with what came.
    """
    from evergrove.services.search import run_searches  # noqa: PLC0415 - after parsing

    if steps and as_json:
        raise UsageError("--then and --json: found both; allowed: one; call the other commands with --json")
    with progress(quiet=as_json) as step:
        outcome = run_searches(review, (), step)
    tell(outcome, as_json=as_json, named=True)
    if steps:
        _follow(context, review, steps)
    elif not as_json:
        _say_what_follows(review, outcome)
    leave(outcome)


def _follow(context: click.Context, review: str, steps: tuple[str, ...]) -> None:
    """Run other commands of the group that this one was called from."""
    above = context.parent
    group = above.command if above is not None else None
    for name in STEPS:
        if name in steps and above is not None and isinstance(group, click.Group):
            click.echo(f"\n{name}:")
            command = group.get_command(above, name)
            if command is not None:
                context.invoke(command, review=review)


def _say_what_follows(review: str, outcome: SearchOutcome) -> None:
    if outcome.found:
        click.echo("Next, for each that you use:")
        for name in STEPS:
            click.echo(f"  evergrove {name} {review}")
