"""Decisions about cases, and taking them back.

A decision is one transaction: its changes, the end of the case, the outcome of its reports, and an entry of
the audit log for each of them. Undoing it reads the changes from the log and puts back what was before.
"""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from gallery.models import AuditEntry, Case, Decision, Finding, Report, User
from gallery.models.people import is_moderator
from gallery.moderation import actions, audit
from gallery.moderation.actions import NO_TERMS, Action, Change, Terms
from gallery.moderation.cases import AlreadyDecided, hold, let_go, open_case
from gallery.moderation.states import write_state
from gallery.moderation.things import Thing


class AlreadyUndone(Exception):
    """The decision was taken back before."""


class DecidedSince(Exception):
    """A later decision about the same thing stands; it has to be taken back first."""


@transaction.atomic
def decide(
    *, case: Case, by: User, chosen: Sequence[str], reason: str = "", terms: Terms = NO_TERMS
) -> Decision:
    """Ends an open case by one or more actions.

    Raises PermissionDenied, UnfitActions, AlreadyDecided, HeldByAnother or ThingGone; then nothing changes.
    """
    _check_moderator(by)
    wanted = actions.check(chosen, case.kind, terms)
    Case.objects.select_for_update().filter(pk=case.pk).first()
    case = hold(case=case, by=by)
    decision = Decision.objects.create(case=case, by=by, actions=wanted, reason=reason)
    planned = actions.plan(case, wanted, decision=decision.pk, terms=terms)
    for change in [*planned, _closing(case, wanted)]:
        _apply(change, decision=decision, by=by, reason=reason)
    outcome = Report.Outcome.DISMISSED if wanted == [Action.DISMISS] else Report.Outcome.ACTED
    case.reports.update(outcome=outcome, told_at=None)
    let_go(case=case, by=by)
    return decision


@transaction.atomic
def decide_about(
    *, thing: Thing, by: User, chosen: Sequence[str], reason: str = "", terms: Terms = NO_TERMS
) -> Decision:
    """The same for a thing that nobody needs to have reported. Raises what decide() raises."""
    _check_moderator(by)
    return decide(case=open_case(thing=thing), by=by, chosen=chosen, reason=reason, terms=terms)


@transaction.atomic
def decide_by_itself(*, case: Case, chosen: Sequence[Action], reason: str, logged: str) -> Decision:
    """What an automatic check does about a picture: a decision of nobody, to appeal against and to take back
    like any other. Its case ends with it, unless something else in it waits for a moderator.

    reason: for the owner. logged: for the audit log.
    """
    decision = Decision.objects.create(case=case, by=None, actions=chosen, reason=reason)
    changes = actions.plan(case, chosen, decision=decision.pk, by_itself=True)
    if not case.reports.exists() and not case.findings.filter(result=Finding.Result.HOLD).exists():
        changes.append(_closing(case, chosen))
    for change in changes:
        _apply(change, decision=decision, by=None, reason=logged)
    return decision


@transaction.atomic
def undo(*, decision: Decision, by: User, reason: str = "", reopen: bool = True) -> Decision:
    """Puts everything back as it was before the decision. Its case is open again, if somebody reported it or
    a check holds it, and no other case of the thing is open meanwhile. What a check held is shown if the case
    is not to be opened again: nobody would ever look at it otherwise.

    Raises PermissionDenied, AlreadyUndone, DecidedSince or ThingGone; then nothing changes.
    """
    _check_moderator(by)
    case = Case.objects.select_for_update().get(pk=decision.case_id)
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.undone_at:
        raise AlreadyUndone
    entries = _changes_of(decision)
    if _was_decided_since(entries):
        raise DecidedSince
    for entry in entries:
        back = Change(Action.UNDO, entry.kind, entry.key, entry.state_after, entry.state_before)
        _apply(back, decision=decision, by=by, reason=reason)
    if not reopen:
        _release(case, decision=decision, by=by, reason=reason)
    elif _may_reopen(case):
        state = {"state": Case.State.OPEN.value}
        back = Change(Action.UNDO, AuditEntry.Kind.CASE, str(case.pk), {"state": case.state}, state)
        _apply(back, decision=decision, by=by, reason=reason)
        case.reports.update(outcome=Report.Outcome.WAITING, told_at=None)
    decision.undone_at, decision.undone_by, decision.undo_reason = timezone.now(), by, reason
    decision.told_at = None
    decision.save(update_fields=["undone_at", "undone_by", "undo_reason", "told_at"])
    return decision


def _check_moderator(by: User) -> None:
    if not is_moderator(by):
        raise PermissionDenied


def _closing(case: Case, wanted: Sequence[Action]) -> Change:
    if case.state != Case.State.OPEN:
        raise AlreadyDecided
    before, after = {"state": case.state}, {"state": Case.State.DECIDED.value}
    action = Action.DISMISS if Action.DISMISS in wanted else Action.DECIDE
    return Change(action, AuditEntry.Kind.CASE, str(case.pk), before, after)


def _apply(change: Change, *, decision: Decision, by: User | None, reason: str) -> None:
    write_state(change.kind, change.key, change.after)
    audit.record(
        actor=by,
        action=change.action,
        kind=change.kind,
        key=change.key,
        before=change.before,
        after=change.after,
        reason=reason,
        decision=decision.pk,
    )


def _changes_of(decision: Decision) -> list[AuditEntry]:
    """The last one first; not the end of the case, nor what else came of the decision."""
    entries = AuditEntry.objects.filter(decision=decision.pk, action__in=decision.actions)
    return list(entries.exclude(kind=AuditEntry.Kind.CASE).order_by("-number"))


def _was_decided_since(entries: Sequence[AuditEntry]) -> bool:
    """Whether a later decision stands that changed the same. What is laid on a person is laid on separately,
    so that there one can go and the others stay."""
    later = Q()
    for entry in entries:
        if entry.kind != AuditEntry.Kind.PERSON:
            later |= Q(kind=entry.kind, key=entry.key, number__gt=entry.number)
    if not later:
        return False
    changed = AuditEntry.objects.filter(later).exclude(decision=entries[0].decision).values("decision")
    return Decision.objects.filter(pk__in=changed, undone_at=None).exists()


def _may_reopen(case: Case) -> bool:
    other = Case.objects.open().filter(kind=case.kind, key=case.key).first()
    if other is not None and other != case:
        case.findings.filter(result=Finding.Result.HOLD).update(case=other)  # to be decided there
        return False
    return case.reports.exists() or actions.is_held(case)


def _release(case: Case, *, decision: Decision, by: User, reason: str) -> None:
    if actions.is_held(case):
        before, after = {"is_hidden": True}, {"is_hidden": False}
        change = Change(Action.UNDO, AuditEntry.Kind.IMAGE, case.key, before, after)
        _apply(change, decision=decision, by=by, reason=reason)
