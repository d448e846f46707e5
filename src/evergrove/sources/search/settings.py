"""Settings of searching: addresses, keys and patience, from the environment and the person's own file.

A review folder holds none of them: it is shared, and whoever wrote it could otherwise have a key sent to an
address of theirs.
"""

from __future__ import annotations

import math
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from evergrove.errors import UsageError
from evergrove.model.search import Database

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESSES = {
    Database.PUBMED: "https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
    Database.EUROPE_PMC: "https://www.ebi.ac.uk/europepmc/webservices/rest",
    Database.CLINICALTRIALS: "https://clinicaltrials.gov/api/v2",
    Database.OPENALEX: "https://api.openalex.org",
    Database.CROSSREF: "https://api.crossref.org",
}
#: Name of each database in environment variables and in the file.
NAMES = {
    Database.PUBMED: "pubmed",
    Database.EUROPE_PMC: "europepmc",
    Database.CLINICALTRIALS: "clinicaltrials",
    Database.OPENALEX: "openalex",
    Database.CROSSREF: "crossref",
}
WITH_KEY = (Database.PUBMED, Database.OPENALEX)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NUMBERS = ("timeout", "attempts", "first_wait", "longest_wait")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach the services.

    Parameters
    ----------
    addresses : dict
        Base address of each database.
    keys : dict
        Key of each database that has them and for which one is set; never printed.
    mailto : str or None
        Address that the services can write to.
    timeout : float
        Seconds to wait for a sign of life; a whole answer may take five times as long.
    attempts : int
        Questions asked at most before a service is given up.
    first_wait, longest_wait : float
        Seconds of the back-off; a service that asks for a longer wait is left for later.
    """

    addresses: dict[Database, str] = field(default_factory=lambda: dict(ADDRESSES))
    keys: dict[Database, str] = field(default_factory=dict, repr=False)
    mailto: str | None = None
    timeout: float = 30.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0


def settings_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return the place of the person's settings: ``EVERGROVE_CONFIG``, else ``~/.config/evergrove``."""
    given = os.environ if environment is None else environment
    if named := given.get("EVERGROVE_CONFIG"):
        return Path(named)
    home = given.get("XDG_CONFIG_HOME") or str(Path(given.get("HOME") or "~").expanduser() / ".config")
    return Path(home) / "evergrove" / "settings.toml"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: the environment before the file, the file before the defaults.

    Parameters
    ----------
    environment : mapping, optional
        In place of the process's own.

    Returns
    -------
    Settings

    Raises
    ------
    UsageError
        For a file that is not TOML, an unknown name in it, an address or a number that cannot be used.

    Examples
    --------
    >>> here = {"EVERGROVE_CONFIG": "/nowhere.toml", "EVERGROVE_MAILTO": "reviewer@example.org"}
    >>> read_settings(here).mailto
    'reviewer@example.org'
    """
    given = os.environ if environment is None else environment
    path = settings_file(given)
    values = _from_file(path)
    for name in _allowed():
        if (text := given.get(f"EVERGROVE_{name.upper()}")) is not None and text.strip():
            values[name] = (f"EVERGROVE_{name.upper()}", text.strip())
    addresses, keys = dict(ADDRESSES), {}
    for database, name in NAMES.items():
        if f"{name}_url" in values:
            addresses[database] = _address(*values[f"{name}_url"])
        if f"{name}_key" in values:
            keys[database] = str(values[f"{name}_key"][1])
    numbers = {name: _number(*values[name]) for name in _NUMBERS if name in values}
    attempts = int(numbers.pop("attempts", Settings().attempts))
    mailto = str(values["mailto"][1]) if "mailto" in values else None
    return Settings(addresses, keys, mailto, attempts=max(attempts, 1), **numbers)


def _allowed() -> tuple[str, ...]:
    urls = tuple(f"{name}_url" for name in NAMES.values())
    return (*urls, *(f"{NAMES[database]}_key" for database in WITH_KEY), "mailto", *_NUMBERS)


def _from_file(path: Path) -> dict[str, tuple[str, object]]:
    """Return the values of the file with the place of each, for messages."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); make it a readable UTF-8 file") from None
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{path}: not readable as TOML: {error}; write lines such as mailto = 'a@b.org'"
        ) from None
    for name, value in held.items():
        if name not in _allowed():
            raise UsageError(f"{path}: unknown name {name!r}; allowed: {', '.join(_allowed())}; correct it")
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise UsageError(f"{path}: {name} holds a {type(value).__name__}; allowed: one text or number")
    return {name: (f"{path}: {name}", value) for name, value in held.items()}


def _address(place: str, value: object) -> str:
    text = str(value).rstrip("/")
    try:
        parts = urlsplit(text)
        sound = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        sound = safe = False
    if not (sound and safe):
        raise UsageError(
            f"{place} is {text!r}; allowed: an https address without query (http only to this computer); "
            "correct it, or leave it out for the service's own"
        )
    return text


def _number(place: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not 0 < number <= 3600:
        raise UsageError(f"{place} is {str(value)!r}; allowed: a number above 0, up to 3600; correct it")
    return number
