"""A file opened for reading: its encoding, its beginning, its sha256; never the whole of it in memory."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from evergrove.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
#: Bytes by which a format is recognised.
HEAD = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: A byte that is no UTF-8, as `surrogateescape` decodes it.
_STRAY = re.compile("[\udc80-\udcff]")
#: Letters and signs of UTF-8 text; bytes of Windows-1252 in a row hardly ever decode to them.
_MEANT = re.compile("[\u00c0-\u017f\u0370-\u03ff\u0400-\u045f\u0900-\ud7ff\uf900-\uffef]")
#: Where there are fewer letters of UTF-8 than one to so many stray bytes, they are by chance.
_STRAY_TO_ONE = 10


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are no UTF-8 as Windows-1252; what is no letter there either becomes a mark."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return (stray.decode("cp1252", "replace") if error.encoding == "utf-8" else "\ufffd"), error.end


_STRAY_BYTES = "evergrove-stray-bytes"
codecs.register_error(_STRAY_BYTES, _as_windows_1252)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to be read.

    Parameters
    ----------
    path : Path
    encoding : str
        As detected: a byte order mark, UTF-8, UTF-16 without one, else Windows-1252 (a superset of
        Latin-1's letters). In a file that is UTF-8 but for some bytes, these are read as Windows-1252.
    sha256 : str
        Of the bytes.
    size : int
        Bytes.
    head : str
        The beginning, decoded.
    """

    path: Path
    encoding: str
    sha256: str
    size: int
    head: str

    def text(self) -> IO[str]:
        r"""Open the file as text; line ends become ``\n``."""
        return self.path.open(encoding=self.encoding, errors=_STRAY_BYTES, newline=None)

    def binary(self) -> IO[bytes]:
        """Open the file as bytes, for readers of XML and workbooks that know their own encoding."""
        return self.path.open("rb")


def open_file(path: Path) -> Opened:
    """Look at a file once from end to end: its encoding and its sha256.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Opened

    Raises
    ------
    UsageError
        Where the file cannot be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            start = chunk = stream.read(HEAD)
            marked = _marked(start)
            digest, letters, size = hashlib.sha256(), _Utf8(), 0
            while chunk:
                digest.update(chunk)
                size += len(chunk)
                if marked is None:
                    letters.look_at(chunk)
                chunk = stream.read(CHUNK)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror or error}); name a file that is there"
        ) from None
    if not size:
        raise UsageError(f"{path}: the file is empty; export it again")
    encoding = marked or ("utf-8" if letters.meant() else "cp1252")
    head = io.TextIOWrapper(io.BytesIO(start), encoding=encoding, errors=_STRAY_BYTES).read()
    return Opened(path, encoding, digest.hexdigest(), size, head)


def _marked(start: bytes) -> str | None:
    """Return the encoding that a byte order mark or the zeros of UTF-16 text betray."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    even, odd = start[0:4000:2], start[1:4000:2]
    if even and odd:
        if odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.1 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.6 * len(even) and odd.count(0) < 0.1 * len(odd):
            return "utf-16-be"
    return None


class _Utf8:
    """Counts what of a file is UTF-8 and what is not."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._letters = 0
        self._stray = 0

    def look_at(self, chunk: bytes, *, last: bool = False) -> None:
        text = self._decoder.decode(chunk, last)
        if not text.isascii():
            self._letters += len(_MEANT.findall(text))
            self._stray += len(_STRAY.findall(text))

    def meant(self) -> bool:
        """Return whether the file is UTF-8, but for stray bytes that are few beside its letters."""
        self.look_at(b"", last=True)
        return self._letters * _STRAY_TO_ONE >= self._stray
