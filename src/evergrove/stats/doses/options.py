"""The named options of dose-response meta-analysis."""

from __future__ import annotations

from enum import StrEnum


class DoseDesign(StrEnum):
    """The design behind ratios at several doses against one reference."""

    CASE_CONTROL = "cc"
    """Odds ratios of cases and controls; n counts both."""
    INCIDENCE_RATE = "ir"
    """Rate ratios; n is person-time."""
    CUMULATIVE_INCIDENCE = "ci"
    """Risk ratios; n counts people."""


class DoseCovarianceMethod(StrEnum):
    """How the covariances of ratios against a shared reference are recovered from adjusted estimates."""

    GREENLAND_LONGNECKER = "greenland-longnecker"
    """Counts that keep the margins and fit the ratios (Greenland & Longnecker 1992). The default."""
    HAMLING = "hamling"
    """Counts that fit ratios and variances and keep two proportions (Hamling 2008)."""
    INDEPENDENT = "independent"
    """No covariance. Only to see what it changes: standard errors of trends are too small."""


class DoseShape(StrEnum):
    """The curve fitted to each study."""

    LINEAR = "linear"
    """One slope."""
    QUADRATIC = "quadratic"
    """Slope and curvature."""
    SPLINE = "spline"
    """Restricted cubic spline (Harrell), linear beyond the outer knots. The default for curves."""
    FRACTIONAL_POLYNOMIAL = "fractional-polynomial"
    """One or two powers of the dose (Royston & Altman 1994)."""


class DoseApproach(StrEnum):
    """How studies are combined."""

    TWO_STAGE = "two-stage"
    """A curve for each study, then their coefficients pooled (Orsini 2012). The default."""
    ONE_STAGE = "one-stage"
    """One mixed model; studies with fewer doses than coefficients take part (Crippa 2019)."""


class DoseMethod(StrEnum):
    """How the between-study covariance of the coefficients is found."""

    REML = "REML"
    """Restricted maximum likelihood. The default."""
    ML = "ML"
    """Maximum likelihood."""
    MM = "MM"
    """Moments (two-stage only)."""
    FIXED = "fixed"
    """None: one curve for all."""


class DifferenceMeasure(StrEnum):
    """Differences of means against a shared reference dose."""

    MD = "MD"
    """Mean differences; SD pooled over all doses for the variances (Crippa & Orsini 2016)."""
    SMD = "SMD"
    """Differences in pooled SDs (Cohen's d)."""
