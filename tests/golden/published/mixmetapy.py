"""What mixmetapy keeps of R's mixmeta, asked of evergrove's multivariate models.

mixmeta's search stops at about half the digits, and on a diagonal between-study covariance short of the
maximum. So each fit is asked twice: given mixmeta's own covariance (closed forms), and free (the likelihood
must not be lower).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.published.kept import ITERATED, Row, kept, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "mixmetapy"
FILE = "tests/fixtures/mixmeta.json"
STRUCTURES = {"mm": "UN", "mr": "UN", "diag": "DIAG", "id": "ID"}
#: Fits that mixmeta leaves short of the maximum.
SHORT = {"reml_diag", "reml_id"}
AT = (10, 15, 20)


def _lower_triangle(stacked: Any) -> np.ndarray:
    """Return the symmetric matrix whose lower triangle is stacked by column."""
    size = round((np.sqrt(8 * len(stacked) + 1) - 1) / 2)
    matrix = np.zeros((size, size))
    row, column = np.triu_indices(size)
    matrix[row, column] = matrix[column, row] = stacked
    return matrix


def _model(key: str, between: np.ndarray | None = None) -> Any:
    data = kept(SOURCE, FILE)
    y = np.array(data["y"])
    studies, outcomes = y.shape
    method, structure = key.split("_")
    sampling = np.zeros((y.size, y.size))
    for study, stacked in enumerate(data["S_vech"]):
        own = slice(study * outcomes, (study + 1) * outcomes)
        sampling[own, own] = _lower_triangle(stacked)
    constants = np.tile(np.eye(outcomes), (studies, 1))
    slopes = constants * np.repeat(data["meanT"], outcomes)[:, None]
    frame = {
        "study": np.repeat(np.arange(studies), outcomes),
        "outcome": np.tile(np.arange(outcomes), studies),
    }
    options: dict[str, Any] = {} if between is None else _given(between, STRUCTURES[structure])
    if method != "fixed":
        options |= {"random": "~ outcome | study", "struct": STRUCTURES[structure], "data": frame}
    return stats.multilevel(
        y.ravel(),
        sampling,
        mods=np.hstack([constants, slopes]) if structure == "mr" else constants,
        intercept=False,
        method="REML" if method == "reml" else "ML",
        **options,
    )


def _given(between: np.ndarray, structure: str) -> dict[str, Any]:
    variances = np.diag(between)
    if structure != "UN":
        return {"tau2": variances if structure == "DIAG" else variances[:1]}
    row, column = np.triu_indices(len(between), 1)
    return {"tau2": variances, "rho": between[row, column] / np.sqrt(variances[row] * variances[column])}


def multivariate_given() -> Iterator[Row]:
    for key, theirs in kept(SOURCE, FILE)["fits"].items():
        if key == "uni_reml":
            continue
        fit = _model(key, None if key.startswith("fixed") else np.array(theirs["Psi"]))
        ours = {"coef": fit.estimate, "logLik": fit.log_likelihood, "vcov": fit.covariance}
        yield from rows(key, "closed-form", ours, theirs)
        if "Q" in theirs:
            ours = {"Q": fit.q, "Qdf": fit.q_df, "Qp": fit.q_p_value}
            yield from rows(key, "closed-form", ours, {name: theirs[name][0] for name in ours})
        if "pred" in theirs:
            for wanted, at in zip(theirs["pred"].values(), AT, strict=True):
                each = np.eye(4)
                lines = np.hstack([each, at * each]) if key.endswith("mr") else each
                found = stats.linear_hypothesis(fit, lines)
                ours = {"fit": found.estimate, "se": found.se}
                yield from rows(f"{key} at {at}", "closed-form", ours, wanted)


def multivariate() -> Iterator[Row]:
    for key, theirs in kept(SOURCE, FILE)["fits"].items():
        if key == "uni_reml" or key.startswith("fixed"):
            continue
        fit = _model(key)
        highest = max(fit.log_likelihood, theirs["logLik"])
        yield key, "likelihood not lower", "closed-form", fit.log_likelihood, highest
        if key in SHORT:
            continue
        yield key, "Psi", "flat in many dimensions", fit.tau2, np.diag(theirs["Psi"])
        ours = {"coef": fit.estimate, "logLik": fit.log_likelihood, "AIC": fit.aic, "BIC": fit.bic}
        yield from rows(key, "flat in many dimensions", ours, theirs)
        (effects,) = stats.random_effects(fit)
        fitted = np.array(fit.model.design.matrix @ fit.estimate).reshape(-1, 4)
        wanted = [study["blup"] for study in theirs["blup"].values()]
        yield key, "blup", "flat in many dimensions", fitted + np.reshape(effects.estimate, (-1, 4)), wanted


def univariate() -> Iterator[Row]:
    data = kept(SOURCE, FILE)
    theirs = data["fits"]["uni_reml"]
    yi = np.array(data["y"])[:, 0]
    vi = np.array([stacked[0] for stacked in data["S_vech"]])
    fit = stats.pool(yi, vi, ci="normal")
    ours = {"coef": fit.estimate, "vcov": [[fit.se**2]], "I2": fit.i2_q, "Q": fit.q}
    yield from rows("REML", ITERATED, ours, theirs)
    yield "REML", "Psi", "tau2", [[fit.tau2]], theirs["Psi"]
    likelihood = fit.fit_statistics().reml.log_likelihood
    yield "REML", "logLik", ITERATED, likelihood, theirs["logLik"]


RUNS = (multivariate_given, multivariate, univariate)
