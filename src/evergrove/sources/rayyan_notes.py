"""Rayyan's decisions, labels, reasons and notes, which its exports write into the notes of a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.draft import clean

if TYPE_CHECKING:
    from evergrove.sources.draft import Draft

_PARTS = ("RAYYAN-INCLUSION", "RAYYAN-LABELS", "RAYYAN-EXCLUSION-REASONS", "USER-NOTES")
_PART = re.compile(rf"(?:^|\s*\|\s*|\s+)({'|'.join(_PARTS)}):\s*")
#: ``"A"=>"Included"``, and ``"A"=>["a note", "another"]``
_PAIR = re.compile(
    r'"((?:[^"\\]|\\.)*)"\s*=>\s*(\[\s*(?:"(?:[^"\\]|\\.)*"[\s,]*)*\]|"(?:[^"\\]|\\.)*")', re.DOTALL
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def holds_decisions(note: str) -> bool:
    """Return whether a note holds what Rayyan writes into notes.

    Examples
    --------
    >>> holds_decisions('RAYYAN-INCLUSION: {"A"=>"Included"}'), holds_decisions("a note")
    (True, False)
    """
    return any(f"{name}:" in note for name in _PARTS)


def notes_in(text: str) -> list[str]:
    r"""Return the notes in a text, each line one; what Rayyan wrote stays whole.

    Examples
    --------
    >>> notes_in("one\n  two"), notes_in('USER-NOTES: {"A"=>["a\nb"]}')
    (['one', 'two'], ['USER-NOTES: {"A"=>["a b"]}'])
    """
    parts = [text] if holds_decisions(text) else text.split("\n")
    return [note for part in parts if (note := clean(part))]


def take_decisions(draft: Draft) -> None:
    """Take Rayyan's parts out of the notes of a draft into `other`; what stands before them stays a note.

    Examples
    --------
    >>> from evergrove.sources.draft import Draft
    >>> note = 'seen | RAYYAN-INCLUSION: {"A"=>"Included", "B"=>"Excluded"} | RAYYAN-LABELS: x,y'
    >>> draft = Draft(1, None, "", notes=[note])
    >>> take_decisions(draft)
    >>> draft.notes, draft.other
    (['seen'], {'rayyan-decision': ['A: Included', 'B: Excluded'], 'rayyan-label': ['x', 'y']})
    """
    notes, draft.notes = draft.notes, []
    for note in notes:
        if holds_decisions(note):
            _take(draft, note)
        else:
            draft.notes.append(note)


def _take(draft: Draft, note: str) -> None:
    before, *parts = _PART.split(note)
    if clean(before):
        draft.notes.append(clean(before))
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        pairs = _PAIR.findall(text)
        if name == "RAYYAN-INCLUSION":
            told = [f"{who}: {_plain(what)}" for who, what in pairs]
            draft.keep("rayyan-decision", told or clean(text))  # as it stands where it cannot be taken apart
        elif name == "USER-NOTES":
            said = [(who, words) for who, listed in pairs for words in _QUOTED.findall(listed)]
            draft.keep("rayyan-note", [f"{who}: {_unescaped(words)}" for who, words in said] or clean(text))
        else:
            key = "rayyan-label" if name == "RAYYAN-LABELS" else "rayyan-exclusion-reason"
            draft.keep(key, [clean(part) for part in text.rstrip(" |").split(",")])


def _plain(quoted: str) -> str:
    found = _QUOTED.fullmatch(quoted.strip())
    return _unescaped(found.group(1) if found else quoted)


def _unescaped(text: str) -> str:
    return clean(text.replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\"))
