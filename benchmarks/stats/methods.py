"""Times single calls of many methods beside R's on R's own example data, in one run; writes methods.md.

Run from the repository's root: python benchmarks/stats/methods.py
It needs R with metafor and clubSandwich (``bash validation/install_r.sh``). Both sides are warm: each call is
made once, then timed five times, and the least counts, since other programs can only add.
"""

from __future__ import annotations

import csv
import io
import platform
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from run import best

import evergrove as eg
from evergrove import stats

PAGE = Path(__file__).parent / "methods.md"
TIMES = 5

#: What both sides are asked, and how R is asked.
IN_R = {
    "multilevel: schools in districts, 56 effects": "rma.mv(yi, vi, random = ~ 1 | district/school, data = schools)",
    "its profile intervals": "confint(nested)",
    "its CR2 tests": "robust(nested, cluster = district, clubSandwich = TRUE)",
    "multivariate: two outcomes, 5 trials": (
        'rma.mv(yi, V, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = periodontal)'
    ),
    "mixed model UM.FS, 13 trials": 'glmm("UM.FS")',
    "mixed model CM.AL": 'glmm("CM.AL")',
    "mixed model CM.EL": 'glmm("CM.EL")',
    "meta-regression, two moderators, 13 trials": "rma(yi, vi, mods = ~ ablat + year, data = bcg)",
    "location-scale model": "rma(yi, vi, scale = ~ ablat, data = bcg)",
    "Q-profile interval": "confint(fit)",
    "influence diagnostics": "influence(fit)",
    "trim and fill": "trimfill(fit)",
    "selection model, one step": 'selmodel(fit, type = "stepfun", steps = 0.025)',
    "selection model, beta": 'selmodel(fit, type = "beta")',
}

R_SCRIPT = """
suppressMessages(library(metafor)); options(warn = -1)
schools <- dat.konstantopoulos2011
periodontal <- dat.berkey1998
V <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = periodontal)
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
fit <- rma(yi, vi, data = bcg)
nested <- rma.mv(yi, vi, random = ~ 1 | district/school, data = schools)
glmm <- function(model) {
  rma.glmm(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg, model = model)
}
least <- function(call) {
  eval(call, globalenv())
  min(replicate(%d, system.time(eval(call, globalenv()))[["elapsed"]]))
}
write.csv(schools[c("district", "school", "yi", "vi")], row.names = FALSE); cat("----\\n")
write.csv(periodontal[c("trial", "outcome", "yi", "v1i", "v2i")], row.names = FALSE); cat("----\\n")
write.csv(bcg[c("tpos", "tneg", "cpos", "cneg", "ablat", "year")], row.names = FALSE); cat("----\\n")
cat(R.version.string, ", metafor ", as.character(packageVersion("metafor")), "\\n----\\n", sep = "")
%s
"""

Columns = dict[str, "np.ndarray"]


class InR(NamedTuple):
    """What R printed: the data of both sides, its version and its seconds."""

    schools: Columns
    periodontal: Columns
    bcg: Columns
    version: str
    seconds: list[float]


def _columns(text: str) -> Columns:
    """Return a table as columns: numbers, or text where it is none."""
    rows = list(csv.DictReader(io.StringIO(text.strip())))
    found = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: np.array(values) if name == "outcome" else np.array(values, dtype=float)
        for name, values in found.items()
    }


def in_r() -> InR:
    """Run R once."""
    calls = "\n".join(f"cat(least(quote({call})), '\\n')" for call in IN_R.values())
    done = subprocess.run(
        ["Rscript", "-"], input=R_SCRIPT % (TIMES, calls), capture_output=True, text=True, check=True
    )
    schools, periodontal, bcg, version, seconds = done.stdout.split("----\n")
    return InR(
        _columns(schools),
        _columns(periodontal),
        _columns(bcg),
        version.strip(),
        [float(line) for line in seconds.split()],
    )


def calls_of(data: InR) -> list[Callable[[], object]]:
    """Return evergrove's calls in the order of `IN_R`."""
    schools, bcg, two = data.schools, data.bcg, data.periodontal
    tables = {
        "events1": bcg["tpos"],
        "n1": bcg["tpos"] + bcg["tneg"],
        "events2": bcg["cpos"],
        "n2": bcg["cpos"] + bcg["cneg"],
    }
    effects = stats.effect_size("RR", **tables)
    yi, vi = effects.yi, effects.vi
    known = stats.vcalc(
        np.ones(two["yi"].size), two["trial"], rvars=np.column_stack([two["v1i"], two["v2i"]])
    )

    def nested() -> stats.MultilevelResult:
        return stats.multilevel(schools["yi"], schools["vi"], random="~ 1 | district/school", data=schools)

    fit = nested()
    return [
        nested,
        lambda: stats.component_intervals(fit),
        lambda: stats.robust(fit, schools["district"]),
        lambda: stats.multilevel(
            two["yi"], known, mods="~ outcome - 1", random="~ outcome | trial", struct="UN", data=two
        ),
        *(
            lambda model=model: stats.glmm("OR", model=model, **tables)
            for model in ("UM.FS", "CM.AL", "CM.EL")
        ),
        lambda: stats.meta_regression(yi, vi, {"ablat": bcg["ablat"], "year": bcg["year"]}),
        lambda: stats.location_scale(yi, vi, None, {"ablat": bcg["ablat"]}),
        lambda: eg.pool(yi, vi).tau2_ci_low,
        lambda: stats.influence_diagnostics(yi, vi),
        lambda: stats.trim_and_fill(yi, vi),
        lambda: stats.selection_model(yi, vi, weights="step", steps=[0.025]),
        lambda: stats.selection_model(yi, vi, weights="beta"),
    ]


def least(call: Callable[[], object]) -> float:
    """Return the least seconds of several calls after one that warms up."""
    call()
    return best(call, TIMES)[0]


def main() -> None:
    """Time both sides and write the page."""
    data = in_r()
    ours = [least(call) for call in calls_of(data)]
    rows = [
        f"| {name} | {1000 * mine:.3g} | {1000 * theirs:.3g} | {theirs / mine:.2g} |"
        for name, mine, theirs in zip(IN_R, ours, data.seconds, strict=True)
    ]
    page = f"""# Single calls of many methods, beside R

`python benchmarks/stats/methods.py`, {datetime.now(UTC):%Y-%m-%d}. evergrove {eg.__version__}, Python {platform.python_version()}, NumPy {np.__version__};
{data.version}. Both warm, the least of {TIMES} calls each, one after the other on one machine; R's clock counts
whole milliseconds. The data are those of metafor's examples.

| call | evergrove, ms | R, ms | times as fast |
|---|---|---|---|
{chr(10).join(rows)}

evergrove starts several searches where R starts one (mixed and multilevel models), and its Q-profile row includes the fit.
"""
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
