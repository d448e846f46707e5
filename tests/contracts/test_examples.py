"""Every example in a docstring runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import evergrove

MODULES = [
    "evergrove",
    *(
        module.name
        for module in pkgutil.walk_packages(evergrove.__path__, "evergrove.")
        if not module.name.startswith("evergrove.reviews")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


FUNCTIONS = [name for name in evergrove.__all__ if inspect.isfunction(getattr(evergrove, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_name_says_what_it_takes_gives_and_raises(name: str) -> None:
    text = getattr(evergrove, name).__doc__
    for section in ("Parameters\n", "Returns\n", "Raises\n"):
        assert section in text, section
    assert ">>>" in text or name in {"build", "check"}  # these write files or take seconds
