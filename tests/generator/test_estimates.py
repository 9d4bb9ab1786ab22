"""When a job will start and end: from measured steps, and nothing where nothing is known."""

import time

import pytest

from generator import estimates, jobs, pausing, runner
from generator.models import Job, Pace
from generator.templatetags.making import about
from tests.generator.runs import ClipThatDoes, models_with
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)


def ends_of(*asked: Job) -> list[float | None]:
    expected = estimates.expected()
    return [expected[job.id].ends_in for job in asked]


def test_nothing_is_promised_before_a_step_was_measured(job):
    assert ends_of(job) == [None]
    jobs.claim(job_id=job.id)
    assert ends_of(job) == [None]


def test_waiting_jobs_stand_behind_each_other_in_the_order_of_turns(alice, bob):
    estimates.record(work="64x64", seconds=2)
    first, second, other = ask(alice), ask(alice, seed=1), ask(bob)
    assert ends_of(first, other, second) == [48, 96, 144]
    starts = estimates.expected()
    assert [starts[job.id].starts_in for job in (first, other, second)] == [0, 48, 96]
    running = jobs.claim(job_id=first.id)
    jobs.record_step(job=running, step=20, loss=0.1)
    assert ends_of(first, other, second) == [8, 56, 104]


def test_two_workers_take_the_next_jobs_as_they_become_free(alice):
    estimates.record(work="64x64", seconds=1)
    long, short, third, fourth = (
        ask(alice, steps=steps, seed=seed) for seed, steps in enumerate([100, 10, 20, 5])
    )
    for job in (long, short):
        jobs.claim(job_id=job.id)
    assert ends_of(long, short, third, fourth) == [100, 10, 30, 35]


def test_what_waits_behind_an_unknown_time_is_unknown_and_what_comes_before_is_not(alice):
    estimates.record(work="64x64", seconds=1)
    known, unknown, behind = ask(alice), ask(alice, width=128), ask(alice, seed=1)
    assert ends_of(known, unknown, behind) == [24, None, None]
    expected = estimates.expected()
    assert expected[unknown.id].starts_in == 24, "when it starts is known, only not how long it takes"


def test_a_paused_job_is_expected_never_and_holds_nobody_up(alice):
    estimates.record(work="64x64", seconds=1)
    paused, behind = ask(alice), ask(alice, seed=1)
    pausing.pause(job_id=paused.id)
    assert paused.id not in estimates.expected()
    assert ends_of(behind) == [24]


def test_options_that_cost_time_are_measured_apart_and_others_are_not(alice):
    plain, bold, thorough = (
        ask(alice, options=options) for options in ({}, {"learning_rate": 0.3}, {"cutouts": 32})
    )
    assert estimates.work_of(plain) == estimates.work_of(bold) == "64x64"
    assert estimates.work_of(thorough) != "64x64"
    assert len(estimates.work_of(ask(alice, width=512, options={"cutouts": 32}))) <= 80


def test_newer_measurements_move_the_mean():
    for seconds in (1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2):
        pace = estimates.record(work="64x64", seconds=seconds)
    assert 1.9 < pace.seconds < 2


def test_a_run_measures_its_steps(job):
    clip = ClipThatDoes(lambda: time.sleep(0.4), at_step=5)  # 0.4 s more in 23 steps
    runner.run(job.id, load_models=models_with(clip))
    assert 0.4 / 23 < Pace.objects.get(work="64x64").seconds < 2


def test_a_run_of_too_few_steps_measures_nothing(alice, tiny_models):
    runner.run(ask(alice, steps=3).id, load_models=tiny_models)
    assert not Pace.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (45, "about 1 minute"),
        (125, "about 2 minutes"),
        (5300, "about 88 minutes"),
        (7300, "about 2 hours"),
    ],
)
def test_times_are_said_no_more_exactly_than_they_are_known(seconds, words):
    assert about(seconds) == words
