"""A review is opened whole: what only the instruments know is a fault with its line like any other."""

from __future__ import annotations

import pytest

from evergrove.errors import ReviewFolderError
from evergrove.services.review import open_review


def test_an_answer_that_the_instrument_does_not_allow_is_a_fault_with_its_line(review_folder):
    path = min((review_folder / "appraisals").glob("*.yaml"))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("response: "))
    lines[at] = lines[at].split("response:")[0] + "response: NA\n"
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(ReviewFolderError) as caught:
        open_review(review_folder)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (f"appraisals/{path.name}", at + 1)
    assert fault.where.startswith("domains.")
    assert fault.where.endswith(".response")
    assert fault.found == "'NA'"
    assert fault.problem == "NA is no response to it"
    assert fault.allowed.startswith("Y, PY, PN, N")


def test_an_unknown_domain_is_a_fault(review_folder):
    path = min((review_folder / "appraisals").glob("*.yaml"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  randomisation:\n", "  randomization:\n", 1), encoding="utf-8")
    with pytest.raises(ReviewFolderError) as caught:
        open_review(review_folder)
    (fault,) = caught.value.faults
    assert fault.where == "domains.randomization"
    assert fault.line == text[: text.index("  randomisation:\n")].count("\n") + 1
    assert "randomisation" in fault.allowed
