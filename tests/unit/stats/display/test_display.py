"""Figures of results: they hold the numbers, have a name and a description, and refuse what cannot be."""

import re

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

EVENTS = {
    "events1": [4, 6, 3, 62, 33, 180, 8, 505],
    "n1": [123, 306, 231, 13598, 5069, 1541, 2545, 88391],
    "events2": [11, 29, 11, 248, 47, 372, 10, 499],
    "n2": [139, 303, 220, 12867, 5808, 1451, 629, 88391],
}
NAMES = [f"Trial {letter} <{year}>" for letter, year in zip("ABCDEFGH", range(2001, 2009), strict=True)]
GROUPS = ["old", "old", "old", "new", "new", "new", "new", "old"]


@pytest.fixture(scope="module")
def sizes():
    return stats.effect_size("RR", **EVENTS)


@pytest.fixture(scope="module")
def fit(sizes):
    return stats.pool(sizes.yi, sizes.vi, measure="RR", labels=NAMES)


@pytest.fixture(scope="module")
def figures(sizes, fit):
    def refit(keep):
        return stats.pool(sizes.yi[keep], sizes.vi[keep], measure="RR")

    groups = stats.subgroups(sizes.yi, sizes.vi, GROUPS, measure="RR", labels=NAMES)
    shown = stats.baujat(sizes.yi, sizes.vi)
    x = np.linspace(0, 8, 5)
    curve = {"x": x, "estimate": -0.1 * x, "ci_low": -0.1 * x - 0.2, "ci_high": -0.1 * x + 0.2}
    rng = np.random.default_rng(3)
    return {
        "forest": stats.forest_plot(fit, favours=("favours A", "favours B")),
        "forest of subgroups": stats.forest_plot(groups),
        "forest on a phone": stats.forest_plot(fit, compact=True),
        "leave one out": stats.forest_plot(stats.leave_one_out(refit, 8), labels=NAMES, measure="RR"),
        "cumulative": stats.forest_plot(
            stats.cumulative(refit, 8, range(8, 0, -1)), labels=NAMES, measure="RR"
        ),
        "funnel": stats.funnel_plot(fit, filled=[False] * 7 + [True]),
        "radial": stats.radial_plot(fit),
        "l'abbé": stats.labbe_plot(**EVENTS, measure="OR", estimate=0.5, labels=NAMES),
        "drapery": stats.drapery_plot(fit),
        "rainforest": stats.rainforest_plot(fit),
        "bubble": stats.bubble_plot(range(8), sizes.yi, sizes.vi, measure="RR", curve=curve, labels=NAMES),
        "orchard": stats.orchard_plot(groups),
        "baujat": stats.baujat_plot(shown.contribution, shown.influence, labels=NAMES),
        "gosh, points": stats.gosh_plot(
            rng.normal(size=50), rng.uniform(0, 99, 50), marked=rng.uniform(size=50) < 0.5
        ),
        "qq": stats.qq_plot(stats.residual_quantiles(fit, kind="deleted", rng=1, replications=500)),
        "qq without envelope": stats.qq_plot(stats.residual_quantiles(fit, replications=0)),
        "likelihoods": stats.likelihood_plot(stats.normal_likelihoods(sizes.yi, sizes.vi, measure="RR")),
        "exact likelihoods": stats.likelihood_plot(
            stats.odds_ratio_likelihoods([0, 3, 9], [20, 20, 20], [2, 9, 20], [20, 20, 20], points=50)
        ),
        "gosh, density": stats.gosh_plot(rng.normal(size=5000), rng.uniform(0, 99, 5000)),
    }


def test_every_figure_is_whole_and_named(figures):
    for name, figure in figures.items():
        assert figure.svg.startswith("<svg "), name
        assert figure.svg.rstrip().endswith("</svg>"), name
        assert 'role="img"' in figure.svg, name
        assert re.search(r"<title id=\"t-\w+\">[^<]+</title>", figure.svg), name
        assert re.search(r"<desc id=\"d-\w+\">[^<]+</desc>", figure.svg), name
        assert "<script" not in figure.svg
        assert figure.png()[:4] == b"\x89PNG", name


def test_names_are_escaped(figures):
    assert "Trial A &lt;2001&gt;" in figures["forest"].svg
    assert "<2001>" not in figures["rainforest"].svg


def test_the_same_result_gives_the_same_bytes(fit, figures):
    assert stats.drapery_plot(fit).svg == figures["drapery"].svg
    assert stats.forest_plot(fit, favours=("favours A", "favours B")).svg == figures["forest"].svg


def test_the_forest_plot_prints_the_numbers_of_the_fit(fit, figures):
    text = re.sub(r"<[^>]+>", "", figures["forest"].svg)
    natural = fit.natural()
    assert f"{natural.estimate:.2f} [{natural.ci_low:.2f}, {natural.ci_high:.2f}]" in text
    assert f"[{natural.prediction_low:.2f}, {natural.prediction_high:.2f}]" in text
    assert f"I² = {fit.i2:.1f} %" in text
    assert f"{100 * fit.weights[0]:.1f}%" in text


def test_forests_of_refits_name_what_changed(figures):
    assert "without Trial A" in figures["leave one out"].svg
    assert "+ Trial H" in figures["cumulative"].svg


def test_a_row_that_cannot_be_fitted_says_so():
    def refit(keep):
        if keep[0]:
            return stats.pool([0.1], [0.1])
        raise DataError("nothing is left")

    assert "not estimable" in stats.forest_plot(stats.leave_one_out(refit, 3)).svg


def test_a_mantel_haenszel_fit_has_no_rows_of_its_own_only_where_it_holds_effects():
    fit = stats.mantel_haenszel(**EVENTS, measure="RR")
    if np.isfinite(fit.yi).any():
        assert stats.forest_plot(fit).svg
    else:
        with pytest.raises(DataError, match="no row with an effect"):
            stats.forest_plot(fit)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda fit: stats.forest_plot(fit, labels=["one"]),
            DataError,
            "labels: found 1; allowed: one per study, here 8",
        ),
        (lambda fit: stats.forest_plot(3), UsageError, "found int"),
        (lambda fit: stats.funnel_plot(fit, filled=[True]), DataError, "filled: found 1"),
        (lambda fit: stats.radial_plot(fit, level=95), UsageError, "level: found 95"),
        (lambda fit: stats.labbe_plot([5], [4], [1], [4]), DataError, "events1: row 0"),
        (lambda fit: stats.labbe_plot([1], [4], [1], [4], measure="RR"), UsageError, "give both"),
        (
            lambda fit: stats.labbe_plot([1], [4], [1], [4], measure="MD", estimate=1),
            UsageError,
            "found measure 'MD'",
        ),
        (lambda fit: stats.bubble_plot([1, 2], [0.1], [0.1]), DataError, "different length"),
        (lambda fit: stats.bubble_plot([1], [0.1], [0.1], curve={"x": [1]}), DataError, "found no estimate"),
        (lambda fit: stats.baujat_plot([1.0, float("inf")], [0.1, 0.2]), DataError, "x of row 1 is inf"),
        (stats.qq_plot, UsageError, "allowed: ResidualQuantiles"),
        (stats.likelihood_plot, UsageError, "allowed: StudyLikelihoods"),
        (lambda fit: stats.gosh_plot([float("nan")], [0.0]), DataError, "no finite subset"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fit, call, error, says):
    with pytest.raises(error, match=re.escape(says)):
        call(fit)
