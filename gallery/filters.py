"""What a search is narrowed to: from the address to the queryset and back, one place a filter.

To add a filter, add one field to `Filters`: the name is the parameter in the address, `narrow()` says how it
is asked for, what it does to the pictures and how it is said. Form, address, chips and hints follow.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from gallery.colours import Colour
from gallery.filter_fields import (
    MINE,
    AlbumField,
    DayField,
    OptionField,
    OwnerField,
    Person,
    TagField,
    TextField,
    Words,
)
from gallery.models import Album, CameraFacts, Favourite, Image, ImageQuerySet, Tag

MEGAPIXEL = 1_000_000
CAMERA_MAX_LENGTH = 80  # characters
SMALL, LARGE = (
    1 * MEGAPIXEL,
    8 * MEGAPIXEL,
)  # a small picture has fewer pixels, a large one has at least so many


class Orientation(models.TextChoices):
    LANDSCAPE = "landscape", _("Landscape")
    PORTRAIT = "portrait", _("Portrait")
    SQUARE = "square", _("Square")


class Size(models.TextChoices):
    SMALL = "small", _("Small (under 1 megapixel)")
    MEDIUM = "medium", _("Medium (1 to 8 megapixels)")
    LARGE = "large", _("Large (8 megapixels and more)")


class Kept(models.TextChoices):
    YES = "yes", _("Only favourites")


class FilterError(ValueError):
    """Filters that contradict each other. `name`: the one to correct."""

    def __init__(self, name: str, message: Words) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True)
class Narrowing:
    """How one filter is asked for, what it does to the pictures, and how its value is said."""

    label: Words
    field: Callable[[Person], forms.Field]
    restrict: Callable[[ImageQuerySet, Any, Person], ImageQuerySet]
    say: Callable[[Any], Words]


def narrow(
    label: Words,
    field: Callable[[Person], forms.Field],
    restrict: Callable[[ImageQuerySet, Any, Person], ImageQuerySet],
    say: Callable[[Any], Words] = str,
) -> Any:
    return dataclasses.field(default=None, metadata={"narrowing": Narrowing(label, field, restrict, say)})


def _option(label: Words, choices: Any, restrict: Callable[[ImageQuerySet, Any], ImageQuerySet]) -> Any:
    return narrow(
        label,
        lambda person: OptionField(label, choices),
        lambda images, value, person: restrict(images, value),
        lambda value: choices(value).label,
    )


def _day(label: Words, restrict: Callable[[ImageQuerySet, date], ImageQuerySet]) -> Any:
    return narrow(
        label,
        lambda person: DayField(label),
        lambda images, value, person: restrict(images, value),
        lambda value: date_format(value, "DATE_FORMAT"),
    )


def _owned(images: ImageQuerySet, owner: str, person: Person) -> ImageQuerySet:
    if owner == MINE:
        return images.filter(owner=person) if person.is_authenticated else images.none()
    return images.filter(Q(owner__username__iexact=owner) | Q(owner__display_name__iexact=owner))


def _oriented(images: ImageQuerySet, orientation: str) -> ImageQuerySet:
    match orientation:
        case Orientation.LANDSCAPE:
            return images.filter(width__gt=F("height"))
        case Orientation.PORTRAIT:
            return images.filter(width__lt=F("height"))
    return images.filter(width=F("height"))


def _sized(images: ImageQuerySet, size: str) -> ImageQuerySet:
    images = images.alias(pixels=F("width") * F("height"))
    match size:
        case Size.SMALL:
            return images.filter(pixels__lt=SMALL)
        case Size.MEDIUM:
            return images.filter(pixels__gte=SMALL, pixels__lt=LARGE)
    return images.filter(pixels__gte=LARGE)


def _in_album(images: ImageQuerySet, album_id: str, person: Person) -> ImageQuerySet:
    return images.filter(pk__in=Album.objects.visible_to(person).filter(pk=album_id).values("entries__image"))


def _album_title(album_id: str) -> str:
    return Album.objects.filter(pk=album_id).values_list("title", flat=True).first() or ""


def _favourites(images: ImageQuerySet, value: str, person: Person) -> ImageQuerySet:
    if not person.is_authenticated:
        return images.none()
    return images.filter(pk__in=Favourite.objects.filter(user=person).values("image"))


def _taken_with(images: ImageQuerySet, camera: str, person: Person) -> ImageQuerySet:
    cameras = CameraFacts.objects.filter(Q(model__icontains=camera) | Q(make__icontains=camera))
    return images.filter(pk__in=cameras.values("image"))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What pictures have to be. None: no matter. Raises FilterError when they contradict each other."""

    owner: str | None = narrow(
        _("Owner"), OwnerField, _owned, lambda owner: _("mine") if owner == MINE else owner
    )
    album: str | None = narrow(_("Album"), AlbumField, _in_album, _album_title)
    tag: str | None = narrow(
        _("Tag"),
        lambda person: TagField(),
        lambda images, name, person: images.filter(pk__in=Tag.objects.filter(name=name).values("image")),
    )
    favourite: str | None = narrow(
        _("Favourites"),
        lambda person: OptionField(_("Favourites"), Kept),
        _favourites,
        lambda value: Kept(value).label,
    )
    camera: str | None = narrow(
        _("Camera"), lambda person: TextField(_("Camera"), CAMERA_MAX_LENGTH), _taken_with
    )
    origin: str | None = _option(_("Origin"), Image.Origin, lambda images, value: images.filter(origin=value))
    visibility: str | None = _option(
        _("Visibility"), Image.Visibility, lambda images, value: images.filter(visibility=value)
    )
    orientation: str | None = _option(_("Orientation"), Orientation, _oriented)
    size: str | None = _option(_("Size"), Size, _sized)
    colour: str | None = _option(_("Main colour"), Colour, lambda images, value: images.filter(colour=value))
    since: date | None = _day(  # noqa: RUF009 — it makes a field()
        _("Added from"), lambda images, day: images.filter(created_at__gte=_midnight(day))
    )
    until: date | None = _day(  # noqa: RUF009
        _("Added until"),
        lambda images, day: images.filter(created_at__lt=_midnight(day + timedelta(days=1))),
    )

    def __post_init__(self) -> None:
        if self.since and self.until and self.since > self.until:
            raise FilterError(
                "until",
                format_lazy(_("This day is before the first one, {day}."), day=self.since.isoformat()),
            )

    def restrict(self, images: ImageQuerySet, person: Person) -> ImageQuerySet:
        for name, value in self.active():
            images = narrowing(name).restrict(images, value, person)
        return images

    def parameters(self) -> dict[str, str]:
        """For the address."""
        return {name: str(value) for name, value in self.active()}

    def without(self, name: str) -> "Filters":
        return dataclasses.replace(self, **{name: None})

    def active(self) -> Iterator[tuple[str, Any]]:
        for name in names():
            if (value := getattr(self, name)) is not None:
                yield name, value

    def say(self, name: str) -> str:
        """One filter in words: “Main colour: Red”."""
        described = narrowing(name)
        return f"{described.label}: {described.say(getattr(self, name))}"

    def __bool__(self) -> bool:
        return any(True for _active in self.active())


def names() -> list[str]:
    return [field.name for field in dataclasses.fields(Filters)]


def narrowing(name: str) -> Narrowing:
    return Filters.__dataclass_fields__[name].metadata["narrowing"]


class FilterForm(forms.Form):
    """Every filter as an optional field. `filters` is what a valid form asks for."""

    filters = Filters()

    def __init__(self, *args: Any, person: Person, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in names():
            self.fields[name] = narrowing(name).field(person)

    def clean(self) -> None:
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        try:
            self.filters = Filters(**{name: chosen[name] for name in names() if name in chosen})
        except FilterError as error:
            self.add_error(error.name, error.message)
