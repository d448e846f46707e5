"""Results that cost much, kept under the content that they follow from: another content has another key.

They stand in the person's cache folder (``$XDG_CACHE_HOME/evergrove``, else ``~/.cache/evergrove``), never in
a review. All of it can be removed at any time: what is not there is worked out again.
"""

from __future__ import annotations

import hashlib
import os
import platform
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from evergrove.store.write import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

#: Results of one kind that are kept, the last used ones.
MOST_KEPT = 20
#: Packages whose version can change a result.
_DECIDING = ("anyascii", "rapidfuzz")
_PACKAGE = Path(__file__).resolve().parents[1]


def cache_folder() -> Path:
    """Return the folder of kept results."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "evergrove"


def key_of(files: Iterable[Path], *told: str) -> str:
    """Return the sha256 of all that a result follows from: the content of files, texts, and the code itself.

    Parameters
    ----------
    files : iterable of Path
        In their order; one that is not there counts as such.
    *told : str
        Whatever else the result depends on.
    """
    versions = [platform.python_version(), *map(version, _DECIDING)]
    code = sorted(_PACKAGE.rglob("*.py"))
    places = (path.relative_to(_PACKAGE).as_posix() for path in code)
    return _joined(*versions, *told, *places, content_of(code), content_of(files))


def content_of(files: Iterable[Path]) -> str:
    """Return the sha256 of names and content of files, in their order."""
    return _joined(*(part for path in files for part in (path.name, _sha256(path))))


def _joined(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _sha256(path: Path) -> str:
    if not path.is_file():
        return "none"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _recall(kind: str, key: str) -> bytes | None:
    """Return what is kept under a key, or ``None``."""
    path = cache_folder() / f"{kind}-{key}"
    with suppress(OSError):
        content = path.read_bytes()
        os.utime(path)
        return content
    return None


def _keep(kind: str, key: str, content: bytes) -> None:
    """Keep a result; where that cannot be, nothing happens, for it can be worked out again."""
    with suppress(OSError):
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{kind}-{key}", content)
        held = sorted(folder.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in held[MOST_KEPT:]:
            path.unlink()


class Kept(Generic[T]):
    """The kept results of one kind.

    Parameters
    ----------
    kind : str
        Its name in the cache folder.
    form : type
        What a result is. A file may be another's work, so it is checked as it is read.
    """

    def __init__(self, kind: str, form: type[T]) -> None:
        self._kind = kind
        self._form: TypeAdapter[Any] = TypeAdapter(form)

    def recall(self, key: str) -> T | None:
        """Return the result that is kept under a key, or ``None``."""
        content = _recall(self._kind, key)
        if content is None:
            return None
        try:
            result: T = self._form.validate_json(content)
        except ValidationError:
            return None
        return result

    def keep(self, key: str, result: T) -> None:
        """Keep a result under its key."""
        _keep(self._kind, key, self._form.dump_json(result))
