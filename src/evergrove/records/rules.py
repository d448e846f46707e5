"""The rules by which two records are one publication, not, or a person's to decide.

The first rule that holds for a pair decides. Rules speak of how fields agree (`Agreement`), never of a
particular file, database or journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.model.merge import PairVerdict, Relation
from evergrove.records.agreement import Agreement
from evergrove.records.entry_links import EntryLink
from evergrove.records.normal_forms import Sort

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evergrove.records.facts import Facts

    Mask = NDArray[np.bool_]

SAME, NEAR, MISSING, DIFFER = Agreement.SAME, Agreement.NEAR, Agreement.MISSING, Agreement.DIFFERS


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name : str
        By which a merge names it.
    verdict : PairVerdict
    says : str
        The rule in a sentence, for the person.
    holds : callable
        Takes the `Facts` of all pairs, returns where it holds.
    relation : Relation or None
        How the two belong together where they are not one publication.
    entries : bool
        Whether it is about two registry entries, else about two publications.
    """

    name: str
    verdict: PairVerdict
    says: str
    holds: Callable[[Facts], Mask]
    relation: Relation | None = None
    entries: bool = False


def _same_work(facts: Facts) -> Mask:
    found: Mask = (facts.like_title & (facts.authors >= NEAR)) | (
        facts.whole_title & (facts.authors != DIFFER)
    )
    return found


def _same_subject(facts: Facts) -> Mask:
    found: Mask = facts.like_title | facts.identified
    return found


D, N, U = PairVerdict.DUPLICATE, PairVerdict.NOT, PairVerdict.UNCERTAIN

#: About registry entries: by their numbers first, their titles second.
ENTRY_RULES: tuple[Rule, ...] = (
    Rule(
        "registration",
        D,
        "the same registration number",
        lambda f: f.entries == EntryLink.SAME,
        entries=True,
    ),
    Rule(
        "cross-registration",
        D,
        "entries of two registries, each of which names the other's number",
        lambda f: (f.entries == EntryLink.BOTH_NAMED) & ~f.numbers_differ,
        entries=True,
    ),
    Rule(
        "named-registration",
        D,
        "entries of two registries with like titles, one of which names the other's number or both a third",
        lambda f: (f.entries >= EntryLink.SHARED) & (f.title >= NEAR) & ~f.numbers_differ,
        entries=True,
    ),
    Rule(
        "registration-and-other-title",
        U,
        "entries of two registries that share a number, with other titles: one trial or two",
        lambda f: f.entries >= EntryLink.SHARED,
        entries=True,
    ),
    Rule(
        "entry-title",
        U,
        "entries of two registries with the same title and no number in common",
        lambda f: (f.entries == EntryLink.NONE) & f.whole_title,
        entries=True,
    ),
)

#: About publications; the order matters.
PUBLICATION_RULES: tuple[Rule, ...] = (
    # --- what is linked, never merged
    Rule(
        "correction",
        N,
        "one corrects the other: a publication of its own",
        lambda f: f.sort_differs(Sort.CORRECTION) & _same_subject(f),
        Relation.CORRECTION,
    ),
    Rule(
        "retraction-notice",
        N,
        "one is the notice of the other's retraction: a publication of its own",
        lambda f: f.sort_differs(Sort.RETRACTION) & _same_subject(f),
        Relation.RETRACTION,
    ),
    Rule(
        "reply",
        N,
        "one answers or comments on the other: a publication of its own",
        lambda f: f.sort_differs(Sort.REPLY | Sort.COMMENT) & ~f.same_reply & _same_subject(f),
        Relation.REPLY,
    ),
    Rule(
        "other-sort",
        N,
        "one is a correction, notice, reply or comment and the other is not",
        lambda f: (
            f.sort_differs(Sort.CORRECTION | Sort.RETRACTION)
            | (f.sort_differs(Sort.REPLY | Sort.COMMENT) & ~f.same_reply)
        ),
    ),
    Rule(
        "preprint",
        N,
        "one is the preprint of the other",
        lambda f: f.sort_differs(Sort.PREPRINT) & _same_work(f) & (f.doi != SAME),
        Relation.PREPRINT,
    ),
    Rule(
        "other-numbers",
        N,
        "their titles name different parts, phases, doses or years",
        lambda f: f.numbers_differ & (f.authors >= NEAR) & ~f.identified & ~(f.same_place & f.ranged),
        Relation.SERIES,
    ),
    # --- by identifier
    Rule(
        "identifier-and-place",
        D,
        "the same DOI or PubMed number, volume and pages",
        lambda f: (
            f.identified
            & f.same_place
            & (
                f.same_subject
                | (f.like_title & f.long_article)
                | (f.ranged & (f.authors == SAME) & ~f.numbers_differ)
            )
        ),
    ),
    Rule(
        "identifier",
        D,
        "the same DOI or PubMed number, and titles that agree",
        lambda f: f.identified & f.same_subject & ~f.other_id & ~((f.volume == DIFFER) & (f.place == DIFFER)),
    ),
    Rule(
        "identifier-only",
        U,
        "the same DOI or PubMed number, but a title, volume or pages that contradict it",
        lambda f: f.identified & ((f.title >= NEAR) | (f.authors >= NEAR)),
    ),
    # --- Cochrane reviews: one number, several versions
    Rule(
        "cochrane-review",
        D,
        "the same number of a Cochrane review, year and title",
        lambda f: (
            (f.pairs.cochrane == SAME)
            & (f.title >= NEAR)
            & (f.year == SAME)
            & (f.issue != DIFFER)
            & ~f.numbers_differ
            & ~f.other_id
        ),
    ),
    Rule(
        "cochrane-version",
        U,
        "two versions of one Cochrane review",
        lambda f: (
            f.both(Sort.COCHRANE)
            & (f.title >= NEAR)
            & ((f.pairs.cochrane == SAME) | (f.authors == SAME))
            & (f.other_id | (f.year != SAME) | (f.issue == DIFFER))
        ),
        Relation.VERSION,
    ),
    # --- by place: journal, volume and pages
    Rule(
        "title-and-place",
        D,
        "the same title, volume and pages, and no author or journal that contradicts it",
        lambda f: (
            (f.title == SAME)
            & (f.place >= NEAR)
            & (f.volume == SAME)
            & (
                (f.authors == SAME)
                | (f.whole_title & f.authors_may_agree & (f.journal >= NEAR))
                | (f.whole_title & f.same_pages & (f.journal == SAME) & (f.year == SAME))
            )
            & ((f.year != DIFFER) | ((f.journal == SAME) & (f.place == SAME)))
            & (~f.other_id | (f.journal == SAME))
            & ((f.journal != DIFFER) | ((f.place == SAME) & (f.issue != DIFFER)))
        ),
    ),
    Rule(
        "place-and-like-title",
        D,
        "the same volume, pages, year and authors, and titles much alike or one within the other",
        lambda f: (
            f.like_title
            & (f.place >= NEAR)
            & (f.volume == SAME)
            & ((f.authors == SAME) | ((f.authors == MISSING) & (f.journal == SAME)))
            & f.near_year
            & (f.long_article | f.two_pages | (f.shortened & ((f.abstract == SAME) | ~f.page_of_abstracts)))
            & (f.abstract != DIFFER)
            & ~f.other_id
        ),
    ),
    Rule(
        "place-and-authors",
        D,
        "the same journal, volume, first and last page, year and authors; the title in other words",
        lambda f: (
            f.long_article
            & ~f.numbers_differ
            & (f.volume == SAME)
            & (f.authors == SAME)
            & (f.abstract != DIFFER)
            & (f.year == SAME)
            & (f.journal >= NEAR)
            & (f.issue != DIFFER)
            & ~f.other_id
        ),
    ),
    Rule(
        "place-and-near-title",
        D,
        "the same journal, volume, first and last page and year, authors in one only, and titles much alike",
        lambda f: (
            f.ranged
            & f.same_place
            & (f.authors == MISSING)
            & (f.title_score > 0)
            & ~f.numbers_differ
            & (f.year == SAME)
            & (f.journal == SAME)
            & (f.issue != DIFFER)
            & ~f.other_id
        ),
    ),
    Rule(
        "title-and-pages",
        D,
        "the same title, pages and year, and nothing that contradicts it",
        lambda f: (
            (f.whole_title | ((f.title == SAME) & f.ranged & f.same_authors & (f.journal == SAME)))
            & (f.place >= NEAR)
            & (f.volume == MISSING)
            & (f.ranged | ((f.year == SAME) & (f.issue != DIFFER)))
            & f.near_year
            & (f.abstract != DIFFER)
            & ((f.authors >= NEAR) | ((f.authors == MISSING) & (f.journal == SAME)))
            & ~f.other_id
        ),
    ),
    Rule(
        "misprinted-volume",
        D,
        "the same title, authors, journal, year, first and last page; another volume",
        lambda f: (
            f.exact_title
            & (f.ranged | ((f.place == SAME) & (f.issue == SAME) & f.same_authors))
            & (f.authors == SAME)
            & (f.year == SAME)
            & (f.journal == SAME)
            & ~f.other_id
        ),
    ),
    Rule(
        "misprinted-pages",
        D,
        "the same title, authors, journal, volume, year, and issue or abstract; other pages, both articles",
        lambda f: (
            f.exact_title
            & f.same_authors
            & (f.journal == SAME)
            & (f.volume == SAME)
            & (f.year == SAME)
            & (f.place == DIFFER)
            & ((f.issue == SAME) | (f.abstract == SAME))
            & (f.issue != DIFFER)
            & ~f.pairs.lettered
            & ~f.half_supplement
            & ~f.other_id
        ),
    ),
    Rule(
        "shifted-pages",
        D,
        "the same title, authors, journal, volume and year; as many pages, a few pages on",
        lambda f: (
            f.exact_title
            & f.pairs.shifted
            & f.same_authors
            & (f.volume == SAME)
            & (f.year == SAME)
            & (f.journal == SAME)
            & (f.issue != DIFFER)
            & ~f.other_id
        ),
    ),
    # --- where fields are missing
    Rule(
        "title-and-abstract",
        D,
        "the same title and abstract, and no field that contradicts it",
        lambda f: (
            f.exact_title
            & (f.abstract == SAME)
            & (f.contradictions == 0)
            & (f.authors != DIFFER)
            & (f.issue != DIFFER)
            & ~f.other_id
            & ~f.sort_differs(Sort.CONFERENCE)
        ),
    ),
    Rule(
        "same-conference",
        D,
        "the same title, authors and year at a conference, the same pages or abstract; its name otherwise",
        lambda f: (
            f.exact_title
            & f.same_authors
            & f.both(Sort.CONFERENCE)
            & (f.year == SAME)
            & (f.ranged | (f.abstract == SAME))
            & (f.place != DIFFER)
            & (f.volume != DIFFER)
            & ~f.other_id
        ),
    ),
    Rule(
        "title-and-volume",
        D,
        "the same title, authors, journal and volume; pages in one only",
        lambda f: (
            f.near_exact_title
            & (f.place == MISSING)
            & (f.volume == SAME)
            & (f.authors == SAME)
            & ((f.journal >= NEAR) | (f.exact_title & f.same_authors & (f.issue == SAME) & (f.year == SAME)))
            & (f.issue != DIFFER)
            & ((f.year == SAME) | (f.near_year & ((f.issue == SAME) | f.pairs.early)))
            & ((f.abstract != DIFFER) | (f.issue == SAME))
            & ~f.half_supplement
            & ~f.other_id
        ),
    ),
    Rule(
        "shortened-title",
        D,
        "one title within the other, the same authors, journal, year, and pages, issue or abstract",
        lambda f: (
            f.shortened
            & f.same_authors
            & (f.journal == SAME)
            & (f.year == SAME)
            & (f.contradictions == 0)
            & (f.issue != DIFFER)
            & (f.ranged | ((f.volume == SAME) & (f.issue == SAME)) | (f.abstract == SAME))
            & ((f.abstract == SAME) | ~f.page_of_abstracts)
            & ~f.half_supplement
            & ~f.other_id
            & ~f.sort_differs(Sort.CONFERENCE)
        ),
    ),
    Rule(
        "nothing-against",
        D,
        "the same title, authors and year, and no field that contradicts it",
        lambda f: (
            (f.exact_title | (f.near_exact_title & (f.journal == SAME)))
            & (f.authors == SAME)
            & (f.year == SAME)
            & (f.contradictions == 0)
            & (f.issue != DIFFER)
            & (f.abstract != DIFFER)
            & ~f.half_supplement
            & ~(f.one_supplement & (f.volume == MISSING))
            & ~f.other_id
            & ~f.sort_differs(Sort.CONFERENCE)
        ),
    ),
    Rule(
        "early-online",
        D,
        "the same title, authors and journal, a year apart; one not yet in a volume",
        lambda f: (
            f.exact_title
            & f.same_authors
            & (f.year == NEAR)
            & (f.journal == SAME)
            & f.pairs.early
            & (f.abstract != DIFFER)
            & ~f.one_supplement
            & ~f.other_id
            & ~f.sort_differs(Sort.CONFERENCE)
        ),
    ),
    # --- what contradicts itself
    Rule(
        "conference",
        N,
        "the same work at a conference and in a journal",
        lambda f: (
            _same_work(f) & (f.sort_differs(Sort.CONFERENCE) | f.pairs.lettered) & (f.contradictions >= 2)
        ),
        Relation.CONFERENCE,
    ),
    Rule(
        "other-report",
        N,
        "the same title and authors at two places: two reports of one work",
        lambda f: f.whole_title & (f.authors >= NEAR) & (f.contradictions >= 2),
        Relation.SAME_WORK,
    ),
    Rule(
        "title-only",
        U,
        "the same title, and too little else that agrees, or one field that contradicts it",
        lambda f: f.whole_title & (f.authors != DIFFER) & (f.year != DIFFER) & (f.contradictions < 2),
    ),
    Rule(
        "place-only",
        U,
        "the same volume, pages and authors, with another title",
        lambda f: f.same_place & (f.authors == SAME) & f.near_year & (f.ranged | (f.title >= NEAR)),
    ),
    Rule(
        "like-title",
        U,
        "titles much alike and the same authors and year, and no field that contradicts it",
        lambda f: f.like_title & f.same_authors & (f.year == SAME) & (f.contradictions == 0) & ~f.other_id,
    ),
)

#: Every rule; the first that holds decides.
RULES: tuple[Rule, ...] = (*ENTRY_RULES, *PUBLICATION_RULES)


def decide(facts: Facts, rules: tuple[Rule, ...] = RULES) -> NDArray[np.int16]:
    """Return for each pair the position of the first rule that holds, or -1.

    Parameters
    ----------
    facts : Facts
    rules : tuple of Rule

    Returns
    -------
    array of shape (pairs,)
    """
    entries = facts.entries != EntryLink.NO_ENTRIES
    decided = np.full(len(facts.pairs), -1, dtype=np.int16)
    for number, rule in enumerate(rules):
        decided[(decided < 0) & (entries == rule.entries) & rule.holds(facts)] = number
    return decided
