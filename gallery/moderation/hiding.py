"""What moderators decide about a picture where they come across it."""

from gallery.models import Image, User
from gallery.moderation.actions import Action
from gallery.moderation.decisions import decide_about


def hide(*, image: Image, by: User, reason: str = "") -> Image:
    """From now on only the owner and moderators see the picture. Raises what decide() raises."""
    return _decide(image, by, Action.HIDE, reason)


def unhide(*, image: Image, by: User, reason: str = "") -> Image:
    """The picture's own visibility counts again. Raises what decide() raises."""
    return _decide(image, by, Action.SHOW, reason)


def remove(*, image: Image, by: User, reason: str = "") -> Image:
    """Nobody sees the picture any more, its owner neither; it can be brought back until it is purged, as long
    after as what is in a trash. Raises what decide() raises."""
    return _decide(image, by, Action.DELETE, reason)


def _decide(image: Image, by: User, action: Action, reason: str) -> Image:
    decide_about(thing=image, by=by, chosen=[action], reason=reason)
    image.refresh_from_db(fields=["is_hidden", "is_blurred", "removed_at"])
    return image
