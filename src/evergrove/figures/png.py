"""SVG figures as PNG: one at a time, or many in a process of their own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from evergrove.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping


def svg_to_png(svg: str, scale: float = 2.0) -> bytes:
    r"""Return an SVG figure as PNG; the same figure gives the same bytes.

    Parameters
    ----------
    svg : str
        A figure of this package. Its first font family is bundled with vl-convert, so the picture does
        not depend on the fonts of the machine.
    scale : float
        Pixels per CSS pixel, above 0: 2 for screens, 4 for print (about 300 dots per inch at 18 cm
        is 2.4 for a figure 900 wide).

    Raises
    ------
    RenderError
        If the text is not SVG, or the scale is not above 0.

    Examples
    --------
    >>> svg_to_png('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>')[:4]
    b'\x89PNG'
    """
    import vl_convert  # noqa: PLC0415 - a compiled library that only pictures need

    if not scale > 0:
        raise RenderError(f"png: scale is {scale}; allowed: above 0")
    try:
        return bytes(vl_convert.svg_to_png(svg, scale=scale))
    except (RuntimeError, ValueError) as error:  # the Rust side adds a backtrace below its message
        reason = next(iter(str(error).splitlines()), "no reason given")
        raise RenderError(f"png: the figure is no valid SVG: {reason}") from None


class PngBatch:
    """Figures that become PNG in a process of their own while the caller goes on.

    Drawing holds the interpreter's lock, so a thread would gain nothing.

    Parameters
    ----------
    figures : mapping of str to str
        SVG by name.
    scale : float
        As for :func:`svg_to_png`.

    Examples
    --------
    >>> batch = PngBatch({"a": '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>'})
    >>> batch.result()["a"][1:4]
    b'PNG'
    """

    def __init__(self, figures: Mapping[str, str], scale: float = 2.0) -> None:
        self._figures = dict(figures)
        self._scale = scale
        self._threads = ThreadPoolExecutor(max_workers=1)
        self._printed = self._threads.submit(self._drawn) if self._figures else None

    def _drawn(self) -> bytes:
        """Run the process; this only waits, so a thread does."""
        request = json.dumps({"scale": self._scale, "figures": self._figures})
        command = [sys.executable, "-m", "evergrove.figures.png"]
        return subprocess.run(command, input=request.encode(), capture_output=True, check=True).stdout  # noqa: S603 - our own module

    def result(self) -> dict[str, bytes]:
        """Wait for the pictures and return them by name.

        Raises
        ------
        RenderError
            If a figure is no valid SVG.
        """
        if self._printed is None:
            return {}
        try:
            drawn = json.loads(self._printed.result())
        except (OSError, subprocess.CalledProcessError, ValueError):
            # No second process here, or a figure that cannot be drawn: draw in this one, which says why.
            return {name: svg_to_png(svg, self._scale) for name, svg in self._figures.items()}
        finally:
            self._threads.shutdown(wait=False)
        return {name: base64.b64decode(text) for name, text in drawn.items()}


def _serve() -> None:
    """Draw what stands on standard input, and print it."""
    request = json.load(sys.stdin)
    drawn = {name: svg_to_png(svg, request["scale"]) for name, svg in request["figures"].items()}
    json.dump({name: base64.b64encode(content).decode() for name, content in drawn.items()}, sys.stdout)


if __name__ == "__main__":
    _serve()
