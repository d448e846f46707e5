"""Records: which are one publication."""

from __future__ import annotations

from evergrove.records.deduplicate import deduplicate
from evergrove.records.deduplicated import Deduplicated, Explained

__all__ = ["Deduplicated", "Explained", "deduplicate"]
