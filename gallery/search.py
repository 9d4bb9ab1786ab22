"""Finding pictures by words, by other pictures, or by both at once, among those that the filters leave."""

from collections.abc import Sequence

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from gallery import relevance
from gallery.filters import Filters
from gallery.index import Ranking, index_for
from gallery.mixing import Ingredient, Person, ingredients, mix
from gallery.models import Image, ImageQuerySet
from gallery.query import Term
from gallery.results import Hit, Results
from gallery.words.lifting import lifted_by_words

PAGE_SIZE = 24
ANYTHING = Filters()


class NoSuchPage(Exception):
    """There are fewer pages of results."""


class Order(TextChoices):
    RELEVANCE = "relevance", _("Relevance")
    DATE = "date", _("Date")


def search(
    *,
    user: Person,
    text: str = "",
    like: Image | None = None,
    filters: Filters = ANYTHING,
    order: str = Order.RELEVANCE,
    page: int = 1,
    size: int | None = None,
) -> Results:
    """The pictures that `user` may see, ranked by cosine similarity to the words, to a picture, or to the
    weighted sum of both. text: in the language of query.py; the picture counts as a term of weight 1. A
    picture of the query is not among its results. Where there is nothing but words, what owners say of their
    pictures counts as well: see words/lifting.py.

    Raises NoSuchPage, QueryError, and what mixing.mix() raises.
    """
    parts = _parts(user, text, like)
    wanted = mix(parts)
    candidates = _candidates(user, filters, parts)
    scale = relevance.scale_for(wanted.vector, wanted.model_id)
    # What is said of pictures is compared with plain words: in a mix, terms say what pictures show.
    is_words = len(parts) == 1 and parts[0].term.is_words and parts[0].image is None
    size = size or PAGE_SIZE
    start = (page - 1) * size
    ranking = index_for(wanted.model_id).rank(
        wanted.vector,
        candidates,
        start=start,
        stop=start + size,
        line=scale.drawn() if scale else None,
        by_date=order == Order.DATE,
        lifted=lifted_by_words(wanted.vector, wanted.model_id, scale) if is_words else {},
    )
    hits, has_line = _hits(ranking, scale), scale is not None
    return _results(hits, ranking.total, page, ranking.likely, has_line, size=size)


def browse(*, user: Person, filters: Filters, page: int = 1, size: int | None = None) -> Results:
    """The pictures that `user` may see and that the filters leave, newest first. Raises NoSuchPage."""
    candidates = _candidates(user, filters)
    size = size or PAGE_SIZE
    start = (page - 1) * size
    hits = [Hit(image) for image in candidates[start : start + size]]
    return _results(hits, candidates.count(), page, size=size)


def counts_without(*, user: Person, filters: Filters) -> dict[str, int]:
    """For each active filter, how many pictures there are when it alone is dropped."""
    return {name: _candidates(user, filters.without(name)).count() for name, _value in filters.active()}


def being_prepared(*, user: Person, filters: Filters) -> int:
    """How many of the pictures that the filters leave no search finds yet: they still have no vector."""
    return _candidates(user, filters).filter(status=Image.Status.PENDING).count()


def _parts(user: Person, text: str, like: Image | None) -> list[Ingredient]:
    if not text and like is None:
        raise ValueError("Nothing to search for: give words, a picture, or both.")
    parts = ingredients(text=text, user=user) if text else []
    return parts if like is None else [*parts, Ingredient(Term(""), image=like)]


def searchable(user: Person) -> ImageQuerySet:
    return Image.objects.visible_to(user).exclude(status=Image.Status.FAILED)


def _candidates(user: Person, filters: Filters, parts: Sequence[Ingredient] = ()) -> ImageQuerySet:
    visible = searchable(user)
    if asked := [part.image.pk for part in parts if part.image]:
        visible = visible.exclude(pk__in=asked)
    return filters.restrict(visible, user)


def _hits(ranking: Ranking, scale: relevance.Scale | None) -> list[Hit]:
    """The ranking has only what its candidates had; asked for those of them with these ids, SQLite would go
    through all candidates once more."""
    images = Image.objects.in_bulk(ranking.image_ids)
    return [
        Hit(
            image=images[image_id],
            score=score,
            distinctness=scale.distinctness(counted) if scale else None,
            is_likely=ranking.line is None or counted >= ranking.line,
            by_words=counted > score,
        )
        for image_id, score, counted in zip(ranking.image_ids, ranking.scores, ranking.counted, strict=True)
        if image_id in images  # gone since the ranking
    ]


def _results(
    hits: list[Hit],
    total: int,
    page: int,
    likely: int | None = None,
    has_line: bool = False,
    *,
    size: int,
) -> Results:
    num_pages = max(1, -(-total // size))
    if page > num_pages:
        raise NoSuchPage
    return Results(hits=hits, total=total, number=page, num_pages=num_pages, likely=likely, has_line=has_line)
