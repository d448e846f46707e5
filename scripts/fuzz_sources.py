"""Fuzz the readers of formats with atheris: no crash, no hang, no unbounded memory.

    python -m venv /tmp/fuzzing && /tmp/fuzzing/bin/pip install atheris . -c constraints.txt
    /tmp/fuzzing/bin/python scripts/fuzz_sources.py                # every format, 10 minutes each
    /tmp/fuzzing/bin/python scripts/fuzz_sources.py ris --seconds 60

Each format starts from the samples in tests/formats/samples and runs in a process of its own. A find is
written beside the corpus with its traceback; the script then ends with 1. An input may take at most 10
seconds and 2 GB.
"""

# ruff: noqa: PLC0415 - what is fuzzed is imported where atheris instruments it
from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "formats" / "samples"
#: format -> the samples it starts from; "numbers" is the search for registration numbers.
TARGETS = {
    "ris": "*.ris",
    "medline": "*.nbib",
    "pubmed-xml": "pubmed.xml",
    "endnote-xml": "endnote.xml",
    "endnote-tagged": "*.enw",
    "ovid-text": "ovid.txt",
    "web-of-science": "*.ciw",
    "bibtex": "*.bib",
    "table": "*.?sv",
    "rayyan": "rayyan.csv",
    "revman-rm5": "*.rm5",
    "revman-csv": "revman*.csv",
    "clinicaltrials-v2": "registry/ctgov-v2*.json",
    "clinicaltrials-v1": "registry/ctgov-v1.json",
    "clinicaltrials-study-fields": "registry/ctgov-fields.json",
    "ictrp-xml": "registry/ictrp.xml",
    "ictrp-table": "registry/ictrp.csv",
    "europe-pmc": "registry/europe-pmc.json",
    "crossref": "registry/crossref.json",
    "openalex": "registry/openalex.json",
    "numbers": "*",
}


def fuzz(target: str, options: list[str]) -> None:
    """Fuzz one target until the time is over or something is found."""
    import atheris  # in its own environment

    with atheris.instrument_imports(include=["evergrove.sources", "rispy", "bibtexparser"]):
        from evergrove.errors import UsageError
        from evergrove.model.record import FileFormat
        from evergrove.sources.draft import LeftOut, Origin
        from evergrove.sources.formats import reader_of
        from evergrove.sources.opening import open_file
        from evergrove.sources.registration_numbers import find, registry_of

        reader = None if target == "numbers" else reader_of(FileFormat(target))
        if target == "bibtex":
            import bibtexparser.entrypoint  # noqa: F401 - the reader loads it late, uninstrumented
    from datetime import UTC, datetime

    from pydantic import ValidationError

    path = Path(tempfile.mkdtemp()) / "input"
    origin = Origin(FileFormat.RIS, "input", "0" * 64, datetime(2026, 1, 1, tzinfo=UTC))

    def numbers(data: bytes) -> None:
        for number in find(data.decode("utf-8", "replace")):
            assert registry_of(number) is not None
            assert find(number) == (number,)

    def parse(data: bytes) -> None:
        path.write_bytes(data or b" ")
        opened = open_file(path)
        reader.recognise(opened.head)
        with suppress(UsageError):  # says what is wrong with the file as a whole
            for position, item in enumerate(reader.read(opened), start=1):
                assert item.position == position
                if isinstance(item, LeftOut):
                    item.noted()
                    continue
                with suppress(ValidationError):  # an import lists it as left out
                    item.finish(origin)

    atheris.Setup([sys.argv[0], *options], numbers if reader is None else parse)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="FORMAT", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--within", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.within:
        corpus = arguments.within
        options = [corpus, f"-max_total_time={arguments.seconds}", "-timeout=10", "-rss_limit_mb=2048"]
        fuzz(
            arguments.targets[0],
            [*options, "-max_len=8192", f"-artifact_prefix={corpus}-", "-print_final_stats=1"],
        )
        return 0
    if strange := set(arguments.targets) - set(TARGETS):
        parser.error(f"no such format: {', '.join(strange)}; allowed: {', '.join(TARGETS)}")
    worst = 0
    for target in arguments.targets or TARGETS:
        corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{target}-"))
        for sample in SAMPLES.glob(TARGETS[target]):
            if sample.is_file():
                shutil.copy(sample, corpus)
        print(f"== {target}: {arguments.seconds} s, corpus and finds in {corpus}", flush=True)
        command = [
            sys.executable,
            __file__,
            target,
            "--seconds",
            str(arguments.seconds),
            "--within",
            str(corpus),
        ]
        worst = max(worst, abs(subprocess.run(command, check=False).returncode))
    return int(bool(worst))


if __name__ == "__main__":
    raise SystemExit(main())
