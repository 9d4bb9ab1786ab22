"""Finding pictures by words, by another picture, or by both at once, among those that the filters leave."""

from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from gallery import encoder_client, relevance
from gallery.embedding import as_array
from gallery.filters import Filters
from gallery.index import Ranking, index_for
from gallery.models import Embedding, Image, ImageQuerySet, User
from gallery.query import parse
from gallery.results import Hit, Results

PAGE_SIZE = 24
SHORTEST_SUM = 1e-3  # of unit vectors; below, the direction is what rounding left
ANYTHING = Filters()

Person = User | AnonymousUser


class NotEmbedded(Exception):
    """The picture to compare with has no vector (of this model) yet."""


class TermsCancel(Exception):
    """What the terms add is what they take away."""


class NoSuchPage(Exception):
    """There are fewer pages of results."""


class Order(TextChoices):
    RELEVANCE = "relevance", _("Relevance")
    DATE = "date", _("Date")


@dataclass(frozen=True)
class Wanted:
    """A query as its vector, (D,) of length 1, and the model that it belongs to."""

    vector: np.ndarray
    model_id: str


def search(
    *,
    user: Person,
    text: str = "",
    like: Image | None = None,
    filters: Filters = ANYTHING,
    order: str = Order.RELEVANCE,
    page: int = 1,
) -> Results:
    """The pictures that `user` may see, ranked by cosine similarity to the words, to a picture, or to the
    weighted sum of both. text: in the language of query.py; the picture counts as a term of weight 1.

    Raises NotEmbedded, NoSuchPage, and with words QueryError, TermsCancel and encoder_client's exceptions.
    """
    wanted = _wanted(text=text, like=like)
    candidates = _candidates(user, filters, like)
    scale = relevance.scale_for(wanted.vector, wanted.model_id)
    start = (page - 1) * PAGE_SIZE
    ranking = index_for(wanted.model_id).rank(
        wanted.vector,
        candidates,
        start=start,
        stop=start + PAGE_SIZE,
        line=scale.line if scale else None,
        by_date=order == Order.DATE,
    )
    return _results(_hits(ranking, candidates, scale), ranking.total, page, ranking.likely, scale is not None)


def browse(*, user: Person, filters: Filters, page: int = 1) -> Results:
    """The pictures that `user` may see and that the filters leave, newest first. Raises NoSuchPage."""
    candidates = _candidates(user, filters, None)
    start = (page - 1) * PAGE_SIZE
    hits = [Hit(image) for image in candidates[start : start + PAGE_SIZE]]
    return _results(hits, candidates.count(), page)


def counts_without(*, user: Person, filters: Filters) -> dict[str, int]:
    """For each active filter, how many pictures there are when it alone is dropped."""
    return {name: _candidates(user, filters.without(name), None).count() for name, _value in filters.active()}


def _candidates(user: Person, filters: Filters, like: Image | None) -> ImageQuerySet:
    visible = Image.objects.visible_to(user).exclude(status=Image.Status.FAILED)
    if like is not None:
        visible = visible.exclude(pk=like.pk)
    return filters.restrict(visible, user)


def _hits(ranking: Ranking, candidates: ImageQuerySet, scale: relevance.Scale | None) -> list[Hit]:
    images = candidates.in_bulk(ranking.image_ids)
    return [
        Hit(
            image=images[image_id],
            score=score,
            distinctness=scale.distinctness(score) if scale else None,
            is_likely=score >= scale.line if scale else True,
        )
        for image_id, score in zip(ranking.image_ids, ranking.scores, strict=True)
        if image_id in images  # gone since the ranking
    ]


def _results(
    hits: list[Hit], total: int, page: int, likely: int | None = None, has_line: bool = False
) -> Results:
    num_pages = max(1, -(-total // PAGE_SIZE))
    if page > num_pages:
        raise NoSuchPage
    return Results(hits=hits, total=total, number=page, num_pages=num_pages, likely=likely, has_line=has_line)


def _wanted(*, text: str, like: Image | None) -> Wanted:
    if not text:
        if like is None:
            raise ValueError("Nothing to search for: give words, a picture, or both.")
        newest = Embedding.objects.filter(image=like).order_by("-pk").first()
        if newest is None:
            raise NotEmbedded
        return Wanted(as_array(newest), newest.model_id)
    terms = parse(text)
    encoded = encoder_client.encode_texts([term.text for term in terms])
    total = np.array([term.weight for term in terms], np.float32) @ encoded.vectors
    if like is not None:
        own = Embedding.objects.filter(image=like, model_id=encoded.model_id).first()
        if own is None:
            raise NotEmbedded
        total = total + as_array(own)
    length = float(np.linalg.norm(total))
    if length < SHORTEST_SUM:
        raise TermsCancel
    return Wanted(total / length, encoded.model_id)
