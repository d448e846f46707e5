"""A record of ClinicalTrials.gov, whichever interface it came from, in the form of the second."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evergrove.model.record import FileFormat
from evergrove.sources.clinicaltrials_flat import joined
from evergrove.sources.clinicaltrials_names import second_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.model.record import Record
    from evergrove.sources.json_records import Json

_FORMS: dict[FileFormat, Callable[[Json], Json]] = {
    FileFormat.CLINICALTRIALS_V2: lambda study: study,
    FileFormat.CLINICALTRIALS_V1: second_form,
    FileFormat.CLINICALTRIALS_FIELDS: joined,
}


def study_in(record: Record) -> Json | None:
    """Return the study that a record holds.

    Parameters
    ----------
    record : Record

    Returns
    -------
    dict or None
        ``None`` for a record that is not of ClinicalTrials.gov.
    """
    form = _FORMS.get(record.source.format)
    if form is None:
        return None
    value = json.loads(record.raw)
    return form(value) if isinstance(value, dict) else None
