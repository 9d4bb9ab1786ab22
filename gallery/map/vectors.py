"""Which vectors a person's map is made of."""

import uuid

import numpy as np

from gallery.models import Embedding, Image, ImageQuerySet, User, serving_vectors

FEWEST = 5  # pictures; fewer have no neighbourhoods
MOST = 50_000  # the newest


def own_pictures(user: User) -> ImageQuerySet:
    """What may be on this person's map: their own, as far as they see it."""
    return Image.objects.visible_to(user).filter(owner=user)


def model_of(user: User) -> str | None:
    """The model whose vectors stand for this person's pictures: the one that searches use, or the newest
    before the encoder was first heard of. None while no picture has such a vector."""
    vectors = serving_vectors().filter(image__in=own_pictures(user)).order_by("-pk")
    return vectors.values_list("model_id", flat=True).first()


def with_vector(user: User, model_id: str) -> ImageQuerySet:
    ready = own_pictures(user).filter(status=Image.Status.READY)
    return ready.filter(embeddings__model_id=model_id)


def load_vectors(images: ImageQuerySet, model_id: str) -> tuple[list[uuid.UUID], np.ndarray]:
    """Of the newest pictures, MOST of them at most, in the order of their keys: (N, D) float32 unit rows.

    In an order that does not depend on the database, so that the same pictures give the same map.
    """
    newest = list(images.order_by("-created_at", "-pk").values_list("pk", flat=True)[:MOST])
    keep = set(newest)
    rows = Embedding.objects.filter(image__in=images, model_id=model_id).order_by("image_id")
    ids: list[uuid.UUID] = []
    parts: list[bytes] = []
    for image_id, vector in rows.values_list("image_id", "vector").iterator(chunk_size=2000):
        if image_id in keep:
            ids.append(image_id)
            parts.append(bytes(vector))
    vectors = np.frombuffer(b"".join(parts), "<f4").reshape(len(ids), -1) if ids else np.empty((0, 1), "<f4")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return ids, vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
