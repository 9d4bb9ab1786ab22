"""From the wish for a map to its points, whatever is killed on the way.

The row says what is left to do. A map under way has `held_until`, which the worker that lays it out moves on
every few seconds, and `attempts`, counted when one starts. A task carries the number of the attempt that it
is for and claims it by a conditional update, so that of two tasks one lays out, and a late one does nothing.
"""

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from gallery.map import computing, vectors
from gallery.map.neighbours import Layout
from gallery.models import Embedding, Image, Map, MapPoint, User

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
LEASE = timedelta(seconds=45)  # several beats of computing.py, and the loading and storing around it
LOST_AFTER = timedelta(seconds=90)  # a task that has not started by then may be lost
TASK_SECONDS = 400  # more than computing may take
CHUNK = 500  # rows of one statement


class TooFewPictures(Exception):
    """There are no neighbourhoods among so few pictures."""


class MapLost(Exception):
    """Another attempt has taken the map over."""


def request_map(*, owner: User) -> Map:
    """Asks for a layout. One that is under way already goes on, and no second one begins.

    Raises TooFewPictures.
    """
    model_id = vectors.model_of(owner)
    if model_id is None or vectors.with_vector(owner, model_id).count() < vectors.FEWEST:
        raise TooFewPictures
    found, _created = Map.objects.get_or_create(owner=owner)
    idle = Map.objects.filter(pk=found.pk).exclude(state__in=Map.UNDER_WAY)
    changed = idle.update(
        state=Map.State.WAITING, reason="", attempts=0, held_until=timezone.now() + LOST_AFTER
    )
    if changed:
        transaction.on_commit(lambda: enqueue(owner.pk, 0))
    found.refresh_from_db()
    return found


def enqueue(owner_id: int, attempt: int) -> None:
    async_task("gallery.tasks.make_map", owner_id, attempt, q_options={"timeout": TASK_SECONDS})


def make_map(*, owner_id: int, attempt: int) -> Map | None:
    """Lays out what this person has now. None if there was nothing to take up, or it was taken over.

    Errors end up on the row, except those nobody foresaw: they reach the queue's log, and the map is taken
    up again when its time has run out.
    """
    claimed = _claim(owner_id=owner_id, attempt=attempt)
    if claimed is None:
        return None
    try:
        return _make(claimed)
    except computing.TooSlow:
        return _fail(claimed, gettext_noop("It took more time than is allowed."))
    except computing.TooLarge:
        return _fail(claimed, gettext_noop("It needed more memory than is allowed."))
    except computing.LayoutError as error:
        logger.warning("The map of person %d: %s", owner_id, error)
        return _fail(claimed, gettext_noop("The computation broke off."))
    except TooFewPictures:
        return _fail(claimed, gettext_noop("There are too few pictures for a map now."))
    except MapLost:
        logger.info("The map of person %d was taken over", owner_id)
        return None


def requeue_unfinished() -> int:
    """Takes up maps whose time has run out: a lost task or a killed worker. Safe to repeat."""
    now = timezone.now()
    enqueued = 0
    for due in Map.objects.filter(state__in=Map.UNDER_WAY, held_until__lte=now):
        if due.attempts >= MAX_ATTEMPTS:
            _fail(due, gettext_noop("It did not work after several attempts."))
        elif _held(due).filter(held_until=due.held_until).update(held_until=now + LOST_AFTER):
            enqueue(due.owner_id, due.attempts)
            enqueued += 1
    return enqueued


def _claim(*, owner_id: int, attempt: int) -> Map | None:
    waiting = Map.objects.filter(owner=owner_id, state__in=Map.UNDER_WAY, attempts=attempt)
    claimed = waiting.update(
        state=Map.State.RUNNING, attempts=F("attempts") + 1, held_until=timezone.now() + LEASE
    )
    return Map.objects.select_related("owner").filter(owner=owner_id).first() if claimed else None


def _held(held: Map) -> "QuerySet[Map]":
    """The row as long as this attempt holds it."""
    return Map.objects.filter(pk=held.pk, state=held.state, attempts=held.attempts)


def _make(claimed: Map) -> Map:
    newest = Embedding.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    model_id = vectors.model_of(claimed.owner) or ""
    ids, rows = vectors.load_vectors(vectors.with_vector(claimed.owner, model_id), model_id)
    if len(ids) < vectors.FEWEST:
        raise TooFewPictures

    def beat() -> None:
        if not _held(claimed).update(held_until=timezone.now() + LEASE):
            raise MapLost

    layout = computing.compute(rows, beat=beat)
    beat()
    with transaction.atomic():
        made = {"model_id": model_id, "made_at": timezone.now(), "newest_seen": newest}
        if not _held(claimed).update(state=Map.State.READY, held_until=None, **made):
            raise MapLost
        claimed.points.all().delete()
        add_points(on=claimed, ids=ids, layout=layout)
    claimed.refresh_from_db()
    return claimed


def add_points(*, on: Map, ids: list[uuid.UUID], layout: Layout, later: bool = False) -> int:
    """Pictures that were deleted meanwhile are passed over. Returns how many were added. Call it inside the
    transaction that holds the map's row."""
    added = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        present = set(Image.objects.filter(pk__in=part, owner=on.owner_id).values_list("pk", flat=True))
        points = [
            MapPoint(
                map=on,
                image_id=image_id,
                x=float(layout.positions[row, 0]),
                y=float(layout.positions[row, 1]),
                region=int(layout.regions[row]),
                is_later=later,
            )
            for row, image_id in enumerate(part, start)
            if image_id in present
        ]
        added += len(MapPoint.objects.bulk_create(points))
    return added


def _fail(claimed: Map, reason: str) -> Map | None:
    """`reason`: a message id, translated where it is shown."""
    if not _held(claimed).update(state=Map.State.FAILED, reason=reason, held_until=None):
        return None
    claimed.refresh_from_db()
    return claimed
