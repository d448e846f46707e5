"""``evergrove demo``."""

from __future__ import annotations

from pathlib import Path

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors

DEMO_REVIEW = "msc-ards"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the site; site/msc-ards if missing.")
@json_option
@with_errors
def command(out: Path | None, as_json: bool) -> None:
    """Open the shipped review, build its site, and say where it is and what it finds."""
    from evergrove.cli.summary import answer_lines, answers_data  # noqa: PLC0415 - after parsing
    from evergrove.services.build import build  # noqa: PLC0415
    from evergrove.services.folders import shipped_reviews  # noqa: PLC0415

    with progress(quiet=as_json) as step:
        built = build(shipped_reviews()[DEMO_REVIEW], out, progress=step)
    if as_json:
        print_json(
            {
                "review": DEMO_REVIEW,
                "site": str(built.home.resolve()),
                "answers": answers_data(built.findings),
            }
        )
        return
    click.echo(f"The site is at {built.home.resolve()}")
    for line in answer_lines(built.findings):
        click.echo(line)
