"""``evergrove build``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors

if TYPE_CHECKING:
    from evergrove.report.site.gallery import PngChoice


@click.command()
@click.argument("review")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the site; site/<review> if missing.")
@click.option(
    "--png",
    type=click.Choice(["main", "all", "none"]),
    default="main",
    show_default=True,
    help="Which figures are also written as PNG.",
)
@click.option("--timings", "show_timings", is_flag=True, help="Print the seconds of each stage.")
@json_option
@with_errors
def command(review: str, out: Path | None, png: PngChoice, show_timings: bool, as_json: bool) -> None:
    """Build the site of REVIEW, a review folder or the name of a shipped review."""
    from evergrove.cli.summary import answer_lines, answers_data, timing_lines  # noqa: PLC0415 - after parsing
    from evergrove.services.build import build  # noqa: PLC0415

    with progress(quiet=as_json) as step:
        built = build(review, out, png=png, progress=step)
    if as_json:
        print_json(
            {
                "review": built.findings.review.id,
                "site": str(built.home.resolve()),
                "pages": built.pages,
                "answers": answers_data(built.findings),
                "timings": built.timings.seconds,
            }
        )
        return
    click.echo(f"{built.pages} pages: {built.home.resolve()}")
    for line in answer_lines(built.findings):
        click.echo(line)
    if show_timings:
        click.echo("\n".join(timing_lines(built.timings)))
