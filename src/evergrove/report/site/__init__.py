"""The published site of a review: static pages that open from a folder, without scripts."""

from __future__ import annotations

from evergrove.report.site.write import SitePages, write_site

__all__ = ["SitePages", "write_site"]
