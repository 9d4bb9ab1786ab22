"""Whose turn it is: nobody waits for two pictures of one person while having had none."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gallery.models import User
from generator import jobs, recovery, runner, turns
from generator.models import Job
from tests.engine.tiny import TinyClip, TinyVqgan
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def carol(db) -> User:
    return User.objects.create_user("carol", "carol@example.org", "x")


@pytest.fixture(autouse=True)
def room_for_many(settings):
    settings.JOBS_PER_PERSON = 20


def taken_up(count: int) -> list[str]:
    """Whose jobs are made next; each is done at once."""
    owners = []
    for _ in range(count):
        job = jobs.claim(job_id=turns.order()[0])
        owners.append(job.owner.username)
        jobs.fail(job=job, failure=Job.Failure.ENGINE, detail="")
    return owners


def test_people_take_turns_and_each_persons_jobs_keep_their_order(alice, bob, carol):
    first = [ask(alice, seed=seed) for seed in range(4)]
    second = [ask(bob, seed=seed) for seed in range(2)]
    third = ask(carol)
    expected = [first[0], second[0], third, first[1], second[1], first[2], first[3]]
    assert turns.order() == [job.id for job in expected]
    assert taken_up(7) == ["alice", "bob", "carol", "alice", "bob", "alice", "alice"]


def test_who_comes_later_goes_before_the_second_picture_of_another(alice, bob):
    for seed in range(3):
        ask(alice, seed=seed)
    assert taken_up(1) == ["alice"]
    ask(bob)
    assert taken_up(3) == ["bob", "alice", "alice"]


def test_who_was_served_longest_ago_goes_first(alice, bob, carol):
    for person in (alice, bob, carol):
        ask(person)
    taken_up(3)
    for person in (carol, bob, alice):
        ask(person, seed=1)
    assert taken_up(3) == ["alice", "bob", "carol"]


def test_a_job_that_was_begun_and_given_back_goes_first(alice, bob):
    begun = ask(bob)
    running = jobs.claim(job_id=begun.id)
    ask(alice)
    jobs.release(job=running)
    assert turns.order()[0] == begun.id


def test_a_waiting_person_is_told_the_true_number_of_pictures_before(alice, bob):
    mine = [ask(alice, seed=seed) for seed in range(3)]
    other = ask(bob)
    assert [turns.count_ahead(job) for job in [*mine, other]] == [0, 2, 3, 1]
    jobs.claim(job_id=mine[0].id)
    assert [turns.count_ahead(job) for job in [*mine[1:], other]] == [2, 3, 1]


def test_a_task_makes_the_picture_whose_turn_it_is_and_no_job_is_left_without_a_task(alice, bob):
    first, second, last = ask(alice), ask(alice, seed=1), ask(bob)
    made = []
    for _ in range(3):
        runner.run_next(load_models=lambda: runner.Models(vqgan=TinyVqgan(), clip=TinyClip()))
        OrmQ.objects.filter(key="generate").first().delete()  # the task that did it
        newest = Job.objects.exclude(state=Job.State.QUEUED).order_by("-started_at")[0]
        assert newest.state == Job.State.DONE
        made.append(newest.id)
        Job.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
        assert recovery.requeue_stale() == 0
    assert made == [first.id, last.id, second.id]
    runner.run_next()  # nobody waits any more, and no model is loaded
    assert not OrmQ.objects.filter(key="generate").exists()
