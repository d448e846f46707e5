"""Values inside a JSON object; what is not of the kind that is looked for is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrove.sources.draft import clean

if TYPE_CHECKING:
    from collections.abc import Iterator


def inside(node: object, *keys: str) -> Any:  # noqa: ANN401 - what a source puts there
    """Return what stands at a path, ``None`` where nothing does.

    Examples
    --------
    >>> inside({"a": {"b": 1}}, "a", "b"), inside({"a": 3}, "a", "b")
    (1, None)
    """
    for key in keys:
        if not isinstance(node, dict):
            return None
        node = node.get(key)
    return node


def text_at(node: object, *keys: str) -> str | None:
    """Return the text or number at a path as text, ``None`` where there is none.

    Examples
    --------
    >>> text_at({"a": {"b": " x "}}, "a", "b"), text_at({"a": 3}, "a"), text_at({"a": [1]}, "a")
    ('x', '3', None)
    """
    return as_text(inside(node, *keys))


def as_text(value: object) -> str | None:
    """Return a text or number as text without unpaired surrogates; ``None`` for anything else or nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return None
    return clean(paired(value)) or None


def paired(text: str) -> str:
    r"""Return text in which what is half a character is a replacement character.

    Examples
    --------
    >>> paired("a\ud800b") == "a\ufffdb"
    True
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def list_at(node: object, *keys: str) -> list[Any]:
    """Return the list at a path, an empty one where there is none.

    Examples
    --------
    >>> list_at({"a": [1, 2]}, "a"), list_at({"a": "x"}, "a")
    ([1, 2], [])
    """
    found = inside(node, *keys)
    return found if isinstance(found, list) else []


def objects_at(node: object, *keys: str) -> list[dict[str, Any]]:
    """Return the objects of the list at a path; what is no object is left away."""
    return [item for item in list_at(node, *keys) if isinstance(item, dict)]


def texts_at(node: object, *keys: str) -> list[str]:
    """Return the texts of the list at a path; a single text is a list of one.

    Examples
    --------
    >>> texts_at({"a": ["x", None, " "]}, "a"), texts_at({"a": "x"}, "a")
    (['x'], ['x'])
    """
    found = inside(node, *keys)
    return list(_texts(found if isinstance(found, list) else [found]))


def _texts(values: list[Any]) -> Iterator[str]:
    for value in values:
        text = as_text(value)
        if text is not None:
            yield text


__all__ = ["as_text", "inside", "list_at", "objects_at", "paired", "text_at", "texts_at"]
