"""Charts on two axes as SVG: a Vega-Lite specification drawn by vl-convert, in the project's look.

The marks, scales, ticks and legends are Vega-Lite's; what is added is one look for all charts, an accessible
name and description, and a check that every number of the data can be drawn.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from evergrove.errors import DataError, RenderError
from evergrove.figures.colours import FAINT, INK, MUTED
from evergrove.figures.svg import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: A Vega-Lite object: a layer, an encoding, a mark.
Spec: TypeAlias = dict[str, Any]

FONT = "Liberation Sans"
WIDTH, HEIGHT = 560, 400
#: About how many ticks an axis has.
MOST_TICKS = 7
LOOK: Spec = {
    "font": FONT,
    "background": "#ffffff",
    "view": {"stroke": None},
    "axis": {
        "grid": False,
        "domainColor": INK,
        "tickColor": INK,
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "labelFlush": False,
    },
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 320},
    "rule": {"color": MUTED},
    "range": {"ramp": ["#eaeff0", "#0b4f4a"]},
}
_ID = re.compile(r'id="(\w+)"')
_HEAD = re.compile(r"<svg[^>]*?viewBox=\"0 0 ([\d.]+) ([\d.]+)\"[^>]*>")


def rows(**columns: Sequence[object]) -> list[dict[str, object]]:
    """Return columns as the list of records that a chart draws.

    Parameters
    ----------
    **columns : sequence
        Values by field, of equal length: numbers or text.

    Raises
    ------
    DataError
        For a number that is not finite, naming the field and the row.

    Examples
    --------
    >>> rows(x=[1.0, 2.0], label=["a", "b"])
    [{'x': 1.0, 'label': 'a'}, {'x': 2.0, 'label': 'b'}]
    """
    for name, values in columns.items():
        for row, value in enumerate(values):
            if isinstance(value, float) and not math.isfinite(value):
                raise DataError(
                    f"chart: {name} of row {row} is {value!r}; allowed: finite; leave the row out"
                )
    lists = [list(values) for values in columns.values()]
    return [dict(zip(columns, entry, strict=True)) for entry in zip(*lists, strict=True)]


def axis(
    field: str,
    title: str,
    low: float | None = None,
    high: float | None = None,
    *,
    log: bool = False,
    **more: object,
) -> Spec:
    """Return the encoding of a quantitative axis.

    Parameters
    ----------
    field, title : str
        The column shown, and the words beside the axis.
    low, high : float or None
        Ends of the axis; chosen from the data where they are not given.
    log : bool
        Whether equal ratios get equal lengths.
    **more
        Other properties of the encoding.
    """
    scale: Spec = {"type": "log", "nice": False} if log else {"zero": False}
    if low is not None and high is not None:
        scale |= {"domain": [low, high], "nice": False}
    else:
        scale["padding"] = 10
    shown: Spec = {"axis": {"tickCount": MOST_TICKS}}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, **shown, **more}


def line_layer(data: list[dict[str, object]], x: Spec, y: Spec, **mark: object) -> Spec:
    """Return a line through records in their order; with a field ``line`` one line each."""
    grouped = bool(data) and "line" in data[0]
    detail: Spec = {"detail": {"field": "line", "type": "nominal"}} if grouped else {}
    return {
        "data": {"values": data},
        "mark": {"type": "line", "clip": True, "interpolate": "linear", **mark},
        "encoding": {"x": x, "y": y, "order": {"field": "order", "type": "quantitative"}, **detail},
    }


def polyline(points: Iterable[tuple[float, float]], line: str = "") -> list[dict[str, object]]:
    """Return the records of one line for `line_layer`."""
    return [
        {"x": float(x), "y": float(y), "order": order, "line": line} for order, (x, y) in enumerate(points)
    ]


def row_words(names: Sequence[str]) -> str:
    """Return the Vega expression that names the rows, counted from 1."""
    quoted = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names)
    return f"[{quoted}][datum.value - 1]"


def chart_svg(
    layers: Sequence[Spec],
    title: str,
    desc: str,
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    config: Mapping[str, object] | None = None,
) -> str:
    """Return layers as a whole SVG document with a name and a description.

    Parameters
    ----------
    layers : sequence of dict
        Vega-Lite layers with their data, drawn in order.
    title, desc : str
        Name and description for those who do not see the figure; not drawn.
    width, height : float
        Size of the plot inside its axes, in CSS pixels.
    config : mapping or None
        What differs from the common look.

    Returns
    -------
    str
        The same layers give the same bytes.

    Raises
    ------
    RenderError
        Where the specification cannot be drawn.

    Examples
    --------
    >>> points = {"data": {"values": rows(x=[1.0], y=[2.0])}, "mark": "point",
    ...           "encoding": {"x": axis("x", "x"), "y": axis("y", "y")}}
    >>> chart_svg([points], "One point", "A point at 1, 2.")[:4]
    '<svg'
    """
    import vl_convert  # noqa: PLC0415 - a compiled library that only pictures need

    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "height": height,
        "padding": 12,
        "layer": list(layers),
        "config": {**LOOK, **(config or {})},
    }
    try:
        drawn = vl_convert.vegalite_to_svg(spec)
    except ValueError as error:
        raise RenderError(f"chart {title!r}: {error}; check the data of the chart") from None
    return _named(drawn, title, desc, json.dumps(spec, sort_keys=True))


def _named(svg: str, title: str, desc: str, content: str) -> str:
    """Put the accessible name and description into a drawing."""
    found = _HEAD.match(svg)
    if found is None:
        raise RenderError(f"chart {title!r}: the drawing has no size; check the data of the chart")
    width, height = found.groups()
    key = hashlib.sha256(f"{title}\0{desc}\0{content}".encode()).hexdigest()[:10]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-labelledby="t-{key}" aria-describedby="d-{key}">'
    )
    named = f'<title id="t-{key}">{clean(title)}</title><desc id="d-{key}">{clean(desc)}</desc>'
    return f"{head}{named}{_renamed(svg[found.end() :], key)}\n"


def _renamed(markup: str, key: str) -> str:
    """Give the ids of a drawing names of its own: Vega counts them over all drawings of a process."""
    for number, own in enumerate(dict.fromkeys(_ID.findall(markup))):
        markup = re.sub(rf'(["#]){own}(["\\)])', rf"\g<1>{key}-{number}\g<2>", markup)
    return markup


#: A thin line of reference.
RULE: Spec = {"color": MUTED, "strokeWidth": 1.2}
#: The line of no effect.
NULL: Spec = {"color": FAINT, "strokeWidth": 1.5, "strokeDash": [5, 4]}
