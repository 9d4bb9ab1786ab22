"""Pictures that look like another one, for moderators to decide the same about: by their prints and vectors.

Prints are compared with all others each time, 100,000 pictures with one in a fraction of a second.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gallery import prints, search
from gallery.mixing import NotEmbedded
from gallery.models import BlockedFile, Image, ImageQuerySet, User
from gallery.moderation import blocking

SHOWN = 24  # by their prints, and as many by their vectors
ALIKE = 0.85  # cosine similarity from which a picture is offered
CHUNK = 4096  # pictures compared at once
MOST_COMPARED = 10_000_000  # prints with prints for a count: about a second
COUNTED_AT = (0, 8, 16, 24, 30, 36, 42, 48, 56, 64)  # bits of 256


@dataclass(frozen=True)
class Alike:
    """distance: bits of 256 in which the prints differ. similarity: of the vectors. None: not compared."""

    image: Image
    distance: int | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class Counts:
    """How many pictures of those looked at would match the block list, at each of COUNTED_AT."""

    looked_at: int
    total: int
    at: list[tuple[int, int]]


def alike(*, image: Image, user: User) -> list[Alike]:
    """As far as a moderator sees them: the same file of others, the nearest prints, the nearest vectors."""
    found = matches(image=image, user=user)
    known = {each.image.pk for each in found}
    return found + [each for each in _by_vector(image, user) if each.image.pk not in known]


def matches(*, image: Image, user: User) -> list[Alike]:
    """The pictures that would not pass if this one were blocked, the most alike first, at most SHOWN."""
    near = [(0, pk) for pk in Image.objects.kept().filter(sha256=image.sha256).values_list("pk", flat=True)]
    if image.prints:
        near += _near(bytes(image.prints), blocking.current().distance)
    distances = {pk: bits for bits, pk in sorted(near, reverse=True) if pk != image.pk}
    nearest = sorted(distances, key=lambda pk: (distances[pk], pk))[:SHOWN]
    images = Image.objects.visible_to(user).select_related("owner").in_bulk(nearest)
    return [Alike(images[pk], distance=distances[pk]) for pk in nearest if pk in images]


def _near(kept: bytes, limit: int) -> list[tuple[int, uuid.UUID]]:
    """Bits, and whose, of those within the limit."""
    asked = prints.turned(prints.from_kept([kept])[0])
    near: list[tuple[int, uuid.UUID]] = []
    for ids, known in _prints_of(Image.objects.kept()):
        apart = prints.apart(known, asked)  # (N,)
        near += [(int(apart[row]), ids[int(row)]) for row in np.flatnonzero(apart <= limit)]
    return near


def count_matches() -> Counts:
    """Of what is there; the blocked files themselves do not count. Of very many pictures a part is looked at,
    which, as their ids are random, is no particular one."""
    rows = BlockedFile.objects.exclude(prints=None).values_list("prints", flat=True)
    blocked = prints.from_kept(rows)
    others = Image.objects.kept().exclude(sha256__in=BlockedFile.objects.values("pk"))
    total = others.exclude(prints=None).count()
    looked_at, counts = 0, np.zeros(len(COUNTED_AT), int)
    if len(blocked):
        asked = np.concatenate([prints.turned(row) for row in blocked], axis=1)  # (2, 8 B, 32)
        most = max(1000, MOST_COMPARED // asked.shape[1])
        for ids, known in _prints_of(others, most):
            apart = prints.apart(known, asked)
            counts += (apart[:, None] <= np.array(COUNTED_AT)).sum(axis=0)
            looked_at += len(ids)
    return Counts(looked_at, total, [(bits, int(n)) for bits, n in zip(COUNTED_AT, counts, strict=True)])


def _by_vector(image: Image, user: User) -> list[Alike]:
    try:
        hits = search.search(user=user, like=image, size=SHOWN).hits
    except NotEmbedded:
        return []
    scored = [(hit.image, hit.score) for hit in hits if hit.score is not None]
    return [Alike(found, similarity=score) for found, score in scored if score >= ALIKE]


def _prints_of(
    images: ImageQuerySet, most: int | None = None
) -> Iterator[tuple[Sequence[uuid.UUID], NDArray[np.uint8]]]:
    """Ids and prints (N, 2, 32) of those that have any, chunk by chunk."""
    rows = images.exclude(prints=None).order_by("pk").values_list("pk", "prints")[:most]
    found = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        yield [pk for pk, _kept in chunk], prints.from_kept([kept for _pk, kept in chunk])
