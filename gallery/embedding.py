"""A picture's vector: from the encoder into one row, with the change that the indexes follow."""

import io
import logging
import uuid

import numpy as np
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from PIL import Image as Pillow

from gallery import encoder_client
from gallery.models import (
    Embedding,
    EmbeddingChange,
    EmbeddingCounter,
    EncodingModel,
    Image,
    PendingVector,
    Serving,
    serving_model,
)

logger = logging.getLogger(__name__)

SHORT_SIDE = 512  # pixels sent to the encoder; models look at 224 to 448
LONG_SIDE = 8192
PATIENCE_AHEAD = 10.0  # seconds for the model on its way, within the lease of a picture's preparation
LOG_KEPT = 20_000  # changes; an index that is further behind loads the table again


def embed_image(*, image: Image, picture: Pillow.Image) -> Embedding | None:
    """Encodes the pixels of a picture that is being prepared and stores the vector of the serving model,
    which makes it ready. None if the picture has been deleted meanwhile.

    While another model is on its way, its vector comes first: so no picture becomes ready without it, and
    the change never waits for what is uploaded meanwhile. Safe to repeat. Raises encoder_client's exceptions.
    """
    content = _for_encoder(picture)
    serving = Serving.objects.select_related("current", "next").first()
    if serving and serving.next:
        _embed_ahead(image, content, serving.next)
    model = serving.current if serving else None
    encoded = encoder_client.encode_image(content, model=model)
    embedding = store_vector(image=image, model_id=encoded.model_id, vector=encoded.vectors[0])
    if serving_model() != model:  # another has taken over while this one was at work
        return embed_image(image=image, picture=picture)
    return embedding


def embed_with(*, model: EncodingModel, image: Image, picture: Pillow.Image) -> Embedding | None:
    """The vector of one model for a picture that is ready by another. As embed_image()."""
    encoded = encoder_client.encode_image(_for_encoder(picture), model=model)
    return store_vector(image=image, model_id=encoded.model_id, vector=encoded.vectors[0])


def encode_picture(picture: Pillow.Image) -> encoder_client.Encoded:
    """The serving model's vector, (1, D), of a picture's pixels, stored or not. Raises encoder_client's
    exceptions."""
    return encoder_client.encode_image(_for_encoder(picture))


@transaction.atomic
def store_vector(*, image: Image, model_id: str, vector: np.ndarray) -> Embedding | None:
    """Writes the row, counts the change and, if it is the serving model's, marks the picture ready: all or
    nothing.

    `vector`: (D,) of length 1. A vector that is already there is not a change.
    """
    if not Image.objects.select_for_update().filter(pk=image.pk).exists():
        return None
    embedding = write_vector(image_id=image.pk, model_id=model_id, vector=vector)
    PendingVector.objects.filter(image_id=image.pk, model__model_id=model_id).delete()
    # Locked, so that no other model takes over between this look and the end of the transaction.
    serving = Serving.objects.select_for_update(of=("self",)).select_related("current").first()
    if serving is None or serving.current.model_id == model_id:
        Image.objects.filter(pk=image.pk).update(status=Image.Status.READY, status_reason="", retry_at=None)
    return embedding


def write_vector(*, image_id: uuid.UUID, model_id: str, vector: np.ndarray) -> Embedding:
    """The row, and the change that it is, of a picture that is held. Call it inside a transaction."""
    content = vector.astype("<f4").tobytes()
    embedding = Embedding.objects.filter(image_id=image_id, model_id=model_id).first()
    if embedding is None or bytes(embedding.vector) != content:
        embedding = embedding or Embedding(image_id=image_id, model_id=model_id)
        embedding.vector, embedding.dim = content, vector.shape[0]
        embedding.save()
        log_change(image_id=image_id)
    return embedding


def log_change(*, image_id: uuid.UUID) -> None:
    """Notes that the vectors of this picture changed or went. Call it inside the change's transaction."""
    if not EmbeddingCounter.objects.filter(pk=1).update(version=F("version") + 1):
        EmbeddingCounter.objects.get_or_create(pk=1)
        EmbeddingCounter.objects.filter(pk=1).update(version=F("version") + 1)
    version = EmbeddingCounter.objects.get(pk=1).version
    EmbeddingChange.objects.create(version=version, image_id=image_id)
    if version % 1000 == 0:
        EmbeddingChange.objects.filter(version__lte=version - LOG_KEPT).delete()


@transaction.atomic
def reload_indexes() -> None:
    """Makes every process load its index anew at its next search: a count without a change in the log."""
    EmbeddingCounter.objects.get_or_create(pk=1)
    newest = EmbeddingChange.objects.order_by("-version").values_list("version", flat=True).first() or 0
    EmbeddingCounter.objects.filter(pk=1).update(version=Greatest(F("version"), newest) + 1)


def as_array(embedding: Embedding) -> np.ndarray:
    """(D,) float32."""
    return np.frombuffer(bytes(embedding.vector), dtype="<f4")


def _embed_ahead(image: Image, content: bytes, model: EncodingModel) -> None:
    """What does not come of it now is done in the background: see reembedding.py."""
    try:
        encoded = encoder_client.encode_image(content, model=model, timeout=PATIENCE_AHEAD)
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed, encoder_client.EncoderRefused):
        logger.info("Picture %s has no vector of %s yet", image.pk, model)
        return
    store_vector(image=image, model_id=encoded.model_id, vector=encoded.vectors[0])


def _for_encoder(picture: Pillow.Image) -> bytes:
    """Enough pixels for any model, without loss, and not more than have to travel."""
    scale = min(1.0, SHORT_SIDE / min(picture.size), LONG_SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture if size == picture.size else picture.resize(size, Pillow.Resampling.BICUBIC)
    content = io.BytesIO()
    small.save(content, "PNG", compress_level=1)
    return content.getvalue()
