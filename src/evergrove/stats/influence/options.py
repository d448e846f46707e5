"""Options of influence and residuals."""

from enum import StrEnum


class ResidualKind(StrEnum):
    """Which residuals are set against normal quantiles."""

    STANDARDISED = "standardised"
    """Over their standard error in the fit of all studies (internally standardised; Hedges & Olkin 1985)."""
    DELETED = "deleted"
    """From the fit without the study (externally standardised, studentised): an outlier cannot hide itself
    (Viechtbauer & Cheung 2010)."""
