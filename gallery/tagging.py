"""Tags: how they are written, who puts them on pictures, and how many pictures have them."""

import unicodedata
from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from gallery.history import Kind, note
from gallery.models import Image, ImageQuerySet, Tag, User

MAX_TAGS = 50  # on one picture


def normal_name(text: str) -> str:
    """One way of writing for what is the same word: “ Blue  SKY” is “blue sky”."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def parse_tags(text: str) -> list[str]:
    """Names separated by commas or lines, each once. Raises ValidationError that names the one at fault."""
    parts = text.replace("\n", ",").split(",")
    names = list(dict.fromkeys(name for part in parts if (name := normal_name(part))))
    for name in names:
        _check(name)
    if len(names) > MAX_TAGS:
        raise ValidationError(
            _("At most %(limit)d tags; these are %(count)d."),
            code="too_many",
            params={"limit": MAX_TAGS, "count": len(names)},
        )
    return names


def _check(name: str) -> None:
    if len(name) > Tag.MAX_LENGTH:
        raise ValidationError(
            _("A tag may have at most %(limit)d characters; “%(start)s…” has %(count)d."),
            code="too_long",
            params={"limit": Tag.MAX_LENGTH, "start": name[:20], "count": len(name)},
        )
    # A name is a part of its page's address.
    if "/" in name or not name.isprintable() or not any(letter.isalnum() for letter in name):
        raise ValidationError(
            _("“%(name)s” cannot be a tag: write it with a letter or a digit, and without a slash."),
            code="not_a_tag",
            params={"name": name},
        )


@transaction.atomic
def set_tags(*, image: Image, names: Sequence[str]) -> Image:
    """The picture has these tags from now on, and no others. names: as parse_tags() gives them."""
    present = set(image.tags.values_list("name", flat=True))
    _note(image, Kind.UNTAGGED, sorted(present - set(names)))
    _note(image, Kind.TAGGED, [name for name in names if name not in present])
    image.tags.exclude(name__in=names).delete()
    Tag.objects.bulk_create([Tag(image=image, name=name) for name in names], ignore_conflicts=True)
    return image


@transaction.atomic
def add_tags(*, images: ImageQuerySet, names: Sequence[str]) -> int:
    """Adds tags to each of the pictures, as far as it has room for them. Returns how many had no room."""
    full = 0
    for image in images.prefetch_related("tags"):
        present = {tag.name for tag in image.tags.all()}
        missing = [name for name in names if name not in present]
        if len(present) + len(missing) > MAX_TAGS:
            full += 1
            continue
        _note(image, Kind.TAGGED, missing)
        Tag.objects.bulk_create([Tag(image=image, name=name) for name in missing], ignore_conflicts=True)
    return full


def _note(image: Image, kind: Kind, names: Sequence[str]) -> None:
    if names:
        note(image_ids=[image.pk], kind=kind, detail=", ".join(names))


def tags_of(user: User | AnonymousUser, *, owner: User) -> list[tuple[str, int]]:
    """Each tag on those pictures of `owner` that `user` may see, and on how many of them, by name."""
    visible = Image.objects.visible_to(user).filter(owner=owner)
    counted = Tag.objects.filter(image__in=visible).values("name").annotate(total=Count("image"))
    return list(counted.order_by("name").values_list("name", "total"))
