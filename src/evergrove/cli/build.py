"""``evergrove build``."""

from __future__ import annotations

from pathlib import Path

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors


@click.command()
@click.argument("review")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the site; site/<review> if missing.")
@click.option("--no-png", is_flag=True, help="Write figures as SVG only.")
@click.option("--timings", "show_timings", is_flag=True, help="Print the seconds of each stage.")
@json_option
@with_errors
def command(review: str, out: Path | None, no_png: bool, show_timings: bool, as_json: bool) -> None:
    """Build the site of REVIEW, a review folder or the name of a shipped review."""
    from evergrove.cli.summary import answer_lines, answers_data, timing_lines  # noqa: PLC0415 - after parsing
    from evergrove.services.build import build  # noqa: PLC0415

    with progress(quiet=as_json) as step:
        built = build(review, out, figures_png=not no_png, progress=step)
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
