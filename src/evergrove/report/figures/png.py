"""Figures as PNG, for papers and for places that take no SVG."""

from __future__ import annotations

from evergrove.errors import RenderError


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
