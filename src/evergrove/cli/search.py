"""``evergrove search``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors

if TYPE_CHECKING:
    from evergrove.model.search import SearchRun
    from evergrove.services.search import Found, SearchOutcome

#: New records that are named on the terminal.
MOST_NAMED = 20


@click.command()
@click.argument("review")
@click.argument("searches", nargs=-1)
@json_option
@with_errors
def command(review: str, searches: tuple[str, ...], as_json: bool) -> None:
    """Run the saved searches of REVIEW, or only those named, and import what is new.

    PubMed, Europe PMC, ClinicalTrials.gov, OpenAlex and Crossref are asked as searches.yaml says. Each run is
    recorded for PRISMA-S, every raw answer is kept, and a run that was stopped goes on where it was.
    """
    from evergrove.services.search import run_searches  # noqa: PLC0415 - after parsing

    with progress(quiet=as_json) as step:
        outcome = run_searches(review, searches, step)
    tell(outcome, as_json=as_json)
    leave(outcome)


def tell(outcome: SearchOutcome, *, as_json: bool, named: bool = False) -> None:
    """Print what became of the searches."""
    if as_json:
        print_json(outcome.to_dict())
    else:
        for run in outcome.runs:
            click.echo(f"{run.search} ({run.database}): {_counts(run)}")
            if run.complete and run.fetched < run.count and run.limit is not None:
                click.echo(
                    f"  only the {run.limit:,} that it ranks highest are taken: the limit in searches.yaml"
                )
            for remark in run.remarks:
                click.echo(f"  {remark}")
        if named:
            _name(outcome.found)
            if open_ended := sum(not run.complete for run in outcome.runs):
                click.echo(f"{open_ended} of {len(outcome.runs)} searches did not end: there may be more.")
        if outcome.error is not None:
            click.echo(f"evergrove: {outcome.error}", err=True)


def _counts(run: SearchRun) -> str:
    if not run.complete and not run.count and not run.fetched:
        return "no answer, so nobody knows what there is"
    end = "" if run.complete else "; not complete"
    return (
        f"{run.count:,} found, read {run.fetched} = {run.added} new + {run.changed} changed + "
        f"{run.known} known + {run.left_out} left out{end}"
    )


def leave(outcome: SearchOutcome) -> None:
    """End with the status of the error, if there was one."""
    if outcome.error is not None:
        sys.exit(outcome.error.exit_status)


def _name(found: tuple[Found, ...]) -> None:
    """Name the records that came in."""
    if not found:
        click.echo("Nothing new came in.")
        return
    changed = sum(one.changed for one in found)
    click.echo(f"{len(found) - changed} new, {changed} changed:")
    for one in found[:MOST_NAMED]:
        mark = "changed" if one.changed else "new"
        year = f" ({one.year})" if one.year else ""
        number = f" [{one.number}]" if one.number else ""
        click.echo(f"  {mark}: {one.title or 'without title'}{year}{number}")
    if len(found) > MOST_NAMED:
        click.echo(f"  and {len(found) - MOST_NAMED} more: see the records, or --json")
