"""Numbers that other projects took from newer R packages, asked of evergrove without R and those projects.

Each module asks one source; `values/` holds what is kept of it. `validation/published/compare.py` carries
the values over from the unpacked archives and writes the page.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from golden.published import mixmetapy, pimeta, pymare, pymetaanalysis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from golden.published.kept import Row

#: (source, family of questions) -> the generator that compares it.
RUNS: dict[tuple[str, str], Callable[[], Iterator[Row]]] = {
    (module.SOURCE, run.__name__.replace("_", " ")): run
    for module in (pymetaanalysis, pymare, mixmetapy)
    for run in module.RUNS
} | {(pimeta.SOURCE, name): partial(pimeta.family, name) for name in pimeta.families()}
