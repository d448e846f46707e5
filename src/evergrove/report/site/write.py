"""Write the site: build it beside its place, then move it there as a whole."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from evergrove.errors import RenderError, UsageError
from evergrove.report.site import signs
from evergrove.report.site.downloads_page import downloads
from evergrove.report.site.environment import environment, tidy
from evergrove.report.site.figures import all_figures
from evergrove.report.site.gallery import start_png, with_png
from evergrove.report.site.pages import all_pages
from evergrove.report.site.shell import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from evergrove.report.findings import Findings
    from evergrove.report.site.gallery import PngChoice
    from evergrove.report.site.page import Page

#: The file that marks a folder as a site that may be replaced.
MARKER = ".evergrove-site"
_MARKER_TEXT = "A site written by evergrove. A new build replaces this folder as a whole.\n"
#: Files that file managers leave in a folder; they make no folder a stranger's.
_LITTER = frozenset({".DS_Store", "Thumbs.db"})


@dataclass(frozen=True, slots=True)
class SitePages:
    """A written site; its length is the number of its pages.

    Parameters
    ----------
    folder : Path
    pages : tuple of str
        Paths of the HTML pages from the folder, in the order they were rendered.
    files : tuple of str
        Paths of everything else: figures, downloads, the style sheet, the marker.
    """

    folder: Path
    pages: tuple[str, ...]
    files: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pages)

    def __iter__(self) -> Iterator[str]:
        return iter(self.pages)

    @property
    def home(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def write_site(
    findings: Findings,
    folder: Path,
    *,
    png: PngChoice = "main",
    stage: Callable[[str], AbstractContextManager[object]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SitePages:
    """Write the site of a review.

    Parameters
    ----------
    findings : Findings
    folder : Path
        Where the site goes. An older site there is replaced as a whole; an empty folder is used.
    png : {"main", "all", "none"}
        Which figures are also written as PNG; drawing them costs the most time.
    stage : callable, optional
        Called with the name of each stage; the stage's work is done inside the context manager that it
        returns, so that it can be timed.
    progress : callable, optional
        Called with the number of pages rendered and their total.

    Returns
    -------
    SitePages

    Raises
    ------
    UsageError
        If the folder holds something that is no site of this program.
    RenderError
        If a page cannot be rendered or written. What stood in the folder before then stands there still.

    Notes
    -----
    The same findings give the same bytes: no page holds the time of the build.
    """
    measured = stage if stage is not None else _unmeasured
    folder = Path(folder)
    _check_replaceable(folder)
    with measured("draw figures"):
        figures = with_png(all_figures(findings), png)
    drawn = start_png(figures.values())
    with measured("write exports"):
        exported = downloads(findings)
    with measured("render pages"):
        pages = _rendered(all_pages(findings, figures, exported), findings, progress)
    other = {picture.path: picture.content for item in figures.values() for picture in item.pictures}
    other |= {item.path: item.content for item in exported}
    other |= _static_files() | {MARKER: _MARKER_TEXT.encode()}
    with measured("wait for PNG"):
        other |= drawn.result()
    with measured("write files"):
        _put(folder, pages | other)
    return SitePages(folder, tuple(pages), tuple(sorted(other)))


def _unmeasured(_name: str) -> AbstractContextManager[object]:
    return nullcontext()


def _rendered(
    pages: Sequence[Page], findings: Findings, progress: Callable[[int, int], None] | None
) -> dict[str, bytes]:
    """Return the HTML of the pages by path."""
    templates = environment()
    templates.globals.update(site=shell(findings.review), signs=signs)
    rendered: dict[str, bytes] = {}
    for done, page in enumerate(pages, start=1):
        if page.path in rendered:
            raise RenderError(f"{page.path}: two pages of one path; allowed: each id once")
        try:
            html = templates.get_template(page.template).render(page=page, **page.context)
        except TemplateError as error:
            raise RenderError(f"{page.path}: template {page.template}: {error}") from error
        rendered[page.path] = tidy(html).encode()
        if progress is not None:
            progress(done, len(pages))
    return rendered


def _static_files() -> dict[str, bytes]:
    static = files("evergrove.report.site") / "static"
    return {f"static/{item.name}": item.read_bytes() for item in static.iterdir() if item.is_file()}


def _check_replaceable(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            f"{folder}: found a file or a link; allowed: a new folder, an empty one, or an older site"
        )
    if not folder.exists() or (folder / MARKER).is_file():
        return
    strange = sorted(item.name for item in folder.iterdir() if item.name not in _LITTER)
    if strange:
        raise UsageError(
            f"{folder}: the folder is no site of evergrove (it holds {', '.join(strange[:3])}"
            f"{', …' if len(strange) > 3 else ''} and no {MARKER}); allowed: a new folder, an empty one, or "
            "an older site; name another folder"
        )


def _put(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder beside the place, then swap it in; on failure the older site stays."""
    beside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        new = beside / "new"
        for path, content in contents.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _swap(folder, new, beside / "old")
    except OSError as error:
        raise RenderError(f"{folder}: the site could not be written: {error}; nothing was changed") from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def _swap(folder: Path, new: Path, old: Path) -> None:
    """Move the new folder into place; if that fails, move the old one back."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:  # an interrupt, too, must not lose the older site
        if not folder.exists():
            old.rename(folder)
        raise
