"""Where a name leads: registries, DOIs, sources; and where the pages of the site stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

#: Registry numbers and the address of the entry; a registry without its own address by number is reached
#: through the search portal of the World Health Organization, which holds its entries.
_REGISTRIES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"NCT\d{8}"), "ClinicalTrials.gov", "https://clinicaltrials.gov/study/{}"),
    (re.compile(r"ISRCTN\d{8}"), "ISRCTN registry", "https://www.isrctn.com/{}"),
    (
        re.compile(r"\d{4}-\d{6}-\d{2}"),
        "EU Clinical Trials Register",
        "https://www.clinicaltrialsregister.eu/ctr-search/search?query={}",
    ),
    (
        re.compile(r"ChiCTR[-\w]+"),
        "Chinese Clinical Trial Registry, by the WHO portal",
        "https://trialsearch.who.int/Trial2.aspx?TrialID={}",
    ),
    (
        re.compile(r"IRCT\w+"),
        "Iranian Registry of Clinical Trials, by the WHO portal",
        "https://trialsearch.who.int/Trial2.aspx?TrialID={}",
    ),
    (
        re.compile(r"(?:ACTRN|jRCT|JPRN-|RBR-|CTRI/|DRKS|KCT|NTR|PACTR|TCTR)[-/\w]+"),
        "WHO portal",
        "https://trialsearch.who.int/Trial2.aspx?TrialID={}",
    ),
)
_WEB = re.compile(r"https?://[^\s<>\"']+")
#: Longest piece of an address shown in running text.
_SHOWN = 46


@dataclass(frozen=True, slots=True)
class Link:
    """A text, and where it leads; plain text where there is no address."""

    text: str
    href: str | None = None
    title: str | None = None


def registration(number: str) -> Link:
    """Return the link to a registry entry; plain text for a number of an unknown registry.

    Examples
    --------
    >>> registration("NCT04355728").href
    'https://clinicaltrials.gov/study/NCT04355728'
    >>> registration("EudraCT 2020-001287-28").href
    'https://www.clinicaltrialsregister.eu/ctr-search/search?query=2020-001287-28'
    >>> registration("local 12").href is None
    True
    """
    bare = re.sub(r"^EudraCT\s+(number\s+)?", "", number.strip())
    for pattern, name, address in _REGISTRIES:
        if pattern.fullmatch(bare):
            return Link(number, address.format(quote(bare, safe="")), name)
    return Link(number)


def doi(value: str) -> Link:
    """Return the link to a DOI.

    Examples
    --------
    >>> doi("10.1002/sctm.20-0472").href
    'https://doi.org/10.1002/sctm.20-0472'
    """
    return Link(f"doi:{value}", "https://doi.org/" + quote(value, safe="/:;()._-"))


def pubmed(value: str) -> Link:
    """Return the link to a PubMed record."""
    return Link(f"PMID {value}", f"https://pubmed.ncbi.nlm.nih.gov/{value}/")


def pubmed_central(value: str) -> Link:
    """Return the link to an article in PubMed Central."""
    return Link(value, f"https://pmc.ncbi.nlm.nih.gov/articles/{value}/")


def source(url: str, text: str) -> Link:
    """Return the link to a source; a file named by its repository leads to the repository.

    Only addresses of the web become links.

    Examples
    --------
    >>> source("github:owner/name folder/file.md", "Table 2").href
    'https://github.com/owner/name'
    """
    if url.startswith("github:"):
        repository = url.removeprefix("github:").split()[0].strip("/,;")
        where = url.removeprefix("github:").removeprefix(repository).strip()
        known = re.fullmatch(r"[\w.-]+/[\w.-]+", repository)
        return Link(
            f"{text} ({where})" if where else text, f"https://github.com/{repository}" if known else None
        )
    return Link(text, url if url.startswith(("https://", "http://")) else None)


def host(url: str) -> str:
    """Return who holds an address: ``pmc.ncbi.nlm.nih.gov``; for a repository, its name.

    Examples
    --------
    >>> host("https://www.nature.com/articles/x")
    'nature.com'
    """
    if url.startswith("github:"):
        return "github.com"
    return url.split("/")[2].removeprefix("www.")


def linked(text: str) -> Markup:
    """Return text with its web addresses as links, everything else escaped.

    Examples
    --------
    >>> str(linked("<b> see https://example.org/a."))
    '&lt;b&gt; see <a href="https://example.org/a">example.org/a</a>.'
    """
    parts: list[Markup] = []
    end = 0
    for found in _WEB.finditer(text):
        address = found[0].rstrip(".,;:)]")
        shown = address.split("://", 1)[1].removeprefix("www.")
        if len(shown) > _SHOWN:
            shown = f"{shown[: _SHOWN - 1]}…"
        parts.append(escape(text[end : found.start()]))
        parts.append(Markup('<a href="{}">{}</a>').format(address, shown))
        end = found.start() + len(address)
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def study_page(study: str) -> str:
    """Return the path of a study's page from the root of the site."""
    return f"studies/{study}.html"


def datum_place(study: str, datum: str) -> str:
    """Return the path of a datum: its row on the page of its study."""
    return f"studies/{study}.html#{datum}"


def analysis_page(analysis: str) -> str:
    """Return the path of an analysis' page from the root of the site."""
    return f"analyses/{analysis}.html"
