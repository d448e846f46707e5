"""Records: which are one publication."""

from __future__ import annotations

from evergrove.records.deduplicate import Deduplicated, Explained, deduplicate

__all__ = ["Deduplicated", "Explained", "deduplicate"]
