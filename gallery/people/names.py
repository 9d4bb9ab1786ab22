"""Where a person who is being deleted is called by name, or by what they wrote, outside of what is theirs."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, QuerySet

from gallery.models import Album, Image, User
from gallery.moderation.erasing import erase_words_about

BATCH = 500  # entries looked at at once


def take_out_names(*, user: User) -> None:
    """Before the person's rows go: the administration's log keeps numbers instead of names and titles, and
    what was written about them and what is theirs goes. The audit log has numbers alone."""
    _unname(User, [str(user.pk)])
    for model in (Image, Album):
        named = _entries(model).values_list("object_id", flat=True).distinct()
        keys = [key for key in named if key]
        for first in range(0, len(keys), BATCH):
            batch = keys[first : first + BATCH]
            own = model._default_manager.filter(owner=user, pk__in=batch).values_list("pk", flat=True)
            _unname(model, [str(key) for key in own])
    erase_words_about(user=user)


def _entries(model: type[Model]) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))


def _unname(model: type[Model], keys: list[str]) -> None:
    _entries(model).filter(object_id__in=keys).update(object_repr=F("object_id"), change_message="")
