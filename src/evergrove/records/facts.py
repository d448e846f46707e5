"""What the rules ask of pairs of records: how their fields agree, several at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.records.agreement import Agreement
from evergrove.records.title_differences import TitleDifference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.records.comparison import Comparison
    from evergrove.records.normal_forms import Sort

    Mask = NDArray[np.bool_]

SAME, NEAR, MISSING, DIFFER = Agreement.SAME, Agreement.NEAR, Agreement.MISSING, Agreement.DIFFERS


class Facts:
    """What the rules ask of the pairs of a comparison."""

    def __init__(self, pairs: Comparison) -> None:
        code = pairs.codes
        self.pairs = pairs
        self.title, self.authors, self.year = code["title"], code["authors"], code["year"]
        self.journal, self.volume, self.issue = code["journal"], code["volume"], code["issue"]
        self.place, self.doi, self.pmid = code["pages"], code["doi"], code["pmid"]
        self.abstract = code["abstract"]
        #: A short title is no more than a subject, unless all authors or the abstract agree.
        subject = pairs.short & ~pairs.same_authors & (self.abstract != SAME)
        self.whole_title = (self.title == SAME) & ~pairs.generic & ~subject
        #: Letter for letter: where little else is there, a like name of another drug must not pass.
        self.exact_title = self.whole_title & (pairs.title_difference <= TitleDifference.FORM)
        #: But for misprints, where all authors agree, or the issue or abstract does.
        self.near_exact_title = self.exact_title | (
            self.whole_title & (pairs.same_authors | (self.issue == SAME) | (self.abstract == SAME))
        )
        #: Same but for spelling, or one without its subtitle.
        self.like_title = (self.title >= NEAR) & (pairs.title_difference != TitleDifference.NUMBERS)
        self.shortened = pairs.title_difference == TitleDifference.SHORTENED
        self.numbers_differ = pairs.title_difference == TitleDifference.NUMBERS
        self.entries, self.title_score = pairs.entries, pairs.title_score
        self.half_supplement = pairs.half_supplement
        self.one_supplement = pairs.supplements[:, 0] != pairs.supplements[:, 1]
        #: A page of a supplement holds several abstracts, perhaps of the same people.
        self.page_of_abstracts = pairs.supplements.any(axis=1) & ~pairs.ranged
        self.two_pages = pairs.ranged & pairs.same_authors & ~pairs.supplements.any(axis=1)
        #: Three pages or more: longer than an abstract, so that no other article has the same first and last.
        self.long_article = pairs.long_article
        self.ranged, self.same_authors = pairs.ranged, pairs.same_authors
        self.identified = (self.doi == SAME) | (self.pmid == SAME)
        self.other_id = ((self.doi == DIFFER) & (self.pmid != SAME)) | (
            (self.pmid == DIFFER) & (self.doi != SAME)
        )
        #: Places in the literature that contradict each other.
        self.contradictions = (
            (self.volume == DIFFER).astype(np.int8)
            + (self.place == DIFFER)
            + (self.journal == DIFFER)
            + (self.year == DIFFER)
            + (self.doi == DIFFER)
        )
        #: The abstracts of a supplement share its DOI: alike titles are not enough.
        self.same_subject = (self.title == SAME) | self.shortened
        self.same_subject |= self.like_title & ((self.pmid == SAME) | (self.abstract == SAME))
        #: But an article has a DOI of its own, whatever was changed in its title.
        article = pairs.same_authors & ~pairs.supplements.any(axis=1) & (self.place != DIFFER)
        self.same_subject |= self.like_title & (self.doi == SAME) & article
        self.near_year = (self.year == SAME) | (self.year == NEAR)
        #: Letters of one title stand on one page: only a whole range of pages makes up for other authors.
        self.same_pages = self.ranged | ((self.place == SAME) & (self.doi == SAME))
        self.authors_may_agree = (self.authors == MISSING) | ((self.authors == NEAR) & self.same_pages)
        self.same_place = (self.place == SAME) & (self.volume == SAME)
        #: A misprint may hide from one of two that it is a reply.
        self.same_reply = self.same_place & (
            self.identified | ((self.title == SAME) & (self.authors == SAME))
        )

    def sort_differs(self, sort: Sort) -> Mask:
        """Return where one of two records is of a sort and the other is not."""
        held = (self.pairs.sorts & int(sort)) != 0
        differs: Mask = held[:, 0] != held[:, 1]
        return differs

    def both(self, sort: Sort) -> Mask:
        """Return where both records are of a sort."""
        held: Mask = ((self.pairs.sorts & int(sort)) != 0).all(axis=1)
        return held
