"""The remark that a test of asymmetry is worth little with few studies."""

from __future__ import annotations

from evergrove.stats.diagnostic import Diagnostic

#: Below this the tests have little power and are not recommended (Sterne 2011).
RECOMMENDED_STUDIES = 10


def few_studies(k: int) -> tuple[Diagnostic, ...]:
    """Return the remark where there are fewer than ten studies, else nothing.

    Parameters
    ----------
    k : int
        Studies.

    Returns
    -------
    tuple of Diagnostic
    """
    if k >= RECOMMENDED_STUDIES:
        return ()
    message = f"{k} studies: the test has little power below {RECOMMENDED_STUDIES} and is not recommended"
    return (Diagnostic("few-studies", message),)
