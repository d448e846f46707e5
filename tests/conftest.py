"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("evergrove", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("evergrove")


def pytest_report_header() -> list[str]:
    """Say at the top of the run whether the browser tests will run."""
    browser = shutil.which("chromium")
    return [f"headless Chromium: {browser or 'not installed; the browser tests are skipped'}"]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have results kept in a folder of this run, not in the person's own, in child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shipped_folder() -> Path:
    """The folder of the shipped review."""
    return ROOT / "reviews" / "msc-ards"


@pytest.fixture
def review_folder(shipped_folder: Path, tmp_path: Path) -> Path:
    """A copy of the shipped review that a test may spoil."""
    folder = tmp_path / "msc-ards"
    shutil.copytree(shipped_folder, folder)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of headless Chromium; without it the test is skipped, or fails where nothing may be."""
    path = shutil.which("chromium")
    if path is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("EVERGROVE_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
