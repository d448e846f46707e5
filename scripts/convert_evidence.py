"""Convert the evidence files that were read of the trials into the studies of a review folder.

    python scripts/convert_evidence.py EVIDENCE_FOLDER reviews/msc-ards

It was run once to make ``reviews/msc-ards/studies``; it is kept so that each number can be followed back.
Every row of every file becomes a datum, none is dropped; ``null`` stays missing. What a rule cannot decide
(what a note says in words, which product class) stands in ``convert_tables.py``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import convert_tables as tables
from ruamel.yaml import YAML

from evergrove.model import Study
from evergrove.store.write import study_text, write_whole

Row = dict[str, Any]


def slug(text: str) -> str:
    """Return the text as an identifier."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def clean(value: Any) -> Any:
    """Drop what is missing: null, empty lists, pairs of nulls, and dicts of nothing but that."""
    if isinstance(value, dict):
        kept = {key: clean(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, [], {}, [None, None])}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def arm_value(raw: Row | None) -> Row:
    """Convert the value of one arm."""
    raw = clean(raw or {})
    out: Row = {}
    for key, value in raw.items():
        if key == "ci":
            out["ci_low"], out["ci_high"] = value
        elif key in {"iqr", "range"}:
            low, high = ("q1", "q3") if key == "iqr" else ("minimum", "maximum")
            out[low], out[high] = value
        else:
            out[tables.VALUE_KEYS.get(key, key)] = value
    return clean(out)


def p_value(raw: Any) -> Row | None:
    """Convert 0.04 or "<0.001"."""
    if raw is None:
        return None
    if isinstance(raw, str):
        return {"relation": raw[0], "value": float(raw[1:])}
    return {"value": float(raw)}


def effect(raw: Row | None, key: tuple[str, int]) -> Row | None:
    """Convert a reported effect; nothing where it holds nothing."""
    raw = raw or {}
    low, high = raw.get("ci") or (None, None)
    out = clean(
        {
            "measure": tables.MEASURES.get(raw.get("measure"), raw.get("measure")),
            "measure_as_reported": raw.get("measure") if raw.get("measure") in tables.MEASURES else None,
            "estimate": raw.get("estimate"),
            "ci_low": low,
            "ci_high": high,
            "p": p_value(raw.get("p")),
        }
    )
    if out and key in tables.ORIENTATION:
        out["orientation"] = tables.ORIENTATION[key]
    return out or None


def source_type(url: str) -> str:
    """Say what sort of source an address is; the trial's own report unless the table says otherwise."""
    return next((kind for part, kind in tables.SOURCE_TYPES if part in url), "report")


def name_parts(name: str) -> tuple[str, str | None]:
    """Split a name as recorded into outcome and qualifier."""
    if name in tables.OUTCOMES:
        return tables.OUTCOMES[name]
    base, _, qualifier = name.partition(":")
    if qualifier.startswith("events"):
        qualifier = qualifier.removeprefix("events").lstrip("-")
    base = tables.OUTCOMES.get(base, (slug(base), None))[0]
    return base, qualifier or None


class StudyConverter:
    """Builds one study from one or more evidence files."""

    def __init__(self, files: list[Row]) -> None:
        self.files = files
        self.main = files[0]
        self._ids: set[str] = set()

    def study(self) -> Study:
        main = self.main
        data = [datum for file in self.files for datum in self.data(file)]
        return Study.model_validate(
            clean(
                {
                    "id": main["id"],
                    "name": tables.NAMES.get(main["id"]) or self.author_year(),
                    "reports": [self.report(file) for file in self.files],
                    "registrations": main["registrations"],
                    "design": self.design(main["design"]),
                    "population": self.population(),
                    "arms": [self.arm(arm) for arm in main["arms"] + tables.EXTRA_ARMS.get(main["id"], [])],
                    "appraisal_facts": self.facts(),
                    "status": [
                        {"date": str(item["date"]), "value": item["value"], "source": item["source"]}
                        for item in main.get("status", [])
                    ],
                    "planned_outcomes": main.get("planned_outcomes"),
                    "related": self.related(),
                    "identification": main.get("identification_confidence"),
                    "notes": self.notes(),
                }
            )
            | {"data": data}
        )

    def author_year(self) -> str:
        first = self.main["citation"]["authors"][0]
        surname = re.sub(r"\s+[A-Z]{1,4}$", "", first)
        return f"{surname} {self.main['citation']['year']}"

    def report(self, file: Row) -> Row:
        citation = file["citation"]
        out = {key: citation.get(key) for key in ("title", "journal", "year", "doi", "pmid", "pmcid", "url")}
        out |= {
            key: str(citation[key]) for key in ("volume", "issue", "pages") if citation.get(key) is not None
        }
        out["authors"] = citation.get("authors") or []
        out["id"] = file["id"]
        out["cited_by"] = file["cited_by"]
        out["source_quality"] = file.get("source_quality")
        if file["design"]["type"] == "registry-record":
            out["kind"] = "registry-record"
        return clean(out)

    def design(self, raw: Row) -> Row:
        out = {
            key: raw[key]
            for key in ("type", "randomisation", "placebo", "centres", "follow_up_days", "funding")
        }
        out["phase"] = None if raw["phase"] is None else str(raw["phase"])
        blinding = raw["blinding"]
        if blinding is not None:
            out["blinding"] = blinding.split()[0]
            out["blinding_as_reported"] = blinding if " " in blinding else None
        out["countries"] = [tables.COUNTRIES.get(country, country) for country in raw["countries"] or []]
        enrolment = raw["enrolment"] or {}
        notes = []
        for key in ("start", "end"):
            value = enrolment.get(key)
            if value is None:
                continue
            value, _, remark = str(value).partition(" (")
            out.setdefault("enrolment", {})[key] = value
            if remark:
                notes.append(f"{key}: {remark.rstrip(')')}")
        if notes:
            out["enrolment"]["note"] = "; ".join(notes)
        return out

    def population(self) -> Row:
        out = dict(self.main["population"])
        out["condition_class"] = tables.CONDITION.get(self.main["id"], "covid-19")
        out["severity_class"] = tables.SEVERITY[self.main["id"]]
        return out

    def arm(self, raw: Row) -> Row:
        baseline = {}
        for key, name in tables.BASELINE.items():
            value = arm_value(raw.get(key))
            if set(value) - {"n"}:
                baseline[name] = value
        out = {
            key: raw.get(key) for key in ("id", "role", "label", "n", "n_planned", "comparator", "part_of")
        }
        out["id"] = raw["id"].replace("_", "-")
        out["baseline"] = baseline
        out["part_of"] = tables.PART_OF.get((self.main["id"], raw["id"]), raw.get("part_of"))
        if raw.get("intervention"):
            out["intervention"] = self.intervention(raw)
        return out

    def intervention(self, arm: Row) -> Row:
        raw = arm["intervention"]
        study = self.main["id"]
        out = {
            key: raw.get(key)
            for key in (
                "cell_source",
                "donor",
                "infusions",
                "schedule_days",
                "passage",
                "co_intervention",
                "detail",
            )
        }
        out["passage"] = None if raw.get("passage") is None else str(raw["passage"])
        out["product_class"] = tables.PRODUCTS.get((study, arm["id"])) or tables.PRODUCTS.get(
            (study, None), "mesenchymal-stromal-cells"
        )
        route = raw.get("route")
        if route is not None:
            out["route"] = route.split()[0]
            out["route_as_reported"] = route if " " in route else None
        out["preservation"] = raw.get("product")
        for key, name, unit in (
            ("dose_cells_per_infusion", "dose_per_infusion", "cells"),
            ("dose_cells_per_kg", "dose_per_kg", "cells/kg"),
        ):
            if raw.get(key) is not None:
                out[name] = {"value": float(raw[key]), "unit": unit}
        total = tables.TOTAL_DOSE.get((study, arm["id"]))
        if total is not None:
            out["dose_total"] = {"value": total, "unit": "cells"}
        out["dose_cohorts"] = [
            {"value": float(value), "unit": "cells"} for value in arm.get("dose_cohorts_cells", [])
        ]
        return out

    def facts(self) -> Row:
        out: Row = {}
        for file in self.files:
            for key, value in file["risk_of_bias"].items():
                name = "blinding" if key == "blinding_detail" else key
                if value is None:
                    continue
                if name == "sources":
                    out.setdefault(name, []).extend(value)
                else:
                    text = value if file is self.main else f"{file['id']}: {value}"
                    out[name] = f"{out[name]}; {text}" if name in out else text
        return out | tables.EXTRA_FACTS.get(self.main["id"], {})

    def notes(self) -> list[str]:
        out = []
        for file in self.files:
            notes = file["notes"] if isinstance(file["notes"], list) else [file["notes"]]
            prefix = "" if file is self.main else f"{file['id']}: "
            out += [prefix + note for note in notes if note]
            if file is not self.main:
                design = file["design"]
                out.append(f"{prefix}{design['randomisation']}; follow-up {design['follow_up_days']} days.")
        return out

    def related(self) -> list[Row]:
        out = []
        for section, relation in tables.RELATED.items():
            items = self.main.get(section) or []
            items = items if isinstance(items, list) else [items]
            out.extend(self.related_work(item, relation) for item in items)
        return out

    def related_work(self, item: Row, relation: str) -> Row:
        item = clean(dict(item))
        sources = item.pop("sources", []) + ([item.pop("source")] if "source" in item else [])
        out = {key: item.pop(key) for key in ("id", "title", "registration", "doi") if key in item}
        return out | {"relation": relation, "facts": list(as_facts(item)), "sources": sources}

    def data(self, file: Row) -> list[Row]:
        rows = []
        for index, raw in enumerate(file["outcomes"]):
            rows.extend(self.rows(file, index, raw))
        if "baseline_extra" in file:
            rows.extend(self.baseline_rows(file))
        return rows

    def rows(self, file: Row, index: int, raw: Row) -> list[Row]:
        key = (file["id"], index)
        outcome, qualifier = tables.ROW_OUTCOMES.get(key) or name_parts(raw["name"])
        kind = tables.ROW_KINDS.get(key, raw["measure"])
        values = {arm.replace("_", "-"): arm_value(value) for arm, value in (raw["data"] or {}).items()}
        if any("events_total" in (value or {}) for value in (raw["data"] or {}).values()):
            kind = "count"
        if kind == "count":
            self.count_denominators(file, values)
        time = clean(raw["timepoint"])
        if "day" not in time and time.get("label") in tables.DAYS:
            time["day"] = float(tables.DAYS[time["label"]])
        unit, as_reported = self.unit(raw.get("unit"))
        source = raw["source"]
        kind_of_source = source_type(source["url"])
        row = clean(
            {
                "outcome": outcome,
                "reported_as": raw["name"],
                "qualifier": qualifier,
                "kind": kind,
                "time": time,
                "unit": unit,
                "unit_as_reported": as_reported,
                "effect": effect(raw.get("reported_effect"), key),
                "direction": tables.direction(key),
                "primary_outcome": raw["primary"],
                "provenance": {
                    "source": source,
                    "source_type": kind_of_source,
                    "report": None if kind_of_source == "registry" or key in tables.NO_REPORT else file["id"],
                    "derived": tables.DERIVED.get(key),
                },
                "note": raw.get("note"),
            }
        )
        row["values"] = values
        made = [row]
        if key in tables.SPLIT_EFFECT:
            numbers = {arm: {"n": value["n"]} for arm, value in values.items()}
            contrast = row | {"kind": "dichotomous", "values": numbers}
            made = [{name: value for name, value in row.items() if name != "effect"}, contrast]
        for item in made:
            item["id"] = self.datum_id(item, clean(raw["timepoint"]))
        return made

    def count_denominators(self, file: Row, values: dict[str, Row]) -> None:
        """In some tables the denominator of a count of events is itself a count of events."""
        sizes = {arm["id"].replace("_", "-"): arm["n"] for arm in file["arms"]}
        for arm, value in values.items():
            if file["id"] in tables.EVENTS_AMONG_EVENTS and value.get("n") not in (None, sizes[arm]):
                value["n_events"] = value.pop("n")

    def unit(self, raw: str | None) -> tuple[str | None, str | None]:
        if raw is None:
            return None, None
        unit = tables.UNITS.get(raw, raw)
        return unit, raw if unit != raw else None

    def datum_id(self, row: Row, time: Row) -> str:
        when = f"day-{time['day']:g}" if "day" in time else slug(time.get("label", "no-time"))[:28].strip("-")
        parts = [row["outcome"], slug(row.get("qualifier") or "")[:40], when]
        base = "-".join(part for part in parts if part)
        name, number = base, 1
        while name in self._ids:
            number += 1
            name = f"{base}-{number}"
        self._ids.add(name)
        return name

    def baseline_rows(self, file: Row) -> list[Row]:
        extra = dict(file["baseline_extra"])
        sources = extra.pop("sources")
        locator = "; ".join(f"{item['locator']} ({item['url']})" for item in sources[1:])
        rows = []
        for name, raw in extra.items():
            outcome, kind, unit = tables.BASELINE_EXTRA[name]
            arms = {arm: value for arm, value in raw.items() if arm != "p"}
            values = {
                arm: dict(zip(("median", "q1", "q3"), value, strict=True))
                if isinstance(value, list)
                else value
                for arm, value in arms.items()
            }
            row: Row = {
                "outcome": outcome,
                "reported_as": name,
                "kind": kind,
                "time": {"day": 0.0},
                "provenance": {
                    "source": {"url": sources[0]["url"], "locator": f"{sources[0]['locator']}; {locator}"},
                    "source_type": "report",
                    "report": file["id"],
                },
                "values": values,
            }
            if unit:
                row["unit"] = unit
            if raw.get("p") is not None:
                row["effect"] = {"p": p_value(raw["p"])}
            row["id"] = self.datum_id(row, row["time"])
            rows.append(row)
        return rows


def as_facts(item: Any, prefix: str = "") -> Any:
    """Spell out nested facts as lines "path: value"."""
    if isinstance(item, dict):
        for key, value in item.items():
            yield from as_facts(value, f"{prefix} {key}".strip().replace("_", " "))
    elif isinstance(item, list) and any(isinstance(part, dict | list) for part in item):
        for part in item:
            yield from as_facts(part, prefix)
    else:
        value = " to ".join(map(str, item)) if isinstance(item, list) else item
        yield f"{prefix}: {value}"


def main(evidence: Path, folder: Path) -> None:
    """Convert all files of a folder."""
    yaml = YAML(typ="safe")
    files = {
        path.stem: yaml.load(path.read_text(encoding="utf-8")) for path in sorted(evidence.glob("*.yaml"))
    }
    groups: dict[str, list[Row]] = {}
    for file in sorted(files.values(), key=lambda item: "same_trial_as" in item):
        groups.setdefault(file.get("same_trial_as", file["id"]), []).append(file)
    rows = 0
    for study_id, group in sorted(groups.items()):
        study = StudyConverter(group).study()
        rows += len(study.data)
        write_whole(folder / "studies" / f"{study_id}.yaml", study_text(study))
    read = sum(len(file["outcomes"]) for file in files.values())
    print(f"{len(files)} files, {read} rows -> {len(groups)} studies, {rows} data")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
