"""``evergrove update``."""

from __future__ import annotations

import click

from evergrove.cli.output import json_option, progress, with_errors
from evergrove.cli.search import tell


@click.command()
@click.argument("review")
@json_option
@with_errors
def command(review: str, as_json: bool) -> None:
    """Run all saved searches of REVIEW again, import what is new, and name it."""
    from evergrove.services.search import run_searches  # noqa: PLC0415 - after parsing

    with progress(quiet=as_json) as step:
        outcome = run_searches(review, (), step)
    tell(outcome, as_json=as_json, named=True)
