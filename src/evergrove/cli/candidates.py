"""``evergrove candidates``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evergrove.cli.output import counted, json_option, print_json, with_errors
from evergrove.errors import UsageError

if TYPE_CHECKING:
    from evergrove.services.candidates import Listed

#: Candidates that are printed where no entry is named; the rest is counted.
MOST_LISTED = 200


@click.command()
@click.argument("review")
@click.option(
    "--registration", "registrations", multiple=True, help="Only this registry entry; may be repeated."
)
@click.option(
    "--part", "parts", multiple=True, help="Only this part: outcome, deaths, serious-adverse-events …"
)
@click.option("--accept", "accepted", metavar="ID", help="Accept a candidate; needs --who and --why.")
@click.option("--reject", "rejected", metavar="ID", help="Reject a candidate; needs --who and --why.")
@click.option("--who", default="", help="Who decides.")
@click.option("--why", default="", help="The reason, for the record.")
@click.option("--outcome", help="The review's outcome that the candidate is.")
@click.option("--arm", "arms", multiple=True, metavar="GROUP=ARM", help="The study's arm that a group is.")
@click.option("--day", type=click.FloatRange(min=0), help="Days after the first infusion or randomisation.")
@json_option
@with_errors
def command(  # noqa: PLR0917 - click passes each option
    review: str,
    registrations: tuple[str, ...],
    parts: tuple[str, ...],
    accepted: str | None,
    rejected: str | None,
    who: str,
    why: str,
    outcome: str | None,
    arms: tuple[str, ...],
    day: float | None,
    as_json: bool,
) -> None:
    """List what registries post as results for REVIEW, and accept it as data or not.

    Every row of an outcome or adverse-event table is a candidate with its place in the entry. An accepted one
    becomes a datum of the study where outcome and arms leave no choice; else the answer says what to name.
    """
    from evergrove.services import candidates as service  # noqa: PLC0415 - after parsing

    if accepted and rejected:
        raise UsageError("--accept and --reject: found both; allowed: one candidate at a time")
    added = service.find_candidates(review)
    if candidate := accepted or rejected:
        chosen = service.Chosen(outcome, _pairs(arms), day)
        decided = service.decide(review, candidate, accept=bool(accepted), who=who, why=why, chosen=chosen)
        if as_json:
            print_json({"decision": decided.decision.model_dump(mode="json"), "message": decided.message})
        else:
            click.echo(decided.message)
        return
    listed = service.list_candidates(review, registrations, parts)
    if as_json:
        print_json({"found": added, "candidates": [_plain(item) for item in listed]})
        return
    click.echo(f"{counted(len(listed), 'candidate')}, {added} of them new")
    for item in listed[:MOST_LISTED]:
        _tell(item)
    if len(listed) > MOST_LISTED:
        click.echo(
            f"and {len(listed) - MOST_LISTED} more: name an entry with --registration or a part with --part"
        )


def _pairs(arms: tuple[str, ...]) -> dict[str, str]:
    """Return the study's arm of each group that was named."""
    pairs: dict[str, str] = {}
    for told in arms:
        group, sign, arm = told.rpartition("=")
        if not (sign and group and arm):
            raise UsageError(f"--arm: found {told!r}; allowed: GROUP=ARM; write 'Placebo=control'")
        pairs[group] = arm
    return pairs


def _plain(item: Listed) -> dict[str, object]:
    decision = item.decision.model_dump(mode="json") if item.decision is not None else None
    return {**item.candidate.model_dump(mode="json"), "state": item.state, "decision": decision}


def _tell(item: Listed) -> None:
    candidate = item.candidate
    row = f" / {candidate.row}" if candidate.row else ""
    click.echo(f"{candidate.id} {candidate.registration} {candidate.outcome}{row} [{item.state}]")
    click.echo(f"  {candidate.locator}; {candidate.kind.label}")
    for arm in candidate.arms:
        printed = ", ".join(f"{name} {told}" for name, told in arm.printed.items() if name != "comment")
        if printed:
            click.echo(f"  {arm.title or arm.group}: {printed}")
    _tell_effects(item)
    for remark in candidate.remarks:
        click.echo(f"  note: {remark}")


def _tell_effects(item: Listed) -> None:
    from evergrove.extraction.recomputed import recomputed  # noqa: PLC0415 - after parsing

    for effect in item.candidate.effects:
        told = ", ".join(f"{name} {value}" for name, value in effect.printed.items())
        click.echo(f"  {effect.measure_as_reported or 'analysis'}: {told}")
        again = recomputed(item.candidate, effect)
        if again is not None:
            verdict = "agrees" if again.agrees else "differs; adjusted estimates may"
            click.echo(
                f"    from the groups: {again.first_vs_second:.4g} or {again.second_vs_first:.4g} ({verdict})"
            )
