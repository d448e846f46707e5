"""JSON-safe numbers, and the content hash of a result's inputs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from evergrove._version import __version__ as software_version

SCHEMA_VERSION = 1

__all__ = ["SCHEMA_VERSION", "content_hash", "json_safe", "software_version"]


def json_safe(value: object) -> object:
    """Return `value` as JSON can hold it; NaN and infinities become None.

    Parameters
    ----------
    value : object
        Numbers, strings, arrays, sequences and mappings of them.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        For a type that has no JSON form here.

    Examples
    --------
    >>> json_safe({"a": np.array([1.0, np.nan]), "b": (True, None)})
    {'a': [1.0, None], 'b': [True, None]}
    """
    if isinstance(value, np.ndarray | np.generic):
        return json_safe(value.tolist())
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): json_safe(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [json_safe(entry) for entry in value]
    raise TypeError(f"json_safe: found {type(value).__name__}; allowed: numbers, strings, arrays, mappings")


def content_hash(columns: Mapping[str, np.ndarray | None], options: Mapping[str, object]) -> str:
    """Return the sha256 of columns (as little-endian float64) and options, in hexadecimal.

    Parameters
    ----------
    columns : mapping of str to ndarray or None
        Inputs by name; None is left out.
    options : mapping
        Options as resolved; JSON-safe after `json_safe`.

    Returns
    -------
    str
        The same inputs give the same 64 characters on every platform.

    Examples
    --------
    >>> content_hash({"yi": np.zeros(2)}, {})[:8]
    'abe8b123'
    """
    digest = hashlib.sha256()
    for name in sorted(columns):
        column = columns[name]
        if column is not None:
            digest.update(name.encode() + b"\0")
            digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes() + b"\0")
    digest.update(json.dumps(json_safe(options), sort_keys=True).encode())
    return digest.hexdigest()
