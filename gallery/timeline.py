"""Pictures by the month in which they were taken; where no camera dated them, in which they were added."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Count
from django.db.models.functions import Coalesce
from django.utils import timezone

from gallery.models import Image, ImageQuerySet


@dataclass(frozen=True)
class Month:
    """A month in which there are pictures. first: its first day."""

    first: date
    count: int
    before: int  # how many pictures come before it, newest first

    @property
    def name(self) -> str:
        """For addresses."""
        return self.first.isoformat()[:7]


def month_of(image: Image) -> date:
    """The first day of the month in which a picture stands."""
    moment = image.taken_local or timezone.localtime(image.created_at, timezone.get_default_timezone())
    return moment.date().replace(day=1)


def newest_first(images: ImageQuerySet) -> ImageQuerySet:
    """By month, and in it by moment: the months of clocks at other places may overlap a little."""
    return images.order_by("-month", Coalesce("taken_at", "created_at").desc(), "-id")


def months_of(images: ImageQuerySet) -> list[Month]:
    """The newest first. `images` are those that the reader sees."""
    counted = images.order_by("-month").values_list("month").annotate(Count("pk"))
    months, before = [], 0
    for first, count in counted:
        months.append(Month(first, count, before))
        before += count
    return months


def by_year(months: Iterable[Month]) -> list[tuple[int, list[Month]]]:
    return [(year, list(group)) for year, group in groupby(months, key=lambda month: month.first.year)]


def by_month(images: Iterable[Image]) -> list[tuple[date, list[Image]]]:
    """Images that are sorted by month, put together."""
    return [(first, list(group)) for first, group in groupby(images, key=lambda image: image.month)]


def starting_at(months: Iterable[Month], wanted: date) -> Month | None:
    """The month `wanted`, or the nearest before it in which there are pictures; else the oldest there is."""
    month = None
    for month in months:
        if month.first <= wanted:
            break
    return month
