"""What moderators decide about other people's pictures."""

import logging

from django.core.exceptions import PermissionDenied

from gallery.models import Image, User

logger = logging.getLogger(__name__)


def hide(*, image: Image, by: User) -> Image:
    """From now on only the owner and moderators see the picture. Raises PermissionDenied."""
    return _set_hidden(image, by, hidden=True)


def unhide(*, image: Image, by: User) -> Image:
    """The picture's own visibility counts again. Raises PermissionDenied."""
    return _set_hidden(image, by, hidden=False)


def _set_hidden(image: Image, by: User, *, hidden: bool) -> Image:
    if not by.is_staff:
        raise PermissionDenied
    Image.objects.filter(pk=image.pk).update(is_hidden=hidden)
    image.is_hidden = hidden
    logger.info("%s %s picture %s", by.get_username(), "hid" if hidden else "showed again", image.pk)
    return image
