"""One search as its address says it, and the addresses of those beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from gallery.filters import Filters
from gallery.mixing import Ingredient, Person, ingredients
from gallery.models import Image
from gallery.query import MAX_QUERY, MAX_TERMS, PICTURE, QueryError, parse, write
from gallery.search import ANYTHING, Order

LENGTH_OF_TERM = len(f" + {PICTURE}") + 36


@dataclass(frozen=True)
class Question:
    text: str = ""
    like: Image | None = None
    filters: Filters = ANYTHING
    order: str = Order.RELEVANCE

    @property
    def compares(self) -> bool:
        return bool(self.text) or self.like is not None

    def parameters(self) -> dict[str, str]:
        sort = {"sort": self.order} if self.order != Order.RELEVANCE else {}
        like = {"like": str(self.like.pk)} if self.like else {}
        return {**({"q": self.text} if self.text else {}), **like, **self.filters.parameters(), **sort}

    def address(self) -> str:
        return f"{reverse('gallery:search')}?{urlencode(self.parameters())}"

    def as_mix(self) -> "Question":
        """The same with the picture to be like as one of the terms."""
        if self.like is None:
            return self
        text = f"{self.text} + {PICTURE}{self.like.pk}" if self.text else f"{PICTURE}{self.like.pk}"
        return replace(self, text=text, like=None)


@dataclass(frozen=True)
class MixLinks:
    """Where a picture's id is put behind to have it in the mix; `take` is empty where there is nothing yet
    to take it away from, and both are where the mix is full."""

    add: str
    take: str


def mix_links(question: Question) -> MixLinks:
    mixed = question.as_mix()
    if not mixed.text:
        return MixLinks(add=_open_end(mixed, PICTURE), take="")
    try:
        is_full = len(parse(mixed.text)) >= MAX_TERMS
    except QueryError:
        return MixLinks("", "")
    if is_full or len(mixed.text) + LENGTH_OF_TERM > MAX_QUERY:
        return MixLinks("", "")
    return MixLinks(
        add=_open_end(mixed, f"{mixed.text} + {PICTURE}"), take=_open_end(mixed, f"{mixed.text} - {PICTURE}")
    )


def _open_end(question: Question, text: str) -> str:
    others = {name: value for name, value in question.parameters().items() if name != "q"}
    return f"{reverse('gallery:search')}?{urlencode({**others, 'q': text})}"


@dataclass(frozen=True)
class SaidTerm:
    """A term as people read it, and where the search without it is; "" if nothing would be left of it."""

    ingredient: Ingredient
    words: str
    without: str

    @property
    def weight(self) -> str:
        """Its sign and weight, as far as they are not those of a plain first term."""
        number = abs(self.ingredient.term.weight)
        amount = f"{number_format(f'{number:g}', use_l10n=True)} × " if number != 1 else ""
        return ("− " if self.ingredient.term.weight < 0 else "") + amount


def say_terms(question: Question, parts: Sequence[Ingredient]) -> list[SaidTerm]:
    return [SaidTerm(part, _say(part), _without(question, parts, part)) for part in parts]


def say(terms: Sequence[SaidTerm]) -> str:
    """The whole mix in a line, without any ids."""
    said = ""
    for term in terms:
        joint = " " if term.weight.startswith("−") else " + "
        said += f"{joint if said else ''}{term.weight}{term.words}"
    return said


def in_words(question: Question, *, user: Person) -> str:
    """All of a search in a line, for lists of them. Raises NoSuchPicture."""
    said = []
    mixed = question.as_mix()
    if mixed.text:
        said.append(say(say_terms(mixed, ingredients(text=mixed.text, user=user))))
    said += [question.filters.say(name) for name, _value in question.filters.active()]
    if question.order != Order.RELEVANCE:
        said.append(_("Sort by") + ": " + str(Order(question.order).label))
    return " · ".join(said)


def _say(part: Ingredient) -> str:
    if part.image:
        return part.image.title or _("Untitled picture")
    return _("The given picture") if part.given else part.term.text


def _without(question: Question, parts: Sequence[Ingredient], part: Ingredient) -> str:
    left = [other.term for other in parts if other is not part]
    if not left:
        return replace(question, text="").address()
    if all(term.weight < 0 for term in left):
        return ""
    return replace(question, text=write(left)).address()
