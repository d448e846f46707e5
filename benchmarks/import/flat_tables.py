"""How many outcome tables with classes could be joined again from bare lists (study_fields)?

    python benchmarks/import/flat_tables.py ../shared/data/registry

Posted results of the second interface are written as the first gave them: group ids of all numbers in one list,
titles of classes counted. All tables that fit the lists are tried; an outcome is sure where they all give it the
same numbers. Two readings are told apart: every row has a number for each group, or a row may leave groups out.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

#: Steps of a study's search beyond which it is not tried.
LARGEST = 50_000
LIMITS = re.compile("range|interval", re.IGNORECASE)
Table = tuple[int, int, int]  # first number, first number of the next outcome, rows


def outcomes_in(folder: Path) -> list[list[dict[str, Any]]]:
    """Return the posted outcomes of each study that has any."""
    packed = (folder / "ctgov_v2_bulk" / "studies.jsonl.xz").read_bytes()
    texts = lzma.decompress(packed).decode("utf-8").splitlines()
    for path in sorted((folder / "ctgov_v2").iterdir()):
        data = path.read_bytes()
        texts.append((lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8"))
    studies = [json.loads(text) for text in texts]
    modules = [study.get("resultsSection", {}).get("outcomeMeasuresModule", {}) for study in studies]
    posted = [
        [one for one in module.get("outcomeMeasures", ()) if one.get("reportingStatus") != "NOT_POSTED"]
        for module in modules
    ]
    return [outcomes for outcomes in posted if outcomes]


def rows_of(outcome: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the rows of an outcome, each the numbers of its groups."""
    categories = [one for group in outcome.get("classes", ()) for one in group.get("categories", ())]
    return [one["measurements"] for one in categories if one.get("measurements")]


def choices(ids: list[str], at: int, own: list[str], *, whole: bool) -> list[Table]:
    """Return the tables that can begin at a number: blocks of the outcome's groups, cut into rows."""
    found, end, fewest = [], at, 0
    while end < len(ids) and ids[end] in own:
        fewest += end == at or ids[end] <= ids[end - 1]
        end += 1
        if not whole:
            found += [(at, end, rows) for rows in range(fewest, end - at + 1)]
        elif ids[at:end] == own * fewest:
            found.append((at, end, fewest))
    return found


def sure(outcomes: list[dict[str, Any]], *, whole: bool) -> dict[int, Table] | None:
    """Return the outcomes that have one table in all that fits the lists, or ``None`` where there are too many."""
    groups = [[group["id"] for group in one.get("groups", ())] for one in outcomes]
    ids = [number["groupId"] for one in outcomes for row in rows_of(one) for number in row]
    titles = sum("title" in group for one in outcomes for group in one.get("classes", ()))
    reached, steps = {(0, 0)}, []
    for own in groups:
        every = (
            ((at, used), table, (table[1], used + more))
            for at, used in reached
            for table in choices(ids, at, own, whole=whole)
            for more in ((0, 1) if table[2] == 1 else (table[2],))  # more than one class: each has a title
            if used + more <= titles
        )
        ways = list(islice(every, LARGEST))
        if len(ways) == LARGEST:
            return None
        steps.append(ways)
        reached = {after for _, _, after in ways}
    fits, found = {(len(ids), titles)}, {}
    for place, ways in reversed(list(enumerate(steps))):
        held = [(before, table) for before, table, after in ways if after in fits]
        fits = {before for before, _ in held}
        if len(tables := {table for _, table in held}) == 1:
            found[place] = tables.pop()
    return found


def told(number: dict[str, Any]) -> str:
    """Return which dispersion a number has."""
    return "limits" if "lowerLimit" in number else "spread" if "spread" in number else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    studies = outcomes_in(parser.parse_args().folder)
    rows, kinds = Counter[str](), Counter[str]()
    for outcome in (one for outcomes in studies for one in outcomes):
        kind = outcome.get("dispersionType")
        wanted = "none" if kind is None else "limits" if LIMITS.search(kind) else "spread"
        for row in rows_of(outcome):
            rows["whole" if len(row) == len(outcome.get("groups", ())) else "short"] += 1
            kinds.update("as said" if told(number) == wanted else "otherwise" for number in row)
    print(f"{len(studies)} studies; rows: {dict(rows)}; dispersion of numbers: {dict(kinds)}")
    titled = [
        outcomes
        for outcomes in studies
        if any("title" in group for one in outcomes for group in one.get("classes", ()))
        and not any(
            "title" in one
            for outcome in outcomes
            for group in outcome.get("classes", ())
            for one in group.get("categories", ())
        )
    ]
    for whole in (True, False):
        count = Counter[str]()
        for outcomes in titled:
            found = sure(outcomes, whole=whole)
            count["studies tried" if found is not None else "studies with too many tables"] += 1
            if found is None:
                continue
            count["outcomes"] += len(outcomes)
            at = 0
            for place, outcome in enumerate(outcomes):
                held = rows_of(outcome)
                end = at + sum(map(len, held))
                if place in found:
                    count["right" if found[place] == (at, end, len(held)) else "wrong"] += 1
                at = end
        print("every row whole" if whole else "rows may leave groups out", dict(count))


if __name__ == "__main__":
    main()
