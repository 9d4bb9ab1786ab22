"""Maps follow their galleries: new pictures are put beside those they resemble, and a new model lays all out
anew. In the queue; pages only read."""

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from gallery.map import making, vectors
from gallery.map.neighbours import Layout, place_beside
from gallery.models import Embedding, Map, MapPoint, User

AT_ONCE = 1000  # pictures placed by one task
LEASE = making.LOST_AFTER


def requeue_grown() -> int:
    """Enqueues one task for each map whose person has newer vectors than it has seen. Safe to repeat."""
    now = timezone.now()
    newest = Embedding.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    behind = _idle(now).filter(newest_seen__lt=newest)
    newer = Embedding.objects.filter(pk__gt=OuterRef("newest_seen"), image__owner=OuterRef("owner"))
    grown = list(behind.filter(Exists(newer)))
    # The others need not look through the same vectors again.
    behind.exclude(pk__in=[found.pk for found in grown]).update(newest_seen=newest)
    enqueued = 0
    for found in grown:
        if _idle(now).filter(pk=found.pk).update(held_until=now + LEASE):
            async_task("gallery.tasks.grow_map", found.owner_id)
            enqueued += 1
    return enqueued


def grow_map(*, owner_id: int) -> int:
    """Places what has come since. Returns how many pictures; with a new model none, but a whole new map is
    asked for. Doing it again changes nothing."""
    found = Map.objects.select_related("owner").filter(owner=owner_id, state=Map.State.READY).first()
    if found is None:
        return 0
    owner = found.owner
    newest = Embedding.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    model_id = vectors.model_of(owner)
    if model_id is None:
        return 0
    if model_id != found.model_id:
        return _make_anew(owner, model_id)
    room = vectors.MOST - found.points.count()
    missing = vectors.with_vector(owner, model_id).filter(map_point=None).order_by("-created_at", "-pk")
    chosen = list(missing.values_list("pk", flat=True)[: min(AT_ONCE, max(0, room))])
    ids, rows = vectors.load_vectors(vectors.own_pictures(owner).filter(pk__in=chosen), model_id)
    layout = _beside(found, rows)
    placed = 0
    with transaction.atomic():
        # Whoever makes the map anew meanwhile has taken the row, and what was placed here is not wanted.
        same = Map.objects.filter(pk=found.pk, state=Map.State.READY, made_at=found.made_at)
        seen = newest if len(chosen) < AT_ONCE else found.newest_seen  # the rest with the next task
        if same.update(held_until=None, newest_seen=seen) and layout:
            placed = making.add_points(on=found, ids=ids, layout=layout, later=True)
    return placed


def _idle(now: object) -> "QuerySet[Map]":
    free = Q(held_until=None) | Q(held_until__lte=now)
    return Map.objects.filter(free, state=Map.State.READY)


def _make_anew(owner: User, model_id: str) -> int:
    """Not before the new model has seen nearly all: else the map would be laid out for a few of them."""
    total = vectors.own_pictures(owner).filter(status="ready").count()
    if vectors.with_vector(owner, model_id).count() * 10 >= total * 9:
        Map.objects.filter(owner=owner, state=Map.State.READY).update(held_until=None)
        making.request_map(owner=owner)
    return 0


def _beside(found: Map, rows: np.ndarray) -> Layout | None:
    """Positions for (N, D) unit rows on a map that is there. None if nothing is to be placed, or nothing is
    left to place it beside."""
    if not len(rows):
        return None
    on_map = vectors.own_pictures(found.owner).filter(map_point__map=found)
    ids, references = vectors.load_vectors(on_map, found.model_id)
    if not ids:
        return None
    points = {
        image_id: (x, y, region)
        for image_id, x, y, region in MapPoint.objects.filter(map=found).values_list(
            "image_id", "x", "y", "region"
        )
    }
    table = np.array([points[image_id] for image_id in ids], np.float32).reshape(len(ids), 3)
    layout = Layout(table[:, :2], table[:, 2].astype(np.uint8))
    return place_beside(rows, references, layout)
