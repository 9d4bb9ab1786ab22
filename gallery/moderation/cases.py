"""Cases: opened for a thing, held by one moderator at a time."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from gallery.models import Case, User
from gallery.moderation.things import Thing, kind_of, owner_of

HOLD = timedelta(minutes=5)


class HeldByAnother(Exception):
    """Another moderator looks at the case just now."""

    def __init__(self, holder: User, until: datetime) -> None:
        super().__init__(f"Held by {holder} until {until}")
        self.holder, self.until = holder, until


class AlreadyDecided(Exception):
    """The case is closed."""


def open_case(*, thing: Thing) -> Case:
    """The open case of the thing, or a new one."""
    kind, key = kind_of(thing), str(thing.pk)
    try:
        with transaction.atomic():
            case, _made = Case.objects.open().get_or_create(
                kind=kind, key=key, defaults={"owner": owner_of(thing)}
            )
    except IntegrityError:  # somebody else opened it at the same moment
        case = Case.objects.open().get(kind=kind, key=key)
    return case


def hold(*, case: Case, by: User) -> Case:
    """For HOLD, or longer if asked again. Raises HeldByAnother or AlreadyDecided."""
    now = timezone.now()
    free = Q(held_by=None) | Q(held_by=by) | Q(held_until=None) | Q(held_until__lte=now)
    held = Case.objects.open().filter(free, pk=case.pk).update(held_by=by, held_until=now + HOLD)
    case = Case.objects.select_related("held_by").get(pk=case.pk)
    if held:
        return case
    if case.state != Case.State.OPEN:
        raise AlreadyDecided
    holder, until = case.held_by, case.held_until
    if holder is None or until is None:  # let go at this very moment
        return hold(case=case, by=by)
    raise HeldByAnother(holder, until)


def let_go(*, case: Case, by: User) -> None:
    Case.objects.filter(pk=case.pk, held_by=by).update(held_by=None, held_until=None)
