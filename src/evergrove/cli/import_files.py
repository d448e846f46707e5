"""``evergrove import``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors

if TYPE_CHECKING:
    from evergrove.model.record import ImportRun
    from evergrove.services.import_records import ImportOutcome

#: Records left out that are named on the terminal; the log holds all of them.
MOST_NAMED = 10


@click.command()
@click.argument("review")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", help="The format, where it is not to be found by content.")
@click.option("--database", help="The database searched, for PRISMA-S: 'Embase'.")
@click.option("--platform", help="The platform it was searched on: 'Ovid'.")
@click.option(
    "--map", "columns", multiple=True, metavar="COLUMN=FIELD", help="For tables: read a column as a field."
)
@json_option
@with_errors
def command(  # noqa: PLR0917 - click passes each option
    review: str,
    files: tuple[Path, ...],
    form: str | None,
    database: str | None,
    platform: str | None,
    columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Import the records of FILES into REVIEW; the format is found by content.

    Every record keeps its raw form and where it came from. What cannot be read is listed with its position
    and the reason, the rest comes in; a file of no known format does not stop the others. Importing the
    same file twice adds nothing.
    """
    from evergrove.services.import_records import choices_from, import_files  # noqa: PLC0415 - after parsing

    choices = choices_from(form, database, platform, columns)
    with progress(quiet=as_json) as step:
        outcome = import_files(review, files, choices, step)
    if as_json:
        print_json(outcome.to_dict())
    else:
        _tell_all(review, outcome, mapped=bool(columns))
    if outcome.refused:
        sys.exit(outcome.refused[0].exit_status)


def _tell_all(review: str, outcome: ImportOutcome, *, mapped: bool) -> None:
    for run in outcome.runs:
        _tell(run)
        if mapped and run.known:
            click.echo(
                "  known records stay as first read: to read their columns otherwise, take the file "
                f"*-{run.file_sha256[:8]}.jsonl out of {review}/records and import again"
            )
    files = len(outcome.runs) + len(outcome.refused)
    if files > 1:
        read, kept, new = (
            sum(getattr(run, name) for run in outcome.runs) for name in ("read", "kept", "added")
        )
        refused = f"; {len(outcome.refused)} could not be read" if outcome.refused else ""
        click.echo(
            f"{files} files{refused}: read {read} = kept {kept} ({new} new, {kept - new} known already) "
            f"+ left out {read - kept}"
        )
    for error in outcome.refused:
        click.echo(f"evergrove: {error}", err=True)


def _tell(run: ImportRun) -> None:
    """Print what became of one file."""
    known = f", {run.known} known already" if run.known else ""
    click.echo(
        f"{run.file} ({run.format.label}): read {run.read} = kept {run.kept} ({run.added} new{known}) "
        f"+ left out {len(run.left_out)}"
    )
    for item in run.left_out[:MOST_NAMED]:
        line = f", line {item.line}" if item.line is not None else ""
        click.echo(f"  left out: record {item.position}{line}: {item.reason}")
    if len(run.left_out) > MOST_NAMED:
        click.echo(f"  and {len(run.left_out) - MOST_NAMED} more: see records/imports.jsonl")
    if run.mapping:
        click.echo("  columns: " + ", ".join(f"{column} = {field}" for column, field in run.mapping.items()))
