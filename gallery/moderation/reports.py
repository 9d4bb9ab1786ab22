"""Reports: somebody says that a thing is not right, and learns what became of it."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from gallery.models import AuditEntry, Decision, Report, User
from gallery.moderation import audit
from gallery.moderation.actions import HARMLESS
from gallery.moderation.cases import open_case
from gallery.moderation.things import Thing, kind_of, owner_of


class AlreadyReported(Exception):
    """The person has an open report on the thing."""


class OwnThing(Exception):
    """Nobody reports what is theirs."""


@transaction.atomic
def report(*, thing: Thing, reporter: User | None, reason: str, note: str = "") -> Report:
    """reporter: None for a visitor. Raises AlreadyReported or OwnThing."""
    if reporter is not None and owner_of(thing).pk == reporter.pk:
        raise OwnThing
    case = open_case(thing=thing)
    severity = Report.SEVERITIES.get(Report.Reason(reason), 1)
    try:
        with transaction.atomic():
            made = Report.objects.create(
                case=case, reporter=reporter, reason=reason, severity=severity, note=note
            )
    except IntegrityError:
        raise AlreadyReported from None
    audit.record(
        actor=reporter,
        action=AuditEntry.Action.REPORT,
        kind=AuditEntry.Kind.REPORT,
        key=made.pk,
        after={"about": f"{kind_of(thing).value} {thing.pk}", "case": str(case.pk), "reason": reason},
    )
    return made


def has_reported(*, thing: Thing, reporter: User) -> bool:
    """And waits for the outcome."""
    same = {"case__kind": kind_of(thing), "case__key": str(thing.pk), "case__state": "open"}
    return Report.objects.filter(reporter=reporter, **same).exists()


def untold_reports(user: User) -> "QuerySet[Report]":
    """Whose outcome the reporter has not seen yet."""
    return Report.objects.filter(reporter=user, told_at=None).exclude(outcome=Report.Outcome.WAITING)


def decisions_against(user: User) -> "QuerySet[Decision]":
    """What the owner of the things has to know of, the newest first."""
    found = Decision.objects.filter(case__owner=user).exclude(actions__in=HARMLESS)
    return found.select_related("case", "appeal")


def untold_decisions(user: User) -> "QuerySet[Decision]":
    return decisions_against(user).filter(told_at=None)


def mark_told(*, user: User) -> None:
    """The person has read their outcomes, and what was decided about their own things."""
    now = timezone.now()
    untold_reports(user).update(told_at=now)
    Decision.objects.filter(pk__in=list(untold_decisions(user).values_list("pk", flat=True))).update(
        told_at=now
    )
