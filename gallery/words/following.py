"""Making the vectors of what is said of pictures, in the queue, after a trigger has noted that it changed.

The rows of PendingWords are the truth: a task that is lost leaves them, and they are taken up again.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from gallery import encoder_client
from gallery.embedding import log_change, write_vector
from gallery.models import Embedding, EncodingModel, Image, PendingWords, Serving, words_of
from gallery.words import triggers
from gallery.words.said import said_of

logger = logging.getLogger(__name__)

BATCH = 64  # pictures of one task, and texts of one request
AT_ONCE = 4  # tasks, so that uploads do not wait behind a whole library
LEASE = timedelta(minutes=1)


def request_words() -> int:
    """Gives tasks to pictures whose words have changed. Returns how many tasks. Safe to repeat."""
    now = timezone.now()
    due = PendingWords.objects.filter(Q(taken_until=None) | Q(taken_until__lte=now))
    if not due.exists():
        return 0
    serving, coming = _models()
    if serving is None or not encoder_client.has(serving):
        return 0
    if coming and not encoder_client.has(coming):  # which makes the encoder load it
        due = due.exclude(version=0)
    tasks = 0
    ids = list(due.order_by("-version").values_list("pk", flat=True)[: BATCH * AT_ONCE])
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        if due.filter(pk__in=batch).update(taken_until=now + LEASE) == len(batch):
            async_task("gallery.tasks.embed_words", [str(image_id) for image_id in batch])
            tasks += 1
    return tasks


def embed_words(*, image_ids: Sequence[uuid.UUID]) -> int:
    """Makes the vectors by the serving model and the one on its way. Returns how many were stored.

    While the encoder is away the rows stay for another attempt; what it refuses has no vector.
    """
    pending = list(PendingWords.objects.filter(pk__in=image_ids))
    images = Image.objects.prefetch_related("tags").in_bulk([row.pk for row in pending])
    texts = {image_id: said_of(image) for image_id, image in images.items()}
    serving, coming = _models()
    try:
        stored = _embed_with(serving, pending, texts) if serving else 0
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed) as error:
        logger.warning("The words of %d pictures wait for the encoder: %s", len(pending), error)
        return 0
    is_done = True
    try:
        stored += _embed_with(coming, pending, texts) if coming else 0
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed) as error:
        logger.info("The words of %d pictures have no vector of %s yet: %s", len(pending), coming, error)
        is_done = False
    for row in pending:
        same = PendingWords.objects.filter(pk=row.pk, version=row.version)
        if is_done:
            same.delete()
        else:
            same.update(version=0, taken_until=timezone.now() + LEASE)
    changed_meanwhile = PendingWords.objects.filter(pk__in=texts, version__gt=0)
    changed_meanwhile.update(taken_until=None)
    return stored


def note_all_words() -> None:
    """For a model that has no vectors of any words yet."""
    triggers.note_all(connection)


def _models() -> tuple[EncodingModel | None, EncodingModel | None]:
    """The serving one and the one on its way."""
    state = Serving.objects.select_related("current", "next").first()
    return (state.current, state.next) if state else (None, None)


def _embed_with(model: EncodingModel, pending: Sequence[PendingWords], texts: dict[uuid.UUID, str]) -> int:
    name = words_of(model.model_id)
    there = set(Embedding.objects.filter(image__in=texts, model_id=name).values_list("image_id", flat=True))
    changed = [row.pk for row in pending if row.pk in texts and not (row.version == 0 and row.pk in there)]
    said = [image_id for image_id in changed if texts[image_id]]
    _forget([image_id for image_id in changed if not texts[image_id] and image_id in there], name)
    if not said:
        return 0
    try:
        encoded = encoder_client.encode_texts([texts[image_id] for image_id in said], model=model)
    except encoder_client.EncoderRefused as error:
        logger.warning("The encoder refused the words of %d pictures: %s", len(said), error)
        return 0
    return sum(_store(image_id, name, vector) for image_id, vector in zip(said, encoded.vectors, strict=True))


@transaction.atomic
def _store(image_id: uuid.UUID, name: str, vector: np.ndarray) -> bool:
    """False if the picture has been deleted meanwhile."""
    if not Image.objects.select_for_update().filter(pk=image_id).exists():
        return False
    write_vector(image_id=image_id, model_id=name, vector=vector)
    return True


@transaction.atomic
def _forget(image_ids: Sequence[uuid.UUID], name: str) -> None:
    for image_id in image_ids:
        if Embedding.objects.filter(image_id=image_id, model_id=name).delete()[0]:
            log_change(image_id=image_id)
