"""What a model refuses, in the project's words: place, value found, what is wrong, what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_NUMBER = ("is no number", "a number, without quotes")
_WHOLE = ("is no whole number", "a whole number, without quotes")
_WORD = ("is none of the words allowed", "{expected}")
_LIST = ("is no list", "a list")
_FIELDS = ("has no fields", "fields with their values")
_DATE = ("is no date", "a date: 2020-04-06")
_TIME = ("is no time", "a date and time: 2020-04-06T12:00:00")
_TRUTH = ("is neither true nor false", "true, false")
_KIND = ("is no kind that is known", "{expected_tags}")
#: Kind of error -> what is wrong, and what may stand there.
WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "a value"),
    "extra_forbidden": ("no such field", "the fields of docs/reference/review-folder.md"),
    "invalid_key": ("is no name of a field", "text"),
    "string_type": ("is no text", "text; a number or date that is meant as text stands in quotes"),
    "string_too_short": ("is too short", "{min_length} characters or more"),
    "string_too_long": ("is too long", "{max_length} characters or fewer"),
    "string_pattern_mismatch": ("does not have the form", "{form}"),
    "string_unicode": ("is no text", "UTF-8"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": ("is not finite", "a finite number"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "enum": _WORD,
    "literal_error": _WORD,
    "greater_than": ("is too small", "above {gt}"),
    "greater_than_equal": ("is too small", "{ge} or more"),
    "less_than": ("is too large", "below {lt}"),
    "less_than_equal": ("is too large", "{le} or less"),
    "too_short": ("has too few entries", "{min_length} or more"),
    "too_long": ("has too many entries", "{max_length} or fewer"),
    "tuple_type": _LIST,
    "list_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "dict_type": _FIELDS,
    "mapping_type": _FIELDS,
    "model_type": _FIELDS,
    "model_attributes_type": _FIELDS,
    "union_tag_invalid": _KIND,
    "union_tag_not_found": ("does not say its kind", "{discriminator}"),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": ("has no time zone", "a time with its zone: 2020-04-06T12:00:00Z"),
    "json_invalid": ("not readable as JSON: {error}", "one JSON object"),
}
#: Forms of text whose pattern says less than words.
FORMS = {
    r"^[a-z0-9][a-z0-9._-]*$": "lower-case letters, digits, '.', '_' and '-', a letter or digit first",
    r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$": "a date: 2020, 2020-04 or 2020-04-06",
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$": "text without control characters",
    r"^(https?://|github:)\S": "an address that begins with https:// or github:",
    r"^10\.\d{4,9}/\S+$": "a DOI: 10.1234/name",
    r"^\d{1,9}$": "a PubMed number: digits",
    r"^PMC\d+$": "a PubMed Central number: PMC and digits",
    r"^[A-Z]{2}$": "two capital letters: CN",
    r"^-?\d+(\.\d+)?(e\d{1,2})?$": "a number in quotes, as it is printed: '12.50'",
    r"\S": "text that is not blank",
}


def place_of(path: tuple[str | int, ...]) -> str:
    """Return the path of a field as text.

    Examples
    --------
    >>> place_of(("data", 3, "values", "msc", "events"))
    'data[3].values.msc.events'
    """
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".")


class Refused(NamedTuple):
    """One thing that a model refuses.

    Parameters
    ----------
    path : tuple of str and int
        The field.
    found : object
        What stands there.
    problem, allowed : str
    missing : bool
        Whether the field is not there, so that nothing was found.
    """

    path: tuple[str | int, ...]
    found: object
    problem: str
    allowed: str
    missing: bool = False

    @property
    def place(self) -> str:
        """The field as text; empty for the whole."""
        return place_of(self.path)

    @property
    def shown(self) -> str:
        """The value found, shortened."""
        if self.missing:
            return ""
        if isinstance(self.found, dict | list):
            return f"{'fields' if isinstance(self.found, dict) else 'list'} of {len(self.found)}"
        text = repr(self.found)
        return text if len(text) <= 80 else f"{text[:77]}…"

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        found = f" (found {self.shown})" if self.shown else ""
        return f"{place}{self.problem}{found}{allowed}"


def refused(details: ErrorDetails) -> Refused:
    """Return one error of a validation in words.

    Parameters
    ----------
    details : dict
        One entry of ``ValidationError.errors()``.

    Returns
    -------
    Refused
    """
    context = details.get("ctx", {})
    at = tuple(context.get("at", ()))
    path = (*(part for part in details["loc"] if part != "[key]"), *at)
    found = details["input"]
    for key in at:
        try:
            found = found[key]
        except (KeyError, IndexError, TypeError):
            break
    if "problem" in context:
        return Refused(path, found, context["problem"], context.get("allowed", ""))
    problem, allowed = WORDS.get(details["type"], (details["msg"], ""))
    pattern = str(context.get("pattern", ""))
    told = {**context, "form": FORMS.get(pattern, f"the form {pattern}")}
    missing = details["type"] == "missing"
    return Refused(path, found, problem.format_map(told), allowed.format_map(told), missing)


def refusals(error: ValidationError, model: type[BaseModel]) -> list[Refused]:
    """Return every error of a validation in words.

    Parameters
    ----------
    error : ValidationError
    model : type
        The model that was validated: it says which fields there are where one is unknown.

    Returns
    -------
    list of Refused
        Without the remark that a list is too short where it only lacks the entries that are refused.
    """
    found = error.errors(include_url=False)
    places = [details["loc"] for details in found]
    told = []
    for details in found:
        at = details["loc"]
        if details["type"] == "too_short" and any(place[: len(at)] == at != place for place in places):
            continue
        item = refused(details)
        if details["type"] == "extra_forbidden":
            known = dict.fromkeys(name for owner in models_at(model, at[:-1]) for name in owner.model_fields)
            item = item._replace(allowed=", ".join(known) or item.allowed)
        told.append(item)
    return told


def models_at(annotation: object, path: tuple[str | int, ...]) -> list[type[BaseModel]]:
    """Return the models that may stand at a path below an annotation.

    Examples
    --------
    >>> from evergrove.model import Study
    >>> [model.__name__ for model in models_at(Study, ("data", 0, "values", "msc"))]
    ['ArmValue']
    """
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return [annotation]
        field = annotation.model_fields.get(str(path[0]))
        return [] if field is None else models_at(field.annotation, path[1:])
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return models_at(inner[0], path)
    if origin in {tuple, list, dict}:
        return models_at(inner[-1 if origin is dict else 0], path[1:]) if path else []
    return [model for part in inner for model in models_at(part, path)]


def first_refused(error: ValidationError) -> Refused:
    """Return the first error of a validation in words.

    Examples
    --------
    >>> from pydantic import ValidationError
    >>> from evergrove.model import Window
    >>> try:
    ...     Window.model_validate({"target": "28", "earliest": 0.0, "latest": 60.0})
    ... except ValidationError as error:
    ...     print(first_refused(error))
    target: is no number (found '28'); allowed: a number, without quotes
    """
    return refused(error.errors(include_url=False)[0])
