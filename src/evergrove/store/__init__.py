"""Where reviews live: the folder form, plain text that diffs and merges."""

from __future__ import annotations

from evergrove.store.folder import read_review
from evergrove.store.write import study_text, write_review
from evergrove.store.yaml_text import dump

__all__ = ["dump", "read_review", "study_text", "write_review"]
