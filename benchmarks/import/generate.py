"""Files of invented records for the import benchmark: seeded, of any size, never the whole of it in memory."""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from pathlib import Path

WORDS = (
    *(
        "cells",
        "lung",
        "mortality",
        "trial",
        "invented",
        "randomised",
        "adults",
        "dose",
        "infusion",
        "outcome",
    ),
    *("ventilation", "oxygen", "days", "safety", "placebo", "syndrome", "acute", "respiratory", "distress"),
    *("stromal", "mesenchymal", "umbilical", "cord", "control", "arm", "blind"),
)
NAMES = ("Rossi", "Bianchi", "Verdi", "Müller", "Šimić", "Nguyễn", "Okafor", "Silva", "Dubois", "Sørensen")


def records(seed: int = 1) -> Iterator[dict[str, str | list[str]]]:
    """Yield invented records without end."""
    rng = random.Random(seed)
    number = 0
    while True:
        number += 1
        yield {
            "title": " ".join(rng.choices(WORDS, k=12)).capitalize(),
            "authors": [
                f"{rng.choice(NAMES)}, {rng.choice('ABCDEFGH')}. {rng.choice('JKLM')}." for _ in range(6)
            ],
            "journal": "Journal of Invented " + rng.choice(WORDS).capitalize(),
            "year": str(rng.randint(1990, 2026)),
            "doi": f"10.5555/invented.{number}",
            "pmid": str(10_000_000 + number),
            "abstract": " ".join(rng.choices(WORDS, k=220)) + f" (NCT{number:08d}).",
            "keywords": rng.sample(WORDS, 8),
        }


def ris(item: dict[str, str | list[str]]) -> str:
    lines = ["TY  - JOUR", f"TI  - {item['title']}", *(f"AU  - {name}" for name in item["authors"])]
    lines += [
        f"JF  - {item['journal']}",
        f"PY  - {item['year']}",
        f"DO  - {item['doi']}",
        f"AB  - {item['abstract']}",
    ]
    return "\n".join([*lines, *(f"KW  - {word}" for word in item["keywords"]), "ER  - ", "", ""])


def nbib(item: dict[str, str | list[str]]) -> str:
    lines = [
        f"PMID- {item['pmid']}",
        f"TI  - {item['title']}.",
        *(f"FAU - {name}" for name in item["authors"]),
    ]
    lines += [
        f"JT  - {item['journal']}",
        f"DP  - {item['year']}",
        f"LID - {item['doi']} [doi]",
        f"AB  - {item['abstract']}",
    ]
    return "\n".join([*lines, *(f"OT  - {word}" for word in item["keywords"]), "", ""])


def pubmed_xml(item: dict[str, str | list[str]]) -> str:
    people = "".join(
        f"<Author><LastName>{name.split(',')[0]}</LastName><ForeName>{name.split(', ')[1]}</ForeName></Author>"
        for name in item["authors"]
    )
    words = "".join(f"<Keyword>{word}</Keyword>" for word in item["keywords"])
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{item['pmid']}</PMID><Article><Journal><JournalIssue><PubDate>"
        f"<Year>{item['year']}</Year></PubDate></JournalIssue><Title>{item['journal']}</Title></Journal>"
        f"<ArticleTitle>{item['title']}.</ArticleTitle><ELocationID EIdType='doi'>{item['doi']}</ELocationID>"
        f"<Abstract><AbstractText>{item['abstract']}</AbstractText></Abstract><AuthorList>{people}</AuthorList>"
        f"</Article><KeywordList>{words}</KeywordList></MedlineCitation></PubmedArticle>\n"
    )


def table(item: dict[str, str | list[str]]) -> str:
    cells = [
        item["title"],
        "; ".join(item["authors"]),
        item["journal"],
        item["year"],
        item["doi"],
        item["abstract"],
    ]
    return ",".join(f'"{cell}"' for cell in [*cells, "; ".join(item["keywords"])]) + "\n"


def bibtex(item: dict[str, str | list[str]]) -> str:
    return (
        f"@article{{r{item['pmid']},\n  title = {{{item['title']}}},\n  author = {{{' and '.join(item['authors'])}}},\n"
        f"  journal = {{{item['journal']}}},\n  year = {{{item['year']}}},\n  doi = {{{item['doi']}}},\n"
        f"  abstract = {{{item['abstract']}}},\n  keywords = {{{'; '.join(item['keywords'])}}},\n}}\n"
    )


def endnote_xml(item: dict[str, str | list[str]]) -> str:
    def styled(tag: str, text: object) -> str:
        return f'<{tag}><style face="normal" font="default" size="100%">{text}</style></{tag}>'

    people = "".join(styled("author", name) for name in item["authors"])
    words = "".join(styled("keyword", word) for word in item["keywords"])
    return (
        f'<record><ref-type name="Journal Article">17</ref-type><contributors><authors>{people}</authors>'
        f"</contributors><titles>{styled('title', item['title'])}{styled('secondary-title', item['journal'])}"
        f"</titles><keywords>{words}</keywords><dates>{styled('year', item['year'])}</dates>"
        f"{styled('abstract', item['abstract'])}{styled('electronic-resource-num', item['doi'])}</record>\n"
    )


def endnote_tagged(item: dict[str, str | list[str]]) -> str:
    lines = ["%0 Journal Article", f"%T {item['title']}", *(f"%A {name}" for name in item["authors"])]
    lines += [f"%J {item['journal']}", f"%D {item['year']}", f"%R {item['doi']}", f"%X {item['abstract']}"]
    return "\n".join([*lines, *(f"%K {word}" for word in item["keywords"]), "", ""])


def web_of_science(item: dict[str, str | list[str]]) -> str:
    lines = ["PT J", f"AU {item['authors'][0]}", *(f"   {name}" for name in item["authors"][1:])]
    lines += [f"TI {item['title']}", f"SO {item['journal']}", f"DE {'; '.join(item['keywords'])}"]
    lines += [f"AB {item['abstract']}", f"PY {item['year']}", f"DI {item['doi']}", f"PM {item['pmid']}"]
    return "\n".join([*lines, "ER", "", ""])


#: format -> what stands before the records, how one is written, what stands behind them
FORMS: dict[str, tuple[str, Callable[[dict[str, str | list[str]]], str], str]] = {
    "ris": ("", ris, ""),
    "medline": ("", nbib, ""),
    "pubmed-xml": ("<?xml version='1.0'?>\n<PubmedArticleSet>\n", pubmed_xml, "</PubmedArticleSet>\n"),
    "endnote-xml": ("<?xml version='1.0'?>\n<xml><records>\n", endnote_xml, "</records></xml>\n"),
    "endnote-tagged": ("", endnote_tagged, ""),
    "web-of-science": ("FN Clarivate Analytics Web of Science\nVR 1.0\n", web_of_science, "EF\n"),
    "table": ("Title,Authors,Journal,Year,DOI,Abstract,Keywords\n", table, ""),
    "bibtex": ("", bibtex, ""),
}


def write(path: Path, form: str, size: int) -> int:
    """Write a file of about so many bytes; return the number of its records."""
    before, text, behind = FORMS[form]
    with path.open("w", encoding="utf-8") as stream:
        stream.write(before)
        count = written = 0
        for item in records():
            count += 1
            written += stream.write(text(item))
            if written >= size:
                break
        stream.write(behind)
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--format", choices=FORMS, default="ris")
    parser.add_argument("--megabytes", type=int, default=300)
    given = parser.parse_args()
    print(write(given.file, given.format, given.megabytes * 1_000_000), "records")
