"""``evergrove new``."""

from __future__ import annotations

from pathlib import Path

import click

from evergrove.cli.output import json_option, print_json, with_errors


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--from", "source", metavar="REVIEW", help="Copy this review, a shipped one for example.")
@json_option
@with_errors
def command(folder: Path, source: str | None, as_json: bool) -> None:
    """Make the review folder FOLDER with a commented protocol to fill in, or as a copy of a review."""
    from evergrove.services.folders import new_review  # noqa: PLC0415 - after parsing

    made = new_review(folder, source)
    if as_json:
        print_json({"review": made.resolve().name, "folder": str(made.resolve())})
        return
    if source is not None:
        click.echo(f"{made} is ready: a copy of {source}")
        return
    click.echo(f"{made} is ready: fill in {made / 'review.yaml'}, then 'evergrove check {made}'")
