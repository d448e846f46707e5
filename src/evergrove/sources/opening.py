"""A file opened for reading: its encoding, its beginning, its sha256; never the whole of it in memory."""

from __future__ import annotations

import codecs
import hashlib
import io
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


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to be read.

    Parameters
    ----------
    path : Path
    encoding : str
        As detected: a byte order mark, UTF-8, UTF-16 without one, else Windows-1252 (a superset of
        Latin-1's letters).
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
        return self.path.open(encoding=self.encoding, errors="replace", newline=None)

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
            start = stream.read(HEAD)
            digest = hashlib.sha256(start)
            size = len(start)
            encoding = _marked(start)
            decoder = codecs.getincrementaldecoder("utf-8")() if encoding is None else None
            valid = decoder is None or _decodes(decoder, start)
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                valid = valid and (decoder is None or _decodes(decoder, chunk))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror or error}); name a file that is there"
        ) from None
    if not size:
        raise UsageError(f"{path}: the file is empty; export it again")
    if encoding is None:
        valid = valid and (decoder is None or _decodes(decoder, b"", final=True))
        encoding = "utf-8" if valid else "cp1252"
    head = io.TextIOWrapper(io.BytesIO(start), encoding=encoding, errors="replace").read()
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


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
