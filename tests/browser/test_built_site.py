"""The built site in headless Chromium: accessible, within its frame, quiet, alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from evergrove.services.build import build
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files

pytestmark = pytest.mark.browser

REGISTRY = Path(__file__).parents[1] / "formats" / "samples" / "registry"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
#: One page of each kind, and the ones with the most on them.
KINDS = (
    "index.html",
    "topic.html",
    "claims.html",
    "abstract.html",
    "flow.html",
    "unpublished.html",
    "risk-of-bias.html",
    "methods.html",
    "downloads.html",
    "studies/lanzoni-2021.html",
    "studies/irct-shariati.html",
    "studies/qu-2020.html",
    "analyses/mortality-28d.html",
    "analyses/length-of-stay-hospital.html",
    "analyses/il-6-7d.html",
    "analyses/infusion-reactions.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the shipped review, with registry entries imported, so that every page is there."""
    place = tmp_path_factory.mktemp("built")
    review = new_review(place / "review", "msc-ards")
    import_files(review, [REGISTRY / "ctgov-v2-page.json", REGISTRY / "ictrp.csv"])
    return build(review, place / "site").folder


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium without a window."""
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield opened
        opened.close()


def opened(browser: Browser, address: Path, size: dict[str, int]) -> tuple[Page, list[str]]:
    """Open a page without scripts of its own; return it with everything that went wrong."""
    page = browser.new_page(viewport=size, bypass_csp=True)
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file:", "data:")) else trouble.append(request.url),
    )
    page.goto(address.as_uri())
    return page, trouble


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_is_whole_quiet_and_accessible(
    browser: Browser, site: Path, kind: str, size: dict[str, int]
) -> None:
    page, trouble = opened(browser, site / kind, size)
    try:
        assert trouble == []
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == 1
        assert page.evaluate("document.scripts.length") == 0
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"the page is {width} px wide"
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    finally:
        page.close()


def test_the_site_is_walked_by_keyboard(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / "index.html", DESKTOP)
    try:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent").strip().lower().startswith("skip")
        page.keyboard.press("Enter")
        assert page.url.endswith("#main") or page.evaluate("location.hash") != ""
        reached = set()
        for _ in range(200):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.getAttribute('href') || ''"))
        assert any("analyses/mortality-28d.html" in href for href in reached)
    finally:
        page.close()


def test_a_number_leads_to_its_source(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / "analyses" / "mortality-28d.html", DESKTOP)
    try:
        link = page.locator("a[href*='studies/lanzoni-2021.html#']").first
        link.click()
        target = page.evaluate("location.hash.slice(1)")
        row = page.locator(f"[id='{target}']")
        assert row.count() == 1
        assert "http" in (row.locator("a[href^='http']").first.get_attribute("href") or "")
    finally:
        page.close()


def test_figures_have_words(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / "analyses" / "mortality-28d.html", DESKTOP)
    try:
        for image in page.locator("img").all():
            assert (image.get_attribute("alt") or "").strip()
        for drawing in page.locator("svg[role=img]").all():
            assert drawing.locator("title").count() or drawing.get_attribute("aria-label")
        assert page.locator("table").count() >= 4
    finally:
        page.close()
