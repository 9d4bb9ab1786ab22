"""A thousand random actions of members and moderators: what is seen always follows from the audit log."""

import random
from contextlib import suppress

import pytest
from django.db import connection
from django.utils import timezone

from gallery.albums import create_album
from gallery.models import Album, Appeal, AuditEntry, BlockedFile, Case, Decision, Image, User
from gallery.moderation import append_only, audit, blocking
from gallery.moderation.actions import ALLOWED, Terms, UnfitActions
from gallery.moderation.appeals import AlreadyAppealed, CannotAppeal, OwnDecision, appeal, decide_appeal
from gallery.moderation.cases import AlreadyDecided, HeldByAnother, hold
from gallery.moderation.checks import Result, Verdict, act_on
from gallery.moderation.decisions import AlreadyUndone, DecidedSince, decide, decide_about, undo
from gallery.moderation.reports import AlreadyReported, OwnThing, report
from gallery.moderation.states import read_state, replay

STEPS = 1000
PICTURES = 6
CHECKED_EVERY = 50  # steps
REFUSALS = (
    *(AlreadyReported, OwnThing, UnfitActions, AlreadyDecided, HeldByAnother, AlreadyUndone, DecidedSince),
    *(AlreadyAppealed, CannotAppeal, OwnDecision, blocking.NotBlocked),
)


class Walk:
    def __init__(self, seed: int, members: list[User], moderators: list[User], things: list) -> None:
        self.dice = random.Random(seed)
        self.members, self.moderators, self.things = members, moderators, things

    def step(self) -> None:
        moves = [self.report, self.report, self.hold, self.decide, self.decide, self.decide_about]
        moves += [self.undo, self.appeal, self.decide_appeal, self.check, self.block_list]
        with suppress(*REFUSALS):
            self.dice.choice(moves)()

    def report(self) -> None:
        reporter = self.dice.choice(self.members)
        report(thing=self.thing(), reporter=reporter, reason=self.dice.choice(["spam", "sexual", "illegal"]))

    def hold(self) -> None:
        if case := self.any_of(Case.objects.open()):
            hold(case=case, by=self.moderator())
            Case.objects.filter(pk=case.pk).update(held_until=timezone.now())  # time passes

    def decide(self) -> None:
        if case := self.any_of(Case.objects.all()):
            decide(
                case=case, by=self.moderator(), chosen=self.chosen(case.kind), reason="r", terms=self.terms()
            )

    def decide_about(self) -> None:
        thing = self.thing()
        kind = {Image: "image", Album: "album", User: "person"}[type(thing)]
        decide_about(thing=thing, by=self.moderator(), chosen=self.chosen(kind), terms=self.terms())

    def undo(self) -> None:
        if decision := self.any_of(Decision.objects.all()):
            undo(decision=decision, by=self.moderator(), reason="u", reopen=self.dice.random() < 0.5)

    def check(self) -> None:
        """An automatic one finds something about a picture."""
        image = Image.objects.get(pk=self.dice.choice(self.things[:PICTURES]).pk)
        verdict = Verdict("dice", self.dice.choice(list(Result)), "It looks like %(what)s.", {"what": "six"})
        act_on(image=image, verdicts=[verdict])

    def block_list(self) -> None:
        sha256, by = self.dice.choice(self.things[:PICTURES]).sha256, self.moderator()
        if self.dice.random() < 0.2:
            blocking.set_print_blocking(distance=self.dice.randint(0, 64), result="hold", by=by)
        else:
            self.dice.choice([blocking.unblock, blocking.block_again])(sha256=sha256, by=by)

    def appeal(self) -> None:
        if decision := self.any_of(Decision.objects.all()):
            appeal(decision=decision, by=self.dice.choice(self.members), text="No!")

    def decide_appeal(self) -> None:
        if made := self.any_of(Appeal.objects.filter(state="open")):
            decide_appeal(appeal=made, by=self.moderator(), uphold=self.dice.random() < 0.5, answer="a")

    def thing(self):
        return self.dice.choice(self.things)

    def moderator(self) -> User:
        return self.dice.choice(self.moderators)

    def chosen(self, kind: str) -> list[str]:
        allowed = [action.value for action in ALLOWED[Case.Kind(kind)]]
        return self.dice.sample(allowed, self.dice.randint(1, min(3, len(allowed))))

    def terms(self) -> Terms:
        scopes = self.dice.sample(["upload", "generate", "sign_in"], self.dice.randint(0, 2))
        return Terms(scopes=tuple(scopes), days=self.dice.choice([None, 7]))

    def any_of(self, rows):
        ids = list(rows.order_by("created_at", "pk").values_list("pk", flat=True))
        return rows.get(pk=self.dice.choice(ids)) if ids else None


def differences() -> list[tuple]:
    """Where the database says something else than the log, for all that the log has ever named."""
    logged = replay(AuditEntry.objects.order_by("number"))
    found = []
    for (kind, key), state in logged.items():
        if kind in {"image", "album", "person", "file", "case", "setting"}:
            there = read_state(kind, key)
            known = {name: value for name, value in state.items() if name not in {"groups", "staff"}}
            if kind == "person":  # what is not there is None in the log
                known = {name: value for name, value in known.items() if value is not None}
                same = known == there
            else:
                same = all(there[name] == value for name, value in known.items())
            if not same:
                found.append((kind, key, known, there))
    return found


def seen(members: list[User], moderator: User) -> dict[str, set]:
    """The pictures that each person sees, by the app's own rule."""
    return {
        person.username: set(Image.objects.visible_to(person).values_list("pk", flat=True))
        for person in [*members, moderator]
    }


def seen_by_the_log(images: list[Image], members: list[User], moderator: User) -> dict[str, set]:
    """The same by nothing but the log, for pictures that were at first public ones of the first member."""
    states = replay(AuditEntry.objects.order_by("number"))
    of = {image.pk: states.get(("image", str(image.pk)), {}) for image in images}
    there = {pk for pk, state in of.items() if not state.get("is_removed")}
    shown = {pk for pk in there if not of[pk].get("is_hidden")}
    owner, *others = members
    return {owner.username: there, moderator.username: there, **{person.username: shown for person in others}}


@pytest.mark.parametrize("seed", [7])
def test_what_is_seen_always_follows_from_the_audit_log(alice, bob, mona, admin, store, seed):
    images = [store(alice, public=True) for _ in range(PICTURES)]
    album = create_album(owner=alice, title="x", visibility="public")
    walk = Walk(seed, [alice, bob], [mona, admin], [*images, album, alice])
    for step in range(STEPS):
        walk.step()
        if step % CHECKED_EVERY == 0:
            assert differences() == []
            assert seen([alice, bob], mona) == seen_by_the_log(images, [alice, bob], mona)
    assert differences() == []
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        *("report", "decide", "hide", "show", "blur", "safe", "delete", "block", "warn", "suspend"),
        *("dismiss", "undo", "appeal", "uphold", "reject", "hold", "unblock", "set"),
    }
    assert BlockedFile.objects.count() == sum(
        state.get("is_blocked", False) for state in replay(AuditEntry.objects.order_by("number")).values()
    )

    total = AuditEntry.objects.count()
    assert audit.verify() == audit.Verdict(total=total, flaws=[])
    number = walk.dice.randint(1, total)
    after = AuditEntry.objects.get(number=number).after
    append_only.remove(connection)
    AuditEntry.objects.filter(number=number).update(after=after[:-1] + " ")  # one byte
    append_only.install(connection)
    assert [flaw.number for flaw in audit.verify().flaws] == [number]
