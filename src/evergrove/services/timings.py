"""How long each stage of a command took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Timings:
    """Wall-clock seconds by stage, in the order of the stages.

    Examples
    --------
    >>> timings = Timings()
    >>> with timings.stage("read"):
    ...     pass
    >>> list(timings.seconds)
    ['read']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the body of a ``with`` block under a name; the same name adds up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    @property
    def total(self) -> float:
        """Seconds over all stages."""
        return sum(self.seconds.values())
