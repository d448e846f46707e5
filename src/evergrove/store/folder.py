"""Read a review folder: everything is validated, and all faults are reported at once with their places."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from evergrove.errors import Fault, ReviewFolderError, UsageError
from evergrove.model import Appraisal, Claim, Decision, Protocol, Review, Study
from evergrove.model.base import LONGEST_TEXT
from evergrove.model.faults import place_of, refusals
from evergrove.model.search import SavedSearch, SavedSearches
from evergrove.store.consistency import DECISIONS, cross_faults
from evergrove.store.refusals import fault_of
from evergrove.store.yaml_text import Lines, YamlFaultError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pydantic import BaseModel

    from evergrove.store.consistency import CrossFault

#: Largest file that is read; a study with hundreds of data has about 200 KB.
LARGEST_FILE = 5 * 1024 * 1024
SEARCHES = "searches.yaml"

M = TypeVar("M", bound="BaseModel")


def read_review(
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    further: Callable[[Review], Iterable[CrossFault]] | None = None,
) -> Review:
    """Read and validate a review folder.

    Parameters
    ----------
    folder : Path
        The folder with ``review.yaml``.
    progress : callable, optional
        Called with the number of files read and their total.
    further : callable, optional
        Gives the faults that only a floor above can see, as file, path, value found, problem, allowed.

    Returns
    -------
    Review

    Raises
    ------
    UsageError
        If the folder or its ``review.yaml`` is not there.
    ReviewFolderError
        If anything in it cannot be right: the error lists every fault with file, line, field, the value found
        and what is allowed.
    """
    if not (folder / "review.yaml").is_file():
        raise UsageError(
            f"{folder} is no review folder: it has no review.yaml; "
            "name a folder made by 'evergrove new', or the shipped review 'msc-ards'"
        )
    reader = _FolderReader(folder, progress)
    review = reader.read(further)
    if reader.faults or review is None:
        raise ReviewFolderError(str(folder), reader.faults)
    return review


def read_searches(folder: Path) -> tuple[SavedSearch, ...]:
    """Read and validate ``searches.yaml`` of a review folder; without the file there are none.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    tuple of SavedSearch

    Raises
    ------
    ReviewFolderError
        With every fault of the file.
    """
    reader = _FolderReader(folder, None)
    found = reader.searches()
    if reader.faults:
        raise ReviewFolderError(str(folder), reader.faults)
    return found


class _FolderReader:
    """Reads the files one by one and gathers faults."""

    def __init__(self, folder: Path, progress: Callable[[int, int], None] | None) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self._progress = progress
        self._root = folder.resolve()
        self._texts: dict[str, str] = {}
        self._files = {
            "studies": sorted(folder.glob("studies/*.yaml")),
            "appraisals": sorted(folder.glob("appraisals/*.yaml")),
            "claims": sorted(folder.glob("claims/*.yaml")),
            "decisions": sorted(folder.glob("decisions/*.jsonl")),
        }
        searches = self.folder / SEARCHES
        self._searches = [searches] if searches.exists() or searches.is_symlink() else []
        self._total = 1 + len(self._searches) + sum(len(paths) for paths in self._files.values())
        self._done = 0
        self._decided: list[tuple[str, int]] = []

    def read(self, further: Callable[[Review], Iterable[CrossFault]] | None) -> Review | None:
        protocol = self._model(self.folder / "review.yaml", Protocol)
        self.searches()
        studies = self._named(self._files["studies"], Study, "id")
        appraisals = self._named(self._files["appraisals"], Appraisal, "study")
        claims = self._named(self._files["claims"], Claim, "id")
        decisions = [item for path in self._files["decisions"] for item in self._decisions(path)]
        if protocol is None:
            return None
        review = Review(
            protocol=protocol,
            studies=tuple(studies),
            appraisals=tuple(appraisals),
            claims=tuple(claims),
            decisions=tuple(decisions),
        )
        more = () if further is None else further(review)
        for file, path, found, problem, allowed in (*cross_faults(review, self._unread(review)), *more):
            line = self._line(file, path)
            if file == DECISIONS:
                file, line = self._decided[int(path[0])]  # noqa: PLW2901 - the place by its number
                path = path[1:]  # noqa: PLW2901
            self.faults.append(Fault(file, line, place_of(path), found, problem, allowed))
        return review

    def searches(self) -> tuple[SavedSearch, ...]:
        """Read the saved searches; a review without them is whole."""
        held = [self._model(path, SavedSearches) for path in self._searches]
        return tuple(search for saved in held if saved is not None for search in saved.searches)

    def _unread(self, review: Review) -> frozenset[str]:
        read = {study.id for study in review.studies}
        return frozenset(path.stem for path in self._files["studies"]) - read

    def _named(self, paths: list[Path], model: type[M], key: str) -> Iterator[M]:
        """Read files that carry their own id as their name."""
        for path in paths:
            item = self._model(path, model)
            if item is None:
                continue
            found = getattr(item, key)
            if found != path.stem:
                file = self._name(path)
                twin = path.with_name(f"{found}.yaml")
                problem = (
                    f"duplicate id: {self._name(twin)} has it"
                    if twin.exists()
                    else "the file is named otherwise"
                )
                self.faults.append(
                    Fault(file, self._line(file, (key,)), key, repr(found), problem,
                          f"{path.stem!r}, the name of the file")
                )  # fmt: skip
                continue
            yield item

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _text(self, path: Path) -> str | None:
        name = self._name(path)
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
        try:
            return self._content(path, name)
        except (OSError, RuntimeError) as error:  # unreadable, a dangling link, links in a circle
            told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.faults.append(
                Fault(name, None, "", "", f"cannot be read: {told}", "a file that can be read")
            )
            return None

    def _content(self, path: Path, name: str) -> str | None:
        target = path.resolve(strict=True)
        if not target.is_relative_to(self._root):
            self.faults.append(
                Fault(name, None, "", str(target), "the path leaves the folder", "files inside it")
            )
            return None
        if not target.is_file():
            self.faults.append(Fault(name, None, "", "", "is no file", "a file"))
            return None
        size = target.stat().st_size
        if size > LARGEST_FILE:
            self.faults.append(
                Fault(name, None, "", f"{size / 1e6:.1f} MB", "the file is too large",
                      f"up to {LARGEST_FILE / 1e6:.0f} MB, and {LONGEST_TEXT} characters in one field")
            )  # fmt: skip
            return None
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            self.faults.append(
                Fault(
                    name, None, "", repr(error.object[error.start : error.start + 10]), "not UTF-8", "UTF-8"
                )
            )
            return None
        self._texts[name] = text
        return text

    def _model(self, path: Path, model: type[M]) -> M | None:
        text = self._text(path)
        if text is None:
            return None
        name = self._name(path)
        try:
            return model.model_validate(parse(text, name))
        except YamlFaultError as error:
            self.faults.append(error.fault)
        except ValidationError as error:
            lines = Lines(text)
            self.faults.extend(fault_of(name, lines.find(item.path), item) for item in refusals(error, model))
        return None

    def _decisions(self, path: Path) -> Iterator[Decision]:
        text = self._text(path)
        name = self._name(path)
        for number, line in enumerate((text or "").split("\n"), start=1):
            if not line.strip():
                continue
            try:
                decision = Decision.model_validate(json.loads(line))
            except ValidationError as error:
                self.faults.extend(fault_of(name, number, item) for item in refusals(error, Decision))
            except (ValueError, RecursionError) as error:
                told = f"not readable as JSON: {error}"
                self.faults.append(Fault(name, number, "", repr(line[:80]), told, "one object"))
            else:
                self._decided.append((name, number))
                yield decision

    def _line(self, file: str, path: tuple[str | int, ...]) -> int | None:
        text = self._texts.get(file)
        return Lines(text).find(path) if text is not None and file.endswith(".yaml") else None
