"""What became of a picture: noted by whatever changes it, in the transaction of the change, and told to its
owner and to moderators. When it came in, and when a model looked at it, other rows know already.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from gallery.models import HistoryEntry, Image, ImageQuerySet, User
from gallery.models.people import is_moderator

Kind = HistoryEntry.Kind
MOST_TOLD = 100  # entries, the newest


@dataclass(frozen=True)
class Moment:
    at: datetime
    said: str


def note(*, image_ids: Iterable[uuid.UUID], kind: HistoryEntry.Kind, detail: str = "") -> int:
    """Adds an entry to each of these pictures' histories. detail: what `kind` speaks of, which is the title
    before, the names of tags, or that of an album. Returns how many."""
    limit = HistoryEntry.MAX_DETAIL
    detail = detail if len(detail) <= limit else detail[: limit - 1] + "…"
    entries = [HistoryEntry(image_id=image_id, kind=kind, detail=detail) for image_id in image_ids]
    HistoryEntry.objects.bulk_create(entries, batch_size=500)
    return len(entries)


def note_visibility(*, images: ImageQuerySet, visibility: str) -> None:
    """For those of the pictures that have another one so far. Call it before the change."""
    changing = images.exclude(visibility=visibility)
    kind = Kind.PUBLISHED if visibility == Image.Visibility.PUBLIC else Kind.MADE_PRIVATE
    note(image_ids=locked(changing), kind=kind)


def locked(images: ImageQuerySet) -> list[uuid.UUID]:
    """Their ids; no other request deletes or changes one of them before this transaction has ended."""
    return list(images.order_by("pk").select_for_update().values_list("pk", flat=True))


def may_read(user: User | AnonymousUser, image: Image) -> bool:
    """Of a picture that `user` may see."""
    return user.is_authenticated and (image.owner_id == user.pk or is_moderator(user))


def history_of(image: Image) -> list[Moment]:
    """The newest first."""
    moments = [Moment(entry.at, str(entry)) for entry in image.history.all()[:MOST_TOLD]]
    for model_id, at in image.embeddings.values_list("model_id", "created_at"):
        moments.append(Moment(at, _("The model %(model)s looked at it.") % {"model": model_id}))
    is_generated = image.origin == Image.Origin.GENERATED
    began = _("It was made in the studio.") if is_generated else _("It was uploaded.")
    moments.append(Moment(image.created_at, began))
    return sorted(moments, key=lambda moment: moment.at, reverse=True)
