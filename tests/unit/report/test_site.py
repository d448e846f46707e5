"""The site: every page, link and figure is there, nothing runs, nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from evergrove.errors import RenderError, UsageError
from evergrove.figures import svg_to_png
from evergrove.model import ArmValue, ReportedEffect
from evergrove.report.findings import Findings
from evergrove.report.numerals import estimate_text
from evergrove.report.site import write, write_site
from evergrove.report.site.addresses import linked, registration, source
from evergrove.report.site.gallery import drawing, start_png, with_png
from evergrove.report.site.values import arm_value, reported_effect
from evergrove.report.site.wording import authors, lower_first

HOSTILE = '<script>alert("1")</script> & "quotes"'


@dataclass
class Parsed(HTMLParser):
    """What the tests ask of a page."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    metas: dict[str, str] = field(default_factory=dict)
    images_without_alt: int = 0
    tables: int = 0
    captions: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= set(values)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag == "link":
            self.loaded.append(values["href"])
        self.loaded += [values[name] for name in ("src", "srcset") if name in values]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "meta":
            self.metas[values.get("http-equiv") or values.get("name") or ""] = values.get("content", "")
        self.images_without_alt += tag == "img" and not values.get("alt")
        self.tables += tag == "table"
        self.captions += tag == "caption"


@dataclass(frozen=True)
class Site:
    """A written site, its pages parsed."""

    folder: Path
    pages: dict[str, Parsed]
    html: dict[str, str]


def parsed(html: str) -> Parsed:
    page = Parsed()
    page.feed(html)
    return page


@pytest.fixture(scope="module")
def findings(shipped: Findings) -> Findings:
    return shipped


@pytest.fixture(scope="module")
def site(findings, tmp_path_factory) -> Site:
    folder = tmp_path_factory.mktemp("sites") / "msc-ards"
    written = write_site(findings, folder, png="none")
    html = {path: (folder / path).read_text(encoding="utf-8") for path in written}
    return Site(folder, {path: parsed(text) for path, text in html.items()}, html)


def test_every_study_and_every_analysis_has_its_page(site, findings):
    review = findings.review
    expected = {f"studies/{study.id}.html" for study in review.studies}
    expected |= {f"analyses/{analysis.id}.html" for analysis in review.protocol.analyses}
    assert expected <= set(site.pages)
    assert "index.html" in site.pages


def test_every_local_link_leads_to_a_file_and_a_place_in_it(site):
    for path, page in site.pages.items():
        for href in page.links + page.loaded:
            if re.match(r"(https?|data):", href):
                continue
            address, fragment = urldefrag(href)
            target = (site.folder / path).parent / unquote(address) if address else site.folder / path
            assert target.is_file(), f"{path}: {href}"
            if fragment:
                key = target.resolve().relative_to(site.folder.resolve()).as_posix()
                assert fragment in site.pages[key].ids, f"{path}: {href}"


def test_nothing_runs_and_nothing_comes_from_elsewhere(site):
    for path, page in site.pages.items():
        assert not page.tags & {"script", "iframe", "object", "embed", "form", "style", "base"}, path
        assert "style" not in page.attributes, path
        assert not any(name.startswith("on") for name in page.attributes), path
        assert not any(href.startswith(("http", "//")) for href in page.loaded), path
        assert page.metas["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'"), path
        assert not [href for href in page.links if re.match(r"(?i)(javascript|data|file|vbscript):", href)]


def test_pages_are_built_for_every_reader(site):
    titles = [re.search("<title>(.*?)</title>", html, re.DOTALL)[1] for html in site.html.values()]
    assert len(set(titles)) == len(titles)
    for path, page in site.pages.items():
        assert page.headings.count(1) == 1, path
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps), path
        assert len(page.ids) == len(set(page.ids)), path
        assert page.images_without_alt == 0, path
        assert page.tables == page.captions, path
        assert '<html lang="en">' in site.html[path]


def test_every_datum_has_a_row_of_its_own(site, findings):
    for study in findings.review.studies:
        ids = set(site.pages[f"studies/{study.id}.html"].ids)
        assert {datum.id for datum in study.data} <= ids


def test_what_was_not_seen_is_said_to_be_missing(site):
    html = site.html["studies/irct-shariati.html"]
    assert '<span class="missing">not seen</span>' in html
    assert "None" not in re.sub("<[^>]*>", "", html)


def test_the_home_page_prints_the_numbers_of_the_results(site, findings):
    text = " ".join(re.sub("<[^>]*>", " ", site.html["index.html"]).split())
    for answer in findings.main_answers:
        analysis, fit = answer.result.analysis, answer.result.main.fit
        if fit is None:
            assert answer.statement in text
            continue
        estimate, limits = estimate_text(fit.natural(), analysis.measure).rstrip(")").split(" (")
        assert estimate in text
        assert limits in text
        assert answer.statement in text


def test_an_analysis_without_a_result_says_so(site):
    html = site.html["analyses/spo2-fio2-7d.html"]
    assert "Nothing was pooled:" in html
    assert "no study gives numbers" in html


def test_the_four_steps_lead_to_the_data(site):
    html = site.html["analyses/mortality-28d.html"]
    for place in ("_eligible", "_data", "_effects", "_model", "_conflicts", "_certainty", "_beside"):
        assert f'id="{place}"' in html
    assert 'href="../studies/lanzoni-2021.html#mortality-day-31"' in html


def test_markup_in_a_title_shows_as_text(findings, tmp_path):
    review = findings.review
    protocol = review.protocol.model_copy(update={"short_title": HOSTILE, "title": HOSTILE})
    studies = tuple(
        study.model_copy(update={"name": HOSTILE, "notes": (f"see https://example.org/{HOSTILE}",)})
        for study in review.studies
    )
    hostile = replace(findings, review=review.model_copy(update={"protocol": protocol, "studies": studies}))
    for path in write_site(hostile, tmp_path / "site", png="none"):
        html = (tmp_path / "site" / path).read_text(encoding="utf-8")
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_review_without_appraisal_claims_and_certainty_has_a_site(tiny, tmp_path):
    written = write_site(tiny, tmp_path / "site")
    text = {path: (tmp_path / "site" / path).read_text(encoding="utf-8") for path in written}
    assert "Not graded" in text["index.html"]
    assert "The review holds no claims." in text["claims.html"]
    assert any("Not appraised." in html for path, html in text.items() if path.startswith("studies/"))
    assert not any("Undefined" in html for html in text.values())


def test_the_same_findings_give_the_same_bytes(findings, site, tmp_path):
    again = write_site(findings, tmp_path / "again", png="none")
    for path in (*again.pages, *again.files):
        assert (tmp_path / "again" / path).read_bytes() == (site.folder / path).read_bytes(), path


def test_stages_and_progress_are_told(findings, tmp_path):
    stages, steps = [], []

    @contextmanager
    def stage(name):
        stages.append(name)
        yield

    written = write_site(
        findings,
        tmp_path / "site",
        png="none",
        stage=stage,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert stages == ["draw figures", "write exports", "render pages", "wait for PNG", "write files"]
    assert steps[-1] == (len(written), len(written))


@pytest.fixture
def cheap(monkeypatch):
    """One page instead of all, for the tests of the folder."""
    monkeypatch.setattr(write, "all_figures", lambda _findings: iter(()))
    monkeypatch.setattr(write, "downloads", lambda _findings: ())
    monkeypatch.setattr(write, "_rendered", lambda *_: {"index.html": b"new"})
    monkeypatch.setattr(write, "all_pages", lambda *_: ())


@pytest.mark.usefixtures("cheap")
def test_an_older_site_is_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "site"
    write_site(None, folder)
    (folder / "stale.html").write_text("old")
    write_site(None, folder)
    assert not (folder / "stale.html").exists()
    assert (folder / "index.html").read_bytes() == b"new"
    assert [item.name for item in tmp_path.iterdir()] == ["site"]


@pytest.mark.usefixtures("cheap")
def test_a_folder_that_is_no_site_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(UsageError, match=r"no site of evergrove .*thesis\.docx"):
        write_site(None, tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.docx"]


@pytest.mark.usefixtures("cheap")
def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "site").write_text("a file")
    with pytest.raises(UsageError, match="found a file"):
        write_site(None, tmp_path / "site")


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("broken", ["write_bytes", "rename"])
def test_a_failure_leaves_the_older_site(tmp_path, monkeypatch, broken):
    folder = tmp_path / "site"
    write_site(None, folder)
    (folder / "index.html").write_text("old")
    whole = getattr(Path, broken)

    def fail(self, *args):
        if self.name in {"index.html", "new"}:
            raise OSError("no space left on device")
        return whole(self, *args)

    monkeypatch.setattr(Path, broken, fail)
    with pytest.raises(RenderError, match="no space left"):
        write_site(None, folder)
    monkeypatch.undo()
    assert (folder / "index.html").read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["site"]


def test_only_main_figures_become_png():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><title>A &amp; B</title></svg>'
    drawings = [drawing("main", svg, main=True), drawing("other", svg)]
    figures = with_png(drawings, "main")
    assert (figures["main"].png.width, figures["main"].png.height) == (40, 20)
    assert figures["other"].png is None
    pictures = start_png(figures.values()).result()
    assert list(pictures) == ["figures/main.png"]
    assert pictures["figures/main.png"] == svg_to_png(svg, 2.0)
    assert len(start_png(with_png(drawings, "all").values()).result()) == 2
    assert start_png(with_png(drawings, "none").values()).result() == {}
    assert figures["other"].title == "A & B"


def test_a_figure_without_a_size_is_refused():
    with pytest.raises(RenderError, match="states no size"):
        drawing("bad", '<svg xmlns="http://www.w3.org/2000/svg"/>')


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("NCT04355728", "https://clinicaltrials.gov/study/NCT04355728"),
        ("ISRCTN33578935", "https://www.isrctn.com/ISRCTN33578935"),
        ("ChiCTR2000029990", "https://trialsearch.who.int/Trial2.aspx?TrialID=ChiCTR2000029990"),
        ("IRCT20200217046526N2", "https://trialsearch.who.int/Trial2.aspx?TrialID=IRCT20200217046526N2"),
        (
            "EudraCT 2020-001287-28",
            "https://www.clinicaltrialsregister.eu/ctr-search/search?query=2020-001287-28",
        ),
        ("hospital register 12", None),
        ('NCT04355728" onclick="x', None),
    ],
)
def test_registrations_lead_to_their_registry(number, address):
    assert registration(number).href == address


def test_text_keeps_its_markup_as_text_and_its_addresses_as_links():
    assert str(linked('a <b> "https://example.org/x"')) == (
        'a &lt;b&gt; &#34;<a href="https://example.org/x">example.org/x</a>&#34;'
    )
    assert source("javascript:alert(1)", "Table 1").href is None


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "not seen"),
        ({"n": 12}, "not seen; n = 12"),
        ({"events": 0, "n": 12}, "0 of 12"),
        ({"events": 3}, "3, n not seen"),
        ({"percent": 54.5, "n": 44}, "54.5 % of 44 as printed"),
        ({"mean": -3.5, "sd": 1.25, "n": 20}, "mean −3.5 (SD 1.25), n = 20"),
        ({"spread": 2.0, "value": 8.0}, "8 (mean or median: not stated), ± 2 (SD or SE: not stated)"),
    ],
)
def test_values_are_printed_as_reported(fields, shown):
    assert arm_value(ArmValue(**fields)) == shown


def test_printed_contrasts_keep_their_orientation():
    effect = ReportedEffect(
        measure="OR", estimate=2.0, orientation="unstated", p={"relation": "<", "value": 0.05}
    )
    assert reported_effect(effect) == "OR 2, which arm stands first is not stated, P < 0.05"


def test_words_fit_the_middle_of_a_sentence():
    assert [lower_first(text) for text in ("Adults", "ARDS", "A 2020 trial")] == [
        "adults",
        "ARDS",
        "a 2020 trial",
    ]
    assert authors([f"Author {letter}" for letter in "ABCDEFG"]).endswith("Author F, et al.")
