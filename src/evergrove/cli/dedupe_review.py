"""The uncertain pairs of ``evergrove dedupe --review``: both records side by side, a person decides."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from evergrove.model.merge import PairVerdict
from evergrove.services.dedupe import decide, own_id, records_of, report_groups, undo
from evergrove.services.open_pairs import OpenPairs

if TYPE_CHECKING:
    from evergrove.model.merge import MergeEvent
    from evergrove.model.record import Record

#: Characters of an abstract that are shown.
ABSTRACT = 400
_VERDICTS = {"d": PairVerdict.DUPLICATE, "n": PairVerdict.NOT}
_ANSWERS = "[d]uplicate, [n]ot, [s]kip, [b]ack, [q]uit; a reason may follow: "
_LEGEND = "= the same, ~ alike, ≠ different; marked words stand in one of the two only"
_WORD = re.compile(r"\S+")
_PLAIN = re.compile(r"[^\w]+")
_COLOURS = {"=": "green", "~": "yellow", "≠": "red"}


def ask_person(review: str, waiting: tuple[MergeEvent, ...], who: str | None) -> None:
    """Show each uncertain pair side by side and add what the person decides, at once: stopping loses nothing.

    A pair that earlier answers settle is not asked about: A is B, and B is not C.

    Parameters
    ----------
    review : str
    waiting : tuple of MergeEvent
    who : str or None
        Who decides; by default the name of the account.
    """
    records = records_of(review, [key for event in waiting for key in event.records])
    groups = report_groups(review)
    others = {key: len(group) - 1 for group in groups for key in group if key in records}
    pairs = OpenPairs(groups)
    decided: dict[int, MergeEvent] = {}
    asked: list[int] = []
    at = 0
    if waiting:
        click.echo(_LEGEND)
    while at < len(waiting):
        event = waiting[at]
        if pairs.between(event, decided.values()) is None:
            at += 1
            continue
        click.echo(f"\nPair {at + 1} of {len(waiting)} ({event.rule}: {event.why})")
        _side_by_side(event, records, others)
        answer, reason = _answer()
        if answer == "q":
            break
        if answer == "b":
            at = asked.pop() if asked else at
            if at in decided:
                undo(review, decided.pop(at).id, who, "taken back while deciding")
            continue
        if answer in _VERDICTS:
            decided[at] = decide(review, event.records, _VERDICTS[answer], who, reason)
        asked.append(at)
        at += 1
    undecided = (event for place, event in enumerate(waiting) if place not in decided)
    left = {pairs.between(event, decided.values()) for event in undecided} - {None}
    settled = len(waiting) - len(decided) - len(left)
    by_them = f", {settled} settled by that" if settled else ""
    click.echo(f"{len(decided)} decided{by_them}, {len(left)} left")


def _answer() -> tuple[str, str]:
    """Return the key and the reason; no answer at all (a closed input) is quitting."""
    while True:
        click.echo(_ANSWERS, nl=False)
        line = sys.stdin.readline()
        if not line:
            click.echo("no answer")
            return "q", ""
        key, _, reason = line.strip().partition(" ")
        if key.lower() in {*_VERDICTS, "s", "b", "q"}:
            return key.lower(), reason.strip()
        click.echo(f"found {line.strip()!r}; allowed: d, n, s, b or q")


def _shown(record: Record, others: int) -> dict[str, str]:
    """Return the fields of a record as they are shown."""
    abstract = record.abstract or ""
    source = record.source
    place = f"{source.file}, record {source.position}" + (f" ({own})" if (own := own_id(record)) else "")
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
        "source": " ".join(filter(None, (source.database, place))),
        "merged with": f"{others} other record{'s' if others > 1 else ''}" if others else "",
        "abstract": abstract[:ABSTRACT] + ("…" if len(abstract) > ABSTRACT else ""),
    }


def _side_by_side(event: MergeEvent, records: dict[str, Record], others: dict[str, int]) -> None:
    left, right = (_shown(records[key], others.get(key, 0)) for key in event.records)
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
    for name, sign, one, two in rows:
        # As text: what a record holds is never read as markup.
        texts = Text(one or "–"), Text(two or "–")
        if name in {"title", "authors", "journal", "abstract"} and one and two:
            for text, other in ((texts[0], two), (texts[1], one)):
                for start, end in alone(text.plain, other):
                    text.stylize("bold underline", start, end)
        table.add_row(name, Text(sign, style=_COLOURS.get(sign, "")), *texts)
    Console().print(table)


def alone(text: str, other: str) -> list[tuple[int, int]]:
    """Return where the words of a text stand that another text does not have, whatever signs cling to them.

    Examples
    --------
    >>> alone("Rest in men.", "rest, in women")
    [(8, 12)]
    """
    held = {_PLAIN.sub("", word).casefold() for word in other.split()} | {""}
    return [
        found.span() for found in _WORD.finditer(text) if _PLAIN.sub("", found.group()).casefold() not in held
    ]
