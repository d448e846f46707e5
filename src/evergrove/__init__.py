"""Open, living evidence synthesis: from the trials to a graded answer that stays current.

>>> import evergrove as eg
>>> eg.pool([0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01]).k
4
"""

from __future__ import annotations

from importlib import import_module

from evergrove._version import __version__

#: name -> module that holds it; loaded when first used.
_EXPORTS = {
    "absolute_effect": "evergrove.stats",
    "back_transform": "evergrove.stats",
    "build": "evergrove.services.build",
    "check": "evergrove.services.check",
    "effect_from_ci": "evergrove.stats",
    "effect_size": "evergrove.stats",
    "egger_test": "evergrove.stats",
    "leave_one_out": "evergrove.stats",
    "mantel_haenszel": "evergrove.stats",
    "mean_sd_from_median_iqr": "evergrove.stats",
    "open_review": "evergrove.services.review",
    "peto": "evergrove.stats",
    "pool": "evergrove.stats",
    "proportion_interval": "evergrove.stats",
    "subgroup_test": "evergrove.stats",
    "subgroups": "evergrove.stats",
}

__all__ = ["__version__", *sorted(_EXPORTS)]  # noqa: PLE0604 - the names stand in one table


def __getattr__(name: str) -> object:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'evergrove' has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
