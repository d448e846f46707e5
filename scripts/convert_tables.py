"""What the conversion of the evidence files cannot decide by rule: read in the notes, written down once."""

from __future__ import annotations

from typing import Any

VALUE_KEYS = {"count": "events", "events_total": "events", "percent_survival": "percent_without_event"}

MEASURES = {
    "difference (UC-MSC minus placebo)": "location-difference",
    "rate ratio": "IRR",
    "HR or sub-distribution HR": "HR-kind-not-stated",
    "median difference": "median-difference",
    "ratio of survivors": "ratio-of-survivors",
}

ORIENTATION = {
    ("lanzoni-2021", 44): "unstated",
    ("lanzoni-2021", 111): "control-vs-intervention",
    ("ventura-carmenate-2021", 2): "unstated",
    ("ventura-carmenate-2021", 3): "unstated",
    ("ercelen-2021", 0): "unstated",
}

SOURCE_TYPES = (
    ("PMC10995569/table", "review"),
    ("PMC10140776/table", "review"),
    ("PMC8666565/table", "review"),
    ("PMC9217728/table", "review"),
    ("PMC8346146/table", "review"),
    ("s13287-022-02743-0/tables", "review"),
    ("s13287-022-02956-3/tables", "review"),
    ("s13287-023-03286-8/tables", "review"),
    ("wjgnet.com/1948-0210/full/v15/i4/150-T2", "review"),
    ("hindawi.com/journals/sci/2023/7179592", "review"),
    ("covid-nma.com", "database"),
    ("trialsJson/", "registry"),
    ("meddatax.com", "registry"),
    ("marketscreener.com", "press"),
    ("medindia.net", "press"),
    ("inews.id", "press"),
    ("bio-cord.com", "press"),
    ("m3india.in", "press"),
    ("physiciansweekly.com", "press"),
    ("globethesis.com", "thesis"),
)

#: name as recorded, or its part before the colon -> (outcome, qualifier)
OUTCOMES: dict[str, tuple[str, str | None]] = {
    "CT:persistent-ground-glass": ("ct-ground-glass-opacity", "persistent"),
    "CT-improvement / radiography": ("ct-improvement", None),
    "CXCR3+ lymphocytes (CD4, CD8, CD56)": ("cxcr3-positive-lymphocytes", None),
    "oxygen-therapy-status / six-category scale / mMRC dyspnoea / VCmax / DLCO": (
        "oxygen-status-dyspnoea-and-lung-function",
        None,
    ),
    "symptom": ("symptom-present", None),
    "symptom-resolution:time": ("time-to-symptom-remission", None),
    "oxygen-discontinuation:time": ("time-to-oxygen-discontinuation", None),
    "sTNFR2": ("soluble-tnf-receptor-2", None),
    "intubation": ("invasive-ventilation", None),
    "ventilator-days": ("ventilator-duration", None),
    "adverse-event-count": ("adverse-event", None),
    "serious-adverse-event-treatment-related": ("treatment-related-serious-adverse-event", None),
    "SARS-CoV-2-IgM-positive": ("sars-cov-2-igm-positive", None),
    "SARS-CoV-2-IgG-positive": ("sars-cov-2-igg-positive", None),
    "ordinal-scale-7-category": ("ordinal-scale-category", None),
}

_RELATED_SAE = ("treatment-related-serious-adverse-event", None)
_RELATED_AE = ("treatment-related-adverse-event", None)

#: Rows whose note says that they count something narrower than their name.
ROW_OUTCOMES: dict[tuple[str, int], tuple[str, str | None]] = {
    ("bellingan-2022", 4): _RELATED_SAE,
    ("martinez-munoz-2024", 4): _RELATED_SAE,
    ("zheng-2014", 1): _RELATED_SAE,
    ("zheng-2014", 3): _RELATED_AE,
    ("qu-2020", 1): _RELATED_SAE,
    ("yip-2020", 2): _RELATED_SAE,
    ("matthay-2019", 2): ("serious-adverse-event", "death within 24 h of infusion"),
    ("matthay-2019", 3): _RELATED_AE,
    ("lightner-2023", 1): _RELATED_AE,
}

ROW_KINDS = {("zheng-2014", 3): "count"}

#: Studies with tables that count events among events.
EVENTS_AMONG_EVENTS = {"monsel-2022"}

#: The row holds counts of events and, beside them, a ratio of patients: two data.
SPLIT_EFFECT = {("gorman-2023", 0)}

UNITS = {
    "patients with >=1 SAE": "patients",
    "patients with >=1 AE": "patients",
    "patients with >=1 event of this severity": "patients",
    "score 0-24": "points",
    "0-25": "points",
    "lung injury score 0-4": "points",
    "percentage of red blood cells by volume": "%",
    "ratio of AA to EPA": "ratio",
    "mcg/ml FEU": "ug/mL FEU",
    "ng/ml": "ng/mL",
    "percent": "%",
    "percent recovered": "%",
    "% change in proportion of whole-lung lesion volume": "% change in whole-lung lesion volume",
}

COUNTRIES = {"China": "CN"}

BASELINE = {
    "age": "age",
    "male": "male",
    "mechanically_ventilated_at_baseline": "invasive-ventilation",
    "baseline_pf_mmHg": "pao2-fio2",
    "baseline_sofa": "sofa",
    "baseline_modified_sofa": "modified-sofa",
    "baseline_lung_injury_score": "lung-injury-score",
    "baseline_murray_score": "murray-score",
    "baseline_apache_iii": "apache-iii",
}

BASELINE_EXTRA = {
    "NEWS2_median_iqr": ("news2", "continuous", "points"),
    "days_onset_to_enrolment_median_iqr": ("days-onset-to-enrolment", "continuous", "days"),
    "HFNC_or_NIV_at_entry": ("non-invasive-ventilation-or-high-flow-oxygen", "dichotomous", None),
    "supplemental_oxygen_at_entry": ("supplemental-oxygen", "dichotomous", None),
    "glucocorticoid": ("glucocorticoid-use", "dichotomous", None),
    "glucocorticoid_days_median_iqr": ("glucocorticoid-duration", "continuous", "days"),
    "diabetes": ("diabetes", "dichotomous", None),
    "hypertension": ("hypertension", "dichotomous", None),
    "lymphocytes_1e9_per_L_median_iqr": ("lymphocytes", "continuous", "10^9/L"),
}

NAMES = {
    "hct-msc-phase1": "hCT-MSC phase 1",
    "irct-shariati": "IRCT20200217046526N2",
    "stat-nct03818854": "STAT (NCT03818854)",
    "uc-msc-pilot-2020-pmc7705911": "UC-MSC pilot 2020",
}

#: (study, arm) or (study, None) for all arms; mesenchymal stromal cells where nothing is said.
PRODUCTS: dict[tuple[str, str | None], str] = {
    ("bellingan-2022", None): "multipotent-adult-progenitor-cells",
    ("ichikado-2023", None): "multipotent-adult-progenitor-cells",
    ("fathi-kazerooni-2022", None): "secretome",
    ("lightner-2023", None): "extracellular-vesicles",
    ("sengupta-2020", None): "extracellular-vesicles",
    ("ventura-carmenate-2021", None): "other-cells",
    ("zarrabi-2023", "msc_ev"): "mesenchymal-stromal-cells-and-vesicles",
    ("irct-shariati", "msc-ev"): "mesenchymal-stromal-cells-and-vesicles",
}

#: The abstract of Xu 2021 prints the total of three infusions.
TOTAL_DOSE = {("xu-2021", "msc"): 9e7}

PART_OF = {("yip-2020", arm): "msc" for arm in ("low", "mid", "high")}

_PERINATAL = {"donor": "allogeneic", "product": "unclear"}
EXTRA_ARMS: dict[str, list[dict[str, Any]]] = {
    "hashemian-2021": [
        {
            "id": "uc",
            "role": "experimental",
            "label": "umbilical-cord MSC",
            "n": 6,
            "part_of": "msc",
            "intervention": _PERINATAL | {"cell_source": "umbilical-cord"},
        },
        {
            "id": "pl",
            "role": "experimental",
            "label": "placental MSC",
            "n": 5,
            "part_of": "msc",
            "intervention": _PERINATAL | {"cell_source": "placenta"},
        },
    ]
}

CONDITION = dict.fromkeys(
    (
        "bellingan-2022",
        "chen-2020",
        "gorman-2021",
        "ichikado-2023",
        "matthay-2019",
        "wilson-2015",
        "yip-2020",
        "zheng-2014",
    ),
    "other-ards",
) | {"stat-nct03818854": "mixed", "qu-2020": "mixed"}

#: By the most that the source says of the whole group: critical is intensive care, invasive ventilation,
#: shock or moderate to severe ARDS; severe is hypoxaemia short of that; missing where nothing is said.
SEVERITY: dict[str, str | None] = (
    dict.fromkeys(
        (
            "adas-2021",
            "aghayan-2022",
            "bellingan-2022",
            "bowdish-2023",
            "brown-2022",
            "dilogo-2021",
            "gorman-2021",
            "gorman-2023",
            "hashemian-2021",
            "irct-shariati",
            "lightner-2023",
            "martinez-munoz-2024",
            "matthay-2019",
            "rebelatto-2022",
            "sengupta-2020",
            "yip-2020",
            "zheng-2014",
        ),
        "critical",
    )
    | dict.fromkeys(("fathi-kazerooni-2022", "kaffash-farkhad-2022", "shi-2021", "shu-2020"), "severe")
    | dict.fromkeys(
        (
            "ercelen-2021",
            "lanzoni-2021",
            "leng-2020",
            "meng-2020",
            "monsel-2022",
            "uc-msc-pilot-2020-pmc7705911",
            "ventura-carmenate-2021",
            "xu-2021",
            "zhu-2021",
        ),
        "mixed",
    )
    | dict.fromkeys(
        (
            "chen-2020",
            "haberle-2021",
            "hct-msc-phase1",
            "ichikado-2023",
            "qu-2020",
            "stat-nct03818854",
            "wilson-2015",
            "zarrabi-2023",
        )
    )
    | {"karyana-2022": "mild-to-moderate"}
)

#: Facts for the appraisal that were read after the evidence files were written.
EXTRA_FACTS: dict[str, dict[str, Any]] = {
    "bowdish-2023": {
        "blinding": (
            "registry: masked to participant, investigator and outcomes assessor; care provider not named; "
            "placebo is Plasma-Lyte on the same days"
        ),
        "sources": [
            {
                "url": "http://getwellsoon.ai/trials/NCT04371393/",
                "locator": "copy of the NCT04371393 record, masking and arms",
            }
        ],
    }
}

RELATED = {
    "linked_publications": "may be a report of the same trial",
    "candidates": "another registration that could be meant",
    "review": "what the review reports of itself",
    "related_publications": "a later review by the same group",
}

#: (study, row) -> (finding, contrast), read in the note of the row.
_DIRECTIONS: dict[str, dict[int, tuple[str, str]]] = {
    "aghayan-2022": dict.fromkeys((1, 2), ("no-difference", "between-arms")),
    "dilogo-2021": dict.fromkeys((6, 7), ("no-difference", "between-arms"))
    | dict.fromkeys((8, 9), ("lower", "within-arm")),
    "gorman-2023": dict.fromkeys((2, 3, 4), ("no-difference", "between-arms")),
    "haberle-2021": {3: ("higher", "between-arms")},
    "hashemian-2021": dict.fromkeys((6, 7, 8, 9, 10), ("lower", "within-arm"))
    | {11: ("higher", "within-arm"), 12: ("better", "within-arm")},
    "kaffash-farkhad-2022": {2: ("better", "not-stated"), 11: ("no-difference", "not-stated")}
    | dict.fromkeys((3, 4, 5, 6, 7), ("lower", "not-stated"))
    | dict.fromkeys((8, 9, 10), ("higher", "not-stated")),
    "kouroupis-2021": {0: ("higher", "between-arms")} | dict.fromkeys((1, 2), ("lower", "between-arms")),
    "leng-2020": {5: ("lower", "between-arms"), 6: ("higher", "between-arms")},
    "lightner-2023": {0: ("lower", "between-arms")},
    "monsel-2022": dict.fromkeys((51, 52), ("no-difference", "between-arms")),
    "qu-2020": {0: ("lower", "between-arms")} | dict.fromkeys((2, 3, 4), ("better", "not-stated")),
    "rebelatto-2022": dict.fromkeys((3, 4, 5, 6, 7, 8), ("lower", "not-stated"))
    | dict.fromkeys((9, 10, 11), ("higher", "not-stated")),
    "shi-2021": dict.fromkeys((11, 14), ("no-difference", "between-arms")),
    "shu-2020": dict.fromkeys((33, 34), ("lower", "between-arms"))
    | dict.fromkeys((35, 36), ("better", "between-arms")),
    "uc-msc-pilot-2020-pmc7705911": {2: ("better", "within-arm")},
    "xu-2021": {28: ("better", "between-arms"), 29: ("better", "not-stated"), 30: ("better", "between-arms")},
    "yip-2020": {6: ("lower", "within-arm"), 7: ("higher", "within-arm")},
    "zarrabi-2023": dict.fromkeys((2, 3, 4, 5), ("lower", "not-stated")),
    "zheng-2014": dict.fromkeys((4, 5), ("no-difference", "between-arms")) | {6: ("lower", "within-arm")},
}


def direction(key: tuple[str, int]) -> dict[str, str] | None:
    """Return what the note of a row says in words, if it says anything."""
    found = _DIRECTIONS.get(key[0], {}).get(key[1])
    if found is None:
        return None
    told = {"finding": found[0], "contrast": found[1]}
    return told | ({"significant": False} if key in _NOT_SIGNIFICANT else {})


#: Findings that the source itself calls not significant, or a trend.
_NOT_SIGNIFICANT = {
    ("aghayan-2022", 1),
    ("aghayan-2022", 2),
    ("dilogo-2021", 6),
    ("dilogo-2021", 7),
    ("haberle-2021", 3),
    ("kaffash-farkhad-2022", 11),
    ("lightner-2023", 0),
    ("qu-2020", 0),
    ("qu-2020", 2),
    ("qu-2020", 3),
    ("qu-2020", 4),
    ("shi-2021", 14),
}

#: Labels of time that state a day.
DAYS = {
    "1 year": 365,
    "treatment-related, 1 year": 365,
    "5-year follow-up": 1826,
    "end of study (14 days)": 14,
    "17-day follow-up": 17,
    "72 h": 3,
    "36 h": 1.5,
    "within 24 h": 1,
}

#: Later follow-ups of discharged patients whose overlap with the trial is inferred, not stated.
NO_REPORT = {("shu-2020", row) for row in range(37, 44)}


#: (study, row) -> how numbers that are not printed as they stand were worked out.
DERIVED: dict[tuple[str, int], str] = {
    ("chen-2020", 0): "counts from the printed 17.6 % of 17 and 54.5 % of 44",
    ("fathi-kazerooni-2022", 0): "arm sizes from 7 = 50 % and 12 = 80 %",
    ("lanzoni-2021", 1): "survivors subtracted from patients not censored (10 of 11 and 5 of 12)",
    ("lanzoni-2021", 3): "survivors subtracted from patients not censored (9 of 11 and 5 of 12)",
    ("shi-2021", 3): "counts from the printed 55.38 % of 65 and 60 % of 35",
    ("shu-2020", 12): "sum of two categories of the scale",
    ("shu-2020", 27): "number of control patients from the printed percentages",
    ("shu-2020", 29): "number of control patients from the printed percentages",
    ("shu-2020", 31): "number of control patients from the printed percentages",
    ("uc-msc-pilot-2020-pmc7705911", 0): "count from 6.25 % of 16",
    ("ventura-carmenate-2021", 0): "deaths from 94.20 % survival of 69",
    ("xu-2021", 13): "events as the complement of the printed row without cough",
    ("xu-2021", 0): "counts from the printed 7.69 % of 26 and 33.33 % of 18",
    ("yip-2020", 1): "deaths as the complement of the printed survivors",
}
