"""What automatic checks find is acted on before anybody else sees a picture, and can be taken back."""

import io
from dataclasses import dataclass

import pytest
from django.core.exceptions import ValidationError
from PIL import ImageOps

from gallery import details, preparation
from gallery.models import AuditEntry, BlockedFile, Case, Decision, Finding, Image, PrintBlocking
from gallery.moderation import audit, blocking, checks
from gallery.moderation.actions import UnfitActions
from gallery.moderation.appeals import appeal, decide_appeal
from gallery.moderation.checks import Result, Verdict, running
from gallery.moderation.decisions import decide, decide_about, undo
from gallery.moderation.reports import report
from gallery.moderation.states import read_state, replay
from gallery.receiving import append, create_upload, store_upload
from gallery.trash import move_to_trash
from gallery.uploads import store_image
from tests.gallery.drawing import encoded, plain, scenery, upload

PUBLIC = Image.Visibility.PUBLIC


def stored(owner, picture, kind="PNG", **fields) -> Image:
    return store_image(owner=owner, file=upload(encoded(picture, kind)), visibility=PUBLIC, **fields)


def blocked(owner, moderator, picture=None) -> Image:
    image = stored(owner, picture or scenery())
    decide_about(thing=image, by=moderator, chosen=["block"], reason="Rule 3")
    return image


def sees(person, image) -> bool:
    return Image.objects.visible_to(person).filter(pk=image.pk).exists()


def log_says_what_is_there() -> bool:
    logged = replay(AuditEntry.objects.order_by("number"))
    return all(
        read_state(kind, key)[name] == value
        for (kind, key), state in logged.items()
        if kind in {"image", "file", "case", "setting"}
        for name, value in state.items()
    )


def set_result(result: str, by) -> None:
    blocking.set_print_blocking(distance=36, result=result, by=by)


# What looks like a blocked picture


def test_what_looks_like_a_blocked_picture_is_held_and_waits_in_the_queue(alice, bob, mona):
    blocked(alice, mona)
    image = stored(bob, ImageOps.mirror(scenery(200, 150)), "JPEG")
    assert image.is_hidden
    assert (sees(alice, image), sees(bob, image), sees(mona, image)) == (False, True, True)
    case = Case.objects.queue().get()
    assert (case.key, case.severity, case.reporters) == (str(image.pk), 3, 0)
    finding = case.findings.get()
    assert (finding.check_name, finding.result) == ("blocked picture", "hold")
    assert "looks like a picture that moderators have blocked" in finding.words
    entry = AuditEntry.objects.get(action="hold")
    assert (entry.actor, entry.key, entry.state_after) == (None, str(image.pk), {"is_hidden": True})
    assert "blocked picture: It looks like" in entry.words
    assert log_says_what_is_there()
    assert audit.verify().flaws == []


def test_another_picture_passes(alice, bob, mona):
    blocked(alice, mona)
    assert not stored(bob, scenery(seed=1)).is_hidden
    assert not Finding.objects.exists()


def test_what_came_piece_by_piece_is_checked_as_well(alice, bob, mona):
    blocked(alice, mona)
    content = encoded(scenery(), "JPEG")
    row = create_upload(owner=bob, length=len(content), name="x.jpg", visibility=PUBLIC)
    append(upload=row, offset=0, body=io.BytesIO(content))
    assert store_upload(upload=row).is_hidden


def test_what_was_generated_is_checked_as_well(alice, bob, mona):
    blocked(alice, mona)
    assert stored(bob, scenery(), "JPEG", origin=Image.Origin.GENERATED).is_hidden


def test_it_can_be_refused_with_the_reason_and_nothing_stays(alice, bob, mona):
    blocked(alice, mona)
    set_result("refuse", mona)
    for _ in range(2):
        with pytest.raises(
            checks.Refused, match="looks like a picture that moderators have blocked"
        ) as error:
            stored(bob, scenery(), "JPEG")
    assert error.value.code == "blocked"
    assert not Image.objects.filter(owner=bob).exists()
    entry = AuditEntry.objects.get(action="refuse")  # once a day is enough
    assert (entry.actor, entry.kind) == (bob, "file")
    assert not Case.objects.open().exists()
    assert log_says_what_is_there()


def test_the_very_file_is_refused_whatever_happens_to_what_looks_like_it(alice, bob, mona):
    blocked(alice, mona, plain("red"))  # too flat for a print
    assert BlockedFile.objects.get().prints is None
    with pytest.raises(ValidationError) as error:
        stored(bob, plain("red"))
    assert error.value.code == "blocked"
    assert not stored(bob, plain("red"), "JPEG").is_hidden  # not the same file


def test_it_can_be_shown_covered_which_its_owner_may_appeal_against(alice, bob, mona, admin):
    blocked(alice, mona)
    set_result("blur", mona)
    image = stored(bob, scenery(), "JPEG")
    assert (image.is_blurred, image.is_hidden, sees(alice, image)) == (True, False, True)
    decision = Decision.objects.get(case__key=str(image.pk))
    assert (decision.by, decision.actions, decision.case.state) == (None, ["blur"], "decided")
    assert "looks like" in decision.reason
    assert decision.findings.get().check_name == "blocked picture"
    made = appeal(decision=decision, by=bob, text="No!")
    decide_appeal(appeal=made, by=mona, uphold=True, answer="Right")
    image.refresh_from_db()
    assert not image.is_blurred
    assert log_says_what_is_there()


def test_what_a_moderator_takes_out_of_the_trash_stays_held(alice, bob, mona):
    image = stored(bob, scenery(), "JPEG")
    move_to_trash(images=Image.objects.filter(pk=image.pk))
    blocked(alice, mona)
    assert stored(bob, scenery(), "JPEG") == image
    image.refresh_from_db()
    assert image.is_hidden
    assert image.trashed_at is None


def test_the_distance_that_is_set_counts(alice, bob, mona):
    blocked(alice, mona)
    blocking.set_print_blocking(distance=0, result="hold", by=mona, reason="stricter")
    assert not stored(bob, scenery().crop((20, 10, 310, 235)), "JPEG").is_hidden
    entry = AuditEntry.objects.get(action="set")
    assert (entry.state_before["distance"], entry.state_after["distance"]) == (36, 0)
    assert log_says_what_is_there()


def test_taking_the_block_back_lets_the_picture_in(alice, bob, mona):
    blocked(alice, mona)
    undo(decision=Decision.objects.get(), by=mona)
    assert not stored(bob, scenery(), "JPEG").is_hidden
    assert log_says_what_is_there()


def test_what_was_taken_off_the_list_can_be_put_back_with_its_print(alice, bob, mona):
    sha256 = blocked(alice, mona).sha256
    blocking.unblock(sha256=sha256, by=mona, reason="a mistake")
    assert not stored(bob, scenery(), "JPEG").is_hidden
    with pytest.raises(blocking.NotBlocked):
        blocking.unblock(sha256=sha256, by=mona)
    blocking.block_again(sha256=sha256, by=mona)
    assert stored(bob, scenery(), "WEBP", title="again").is_hidden
    assert log_says_what_is_there()


# What a check holds


@pytest.fixture
def held(alice, bob, mona) -> Image:
    blocked(alice, mona)
    return stored(bob, scenery(), "JPEG")


@pytest.mark.parametrize(
    ("chosen", "state"),
    [
        (["dismiss"], (False, False, False)),
        (["show"], (False, False, False)),
        (["safe"], (False, False, False)),
        (["blur"], (False, True, False)),
        (["hide"], (True, False, False)),
        (["hide", "blur"], (True, True, False)),
        (["delete", "warn"], (True, False, True)),
    ],
)
def test_a_decision_ends_the_hold_and_undoing_it_holds_again(held, mona, chosen, state):
    case = Case.objects.open().get()
    decision = decide(case=case, by=mona, chosen=chosen, reason="r")
    held.refresh_from_db()
    assert (held.is_hidden, held.is_blurred, held.removed_at is not None) == state
    assert not Case.objects.open().exists()
    assert log_says_what_is_there()
    undo(decision=decision, by=mona)
    held.refresh_from_db()
    assert (held.is_hidden, held.is_blurred, held.removed_at) == (True, False, None)
    assert Case.objects.open().get() == case
    assert log_says_what_is_there()


def test_a_held_picture_is_not_forgotten_by_a_decision_that_says_nothing_of_it(held, mona):
    case = Case.objects.open().get()
    with pytest.raises(UnfitActions, match="is held"):
        decide(case=case, by=mona, chosen=["warn"])
    decide(case=case, by=mona, chosen=["warn", "show"])


def test_an_upheld_appeal_shows_what_a_check_had_held(held, bob, mona, admin):
    decision = decide(case=Case.objects.open().get(), by=mona, chosen=["hide"])
    decide_appeal(appeal=appeal(decision=decision, by=bob, text="No!"), by=admin, uphold=True)
    held.refresh_from_db()
    assert not held.is_hidden
    assert not Case.objects.open().exists()
    assert log_says_what_is_there()


def test_a_hold_moves_to_the_case_that_was_opened_meanwhile(held, alice, mona):
    decision = decide(case=Case.objects.open().get(), by=mona, chosen=["dismiss"])
    made = report(thing=held, reporter=alice, reason="spam")
    undo(decision=decision, by=mona)
    assert Case.objects.open().get() == made.case
    decide(case=made.case, by=mona, chosen=["dismiss"])
    held.refresh_from_db()
    assert not held.is_hidden


# Checks in the queue


@dataclass
class LooksFor:
    """A check that finds what it is told to, in pixels that it really gets."""

    result: Result | None
    is_on: bool = True
    asked: int = 0

    def is_active(self) -> bool:
        return self.is_on

    def check(self, prepared: checks.Prepared) -> Verdict | None:
        self.asked += 1
        assert prepared.vector.ndim == 1
        assert prepared.picture.mode == "RGB"
        reason = "It looks like %(what)s."
        return self.result and Verdict("colours", self.result, reason, {"what": "red"})


@pytest.fixture
def late(monkeypatch):
    def add(result: Result | None, **fields) -> LooksFor:
        check = LooksFor(result, **fields)
        monkeypatch.setattr(running, "LATE", [check])
        return check

    return add


@pytest.mark.parametrize("result", [None, *Result])
def test_nobody_else_sees_a_picture_before_the_late_checks_are_done(alice, bob, mona, encoder, late, result):
    check = late(result)
    image = stored(alice, scenery())
    assert (sees(bob, image), sees(alice, image), sees(mona, image)) == (False, True, True)
    assert not Image.objects.public().exists()
    preparation.prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert (image.awaits_checks, check.asked) == (False, 1)
    assert sees(bob, image) == (result in {None, Result.BLUR})
    assert (image.is_blurred, image.is_hidden) == (result == Result.BLUR, result == Result.HOLD)
    assert (image.removed_at is not None) == (result == Result.REFUSE)
    assert [found.words for found in Finding.objects.all()] == (["It looks like red."] if result else [])
    assert log_says_what_is_there()


def test_a_worker_that_ended_before_the_checks_is_made_up_for(alice, bob, encoder, late):
    check = late(None)
    image = stored(alice, scenery())
    preparation.prepare_image(image_id=image.pk, attempt=0)
    Image.objects.update(awaits_checks=True)  # as if it had ended just before
    assert details.requeue_outdated() == 1
    details.catch_up(image_id=image.pk)
    assert (check.asked, sees(bob, image)) == (2, True)


def test_a_check_that_is_not_on_keeps_nobody_waiting(alice, bob, late):
    late(Result.HOLD, is_on=False)
    assert sees(bob, stored(alice, scenery()))


def test_what_a_moderator_found_to_be_fine_stays_as_it_is(alice, mona, encoder, late):
    late(Result.HOLD)
    image = stored(alice, scenery())
    decide_about(thing=image, by=mona, chosen=["safe"])
    preparation.prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert (image.is_hidden, image.awaits_checks) == (False, False)


def test_a_late_blur_does_not_let_go_what_an_early_check_holds(alice, bob, mona, encoder, late):
    blocked(alice, mona)
    late(Result.BLUR)
    image = stored(bob, scenery(), "JPEG")
    preparation.prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert (image.is_hidden, image.is_blurred) == (True, True)
    assert Case.objects.open().get().findings.count() == 2


# Pictures from before there were prints


def test_a_picture_without_a_print_gets_one_and_so_does_its_blocked_file(alice, bob, mona, encoder):
    image = stored(alice, scenery())
    preparation.prepare_image(image_id=image.pk, attempt=0)
    expected = bytes(Image.objects.get().prints)
    Image.objects.update(prints=None, details_version=1)
    decide_about(thing=Image.objects.get(), by=mona, chosen=["block"])
    assert BlockedFile.objects.get().prints is None
    assert details.requeue_outdated() == 1
    details.catch_up(image_id=image.pk)
    image.refresh_from_db()
    assert bytes(image.prints) == expected
    assert bytes(BlockedFile.objects.get().prints) == expected
    assert stored(bob, scenery(), "JPEG").is_hidden
    assert log_says_what_is_there()


def test_without_a_row_the_defaults_count(db):
    now = blocking.current()
    assert (now.distance, now.result) == (36, "hold")
    assert not PrintBlocking.objects.exists()
