"""From a query to one vector: its terms, words and pictures, as a weighted sum."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from gallery import encoder_client
from gallery.embedding import as_array
from gallery.models import Embedding, Image, QueryPicture, User, serving_model
from gallery.query import QueryError, Term, parse

SHORTEST_SUM = 1e-3  # of unit vectors; below, the direction is what rounding left

Person = User | AnonymousUser


class NotEmbedded(Exception):
    """A picture to compare with has no vector (of this model) yet."""


class TermsCancel(Exception):
    """What the terms add is what they take away."""


class NoSuchPicture(QueryError):
    """A term names a picture that does not exist for the asker."""


class ModelChanged(QueryError):
    """A term is a picture that is known only by a vector of a model which is no longer searched with."""


@dataclass(frozen=True)
class Ingredient:
    """A term of the query with the picture that it names; with neither of them it is words."""

    term: Term
    image: Image | None = None
    given: QueryPicture | None = None


@dataclass(frozen=True)
class Wanted:
    """A query as its vector, (D,) of length 1, and the model that it belongs to."""

    vector: np.ndarray
    model_id: str


def ingredients(*, text: str, user: Person) -> list[Ingredient]:
    """The terms of a query with their pictures, each as `user` may see it. Raises QueryError, of which
    NoSuchPicture tells the same of a picture that is somebody else's and of one that does not exist."""
    terms = parse(text)
    images = Image.objects.visible_to(user).in_bulk([term.picture for term in terms if term.picture])
    given = QueryPicture.objects.known().in_bulk([term.given for term in terms if term.given])
    for term in terms:
        if term.picture and term.picture not in images:
            raise NoSuchPicture(_("There is no picture with this id that you may see."), term.position)
        if term.given and term.given not in given:
            message = _(
                "Of this picture only its vector was kept, and not for ever. Choose the picture again."
            )
            raise NoSuchPicture(message, term.position)
    return [
        Ingredient(
            term,
            image=images[term.picture] if term.picture else None,
            given=given[term.given] if term.given else None,
        )
        for term in terms
    ]


def mix(parts: Sequence[Ingredient]) -> Wanted:
    """The direction of the weighted sum. Without words no encoder is asked.

    Raises NotEmbedded, ModelChanged, TermsCancel, and with words encoder_client's exceptions.
    """
    words = [part.term.text for part in parts if part.image is None and part.given is None]
    encoded = encoder_client.encode_texts(words) if words else None
    model_id = encoded.model_id if encoded else _common_model(parts)
    rows = iter(encoded.vectors) if encoded else iter(())
    stored = _vectors(parts, model_id)
    total: np.ndarray = np.zeros(1, np.float32)
    for part in parts:
        if part.given is not None:
            vector = _of_given(part, part.given, model_id)
        elif part.image is not None:
            vector = stored[part.image.pk]
        else:
            vector = next(rows)
        total = total + np.float32(part.term.weight) * vector
    length = float(np.linalg.norm(total))
    if length < SHORTEST_SUM:
        raise TermsCancel
    return Wanted(total / length, model_id)


def _vectors(parts: Sequence[Ingredient], model_id: str) -> dict[uuid.UUID, np.ndarray]:
    images = {part.image.pk for part in parts if part.image}
    found = Embedding.objects.filter(image__in=images, model_id=model_id)
    vectors = {item.image_id: as_array(item) for item in found}
    if len(vectors) != len(images):
        raise NotEmbedded
    return vectors


def _of_given(part: Ingredient, given: QueryPicture, model_id: str) -> np.ndarray:
    if given.model_id != model_id:
        raise _model_changed(part)
    return np.frombuffer(bytes(given.vector), "<f4")


def _common_model(parts: Sequence[Ingredient]) -> str:
    """The serving model; while none is known, the newest of which all these pictures have vectors."""
    if model := serving_model():
        return model.model_id
    for part in parts:
        if part.given is not None:
            if not _is_searched_with(part.given.model_id):
                raise _model_changed(part)
            return part.given.model_id
    images = {part.image.pk for part in parts if part.image}
    models = Embedding.objects.filter(image__in=images).values("model_id")
    counted = models.annotate(pictures=Count("pk"), newest=Max("pk")).filter(pictures=len(images))
    newest = counted.order_by("-newest").first()
    if newest is None:
        raise NotEmbedded
    return newest["model_id"]


def _is_searched_with(model_id: str) -> bool:
    return Embedding.objects.filter(model_id=model_id).exists() or not Embedding.objects.exists()


def _model_changed(part: Ingredient) -> ModelChanged:
    message = _("This picture was looked at by a model that is no longer in use. Choose the picture again.")
    return ModelChanged(message, part.term.position)
