"""What becomes of a picture that checks have found something about, and what is written down of it."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from gallery.models import AuditEntry, Case, Decision, Finding, Image
from gallery.moderation import audit
from gallery.moderation.actions import Action, Change
from gallery.moderation.cases import open_case
from gallery.moderation.checks.verdicts import Refused, Result, Verdict, strictest
from gallery.moderation.decisions import decide_by_itself
from gallery.moderation.states import read_state, write_state

TOLD_ONCE_IN = timedelta(days=1)  # the same file, refused again: the log is for people to read


@transaction.atomic
def act_on(*, image: Image, verdicts: Sequence[Verdict]) -> Case | None:
    """Does what the strictest of the verdicts says, with all of them as findings of the picture's case. A
    picture that a moderator has found to be fine stays as it is."""
    if not verdicts or Image.objects.filter(pk=image.pk, is_marked_safe=True).exists():
        return None
    case = open_case(thing=image)
    strict = strictest(list(verdicts))
    decision = _do(image, case, strict)
    Finding.objects.bulk_create(
        Finding(
            case=case,
            decision=decision,
            check_name=verdict.check,
            result=verdict.result,
            severity=verdict.severity,
            reason=verdict.reason,
            params=dict(verdict.params),
        )
        for verdict in verdicts
    )
    image.refresh_from_db(fields=["is_hidden", "is_blurred", "removed_at", "trashed_at"])
    return case


@transaction.atomic
def note_refusal(refused: Refused) -> None:
    """In the audit log, under the file: who sent it, which check said no and why. To be called again where
    the transaction of the first time was rolled back; within a day it is noted once a person."""
    verdict, arrival = refused.verdict, refused.arrival
    before = AuditEntry.objects.filter(
        kind=AuditEntry.Kind.FILE,
        key=arrival.sha256,
        action=Action.REFUSE,
        actor=arrival.owner,
        at__gt=timezone.now() - TOLD_ONCE_IN,
    )
    if not before.exists():
        audit.record(
            actor=arrival.owner,
            action=Action.REFUSE,
            kind=AuditEntry.Kind.FILE,
            key=arrival.sha256,
            reason=_for_the_log(verdict),
        )


def _do(image: Image, case: Case, verdict: Verdict) -> Decision | None:
    if verdict.result == Result.HOLD:
        _hold(image, verdict)
        return None
    action = Action.BLUR if verdict.result == Result.BLUR else Action.DELETE
    with translation.override(image.owner.language or settings.LANGUAGE_CODE):
        reason = verdict.words
    return decide_by_itself(case=case, chosen=[action], reason=reason, logged=_for_the_log(verdict))


def _hold(image: Image, verdict: Verdict) -> None:
    """As if a moderator had hidden it, except that its case stays open."""
    key = str(image.pk)
    before = {"is_hidden": read_state(AuditEntry.Kind.IMAGE, key)["is_hidden"]}
    change = Change(Action.HOLD, AuditEntry.Kind.IMAGE, key, before, {"is_hidden": True})
    write_state(change.kind, change.key, change.after)
    audit.record(
        actor=None,
        action=change.action,
        kind=change.kind,
        key=change.key,
        before=change.before,
        after=change.after,
        reason=_for_the_log(verdict),
    )


def _for_the_log(verdict: Verdict) -> str:
    with translation.override("en"):
        return f"{verdict.check}: {verdict.words}"
