"""The named options of the survival methods."""

from __future__ import annotations

from enum import StrEnum


class Ties(StrEnum):
    """How patients with the same event time enter the partial likelihood."""

    EFRON = "efron"
    """Efron 1977: each tied event sees a share of the others. The default (R's survival)."""
    BRESLOW = "breslow"
    """Breslow 1974: all tied events see the whole risk set; biased towards 1 with many ties. SAS, Stata."""


class CurveInterval(StrEnum):
    """The scale of a Kaplan-Meier curve's pointwise interval."""

    LOG = "log"
    """On log survival, held below 1: R's default."""
    LOG_LOG = "log-log"
    """On log(-log survival): stays within 0 and 1; Stata's default. The default here."""
    PLAIN = "plain"
    """On survival itself, held within 0 and 1. To reproduce older papers."""


class Favours(StrEnum):
    """The arm with fewer events than expected, where a paper prints a p value without a hazard ratio."""

    FIRST = "first"
    """The first arm: hazard ratio below 1."""
    SECOND = "second"
    """The second arm: hazard ratio above 1."""


class HazardRatioSource(StrEnum):
    """What a hazard ratio was worked out from (Parmar 1998; Tierney 2007)."""

    INTERVAL = "interval"
    """A printed hazard ratio with its confidence interval. The best."""
    LOG_RANK = "log-rank"
    """O - E and its variance: exp((O - E)/V)."""
    OBSERVED_EXPECTED = "observed-expected"
    """Observed and expected events in both arms."""
    EVENTS = "events"
    """A log-rank p value with the events of both arms, V = d1 d2/(d1 + d2)."""
    ALLOCATION = "allocation"
    """A log-rank p value with all events and the arms' sizes, V = d n1 n2/(n1 + n2)²."""
    RATIO_AND_P = "ratio-and-p"
    """A printed hazard ratio with its p value."""
