"""``evergrove link``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evergrove.cli.output import counted, json_option, print_json, progress, with_errors
from evergrove.errors import UsageError

if TYPE_CHECKING:
    from evergrove.model.link import LinkDecision
    from evergrove.records.links import Linked, Trial
    from evergrove.records.unpublished import UnpublishedTrial

#: Of each list on the terminal; --json has all.
MOST_NAMED = 20
_PAIR = "REPORT NUMBER"


@click.command()
@click.argument("review")
@click.option(
    "--unpublished", "only_unpublished", is_flag=True, help="List only registered trials without results."
)
@click.option("--explain", metavar="ID", help="Tell the evidence of every link of a record, number or study.")
@click.option(
    "--accept",
    nargs=2,
    metavar=_PAIR,
    help="Decide that a report (its id) or number is of a trial.",
)
@click.option("--reject", nargs=2, metavar=_PAIR, help="Decide that it is not.")
@click.option("--undo", metavar="DECISION", help="Take a decision back.")
@click.option("--who", help="Who decides; by default the name of the account.")
@click.option("--why", help="Why, in a sentence.")
@json_option
@with_errors
def command(  # noqa: PLR0917 - click passes each option
    review: str,
    only_unpublished: bool,
    explain: str | None,
    accept: tuple[str, str] | None,
    reject: tuple[str, str] | None,
    undo: str | None,
    who: str | None,
    why: str | None,
    as_json: bool,
) -> None:
    """Link the reports of REVIEW to their trials, and list the trials without a report.

    Each link has its evidence and a probability; what is uncertain goes to a person, whose decision goes
    before any evidence, stands in records/links.jsonl with who, when and why, and can be taken back.
    """
    chosen = [name for name, value in (("--accept", accept), ("--reject", reject), ("--undo", undo)) if value]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} stand together; give one decision at a time")
    if chosen:
        _tell_decision(_decided(review, accept, reject, undo, (who, why)), as_json=as_json)
        return
    from evergrove.services.link import link_review  # noqa: PLC0415 - after parsing

    with progress(quiet=as_json) as step:
        run = link_review(review, step)
    if as_json:
        data = run.to_dict()
        print_json({"today": data["today"], "unpublished": data["unpublished"]} if only_unpublished else data)
    elif explain:
        _explain(run.linked, explain)
    elif only_unpublished:
        _tell_unpublished(run.unpublished, len(run.unpublished))
    else:
        _tell(run.linked)
        _tell_unpublished(run.unpublished, MOST_NAMED)


def _decided(
    review: str,
    accept: tuple[str, str] | None,
    reject: tuple[str, str] | None,
    decision_id: str | None,
    said: tuple[str | None, str | None],
) -> LinkDecision:
    from evergrove.model.link import LinkAction  # noqa: PLC0415 - after parsing
    from evergrove.services.link import decide, undo  # noqa: PLC0415

    who, why = said
    if decision_id is not None:
        return undo(review, decision_id, who, why)
    action = LinkAction.ACCEPT if accept else LinkAction.REJECT
    return decide(review, action, accept or reject or ("", ""), who, why)


def _tell_decision(decision: LinkDecision, *, as_json: bool) -> None:
    if as_json:
        print_json({"decision": decision.model_dump(mode="json")})
    elif decision.undoes is not None:
        click.echo(f"{decision.id}: {decision.undoes} is taken back")
    else:
        what = f"{decision.who} {decision.action.value}s {' and '.join(decision.items)}"
        click.echo(f"{decision.id}: {what}; take it back with --undo {decision.id}")


def _tell(linked: Linked) -> None:
    known = [trial for trial in linked.trials if trial.study is not None and (trial.reports or trial.entries)]
    new = linked.candidates
    tied = len(linked.reports) - len(linked.unlinked)
    click.echo(
        f"{counted(len(linked.reports), 'report')} and {counted(len(linked.entries), 'registered trial')}: "
        f"{counted(tied, 'report')} linked, {len(linked.unlinked)} unlinked"
    )
    _tell_trials(f"Studies of the review with records ({len(known)})", known, linked)
    _tell_trials(f"New candidates ({len(new)})", new, linked)
    if linked.to_decide:
        click.echo(f"\nFor a person to decide ({len(linked.to_decide)}):")
        for link in linked.to_decide[:MOST_NAMED]:
            click.echo(f"  {link}")
        _more(len(linked.to_decide), MOST_NAMED)
    if linked.unlinked:
        click.echo(f"\nUnlinked reports ({len(linked.unlinked)}):")
        for key in linked.unlinked[:MOST_NAMED]:
            report = linked.reports[key]
            click.echo(f"  {key} {report.year or 'year not known'} {report.title or 'no title'}")
        _more(len(linked.unlinked), MOST_NAMED)


def _tell_trials(heading: str, trials: tuple[Trial, ...] | list[Trial], linked: Linked) -> None:
    click.echo(f"\n{heading}:")
    for trial in trials[:MOST_NAMED]:
        name = f"{trial.study}: " if trial.study else ""
        click.echo(f"  {name}{', '.join(trial.numbers) or 'no registration'} {trial.title or ''}".rstrip())
        for key in trial.reports:
            report = linked.reports[key]
            click.echo(f"    {key} {report.year or ''} {report.title or 'no title'}")
    _more(len(trials), MOST_NAMED)


def _tell_unpublished(trials: tuple[UnpublishedTrial, ...], most: int) -> None:
    click.echo(f"\nRegistered, no report of results found ({len(trials)}):")
    for trial in trials[:most]:
        when = _since(trial)
        posted = (
            f"; results in the registry: {trial.results_in_registry}" if trial.results_in_registry else ""
        )
        status = f", {trial.status.lower().replace('_', ' ')}" if trial.status else ""
        click.echo(f"  {', '.join(trial.registrations)}: {when}{status}{posted}: {trial.title or 'no title'}")
    _more(len(trials), most)


def _since(trial: UnpublishedTrial) -> str:
    """Return why a trial is listed, and since when."""
    from evergrove.records.unpublished import TrialState  # noqa: PLC0415 - after parsing

    state = trial.state.label
    if trial.days_since_completion is None:
        told = f"{state}, " if trial.state is not TrialState.NOT_SAID else ""
        return f"{told}completion {trial.completion or 'not known'}"
    expected = "expected " if trial.completion_expected else ""
    return f"{state}, {trial.days_since_completion} days since the {expected}completion ({trial.completion})"


def _explain(linked: Linked, item: str) -> None:
    from evergrove.records.trial_clusters import STUDY  # noqa: PLC0415 - after parsing
    from evergrove.records.trial_numbers import number_key  # noqa: PLC0415

    names = {item, number_key(item), f"{STUDY}{item}"}
    # The links of a number that a study of the review has hang on the study.
    names |= {f"{STUDY}{trial.study}" for trial in linked.trials if names & set(trial.numbers)}
    found = [link for link in linked.links if names & {link.left, link.right}]
    for link in found:
        click.echo(str(link))
    if found:
        return
    known = {
        *linked.reports,
        *linked.entries,
        *(number for trial in linked.trials for number in trial.numbers),
    }
    known |= {f"{STUDY}{trial.study}" for trial in linked.trials}
    if not names & known:
        raise UsageError(
            f"--explain: found {item!r}; allowed: the id of a report, a registration number or a study that "
            "these records or the review name; 'evergrove link --json' has them all"
        )
    click.echo(f"{item}: no link is likely")


def _more(total: int, shown: int) -> None:
    if total > shown:
        click.echo(f"  and {total - shown} more: see --json")
