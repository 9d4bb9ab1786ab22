"""While another model is on its way, every finished picture gets a vector of it, a few at a time.

A picture without a vector is taken up by a row of PendingVector, which says like the row of a picture in
preparation.py when its next attempt may begin and how many there were. Whatever is killed, the rows say
where to go on; a vector that is there is not made again.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Sequence

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from gallery import derivatives, embedding, encoder_client, pixels, serving
from gallery.models import EncodingModel, Image, PendingVector, Serving
from gallery.preparation import ENCODER_PAUSE, LEASE, LONGEST_LEASE, LOST_AFTER, MAX_ATTEMPTS, retry_pause

logger = logging.getLogger(__name__)

BATCH = 8  # pictures of one task
UNDERWAY = 32  # pictures at once, so that new uploads do not wait behind a whole library
BATCH_SECONDS = 50.0  # after which a task leaves the rest of its pictures to another one

Item = tuple[str, int]  # a picture's id and the number of the attempt


def advance() -> int:
    """Gives tasks to pictures that lack a vector, and lets the model take over when none does.

    Returns how many pictures were enqueued. Safe to repeat and to call from several places at once.
    """
    state = Serving.objects.select_related("current", "next").first()
    if state is None:
        return 0
    model = state.next or state.current
    is_filling = bool(state.next) or state.is_filling
    if not (is_filling or _due(model).exists()) or not encoder_client.has(model):
        return 0
    items = _take_up(model, is_filling=is_filling)
    for start in range(0, len(items), BATCH):
        async_task("gallery.tasks.embed_anew", model.pk, items[start : start + BATCH])
    if not items and state.next and serving.is_complete(model, instead_of=state.current):
        serving.take_over(model=model)
    if not items and state.is_filling and not serving.lacking(model).exists():
        Serving.objects.filter(current=model).update(is_filling=False)
    return len(items)


def embed_batch(*, model_pk: int, items: Sequence[Item]) -> None:
    """Makes the vectors of some pictures; errors end up on their rows. Delivered twice, it finds the attempts
    gone and does nothing."""
    started = time.monotonic()
    for image_id, attempt in items:
        state = Serving.objects.select_related("current", "next").first()
        model = next((each for each in _used(state) if each.pk == model_pk), None)
        if model is None or time.monotonic() - started > BATCH_SECONDS:
            break
        if not _embed(model, uuid.UUID(image_id), attempt):
            break
    advance()


def try_again(*, pending: QuerySet[PendingVector]) -> int:
    """Starts over with pictures that wait for another attempt or were set aside. Returns how many."""
    return pending.update(attempts=0, retry_at=timezone.now(), reason="")


def _used(state: Serving | None) -> Iterator[EncodingModel]:
    if state:
        yield state.current
        if state.next:
            yield state.next


def _due(model: EncodingModel) -> QuerySet[PendingVector]:
    rows = PendingVector.objects.filter(model=model, image__status=Image.Status.READY)
    return rows.filter(retry_at__lte=timezone.now())


def _take_up(model: EncodingModel, *, is_filling: bool) -> list[Item]:
    now = timezone.now()
    rows = PendingVector.objects.filter(model=model)
    room = UNDERWAY - rows.filter(retry_at__gt=now, reason="").count()
    if room <= 0:
        return []
    items = []
    for row in _due(model).order_by("retry_at")[:room]:
        if row.attempts >= MAX_ATTEMPTS:
            _set_aside(row, row.reason or gettext_noop("It did not work after several attempts."))
        elif _held(row).filter(retry_at=row.retry_at).update(retry_at=now + LOST_AFTER, reason=""):
            items.append((str(row.image_id), row.attempts))
    if is_filling and len(items) < room:
        items += _take_up_new(model, room - len(items))
    return items


def _take_up_new(model: EncodingModel, count: int) -> list[Item]:
    taken_up = PendingVector.objects.filter(image=OuterRef("pk"), model=model)
    new = serving.lacking(model).filter(~Exists(taken_up)).order_by("pk")
    ids = list(new.values_list("pk", flat=True)[:count])
    retry_at = timezone.now() + LOST_AFTER
    PendingVector.objects.bulk_create(
        [PendingVector(image_id=image_id, model=model, retry_at=retry_at) for image_id in ids],
        ignore_conflicts=True,
    )
    return [(str(image_id), 0) for image_id in ids]


def _embed(model: EncodingModel, image_id: uuid.UUID, attempt: int) -> bool:
    """False when the encoder is away, so that there is no use in going on with others."""
    row = _claim(model, image_id, attempt)
    if row is None:
        return True
    try:
        picture = derivatives.read_pixels(image=row.image)
        embedding.embed_with(model=model, image=row.image, picture=picture)
    except pixels.PictureError:
        _set_aside(row, gettext_noop("The picture cannot be decoded."))
    except FileNotFoundError:
        _set_aside(row, gettext_noop("The original file is missing."))
    except encoder_client.EncoderRefused as error:
        logger.warning("%s refused picture %s: %s", model, image_id, error)
        _set_aside(row, gettext_noop("The model cannot read this picture."))
    except encoder_client.EncoderUnavailable as error:
        logger.warning("Picture %s waits for %s: %s", image_id, model, error)
        _wait_for_encoder(row)
        return False
    except encoder_client.EncoderFailed as error:
        logger.warning("Attempt %d for picture %s with %s failed: %s", row.attempts, image_id, model, error)
        _try_later(row)
    return True


def _claim(model: EncodingModel, image_id: uuid.UUID, attempt: int) -> PendingVector | None:
    """The row, if this attempt has not been made."""
    rows = PendingVector.objects.filter(model=model, image=image_id, image__status=Image.Status.READY)
    lease = min(LEASE * 2**attempt, LONGEST_LEASE)
    claimed = rows.filter(attempts=attempt, retry_at__isnull=False).update(
        attempts=F("attempts") + 1, retry_at=timezone.now() + lease
    )
    return rows.select_related("image").first() if claimed else None


def _held(row: PendingVector) -> QuerySet[PendingVector]:
    """The row as long as this attempt holds it."""
    return PendingVector.objects.filter(pk=row.pk, attempts=row.attempts)


def _set_aside(row: PendingVector, reason: str) -> None:
    """`reason`: a message id, translated where it is shown."""
    _held(row).update(retry_at=None, reason=reason)


def _try_later(row: PendingVector) -> None:
    _held(row).update(
        retry_at=timezone.now() + retry_pause(row.attempts),
        reason=gettext_noop("The model gave no answer for this picture."),
    )


def _wait_for_encoder(row: PendingVector) -> None:
    """The picture never reached the encoder, so the attempt does not count against it."""
    _held(row).update(
        attempts=F("attempts") - 1,
        retry_at=timezone.now() + ENCODER_PAUSE,
        reason=encoder_client.NOT_READY,
    )
