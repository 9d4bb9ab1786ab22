"""From a stored picture to a ready one, whatever is killed on the way.

The row says what is left to do: a pending picture has `retry_at`, the time from which it may be taken up
(again), and `attempts`, counted when one starts. A task carries the number of the attempt that it is for,
and claims it by a conditional update; a task that is delivered twice, or late, finds the number gone and
does nothing.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop
from django_q.models import OrmQ
from django_q.tasks import async_task

from gallery import derivatives, details, embedding, encoder_client, live, pixels
from gallery.models import Image, ImageQuerySet
from gallery.moderation import checks

logger = logging.getLogger(__name__)

QUEUE = "default"
TASK = "gallery.tasks.process_image"
MAX_ATTEMPTS = 6
# Of the first attempt, longer than the encoder may take to answer; each further one has twice as long.
LEASE = timedelta(seconds=75)
LONGEST_LEASE = timedelta(minutes=10)
LOST_AFTER = timedelta(seconds=60)  # a task that has not started by then may be lost
ENCODER_PAUSE = timedelta(seconds=5)  # the shortest wait for an encoder that is away
LONGEST_ENCODER_PAUSE = timedelta(minutes=2)
REQUEUE_BATCH = 200  # pictures a call


def enqueue(image_id: uuid.UUID, attempt: int) -> None:
    async_task(TASK, str(image_id), attempt)


def prepare_image(*, image_id: uuid.UUID, attempt: int) -> None:
    """Thumbnails, colour, details and vector of one picture. Errors end up on the row, never with the caller,
    except those nobody foresaw: they reach the queue's log, and the lease brings the picture back."""
    image = _claim(image_id=image_id, attempt=attempt)
    if image is None:
        return
    try:
        picture = derivatives.read_pixels(image=image)
        if not image.has_thumbnails:
            derivatives.make_thumbnails(image=image, picture=picture)
            live.announce(owner_id=image.owner_id, image_id=image.pk)
        if image.details_version != details.VERSION:
            details.make_details(image=image, picture=picture)
        embedding.embed_image(image=image, picture=picture)
        if image.awaits_checks:
            checks.check_prepared(image=image, picture=picture)
        live.announce(owner_id=image.owner_id, image_id=image.pk)
    except pixels.PictureError:
        _fail(image, gettext_noop("The picture cannot be decoded."))
    except FileNotFoundError:
        _fail(image, gettext_noop("The original file is missing."))
    except encoder_client.EncoderRefused as error:
        logger.warning("The encoder refused picture %s: %s", image.pk, error)
        _fail(image, gettext_noop("The model cannot read this picture."))
    except encoder_client.EncoderUnavailable as error:
        logger.warning("Picture %s waits for the encoder: %s", image.pk, error)
        _wait_for_encoder(image)
    except encoder_client.EncoderFailed as error:
        logger.warning("Attempt %d for picture %s failed: %s", image.attempts, image.pk, error)
        _try_again(image)


def requeue_pending() -> int:
    """Takes up pictures whose time has come: a lost task, a killed worker, an encoder that was away. Those
    whose task still waits, because the queue is long, are looked at again later.

    Returns how many were enqueued. Safe to call from several places at once and at any rate.
    """
    pending = Image.objects.filter(status=Image.Status.PENDING, retry_at__lte=timezone.now())
    due = list(pending.order_by("retry_at")[:REQUEUE_BATCH])
    waiting = _waiting_tasks(due) if due else set()
    enqueued = 0
    for image in due:
        if image.attempts >= MAX_ATTEMPTS:
            _fail(image, image.status_reason or gettext_noop("It did not work after several attempts."))
        elif _postpone(image, _recheck_pause(image)) and (str(image.pk), image.attempts) not in waiting:
            enqueue(image.pk, image.attempts)
            enqueued += 1
    return enqueued


def prepare_again(*, image: Image) -> None:
    """Starts over with a picture that had failed, for example after the encoder was repaired."""
    Image.objects.filter(pk=image.pk).update(
        status=Image.Status.PENDING,
        status_reason="",
        attempts=0,
        has_thumbnails=False,
        has_copy=False,
        details_version=0,
        retry_at=timezone.now() + LOST_AFTER,
    )
    enqueue(image.pk, 0)


def _waiting_tasks(images: Sequence[Image]) -> set[tuple[str, int]]:
    """What those of the tasks are for that are still in the queue: picture and attempt.

    A task that a cluster has fetched does not count: its cluster may have died with it.
    """
    wanted = {(str(image.pk), image.attempts) for image in images}
    found: set[tuple[str, int]] = set()
    for row in OrmQ.objects.filter(key=QUEUE, lock__lte=timezone.now()).order_by("pk").iterator():
        if row.task.get("func") == TASK:
            found |= wanted & {tuple(row.task["args"])}
        if found == wanted:
            break
    return found


def _claim(*, image_id: uuid.UUID, attempt: int) -> Image | None:
    """The picture, if it is pending and this attempt has not been made."""
    lease = min(LEASE * 2**attempt, LONGEST_LEASE)
    claimed = Image.objects.filter(pk=image_id, status=Image.Status.PENDING, attempts=attempt).update(
        attempts=F("attempts") + 1, retry_at=timezone.now() + lease
    )
    return Image.objects.filter(pk=image_id).first() if claimed else None


def _held(image: Image) -> ImageQuerySet:
    """The row as long as this attempt holds it: nothing is written over a later one's result."""
    return Image.objects.filter(pk=image.pk, status=Image.Status.PENDING, attempts=image.attempts)


def _fail(image: Image, reason: str) -> None:
    """`reason`: a message id, translated where it is shown."""
    _held(image).update(status=Image.Status.FAILED, status_reason=reason, retry_at=None)
    live.announce(owner_id=image.owner_id, image_id=image.pk)


def retry_pause(attempts: int) -> timedelta:
    """After that many failed attempts: 4 s, 16 s, 1, 4 and 17 minutes, 23 minutes in all."""
    return timedelta(seconds=4**attempts)


def _try_again(image: Image) -> None:
    _held(image).update(
        status_reason=gettext_noop("The model gave no answer for this picture."),
        retry_at=timezone.now() + retry_pause(image.attempts),
    )


def _wait_for_encoder(image: Image) -> None:
    """The picture never reached the encoder, so the attempt does not count against it.

    The pause grows with the time waited so far.
    """
    pause = (timezone.now() - image.created_at) / 4
    pause = min(max(pause, ENCODER_PAUSE), LONGEST_ENCODER_PAUSE)
    _held(image).update(
        attempts=F("attempts") - 1,
        status_reason=encoder_client.NOT_READY,
        retry_at=timezone.now() + pause,
    )


def _recheck_pause(image: Image) -> timedelta:
    return max(LOST_AFTER, timezone.now() - image.created_at)


def _postpone(image: Image, pause: timedelta) -> bool:
    """True if the picture was still due: of two callers one enqueues it."""
    due = _held(image).filter(retry_at=image.retry_at)
    return due.update(retry_at=timezone.now() + pause) == 1
