"""Write a review folder: one canonical text per file, replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from evergrove.store.yaml_text import dump

if TYPE_CHECKING:
    from pydantic import BaseModel

    from evergrove.model import Review, Study

#: The ending of a file that is being written and not yet at its place.
PART = ".part"


def plain(model: BaseModel) -> dict[str, object]:
    """Return a model as plain data in the order of its fields, without what is missing or default."""
    return model.model_dump(mode="json", exclude_defaults=True)


def study_text(study: Study) -> str:
    """Return the text of ``studies/<id>.yaml``.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        Canonical YAML; reading it gives an equal study, writing that gives the same text.
    """
    data = plain(study)
    for datum, model in zip(_dicts(data.get("data")), study.data, strict=True):
        # An arm for which nothing was seen is kept: that it was looked for is a fact.
        datum["values"] = {arm: plain(value) for arm, value in model.values.items()}
        if not model.values:
            del datum["values"]
    return dump(data)


def _dicts(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def review_files(review: Review) -> dict[str, str]:
    """Return the text of every file of the folder, by path inside it."""
    files = {"review.yaml": dump(plain(review.protocol))}
    files |= {f"studies/{study.id}.yaml": study_text(study) for study in review.studies}
    files |= {f"appraisals/{item.study}.yaml": dump(plain(item)) for item in review.appraisals}
    files |= {f"claims/{claim.id}.yaml": dump(plain(claim)) for claim in review.claims}
    by_person: dict[str, list[str]] = defaultdict(list)
    for decision in review.decisions:
        line = json.dumps(plain(decision), ensure_ascii=False, sort_keys=True)
        by_person[person_file(decision.who)].append(line)
    files |= {f"decisions/{who}.jsonl": "\n".join(lines) + "\n" for who, lines in by_person.items()}
    return files


def person_file(who: str) -> str:
    """Return the name of a person's file of decisions, without its ending: letters, digits and hyphens.

    Examples
    --------
    >>> person_file("evergrove review team"), person_file("../evil")
    ('evergrove-review-team', 'evil')
    """
    return re.sub(r"[^a-z0-9]+", "-", who.lower()).strip("-") or "unnamed"


def write_review(review: Review, folder: Path) -> None:
    """Write a review as a folder.

    Parameters
    ----------
    review : Review
    folder : Path
        Made if it is not there; files of the same name are replaced, others are left.
    """
    for name, text in review_files(review).items():
        write_whole(folder / name, text)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there, so that no reader ever meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
