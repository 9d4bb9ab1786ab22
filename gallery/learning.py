"""Which pictures of the site a training may use."""

import io
from collections.abc import Sequence
from typing import BinaryIO

from django.core.exceptions import ValidationError

from gallery.models import Album, Image, User
from gallery.models.image import ImageQuerySet
from gallery.training.folder import RunError
from gallery.training.pictures import PictureFile
from gallery.words.said import said_of


def pictures_of_users(names: Sequence[str]) -> ImageQuerySet:
    """Those that belong to these people, private ones too. Raises RunError for a name that nobody has."""
    users = list(User.objects.filter(username__in=names))
    if missing := sorted(set(names) - {user.username for user in users}):
        raise RunError(f"Nobody here is called {', '.join(missing)}.")
    return _fit(Image.objects.filter(owner__in=users))


def public_pictures() -> ImageQuerySet:
    """Those that everybody may see."""
    return _fit(Image.objects.public())


def pictures_of_album(album_id: str) -> ImageQuerySet:
    """Of an album its owner's pictures and the public ones, as its owner sees it without any role."""
    try:
        album = Album.objects.get(pk=album_id)
    except (Album.DoesNotExist, ValidationError) as error:
        raise RunError(
            f"There is no album {album_id}: its id is the last part of its page's address."
        ) from error
    inside = Image.objects.filter(album_entries__album=album)
    return _fit(inside.filter(owner=album.owner) | inside.public())


def _fit(pictures: ImageQuerySet) -> ImageQuerySet:
    """In no trash, neither hidden by anybody nor still being checked; always in the same order."""
    return (
        pictures.kept()
        .filter(is_hidden=False, awaits_checks=False)
        .distinct()
        .order_by("created_at", "id")
        .prefetch_related("tags")
    )


def as_files(pictures: ImageQuerySet) -> list[PictureFile]:
    """The originals, with what is said of each: title, caption and tags."""
    return [PictureFile(image.sha256, _Opening(image), said_of(image)) for image in pictures]


class _Opening:
    """Opens one original when it is asked for."""

    def __init__(self, image: Image) -> None:
        self.image = image

    def __call__(self) -> BinaryIO:
        with self.image.original.storage.open(self.image.original_name) as file:
            return io.BytesIO(file.read())
