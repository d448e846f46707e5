"""A page of the site before it is rendered, and where it stands among the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way from the home page; ``path`` from the root of the site."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it is written, what it is called, and what its template shows.

    Parameters
    ----------
    path : str
        From the root of the site, with forward slashes.
    template : str
    title : str
        Of the browser's tab; the heading of the page unless the template says otherwise.
    description : str
        One sentence for search engines.
    section : str
        Path of the menu entry that the page belongs to.
    context : mapping
        What the template shows.
    crumbs : tuple of Crumb
        The way to the page, itself left out; empty on pages of the menu.
    """

    path: str
    template: str
    title: str
    description: str
    section: str
    context: Mapping[str, object] = field(default_factory=dict)
    crumbs: tuple[Crumb, ...] = ()

    @property
    def root(self) -> str:
        """The way from the page to the root of the site: empty, or ``../``."""
        return "../" * self.path.count("/")


HOME = Crumb("The answer", "index.html")
TOPIC = Crumb("Condition and studies", "topic.html")

#: The menu, in its order.
MENU = (
    HOME,
    TOPIC,
    Crumb("Claims checked", "claims.html"),
    Crumb("Risk of bias", "risk-of-bias.html"),
    Crumb("Methods", "methods.html"),
    Crumb("Abstract", "abstract.html"),
    Crumb("Downloads", "downloads.html"),
)
