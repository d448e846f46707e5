"""Dependent effects: what evergrove answers to `rma.mv`, `robust`, `vcalc`, clubSandwich and robumeta."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from exchange import SERIES, Answer, Asked, Fit, LeftOut, Row, array, floors, how

from evergrove import stats


def covariance(cells: Any) -> np.ndarray:
    """Return a matrix from its non-zero cells, or its diagonal."""
    if "diagonal" in cells:
        return array(cells["diagonal"])
    matrix = np.zeros((cells["size"], cells["size"]))
    matrix[array(cells["row"]).astype(int), array(cells["column"]).astype(int)] = array(cells["value"])
    return matrix


KINDS = ("sigma2", "tau2", "rho", "gamma2", "phi")


def multilevel_options(asked: Asked) -> dict[str, Any]:
    """Return random terms, structures and given components of an rma.mv."""
    if asked.get("distances") or any(one.startswith(("SP", "PHY")) for one in np.atleast_1d(asked["struct"])):
        raise LeftOut("structures from distances")
    random = asked.get("random") or {"terms": [], "columns": {}}
    if random == "unread":
        raise LeftOut("random terms that the recorder could not read")
    options: dict[str, Any] = {
        "random": random["terms"],
        "data": {name: np.array(value) for name, value in random["columns"].items()},
    }
    inner = [one for one in random["terms"] if not one.startswith("~ 1 ")]
    if inner:
        options["struct"] = [str(one) for one in np.atleast_1d(asked["struct"])][: len(inner)]
    for kind in KINDS:
        if kind in asked.get("given", {}):
            options[kind] = [None if np.isnan(one) else float(one) for one in array(asked["given"][kind])]
    if "known" in asked:
        known = asked["known"]
        options["R"] = {name_of_term(asked): (known["levels"], np.array(known["matrix"], dtype=float))}
    return options


def name_of_term(asked: Asked) -> str:
    """Return the plain name of the column whose levels have a known correlation."""
    last = asked["random"]["terms"][-1]
    return last.split("|")[1].strip()


def multilevel(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare rma.mv: the height of the likelihood first, then what belongs to the same maximum."""
    design = np.array(asked["X"], dtype=float)
    mods = design[:, 1:] if asked["intercept"] else design
    method = "ML" if asked["method"] in ("EE", "FE", "CE") else asked["method"]
    ours = stats.multilevel(
        asked["yi"],
        covariance(asked["V"]),
        mods=mods if mods.size else None,
        intercept=asked["intercept"],
        method=method,
        test=asked["test"],
        dfs="residual" if asked["test"] == "z" else asked["dfs"],
        tested=[int(one) for one in array(asked["btt"])],
        level=asked["level"],
        **multilevel_options(asked),
    )
    fits[asked["fit"]] = Fit(ours, asked)
    yield from maxima(ours, asked, answer)


def maxima(ours: Any, asked: Asked, answer: Answer) -> Iterator[Row]:
    """Compare two maxima of one likelihood."""
    yield Row("mv log_likelihood", ours.log_likelihood, answer["log_likelihood"], "likelihood", 1.0)
    if abs(ours.log_likelihood - answer["log_likelihood"]) > 1e-6:
        return
    free = any(np.size(getattr(ours, kind)) for kind in KINDS)
    kind = "components" if free else "closed"
    low = floors({}, answer)
    known = covariance(asked["V"])
    spread = float(np.mean(known if known.ndim == 1 else np.diag(known)))
    for quantity in (*SERIES, "q", "q_p_value", "aic", "bic", "aicc", "qm", "qm_p_value"):
        rows_of = "closed" if quantity in ("q", "q_p_value") else kind
        # a p value far in the tail magnifies what the components differ by
        floor = 1e-3 if quantity in ("p_value", "qm_p_value") and free else low.get(quantity, 1e-300)
        yield Row(f"mv {quantity}", array(getattr(ours, quantity)), array(answer[quantity]), rows_of, floor)
    for name in KINDS:
        if name in answer:
            mine, theirs = array(getattr(ours, name)), array(answer[name])
            top = 1.0 if name in ("rho", "phi") else float(np.nanmax(theirs, initial=1e-2 * spread))
            yield Row(f"mv {name}", mine, theirs, "component", top)


def robust_tests(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare metafor's robust()."""
    base = fits[asked["of"]]
    adjust, df = (
        ("CR2", "satterthwaite") if asked["club"] else ("CR1p" if asked["adjust"] else "CR0", "clusters-p")
    )
    ours = stats.robust(base.result, asked["cluster"], adjust=adjust, df=df)
    fits[asked["fit"]] = Fit(ours, base.asked, base.result)
    name, low = "robust CR2" if asked["club"] else "robust", floors({}, answer)
    kind = "components" if isinstance(base.result, stats.MultilevelResult) else how(base.asked)
    for quantity in SERIES:
        yield Row(
            f"{name} {quantity}",
            array(getattr(ours, quantity)),
            array(answer[quantity]),
            kind,
            low.get(quantity, 1e-300),
        )
    if "df" in answer and ours.df is not None:
        theirs = array(answer["df"])
        yield Row(f"{name} df", np.unique(array(ours.df)) if theirs.size == 1 else ours.df, theirs, kind)
    yield Row(f"{name} qm", ours.wald, answer["qm"], kind)
    yield Row(f"{name} qm_p", ours.wald_p_value, answer["qm_p_value"], kind)


def least_squares(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare lm: a common-effect regression with equal variances."""
    design, y = np.array(asked["X"], dtype=float), array(asked["y"])
    constant = bool((design[:, 0] == 1).all())
    ours = stats.meta_regression(
        y,
        np.ones(y.size),
        design[:, 1:] if constant else design,
        intercept=constant,
        model="common",
        ci="normal",
    )
    fits[asked["fit"]] = Fit(ours, {**asked, "method": "EE"})
    yield Row("lm estimate", ours.estimate, answer["estimate"], floor=1e-6)


def moments(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare robumeta's robust variance estimation."""
    design = np.array(asked["X"], dtype=float)
    model = "hierarchical" if asked["model"] == "HIER" else "correlated"
    options: dict[str, Any] = {"rho": asked["rho"]} if "rho" in asked and np.isfinite(asked["rho"]) else {}
    ours = stats.robust_variance(
        asked["y"],
        asked["v"],
        asked["study"],
        mods=design[:, 1:] if design.shape[1] > 1 else None,
        model=model,
        small_sample=asked["small"],
        **options,
    )
    fits[asked["fit"]] = Fit(ours, asked)
    for quantity in ("estimate", "se", "df", "p_value", "ci_low", "ci_high", "tau2", "omega2"):
        if quantity in answer:
            yield Row(
                f"robu {quantity}", array(getattr(ours, quantity)), array(answer[quantity]), "closed", 1e-8
            )


def small_moments(base: Fit) -> Any:
    """Return robumeta's fit once more with the corrections for small samples."""
    asked = base.asked
    design = np.array(asked["X"], dtype=float)
    model = "hierarchical" if asked["model"] == "HIER" else "correlated"
    return stats.robust_variance(
        asked["y"],
        asked["v"],
        asked["study"],
        mods=design[:, 1:] if design.shape[1] > 1 else None,
        model=model,
        small_sample=True,
    )


def sandwich(kind: str, asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare clubSandwich's tests, limits, contrasts and joint tests of a fit."""
    base = fits[asked["of"]]
    near = "components" if isinstance(base.result, stats.MultilevelResult) else "closed"
    if isinstance(base.result, stats.RobustResult):  # robumeta's fit: its CR2 is the small-sample form
        ours = small_moments(base)
    else:
        near = near if near == "components" else how(base.asked)
        ours = stats.robust(
            base.result, asked["cluster"], adjust=asked["adjust"], level=asked.get("level", 0.95)
        )
    if kind in ("wald", "contrasts"):
        test = stats.linear_hypothesis(ours, np.array(asked["X"], dtype=float))
    if kind == "wald" and test.joint is not None:
        yield Row("sandwich wald", test.joint.statistic, answer["statistic"], near)
        yield Row("sandwich wald df", test.joint.df_residual, answer["df"], near)
        yield Row("sandwich wald p", test.joint.p_value, answer["p_value"], near)
    if kind == "contrasts":
        for quantity in ("estimate", "se", "df", "ci_low", "ci_high"):
            yield Row(
                f"sandwich contrast {quantity}",
                array(getattr(test, quantity)),
                array(answer[quantity]),
                near,
                1e-6,
            )
    if kind in ("wald", "contrasts"):
        return
    at = array(asked["at"]).astype(int)
    for quantity in answer:
        yield Row(
            f"sandwich {kind} {quantity}",
            array(getattr(ours, quantity))[at],
            array(answer[quantity]),
            near,
            1e-6 if quantity.startswith("ci") else 1e-8,
        )


def sampling_covariances(asked: Asked, answer: Answer) -> Iterator[Row]:
    """Compare vcalc."""
    options = {
        name: value for name, value in asked.items() if name not in ("vi", "cluster", "rho", "rvars", "call")
    }
    rho = asked.get("rho")
    if isinstance(rho, dict):
        rho = (rho["levels"], np.array(rho["matrix"], dtype=float))
    elif isinstance(rho, list):
        rho = rho[0] if len(rho) == 1 else tuple(rho)
    vi = asked["vi"]
    if "rvars" in asked:
        options["rvars"] = np.array(asked["rvars"], dtype=float)
        vi = np.ones(len(asked["cluster"]))
    kept = ~np.isnan(array(vi))  # evergrove refuses missing variances
    theirs = covariance(answer["V"])
    theirs = theirs[kept] if theirs.ndim == 1 else theirs[np.ix_(kept, kept)]
    options = {
        name: np.array(value)[kept] if np.ndim(value) and len(value) == kept.size else value
        for name, value in options.items()
    }
    ours = stats.vcalc(array(vi)[kept], np.array(asked["cluster"])[kept], rho=rho, **options)
    yield Row("vcalc", ours, np.diag(theirs) if theirs.ndim == 1 else theirs, floor=1e-12)
