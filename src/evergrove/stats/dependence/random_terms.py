"""Random terms: from ``"~ 1 | study/effect"`` and data columns to codes.

The grammar, the one of metafor's ``random`` argument::

    term    = ["~"] inner "|" outer
    inner   = "1"                        a random intercept for each level of the factors in outer
            | factor                     levels whose covariance `struct` describes
            | number {"+" number}        columns with random slopes (struct GEN, GDIAG), after an intercept;
                                         "0" leaves the intercept out
    outer   = factor {"/" factor}        a/b is a, and b within a (for intercepts)
    factor  = name {":" name}            a:b is the combination of both
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import entries, refuse_missing
from evergrove.stats.dependence.options import Structure, choose_structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evergrove.stats.arrays import FloatArray

IntArray = NDArray[np.intp]
SLOPES = (Structure.GEN, Structure.GDIAG)
#: Structures in which only the equality of inner levels within a cluster matters.
EXCHANGEABLE = (Structure.CS, Structure.ID)


@dataclass(frozen=True, slots=True, eq=False)
class RandomTerm:
    """One random term, resolved against the data.

    Parameters
    ----------
    label : str
        As written: ``"study/effect"`` or ``"outcome | study"``.
    structure : Structure or None
        None for an intercept.
    codes : ndarray of int, shape (k,)
        Outer level of each row.
    levels : tuple of str
        Names of the outer levels.
    inner : ndarray of int, shape (k,)
        Inner level of each row; 0 where there is none.
    inner_levels : tuple of str
        Their names (the slopes' columns for GEN and GDIAG).
    positions : ndarray, shape (q,)
        Where the inner levels stand: times for CAR, 0, 1, 2, … otherwise.
    slopes : ndarray, shape (k, q), or None
        Columns with random coefficients.
    correlation : ndarray, shape (levels, levels), or None
        Known correlation of the outer levels.
    written : ndarray of str, shape (k,), or None
        Inner level of each row as the data name it, where `inner` counts anew within each outer level.
    """

    label: str
    structure: Structure | None
    codes: IntArray
    levels: tuple[str, ...]
    inner: IntArray
    inner_levels: tuple[str, ...]
    positions: FloatArray
    slopes: FloatArray | None = None
    correlation: FloatArray | None = None
    written: NDArray[np.str_] | None = None

    @property
    def size(self) -> int:
        """Number of inner levels or slopes."""
        return len(self.inner_levels)


def data_column(data: object, name: str, k: int, where: str) -> NDArray[Any]:
    """Return a column of a mapping or data frame, checked for length and missing values.

    Parameters
    ----------
    data : mapping or data frame
        Has ``data[name]``.
    name : str
        The column.
    k : int
        Rows expected.
    where : str
        The argument that names it, for messages.

    Returns
    -------
    ndarray, shape (k,)

    Raises
    ------
    UsageError
        Where there is no such column.
    DataError
        For another length or missing values.
    """
    try:
        values = entries(data[name])  # type: ignore[index] # a mapping or any frame
    except (KeyError, TypeError, IndexError, ValueError, AttributeError):
        known = getattr(data, "columns", None)
        there = data if known is None else known
        names = list(there) if isinstance(there, Iterable) else []
        raise UsageError(
            f"{where}: found {name!r}; allowed: a column of data (here "
            f"{', '.join(map(str, names)) or 'none'}); pass data= with this column"
        ) from None
    except Exception as error:
        if type(error).__name__ != "ColumnNotFoundError":  # polars has its own
            raise
        raise UsageError(f"{where}: found {name!r}; allowed: a column of data; {error}") from None
    if values.shape != (k,):
        raise DataError(
            f"{where}: column {name!r} has shape {values.shape}; allowed: one value per effect, here {k}"
        )
    refuse_missing(f"{where}: {name}", values)
    return values


def factor_codes(values: NDArray[Any]) -> tuple[IntArray, tuple[str, ...], NDArray[Any]]:
    """Return codes, names and sorted values of the levels of a column.

    Parameters
    ----------
    values : ndarray, shape (k,)
        Numbers sort as numbers, everything else as text.

    Returns
    -------
    codes : ndarray of int
    names : tuple of str
    levels : ndarray

    Examples
    --------
    >>> factor_codes(np.array(["b", "a", "b"]))[:2]
    (array([1, 0, 1]), ('a', 'b'))
    """
    plain = values if values.dtype.kind in "iufbUM" else np.array([str(value) for value in values])
    levels, codes = np.unique(plain, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), tuple(str(level) for level in levels.tolist()), levels


def _combined(data: object, names: Sequence[str], k: int, where: str) -> tuple[IntArray, tuple[str, ...]]:
    """Return codes and names of the combinations of several columns."""
    codes = np.zeros(k, dtype=np.intp)
    levels: tuple[str, ...] = ("",)
    for count, name in enumerate(names):
        more, more_levels, _ = factor_codes(data_column(data, name, k, where))
        found, codes = np.unique(codes * len(more_levels) + more, return_inverse=True)
        pairs = [divmod(int(value), len(more_levels)) for value in found]
        levels = tuple(f"{levels[a]}/{more_levels[b]}" if count else more_levels[b] for a, b in pairs)
    return codes.reshape(-1).astype(np.intp), levels


def clusters_in_order(cluster: object, k: int) -> tuple[tuple[str, ...], list[IntArray]]:
    """Return names and rows of clusters, in the order of their first rows.

    Parameters
    ----------
    cluster : sequence, length k
        Cluster of each row.
    k : int
        Rows.

    Returns
    -------
    names : tuple of str
    rows : list of int arrays

    Raises
    ------
    DataError
        For another length or missing values, naming rows.
    """
    values = entries(cluster)
    if values.shape != (k,):
        raise DataError(f"cluster: found shape {values.shape}; allowed: one per effect, here {k}")
    refuse_missing("cluster", values)
    codes, names, _ = factor_codes(values)
    groups = [np.flatnonzero(codes == code) for code in range(len(names))]
    order = sorted(range(len(groups)), key=lambda code: int(groups[code][0]))
    return tuple(names[code] for code in order), [groups[code] for code in order]


def parse_term(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the inner names and the nested factors of a random term.

    Parameters
    ----------
    text : str
        For example ``"~ 1 | district/school"``.

    Returns
    -------
    inner : tuple of str
    outer : tuple of tuple of str

    Raises
    ------
    UsageError
        Where the text is no random term.

    Examples
    --------
    >>> parse_term("~ 1 | district/school")
    (('1',), (('district',), ('school',)))
    """
    left, bar, right = str(text).strip().removeprefix("~").partition("|")
    inner = tuple(name.strip() for name in left.split("+"))
    outer = tuple(tuple(name.strip() for name in factor.split(":")) for factor in right.split("/"))
    if not bar or "|" in right or not all(inner) or not all(name for factor in outer for name in factor):
        raise UsageError(
            f"random: found {text!r}; allowed: '~ 1 | factor', '~ 1 | factor/factor' or '~ inner | outer'; "
            "write each random term as one such text"
        )
    return inner, outer


def _relabelled(codes: IntArray, inner: IntArray) -> IntArray:
    """Return inner codes counted anew, from 0, within each outer level."""
    found = np.zeros_like(inner)
    for code in np.unique(codes):
        rows = codes == code
        found[rows] = np.unique(inner[rows], return_inverse=True)[1].reshape(-1)
    return found


def _inner_outer(
    text: str, names: tuple[str, ...], outer: tuple[str, ...], struct: Structure, *, data: object, k: int
) -> RandomTerm:
    """Return the term ``~ inner | outer``."""
    codes, levels = _combined(data, outer, k, "random")
    label = f"{' + '.join(names)} | {':'.join(outer)}"
    if struct in SLOPES:
        names = names if {"0", "1"} & set(names) else ("1", *names)
        names = tuple(name for name in names if name != "0")
        if not names:
            raise UsageError(f"random: found {text!r}; allowed: a column or the intercept beside 0")
        columns = [
            np.ones(k) if name == "1" else data_column(data, name, k, "random").astype(np.float64)
            for name in names
        ]
        return RandomTerm(
            label,
            struct,
            codes,
            levels,
            np.zeros(k, dtype=np.intp),
            tuple("intercept" if name == "1" else name for name in names),
            np.arange(len(names), dtype=np.float64),
            np.column_stack(columns),
        )
    if len(names) != 1:
        raise UsageError(
            f"random: found {text!r} with struct={str(struct)!r}; allowed: one inner variable; "
            "several are random slopes: struct='GEN'"
        )
    values = data_column(data, names[0], k, "random")
    inner, inner_levels, sorted_values = factor_codes(values)
    positions = np.arange(len(inner_levels), dtype=np.float64)
    if struct is Structure.CAR:
        if values.dtype.kind not in "iufb":
            raise UsageError(
                f"random: found {names[0]!r} of text with struct='CAR'; allowed: a numeric column of times"
            )
        positions = sorted_values.astype(np.float64)
    written = None
    if struct in EXCHANGEABLE:
        written = np.array(inner_levels)[inner]
        inner = _relabelled(codes, inner)
        inner_levels = tuple(str(level) for level in range(int(inner.max()) + 1))
        positions = np.arange(len(inner_levels), dtype=np.float64)
    return RandomTerm(label, struct, codes, levels, inner, inner_levels, positions, written=written)


def _intercepts(
    outer: tuple[tuple[str, ...], ...],
    data: object,
    k: int,
    known: Mapping[str, tuple[Sequence[str], FloatArray]],
) -> list[RandomTerm]:
    """Return one term for each nested factor."""
    terms = []
    for depth in range(1, len(outer) + 1):
        names = [name for factor in outer[:depth] for name in factor]
        codes, levels = _combined(data, names, k, "random")
        label = "/".join(":".join(factor) for factor in outer[:depth])
        correlation = None
        if label in known:
            order, matrix = known[label]
            lacking = [level for level in levels if level not in order]
            if lacking:
                raise DataError(
                    f"R[{label!r}]: no row for level {lacking[0]!r}; allowed: one row and column per level; "
                    "name the levels of R"
                )
            place = [list(order).index(level) for level in levels]
            correlation = matrix[np.ix_(place, place)]
        terms.append(
            RandomTerm(
                label,
                None,
                codes,
                levels,
                np.zeros(k, dtype=np.intp),
                (label,),
                np.zeros(1),
                None,
                correlation,
            )
        )
    return terms


def resolve_terms(
    random: Sequence[str],
    struct: Sequence[str],
    data: object,
    k: int,
    known: Mapping[str, tuple[Sequence[str], FloatArray]],
) -> tuple[RandomTerm, ...]:
    """Return the random terms: intercepts first, in order, then the ``inner | outer`` terms.

    Parameters
    ----------
    random : sequence of str
        Terms as written.
    struct : sequence of str
        One structure for all ``inner | outer`` terms, or one each.
    data : mapping or data frame
        Columns of factors.
    k : int
        Rows.
    known : mapping of str to (levels, matrix)
        Known correlations of intercepts.

    Returns
    -------
    tuple of RandomTerm

    Raises
    ------
    UsageError
        For a term that cannot be read, an unknown column or structure, a known correlation without a term.
    DataError
        For columns with missing values.
    """
    intercepts: list[RandomTerm] = []
    slopes: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for text in random:
        inner, outer = parse_term(text)
        if inner == ("1",):
            intercepts += _intercepts(outer, data, k, known)
        else:
            slopes.append((text, inner, tuple(name for factor in outer for name in factor)))
    names = [term.label for term in intercepts]
    for name in known:
        if name not in names:
            raise UsageError(
                f"R: found {name!r}; allowed: the label of a random intercept, here "
                f"{', '.join(names) or 'none'}"
            )
    chosen = [choose_structure(name) for name in struct]
    if len(chosen) not in {1, max(1, len(slopes))}:
        raise UsageError(
            f"struct: found {len(chosen)} structures; allowed: one, or one for each of the {len(slopes)} "
            "inner | outer terms"
        )
    each = chosen if len(chosen) == len(slopes) else chosen * len(slopes)
    pairs = [
        _inner_outer(text, inner, outer, one, data=data, k=k)
        for (text, inner, outer), one in zip(slopes, each, strict=True)
    ]
    return (*intercepts, *pairs)
