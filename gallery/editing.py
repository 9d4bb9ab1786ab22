"""What owners change about their pictures. Only the named columns are written: the queue writes others."""

from collections.abc import Sequence

from django.db import transaction

from gallery.history import Kind, note, note_visibility
from gallery.models import Image, ImageQuerySet
from gallery.places import forget_place
from gallery.tagging import set_tags

EDITABLE = {"title", "caption", "visibility", "share_original", "keep_location"}


@transaction.atomic
def edit_image(*, image: Image, tags: Sequence[str], **columns: object) -> Image:
    """columns: those of EDITABLE that have a new value. A place not to be kept is forgotten at once."""
    if unknown := columns.keys() - EDITABLE:
        raise TypeError(f"Owners do not edit {', '.join(sorted(unknown))}.")
    _note_changes(image, columns)
    for name, value in columns.items():
        setattr(image, name, value)
    image.save(update_fields=list(columns))
    if not image.keep_location:
        forget_place(image=image)
    return set_tags(image=image, names=tags)


@transaction.atomic
def set_visibility(*, images: ImageQuerySet, visibility: Image.Visibility) -> int:
    """Returns how many pictures it concerned."""
    note_visibility(images=images, visibility=visibility)
    return images.update(visibility=visibility)


def _note_changes(image: Image, columns: dict[str, object]) -> None:
    """Against the row, as a form has written on `image` already."""
    row = Image.objects.select_for_update().get(pk=image.pk)
    if columns.get("title", row.title) != row.title:
        note(image_ids=[image.pk], kind=Kind.RETITLED if row.title else Kind.TITLED, detail=row.title)
    if columns.get("caption", row.caption) != row.caption:
        note(image_ids=[image.pk], kind=Kind.CAPTIONED)
    if "visibility" in columns:
        note_visibility(images=Image.objects.filter(pk=image.pk), visibility=str(columns["visibility"]))
