"""A figure in the hand: shows itself in a notebook, saves itself as SVG or PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evergrove.errors import UsageError
from evergrove.figures.png import svg_to_png


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished figure.

    Parameters
    ----------
    svg : str
        The drawing.
    title : str
        What it shows, in a line.

    Examples
    --------
    >>> Figure("<svg xmlns='http://www.w3.org/2000/svg'/>", "Nothing")
    <Figure 'Nothing', 41 characters of SVG>
    """

    svg: str
    title: str

    def __repr__(self) -> str:
        return f"<Figure {self.title!r}, {len(self.svg)} characters of SVG>"

    def _repr_svg_(self) -> str:
        return self.svg

    def png(self, scale: float = 2.0) -> bytes:
        """Return the figure as PNG.

        Parameters
        ----------
        scale : float
            Pixels per unit of the drawing.
        """
        return svg_to_png(self.svg, scale)

    def save(self, path: str | Path) -> Path:
        """Write the figure to a file; the suffix decides the format.

        Parameters
        ----------
        path : str or Path
            Ending in ``.svg`` or ``.png``.

        Returns
        -------
        Path

        Raises
        ------
        UsageError
            For another suffix.
        """
        target = Path(path)
        if target.suffix == ".svg":
            target.write_text(self.svg, encoding="utf-8")
        elif target.suffix == ".png":
            target.write_bytes(self.png())
        else:
            raise UsageError(f"cannot save a figure as {target.name!r}; allowed: .svg, .png")
        return target
