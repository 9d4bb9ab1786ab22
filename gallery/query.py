"""The language of the search box: words, and weighted mixes of them such as `2*beach + sunset - people`.

An operator is a plus or a minus with a space before it, so that “black-and-white” and “C++” stay words. A
term may begin with its weight and an asterisk, and may stand in quotation marks, where operators are words.

A term can be a picture instead of words: `picture:` and the id of one in the gallery, or `given:` and the
id under which the vector of one is known that is not stored. Who may use them is not decided here.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

MAX_QUERY = 500  # characters
MAX_TERMS = 8
MAX_WEIGHT = 10.0
PICTURE = "picture:"  # before the id of one in the gallery
GIVEN = "given:"  # before the id of one that is not stored
_MINUS = "-−–"
_SIGNS = "+" + _MINUS
_WEIGHT = re.compile(r"(\d+(?:[.,]\d+)?)\s*[*×]\s*")
_NEXT_OPERATOR = re.compile(rf"\s[{re.escape(_SIGNS)}]")
_PICTURE = re.compile(rf"({PICTURE}|{GIVEN})(\S.*)", re.IGNORECASE | re.DOTALL)
_BEFORE_LAST = re.compile(rf"(?:(?:.*\s)?[{re.escape(_SIGNS)}])?\s*(?:{_WEIGHT.pattern})?", re.DOTALL)
_QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“"}


@dataclass(frozen=True)
class Term:
    """Words or a picture, and how much they count; a negative weight leads away from them."""

    text: str
    weight: float = 1.0
    picture: uuid.UUID | None = None  # one in the gallery
    given: uuid.UUID | None = None  # one that is not stored
    position: int = field(default=0, compare=False)  # of its first character in the query
    source: str = field(default="", compare=False)  # as it is written, without its sign

    @property
    def is_words(self) -> bool:
        return self.picture is None and self.given is None


class QueryError(ValueError):
    """The query cannot be read. `position` is the character, counted from 0, that is the trouble."""

    def __init__(self, reason: Promise, position: int) -> None:
        super().__init__(reason)
        self.position = position
        self.message = format_lazy(
            _("{reason} (at character {position})"), reason=reason, position=position + 1
        )


def parse(query: str) -> list[Term]:
    """The terms of a query, in its order; a query without operators is one term of weight 1.

    Raises QueryError; for an empty query too.
    """
    terms: list[Term] = []
    at = _skip_spaces(query, 0)
    while at < len(query) or not terms:
        if len(terms) == MAX_TERMS:
            raise QueryError(_("A mix has at most eight terms."), at)
        sign, at = _read_sign(query, at, first=not terms)
        start = at
        weight, at = _read_weight(query, at)
        position = at
        text, at = _read_text(query, at)
        terms.append(
            Term(
                text,
                sign * weight,
                **_read_picture(text, position, is_quoted=query[position] in _QUOTES),
                position=position,
                source=query[start:at].strip(),
            )
        )
        at = _skip_spaces(query, at)
    if all(term.weight < 0 for term in terms):
        raise QueryError(_("Say also what to look for, not only what to leave out."), 0)
    return terms


def write(terms: Sequence[Term]) -> str:
    """The query that parse() reads these terms from."""
    parts = [f"{'-' if term.weight < 0 else '+'} {term.source}" for term in terms]
    return " ".join(parts).removeprefix("+ ")


def last_words(query: str) -> tuple[str, str]:
    """A query that is still being typed: what stands before the words of its last term, and these words."""
    match = _BEFORE_LAST.match(query)
    before = match.end() if match else 0
    return query[:before], query[before:]


def as_term(words: str) -> str:
    """Words as they have to be written to be one term: in quotation marks, if need be."""
    try:
        if parse(words) == [Term(words)]:
            return words
    except QueryError:
        pass
    return '"' + words.replace('"', "'") + '"'


def _skip_spaces(query: str, at: int) -> int:
    while at < len(query) and query[at].isspace():
        at += 1
    return at


def _read_sign(query: str, at: int, *, first: bool) -> tuple[float, int]:
    if at < len(query) and query[at] in _SIGNS:
        after = _skip_spaces(query, at + 1)
        if after == len(query) or query[after] in _SIGNS:
            raise QueryError(_("Words are missing after the sign."), at)
        return (-1.0 if query[at] in _MINUS else 1.0), after
    if not first:
        raise QueryError(_("A plus or a minus is missing before this."), at)
    return 1.0, at


def _read_weight(query: str, at: int) -> tuple[float, int]:
    match = _WEIGHT.match(query, at)
    if match is None:
        return 1.0, at
    weight = float(match[1].replace(",", "."))
    if not 0 < weight <= MAX_WEIGHT:
        raise QueryError(_("A weight is above 0 and at most 10."), at)
    return weight, match.end()


def _read_text(query: str, at: int) -> tuple[str, int]:
    if at < len(query) and query[at] in _QUOTES:
        end = query.find(_QUOTES[query[at]], at + 1)
        if end < 0:
            raise QueryError(_("The quotation mark is never closed."), at)
        text, after = query[at + 1 : end].strip(), end + 1
    else:
        found = _NEXT_OPERATOR.search(query, at)
        after = found.start() if found else len(query)
        text = query[at:after].strip()
    if not text:
        raise QueryError(_("Words are missing here."), at)
    return text, after


def _read_picture(text: str, at: int, *, is_quoted: bool) -> dict[str, uuid.UUID]:
    """The field of Term that names a picture, if the text does. In quotation marks it is words."""
    match = None if is_quoted else _PICTURE.fullmatch(text)
    if match is None:
        return {}
    try:
        return {match[1].lower().removesuffix(":"): uuid.UUID(match[2])}
    except ValueError:
        message = _("This is not the id of a picture. If it is meant as words, put it in quotation marks.")
        raise QueryError(message, at) from None
