"""The result of a permutation test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.stats.result import Result

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PermutationTest(Result):
    """Permutation p values of a meta-regression.

    Parameters
    ----------
    names : tuple of str
        Of the coefficients.
    estimate, statistic : ndarray, shape (p,)
        As observed.
    p_value : ndarray, shape (p,)
        Share of permutations at least as extreme, the data as observed among them.
    p_value_error : ndarray, shape (p,)
        Monte Carlo standard error of a sampled p value; 0 where exact.
    adjusted_p_value : ndarray, shape (p,)
        Step-down maximum (Westfall & Young) of z or t over the tested coefficients; NaN for the others.
    joint_statistic, joint_p_value : float
        Wald chi-square of the tested coefficients and its permutation p value.
    ci_low, ci_high : ndarray, shape (p,), or None
        Permutation limits, where asked for; NaN where they were not found.
    permutations : int
        Fits made, the data as observed among them.
    distinct : int
        Distinct permutations that there are.
    exact : bool
        Whether all of them were made.
    failed : int
        Permutations without a fit; they are left out of the shares.
    alternative, two_sided, compared : str
        Options as resolved.
    seed : int or None
        Of the random sample; None where exact, or where a generator was given.
    diagnostics : tuple of Diagnostic
    level : float
        Of the limits.
    permuted_statistics : ndarray, shape (B, p)
        Of every permutation.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    p_value_error: FloatArray
    adjusted_p_value: FloatArray
    joint_statistic: float
    joint_p_value: float
    ci_low: FloatArray | None
    ci_high: FloatArray | None
    permutations: int
    distinct: int
    exact: bool
    failed: int
    alternative: str
    two_sided: str
    compared: str
    seed: int | None
    diagnostics: tuple[Diagnostic, ...]
    level: float
    permuted_statistics: FloatArray

    HIDDEN = ("permuted_statistics",)

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient."""
        table = {
            "coefficient": np.array(self.names),
            "estimate": self.estimate,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "p_value_error": self.p_value_error,
            "adjusted_p_value": self.adjusted_p_value,
        }
        if self.ci_low is not None and self.ci_high is not None:
            table |= {"ci_low": self.ci_low, "ci_high": self.ci_high}
        return table

    def __repr__(self) -> str:
        kind = "exact" if self.exact else "sampled"
        return (
            f"<PermutationTest p={self.joint_p_value:.4g}, {self.permutations} {kind} permutations of "
            f"{', '.join(self.names)}>"
        )

    def summary(self) -> str:
        """Return one line per coefficient, the joint test and how it was done."""
        kind = (
            "all distinct" if self.exact else f"a sample (seed {self.seed}) of {self.distinct:.4g} distinct"
        )
        lines = [
            f"{name}: estimate {self.estimate[row]:.4f}, statistic {self.statistic[row]:.3f}, "
            f"permutation p = {self.p_value[row]:.4g}"
            for row, name in enumerate(self.names)
        ]
        joint = f"joint: chi² = {self.joint_statistic:.4f}, permutation p = {self.joint_p_value:.4g}"
        return "\n".join(
            [
                *lines,
                joint,
                f"{self.permutations} permutations: {kind}",
                *(f"note: {remark}" for remark in self.diagnostics),
            ]
        )
