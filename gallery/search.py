"""Finding pictures by words, by another picture, or by both at once."""

from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import AnonymousUser

from gallery import encoder_client
from gallery.embedding import as_array
from gallery.index import index_for
from gallery.models import Embedding, Image, User
from gallery.query import parse

PAGE_SIZE = 24
SHORTEST_SUM = 1e-3  # of unit vectors; below, the direction is what rounding left


class NotEmbedded(Exception):
    """The picture to compare with has no vector (of this model) yet."""


class TermsCancel(Exception):
    """What the terms add is what they take away."""


class NoSuchPage(Exception):
    """There are fewer pages of results."""


@dataclass(frozen=True)
class Hit:
    image: Image
    score: float  # cosine similarity, -1 to 1


@dataclass(frozen=True)
class Results:
    """One page of everything there is, best first. Has the names of Django's Page for templates."""

    hits: list[Hit]
    total: int
    number: int
    num_pages: int

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.num_pages

    @property
    def previous_page_number(self) -> int:
        return self.number - 1

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    @property
    def has_other_pages(self) -> bool:
        return self.num_pages > 1

    @property
    def paginator(self) -> "Results":
        return self


def search(
    *, user: User | AnonymousUser, text: str = "", like: Image | None = None, page: int = 1
) -> Results:
    """The pictures that `user` may see, ranked by cosine similarity to the words, to a picture, or to the
    weighted sum of both. text: in the language of query.py; the picture counts as a term of weight 1.

    Raises NotEmbedded, NoSuchPage, and with words QueryError, TermsCancel and encoder_client's exceptions.
    """
    query, model_id = _query_vector(text=text, like=like)
    candidates = Image.objects.visible_to(user).exclude(status=Image.Status.FAILED)
    if like is not None:
        candidates = candidates.exclude(pk=like.pk)
    start = (page - 1) * PAGE_SIZE
    ranking = index_for(model_id).rank(query, candidates, start=start, stop=start + PAGE_SIZE)
    num_pages = max(1, -(-ranking.total // PAGE_SIZE))
    if page > num_pages:
        raise NoSuchPage
    images = candidates.in_bulk(ranking.image_ids)
    hits = [
        Hit(images[image_id], score)
        for image_id, score in zip(ranking.image_ids, ranking.scores, strict=True)
        if image_id in images  # gone since the ranking
    ]
    return Results(hits=hits, total=ranking.total, number=page, num_pages=num_pages)


def _query_vector(*, text: str, like: Image | None) -> tuple[np.ndarray, str]:
    """(D,) of length 1, and the model that it belongs to."""
    if not text:
        if like is None:
            raise ValueError("Nothing to search for: give words, a picture, or both.")
        newest = Embedding.objects.filter(image=like).order_by("-pk").first()
        if newest is None:
            raise NotEmbedded
        return as_array(newest), newest.model_id
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
    return total / length, encoded.model_id
