"""Appeals: the owner of a thing says why a decision was wrong, and somebody else looks at it again."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from gallery.models import Appeal, AuditEntry, Decision, User
from gallery.models.audit import State
from gallery.models.people import is_moderator
from gallery.moderation import audit
from gallery.moderation.actions import HARMLESS
from gallery.moderation.decisions import AlreadyUndone, undo
from gallery.moderation.roles import moderators


class CannotAppeal(Exception):
    """The decision takes nothing from the person."""


class AlreadyAppealed(Exception):
    """Against one decision there is one appeal."""


class AppealDecided(Exception):
    """Somebody else has decided it meanwhile."""


class OwnDecision(Exception):
    """Who decided, or whose thing it is, does not decide the appeal as long as there is another moderator."""


@transaction.atomic
def appeal(*, decision: Decision, by: User, text: str) -> Appeal:
    """Raises CannotAppeal, AlreadyUndone or AlreadyAppealed."""
    if decision.case.owner_id != by.pk or decision.actions in HARMLESS:
        raise CannotAppeal
    if decision.undone_at:
        raise AlreadyUndone
    try:
        with transaction.atomic():
            made = Appeal.objects.create(decision=decision, text=text)
    except IntegrityError:
        raise AlreadyAppealed from None
    _record(made, by, AuditEntry.Action.APPEAL, {}, {"state": made.state})
    return made


@transaction.atomic
def decide_appeal(*, appeal: Appeal, by: User, uphold: bool, answer: str = "") -> Appeal:
    """Upheld, the decision is taken back, and its case stays closed.

    Raises PermissionDenied, AppealDecided, OwnDecision, or what undo() raises; then nothing changes.
    """
    if not is_moderator(by):
        raise PermissionDenied
    appeal = Appeal.objects.select_for_update().get(pk=appeal.pk)
    if appeal.state != Appeal.State.OPEN:
        raise AppealDecided
    if not may_decide(appeal=appeal, by=by):
        raise OwnDecision
    if uphold and not appeal.decision.undone_at:
        undo(decision=appeal.decision, by=by, reason=answer, reopen=False)
    before = {"state": appeal.state}
    appeal.state = Appeal.State.UPHELD if uphold else Appeal.State.REJECTED
    appeal.answer, appeal.decided_by, appeal.decided_at = answer, by, timezone.now()
    appeal.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    Decision.objects.filter(pk=appeal.decision_id).update(told_at=None)
    action = AuditEntry.Action.UPHOLD if uphold else AuditEntry.Action.REJECT
    _record(appeal, by, action, before, {"state": appeal.state}, answer)
    return appeal


def may_decide(*, appeal: Appeal, by: User) -> bool:
    involved = {pk for pk in (appeal.decision.by_id, appeal.decision.case.owner_id) if pk is not None}
    return by.pk not in involved or not moderators().exclude(pk__in=involved).exists()


def _record(
    appeal: Appeal,
    by: User,
    action: AuditEntry.Action,
    before: State,
    after: State,
    reason: str = "",
) -> None:
    audit.record(
        actor=by,
        action=action,
        kind=AuditEntry.Kind.APPEAL,
        key=appeal.pk,
        before=before,
        after=after,
        reason=reason,
        decision=appeal.decision_id,
    )
