"""What a person sees of their map. Everything goes through the visibility rule and their own pictures, so
that what was deleted or moved to the trash is gone from the map at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F

from gallery.map.neighbours import SAMPLE
from gallery.map.vectors import FEWEST, MOST, model_of, own_pictures, with_vector
from gallery.models import Image, ImageQuerySet, Map, MapPoint, User

POINTS_A_PAGE = 5000
EXAMPLES = 5  # pictures that stand for a region
TAGS = 3  # that name it
SECONDS_A_THOUSAND = 4  # of laying out, on one core that has other things to do as well


@dataclass(frozen=True)
class Overview:
    map: Map | None
    on_map: int  # pictures that are shown
    later: int  # of these, how many came after the layout
    missing: int  # pictures that could be on it and are not (yet)
    available: int  # pictures that a new map would have
    is_outdated: bool  # made of the vectors of a model that is not used any more

    @property
    def has_points(self) -> bool:
        return self.on_map > 0

    @property
    def can_be_made(self) -> bool:
        return self.available >= FEWEST

    @property
    def minutes(self) -> int:
        """How long it takes to lay out, rounded up; 0: less than one."""
        seconds = SECONDS_A_THOUSAND * min(self.available, SAMPLE) / 1000
        return 0 if seconds < 10 else 1 + int(seconds // 60)


@dataclass(frozen=True)
class Region:
    """A neighbourhood of the map, for who reads it as a list."""

    number: int
    count: int
    tags: Sequence[str]  # the most frequent ones
    examples: Sequence[Image]  # the nearest to its middle


def overview(user: User) -> Overview:
    found = Map.objects.filter(owner=user).first()
    model_id = model_of(user)
    ready = with_vector(user, model_id) if model_id else Image.objects.none()
    available = min(ready.count(), MOST)
    shown = on_map(user)
    is_outdated = found is not None and found.made_at is not None and found.model_id != (model_id or "")
    count = shown.count()
    return Overview(
        map=found,
        on_map=count,
        later=shown.filter(map_point__is_later=True).count(),
        missing=ready.filter(map_point=None).count() if count < MOST else 0,
        available=available,
        is_outdated=is_outdated,
    )


def on_map(user: User) -> ImageQuerySet:
    return own_pictures(user).filter(map_point__map__owner=user)


def points(user: User, page: int) -> tuple[list[list[Any]], int]:
    """One page of [id, x, y, colour, width / height, title, has a thumbnail], and how many pages there are.

    A page after the last is empty.
    """
    shown = on_map(user).order_by("map_point__pk")
    start = (page - 1) * POINTS_A_PAGE
    fields = ("pk", "map_point__x", "map_point__y", "dominant_color")
    rows = shown.values_list(*fields, "width", "height", "title", "has_thumbnails")
    found = [
        [str(pk), round(x, 4), round(y, 4), colour, round(width / height, 3), title, int(has_thumbnail)]
        for pk, x, y, colour, width, height, title, has_thumbnail in rows[start : start + POINTS_A_PAGE]
    ]
    return found, max(1, -(-shown.count() // POINTS_A_PAGE))


def regions(user: User) -> list[Region]:
    """In reading order, without those that have lost all their pictures."""
    grouped = MapPoint.objects.filter(image__in=on_map(user)).order_by("region").values("region")
    middles = grouped.annotate(count=Count("pk"), x=Avg("x"), y=Avg("y"))
    tags = _frequent_tags(user)
    return [
        Region(
            number=row["region"],
            count=row["count"],
            tags=tags[row["region"]][:TAGS],
            examples=list(_from_middle(user, row["region"], row["x"], row["y"])[:EXAMPLES]),
        )
        for row in middles
    ]


def in_region(user: User, number: int) -> ImageQuerySet:
    """The pictures of one region, from its middle outwards; none if there is no such region."""
    here = MapPoint.objects.filter(image__in=on_map(user), region=number)
    middle = here.aggregate(x=Avg("x"), y=Avg("y"))
    if middle["x"] is None:
        return Image.objects.none()
    return _from_middle(user, number, middle["x"], middle["y"])


def _from_middle(user: User, number: int, x: float, y: float) -> ImageQuerySet:
    away_x, away_y = F("map_point__x") - x, F("map_point__y") - y
    inside = on_map(user).filter(map_point__region=number)
    return inside.order_by(away_x * away_x + away_y * away_y, "pk")


def _frequent_tags(user: User) -> dict[int, list[str]]:
    tagged = on_map(user).filter(tags__isnull=False)
    counted = tagged.values("map_point__region", "tags__name").annotate(count=Count("pk"))
    found: dict[int, list[str]] = defaultdict(list)
    for row in counted.order_by("map_point__region", "-count", "tags__name"):
        found[row["map_point__region"]].append(row["tags__name"])
    return found
