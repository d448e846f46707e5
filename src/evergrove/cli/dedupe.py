"""``evergrove dedupe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evergrove.cli.output import counted, json_option, print_json, progress, with_errors

if TYPE_CHECKING:
    from evergrove.model.merge import MergeEvent
    from evergrove.services.dedupe import DedupeRun

#: Decisions that are told on the terminal; the log holds all of them.
MOST_NAMED = 10


@click.command()
@click.argument("review")
@click.option("--review", "ask", is_flag=True, help="Decide the uncertain pairs, both records side by side.")
@click.option("--undo", "merge", metavar="ID", help="Take back a merge, or a decision of a person.")
@click.option("--list", "show", is_flag=True, help="List the merges that hold, with their ids.")
@click.option(
    "--table",
    "table",
    metavar="FILE",
    help="Write a CSV of all records with the report that each belongs to.",
)
@click.option("--who", "--by", "who", help="Who decides; by default the name of the account.")
@click.option("--why", default="", help="The reason, for --undo.")
@json_option
@with_errors
def command(  # noqa: PLR0917 - click passes each option
    review: str,
    ask: bool,
    merge: str | None,
    show: bool,
    table: str | None,
    who: str | None,
    why: str,
    as_json: bool,
) -> None:
    """Merge the records of REVIEW that are one publication.

    All records are kept; every merge says which fields agreed and can be undone. Preprints, conference
    abstracts, corrections and other reports of the same work are linked, not merged. What is uncertain waits
    for a person: see --review. Running it again adds only what is new; a merge that a new record leaves open
    is taken back and waits.
    """
    from evergrove.errors import UsageError  # noqa: PLC0415 - after parsing
    from evergrove.services import dedupe as service  # noqa: PLC0415

    if sum((ask, merge is not None, show)) > 1:
        raise UsageError("--review, --undo and --list: found more than one; allowed: one; choose one")
    if merge is not None:
        event = service.undo(review, merge, who, why or "undone")
        if as_json:
            print_json({"undone": event.model_dump(mode="json", exclude_defaults=True)})
        else:
            click.echo(f"undone: {merge}; its records stand apart (records/merges.jsonl, {event.id})")
        return
    if show:
        _list(service.merges(review), as_json=as_json)
        return
    with progress(quiet=as_json) as step:
        run = service.dedupe(review, step)
    if table is not None:
        service.write_report_table(review, table)
    if as_json:
        print_json(run.to_dict())
    elif ask:
        from evergrove.cli.dedupe_review import ask_person  # noqa: PLC0415 - after parsing

        ask_person(review, run.waiting, who)
    else:
        _tell(review, run)


def _list(merges: tuple[MergeEvent, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"merges": [event.model_dump(mode="json", exclude_defaults=True) for event in merges]})
        return
    for event in merges:
        click.echo(_line(event))
    click.echo(f"{counted(len(merges), 'merge')} {'holds' if len(merges) == 1 else 'hold'}")


def _line(event: MergeEvent) -> str:
    """Return a decision on one line: its id, the records, the rule, the fields."""
    by = event.rule if event.rule is not None else f"decided by {event.who}"
    what = event.verdict.label if event.relation is None else f"related: {event.relation.label}"
    told = (("agree", event.agreed), ("alike", event.near), ("differ", event.differed))
    fields = "".join(f"; {word}: {', '.join(names)}" for word, names in told if names)
    return f"{event.id}  {event.records[0]} + {event.records[1]}: {what} ({by}: {event.why}){fields}"


def _tell(review: str, run: DedupeRun) -> None:
    new = [event for event in run.added if event.verdict.value == "duplicate"]
    parted = set(run.parted)
    linked = [
        event
        for event in run.added
        if event.relation is not None and event.verdict.value == "not" and event not in parted
    ]
    click.echo(
        f"{counted(run.records, 'record')} = {counted(run.reports, 'report')} + "
        f"{run.merged} merged into them ({len(new)} new)"
    )
    for event in run.parted[:MOST_NAMED]:
        click.echo(f"  taken back, with the records of today: {_line(event)}")
    if len(run.parted) > MOST_NAMED:
        click.echo(f"  and {len(run.parted) - MOST_NAMED} more taken back: see records/merges.jsonl")
    for event in new[:MOST_NAMED]:
        click.echo(f"  merged {_line(event)}")
    if len(new) > MOST_NAMED:
        click.echo(f"  and {len(new) - MOST_NAMED} more: see 'evergrove dedupe {review} --list'")
    for event in linked[:MOST_NAMED]:
        click.echo(f"  linked {_line(event)}")
    if len(linked) > MOST_NAMED:
        click.echo(f"  and {len(linked) - MOST_NAMED} more links: see records/merges.jsonl")
    if run.waiting:
        wait = "waits" if len(run.waiting) == 1 else "wait"
        click.echo(
            f"{counted(len(run.waiting), 'pair')} {wait} for you: 'evergrove dedupe {review} --review'"
        )
