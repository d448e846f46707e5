"""Calls of metafor's transformations, with what `back_transform` and `average_back_transform` answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats

if TYPE_CHECKING:
    from collections.abc import Iterator

#: metafor's names of the ways back that need no size.
PLAIN = {
    "PLO": "transf.ilogit",
    "PAS": "transf.iarcsin",
    "ZCOR": "transf.ztor",
    "AHW": "transf.iahw",
    "ABT": "transf.iabt",
}
#: Means over the random effects, the same in 3.8 and 5.
MEANS = {"PLO": "transf.ilogit.int", "ZCOR": "transf.ztor.int", "RR": "transf.exp.int"}


def _call(name: str, label: str, arguments: dict[str, Any], ours: object) -> dict[str, Any]:
    return {
        "kind": "way back",
        "group": label,
        "label": label,
        "arguments": {"name": name, "arguments": arguments},
        "ours": {"natural": ours},
    }


def calls(seed: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Yield R's arguments, the label and evergrove's answer of every call."""
    rng = np.random.default_rng([seed, 99])
    for _ in range(repeats):
        sizes = rng.integers(1, 10 ** int(rng.integers(1, 6)), 12).astype(float)
        value = rng.uniform(-0.3, 1.9, 12)
        ours = stats.back_transform(value, "PFT", n=sizes, each=True)
        yield _call("transf.ipft", "PFT", {"xi": value.tolist(), "ni": sizes.tolist()}, ours)
        ours = stats.back_transform(value, "PFT", n=sizes)
        targs = {"ni": sizes.tolist()}
        yield _call("transf.ipft.hm", "PFT, harmonic mean", {"xi": value.tolist(), "targs": targs}, ours)
        times = 10.0 ** rng.uniform(-1, 5, 12)
        value = rng.uniform(0.2, 3.0, 12) / np.sqrt(times)
        ours = stats.back_transform(value, "IRFT", n=times, each=True)
        yield _call("transf.iirft", "IRFT", {"xi": value.tolist(), "ti": times.tolist()}, ours)
        value = rng.normal(0, 2, 12)
        for measure, name in PLAIN.items():
            yield _call(name, measure, {"xi": value.tolist()}, stats.back_transform(value, measure))
        for measure, name in MEANS.items():
            mean, tau2 = float(rng.normal()), float(rng.gamma(1.0, 0.3))
            ours = stats.average_back_transform(mean, measure, tau2)
            yield _call(name, f"{measure}, mean", {"xi": mean, "targs": {"tau2": tau2}}, ours)
