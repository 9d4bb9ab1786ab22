"""Which file of a picture a person gets.

An original carries everything that the camera noted: where it was taken, when, by which device, at times a
preview of what was cut away. Its owner gets it; others get it only if the owner allows that, and otherwise a
copy of its full size that was made from its pixels alone. Every way out of here asks this module.
"""

import mimetypes
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from gallery.models import Image, User


@dataclass(frozen=True)
class SharedFile:
    name: str  # in the storage
    content_type: str
    etag: str

    @property
    def suffix(self) -> str:
        return "." + self.name.rpartition(".")[2]


def may_have_original(user: User | AnonymousUser, image: Image) -> bool:
    """Of a picture that `user` may see. A moderator sees every picture, but not where it was taken."""
    return image.owner_id == user.pk or image.share_original


def needs_copy(image: Image) -> bool:
    return image.visibility == Image.Visibility.PUBLIC and not image.share_original


def largest_file(user: User | AnonymousUser, image: Image) -> SharedFile | None:
    """The best that `user` may have of a picture that they may see; None until there is something.

    A private picture has no copy, as only moderators would look at it: they get the largest thumbnail.
    """
    if may_have_original(user, image):
        return SharedFile(image.original_name, image.content_type, image.sha256)
    if image.has_copy:
        return _derivative(image, image.copy_path)
    if image.has_thumbnails:
        return _derivative(image, image.thumbnail_path(max(Image.THUMBNAIL_SIZES)))
    return None


def _derivative(image: Image, name: str) -> SharedFile:
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return SharedFile(name, content_type, f"{image.sha256[:32]}-{name.rpartition('/')[2]}")
