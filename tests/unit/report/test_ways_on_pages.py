"""Every way of pooling has its page: the model in words, and no number that the model does not have."""

from __future__ import annotations

import json

import pytest

from evergrove.report.exports import results_json
from evergrove.report.site import write_site
from support.tiny_review import analysis, counts, datum, review, study
from unit.report.conftest import bare_findings

EVENTS = [(4, 8), (6, 7), (3, 9), (0, 3), (8, 9), (2, 6), (5, 4), (7, 12), (1, 2), (9, 14), (3, 3), (0, 0)]
OTHER_WAY = [{"id": "other", "label": "Other", "pooling": {"tau2": "DL", "ci": "normal"}}]
SINGLE = {"kind": "single-arm", "main_designs": ["case-series"]}


@pytest.fixture
def page_of(tmp_path):
    """Return a function that builds the site of an analysis and gives its page and its results."""

    def build(events=EVENTS, grows=1, **asked):
        single = asked.get("kind") == "single-arm"
        design = {"design": "case-series"} if single else {}
        trials = []
        for at, (one, two) in enumerate(events):
            data = [datum("d", counts(one, 20 + grows * at), None if single else counts(two))]
            trials.append(study(f"trial-{at:02}", data, **design))
        rival = datum("e", counts(3), None if single else counts(8), source_type="review")
        trials[0]["data"].append(rival)
        findings = bare_findings(review(trials, [analysis(**asked)]))
        write_site(findings, tmp_path / "site")
        page = (tmp_path / "site/analyses/mortality-28d.html").read_text(encoding="utf-8")
        return page, json.loads(results_json(findings))["analyses"][0]

    return build


def test_a_mixed_model_has_no_weights_and_names_whom_it_leaves_out(page_of):
    page, result = page_of(measure="OR", pooling={"method": "glmm", "glmm": "CM.EL"}, sensitivity=OTHER_WAY)
    assert "conditional on the events of each study, with its exact likelihood" in page
    assert "Likelihood-ratio test of heterogeneity" in page
    assert "the maximum found in" in page
    assert "1 study without event (or with events only) in both arms was left out of the fit" in page
    assert "nan" not in page.lower().replace("canan", "")
    assert result["main"]["result"]["weights"][0] is None
    assert result["spec"]["pooling"]["glmm"] == "CM.EL"


def test_a_beta_binomial_shows_its_correlation_and_no_heterogeneity(page_of):
    page, result = page_of(measure="OR", pooling={"method": "beta-binomial"})
    assert "a beta-binomial model of the counts" in page
    assert "The correlation of patients within an arm of a study is" in page
    assert "Cochran" not in page
    assert "Heterogeneity: not described by this model" in page
    assert result["main"]["result"]["q"] is None


@pytest.mark.parametrize(
    ("pooling", "words"),
    [
        (
            {"method": "mantel-haenszel", "model": "random"},
            "about the result by Mantel and Haenszel’s method",
        ),
        ({"model": "ivhet"}, "Inverse variance heterogeneity (DL, normal interval)"),
        ({"model": "henmi-copas"}, "Henmi–Copas (DL)"),
        ({"tau2": "SJ", "tau2_ci": "jackson", "prediction": "HTS"}, "(Jackson)"),
    ],
)
def test_the_model_is_told(page_of, pooling, words):
    page, _ = page_of(pooling=pooling)
    assert words in page


def test_what_is_looked_at_besides_stands_on_the_page(page_of):
    asked = {"asymmetry": "begg", "trim_and_fill": "L0", "influence": True}
    page, result = page_of(diagnostics=asked)
    assert "Begg and Mazumdar’s rank test: Kendall’s τ" in page
    assert "Trim and fill (L0):" in page
    assert "Residuals and influence of each study" in page
    assert result["main"]["trim_and_fill"]["missing"] >= 0
    assert len(result["main"]["influence"]["cook"]) == 11
    assert result["spec"]["diagnostics"] == asked


def test_a_test_that_cannot_be_made_is_told(page_of):
    page, result = page_of([(4, 8)] * 11, grows=0)
    assert "Egger’s test is not possible: all studies have the same standard error" in page
    assert "the same standard error" in result["main"]["small_study_effects_why_not"]
    assert result["main"]["small_study_effects"] is None


def test_double_arcsines_go_back_in_every_way(page_of):
    page, result = page_of(**SINGLE, measure="PFT", sensitivity=OTHER_WAY)
    assert len(result["main"]["combinations"]) == 2
    assert result["main"]["sensitivity"][0]["result"]["k"] == 12
    assert "nan" not in page.lower()


def test_what_was_not_asked_for_leaves_no_trace(page_of):
    page, result = page_of()
    assert "diagnostics" not in result["spec"]
    assert "influence" not in result["main"]
    assert "Trim and fill" not in page
    usual = {"method": "inverse-variance", "model": "random", "tau2": "REML", "ci": "hartung-knapp"}
    assert result["spec"]["pooling"] == {
        **usual,
        "prediction": "t(k-1)",
        "zero_cells": "only-zero",
        "add": 0.5,
    }
