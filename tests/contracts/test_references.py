"""Each reference resolves: keys and author-year citations stand in one bibliography, all of it used."""

from __future__ import annotations

import ast
import re
import unicodedata
from pathlib import Path

import pytest

import evergrove

ROOT = Path(__file__).resolve().parents[2]
RECORDS = {
    record.other["key"][0]: record
    for record in evergrove.read_records(ROOT / "docs" / "references.bib").records
}
SOURCES = sorted((ROOT / "src" / "evergrove" / "stats").rglob("*.py"))
PAGES = sorted(
    [
        *(ROOT / "docs" / "methods").glob("*.md"),
        ROOT / "docs" / "how-to" / "coming-from-r.md",
        ROOT / "docs" / "explanation" / "which-method.md",
    ]
)
KEY = re.compile(r"\[([A-Z][A-Za-z-]+\d{4}[a-z]?|CochraneHandbook)\]")
NAME = r"(?:van |Van |den |der )*[A-ZÀ-Ž][\w’'-]+"
CITATION = re.compile(
    rf"((?:{NAME}, )*{NAME}(?: (?:&|and) {NAME}| et al\.?)?),? \(?((?:19|20)\d\d)\b(?!\) ?\d)"
)


def plain(text: str) -> str:
    """Return text without accents."""
    decomposed = unicodedata.normalize("NFD", text.replace("’", "'"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


KNOWN = {(plain(record.authors[0]), str(record.year)) for record in RECORDS.values()}


def texts_of(path: Path) -> str:
    """Return a page's prose, or all docstrings of a module, on one line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())
    told = [
        node.value.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return " | ".join(" ".join(one.split()) for one in told)


def citations(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each author-year citation with the authors that may be its first."""
    found = []
    for match in CITATION.finditer(text):
        names = re.split(r", | & | and | et al", match.group(1))
        found.append((match.group(0), [(plain(name), match.group(2)) for name in names if name]))
    return found


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_cited_stands_in_the_bibliography(path: Path) -> None:
    text = texts_of(path)
    assert set(KEY.findall(text)) <= set(RECORDS)
    loose = [shown for shown, firsts in citations(text) if not KNOWN & set(firsts)]
    assert not loose


def test_what_stands_in_the_bibliography_is_cited() -> None:
    together = " | ".join(texts_of(path) for path in [*SOURCES, *PAGES])
    named = {first for _, firsts in citations(together) for first in firsts}
    keys = set(KEY.findall(together))
    unused = [
        key
        for key, record in RECORDS.items()
        if key not in keys and (plain(record.authors[0]), str(record.year)) not in named
    ]
    assert not unused


def test_references_of_docstrings_are_keys() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                _, _, section = (ast.get_docstring(node) or "").partition("References\n----------\n")
                section = section.partition("\n\n")[0]
                assert not section or KEY.search(section) or "for `" in section or "As `" in section, (
                    node.name
                )
                assert not re.search(r"\d \((?:19|20)\d\d\)", section), node.name


def test_a_reference_can_be_found_by_what_it_says() -> None:
    for key, record in RECORDS.items():
        assert record.authors, key
        assert record.year or key == "CochraneHandbook", key
        assert (record.journal and record.volume) or record.title, key
