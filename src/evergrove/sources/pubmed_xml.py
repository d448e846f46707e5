"""PubMed's XML: efetch, the baseline files, articles and books."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import (
    add_serial_numbers,
    complete,
    page_range,
    pmcid_in,
    pmid_in,
    set_date,
    title_without_stop,
)
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.xml_records import Element, elements_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from evergrove.sources.opening import Opened

_MARK = re.compile(r"<(?:PubmedArticle|PubmedBookArticle|MedlineCitation)[\s>]")
#: Parts of a citation that are kept in `other`, a text each.
_KEPT: dict[str, str] = {
    "affiliation": ".//Author/AffiliationInfo/Affiliation",
    "chemical": ".//ChemicalList/Chemical/NameOfSubstance",
    "grant": ".//GrantList/Grant",
    "country": ".//MedlineJournalInfo/Country",
    "journal abbreviation": ".//MedlineJournalInfo/MedlineTA",
    "vernacular title": ".//Article/VernacularTitle",
    "conflict of interest": "./CoiStatement",
    "investigator": ".//InvestigatorList/Investigator",
    "copyright": ".//Abstract/CopyrightInformation",
    "gene": ".//GeneSymbolList/GeneSymbol",
    "collection": ".//Book/CollectionTitle",
    "place": ".//Book/Publisher/PublisherLocation",
    "note": "./GeneralNote",
    "person as subject": "./PersonalNameSubjectList/PersonalNameSubject",
    "other number": "./OtherID",
}


def recognise(head: str) -> bool:
    """Return whether a file begins as PubMed's XML does."""
    return "<PubmedArticleSet" in head or "<PubmedBookArticleSet" in head or _MARK.search(head) is not None


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Parts without a field of their own are kept in `other` and in the raw form.
    """
    bare = "<PubmedArticle" not in opened.head and "<MedlineCitation" in opened.head
    names = ("MedlineCitation",) if bare else ("PubmedArticle", "PubmedBookArticle")
    for element in elements_of(opened, *names):
        yield element if isinstance(element, LeftOut) else _draft(element)


def _draft(element: Element) -> Draft | LeftOut:
    draft = Draft(element.position, element.line, element.raw)
    root = element.root
    if root.tag == "MedlineCitation":
        citation = root
    else:
        found = root.find("MedlineCitation")
        citation = found if found is not None else root.find("BookDocument")
    if citation is None:
        reason = f"no citation in {root.tag}; allowed: MedlineCitation or BookDocument"
        return LeftOut(element.position, element.line, reason, element.raw)
    draft.pmid = pmid_in(text_of(citation.find("PMID")))
    if citation.tag == "BookDocument":
        _book(draft, citation)
    else:
        _article(draft, citation)
    _identifiers(draft, root, citation)
    for name, path in _KEPT.items():
        draft.keep(
            name,
            [" ".join(clean(text_of(part)) for part in _parts(node)) for node in citation.iterfind(path)],
        )
    for note in citation.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        parts = [clean(text_of(part)) for part in note if part.tag in {"RefSource", "PMID"}]
        draft.keep(note.get("RefType") or "comment", " PMID ".join(parts))
    for bank in citation.iterfind(".//DataBankList/DataBank"):
        name = clean(text_of(bank.find("DataBankName"))) or "data bank"
        draft.keep(name, [clean(text_of(number)) for number in bank.iter("AccessionNumber")])
    return complete(draft)


def _parts(node: _Element) -> list[_Element]:
    """Return the parts of a node that has no text of its own (a grant's), else the node."""
    own = [node.text, *(part.tail for part in node)]
    return list(node) if len(node) and not any((text or "").strip() for text in own) else [node]


def _article(draft: Draft, citation: _Element) -> None:
    draft.kind = RecordKind.ARTICLE
    article = citation.find("Article")
    if article is None:
        return
    title = clean(text_of(article.find("ArticleTitle"))) or clean(text_of(article.find("VernacularTitle")))
    draft.title = title_without_stop(title) or None
    draft.abstract = _abstract(article.find("Abstract")) or _abstract(citation.find("OtherAbstract"))
    draft.authors = _people(article.find("AuthorList"))
    draft.language = clean(" ".join(text_of(node) for node in article.iterfind("Language"))) or None
    draft.types = _texts(article, "PublicationTypeList/PublicationType")
    draft.pages = _text(article, "Pagination/MedlinePgn") or page_range(
        _text(article, "Pagination/StartPage"), _text(article, "Pagination/EndPage")
    )
    journal = article.find("Journal")
    if journal is not None:
        draft.journal = _text(journal, "Title") or _text(journal, "ISOAbbreviation")
        draft.volume = _text(journal, "JournalIssue/Volume")
        draft.issue = _text(journal, "JournalIssue/Issue")
        add_serial_numbers(draft, "ISSN", _texts(journal, "ISSN"))
        _date(draft, journal.find("JournalIssue/PubDate"))
    if draft.date is None:
        _date(draft, article.find("ArticleDate"))
    add_serial_numbers(draft, "ISSN", _texts(citation, "MedlineJournalInfo/ISSNLinking"))
    draft.keywords = [*_headings(citation), *_texts(citation, "KeywordList/Keyword")]
    for node in article.iterfind("ELocationID"):
        text = clean(text_of(node))
        if node.get("EIdType") == "doi" and draft.doi is None and node.get("ValidYN") != "N":
            draft.doi = doi_in(text)
        else:
            draft.keep(node.get("EIdType") or "ELocationID", text)


def _book(draft: Draft, document: _Element) -> None:
    book = document.find("Book")
    chapter, whole = _text(document, "ArticleTitle"), _text(document, "Book/BookTitle")
    draft.kind = RecordKind.CHAPTER if chapter is not None else RecordKind.BOOK
    draft.title = title_without_stop(chapter or whole or "") or None
    draft.journal = whole if chapter is not None else None
    draft.abstract = _abstract(document.find("Abstract"))
    draft.language = _text(document, "Language")
    draft.types = _texts(document, "PublicationType")
    draft.keywords = _texts(document, "KeywordList/Keyword")
    draft.pages = _text(document, "Pagination/MedlinePgn")
    draft.authors = _people(document.find("AuthorList"))
    if book is None:
        return
    draft.publisher = _text(book, "Publisher/PublisherName")
    draft.volume = _text(book, "Volume")
    draft.authors = draft.authors or _people(book.find("AuthorList"))
    add_serial_numbers(draft, "Isbn", _texts(book, "Isbn"))
    _date(draft, book.find("PubDate"))
    for node in book.iterfind("ELocationID"):
        doi = doi_in(text_of(node)) if node.get("EIdType") == "doi" else None
        if doi is not None and chapter is None and draft.doi is None:
            draft.doi = doi
        else:
            draft.keep("book ELocationID", clean(text_of(node)))


def _identifiers(draft: Draft, root: _Element, citation: _Element) -> None:
    lists = (
        root.find("PubmedData/ArticleIdList"),
        root.find("PubmedBookData/ArticleIdList"),
        citation.find("ArticleIdList"),
    )
    for node in (node for found in lists if found is not None for node in found.iterfind("ArticleId")):
        text, kind = clean(text_of(node)), node.get("IdType") or "identifier"
        if kind == "doi":
            draft.doi = draft.doi or doi_in(text)
        elif kind == "pmc":
            draft.pmcid = draft.pmcid or pmcid_in(text)
        elif kind == "pubmed":
            draft.pmid = draft.pmid or pmid_in(text)
        elif text:
            draft.accessions.setdefault(kind, text)


def _abstract(abstract: _Element | None) -> str | None:
    """Return an abstract; the labels of its parts stand before them, as in PubMed's own exports."""
    if abstract is None:
        return None
    parts = []
    for node in abstract.iterfind("AbstractText"):
        label, text = clean(node.get("Label") or ""), clean(text_of(node))
        if text:
            parts.append(f"{label}: {text}" if label and label != "UNLABELLED" else text)
    return " ".join(parts) or None


def _people(authors: _Element | None) -> list[str]:
    names = []
    for author in authors.iterfind("Author") if authors is not None else ():
        family, group = _text(author, "LastName"), _text(author, "CollectiveName")
        given = _text(author, "ForeName") or _text(author, "Initials")
        suffix = _text(author, "Suffix")
        given = f"{given} {suffix}" if given and suffix else given
        name = f"{family}, {given}" if family and given else family or group or given
        if name:
            names.append(name)
    return names


def _headings(citation: _Element) -> list[str]:
    """Return the subject headings as PubMed writes them: ``Anxiety/*therapy``."""
    found = []
    for heading in citation.iterfind("MeshHeadingList/MeshHeading"):
        parts = [
            ("*" if node.get("MajorTopicYN") == "Y" else "") + clean(text_of(node))
            for node in heading
            if node.tag in {"DescriptorName", "QualifierName"}
        ]
        found.append("/".join(parts))
    return found


def _date(draft: Draft, node: _Element | None) -> None:
    if node is None:
        return
    parts = [_text(node, name) for name in ("Year", "Month", "Day")]
    told = _text(node, "MedlineDate") or " ".join(part for part in parts if part)
    season = _text(node, "Season")
    set_date(draft, f"{told} {season}" if season else told)


def _text(node: _Element, path: str) -> str | None:
    return clean(text_of(node.find(path))) or None


def _texts(node: _Element, path: str) -> list[str]:
    return [text for found in node.iterfind(path) if (text := clean(text_of(found)))]
