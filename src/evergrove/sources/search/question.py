"""What a service module speaks: the question to ask, the page that an answer is, the token that leads on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

if TYPE_CHECKING:
    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.settings import Settings

#: What is kept between two pages, as it lies on disk: JSON only.
Token = dict[str, Any]
#: No database holds more records.
MOST_COUNTED = 10**9
#: Parameters that name or identify the person: sent, never stored or shown.
SECRET = frozenset({"api_key", "email", "mailto"})


class AnswerError(Exception):
    """An answer that cannot be used; asking again may help."""


class RefusalError(Exception):
    """An answer that says no; asking again does not help.

    Parameters
    ----------
    message : str
    forgotten : bool
        Whether it may be that the service no longer knows the way to the page.
    """

    def __init__(self, message: str, *, forgotten: bool = False) -> None:
        super().__init__(message)
        self.forgotten = forgotten


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a service.

    Parameters
    ----------
    address : str
        Without its parameters.
    parameters : dict of str to str
    as_form : bool
        Sent in the body: for what is too long for an address.
    """

    address: str
    parameters: dict[str, str]
    as_form: bool = False

    @property
    def shown(self) -> str:
        """The address with its parameters, without those that identify the person."""
        kept = {name: value for name, value in self.parameters.items() if name not in SECRET}
        return f"{self.address}?{urlencode(kept)}"


@dataclass(frozen=True, slots=True)
class Page:
    """What an answer says besides its records.

    Parameters
    ----------
    total : int or None
        Records that the service says it found, where the answer says it.
    records : int
        In this answer.
    token : dict or None
        Leads to the next page; ``None`` on the last.
    translation : str or None
    remarks : tuple of str
    """

    total: int | None
    records: int
    token: Token | None
    translation: str | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.total is not None and not 0 <= self.total <= MOST_COUNTED:
            raise AnswerError(f"the count is {self.total}; allowed: 0 to {MOST_COUNTED:,}")


class Service(Protocol):
    """What the module of a service holds."""

    def ask(self, search: SavedSearch, settings: Settings, token: Token | None) -> Question:
        """Return the first question, or the one that a token leads to."""

    def look(self, body: bytes, search: SavedSearch, token: Token | None) -> Page:
        """Look at the answer to a question.

        Raises
        ------
        AnswerError, RefusalError
        """

    def interval(self, settings: Settings) -> float:
        """Return the seconds between two questions that the service asks for."""


def parsed(body: bytes) -> dict[str, Any]:
    """Return an answer as JSON.

    Raises
    ------
    AnswerError
        Where it is not an object.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"not readable as JSON: {error}") from None
    if not isinstance(value, dict):
        raise AnswerError(f"found {type(value).__name__} in JSON; allowed: an object")
    return value


def held(value: object, kind: type, *path: str) -> Any:  # noqa: ANN401 - what JSON holds
    """Return what stands at a place of an answer.

    Raises
    ------
    AnswerError
        Where it is missing or of another kind.
    """
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise AnswerError(f"{'.'.join(path)}: found {value!r:.60}; allowed: {kind.__name__}")
    return value


def whole_date(partial: str) -> str:
    """Return the first day of a date that may lack its day or month.

    Examples
    --------
    >>> whole_date("2020"), whole_date("2020-04")
    ('2020-01-01', '2020-04-01')
    """
    return (partial + "-01-01")[:10] if len(partial) == 4 else (partial + "-01")[:10]
