"""What owners change about their pictures. Only the named columns are written: the queue writes others."""

from collections.abc import Sequence

from django.db import transaction

from gallery.models import Image, ImageQuerySet
from gallery.places import forget_place
from gallery.tagging import set_tags

EDITABLE = {"title", "caption", "visibility", "share_original", "keep_location"}


@transaction.atomic
def edit_image(*, image: Image, tags: Sequence[str], **columns: object) -> Image:
    """columns: those of EDITABLE that have a new value. A place not to be kept is forgotten at once."""
    if unknown := columns.keys() - EDITABLE:
        raise TypeError(f"Owners do not edit {', '.join(sorted(unknown))}.")
    for name, value in columns.items():
        setattr(image, name, value)
    image.save(update_fields=list(columns))
    if not image.keep_location:
        forget_place(image=image)
    return set_tags(image=image, names=tags)


def set_visibility(*, images: ImageQuerySet, visibility: Image.Visibility) -> int:
    """Returns how many pictures it concerned."""
    return images.update(visibility=visibility)
