"""evergrove.stats against numbers that other projects took from metafor 4.6 to 5.2, meta 8.5 and mixmeta."""

import pytest

from golden.published import RUNS
from golden.published.kept import archive, gap, tolerance

SOURCES = sorted({source for source, _ in RUNS})


@pytest.mark.parametrize("run", sorted(RUNS), ids=" ".join)
def test_agrees_with_the_published_numbers(run):
    failures = []
    checked = 0
    for row in RUNS[run]():
        label, quantity, kind, ours, theirs = row
        checked += 1
        found = gap(row)
        if kind.startswith("differs: "):
            if not found > 1e-6:
                failures.append(f"{label}: {quantity} agrees now; take it off the disagreements")
        elif not found <= tolerance(kind):
            failures.append(f"{label}: {quantity} differs by {found:.1e}: {ours} against {theirs}")
    assert not failures, "\n".join(failures[:20])
    assert checked > 0


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_a_passport(source):
    passport = archive(source)["source"]
    assert {"project", "version", "licence", "r", "packages"} <= passport.keys()


def test_every_case_of_pimeta_says_where_it_stands():
    for case in archive("pimeta")["cases"]:
        assert case["file"].startswith("tests/")
        assert case["line"] > 0
        assert case["call"]
        assert case["package"].split()[0] in {"metafor", "meta", "brglm2"}
        assert case["expected"]
