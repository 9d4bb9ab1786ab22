"""Finding the near-duplicates among one person's pictures, in the queue.

Each new picture is compared with all others by the bits in which their fingerprints differ. 50,000 with
50,000 take some three seconds of one core and 100 MB, so nothing has to be approximated.
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from gallery.embedding import as_array
from gallery.models import Image, ImageQuerySet, NearPair, User, serving_vectors
from gallery.near.groups import regroup

SURE = 4  # bits: the same picture, also in black and white
PERHAPS = 12  # bits: only if the model finds them alike as well
ALIKE = 0.9  # cosine similarity
NEAREST = 20  # pairs a picture; a burst of hundreds hangs together all the same
BLOCK = 64  # pictures compared with all others at once
CHUNK = 500  # values of one query
LEASE = timedelta(minutes=3)  # longer than the queue lets a task run

Pair = tuple[uuid.UUID, uuid.UUID]


def requeue_uncompared() -> int:
    """Enqueues one search for each person who has pictures that were not compared. Safe to repeat."""
    now = timezone.now()
    owners = _comparable().filter(is_compared=False).order_by().values_list("owner", flat=True).distinct()
    enqueued = 0
    for owner_id in owners:
        free = Q(comparing_until=None) | Q(comparing_until__lte=now)
        if User.objects.filter(free, pk=owner_id).update(comparing_until=now + LEASE):
            async_task("gallery.tasks.find_near_duplicates", owner_id)
            enqueued += 1
    return enqueued


def find_near_duplicates(*, owner_id: int) -> int:
    """Compares what was not compared yet with everything of this person. Returns the number of new pairs.

    Doing it again changes nothing; a pair that was decided stays decided.
    """
    fresh_first = _comparable().filter(owner=owner_id).order_by("is_compared", "pk")
    rows = list(fresh_first.values_list("pk", "fingerprint", "is_compared"))
    ids = [row[0] for row in rows]
    fresh = sum(not row[2] for row in rows)
    prints = np.array([row[1] for row in rows], np.int64).view(np.uint64)  # (N,)
    pairs = _confirmed(dict(_candidates(ids, prints, fresh)))
    before = NearPair.objects.filter(owner=owner_id).count()
    NearPair.objects.bulk_create(
        [
            NearPair(owner_id=owner_id, first_id=first, second_id=second, distance=distance)
            for (first, second), distance in pairs.items()
        ],
        ignore_conflicts=True,
        batch_size=CHUNK,
    )
    regroup(owner_id=owner_id)
    for start in range(0, fresh, CHUNK):
        Image.objects.filter(pk__in=ids[start : min(start + CHUNK, fresh)]).update(is_compared=True)
    User.objects.filter(pk=owner_id).update(comparing_until=None)
    return NearPair.objects.filter(owner=owner_id).count() - before


def _comparable() -> ImageQuerySet:
    return Image.objects.filter(status=Image.Status.READY, fingerprint__isnull=False)


def _candidates(ids: list[uuid.UUID], prints: np.ndarray, fresh: int) -> Iterator[tuple[Pair, int]]:
    """Pairs with one of the first `fresh` pictures, and the bits in which they differ: PERHAPS at most."""
    for start in range(0, fresh, BLOCK):
        block = prints[start : min(start + BLOCK, fresh)]
        distances = np.bitwise_count(block[:, None] ^ prints[None, start:])  # (B, N - start)
        distances[np.tril_indices(len(block), m=distances.shape[1])] = PERHAPS + 1  # itself, and pairs seen
        for row in np.flatnonzero((distances <= PERHAPS).any(axis=1)):
            near = np.flatnonzero(distances[row] <= PERHAPS)
            nearest = near[np.argsort(distances[row, near], kind="stable")[:NEAREST]]
            for other in nearest:
                first, second = sorted((ids[start + row], ids[start + other]))
                yield (first, second), int(distances[row, other])


def _confirmed(candidates: dict[Pair, int]) -> dict[Pair, int]:
    """Those that are sure by their bits, or found alike by the model too."""
    unsure = {pair for pair, distance in candidates.items() if distance > SURE}
    vectors = _vectors({image_id for pair in unsure for image_id in pair})
    return {
        pair: distance
        for pair, distance in candidates.items()
        if pair not in unsure or _are_alike(vectors.get(pair[0]), vectors.get(pair[1]))
    }


def _vectors(ids: set[uuid.UUID]) -> dict[uuid.UUID, tuple[str, np.ndarray]]:
    """Each picture's vector of the serving model, with its model; the newest while none is known to serve."""
    found = {}
    wanted = list(ids)
    vectors = serving_vectors()
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        for item in vectors.filter(image__in=chunk).order_by("pk"):
            found[item.image_id] = (item.model_id, as_array(item))
    return found


def _are_alike(first: tuple[str, np.ndarray] | None, second: tuple[str, np.ndarray] | None) -> bool:
    if first is None or second is None or first[0] != second[0]:
        return False
    return float(first[1] @ second[1]) >= ALIKE
