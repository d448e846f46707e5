"""One change of a review folder at a time: who changes it holds its lock, and others are told who."""

from __future__ import annotations

import getpass
import json
import os
import platform
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evergrove.errors import BusyError, UsageError
from evergrove.store.journal import settle
from evergrove.store.records import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".evergrove.lock"
#: Held by a search from its beginning to its end; it hinders other searches and nothing else.
SEARCH_LOCK = ".evergrove-search.lock"
#: Seconds that a change waits for another: a person's decision is written in milliseconds.
PATIENCE = 3.0
#: Seconds that a search waits to write down what it fetched: a large import takes minutes.
PATIENCE_OF_A_SEARCH = 600.0
_PAUSE = 0.05
#: A review may come from anyone: a link in place of the lock must not lead to another file.
_NOT_THROUGH_A_LINK = getattr(os, "O_NOFOLLOW", 0)
#: The byte that is locked where locks are of bytes: far behind the text, which then stays readable.
_FAR = 1 << 30
#: Bytes of the text: always as many, so that no file need be cut short.
_SIGNATURE = 1024


@contextmanager
def changing(folder: Path, what: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a review folder while it is changed; first end what a killed run left.

    Parameters
    ----------
    folder : Path
        The review folder.
    what : str
        What changes it, as others are told: ``"import"``.
    patience : float
        Seconds to wait for another change to end.

    Raises
    ------
    BusyError
        While another change goes on, in this process or any other: what it is, whose, where, since when.
    UsageError
        For a folder that cannot be written to.

    Notes
    -----
    The lock is the operating system's (``flock``, on Windows a locked byte) and ends with the process,
    however that ends; the file that is left is taken over. Two machines exclude each other where their
    network file system carries ``flock``.
    """
    with _held(folder, LOCK, what, patience):
        settle(folder / RECORDS)
        yield


@contextmanager
def searching(folder: Path) -> Iterator[None]:
    """Be the only search of a review folder; each of its changes takes the folder's own lock for its moment.

    Parameters
    ----------
    folder : Path
        The review folder.

    Raises
    ------
    BusyError
        While another search goes on.
    UsageError
        For a folder that cannot be written to.
    """
    with _held(folder, SEARCH_LOCK, "search", PATIENCE):
        yield


@contextmanager
def _held(folder: Path, name: str, what: str, patience: float) -> Iterator[None]:
    descriptor = _wait(folder, name, patience)
    try:
        _sign(descriptor, what)
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file: then it stays, unlocked
            (folder / name).unlink()
        os.close(descriptor)


def _wait(folder: Path, name: str, patience: float) -> int:
    """Return the descriptor of a lock file once it is ours."""
    path = folder / name
    end = time.monotonic() + patience
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NOT_THROUGH_A_LINK, 0o644)
        except OSError as error:
            raise UsageError(
                f"{folder} cannot be written to ({error.strerror}); copy the review to a folder of yours "
                "('evergrove new --from') and name that"
            ) from None
        if _seize(descriptor) and _stands(path, descriptor):
            return descriptor
        holder = _holder(descriptor)
        os.close(descriptor)
        if time.monotonic() >= end:
            raise BusyError(
                f"{folder}: {holder} is changing this review; wait until it has ended, then run this again"
            )
        time.sleep(_PAUSE)


def _stands(path: Path, descriptor: int) -> bool:
    """Return whether the locked file itself is at its place: its last holder removes it; a link is none."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(descriptor: int, what: str) -> None:
    """Write who holds the lock."""
    told = {
        "what": what,
        "process": os.getpid(),
        "host": platform.node(),
        "user": _user(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(told).encode().ljust(_SIGNATURE)[:_SIGNATURE])


def _holder(descriptor: int) -> str:
    """Return who holds the lock, as far as it has signed."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        told = json.loads(os.read(descriptor, _SIGNATURE))
        return (
            f"'evergrove {told['what']}' (process {told['process']} of {told['user']} on {told['host']}, "
            f"since {told['since']})"
        )
    except (ValueError, TypeError, KeyError, OSError):
        return "another run of evergrove"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "an unnamed user"


if sys.platform == "win32":
    import msvcrt

    def _seize(descriptor: int) -> bool:
        """Lock the file if nobody has; it ends with the descriptor."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _seize(descriptor: int) -> bool:
        """Lock the file if nobody has; it ends with the descriptor."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
