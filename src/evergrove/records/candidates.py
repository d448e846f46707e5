"""Which records are compared at all: those that share a key, a few neighbours each, never all with all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Neighbours within a block that a record is compared with. Blocks are sorted by title, so that in a large
#: one (a whole journal year, a title such as "Editorial") the likest stand side by side.
WINDOW = 12
#: Pairs held before those that stand twice are dropped.
MOST_HELD = 30_000_000


def candidate_pairs(
    keys: NDArray[np.uint32], titles: list[str], numbers: list[str] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of records that share a key.

    Parameters
    ----------
    keys : array of shape (n, k)
        One column per way to meet; 0 for none.
    titles : list of str
        Normal forms, by which large blocks are sorted.
    numbers : list of str, optional
        Registration numbers of registry entries with spaces between them: entries that share one meet.

    Returns
    -------
    left, right : arrays of shape (pairs,)
        Positions, ``left < right``, each pair once, sorted. There are at most ``n * WINDOW`` per key.

    Examples
    --------
    >>> import numpy as np
    >>> left, right = candidate_pairs(np.array([[7], [0], [7], [9]], dtype=np.uint32), ["a", "b", "a", "c"])
    >>> left.tolist(), right.tolist()
    ([0], [2])
    """
    count = len(titles)
    by_title = np.array(sorted(range(count), key=titles.__getitem__), dtype=np.int64)
    pairs = [_numbered(numbers, count)] if numbers is not None else []
    for column in keys.T:
        held = by_title[column[by_title] != 0]
        order = held[np.argsort(column[held], kind="stable")]
        key = column[order]
        for step in range(1, WINDOW + 1):
            same = key[step:] == key[:-step]
            if not same.any():
                break
            one, two = order[:-step][same], order[step:][same]
            pairs.append(np.minimum(one, two) * count + np.maximum(one, two))
        if sum(map(len, pairs)) > MOST_HELD:
            pairs = [_once(pairs)]
    found = _once(pairs)
    return found // max(count, 1), found % max(count, 1)


def _once(pairs: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the sorted numbers of several arrays, each once."""
    found = np.concatenate(pairs) if pairs else np.zeros(0, dtype=np.int64)
    found.sort()
    return found[np.concatenate(([True], found[1:] != found[:-1]))] if len(found) else found


def _numbered(numbers: list[str], count: int) -> NDArray[np.int64]:
    """Return pairs of entries that share a registration number, as one number each."""
    holders: dict[str, list[int]] = {}
    for row, text in enumerate(numbers):
        for number in text.split():
            holders.setdefault(number, []).append(row)
    pairs = {
        one * count + two
        for rows in holders.values()
        for at, one in enumerate(rows)
        for two in rows[at + 1 : at + 1 + WINDOW]
    }
    return np.array(sorted(pairs), dtype=np.int64)
