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
from typing import TYPE_CHECKING

from evergrove.store.write import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Results of one kind that are kept, the last used ones.
MOST_KEPT = 20
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
    parts = [platform.python_version(), version("anyascii"), *told]
    code = [(path.relative_to(_PACKAGE).as_posix(), path) for path in sorted(_PACKAGE.rglob("*.py"))]
    for name, path in (*code, *((path.name, path) for path in files)):
        parts += [name, _sha256(path)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _sha256(path: Path) -> str:
    if not path.is_file():
        return "none"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def recall(kind: str, key: str) -> bytes | None:
    """Return what is kept under a key, or ``None``."""
    path = cache_folder() / f"{kind}-{key}"
    with suppress(OSError):
        content = path.read_bytes()
        os.utime(path)
        return content
    return None


def keep(kind: str, key: str, content: bytes) -> None:
    """Keep a result; where that cannot be, nothing happens, for it can be worked out again."""
    with suppress(OSError):
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{kind}-{key}", content)
        held = sorted(folder.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in held[MOST_KEPT:]:
            path.unlink()
