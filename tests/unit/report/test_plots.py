"""Figures show what the results hold: rows, words, axes; and say it to those who do not see them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from evergrove.figures import ForestPlot, RowKind, forest_svg, funnel_svg
from evergrove.model import Comparison, Outcome
from evergrove.model.measures import review_measure
from evergrove.report import robustness_plots
from evergrove.report.findings import Answer, Findings
from evergrove.report.numerals import estimate_text, interval
from evergrove.report.plot_words import directions, in_sentence
from evergrove.report.plots import (
    combinations_plot,
    forest_plot,
    funnel,
    leave_one_out_plot,
    risk_of_bias_figures,
    sensitivity_plot,
    subgroup_plot,
)
from evergrove.stats import Estimate
from support.tiny_review import analysis, counts, datum, review, study
from unit.report.conftest import bare_findings


def plots_of(findings: Findings) -> list[ForestPlot]:
    """Return every forest plot of a review."""
    found: list[ForestPlot | None] = []
    for answer in findings.answers:
        result = answer.result
        for pooled in (result.main, result.beside):
            if pooled is not None:
                found.append(forest_plot(result, pooled, findings))
                found += [
                    build(result, pooled)
                    for build in (leave_one_out_plot, sensitivity_plot, combinations_plot)
                ]
        found += [subgroup_plot(result, item, findings) for item in result.main.subgroups]
    return [plot for plot in found if plot is not None]


def rows_of(plot: ForestPlot, kind: RowKind) -> dict[str, tuple[str, ...]]:
    """Return the printed cells of the rows of a kind by their label."""
    return {row.label: (*row.left, *row.right) for row in plot.rows if row.kind == kind}


def main_plot(findings: Findings) -> ForestPlot:
    result = findings.answers[0].result
    return forest_plot(result, result.main, findings)


def test_every_plot_of_the_shipped_review_is_drawn_and_told(shipped) -> None:
    plots = plots_of(shipped)
    assert len(plots) > 40
    for plot in plots:
        assert plot.title
        assert plot.desc.endswith(".")
        assert "  " not in plot.desc
        for compact in (False, True):
            drawn = ET.fromstring(forest_svg(plot, compact=compact))
            assert "nan" not in ET.tostring(drawn, encoding="unicode").lower().replace("finance", "")


def test_studies_show_counts_effect_and_weight(tiny) -> None:
    rows = rows_of(main_plot(tiny), RowKind.STUDY)
    assert rows["Alpha"][:2] == ("4/20", "8/20")
    assert rows["Alpha"][2].startswith("0.50 (")
    weights = [float(cells[3].removesuffix(" %")) for cells in rows.values() if cells[3]]
    assert sum(weights) == pytest.approx(100, abs=0.2)


def test_a_study_without_events_says_so_and_has_no_mark(tiny) -> None:
    row = next(row for row in main_plot(tiny).rows if row.label == "Gamma")
    assert row.right == ("no event in either arm", "")
    assert row.estimate is None


def test_a_printed_ratio_stands_as_the_source_prints_it(tiny) -> None:
    plot = main_plot(tiny)
    row = next(row for row in plot.rows if row.label == "Delta")
    assert row.left == ("as printed", "as printed")
    assert row.right[0] == "2.90 (0.60 to 13.20)"
    assert (row.ci_low, row.ci_high) == (0.6, 13.2)
    assert any("gives the effect and its interval" in note for note in plot.footnotes)
    # Counts of the arms cannot be added up where one study gives none.
    assert rows_of(plot, RowKind.SUMMARY)[plot.main_summary.label][:1][0].startswith("0.")


def test_studies_without_usable_numbers_are_named(tiny) -> None:
    assert any(note.endswith("numbers that can be used: Zeta.") for note in main_plot(tiny).footnotes)


def test_below_the_studies_stand_diamond_prediction_mantel_haenszel_and_heterogeneity(tiny) -> None:
    plot = main_plot(tiny)
    kinds = [row.kind for row in plot.rows if row.kind != RowKind.STUDY]
    assert kinds == [RowKind.SUMMARY, RowKind.PREDICTION, RowKind.SUMMARY, RowKind.TEXT]
    main, second = (row for row in plot.rows if row.kind == RowKind.SUMMARY)
    assert "Random effects" in main.label
    assert "Mantel–Haenszel" in second.label
    assert not main.outline
    assert second.outline
    assert plot.main_summary is main
    assert plot.rows[-1].label.startswith("Heterogeneity: τ²")
    found = tiny.answers[0].result.main.fit.natural()
    assert main.right[0] == estimate_text(found, "RR")
    assert main.estimate == found.estimate


def test_what_was_not_pooled_shows_rows_and_the_reason() -> None:
    made = review([study("alpha", [datum("d", counts(4), counts(8))])])
    plot = main_plot(bare_findings(made))
    assert [row.kind for row in plot.rows] == [RowKind.STUDY, RowKind.TEXT]
    assert plot.rows[1].label.startswith("Not pooled: only one study gives")
    assert plot.right_headers == ("RR (95 % CI)",)
    assert "Nothing was pooled: only one study" in plot.desc


def test_without_any_study_there_is_still_a_figure_that_says_why() -> None:
    plot = main_plot(bare_findings(review([study("alpha", [])])))
    assert [row.kind for row in plot.rows] == [RowKind.TEXT]
    for compact in (False, True):
        assert "Not pooled" in forest_svg(plot, compact=compact)


def test_the_description_carries_the_statement_of_the_answer(tiny) -> None:
    answer = tiny.answers[0]
    told = Answer(answer.result, None, None, "Cells may do something.")
    plot = main_plot(Findings(tiny.review, (told,), {}, ()))
    assert "Cells may do something." in plot.desc
    assert review_measure("RR").words in plot.desc
    assert "Below 1 favours cells, above 1 favours control." in plot.desc


def test_single_arms_stand_on_an_axis_from_0_to_100_per_cent(shipped) -> None:
    result = shipped.answer("infusion-reactions").result
    plot = forest_plot(result, result.main, shipped)
    assert (plot.x_min, plot.x_max, plot.null_value) == (0.0, 100.0, None)
    assert len(plot.left_headers) == 2
    natural = result.main.fit.natural()
    assert plot.main_summary.estimate == pytest.approx(100 * natural.estimate)
    assert plot.favours_low == plot.favours_high == ""


def test_means_are_printed_with_their_spread(shipped) -> None:
    result = shipped.answer("length-of-stay-hospital").result
    plot = forest_plot(result, result.main, shipped)
    assert plot.left_headers[1].endswith("mean (SD), n")
    side = result.main.effects[0].numbers.experimental
    cell = plot.rows[0].left[0]
    assert cell == f"{side.mean:.2f} ({side.sd:.2f}), {side.n:.0f}"
    assert plot.axis_title == "Mean difference, days"


def test_risk_of_bias_stands_beside_appraised_studies(shipped) -> None:
    plot = main_plot(shipped)
    result = shipped.answers[0].result
    judged = [shipped.judged[effect.study].overall.value for effect in result.main.effects]
    assert [row.rob for row in plot.rows if row.kind == RowKind.STUDY] == [(value,) for value in judged]


@pytest.mark.parametrize(
    ("better", "kind", "measure", "expected"),
    [
        ("lower", "dichotomous", "RR", ("favours MSC", "favours control")),
        ("higher", "dichotomous", "RR", ("favours control", "favours MSC")),
        ("higher", "continuous", "MD", ("favours control", "favours MSC")),
        ("neither", "continuous", "MD", ("lower with MSC", "higher with MSC")),
        ("lower", "dichotomous", "PAS", ("", "")),
        ("lower", "dichotomous", "HR", ("favours MSC", "favours control")),
        # A shorter time is good: more of the hazard, a ratio above 1, is sooner.
        ("lower", "time-to-event", "HR", ("favours control", "favours MSC")),
    ],
)
def test_directions_follow_what_is_better(better, kind, measure, expected) -> None:
    outcome = Outcome(id="o", label="O", kind=kind, better=better)
    comparison = Comparison(
        id="c",
        label="c",
        experimental_label="MSC",
        control_label="Control",
        products=("mesenchymal-stromal-cells",),
    )
    assert directions(outcome, comparison, measure) == expected


def test_labels_in_sentences_keep_abbreviations() -> None:
    labels = ["Death near day 28", "PaO2/FiO2", "CRP", "C-reactive protein", "Interleukin 6", "X"]
    assert [in_sentence(label) for label in labels] == [
        "death near day 28",
        "PaO2/FiO2",
        "CRP",
        "C-reactive protein",
        "interleukin 6",
        "X",
    ]


def test_subgroups_have_headings_diamonds_and_the_test(tiny) -> None:
    result = tiny.answers[0].result
    plot = subgroup_plot(result, result.main.subgroups[0], tiny)
    headings = [row.label for row in plot.rows if row.kind == RowKind.SUBGROUP]
    assert headings == ["Bone marrow", "Umbilical cord"]
    diamonds = [row.right[1] for row in plot.rows if row.kind == RowKind.SUBGROUP_SUMMARY]
    assert sum(float(share.removesuffix(" %")) for share in diamonds) == pytest.approx(100, abs=0.2)
    assert plot.rows[-1].label.startswith("Test between groups: Q = ")
    assert plot.rows[-2].label == "All 4 trials"
    assert "Bone marrow: RR" in plot.desc


def test_groups_stand_in_their_own_order(shipped) -> None:
    subgroups = {item.by.value: item for item in shipped.answers[0].result.main.subgroups}
    assert [group.label for group in subgroups["infusions"].groups] == ["one", "two", "three or more"]
    doses = [group.label for group in subgroups["dose-per-kg"].groups]
    assert [label.split()[0] for label in doses] == ["up", "above", "above", "not"]


def test_a_group_that_is_not_tested_says_so(shipped) -> None:
    result = shipped.answers[0].result
    subgroup = next(item for item in result.main.subgroups if item.by.value == "cell-source")
    plot = subgroup_plot(result, subgroup, shipped)
    assert "Not stated (not in the test)" in rows_of(plot, RowKind.SUBGROUP)


def test_each_study_is_left_out_once(tiny) -> None:
    result = tiny.answers[0].result
    plot = leave_one_out_plot(result, result.main)
    assert [row.label for row in plot.rows] == [*(item.name for item in result.main.pooled), "All 4 trials"]


def test_nothing_to_leave_out_of_two_studies() -> None:
    trials = [study(name, [datum("d", counts(4), counts(8))]) for name in ("alpha", "beta")]
    result = bare_findings(review(trials)).answers[0].result
    assert leave_one_out_plot(result, result.main) is None
    assert sensitivity_plot(result, result.main) is None
    assert combinations_plot(result, result.main) is None
    assert funnel(result, result.main) is None


def test_other_measures_are_printed_not_drawn(shipped) -> None:
    result = shipped.answers[0].result
    plot = sensitivity_plot(result, result.main)
    rows = {row.label: row for row in plot.rows}
    assert rows["Odds ratio instead of risk ratio"].estimate is None
    assert rows["Odds ratio instead of risk ratio"].right[0].startswith("OR 0.")
    assert rows["Common effect, inverse variance"].estimate is not None
    assert plot.rows[-1].kind == RowKind.SUMMARY


def test_a_sensitivity_analysis_that_cannot_be_gives_its_reason(shipped) -> None:
    result = shipped.answer("adverse-events").result
    plot = sensitivity_plot(result, result.main)
    row = next(row for row in plot.rows if row.right == ("not possible",))
    assert any(note.startswith(f"{row.label}: not possible; ") for note in plot.footnotes)


def test_combinations_name_the_data_they_use(tiny) -> None:
    result = tiny.answers[0].result
    plot = combinations_plot(result, result.main)
    assert plot.left_headers == ("Data (key below)", "Epsilon")
    assert [row.left[0] for row in plot.rows] == ["2/20 v 9/20", "3/20 v 9/20", "3/20 v 9/20"]
    assert [row.label for row in plot.rows] == ["b", "a", "Main result"]
    key = next(note for note in plot.footnotes if note.startswith("Epsilon, a: 3/20 v 9/20"))
    assert "[main result]; b: 2/20 v 9/20" in key


def test_combinations_run_from_lowest_to_highest(shipped) -> None:
    result = shipped.answers[0].result
    plot = combinations_plot(result, result.main)
    estimates = [row.estimate for row in plot.rows[:-1]]
    assert estimates == sorted(estimates)
    low, high = result.main.range_over_combinations
    assert (estimates[0], estimates[-1]) == (pytest.approx(low), pytest.approx(high))


def test_the_funnel_waits_for_ten_studies(shipped) -> None:
    found = {
        answer.result.analysis.id: funnel(answer.result, answer.result.main) for answer in shipped.answers
    }
    assert {name for name, plot in found.items() if plot is not None} == {"mortality-28d"}
    plot = found["mortality-28d"]
    result = shipped.answers[0].result
    assert [point.label for point in plot.points] == [effect.name for effect in result.main.pooled]
    assert plot.points[0].se == pytest.approx(result.main.pooled[0].vi ** 0.5)
    assert "Egger’s test of asymmetry: P" in plot.desc
    assert plot.se_title == "Standard error of the log risk ratio"
    assert ET.fromstring(funnel_svg(plot)) is not None


def test_risk_of_bias_figures_are_named_by_instrument(shipped, tiny) -> None:
    figures = risk_of_bias_figures(shipped)
    assert set(figures) == {
        "rob-2-traffic-light",
        "rob-2-summary",
        "robins-i-traffic-light",
        "robins-i-summary",
    }
    for svg in figures.values():
        assert ET.fromstring(svg) is not None
    assert risk_of_bias_figures(tiny) == {}


def test_beside_studies_have_their_own_plot() -> None:
    trials = [
        study("alpha", [datum("d", counts(4), counts(8))]),
        study("beta", [datum("d", counts(5), counts(7))], design="non-randomised-controlled-trial"),
    ]
    findings = bare_findings(review(trials, [analysis()]))
    result = findings.answers[0].result
    plot = forest_plot(result, result.beside, findings)
    assert [row.label for row in plot.rows if row.kind == RowKind.STUDY] == ["Beta"]
    assert plot.title.endswith("Non-randomised controlled studies")


@pytest.mark.parametrize(
    ("low", "high", "measure", "printed"),
    [
        (0.6291, 0.9956, "RR", "0.63 to 0.996"),
        (1.0, 1.0021, "RR", "1.00 to 1.002"),
        (-4.0, -0.004, "MD", "−4.00 to −0.004"),
        (0.0, 0.221, "PAS", "0.0 % to 22.1 %"),
    ],
)
def test_a_limit_is_not_rounded_to_no_effect(low, high, measure, printed) -> None:
    assert interval(low, high, measure) == printed


def test_of_many_combinations_those_evenly_spaced_by_rank_are_drawn():
    found = [(Estimate(0.5 + i / 100, 0.3, 2.0), f"{i:02d}", ()) for i in range(100)]
    shown, notes = robustness_plots._ranked(found[::-1])
    assert len(shown) == robustness_plots.MOST_ROWS
    assert [row[0].estimate for row in shown] == sorted(row[0].estimate for row in shown)
    assert (shown[0][1], shown[-1][1]) == ("00", "99")
    assert notes == [
        "40 of 100 combinations are shown, evenly spaced by rank, the lowest and the highest among them."
    ]
    assert robustness_plots._ranked(found[:2]) == (found[:2], [])
