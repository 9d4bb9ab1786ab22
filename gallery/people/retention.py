"""What is kept of people for a time only, and goes by itself when that is over: every night, by settings.

Pictures, vectors and files have their own (purge.py, given.py, receiving.py and the studio's).
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from gallery.models import RecentSearch, Report, User
from gallery.uploads import delete_user

logger = logging.getLogger(__name__)

BATCH = 200  # accounts a night


def forget_expired() -> dict[str, int]:
    """Returns how many rows of each kind are gone, or have lost what was personal. Safe to repeat."""
    counts = {name: forget() for name, forget in STEPS.items()}
    if any(counts.values()):
        logger.info("Kept long enough: %s", ", ".join(f"{n} {name}" for name, n in counts.items() if n))
    return counts


def _sessions() -> int:
    """Those that nobody can use any more, and the addresses and browsers that were noted of them."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    there = Session.objects.filter(session_key=OuterRef("session_key"))
    return UserSession.objects.filter(~Exists(there)).delete()[0]


def _recent_searches() -> int:
    old = RecentSearch.objects.filter(searched_at__lt=_before(settings.RECENT_SEARCH_DAYS))
    return old.delete()[0]


def _unconfirmed_accounts() -> int:
    """Of people who signed up, never confirmed an address and so were never let in: with
    EMAIL_VERIFICATION=mandatory alone there are any."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    doomed = User.objects.filter(
        Exists(addresses),
        ~Exists(addresses.filter(verified=True)),
        last_login=None,
        is_staff=False,
        date_joined__lt=_before(settings.UNCONFIRMED_ACCOUNT_DAYS),
    )
    people = list(doomed[:BATCH])
    for user in people:
        delete_user(user=user)
    return len(people)


def _notes_of_reports() -> int:
    """Of those that were decided: who reported and what they wrote. What was decided stays."""
    if not settings.PERSONAL_LOG_DAYS:
        return 0
    old = Report.objects.exclude(outcome=Report.Outcome.WAITING)
    old = old.filter(created_at__lt=_before(settings.PERSONAL_LOG_DAYS))
    written = old.exclude(note="", reporter=None)
    return written.update(note="", reporter=None)


def _administration_log() -> int:
    """Django's own, which calls people and pictures by their names."""
    if not settings.PERSONAL_LOG_DAYS:
        return 0
    return LogEntry.objects.filter(action_time__lt=_before(settings.PERSONAL_LOG_DAYS)).delete()[0]


def _before(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


STEPS: dict[str, Callable[[], int]] = {
    "sessions": _sessions,
    "recent searches": _recent_searches,
    "unconfirmed accounts": _unconfirmed_accounts,
    "notes of reports": _notes_of_reports,
    "entries of the administration's log": _administration_log,
}
