"""What owners change about their pictures. Only the named columns are written: the queue writes others."""

from collections.abc import Sequence

from django.db import transaction

from gallery.models import Image, ImageQuerySet
from gallery.tagging import set_tags


@transaction.atomic
def edit_image(
    *, image: Image, title: str, caption: str, visibility: Image.Visibility, tags: Sequence[str]
) -> Image:
    image.title, image.caption, image.visibility = title, caption, visibility
    image.save(update_fields=["title", "caption", "visibility"])
    return set_tags(image=image, names=tags)


def set_visibility(*, images: ImageQuerySet, visibility: Image.Visibility) -> int:
    """Returns how many pictures it concerned."""
    return images.update(visibility=visibility)
