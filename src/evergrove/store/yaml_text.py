"""YAML in and out: read fast, find the line of any field when it is needed, write one canonical form."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

from evergrove.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

#: An alias or anchor could make a small file unfold into a huge one; review files have no use for them.
_ANCHOR = re.compile(r"(?:^|[\s\[{,])[&*][A-Za-z0-9_-]+", re.MULTILINE)
#: Levels of nesting allowed; the compiled parser would run out of stack, and take the program with it.
_DEEPEST = 100
#: Block entries opened on one line, or a line indented so far that it may stand too deep.
_STEPS = re.compile(rf"(?:[-?:][ \t]+){{{_DEEPEST}}}|^ {{{_DEEPEST}}}", re.MULTILINE)
#: What a reader who does not know YAML most often needs to hear.
_YAML = "YAML 1.2; text that holds ': ' or ' #', or begins with a sign, stands in quotes"


class YamlFaultError(Exception):
    """A text that is not readable YAML; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def parse(text: str, file: str) -> object:
    """Read one YAML document as plain dicts, lists, numbers and text.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Its path in the review folder, for the fault.

    Returns
    -------
    object
        What the document holds; ``None`` for an empty one.

    Raises
    ------
    YamlFaultError
        If it is not readable: broken syntax, a key that stands twice, a tag, an anchor or alias.

    Examples
    --------
    >>> parse("a: 1", "x.yaml")
    {'a': 1}
    """
    try:
        if _ANCHOR.search(text) or _may_be_deep(text):
            _check_structure(text, file)
        return cast("object", YAML(typ="safe").load(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        problem = str(error.problem or error.context or "cannot be read").strip()
        raise YamlFaultError(
            Fault(file, line, "", _line_of(text, line), f"not readable as YAML: {problem}", _YAML)
        ) from None
    except (ValueError, OverflowError, RecursionError) as error:
        # A number or date that cannot be, or nesting without end.
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise YamlFaultError(
            Fault(file, None, "", "", f"not readable as YAML: {told}", "YAML 1.2, nested a few levels deep")
        ) from None
    except YAMLError as error:
        raise YamlFaultError(
            Fault(file, None, "", "", f"not readable as YAML: {str(error).splitlines()[0]}", "YAML 1.2")
        ) from None


def _may_be_deep(text: str) -> bool:
    return text.count("[") + text.count("{") > _DEEPEST or _STEPS.search(text) is not None


def _check_structure(text: str, file: str) -> None:
    """Refuse anchors and deep nesting; slower than reading, so only where a text may hold them."""
    depth = 0
    for event in YAML(typ="safe").parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST:
            problem, allowed = "nested too deep", f"at most {_DEEPEST} levels"
        elif getattr(event, "anchor", None) is not None:
            problem, allowed = "anchor or alias", "values written out"
        else:
            continue
        line = event.start_mark.line + 1
        raise YamlFaultError(Fault(file, line, "", _line_of(text, line), problem, allowed))


def _line_of(text: str, line: int | None) -> str:
    lines = text.splitlines()
    return repr(lines[line - 1].strip()[:80]) if line is not None and line <= len(lines) else ""


class Lines:
    """The line of each field of a document, found on demand."""

    def __init__(self, text: str) -> None:
        self._tree: Any = YAML(typ="rt").load(text)

    def find(self, path: Sequence[str | int]) -> int | None:
        """Return the line, counted from 1, of the deepest part of the path that exists."""
        node: Any = self._tree
        line: int | None = 1
        for key in path:
            position = getattr(node, "lc", None)
            if position is None:
                return line
            try:
                if isinstance(node, dict):
                    if key not in node:
                        return line
                    line = position.key(key)[0] + 1
                else:
                    line = position.item(key)[0] + 1
                node = node[key]
            except (KeyError, IndexError, TypeError, AttributeError):
                return line
        return line


def dump(data: object) -> str:
    """Write data in the canonical form: block style, order kept, no line breaks inside values.

    Examples
    --------
    >>> print(dump({"id": "x", "n": 3}), end="")
    id: x
    n: 3
    """
    yaml = YAML(typ="rt")
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 10**9
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(type(None), _null)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _null(representer: Any, _data: None) -> Any:  # noqa: ANN401 - ruamel has no public type for these
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")
