"""A policy is applied to pictures that are here: with the same results as for new ones, each picture once
whatever is killed, and nothing that people have decided is undone by it."""

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from gallery import tasks
from gallery.models import AuditEntry, Case, Decision, EncodingModel, Finding, Image, Policy, Serving, Sweep
from gallery.moderation import policies, sweeps
from gallery.moderation.appeals import appeal
from gallery.moderation.decisions import decide, decide_about, undo
from gallery.moderation.sweeps import AlreadyRunning, CannotApply, Reach, do_slice, start_sweep
from gallery.trash import move_to_trash
from tests.moderation.test_checks import log_says_what_is_there, sees
from tests.moderation.test_policies import FIELDS, chief, coming_in, page, written  # noqa: F401

pytestmark = pytest.mark.usefixtures("colour_background", "encoder")
REDS = ["red", "#fe0000", "#fd0000", "#fc0000", "#fb0000"]


@pytest.fixture
def reds(alice, encoder) -> list[Image]:
    """In the order in which a sweep looks at them, with a blue one somewhere."""
    coming_in(alice, "blue")
    return sorted((coming_in(alice, colour) for colour in REDS), key=lambda image: image.pk)


def run(sweep: Sweep) -> Sweep:
    """All of its slices, as the queue does them."""
    while sweep.state == Sweep.State.RUNNING:
        do_slice(sweep_id=sweep.pk, number=sweep.slices)
        sweep.refresh_from_db()
    return sweep


def applied(mona, **fields) -> Sweep:
    return run(start_sweep(policy=written(mona, **fields), by=mona))


def hidden() -> int:
    return Image.objects.filter(is_hidden=True).count()


def counts(sweep: Sweep) -> tuple[int, int, int]:
    return sweep.looked_at, sweep.caught, sweep.left_alone


# The results


def test_held_are_the_same_as_if_they_came_in_now(alice, bob, mona, reds):
    sweep = applied(mona)
    assert (sweep.state, counts(sweep)) == ("done", (6, 5, 0))
    assert [sees(bob, image) for image in reds] == [False] * 5
    assert [sees(alice, image) for image in reds] == [True] * 5
    assert Case.objects.open().count() == 5
    new = coming_in(alice, "#fa0000")
    ours, theirs = Finding.objects.get(case__key=str(reds[0].pk)), Finding.objects.get(case__key=str(new.pk))
    for name in ("check_name", "result", "severity", "reason"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert set(ours.params) == set(theirs.params)
    assert log_says_what_is_there()


def test_covered_ones_can_be_appealed_against_and_taken_back(alice, mona, reds):
    applied(mona, result="blur")
    decision = Decision.objects.get(case__key=str(reds[0].pk))
    assert (decision.by, decision.actions, Image.objects.get(pk=reds[0].pk).is_blurred) == (
        None,
        ["blur"],
        True,
    )
    assert appeal(decision=decision, by=alice, text="It is a tomato.").state == "open"
    undo(decision=decision, by=mona)
    assert not Image.objects.get(pk=reds[0].pk).is_blurred
    assert Image.objects.filter(is_blurred=True).count() == 4
    assert log_says_what_is_there()


def test_what_would_be_refused_is_held_for_a_moderator(mona, reds):
    sweep = applied(mona, result="refuse")
    assert sweep.caught == hidden() == 5
    assert not Image.objects.exclude(removed_at=None).exists()
    assert set(Finding.objects.values_list("result", flat=True)) == {"hold"}
    case = Case.objects.open().get(key=str(reds[0].pk))
    decide(case=case, by=mona, chosen=["dismiss"])
    assert hidden() == 4


def test_what_people_keep_to_themselves_is_compared_as_new_pictures_are(alice, mona, encoder):
    private = coming_in(alice, "red", visibility="private")
    assert applied(mona).caught == 1
    private.refresh_from_db()
    assert private.is_hidden


def test_nobody_hides_from_it_in_a_trash(alice, mona, reds):
    move_to_trash(images=Image.objects.filter(pk=reds[0].pk))
    assert applied(mona).caught == 5
    assert Image.objects.get(pk=reds[0].pk).is_hidden


# What is left alone


def test_what_moderators_have_decided_stays(mona, reds):
    safe, dismissed, taken_back, out_of_sight, other = reds
    decide_about(thing=safe, by=mona, chosen=["safe"])
    decide_about(thing=dismissed, by=mona, chosen=["dismiss"])
    decide_about(thing=out_of_sight, by=mona, chosen=["hide"])
    policy = written(mona, result="blur")
    sweep = start_sweep(policy=policy, by=mona)
    run(sweep)
    assert counts(sweep) == (6, 2, 3)
    undo(decision=Decision.objects.get(by=None, case__key=str(taken_back.pk)), by=mona)
    again = run(start_sweep(policy=policy, by=mona))
    assert counts(again) == (6, 0, 5)
    blurred = Image.objects.filter(is_blurred=True)
    assert [image.pk for image in blurred] == [other.pk]


def test_applied_twice_it_does_nothing_more(mona, reds):
    sweep = applied(mona)
    entries = AuditEntry.objects.filter(action="hold").count()
    again = run(start_sweep(policy=sweep.policy, by=mona))
    assert counts(again) == (6, 0, 5)
    assert AuditEntry.objects.filter(action="hold").count() == entries == 5
    assert Finding.objects.count() == 5


# Killed, lost, delivered twice


def test_a_slice_that_is_delivered_twice_is_done_once(monkeypatch, mona, reds):
    monkeypatch.setattr(sweeps, "SLICE", 2)
    sweep = start_sweep(policy=written(mona), by=mona)
    for number in (0, 0, 1, 0, 1):
        do_slice(sweep_id=sweep.pk, number=number)
    sweep.refresh_from_db()
    assert (sweep.slices, sweep.looked_at) == (2, 4)
    assert counts(run(sweep)) == (6, 5, 0)
    assert AuditEntry.objects.filter(action="hold").count() == 5


def test_killed_in_the_middle_of_a_slice_nothing_is_lost_or_done_twice(monkeypatch, mona, reds):
    sweep = start_sweep(policy=written(mona), by=mona)
    act_on, acted = sweeps.act_on, []

    def killed_at_the_third(**given):
        if len(acted) == 2:
            raise SystemExit
        acted.append(given)
        return act_on(**given)

    monkeypatch.setattr(sweeps, "act_on", killed_at_the_third)
    with pytest.raises(SystemExit), transaction.atomic():
        do_slice(sweep_id=sweep.pk, number=0)
    sweep.refresh_from_db()
    assert (hidden(), sweep.slices, Finding.objects.count()) == (0, 0, 0)
    monkeypatch.setattr(sweeps, "act_on", act_on)
    assert counts(run(sweep)) == (6, 5, 0)
    assert log_says_what_is_there()


def test_many_that_are_caught_take_more_slices_and_none_is_passed_over(monkeypatch, mona, reds):
    monkeypatch.setattr(sweeps, "MOST_CAUGHT", 2)
    sweep = applied(mona)
    assert (counts(sweep), sweep.slices) == ((6, 5, 0), 4)
    assert hidden() == 5


def test_a_lost_slice_gets_another_task(mona, reds, django_capture_on_commit_callbacks):
    start_sweep(policy=written(mona), by=mona)
    OrmQ.objects.all().delete()
    assert tasks.requeue_sweeps() == 0
    Sweep.objects.update(touched_at=timezone.now() - 2 * sweeps.LOST_AFTER)
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.requeue_sweeps() == 1
    assert tasks.requeue_sweeps() == 0
    assert [entry.func() for entry in OrmQ.objects.all()] == ["gallery.tasks.apply_policy"]


def test_each_slice_asks_for_the_next(mona, reds, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        sweep = start_sweep(policy=written(mona), by=mona)
    asked = []
    while entry := OrmQ.objects.filter(pk__gt=asked[-1].pk if asked else 0).order_by("pk").last():
        asked.append(entry)
        with django_capture_on_commit_callbacks(execute=True):
            tasks.apply_policy(*entry.task["args"])
    sweep.refresh_from_db()
    assert (sweep.state, sweep.slices) == ("done", 2)


# Stopped


def test_a_policy_that_changes_meanwhile_is_not_applied_any_further(monkeypatch, mona, reds):
    monkeypatch.setattr(sweeps, "SLICE", 2)
    policy = written(mona)
    sweep = start_sweep(policy=policy, by=mona)
    do_slice(sweep_id=sweep.pk, number=0)
    before = hidden()
    policies.save_policy(by=mona, fields=FIELDS | {"threshold": 2.5}, policy=policy)
    do_slice(sweep_id=sweep.pk, number=1)
    sweep.refresh_from_db()
    assert (sweep.state, sweep.looked_at, hidden()) == ("stopped", 2, before)
    start_sweep(policy=Policy.objects.get(), by=mona)


def test_after_a_change_of_model_it_stops(mona, reds):
    sweep = start_sweep(policy=written(mona), by=mona)
    model = EncodingModel.objects.get_or_create(model_id="other", defaults={"name": "other"})[0]
    Serving.objects.all().delete()
    Serving.objects.create(current=model, wanted_id="other", since=timezone.now())
    do_slice(sweep_id=sweep.pk, number=0)
    sweep.refresh_from_db()
    assert (sweep.state, hidden()) == ("stopped", 0)
    with pytest.raises(CannotApply):
        start_sweep(policy=sweep.policy, by=mona)


def test_it_ends_with_its_policy(mona, reds):
    sweep = start_sweep(policy=written(mona), by=mona)
    policies.delete_policy(policy_id=sweep.policy_id, by=mona)
    do_slice(sweep_id=sweep.pk, number=0)
    assert hidden() == 0


def test_one_at_a_time_and_only_what_is_in_force(mona, reds):
    policy = written(mona)
    start_sweep(policy=policy, by=mona)
    with pytest.raises(AlreadyRunning):
        start_sweep(policy=policy, by=mona)
    with pytest.raises(CannotApply):
        start_sweep(policy=written(mona, name="idle", is_active=False), by=mona)
    with pytest.raises(CannotApply):
        start_sweep(policy=written(mona, name="words", texts="", words="gun"), by=mona)


# The pages


def test_an_admin_sees_counts_first_then_applies_and_watches(client, chief, alice, reds):  # noqa: F811
    coming_in(alice, "#f90000", visibility="private")
    decide_about(thing=reds[0], by=chief, chosen=["safe"])
    policy = written(chief)
    assert sweeps.reach(policy) == Reach(total=7, looked_at=7, caught=5, left_alone=1)
    address = reverse("gallery:policy_apply", args=[policy.pk])
    assert address in page(client, reverse("gallery:policy", args=[policy.pk]))
    assert "would be held for review" in page(client, address)
    assert hidden() == 0
    assert client.post(address, follow=True).status_code == 200
    sweep = Sweep.objects.get()
    progress = reverse("gallery:policy_progress", args=[policy.pk])
    assert "0 of 7 pictures are compared" in page(client, progress)
    run(sweep)
    assert "7 pictures were compared" in page(client, reverse("gallery:policy", args=[policy.pk]))
    entries = AuditEntry.objects.filter(action="apply").order_by("number")
    assert [(entry.actor, entry.key) for entry in entries] == [
        (chief, str(policy.pk)),
        (None, str(policy.pk)),
    ]
    assert entries[1].words == "done: 7 compared, 5 caught, 1 left alone"


def test_the_counts_ahead_and_what_then_happens_agree(monkeypatch, mona, reds):
    decide_about(thing=reds[2], by=mona, chosen=["dismiss"])
    policy = written(mona)
    foreseen = sweeps.reach(policy)
    sweep = run(start_sweep(policy=policy, by=mona))
    assert (foreseen.looked_at, foreseen.caught, foreseen.left_alone) == counts(sweep)


def test_it_can_be_stopped_and_what_was_caught_stays(client, monkeypatch, chief, reds):  # noqa: F811
    monkeypatch.setattr(sweeps, "MOST_CAUGHT", 1)
    sweep = start_sweep(policy=written(chief), by=chief)
    do_slice(sweep_id=sweep.pk, number=0)
    stop = reverse("gallery:policy_stop", args=[sweep.policy_id])
    assert client.post(stop).status_code == 302
    do_slice(sweep_id=sweep.pk, number=1)
    sweep.refresh_from_db()
    assert (sweep.state, hidden()) == ("stopped", 1)
    assert "It had ended before." in client.post(stop, follow=True).content.decode()


def test_moderators_watch_and_admins_apply(client, alice, mona, reds):
    policy = written(mona)
    client.force_login(mona)
    address = reverse("gallery:policy_apply", args=[policy.pk])
    assert address not in page(client, reverse("gallery:policy", args=[policy.pk]))
    assert client.get(address).status_code == client.post(address).status_code == 403
    assert client.post(reverse("gallery:policy_stop", args=[policy.pk])).status_code == 403
    assert client.get(reverse("gallery:policy_progress", args=[policy.pk])).status_code == 200
    client.force_login(alice)
    assert client.get(address).status_code == client.post(address).status_code == 404
    assert not Sweep.objects.exists()


def test_what_is_not_in_force_is_not_applied_and_the_page_says_why(client, chief, reds):  # noqa: F811
    policy = written(chief, is_active=False)
    address = reverse("gallery:policy_apply", args=[policy.pk])
    assert "it has to be in force" in page(client, reverse("gallery:policy", args=[policy.pk]))
    for response in (client.get(address, follow=True), client.post(address, follow=True)):
        assert "Only a policy that is in force" in response.content.decode()
    assert not Sweep.objects.exists()


def test_a_slice_holds_the_database_for_a_moment_only(mona, reds, django_assert_max_num_queries):
    """What it costs grows with what is caught, not with what is compared."""
    sweep = start_sweep(policy=written(mona, threshold=19.0), by=mona)
    with django_assert_max_num_queries(12, connection=connection):
        do_slice(sweep_id=sweep.pk, number=0)
