"""Albums: made, filled, put in order, and opened to others by a secret link.

Writers take the album's row first and hold it, so that of two changes at the same moment one comes after the
other and no two pictures get the same place.
"""

import secrets
import uuid
from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from gallery.history import Kind, note
from gallery.models import Album, AlbumEntry, AlbumQuerySet, Image, ImageQuerySet, User

TOKEN_BYTES = 24  # 192 bits: nobody guesses a link


class NotInAlbum(Exception):
    """The picture is not in the album (any more)."""


def create_album(
    *,
    owner: User,
    title: str,
    description: str = "",
    order: str = Album.Order.MANUAL,
    visibility: str = Album.Visibility.PRIVATE,
) -> Album:
    return Album.objects.create(
        owner=owner,
        title=title,
        description=description,
        order=order,
        visibility=visibility,
        token=_token_for(visibility, None),
    )


@transaction.atomic
def edit_album(*, album: Album, title: str, description: str, order: str, visibility: str) -> Album:
    """An album that stays unlisted keeps its link; one that no longer is loses it for good."""
    album = _held(album)
    album.title, album.description, album.order, album.visibility = title, description, order, visibility
    album.token = _token_for(visibility, album.token)
    album.save(update_fields=["title", "description", "order", "visibility", "token"])
    return album


@transaction.atomic
def delete_album(*, album: Album) -> None:
    """The pictures stay."""
    inside = list(album.entries.values_list("image", flat=True))
    note(image_ids=inside, kind=Kind.OUT_OF_ALBUM, detail=album.title)
    album.delete()


@transaction.atomic
def renew_link(*, album: Album) -> Album:
    """The album gets a new secret link, and the one before opens nothing any more."""
    album = _held(album)
    album.visibility, album.token = Album.Visibility.UNLISTED, secrets.token_urlsafe(TOKEN_BYTES)
    album.save(update_fields=["visibility", "token"])
    return album


@transaction.atomic
def revoke_link(*, album: Album) -> Album:
    """The link opens nothing any more, and the album is private. One that has no link stays as it is."""
    album = _held(album)
    if album.visibility == Album.Visibility.UNLISTED:
        album.visibility, album.token = Album.Visibility.PRIVATE, None
        album.save(update_fields=["visibility", "token"])
    return album


@transaction.atomic
def add_pictures(*, album: Album, images: Sequence[Image]) -> int:
    """At the end, in the order given; those that are in it keep their place. Returns how many are new.

    The pictures have to be the album's owner's: their own are all that a person may pass on by a link.
    """
    album = _held(album)
    if any(image.owner_id != album.owner_id for image in images):
        raise ValueError("A picture of somebody else's does not go into an album.")
    present = set(album.entries.filter(image__in=images).values_list("image_id", flat=True))
    new = [image for image in images if image.pk not in present]
    start = 1 + (album.entries.aggregate(last=Max("position"))["last"] or 0)
    entries = [AlbumEntry(album=album, image=image, position=start + n) for n, image in enumerate(new)]
    AlbumEntry.objects.bulk_create(entries)
    note(image_ids=[image.pk for image in new], kind=Kind.INTO_ALBUM, detail=album.title)
    return len(new)


@transaction.atomic
def remove_pictures(*, album: Album, images: ImageQuerySet) -> int:
    """Out of the album; the pictures themselves stay. Returns how many were in it."""
    album = _held(album)
    leaving = list(images.filter(album_entries__album=album).values_list("pk", flat=True))
    if album.cover_id in leaving:
        Album.objects.filter(pk=album.pk).update(cover=None)
    note(image_ids=leaving, kind=Kind.OUT_OF_ALBUM, detail=album.title)
    return album.entries.filter(image__in=leaving).delete()[0]


@transaction.atomic
def set_cover(*, album: Album, image: Image) -> Album:
    """Raises NotInAlbum."""
    album = _held(album)
    _place(album, image.pk)
    album.cover = image
    album.save(update_fields=["cover"])
    return album


@transaction.atomic
def move_picture(*, album: Album, image: Image, to: Image) -> Album:
    """To the place of another picture, which makes room together with those between. Raises NotInAlbum."""
    album = _held(album)
    here, there = _place(album, image.pk), _place(album, to.pk)
    if here > there:
        album.entries.filter(position__gte=there, position__lt=here).update(position=F("position") + 1)
    elif here < there:
        album.entries.filter(position__gt=here, position__lte=there).update(position=F("position") - 1)
    album.entries.filter(image=image).update(position=there)
    return album


def neighbour(*, album: Album, image: Image, shown: ImageQuerySet, step: int) -> Image | None:
    """The picture next to this one among those that the owner is shown: step -1 before, 1 after."""
    place = album.entries.filter(image=image).values("position")[:1]
    inside = shown.filter(album_entries__album=album)
    if step < 0:
        before = inside.filter(album_entries__position__lt=Subquery(place))
        return before.order_by("-album_entries__position").first()
    after = inside.filter(album_entries__position__gt=Subquery(place))
    return after.order_by("album_entries__position").first()


def with_covers(albums: AlbumQuerySet, *, user: User | AnonymousUser) -> AlbumQuerySet:
    """Each with `picture_total`, the pictures that `user` sees in it, and `cover_shown`, the id of one: the
    chosen cover if they see it, else the first of those. One that moderators have covered is none."""
    visible = Image.objects.visible_to(user)
    entries = AlbumEntry.objects.filter(album=OuterRef("pk"), image__in=visible)
    total = entries.order_by().values("album").annotate(total=Count("pk")).values("total")
    chosen = visible.filter(pk=OuterRef("cover"), has_thumbnails=True, is_blurred=False).values("pk")[:1]
    first = entries.filter(image__has_thumbnails=True, image__is_blurred=False).values("image")[:1]
    return albums.annotate(
        picture_total=Coalesce(Subquery(total), 0),
        cover_shown=Coalesce(Subquery(chosen), Subquery(first), output_field=UUIDField()),
    )


def albums_with(image: Image, *, user: User | AnonymousUser) -> "QuerySet[Album]":
    """Those of the picture's albums that `user` sees, by title."""
    return Album.objects.visible_to(user).filter(entries__image=image).order_by("title", "pk")


def _held(album: Album) -> Album:
    return Album.objects.select_for_update().get(pk=album.pk)


def _place(album: Album, image_id: uuid.UUID) -> int:
    position = album.entries.filter(image=image_id).values_list("position", flat=True).first()
    if position is None:
        raise NotInAlbum
    return position


def _token_for(visibility: str, present: str | None) -> str | None:
    if visibility != Album.Visibility.UNLISTED:
        return None
    return present or secrets.token_urlsafe(TOKEN_BYTES)
