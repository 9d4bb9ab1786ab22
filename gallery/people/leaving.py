"""A person who wants to be deleted is gone for everybody at once; the queue then removes rows and files.

The row says it: whoever has `leaving_at` is deleted by whichever task comes first.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from gallery.models import Album, Image, User
from gallery.uploads import delete_user

LOST_AFTER = timedelta(minutes=10)  # a task that has not removed the person by then may be lost


class LastAdministrator(Exception):
    """Nobody would be left who can administer the site."""


def close_account(*, user: User) -> User:
    """Closes the account: no sign-in, nothing of theirs to be seen, and all of it removed soon. Raises
    LastAdministrator."""
    with transaction.atomic():
        others = (
            User.objects.select_for_update().filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
        )
        if user.is_superuser and not others.exists():
            raise LastAdministrator
        user.is_active, user.leaving_at = False, timezone.now()
        user.save(update_fields=["is_active", "leaving_at"])
        Image.objects.filter(owner=user, trashed_at=None).update(
            trashed_at=user.leaving_at, visibility=Image.Visibility.PRIVATE
        )
        Album.objects.filter(owner=user).update(visibility=Album.Visibility.PRIVATE, token=None)
        transaction.on_commit(lambda: _enqueue(user.pk), robust=True)
    return user


def finish_leaving(*, user_id: int) -> None:
    user = User.objects.filter(pk=user_id, leaving_at__isnull=False).first()
    if user is not None:
        delete_user(user=user)


def requeue_leaving() -> int:
    """Gives another task to those whose last one was lost. Returns how many."""
    now = timezone.now()
    due = User.objects.filter(leaving_at__lt=now - LOST_AFTER)
    asked = [pk for pk in due.values_list("pk", flat=True) if due.filter(pk=pk).update(leaving_at=now)]
    for pk in asked:
        _enqueue(pk)
    return len(asked)


def _enqueue(user_id: int) -> None:
    async_task("gallery.tasks.delete_leaving", user_id)
