"""The words of a picture as one text."""

import re

from gallery.models import Image

LONGEST = 400  # characters; what the encoder takes, and more than models read of a text
# Cameras, phones and programs name files without saying anything of the picture: “DSC 0042”, “IMG-2026-WA7”.
_NAMES = "img|image|dsc[nf]?|pxl|mvimg|vid|mg|p|wa|scan|photo|picture|foto|bild|screenshot|untitled|unnamed"
_SAYS_NOTHING = re.compile(rf"(?:{_NAMES}|[\W\d_]|[0-9a-f]{{8,}})*", re.IGNORECASE)


def said_of(image: Image) -> str:
    """Title, caption and tags, "" if these say nothing. `image.tags` is read."""
    title = "" if _SAYS_NOTHING.fullmatch(image.title) else image.title
    tags = ", ".join(sorted(tag.name for tag in image.tags.all()))
    parts = [" ".join(part.split()) for part in (title, image.caption, tags)]
    return ". ".join(part.rstrip(".") for part in parts if part)[:LONGEST]
