"""How much each piece of evidence weighs, in log odds, and how the sum becomes a probability.

Likeness between a report and a registry entry was weighed on real entries and the publications that they
cite (``benchmarks/link/fit_weights.py``): a logistic regression in which each report chooses one of the
entries that it is compared with, or none. Where those citations hold too little (numbers of patients), and
for numbers, references and cross-registrations, the weights are stated, not fitted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from evergrove.model.link import LinkVerdict
from evergrove.records.trial_items import Nature

#: From here on a link of a report holds without a person, and two entries are one trial: to join two trials
#: costs more than to give one of them a report too many.
LINKED, JOINED = 0.8, 0.9
#: From here on a person is asked.
POSSIBLE = 0.2


class LikenessWeights(NamedTuple):
    """What likeness weighs.

    Parameters
    ----------
    base : float
        Log odds of a pair that shares rare words, before any evidence.
    table : dict
        Kind of evidence -> level -> weight.
    """

    base: float
    table: dict[str, dict[str, float]]


#: On 191 + 100 entries and the 683 publications they cite; see benchmarks/link/README.md.
FITTED = LikenessWeights(
    -3.50,
    {
        "title": {"0": -0.35, "1": -0.35, "2": 0.22, "3": 0.93, "4": 1.58, "5": 1.58, "6": 1.93},
        "word": {"none": -1.83, "common": -1.62, "many": -0.91, "some": -0.32, "few": 1.67, "only": 1.96},
        "subject": {"0": -0.31, "1": -0.04, "2": -0.04, "3": -0.04, "4": 0.33, "5": 0.96, "6": 0.96},
        "acronym": {"not-named": 0.00, "part": 1.19, "named": 2.63},
        "investigator": {"none": -1.28, "among": 2.41, "first-or-last": 2.41},
        "authors": {"none": -0.72, "one": 0.78, "several": 2.77, "group": 3.10},
        "date": {"before-start": -6.83, "under-way": -0.89, "late": 1.38, "soon": 1.38},
        "design": {"agrees": 0.00, "contradicts": -1.84},
        # Stated: citations hold no abstract, so there were too few to weigh.
        "size": {"same": 2.0, "same-small": 0.7, "near": 0.7, "other": -0.3},
    },
)

#: Stated: a registration number in a report, by its place.
NUMBER = {"title": 12.0, "abstract": 11.0}
NUMBER_ELSEWHERE = 12.0
#: Stated: the most that a date speaks against a number that the report gives: protocols appear early, and
#: registries move the start.
DATE_BESIDE_NUMBER = -3.3
#: Stated: a publication that the registry entry names, by the kind the registry gives it.
REFERENCE = {"result": 9.0, "derived": 8.0, "background": 0.0}
REFERENCE_OF_OTHER_KIND = 4.0
#: Stated: times the logarithm of the number of trials of which the same is said.
SEVERAL_TRIALS = -2.0
#: Stated: what a report is.
NATURE = {
    Nature.RESULTS: 0.0,
    Nature.PROTOCOL: 0.0,
    Nature.REGISTRATION: 0.0,
    Nature.REVIEW: -9.0,
    Nature.COMMENT: -3.0,
    Nature.ANIMAL: -8.0,
}

#: Stated: two registries' entries.
CROSS_BASE = -5.0
CROSS: dict[str, dict[str, float]] = {
    "title": {"0": -4.0, "1": -2.5, "2": -1.0, "3": 0.5, "4": 2.0, "5": 4.0, "6": 6.0},
    "sponsor": {"same": 2.0, "other": -1.0},
    "acronym": {"same": 3.0, "other": -1.0},
    "size": {"same": 2.0, "near": 0.7, "other": -1.5},
    "start": {"same": 1.5, "near": 0.3, "other": -2.5},
    "investigator": {"same": 2.5, "other": -0.7},
    "intervention": {"same": 1.5, "part": 0.5, "other": -1.0},
}
NAMES_THE_OTHER = 10.0
EACH_NAMES_THE_OTHER = 14.0
NAMED_TOGETHER = 8.0
ONE_BY_DEDUPLICATION = 8.0
#: Stated: a preprint, abstract, translation or other report of a work that is linked.
RELATIVE = 4.0


class Evidence(NamedTuple):
    """One piece of evidence.

    Parameters
    ----------
    kind : str
        ``"title"``, ``"number"``, …
    says : str
        What was seen, in words.
    weight : float
        In log odds; above 0 it speaks for a link.
    """

    kind: str
    says: str
    weight: float


_SAYS = {
    "word": {
        "only": "a word of its title stands in this entry and in no other",
        "few": "a word of its title stands in this entry and in one or two others",
        "some": "a word of its title stands in this entry and in few others",
        "many": "a word of its title stands in this entry and in many others",
        "common": "its title shares only common words with the entry",
        "none": "its title shares no word with the entry",
    },
    "subject": {
        "0": "the entry speaks of less than a tenth of what the title names",
        "1": "the entry speaks of a tenth to a fifth of what the title names",
        "2": "the entry speaks of a fifth to a third of what the title names",
        "3": "the entry speaks of less than half of what the title names",
        "4": "the entry speaks of half of what the title names",
        "5": "the entry speaks of most of what the title names",
        "6": "the entry speaks of nearly all that the title names",
    },
    "title": {
        "0": "nothing in common",
        "1": "hardly alike",
        "2": "a little alike",
        "3": "somewhat alike",
        "4": "alike",
        "5": "very alike",
        "6": "the same or nearly",
    },
    "investigator": {
        "first-or-last": "an investigator is first or last author",
        "among": "an investigator is among the authors",
        "none": "no investigator is among the authors",
        "same": "an investigator in common",
        "other": "other investigators",
    },
    "authors": {
        "group": "most of its authors wrote another report of the trial",
        "several": "several of its authors wrote another report of the trial",
        "one": "one of its authors wrote another report of the trial",
        "none": "none of its authors wrote another report of the trial",
    },
    "acronym": {
        "named": "the title names it",
        "part": "the title names a part of it",
        "not-named": "the title does not name it",
        "same": "the same",
        "other": "another",
    },
    "intervention": {
        "same": "one of the same name",
        "part": "names in common in part",
        "other": "others",
    },
    "date": {
        "before-start": "published before the trial began",
        "under-way": "published while the trial ran",
        "soon": "published within three years of its end",
        "late": "published more than three years after its end",
    },
    "design": {
        "agrees": "allocation and phase agree as far as both say",
        "contradicts": "allocation or phase differ",
    },
    "size": {
        "same": "the same number of patients",
        "same-small": "the same number of patients, a small one",
        "near": "a number of patients within a tenth",
        "other": "other numbers of patients",
    },
    "sponsor": {"same": "the same", "other": "another"},
    "start": {
        "same": "within two months",
        "near": "within a year",
        "other": "more than a year apart",
    },
}


class Scale:
    """The evidence that each level of each kind is.

    Parameters
    ----------
    table : dict
        Kind -> level -> weight.
    """

    def __init__(self, table: dict[str, dict[str, float]]) -> None:
        self._held = {
            (kind, level): Evidence(kind, _SAYS[kind][level], round(weight, 2))
            for kind, by_level in table.items()
            for level, weight in by_level.items()
            if round(weight, 2)  # what weighs nothing is no evidence
        }

    def evidence(self, levels: dict[str, str]) -> list[Evidence]:
        """Return the evidence of levels; none where one side says nothing.

        Examples
        --------
        >>> Scale(CROSS).evidence({"size": "same", "start": "unknown"})
        [Evidence(kind='size', says='the same number of patients', weight=2.0)]
        """
        return [held for item in levels.items() if (held := self._held.get(item)) is not None]


def log_odds(evidence: list[Evidence], base: float) -> float:
    """Return the log odds of a link."""
    return base + sum(item.weight for item in evidence)


def probability(odds: float) -> float:
    """Return a probability from log odds, at least 0.0001 and at most 0.9999: nothing is sure but a decision.

    Examples
    --------
    >>> probability(0.0), probability(50.0)
    (0.5, 0.9999)
    """
    return min(0.9999, max(0.0001, 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))))


def verdict_of(chance: float, least: float = LINKED) -> LinkVerdict:
    """Return the verdict at a probability; `least` is where a link begins to hold.

    Examples
    --------
    >>> [verdict_of(chance).value for chance in (0.85, 0.5, 0.1)], verdict_of(0.85, JOINED).value
    (['linked', 'possible', 'not-linked'], 'possible')
    """
    if chance >= least:
        return LinkVerdict.LINKED
    return LinkVerdict.POSSIBLE if chance >= POSSIBLE else LinkVerdict.NOT


__all__ = [
    "FITTED",
    "JOINED",
    "LINKED",
    "POSSIBLE",
    "Evidence",
    "LikenessWeights",
    "Scale",
    "log_odds",
    "probability",
    "verdict_of",
]
