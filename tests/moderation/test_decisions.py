"""Each decision, and that taking it back restores what was before."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from gallery.albums import create_album
from gallery.models import AuditEntry, BlockedFile, Case, Image, Report, Strike, Suspension
from gallery.moderation import audit, hiding
from gallery.moderation.actions import Terms, UnfitActions
from gallery.moderation.cases import AlreadyDecided, HeldByAnother, hold, open_case
from gallery.moderation.decisions import AlreadyUndone, DecidedSince, decide, decide_about, undo
from gallery.moderation.reports import report
from gallery.moderation.states import read_state
from gallery.moderation.things import ThingGone
from gallery.trash import move_to_trash
from gallery.uploads import delete_image, store_image
from tests.gallery.drawing import png

TERMS = Terms(scopes=("upload", "generate"), days=7)


def standing_of(image: Image) -> tuple[object, ...]:
    """Everything that a decision about the picture can change."""
    person = {name: value for name, value in read_state("person", str(image.owner_id)).items() if value}
    blocked = BlockedFile.objects.filter(pk=image.sha256).exists()
    return read_state("image", str(image.pk)), person, blocked


@pytest.mark.parametrize(
    ("chosen", "sees"),
    [
        (["hide"], "owner"),
        (["blur"], "all"),
        (["safe"], "all"),
        (["delete"], "nobody"),
        (["block"], "all"),
        (["warn"], "all"),
        (["suspend"], "all"),
        (["dismiss"], "all"),
        (["hide", "blur", "block", "warn", "suspend"], "owner"),
        (["delete", "block", "warn"], "nobody"),
    ],
)
def test_a_decision_does_what_it_says_and_undoing_it_restores_all(alice, bob, mona, store, chosen, sees):
    image = store(alice, public=True)
    made = report(thing=image, reporter=bob, reason="sexual")
    before = standing_of(image)
    decision = decide(case=made.case, by=mona, chosen=chosen, reason="Rule 1", terms=TERMS)
    seen_by = {person.username for person in (alice, bob, mona) if Image.objects.visible_to(person).exists()}
    assert seen_by == {"all": {"alice", "bob", "mona"}, "owner": {"alice", "mona"}, "nobody": set()}[sees]
    assert (standing_of(image) != before) == (chosen != ["dismiss"])
    made.refresh_from_db()
    assert made.outcome == ("dismissed" if chosen == ["dismiss"] else "acted")
    assert made.case.state == "decided"

    undo(decision=decision, by=mona, reason="Wrong picture")
    assert standing_of(image) == before
    made.refresh_from_db()
    assert (made.outcome, made.case.state) == ("", "open")
    assert audit.verify().flaws == []


def test_the_log_has_each_action_with_its_reason_and_what_was_before(alice, mona, store):
    image = store(alice)
    decision = decide_about(thing=image, by=mona, chosen=["hide", "warn"], reason="Rule 2")
    entries = list(AuditEntry.objects.filter(decision=decision.pk).order_by("number"))
    assert [entry.action for entry in entries] == ["hide", "warn", "decide"]
    assert {(entry.actor, entry.words) for entry in entries} == {(mona, "Rule 2")}
    assert (entries[0].state_before, entries[0].state_after) == ({"is_hidden": False}, {"is_hidden": True})


def test_removing_is_out_of_the_owners_reach_and_comes_back_unharmed(alice, mona, store):
    image = store_image(owner=alice, file=png(), title="mine")
    decision = decide_about(thing=image, by=mona, chosen=["delete"])
    assert not Image.objects.in_trash_of(alice).exists()
    with pytest.raises(ValidationError, match="removed this picture"):
        store_image(owner=alice, file=png())
    undo(decision=decision, by=mona)
    assert Image.objects.visible_to(alice).get().title == "mine"


def test_what_its_owner_deleted_before_is_in_their_trash_again(alice, mona, store):
    image = store(alice)
    move_to_trash(images=Image.objects.all())
    first, second = (decide_about(thing=image, by=mona, chosen=["delete"]) for _ in range(2))
    assert not Image.objects.in_trash_of(alice).exists()
    undo(decision=second, by=mona)
    assert not Image.objects.in_trash_of(alice).exists()
    undo(decision=first, by=mona)
    assert Image.objects.in_trash_of(alice).get() == image


def test_a_blocked_file_comes_in_for_nobody_until_that_is_taken_back(alice, bob, mona):
    image = store_image(owner=alice, file=png())
    decision = decide_about(thing=image, by=mona, chosen=["block"])
    with pytest.raises(ValidationError) as refusal:
        store_image(owner=bob, file=png())
    assert refusal.value.code == "blocked"
    undo(decision=decision, by=mona)
    assert store_image(owner=bob, file=png()).owner == bob


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ([], "at least one"),
        (["bake"], "that are offered"),
        (["dismiss", "hide"], "no other action"),
        (["safe", "hide"], "in one decision"),
        (["suspend"], "may not do"),
    ],
)
def test_actions_that_do_not_fit_are_refused_and_change_nothing(alice, mona, store, chosen, why):
    case = open_case(thing=store(alice))
    total = AuditEntry.objects.count()
    with pytest.raises(UnfitActions, match=why):
        decide(case=case, by=mona, chosen=chosen)
    assert (AuditEntry.objects.count(), Case.objects.open().count()) == (total, 1)


def test_a_person_is_not_hidden_and_an_album_not_blurred(alice, mona):
    for thing, action in ((alice, "hide"), (create_album(owner=alice, title="x"), "blur")):
        with pytest.raises(UnfitActions):
            decide_about(thing=thing, by=mona, chosen=[action])


def test_members_decide_nothing(alice, bob, store):
    case = open_case(thing=store(alice))
    with pytest.raises(PermissionDenied):
        decide(case=case, by=bob, chosen=["hide"])


def test_a_case_is_held_by_one_moderator_for_a_while(alice, mona, admin, store):
    case = hold(case=open_case(thing=store(alice)), by=mona)
    with pytest.raises(HeldByAnother) as refusal:
        decide(case=case, by=admin, chosen=["hide"])
    assert refusal.value.holder == mona
    Case.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert decide(case=case, by=admin, chosen=["hide"]).by == admin
    with pytest.raises(AlreadyDecided):
        decide(case=case, by=mona, chosen=["hide"])


def test_a_failure_in_the_middle_leaves_nothing(alice, mona, store):
    image = store(alice)
    case = open_case(thing=image)
    Case.objects.update(owner=None)  # so that nobody is there to be warned
    with pytest.raises(ThingGone):
        decide(case=case, by=mona, chosen=["hide", "warn"])
    image.refresh_from_db()
    assert (image.is_hidden, Strike.objects.count(), Case.objects.open().count()) == (False, 0, 1)


def test_the_later_decision_about_a_thing_has_to_be_taken_back_first(alice, mona, store):
    image = store(alice)
    first = decide_about(thing=image, by=mona, chosen=["hide"])
    second = decide_about(thing=image, by=mona, chosen=["hide", "blur"])
    with pytest.raises(DecidedSince):
        undo(decision=first, by=mona)
    undo(decision=second, by=mona)
    undo(decision=first, by=mona)
    image.refresh_from_db()
    assert (image.is_hidden, image.is_blurred) == (False, False)
    with pytest.raises(AlreadyUndone):
        undo(decision=first, by=mona)


def test_one_warning_is_taken_back_and_the_others_stand(alice, mona, store):
    decisions = [decide_about(thing=store(alice), by=mona, chosen=["warn"]) for _ in range(3)]
    undo(decision=decisions[1], by=mona)
    assert {strike.decision for strike in Strike.objects.all()} == {decisions[0], decisions[2]}


def test_what_is_gone_for_good_cannot_be_brought_back(alice, mona, store, settings):
    image = store(alice)
    decision = decide_about(thing=image, by=mona, chosen=["delete"])
    delete_image(image=image)
    with pytest.raises(ThingGone):
        undo(decision=decision, by=mona)


def test_a_case_without_reports_stays_closed_when_its_decision_is_taken_back(alice, mona, store):
    undo(decision=decide_about(thing=store(alice), by=mona, chosen=["hide"]), by=mona)
    assert not Case.objects.open().exists()


def test_an_album_is_hidden_with_its_link(alice, bob, mona):
    album = create_album(owner=alice, title="x", visibility="unlisted")
    decision = decide_about(thing=album, by=mona, chosen=["hide"])
    assert not type(album).objects.opened_by(album.token).exists()
    assert type(album).objects.visible_to(alice).exists()
    undo(decision=decision, by=mona)
    assert type(album).objects.opened_by(album.token).exists()


def test_suspensions_end_by_themselves(alice, mona):
    terms = Terms(scopes=("upload",), days=1)
    decide_about(thing=alice, by=mona, chosen=["suspend"], terms=terms)
    assert Suspension.objects.current().exists()
    Suspension.objects.update(until=timezone.now())
    assert not Suspension.objects.current().exists()


def test_a_picture_hidden_where_a_moderator_met_it_ends_its_case(alice, bob, mona, store):
    image = store(alice, public=True)
    report(thing=image, reporter=bob, reason="spam")
    hiding.hide(image=image, by=mona, reason="Advertising")
    assert Report.objects.get().outcome == "acted"
