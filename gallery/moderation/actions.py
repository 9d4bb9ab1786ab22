"""What moderators can do about a case, and what each action would change. Nothing here changes anything."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from gallery.models import AuditEntry, Case, Finding, Image
from gallery.models.audit import State
from gallery.moderation.states import read_state, strike_name, suspension_name
from gallery.moderation.things import ThingGone, find

Action = AuditEntry.Action

# In the order in which pages offer them.
ALLOWED = {
    Case.Kind.IMAGE: [
        *(Action.HIDE, Action.BLUR, Action.SAFE, Action.DELETE, Action.BLOCK),
        *(Action.WARN, Action.SUSPEND, Action.SHOW, Action.DISMISS),
    ],
    Case.Kind.ALBUM: [Action.HIDE, Action.WARN, Action.SUSPEND, Action.SHOW, Action.DISMISS],
    Case.Kind.PERSON: [Action.WARN, Action.SUSPEND, Action.DISMISS],
}
FLAGS: dict[Action, State] = {
    Action.HIDE: {"is_hidden": True},
    Action.BLUR: {"is_blurred": True},
    Action.SAFE: {"is_marked_safe": True, "is_hidden": False, "is_blurred": False},
    Action.DELETE: {"is_removed": True},
    Action.SHOW: {"is_hidden": False, "is_blurred": False},
}
# Of a picture that a check holds: what neither hides nor removes it shows it, as far as it goes.
RELEASING: dict[Action, State] = {
    Action.BLUR: {"is_blurred": True, "is_hidden": False},
    Action.DISMISS: {"is_hidden": False},
}
KIND = {Action.SAFE, Action.SHOW}  # do the opposite of STRICT
STRICT = {Action.HIDE, Action.BLUR, Action.DELETE}
SETTLING = {*FLAGS, Action.DISMISS}  # say what becomes of a picture that a check holds
HARMLESS = [
    [action.value] for action in (Action.DISMISS, Action.SAFE, Action.SHOW)
]  # decisions, to the owner


class UnfitActions(Exception):
    """They do not fit each other, or not the thing. The message says why."""


@dataclass(frozen=True)
class Terms:
    """Of a suspension. days: None for good."""

    scopes: Sequence[str] = ()
    days: int | None = None


NO_TERMS = Terms()


@dataclass(frozen=True)
class Change:
    """Of one thing by one action: the names that change, with their values before and after."""

    action: Action
    kind: str
    key: str
    before: State
    after: State


def check(actions: Sequence[str], kind: str, terms: Terms = NO_TERMS) -> list[Action]:
    """Raises UnfitActions."""
    allowed = ALLOWED[Case.Kind(kind)]
    chosen = [action for action in allowed if action in actions]
    if not chosen or len(chosen) != len(set(actions)):
        raise UnfitActions(_("Choose at least one of the actions that are offered."))
    if Action.DISMISS in chosen and len(chosen) > 1:
        raise UnfitActions(_("Dismissing a case goes with no other action."))
    if KIND & set(chosen) and STRICT & set(chosen):
        raise UnfitActions(_("The picture cannot be shown and taken out of sight in one decision."))
    if Action.SUSPEND in chosen and not terms.scopes:
        raise UnfitActions(_("Choose what the person may not do while they are suspended."))
    return chosen


def plan(
    case: Case,
    actions: Sequence[Action],
    *,
    decision: uuid.UUID | None = None,
    terms: Terms = NO_TERMS,
    by_itself: bool = False,
) -> list[Change]:
    """One change for each action, as if they were done one after the other. Raises ThingGone, or UnfitActions
    for a picture that a check holds and of which nothing says what becomes of it.

    decision: which one it will be; None where it only looks ahead. by_itself: a check's, which lets nothing
    go that another one holds.
    """
    flags = FLAGS
    if not by_itself and is_held(case):
        if not SETTLING & set(actions):
            raise UnfitActions(_("The picture is held: say what becomes of it, too."))
        flags = FLAGS | (RELEASING if not {Action.HIDE, Action.DELETE} & set(actions) else {})
    changes = []
    state: State = {}
    for action in actions:
        if action in flags:
            state = state or read_state(case.kind, case.key)
            after = {name: value for name, value in flags[action].items() if name in state}
            before = {name: state[name] for name in after}
            changes.append(Change(action, case.kind, case.key, before, after))
            state = state | after
        elif action == Action.BLOCK:
            changes.append(_block(case))
        elif action == Action.WARN:
            until = timezone.now() + timedelta(days=settings.STRIKE_DAYS)
            changes.append(_lay_on(case, action, {strike_name(): _sanction(decision, until)}))
        elif action == Action.SUSPEND:
            end = timezone.now() + timedelta(days=terms.days) if terms.days else None
            laid = {suspension_name(): _sanction(decision, end, scope=scope) for scope in terms.scopes}
            changes.append(_lay_on(case, action, laid))
    return changes


def is_held(case: Case) -> bool:
    """Whether an automatic check hides the picture until the case is decided."""
    held = case.kind == Case.Kind.IMAGE and case.findings.filter(result=Finding.Result.HOLD).exists()
    return held and Image.objects.filter(pk=case.key, is_hidden=True).exists()


def _block(case: Case) -> Change:
    image = find(case.kind, case.key)
    if not isinstance(image, Image):
        raise ThingGone
    before = read_state(AuditEntry.Kind.FILE, image.sha256)
    after = {
        "is_blocked": True,
        "prints": bytes(image.prints or b"").hex(),
        "placeholder": image.placeholder,
    }
    return Change(Action.BLOCK, AuditEntry.Kind.FILE, image.sha256, before, after)


def _lay_on(case: Case, action: Action, laid: State) -> Change:
    """On the owner; each sanction is a name of its own, so that taking one back leaves the others."""
    if case.owner_id is None:
        raise ThingGone
    before = dict.fromkeys(laid)
    return Change(action, AuditEntry.Kind.PERSON, str(case.owner_id), before, laid)


def _sanction(decision: uuid.UUID | None, until: datetime | None, **more: str) -> State:
    return {"decision": str(decision), "until": until.isoformat() if until else None, **more}
