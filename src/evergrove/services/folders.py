"""Where a review is: a shipped one by name, any other by its folder; and how a new one is made."""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from evergrove.errors import UsageError
from evergrove.model.base import Slug
from evergrove.services.template import PROTOCOL_TEMPLATE, SEARCHES_TEMPLATE
from evergrove.store.journal import JOURNAL
from evergrove.store.lock import LOCK, SEARCH_LOCK
from evergrove.store.write import PART

_PACKAGED = Path(str(files("evergrove"))) / "reviews"
#: What a run that changes a review has in it, until it ends.
_ONLY_OF_A_RUN = shutil.ignore_patterns(LOCK, SEARCH_LOCK, JOURNAL, f"*{PART}")
_SOURCE_TREE = Path(__file__).resolve().parents[3] / "reviews"


def shipped_reviews() -> dict[str, Path]:
    """Return the reviews that come with evergrove, by name."""
    root = _PACKAGED if _PACKAGED.is_dir() else _SOURCE_TREE
    return {path.parent.name: path.parent for path in sorted(root.glob("*/review.yaml"))}


def locate(review: str | Path) -> Path:
    """Find a review folder.

    Parameters
    ----------
    review : str or Path
        A folder, or the name of a shipped review. A folder of that name in the current place goes first.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        If there is neither.

    Examples
    --------
    >>> locate("msc-ards").name
    'msc-ards'
    """
    folder = Path(review)
    if (folder / "review.yaml").is_file():
        return folder
    shipped = shipped_reviews()
    if str(review) in shipped:
        return shipped[str(review)]
    raise UsageError(
        f"no review {str(review)!r}: no folder of that name with a review.yaml, and no shipped review; "
        f"shipped: {', '.join(shipped)}; make one with 'evergrove new {folder.name or 'my-review'}'"
    )


def locate_own(review: str | Path) -> Path:
    """Find a review folder that is to be changed: a shipped review stays as it came.

    Parameters
    ----------
    review : str or Path
        A folder; the name of a shipped review is no folder.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        If it is not there, or is the name of a shipped review.
    """
    folder = locate(review)
    if folder != Path(review):
        raise UsageError(
            f"{review!s} comes with evergrove and stays as it is; allowed: a folder of yours; copy it with "
            f"'evergrove new my-review --from {review!s}'"
        )
    return folder


def new_review(folder: Path, source: str | Path | None = None) -> Path:
    """Make a review folder: with a commented protocol, or as a copy of another review.

    Parameters
    ----------
    folder : Path
        Must not be there yet; its name becomes the review's id.
    source : str or Path, optional
        A review to copy: a folder, or the name of a shipped review. A copy keeps the review's id.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        If something of that name is there, the name cannot be an id, or there is no review to copy.
    """
    copied = None if source is None else locate(source)
    name = folder.resolve().name
    if not _is_slug(name):
        raise UsageError(
            f"{name!r} cannot name a review; allowed: lower-case letters, digits, and - . _ after the first; "
            "choose a name such as 'my-review'"
        )
    if folder.exists():
        raise UsageError(f"{folder} is there already; choose another name, or remove it first")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}."))
    try:
        if copied is not None:
            shutil.copytree(copied, draft, dirs_exist_ok=True, ignore=_ONLY_OF_A_RUN)
        else:
            _fill(draft, name)
        draft.chmod(0o755)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


def _fill(draft: Path, name: str) -> None:
    """Write the protocol and the searches to be filled in, and make the empty folders."""
    (draft / "review.yaml").write_text(PROTOCOL_TEMPLATE.replace("REVIEW-ID", name), encoding="utf-8")
    (draft / "searches.yaml").write_text(SEARCHES_TEMPLATE, encoding="utf-8")
    for part in ("studies", "appraisals", "claims", "decisions"):
        (draft / part).mkdir()


def _is_slug(name: str) -> bool:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - pydantic loads only when it is needed

    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        return False
    return True
