"""What was written in words about somebody goes with them; what was done, and when, stays.

The audit log keeps of a reason only what its text is compared with (see AuditReason), so the chain of hashes
holds without the text. Which texts were erased is itself an entry: one that is gone without that is found.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from gallery.models import Appeal, AuditEntry, AuditReason, Case, Decision, Report, User
from gallery.moderation import audit

BATCH = 500  # reasons at once


def erase_words_about(*, user: User) -> int:
    """The reasons of decisions about the person and what is theirs, appeals, notes of reports that are
    decided, and the prompts and files of theirs that were refused. Returns how many reasons of the audit log
    are gone. Safe to repeat."""
    Decision.objects.filter(case__owner=user).update(reason="", undo_reason="")
    Appeal.objects.filter(decision__case__owner=user).update(text="", answer="")
    about = Report.objects.filter(Q(reporter=user) | Q(case__owner=user))
    about.exclude(outcome=Report.Outcome.WAITING).update(note="")
    erased = 0
    while count := _erase(user):
        erased += count
    return erased


@transaction.atomic
def _erase(user: User) -> int:
    numbers = list(_reasons_about(user).order_by("pk").values_list("pk", flat=True)[:BATCH])
    if numbers:
        AuditReason.objects.filter(pk__in=numbers).delete()
        audit.record(
            actor=None,
            action=AuditEntry.Action.ERASE,
            kind=AuditEntry.Kind.PERSON,
            key=user.pk,
            after={audit.ERASED: numbers},
        )
    return len(numbers)


def _reasons_about(user: User) -> QuerySet[AuditReason]:
    """A picture's or an album's key is that of its cases."""
    cases = Case.objects.filter(owner=user)
    things = Q(entry__kind__in=[*Case.Kind], entry__key__in=cases.values("key"))
    person = Q(entry__kind=AuditEntry.Kind.PERSON, entry__key=str(user.pk))
    decided = Q(entry__decision__in=Decision.objects.filter(case__owner=user).values("pk"))
    sent = Q(entry__actor=user, entry__action=AuditEntry.Action.REFUSE)
    return AuditReason.objects.filter(things | person | decided | sent)
