"""Fields that a format has no place for, carried through an export in one line that a reader restores."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from evergrove.model.record import RecordKind
from evergrove.sources.draft import Draft, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from evergrove.model.record import Record

_MARK = "evergrove:"
#: Kept as they are, so that a person can read the line in part; braces, backslashes and percent are not.
_SAFE = ' ":,[]/()='
_NOT_CARRIED = frozenset({"position", "line", "raw", "form", "other"})
#: The fields that every export holds, of itself or carried.
FIELDS = tuple(entry.name for entry in fields(Draft) if entry.name not in _NOT_CARRIED)


def carried(values: Mapping[str, object]) -> str:
    """Return the line that carries fields.

    Examples
    --------
    >>> carried({"kind": "preprint"})
    'evergrove:%7B"kind": "preprint"%7D'
    """
    return _MARK + quote(json.dumps(values), safe=_SAFE)


def restored(draft: Draft, name: str, texts: Iterable[str]) -> Draft:
    """Restore carried fields of a draft; any other text is kept under its name.

    Parameters
    ----------
    draft : Draft
    name : str
        Of the tag or field.
    texts : iterable of str

    Returns
    -------
    Draft
        The same.
    """
    for text in texts:
        values = _values(clean(text))
        if values is None:
            draft.keep(name, clean(text))
        else:
            for field, value in values.items():
                setattr(draft, field, value)
    return draft


def _values(text: str) -> dict[str, object] | None:
    """Return carried fields that can be ones, or ``None`` for a text that someone else wrote."""
    if not text.startswith(_MARK):
        return None
    try:
        values = json.loads(unquote(text.removeprefix(_MARK)))
        if not isinstance(values, dict) or not values.keys() <= set(FIELDS):
            return None
        if "kind" in values:
            values["kind"] = RecordKind(values["kind"])
    except ValueError:
        return None
    return values if all(_fits(name, value) for name, value in values.items()) else None


def _fits(name: str, value: object) -> bool:
    if name == "year":
        return value is None or (isinstance(value, int) and not isinstance(value, bool))
    if name == "accessions":
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    return value is None or isinstance(value, str)


_LISTS = frozenset(name for name in FIELDS if isinstance(getattr(Draft(1, None, ""), name), list))


def field_values(item: Record | Draft) -> dict[str, object]:
    """Return the fields of a record or draft that exports hold, as JSON-safe data; empty ones too."""
    values: dict[str, object] = {}
    for name in FIELDS:
        value = (
            item.source.database
            if name == "database" and not isinstance(item, Draft)
            else getattr(item, name)
        )
        if isinstance(value, list | tuple):
            value = list(value) if name == "authors" else list(dict.fromkeys(value))
        values[name] = value
    return values
