"""What moderators decide about other people's pictures."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from gallery.models import AuditEntry, Image, User
from gallery.models.people import is_moderator
from gallery.moderation import audit


def hide(*, image: Image, by: User) -> Image:
    """From now on only the owner and moderators see the picture. Raises PermissionDenied."""
    return _set_hidden(image, by, hidden=True)


def unhide(*, image: Image, by: User) -> Image:
    """The picture's own visibility counts again. Raises PermissionDenied."""
    return _set_hidden(image, by, hidden=False)


@transaction.atomic
def _set_hidden(image: Image, by: User, *, hidden: bool) -> Image:
    if not is_moderator(by):
        raise PermissionDenied
    before = Image.objects.select_for_update().get(pk=image.pk).is_hidden
    Image.objects.filter(pk=image.pk).update(is_hidden=hidden)
    audit.record(
        actor=by,
        action=AuditEntry.Action.HIDE if hidden else AuditEntry.Action.SHOW,
        kind=AuditEntry.Kind.IMAGE,
        key=image.pk,
        before={"is_hidden": before},
        after={"is_hidden": hidden},
    )
    image.is_hidden = hidden
    return image
