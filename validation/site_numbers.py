"""Compare every pooled number of the shipped review's site with metafor's on the same chosen data.

    python validation/site_numbers.py        (needs R with metafor and jsonlite)

Writes ``tests/golden/site_numbers.json``, which the tests read without R, and ``validation/site_numbers.md``.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from evergrove.services.review import open_review
from evergrove.synthesis import PooledSet

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "site_numbers.json"
PAGE = ROOT / "validation" / "site_numbers.md"
QUANTITIES = (
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p_value",
    "tau2",
    "tau2_ci_low",
    "tau2_ci_high",
    "i2",
    "q",
    "q_p_value",
    "prediction_low",
    "prediction_high",
)


def pooled_sets() -> dict[str, PooledSet]:
    """Return every set of studies that the site pools, by analysis and designs."""
    findings = open_review("msc-ards").findings
    sets = {}
    for answer in findings.answers:
        for name, pooled in (("main", answer.result.main), ("beside", answer.result.beside)):
            if pooled is not None and pooled.fit is not None:
                sets[f"{answer.result.analysis.id}/{name}"] = pooled
    return sets


def chosen(key: str, pooled: PooledSet) -> dict[str, Any]:
    """Return the chosen data of one set as plain columns for R."""
    effects = pooled.effects
    printed = [
        {
            "row": row,
            "estimate": effect.numbers.printed.estimate,
            "ci_low": effect.numbers.printed.ci_low,
            "ci_high": effect.numbers.printed.ci_high,
        }
        for row, effect in enumerate(effects, start=1)
        if effect.numbers.printed is not None
    ]
    arms = [effect.numbers for effect in effects if effect.numbers.printed is None]
    measure = pooled.fit.measure
    kind = {"MD": "means", "PAS": "proportions"}.get(measure, "counts")
    fields = {"counts": ("events", "n"), "means": ("mean", "sd", "n"), "proportions": ("events", "n")}[kind]
    sides = ("experimental",) if kind == "proportions" else ("experimental", "control")
    columns = {
        f"{field}{number}": [getattr(getattr(item, side), field) for item in arms]
        for number, side in enumerate(sides, start=1)
        for field in fields
    }
    return {"id": key, "kind": kind, "measure": str(measure), "printed": printed} | columns


def difference(ours: float | None, theirs: float | None) -> float:
    """Return the relative difference; absolute where the reference is 0."""
    if ours is None or theirs is None:
        return 0.0 if ours is None and theirs is None else math.inf
    return abs(ours - theirs) / (abs(theirs) if theirs else 1.0)


def main() -> None:
    """Run R, write the golden file and the page."""
    sets = pooled_sets()
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "chosen.json", Path(folder) / "r.json"
        given.write_text(json.dumps([chosen(key, pooled) for key, pooled in sets.items()]), encoding="utf-8")
        subprocess.run(["Rscript", ROOT / "validation" / "site_numbers.R", given, answered], check=True)
        reference = json.loads(answered.read_text(encoding="utf-8"))
    GOLDEN.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(sets, reference), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def page(sets: dict[str, PooledSet], reference: dict[str, Any]) -> str:
    """Return the page: each pooled number beside R's."""
    source = reference["source"]
    lines = [
        "# The site's pooled numbers against R",
        "",
        f"Written by `python validation/site_numbers.py` on {source['date']} with {source['software']}, "
        f"metafor {source['metafor']}. The chosen data of every pooled analysis of `msc-ards` were given to "
        '`escalc` and `rma(method="REML", test="knha")`, thresholds tightened to 1e-12. Estimates and limits '
        "are on the pooling scale (log for RR).",
        "",
        "| analysis | k | estimate: evergrove | estimate: R | largest relative difference of 13 quantities |",
        "|---|---|---|---|---|",
    ]
    for item in reference["analyses"]:
        fit = sets[item["id"]].fit
        theirs = item["inverse_variance"]
        worst = max(
            difference(getattr(fit, name), theirs.get(name)) for name in QUANTITIES if comparable(name, fit.k)
        )
        lines.append(
            f"| {item['id']} | {fit.k} | {fit.estimate:.10f} | {theirs['estimate']:.10f} | {worst:.1e} |"
        )
    lines += [
        "",
        "Quantities: "
        + ", ".join(QUANTITIES)
        + ". With fewer than three studies evergrove gives no prediction "
        "interval (metafor does). Where tau² is 0 the comparison is absolute. The profile bound of tau² and "
        "metafor's root tolerance set the size of the differences.",
        "",
        'Mantel–Haenszel risk ratios of the same data agree with `rma.mh(add=c(1/2,0), to=c("only0","none"))`:',
        "",
        "| analysis | evergrove | R | relative difference |",
        "|---|---|---|---|",
    ]
    for item in reference["analyses"]:
        mantel = next(
            (spec for spec in sets[item["id"]].sensitivity if spec.spec.id == "mantel-haenszel" and spec.fit),
            None,
        )
        if mantel is None or item["mantel_haenszel"] is None:
            continue
        ours, theirs = mantel.fit.estimate, item["mantel_haenszel"]["estimate"]
        lines.append(f"| {item['id']} | {ours:.10f} | {theirs:.10f} | {difference(ours, theirs):.1e} |")
    return "\n".join(lines) + "\n"


def comparable(name: str, k: int) -> bool:
    """Whether a quantity exists on both sides."""
    return k >= 3 or not name.startswith("prediction")


if __name__ == "__main__":
    main()
