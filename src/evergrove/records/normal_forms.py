"""Normal forms of a record's fields: what two databases print differently becomes the same."""

from __future__ import annotations

import html
import re
from enum import IntFlag
from functools import lru_cache

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,60}>")
#: What is no lower-case letter or digit becomes a space.
_ONLY_WORDS = {code: " " for code in range(128) if not (chr(code).isdigit() or chr(code).islower())}
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"]+", re.IGNORECASE)
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
    "upsilon phi chi psi omega"
)
_GREEK = {
    ord(letter): f" {name} "
    for letter, name in zip(
        "αβγδεζηθικλμνξοπρστυφχψω",
        _GREEK_NAMES.split(),
        strict=True,
    )
} | {ord("µ"): " mu ", ord("’"): "", ord("‐"): "-"}
# What stands where a quotation mark was spoiled by a wrong encoding says nothing.
_GREEK |= dict.fromkeys([*range(0x80, 0xA0), *map(ord, "‘“”€°™®©�")], " ")
#: Letters of Windows -> their bytes, and runs of them that UTF-8 gives when it is read as Windows' text.
_WINDOWS = {bytes([code]).decode("cp1252", "ignore") or chr(code): code for code in range(0x80, 0x100)}
_WINDOWS |= {chr(code): code for code in range(0x80, 0xA0)}
_MISREAD = re.compile(
    f"[Â-ô][{re.escape(''.join(letter for letter, code in _WINDOWS.items() if code < 0xC0))}]{{1,3}}"
)
#: What databases add behind a title; it is no part of it.
_TAIL = re.compile(
    r"\s*[\[(](?:published )?(?:erratum|errata|corrigendum|corrected|retraction|comment|republished)s?\b"
    r"[^a-z]{0,3}(?:and \w+ )?(?:appears?|appeared|in|on|for)\b.*$"
    r"|\s*[\[(](?:meeting |conference )?abstract\b[^\])]*[\])].*$"
    r"|\s*<original>.*$|(?-i:\s+(?:LA|TO): ?[A-Z].*)$",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\s*(?:\[\d{1,2}|[\[(](?:see comments?|comments?|(?:multiple )?letters?|letter \d|"
    r"letter to the editor|editorial|reviews?|news|"
    r"article in [a-z ,/-]+|(?:in )?(?:chinese|german|french|spanish|japanese|russian|italian|polish|"
    r"turkish|portuguese|dutch|korean|czech|danish|swedish|norwegian|hungarian|english)|cochrane review|"
    r"author'?s transl|proceedings?|\d+ refs?|corrected|(?:conference |meeting )?abstracts?))[\])]*[\s.]*$",
    re.IGNORECASE,
)
#: No title that begins with one of these says that it was retracted or withdrawn.
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQSTUVXYZabcdefghijklmnopqstuvxyz")
_WITHDRAWN = re.compile(r"^\W*(?:retracted(?: article)?|withdrawn)\W+", re.IGNORECASE)
#: British and American spellings of the same sound; applied to both sides, so no word list is needed. The
#: first part says where the pattern can hold at all.
_SPELLING = (
    (("ae", "oe"), re.compile(r"[ao]+e"), "e"),
    (("our",), re.compile(r"our(?=s?\b|al\b|ally\b|ed\b|ing\b)"), "or"),
    (("tre", "bre"), re.compile(r"(?<=cen)tre(?=s?\b)|(?<=li)tre(?=s?\b)|(?<=ti)tre(?=s?\b)"), "ter"),
    (("fibre",), re.compile(r"\bfibre(?=s?\b)"), "fiber"),
    (("sulph",), re.compile(r"sulph"), "sulf"),
    (("aluminium",), re.compile(r"aluminium"), "aluminum"),
    (("isat", "ise", "isi"), re.compile(r"is(?=ation|e[ds]?\b|ing\b)"), "iz"),
    (("yse",), re.compile(r"yse"), "yze"),
    (("lled", "lling"), re.compile(r"(?<=[a-z])ll(?=ed\b|ing\b)"), "l"),
)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_DATE_LIKE = re.compile(r"^(?:(\d{1,4})-([A-Za-z]{3})|([A-Za-z]{3})-(\d{1,4}))$")
_PAGE = re.compile(r"([a-z]{0,10})0*(\d+)([a-z]?)")
_PAGE_RANGE = re.compile(
    r"(?:^|[^a-z0-9])(?P<first>[a-z]{0,10}0*\d+[a-z]?)(?:\s*(?:--?|–|—|‐|−|to)\s*(?P<last>[a-z]{0,10}\d+[a-z]?))?",
    re.IGNORECASE,
)
_VOLUME = re.compile(r"[a-z]{0,3}0*(\d+)|[a-z]+", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"\(([^)]*)\)")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_NUMBER = re.compile(
    r"\b\d+\b|\b(?:part|phase|type|stage|class|grade|volume|study|trial|report|paper|section)s? "
    r"([ivx]+|[a-d])\b|\b(?:ii|iii|iv|vi|vii|viii|ix)\b"
)
_DIGIT = re.compile(r"\d")
_WORDED = frozenset(
    [
        "part",
        "parts",
        "phase",
        "phases",
        "type",
        "types",
        "stage",
        "stages",
        "class",
        "grade",
        "volume",
        "study",
        "trial",
        "report",
        "paper",
        "section",
        "ii",
        "iii",
        "iv",
        "vi",
        "vii",
        "viii",
        "ix",
    ]
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}


class Sort(IntFlag):
    """What sort of publication a record's title, journal and DOI betray."""

    NONE = 0
    CORRECTION = 1
    RETRACTION = 2
    REPLY = 4
    COMMENT = 8
    PREPRINT = 16
    CONFERENCE = 32
    REGISTRY = 64
    COCHRANE = 128


_SORTS = (
    (
        Sort.CORRECTION,
        re.compile(
            r"^(?:(?:publishers?|authors?) )?(?:erratum|errata|corrigend(?:um|a)|corrections?|addendum)\b"
            r"(?! (?:of|for|with|by|in)\b(?! (?:the )?article\b))|\b(?:erratum|corrigendum)$|"
            r"\bvol \d+ (?:pg|pp?|page) [a-z]?\d+ \d{4}$"
        ),
    ),
    (
        Sort.RETRACTION,
        re.compile(r"^(?:retraction|notice of retraction|expression of concern|statement of retraction)\b"),
    ),
    (
        Sort.REPLY,
        re.compile(
            r"^(?:authors? )?(?:reply|response)(?: to| from|$)|^(?:the )?authors? (?:repl|response)|"
            r"\bauthors? (?:reply|response)$|\breply$|^in (?:reply|response)\b"
        ),
    ),
    (
        Sort.COMMENT,
        re.compile(
            r"^(?:comments?|commentary|letters?|re|discussion|invited comment(?:ary)?|editorial comment)"
            r"(?: (?:on|to|re|by)\b|$)|^re \w|\b(?:invited )?comment(?:ary)?$"
        ),
    ),
)
#: One of these stands in every title that tells its sort.
_SORT_MARKS = (
    "errat", "corrig", "correct", "addend", " pg ", " pp ", " p ", " page ", "retract", "concern", "repl",
    "respon", "comment", "letter", "discussion",
)  # fmt: skip
_PREPRINT_SERVER = re.compile(
    r"\b(?:medrxiv|biorxiv|arxiv|chemrxiv|psyarxiv|ssrn|research square|preprints?|authorea)\b"
)
_PREPRINT_DOI = re.compile(
    r"^10\.(?:1101/(?:19|20)\d\d\.\d\d\.\d\d\.|1101/\d{6}$|21203/|2139/ssrn|20944/|48550/|31234/|31219/|26434/|22541/|36227/)"
)
_CONFERENCE = re.compile(
    r"\b(?:conference|conferences|symposium|workshop|congress|colloquium|annual meeting|meeting abstracts?|"
    r"proceedings of the (?:annual|international|\d+)|lecture notes)\b"
)
_COCHRANE = re.compile(r"\bcochrane (?:db|database)\b")
_COCHRANE_ID = re.compile(r"\b(cd\d{6}|mr\d{6})\b", re.IGNORECASE)


def ascii_text(text: str) -> str:
    """Return text in ASCII, lower case, without markup; Greek letters by name.

    Examples
    --------
    >>> ascii_text("<i>TNF</i>-α in Müller&rsquo;s cells").split()
    ['tnf-', 'alpha', 'in', 'mullers', 'cells']
    """
    if "&" in text:
        # Twice: an export of an export escapes what was escaped.
        text = html.unescape(html.unescape(text))
    if not text.isascii() and _MISREAD.search(text) is not None:
        text = _MISREAD.sub(_read_again, text)
    if "<" in text:
        text = _TAG.sub("", text)
    text = text.lower()
    if not text.isascii():
        from anyascii import anyascii  # noqa: PLC0415 - only for text that needs it

        text = anyascii(text.translate(_GREEK)).lower()
    return text.replace("'", "")


def _read_again(found: re.Match[str]) -> str:
    """Return letters of UTF-8 that were read as those of Windows, read as what they are."""
    try:
        return bytes(_WINDOWS[letter] for letter in found.group()).decode()
    except UnicodeDecodeError:
        return found.group()


def title_form(title: str) -> str:
    """Return a title's normal form: words of letters and digits with one space between them.

    Examples
    --------
    >>> title_form("[Randomised trial of β-blockers in oedema (author's transl)]")
    'randomized trial of beta blockers in edema'
    >>> title_form("RETRACTED: A trial [see comments].") == title_form("a trial")
    True
    """
    text = title.strip()
    if text[:1] not in _LETTERS:
        text = _WITHDRAWN.sub("", text)
    if "[" in text or "(" in text or "<" in text or ":" in text:
        text = _TAIL.sub("", text) or text
    while text.rstrip(". ").endswith(("]", ")")) and (shorter := _NOTE.sub("", text)) not in {"", text}:
        text = shorter
    text = " ".join(ascii_text(text).translate(_ONLY_WORDS).split())
    for marks, pattern, form in _SPELLING:
        if any(mark in text for mark in marks):
            text = pattern.sub(form, text)
    return text


def numbers_in(title: str) -> frozenset[str]:
    """Return the numbers that a title in normal form holds: of a part, phase, dose or year.

    Examples
    --------
    >>> sorted(numbers_in("insulin in 20 patients part ii")), sorted(numbers_in("insulin"))
    (['2', '20'], [])
    """
    if _DIGIT.search(title) is None and _WORDED.isdisjoint(title.split()):
        return frozenset()
    found = set()
    for match in _NUMBER.finditer(title):
        text = match.group(1) or match.group(0)
        found.add(str(_ROMAN[text]) if text in _ROMAN else text.lstrip("0") or "0")
    return frozenset(found)


def sort_of(title: str, journal: str, doi: str) -> Sort:
    """Return what sort of publication the normal forms of title, journal and DOI betray.

    Examples
    --------
    >>> sort_of("erratum to a trial of rest", "lancet", ""), sort_of("a trial", "medrxiv", "")
    (<Sort.CORRECTION: 1>, <Sort.PREPRINT: 16>)
    """
    found = Sort.NONE
    if title.startswith("re ") or any(mark in title for mark in _SORT_MARKS):
        for sort, pattern in _SORTS:
            if pattern.search(title):
                found |= sort
    if doi and _PREPRINT_DOI.match(doi):
        found |= Sort.PREPRINT
    return found | _sort_of_journal(journal)


@lru_cache(maxsize=100_000)
def _sort_of_journal(journal: str) -> Sort:
    found = Sort.PREPRINT if _PREPRINT_SERVER.search(journal) else Sort.NONE
    if _CONFERENCE.search(journal):
        found |= Sort.CONFERENCE
    if _COCHRANE.search(journal):
        found |= Sort.COCHRANE
    return found


def doi_form(text: str) -> str:
    """Return a DOI in lower case without address and without what clings to it, or an empty text.

    Examples
    --------
    >>> doi_form("https://doi.org/10.1016/S0140-6736(20)30183-5."), doi_form("10.17705/")
    ('10.1016/s0140-6736(20)30183-5', '')
    """
    found = _DOI.search(html.unescape(text.replace("%2F", "/").replace("%2f", "/")))
    if found is None:
        return ""
    doi = found.group().lower()
    if "(sici)" not in doi:
        # Markup clings to it; the identifiers of the 1990s have angle brackets of their own.
        doi = doi.split("<", 1)[0].split(">", 1)[0]
    doi = doi.rstrip(".,;:]")
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1].rstrip(".,;:")
    return doi


def pages_form(text: str) -> tuple[str, str]:
    """Return first and last page; a short last page is completed, a page that became a date is read back.

    Examples
    --------
    >>> pages_form("123-9; discussion 130"), pages_form("S12-S19"), pages_form("19-Nov")
    (('123', '129'), ('s12', 's19'), ('11', '19'))
    >>> pages_form("CD002273"), pages_form("no pagination"), pages_form("123.e1-123.e9")
    (('cd2273', ''), ('', ''), ('123', ''))
    """
    text = text.strip().strip('"')
    spoiled = _DATE_LIKE.match(text)
    if spoiled is not None:
        month = _MONTHS.get((spoiled.group(2) or spoiled.group(3)).lower())
        other = int(spoiled.group(1) or spoiled.group(4))
        # A spreadsheet shows "11-19" and "19-11" alike; pages rise.
        return ("", "") if month is None else (str(min(month, other)), str(max(month, other)))
    printed = _WEB_PAGES.sub("", _MORE_PAGES.sub("", _MARKED_PAGES.sub("", text)))
    ranges = [_range(found) for found in _PAGE_RANGE.finditer(printed)]
    # Of an article in several pieces, the piece that stands first in the volume, whatever is printed first.
    pieces = [item for item in ranges if item[1]] or ranges[:1]
    return min(pieces, key=lambda item: (len(item[0]), item[0]), default=("", ""))


def _range(found: re.Match[str]) -> tuple[str, str]:
    first, last = _page(found["first"]), _page(found["last"] or "")
    if last.isdigit() and (digits := re.search(r"\d+", first)) is not None and not first.isdigit():
        prefix, number = first[: digits.start()], digits.group()
        last = prefix + (number[: len(number) - len(last)] + last if len(last) < len(number) else last)
    elif last.isdigit() and first.isdigit() and len(last) < len(first):
        last = first[: len(first) - len(last)] + last
    return first, last


#: What is added on the web to a printed page: "123.e1-123.e9", "123-129.e2".
_WEB_PAGES = re.compile(r"(?<=\d)\.e\d+(?:\s*[-–]\s*(?:\d+\.)?e?\d+)?", re.IGNORECASE)
_MORE_PAGES = re.compile(r";.*$|[,\s]*\bdiscussion\b.*$|\[.*$", re.IGNORECASE)
_MARKED_PAGES = re.compile(r"^\s*(?:pp?\.|pages?|art(?:icle)?\.?\s*(?:no\.?|number)?|no\.)\s*", re.IGNORECASE)


def _page(text: str) -> str:
    found = _PAGE.fullmatch(text.lower())
    return "".join((found.group(1), found.group(2), found.group(3))) if found is not None else ""


def volume_form(text: str) -> tuple[str, str]:
    """Return the volume's number, and an issue that stands in the same field.

    Examples
    --------
    >>> volume_form("4 (1) (no pagination)"), volume_form("53 Suppl 3"), volume_form("Vol. 012")
    (('4', '1'), ('53', 's3'), ('12', ''))
    """
    text = text.strip().lower().removeprefix("volume").removeprefix("vol").lstrip(". ")
    found = _VOLUME.match(text)
    if found is None:
        return "", ""
    issue = _IN_PARENTHESES.search(text)
    named = text[found.end() :] if found.group(1) is not None else text
    supplement = issue_form(named) if "sup" in named else ""
    number = found.group(1) or ("" if supplement else found.group(0))
    return number, issue_form(issue.group(1)) if issue is not None else supplement


def issue_form(text: str) -> str:
    """Return an issue's number without its words; of a supplement with an ``s`` before it.

    Examples
    --------
    >>> issue_form("Suppl. 3"), issue_form("18_suppl"), issue_form("07"), issue_form("no pagination")
    ('s3', 's18', '7', '')
    """
    text = text.strip().lower()
    found = re.search(r"\d+", text)
    supplement = "s" if "sup" in text or re.search(r"\bs\.? ?\d|\ds\b", text) else ""
    if found is None:
        return supplement
    return supplement + (found.group().lstrip("0") or "0")


def year_form(value: object) -> int:
    """Return the year in a value, 0 for none.

    Examples
    --------
    >>> year_form("2019 Jan"), year_form(2020.0), year_form(None)
    (2019, 2020, 0)
    """
    found = _YEAR.search(str(value))
    return int(found.group()) if found is not None else 0


def cochrane_id(pages: str, doi: str) -> str:
    """Return the number of a Cochrane review in its pages or DOI.

    Examples
    --------
    >>> cochrane_id("Cd002273", ""), cochrane_id("", "10.1002/14651858.cd002273.pub2")
    ('cd002273', 'cd002273')
    """
    found = _COCHRANE_ID.search(pages) or _COCHRANE_ID.search(doi)
    return found.group(1).lower() if found is not None else ""
