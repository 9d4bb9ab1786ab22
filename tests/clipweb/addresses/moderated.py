"""What moderators have to do with Alice's pictures, and with somebody whom they have suspended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery.models import AuditEntry, BlockedFile, Decision, Image, Policy, Strike, Suspension, Sweep, User
from gallery.moderation import blocking, hiding
from gallery.moderation.actions import Action, Terms
from gallery.moderation.appeals import appeal
from gallery.moderation.decisions import decide_about
from gallery.moderation.reports import report
from gallery.moderation.states import write_state
from gallery.moderation.suspensions import Scope

if TYPE_CHECKING:
    from tests.clipweb.addresses.world import World


BLOCKED, UNBLOCKED = "b" * 64, "u" * 64  # files, by what would be their SHA-256


def suspend(person: User, *, by: User) -> Decision:
    """From signing in. The session that the person has from before is still there."""
    terms = Terms(scopes=[Scope.SIGN_IN.value])
    reason = "suspensionreason"
    return decide_about(thing=person, by=by, chosen=[Action.SUSPEND], reason=reason, terms=terms)


def moderate(world: World) -> None:
    """The member has reported three pictures while they were public. One of them a moderator has removed, as
    another was hidden, and its owner has appealed; one is in its owner's trash since."""
    pictures, people, things = world.pictures, world.people, world.things
    moderator = people["moderator"]
    told = [
        report(thing=pictures[state], reporter=people["member"], reason="spam", note=f"{state}reported")
        for state in ("public", "trashed", "removed")
    ]
    hiding.hide(image=pictures["hidden"], by=moderator, reason="hidingreason")
    hiding.remove(image=pictures["removed"], by=moderator, reason="removalreason")
    things["case"] = told[0].case
    things["decision"] = decision_about(pictures["hidden"])
    things["decision appealed"] = appealed = decision_about(pictures["removed"])
    things["appeal"] = appeal(decision=appealed, by=people["owner"], text="appealtext")
    for sha256 in (BLOCKED, UNBLOCKED):
        state = {"is_blocked": True, "prints": "", "placeholder": ""}
        write_state(AuditEntry.Kind.FILE, sha256, state)
    blocking.unblock(sha256=UNBLOCKED, by=moderator)
    things["policy"] = Policy.objects.create(
        name="policyname",
        texts="policytext",
        threshold=2.0,
        model_id="another model",
        vector=b"",
        centre=0.0,
        spread=1.0,
    )
    things["sweep"] = Sweep.objects.create(policy=things["policy"], by=people["admin"], total=6, state="done")
    things["report"] = told[0]
    things["blocked file"] = BlockedFile.objects.get(pk=BLOCKED)
    warned = decide_about(thing=people["suspended"], by=people["admin"], chosen=[Action.WARN])
    things["strike"] = Strike.objects.get(decision=warned)
    things["suspension"] = suspend(people["suspended"], by=people["admin"])
    things["scope"] = Suspension.objects.get(decision=things["suspension"])
    things["audit entry"] = AuditEntry.objects.get(
        kind=AuditEntry.Kind.IMAGE, key=pictures["removed"].pk, action=Action.DELETE
    )
    named = ("case", "decision", "decision appealed", "appeal")
    ids = {kind: str(things[kind].pk).encode() for kind in named}
    world.words["reports"] = {b"publicreported", b"trashedreported", b"removedreported", ids["case"]}
    world.words["decisions"] = {b"hidingreason", b"removalreason", ids["decision"], ids["decision appealed"]}
    world.words["appeal"] = {b"appealtext", ids["appeal"]}
    world.words["suspension"] = {b"suspensionreason", str(things["suspension"].pk).encode()}
    # Neither does the owner learn who reported, nor anybody else who decided.
    world.words["reporter"] = {b"the-member"}
    world.words["decider"] = {b"the-moderator"}


def decision_about(image: Image) -> Decision:
    return Decision.objects.get(case__kind="image", case__key=image.pk)
