"""``evergrove dedupe``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors

if TYPE_CHECKING:
    from evergrove.model.merge import MergeEvent
    from evergrove.model.record import Record
    from evergrove.services.dedupe import DedupeRun

#: Decisions that are told on the terminal; the log holds all of them.
MOST_NAMED = 10
#: Characters of an abstract that are shown.
ABSTRACT = 400
_ANSWERS = "[d]uplicate, [n]ot, [s]kip, [q]uit; a reason may follow: "


@click.command()
@click.argument("review")
@click.option("--review", "ask", is_flag=True, help="Decide the uncertain pairs, both records side by side.")
@click.option("--undo", "merge", metavar="ID", help="Take back a merge, or a decision of a person.")
@click.option("--list", "show", is_flag=True, help="List the merges that hold, with their ids.")
@click.option("--by", "who", help="Who decides; the name of the account if left out.")
@click.option("--why", default="", help="The reason, for --undo.")
@json_option
@with_errors
def command(  # noqa: PLR0917 - click passes each option
    review: str, ask: bool, merge: str | None, show: bool, who: str | None, why: str, as_json: bool
) -> None:
    """Merge the records of REVIEW that are one publication.

    All records are kept; every merge says which fields agreed and can be undone. Preprints, conference
    abstracts, corrections and other reports of the same work are linked, not merged. What is uncertain waits
    for a person: see --review. Running it again adds only what is new.
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
    if as_json:
        print_json(run.to_dict())
    elif ask:
        _ask(review, run.waiting, who)
    else:
        _tell(review, run)


def _list(merges: tuple[MergeEvent, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"merges": [event.model_dump(mode="json", exclude_defaults=True) for event in merges]})
        return
    for event in merges:
        click.echo(_line(event))
    click.echo("1 merge holds" if len(merges) == 1 else f"{len(merges)} merges hold")


def _line(event: MergeEvent) -> str:
    """Return a decision on one line: its id, the records, the rule, the fields."""
    by = event.rule if event.rule is not None else f"decided by {event.who}"
    what = event.verdict.label if event.relation is None else f"related: {event.relation.label}"
    told = (("agree", event.agreed), ("alike", event.near), ("differ", event.differed))
    fields = "".join(f"; {word}: {', '.join(names)}" for word, names in told if names)
    return f"{event.id}  {event.records[0]} + {event.records[1]}: {what} ({by}: {event.why}){fields}"


def _tell(review: str, run: DedupeRun) -> None:
    new = [event for event in run.added if event.verdict.value == "duplicate"]
    linked = [event for event in run.added if event.relation is not None and event.verdict.value == "not"]
    click.echo(
        f"{run.records} records = {run.reports} reports + {run.merged} merged into them ({len(new)} new)"
    )
    for event in new[:MOST_NAMED]:
        click.echo(f"  merged {_line(event)}")
    if len(new) > MOST_NAMED:
        click.echo(f"  and {len(new) - MOST_NAMED} more: see 'evergrove dedupe {review} --list'")
    for event in linked[:MOST_NAMED]:
        click.echo(f"  linked {_line(event)}")
    if len(linked) > MOST_NAMED:
        click.echo(f"  and {len(linked) - MOST_NAMED} more links: see records/merges.jsonl")
    if run.waiting:
        click.echo(f"{len(run.waiting)} pairs wait for you: 'evergrove dedupe {review} --review'")


def _ask(review: str, waiting: tuple[MergeEvent, ...], who: str | None) -> None:
    """Show each uncertain pair side by side and add what the person decides."""
    from evergrove.model.merge import PairVerdict  # noqa: PLC0415 - after parsing
    from evergrove.services.dedupe import decide, records_of  # noqa: PLC0415

    verdicts = {"d": PairVerdict.DUPLICATE, "n": PairVerdict.NOT}
    records = records_of(review, [key for event in waiting for key in event.records])
    decided = 0
    for number, event in enumerate(waiting, start=1):
        click.echo(f"\nPair {number} of {len(waiting)} ({event.rule}: {event.why})")
        _side_by_side(event, records)
        answer, reason = _answer()
        if answer == "q":
            break
        if answer in verdicts:
            decide(review, event.records, verdicts[answer], who, reason)
            decided += 1
    click.echo(f"{decided} decided, {len(waiting) - decided} left")


def _answer() -> tuple[str, str]:
    """Return the key and the reason; no answer at all (a closed input) is quitting."""
    while True:
        click.echo(_ANSWERS, nl=False)
        line = sys.stdin.readline()
        if not line:
            click.echo("no answer")
            return "q", ""
        key, _, reason = line.strip().partition(" ")
        if key.lower() in {"d", "n", "s", "q"}:
            return key.lower(), reason.strip()
        click.echo(f"found {line.strip()!r}; allowed: d, n, s or q")


def _shown(record: Record) -> dict[str, str]:
    """Return the fields of a record as they are shown."""
    abstract = record.abstract or ""
    return {
        "title": record.title or "",
        "authors": "; ".join(record.authors),
        "year": str(record.year or record.date or ""),
        "journal": record.journal or "",
        "volume": record.volume or "",
        "issue": record.issue or "",
        "pages": record.pages or "",
        "doi": record.doi or "",
        "pmid": record.pmid or "",
        "registration": ", ".join(record.registrations),
        "kind": record.kind.label,
        "source": " ".join(filter(None, (record.source.database, record.source.file))),
        "abstract": abstract[:ABSTRACT] + ("…" if len(abstract) > ABSTRACT else ""),
    }


def _side_by_side(event: MergeEvent, records: dict[str, Record]) -> None:
    left, right = (_shown(records[key]) for key in event.records)
    fields = {"=": event.agreed, "~": event.near, "≠": event.differed}
    signs = {name: sign for sign, names in fields.items() for name in names}
    rows = [
        (name, signs.get(name, " "), left[name], right[name]) for name in left if left[name] or right[name]
    ]
    if not sys.stdout.isatty():
        for name, sign, one, two in rows:
            click.echo(f"{sign} {name:<12} {one or '-'}\n  {'':<12} {two or '-'}")
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(show_lines=True)
    table.add_column("")
    table.add_column("", justify="center")
    table.add_column(event.records[0], ratio=1)
    table.add_column(event.records[1], ratio=1)
    colours = {"=": "green", "~": "yellow", "≠": "red"}
    for name, sign, one, two in rows:
        # As text: what a record holds is never read as markup.
        style = colours.get(sign, "")
        table.add_row(name, Text(sign, style=style), Text(one or "–"), Text(two or "–"))
    Console().print(table)
