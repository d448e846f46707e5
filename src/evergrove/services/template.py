"""The protocol that a new review starts from, with a word on each part."""

from __future__ import annotations

PROTOCOL_TEMPLATE = """\
# The protocol of this review: what is asked, and how it is answered.
# Studies go to studies/<id>.yaml, one file each; 'evergrove check' lists every fault with its line.
id: 'REVIEW-ID'
title: The title of the review
short_title: A short title for the head of each page
authors:
  - Your name
keywords: []

# The question in its four parts.
question:
  population: Who the patients are
  intervention: What is given
  comparator: What it is compared with
  outcomes: What matters to the patients

# Designs are never mixed: main_designs are pooled, beside_designs stand beside them.
eligibility:
  main_designs:
    - randomised-controlled-trial
  beside_designs:
    - non-randomised-controlled-trial

# One entry for each outcome that a study file names.
# kind: dichotomous, continuous, count or time-to-event; better: lower, higher or neither.
outcomes:
  - id: mortality
    label: Death
    kind: dichotomous
    better: lower
    description: Death from any cause.

# Which arms are compared, by the class of the product.
comparisons:
  - id: cells-versus-control
    label: Cells against placebo or standard care
    experimental_label: Cells
    control_label: Control
    products:
      - mesenchymal-stromal-cells

# What is computed. The window says which days count and which is asked for.
analyses:
  - id: mortality-28d
    title: Death near day 28
    outcome: mortality
    comparison: cells-versus-control
    data_kinds:
      - dichotomous
    window:
      target: 28.0
      earliest: 21.0
      latest: 60.0
    measure: RR
    # Random effects by REML with the Hartung-Knapp interval unless a 'pooling' block says
    # otherwise: docs/how-to/choose-the-model.md.
    main: true

# Judgements of certainty that cannot be computed: analysis, domain, steps, why, who.
certainty: []
"""

SEARCHES_TEMPLATE = """\
# The saved searches: `evergrove search` runs them, `evergrove update` runs them again and names what is new.
# Fields and databases: docs/reference/searches.md. Take the '#' away, and the '[]':
searches: []
#  - id: pubmed
#    database: pubmed          # pubmed, europe-pmc, clinicaltrials-gov, openalex or crossref
#    query: >-
#      ("Mesenchymal Stem Cells"[Mesh] OR "mesenchymal stromal"[tiab]) AND ("COVID-19"[Mesh] OR ARDS[tiab])
#    from_date: 2019           # published on or after it; leave it out to search all
#    notes: Who wrote it, who checked it, and why it is written so.
"""
