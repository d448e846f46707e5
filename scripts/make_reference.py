"""Write the reference pages from the code: library, command line, errors, review folder.

    python scripts/make_reference.py

A test fails when a page differs from what this writes.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import typing
from enum import StrEnum
from pathlib import Path

import click
from click.testing import CliRunner

import evergrove
import evergrove.model
from evergrove import errors, stats
from evergrove.appraisal import INSTRUMENTS
from evergrove.cli.main import COMMANDS, main
from evergrove.model import (
    Analysis,
    Appraisal,
    Arm,
    ArmValue,
    Claim,
    Comparison,
    Datum,
    Decision,
    Design,
    Intervention,
    Outcome,
    Protocol,
    Provenance,
    Report,
    ReportedEffect,
    Study,
    analysis,
    pooling,
)
from evergrove.model import vocabulary as words
from evergrove.model.analysis import Sensitivity, Window
from evergrove.model.diagnostics import Diagnostics, asymmetry_tests
from evergrove.model.measures import MEASURES, Basis
from evergrove.model.pooling import MEASURES_OF, RESTS_ON, WAYS, PoolingModel, Way
from evergrove.model.units import UNIT_SYMBOLS, unit

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
BIBLIOGRAPHY = REFERENCE.parent / "references.bib"
#: A reference by key: ``[Egger1997]`` in a docstring, or as the text of a link.
KEY = re.compile(r"\[([A-Z][A-Za-z-]+(?:\d{4}[a-z]?)|CochraneHandbook)\]")
NOTES = REFERENCE.parents[1] / "validation" / "notes"
NOTE = "<!-- Written by scripts/make_reference.py; change the code, not this page. -->\n\n"


def first_line(thing: object) -> str:
    """Return the summary line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def library() -> str:
    """Return the page of the public names."""
    lines = [
        "# Library",
        "",
        "`import evergrove as eg` gives these names; each loads what it needs when it is first used. The docstring "
        "of each (`help(eg.pool)`) has shapes, scales, an example, and sources by their key in the "
        "[bibliography](bibliography.md).",
        "",
        "| name | what it does |",
        "|---|---|",
    ]
    for name in evergrove.__all__:
        thing = getattr(evergrove, name)
        what = "The version." if name == "__version__" else first_line(thing)
        lines.append(f"| `{name}` | {what} |")
    lines += [
        "",
        "`evergrove.stats` holds all numerical functions and can be used without the rest: "
        "each name loads only what it needs.",
        "",
    ]
    return "\n".join(lines)


#: Heading of the reference -> first parts of the modules that stand under it.
FAMILIES = {
    "Effect sizes, their scales and single proportions": ("effects", "effect_sizes", "scales", "proportions"),
    "Conversions": ("conversions", "printed_intervals"),
    "Time to event": ("survival",),
    "Random effects and heterogeneity": (
        "pooling",
        "pool_result",
        "subgroup",
        "heterogeneity",
        "heteroscedasticity",
        "fit_statistics",
    ),
    "Sparse data": ("sparse",),
    "Moderators": ("regression",),
    "Dependence: multilevel, multivariate, robust, dose-response": ("dependence", "doses"),
    "Small-study effects and bias": ("bias", "small_study"),
    "Influence": ("influence",),
    "Figures": ("display",),
    "Integrity": ("integrity",),
    "Many meta-analyses at once, simulation": ("bulk", "simulation"),
}
OTHERS = "What results share"


def names_by_family(stub: Path) -> dict[str, list[str]]:
    """Return the names that a stub declares, by family."""
    found: dict[str, list[str]] = {heading: [] for heading in (*FAMILIES, OTHERS)}
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        assert isinstance(node, ast.ImportFrom)
        first = (node.module or "").partition(".")[0]
        heading = next((name for name, parts in FAMILIES.items() if first in parts), OTHERS)
        found[heading] += [alias.name for alias in node.names]
    return found


def members_of(option: type[StrEnum]) -> list[tuple[str, str]]:
    """Return each member's string with the docstring below it."""
    (node,) = ast.parse(inspect.getsource(option)).body
    assert isinstance(node, ast.ClassDef)
    told = []
    for member, after in itertools.pairwise(node.body):
        if isinstance(member, ast.Assign) and isinstance(after, ast.Expr):
            assert isinstance(after.value, ast.Constant)
            assert isinstance(member.targets[0], ast.Name)
            words = " ".join(str(after.value.value).split())
            told.append((option[member.targets[0].id].value, words.replace("|", "\\|")))
    return told


def statistics() -> str:
    """Return the page of the statistics: every name by family, every option with its members."""
    lines = [
        "# Statistics",
        "",
        "`from evergrove import stats` gives these names; the main verbs stand in `evergrove` itself too "
        "([Library](library.md)). `help(stats.pool)` has shapes, scales, ranges, sources and an example. The pages of "
        "[methods](../methods/index.md) say when to use what; keys such as [Egger1997] stand in the "
        "[bibliography](bibliography.md).",
        "",
    ]
    options = []
    for heading, names in names_by_family(Path(inspect.getfile(stats)).with_suffix(".pyi")).items():
        things = [(name, getattr(stats, name)) for name in names]
        options += [
            (n, thing) for n, thing in things if isinstance(thing, type) and issubclass(thing, StrEnum)
        ]
        shown = [(name, thing) for name, thing in things if (name, thing) not in options]
        if shown:
            lines += [f"## {heading}", "", "| name | what it is |", "|---|---|"]
            lines += [f"| `{name}` | {first_line(thing)} |" for name, thing in sorted(shown)]
            lines.append("")
    lines += ["## Options", "", "Each takes the member or its string.", ""]
    for name, option in sorted(options):
        lines += [f"### {name}", "", first_line(option), "", "| value | what it is |", "|---|---|"]
        lines += [f"| `{value}` | {words} |" for value, words in members_of(option)]
        lines.append("")
    return "\n".join(lines)


def coverage() -> str:
    """Return the peers' methods side by side, from the tables of the validation notes."""
    lines = [
        "# What metafor and meta have, and what evergrove has",
        "",
        "Each method of the peers, by family: here, in another part of evergrove, or left out with the reason. What "
        "agrees to how many digits, and what does not, stands in [validation](../../validation/README.md); the calls "
        "side by side in [Coming from R or RevMan](../how-to/coming-from-r.md).",
        "",
    ]
    for note in sorted(NOTES.glob("*.md")):
        text = note.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ").partition(":")[0]
        table = [line for block in text.split("\n\n") for line in block.splitlines() if _peers(block)]
        if table:
            lines += [f"## {title}", "", *(line for line in table if line.startswith("|")), ""]
    return "\n".join(lines)


def _peers(block: str) -> bool:
    return any(line.startswith("| method | metafor") for line in block.splitlines())


def command_line() -> str:
    """Return the page of the commands with their help as printed."""
    parts = ["# Command line", ""]
    for arguments in ([], *([name] for name in COMMANDS)):
        shown = CliRunner().invoke(main, [*arguments, "--help"], prog_name="evergrove", terminal_width=100)
        title = " ".join(["evergrove", *arguments])
        parts += [f"## `{title}`", "", "```text", shown.output.rstrip(), "```", ""]
    parts += [
        "Every command takes `--json`. Progress is drawn on a terminal only. The exit status is that of the "
        "[error](errors.md), or 0.",
        "",
    ]
    return "\n".join(parts)


def error_page() -> str:
    """Return the page of the errors."""
    todo: list[type[errors.EvergroveError]] = [errors.EvergroveError]
    lines = ["# Errors", "", "| error | code | exit status | when |", "|---|---|---|---|"]
    while todo:
        one = todo.pop(0)
        todo += [child for child in one.__subclasses__() if child.__module__ == errors.__name__]
        lines.append(f"| {one.__name__} | `{one.code}` | {one.exit_status} | {first_line(one)} |")
    lines += [
        "",
        'With `--json` a command prints `{"error": {"code": …, "message": …}}`; a `review-folder-error` also '
        "lists its `faults`, each with `file`, `line`, `where`, `found`, `problem` and `allowed`.",
        "",
    ]
    return "\n".join(lines)


def type_in_words(annotation: object) -> str:
    """Return a field's type as a reader of the file meets it."""
    text = str(annotation).replace("typing.", "")
    for module in ("evergrove.model.", "pydantic.", "datetime."):
        text = text.replace(module, "")
    if isinstance(annotation, type):
        text = annotation.__name__
    origin = typing.get_origin(annotation)
    if origin is not None:
        inner = [type_in_words(part) for part in typing.get_args(annotation) if part is not Ellipsis]
        if origin in (tuple, list):
            return f"list of {inner[0]}"
        if origin is dict:
            return f"mapping of {inner[0]} to {inner[1]}"
        if origin is typing.Annotated:
            return inner[0]
        return " or ".join(part for part in inner if part != "NoneType")
    return text


def measure_table() -> list[str]:
    """Return the table of effect measures."""
    lines = [
        "## EffectMeasure",
        "",
        "The effect measures that an analysis or a sensitivity analysis can ask for.",
        "",
    ]
    lines += ["| word | measure | computed from |", "|---|---|---|"]
    for word, row in MEASURES.items():
        printed = ", or printed with its interval" if row.printed and row.basis is not Basis.PRINTED else ""
        lines.append(f"| `{word}` | {row.words} | {row.basis.value}{printed} |")
    return [*lines, ""]


def pooling_tables() -> list[str]:
    """Return the tables of what each method of pooling takes, and of the diagnostics."""
    lines = [
        "## Methods of pooling",
        "",
        "What each `method` pools, and the words it takes under each `model`; the "
        "first word is the default, and a word that is not used is left out. `zero_cells` and `add` hold for the "
        "effects of single studies.",
        "",
    ]
    lines += [
        "| method | measures | model | " + " | ".join(f"`{name}`" for name in Way.__dataclass_fields__) + " |"
    ]
    lines += ["|---" * (3 + len(Way.__dataclass_fields__)) + "|"]
    for method, models in WAYS.items():
        measures = ", ".join(f"`{word}`" for word in MEASURES_OF.get(method, ())) or "all"
        for model, way in models.items():
            cells = (
                ", ".join(f"`{word}`" for word in getattr(way, name)) for name in way.__dataclass_fields__
            )
            lines.append(f"| `{method}` | {measures} | `{model}` | {' | '.join(cells)} |")
    rests = "; ".join(f"`{word}` on {' or '.join(f'`{one}`' for one in on)}" for word, on in RESTS_ON.items())
    lines += [
        "",
        f"Some rest on an estimator of tau²: {rests}. The words are those of "
        "[evergrove.stats](statistics.md#options).",
        "",
    ]
    lines += ["The tests of `diagnostics.asymmetry`, by measure:", "", "| measure | tests |", "|---|---|"]
    by_tests: dict[tuple[str, ...], list[str]] = {}
    for word in MEASURES:
        by_tests.setdefault(asymmetry_tests(word), []).append(f"`{word}`")
    for tests, measures in by_tests.items():
        lines.append(f"| {', '.join(measures)} | {', '.join(f'`{test}`' for test in tests) or 'none'} |")
    return [*lines, ""]


def review_folder() -> str:
    """Return the page of the folder form: files, fields, words, units."""
    lines = [
        "# The review folder",
        "",
        "Plain text, UTF-8, one study per file, in the order of the fields below; it diffs and merges in git.",
        "",
        "| file | holds |",
        "|---|---|",
        "| `review.yaml` | the protocol: question, eligibility, outcomes, comparisons, analyses |",
        "| `studies/<id>.yaml` | one study: reports, design, arms, data |",
        "| `appraisals/<study>.yaml` | the answers to the signalling questions of one study |",
        "| `claims/<id>.yaml` | one claim to be checked |",
        "| `decisions/<person>.jsonl` | one decision a line, only ever added |",
        "| `searches.yaml` | the saved searches ([searches](searches.md)) |",
        "| `records/<file>-<sha>.jsonl` | the records of one imported file, one a line, with their raw form |",
        "| `records/imports.jsonl` | what was read, kept and left out of each file |",
        "| `records/searches.jsonl`, `records/answers/` | each run of a search, and every raw answer |",
        "| `records/unfinished/` | a search that was broken off, to be continued |",
        "| `records/merges.jsonl`, `records/links.jsonl` | what was merged or decided, only ever added |",
        "| `records/candidates.jsonl`, `records/candidate-decisions.jsonl` | posted results, and what was accepted |",
        "",
        "A missing value is left out, or `null`. A file of more than 5 MB, a text of more than 20 000 characters, "
        "an unknown field, an anchor or alias, and a path that leaves the folder are faults. "
        "`evergrove check` lists all faults with line, field, value found and what is allowed.",
        "",
        "One run changes a folder at a time: while it does, `.evergrove.lock` says what it is, whose, and since "
        "when, and another run ends with `review-busy` after 3 seconds, without touching anything. A search "
        "holds it only while it writes down an answer and while its records come in, and waits up to ten minutes for "
        "another change to end; `.evergrove-search.lock` keeps a second search away. Each lock ends with its process. "
        "The records of a file and their entries in the logs come in together or not at all: "
        "what a killed run left (`.journal.json`, `.*.part` in `records/`) is ended or removed by the next run. "
        "Reading (`check`, `build`, `link`, `export`) needs no lock.",
        "",
    ]
    models = (
        Protocol, Outcome, Comparison, Analysis, Window, PoolingModel, Sensitivity, Diagnostics, Study, Report, Design, Arm, Intervention, Datum, ArmValue,
        ReportedEffect, Provenance, Appraisal, Claim, Decision,
    )  # fmt: skip
    for model in models:
        lines += [f"## {model.__name__}", "", first_line(model), "", "| field | type | |", "|---|---|---|"]
        for name, field in model.model_fields.items():
            needed = "required" if field.is_required() else ""
            lines.append(f"| `{name}` | {type_in_words(field.annotation)} | {needed} |")
        lines.append("")
    lines += measure_table()
    lines += pooling_tables()
    lines += ["## Words", "", "| word | values |", "|---|---|"]
    terms = {**vars(words), **vars(analysis), **vars(pooling)}
    for name, term in sorted(terms.items()):
        if isinstance(term, type) and issubclass(term, words.Term) and term is not words.Term:
            values = ", ".join(f"`{item.value}`" for item in term)
            lines.append(f"| {name}: {first_line(term)} | {values} |")
    lines += ["", "## Units", "", "| dimension | units |", "|---|---|"]
    by_dimension: dict[str, list[str]] = {}
    for symbol in UNIT_SYMBOLS:
        by_dimension.setdefault(unit(symbol).dimension, []).append(f"`{symbol}`")
    lines += [f"| {dimension} | {', '.join(symbols)} |" for dimension, symbols in by_dimension.items()]
    return "\n".join(lines) + "\n"


def instruments() -> str:
    """Return the page of the risk-of-bias instruments: domains, questions, responses."""
    lines = [
        "# Instruments of risk of bias",
        "",
        "The words of an [appraisal](../how-to/appraise-a-trial.md). `Y` yes, `PY` probably yes, `PN` probably no, "
        "`N` no, `NI` no information, `NA` not applicable.",
        "",
    ]
    for name, instrument in INSTRUMENTS.items():
        judgements = ", ".join(f"`{judgement}`" for judgement in instrument.judgements)
        lines += [f"## {name}", "", f"{instrument.title} ({instrument.version}). {instrument.citation}", ""]
        lines += [f"`instrument: {name}`. Judgements: {judgements}.", ""]
        for domain in instrument.domains:
            lines += [
                f"### `{domain.id}`: {domain.label}",
                "",
                "| question | asks | responses |",
                "|---|---|---|",
            ]
            for question in domain.questions:
                options = ", ".join(f"`{option}`" for option in question.options)
                lines.append(f"| `'{question.id}'` | {question.text} | {options} |")
            lines.append("")
    return "\n".join(lines)


def cited_by() -> dict[str, list[str]]:
    """Return who cites each key: public names of the statistics, and the pages of methods."""
    found: dict[str, list[str]] = {}
    for name in stats.__all__:
        for key in KEY.findall(inspect.getdoc(getattr(stats, name)) or ""):
            found.setdefault(key, []).append(f"`{name}`")
    for page in sorted((REFERENCE.parent / "methods").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ").partition(":")[0]
        for key in KEY.findall(text):
            found.setdefault(key, []).append(f"[{title}](../methods/{page.name})")
    return {key: list(dict.fromkeys(places)) for key, places in found.items()}


def in_full(record: evergrove.model.Record) -> str:
    """Return a record of the bibliography as one line."""
    others = record.authors[-1:] == ("others",)
    names = record.authors[:-1] if others else record.authors
    who = ", ".join(names[:-1]) + " & " + names[-1] if len(names) > 1 and not others else ", ".join(names)
    parts = [who + (" et al." if others else "")]
    if record.title:
        parts.append(f"*{record.title}*" if record.journal is None else record.title)
    if record.journal:
        place = f"{record.journal} {record.volume} ({record.year})"
        parts.append(f"{place} {record.pages}" if record.pages else place)
    else:
        parts.append(f"{', '.join(record.other.get('howpublished', ()))} ({record.year})")
    if record.doi:
        parts.append(f"[doi](https://doi.org/{record.doi})")
    return ". ".join(parts)


def bibliography() -> str:
    """Return the list of references by key, with who cites each."""
    places = cited_by()
    lines = [
        "# Bibliography",
        "",
        "The references of the docstrings and of the pages of [methods](../methods/index.md), by key; the same list as "
        "BibTeX is [references.bib](../references.bib). Titles and DOIs stand where R's documentation gives them too. "
        "Where nothing stands in the last column an option or an inner function cites it by name and year.",
        "",
        "| key | reference | cited by |",
        "|---|---|---|",
    ]
    for record in evergrove.read_records(BIBLIOGRAPHY).records:
        (key,) = record.other["key"]
        cited = ", ".join(places.get(key, ()))
        lines.append(f'| <a id="{key.lower()}"></a>{key} | {in_full(record)} | {cited} |')
    return "\n".join([*lines, ""])


def pages() -> dict[str, str]:
    """Return every page by file name."""
    return {
        "library.md": NOTE + library(),
        "statistics.md": NOTE + statistics(),
        "coverage.md": NOTE + coverage(),
        "bibliography.md": NOTE + bibliography(),
        "command-line.md": NOTE + command_line(),
        "errors.md": NOTE + error_page(),
        "review-folder.md": NOTE + review_folder(),
        "instruments.md": NOTE + instruments(),
    }


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for file_name, text in pages().items():
        (REFERENCE / file_name).write_text(text, encoding="utf-8")
        click.echo(REFERENCE / file_name)
