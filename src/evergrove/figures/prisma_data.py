"""What a flow diagram shows: the counts of records, reports and studies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A number with what it counts; ``None`` shows as "not recorded"."""

    label: str
    n: int | None


@dataclass(frozen=True)
class PrismaOther:
    """Records found by other methods: citation searching, websites, organisations.

    Parameters
    ----------
    sources : tuple of Count
        Records by source.
    sought, not_retrieved, assessed : int, optional
        Reports sought for retrieval, not retrieved, and assessed for eligibility.
    excluded : tuple of Count
        Reports excluded, by reason.
    """

    sources: tuple[Count, ...]
    sought: int | None = None
    not_retrieved: int | None = None
    assessed: int | None = None
    excluded: tuple[Count, ...] = ()


@dataclass(frozen=True)
class PrismaPrevious:
    """What an earlier version of the review included."""

    studies: int | None = None
    reports: int | None = None


@dataclass(frozen=True)
class PrismaFlow:
    """The counts of a flow diagram; every ``None`` shows as "not recorded".

    Nothing is worked out but the sums over sources and over reasons, and those only where every part is
    recorded.

    Parameters
    ----------
    title, desc : str
        Name and description for those who do not see the figure; not drawn.
    databases, registers : tuple of Count
        Records identified, by source.
    removed : tuple of Count
        Records removed before screening: duplicates, marked by automation, other reasons.
    screened, screened_out : int, optional
        Records screened, and excluded by their title and abstract.
    sought, not_retrieved, assessed : int, optional
        Reports sought for retrieval, not retrieved, and assessed for eligibility.
    excluded : tuple of Count
        Reports excluded, by reason.
    studies, reports : int, optional
        Studies included (new ones, where there is an earlier version), and their reports.
    other : PrismaOther, optional
        Adds the columns of other methods.
    previous : PrismaPrevious, optional
        Adds the column of the earlier version and the total.
    total_studies, total_reports : int, optional
        With ``previous``: studies included in all, and their reports.
    """

    title: str
    desc: str
    databases: tuple[Count, ...] = ()
    registers: tuple[Count, ...] = ()
    removed: tuple[Count, ...] = ()
    screened: int | None = None
    screened_out: int | None = None
    sought: int | None = None
    not_retrieved: int | None = None
    assessed: int | None = None
    excluded: tuple[Count, ...] = ()
    studies: int | None = None
    reports: int | None = None
    other: PrismaOther | None = None
    previous: PrismaPrevious | None = None
    total_studies: int | None = None
    total_reports: int | None = None
