"""``evergrove export``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evergrove.cli.output import counted, json_option, print_json, progress, with_errors


@click.command()
@click.argument("review")
@click.option("--format", "form", required=True, help="One of ris, nbib, bibtex, csv, endnote-xml, jsonl.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="The file to write; without it, the terminal."
)
@json_option
@with_errors
def command(review: str, form: str, output: Path | None, as_json: bool) -> None:
    """Write the records of REVIEW in the format of a database or reference manager.

    Importing the file again gives the same fields. What a format has no place for is carried along in one
    line of evergrove's own, which other programs pass over.
    """
    from evergrove.services.export_records import export_records, export_to_file  # noqa: PLC0415 - after parsing

    if output is None and as_json:
        raise click.UsageError("--json needs --output: the records and the summary cannot share the terminal")
    with progress(quiet=as_json or output is None) as step:
        if output is None:
            export_records(review, form, sys.stdout.write, step)
            return
        count = export_to_file(review, form, output, step)
    if as_json:
        print_json({"export": {"file": str(output), "format": form, "records": count}})
    else:
        click.echo(f"{output}: {counted(count, 'record')} ({form})")
