"""``evergrove check``."""

from __future__ import annotations

import click

from evergrove.cli.output import json_option, print_json, progress, with_errors


@click.command()
@click.argument("review")
@json_option
@with_errors
def command(review: str, as_json: bool) -> None:
    """List every fault of REVIEW with file, line and field, and what a reader should know of it.

    Faults end with exit status 3; remarks do not.
    """
    from evergrove.services.check import check  # noqa: PLC0415 - after parsing

    with progress(quiet=as_json) as step:
        checked = check(review, step)
    found = checked.review
    data = sum(len(study.data) for study in found.studies)
    if as_json:
        print_json(
            {
                "review": found.id,
                "studies": len(found.studies),
                "data": data,
                "faults": [],
                "remarks": [remark.to_dict() for remark in checked.remarks],
            }
        )
        return
    click.echo(
        f"{found.id}: {len(found.studies)} {'study' if len(found.studies) == 1 else 'studies'}, {data} data, "
        f"no faults, {len(checked.remarks)} {'remark' if len(checked.remarks) == 1 else 'remarks'}"
    )
    for remark in checked.remarks:
        click.echo(f"  {remark.code}: {remark.where}: {remark.message}")
