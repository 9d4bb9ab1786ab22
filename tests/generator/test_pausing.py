"""Pausing: a waiting job is passed over, a running one is put down with a checkpoint; both go on later."""

import asyncio
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django_q.models import OrmQ

from generator import jobs, pausing, recovery, runner, turns
from generator.models import Job
from generator.runner import Models
from tests.engine.tiny import TinyVqgan
from tests.generator.runs import (
    ClipThatDoes,
    bytes_of,
    checkpoint_files,
    fall_silent,
    models_with,
    store_nothing,
    tasks_of,
    with_checkpoint,
)
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def test_a_paused_job_that_waited_is_passed_over_until_it_is_resumed(job):
    assert pausing.pause(job_id=job.id)
    assert turns.order() == []
    assert jobs.claim(job_id=job.id) is None
    assert recovery.requeue_stale() == 0
    OrmQ.objects.all().delete()
    assert pausing.resume(job_id=job.id)
    assert turns.order() == [job.id]
    assert tasks_of(job) == 1
    assert jobs.claim(job_id=job.id)


def test_only_what_waits_or_runs_can_be_paused_and_only_what_is_paused_resumed(job):
    assert not pausing.resume(job_id=job.id)
    jobs.claim(job_id=job.id)
    jobs.stop(job_id=job.id)
    assert not pausing.pause(job_id=job.id)
    assert state_of(job) == Job.State.STOPPING
    jobs.cancel(job_id=job.id)
    assert not pausing.pause(job_id=job.id)
    assert not pausing.resume(job_id=job.id)
    assert state_of(job) == Job.State.CANCELLED


@pytest.mark.parametrize("at_step", [1, 7, 13])
def test_a_run_that_is_paused_is_put_down_at_that_step_and_goes_on_to_the_same_bytes(
    job, bob, tiny_models, at_step
):
    clip = ClipThatDoes(lambda: pausing.pause(job_id=job.id), at_step=at_step)
    runner.run(job.id, load_models=models_with(clip))
    job.refresh_from_db()
    assert (job.state, job.claim, job.checkpoint_step, job.attempts) == (Job.State.PAUSED, None, at_step, 0)
    assert clip.steps == at_step
    assert len(checkpoint_files()) == 1
    runner.run_next(load_models=tiny_models)
    assert state_of(job) == Job.State.PAUSED

    pausing.resume(job_id=job.id)
    rest = ClipThatDoes(lambda: None, at_step=0)
    runner.run_next(load_models=models_with(rest))
    assert (state_of(job), rest.steps) == (Job.State.DONE, job.steps - at_step)
    uninterrupted = ask(bob)
    runner.run(uninterrupted.id, load_models=tiny_models)
    uninterrupted.refresh_from_db()
    assert bytes_of(job.image) == bytes_of(uninterrupted.image)


def test_resumed_before_its_run_put_it_down_the_run_goes_on(job):
    running = jobs.claim(job_id=job.id)
    pausing.pause(job_id=job.id)
    assert jobs.record_step(job=running, step=3, loss=0.5) == Job.State.PAUSED
    assert pausing.resume(job_id=job.id)
    assert not pausing.put_down(job=running)
    assert jobs.record_step(job=running, step=4, loss=0.5) == Job.State.RUNNING
    assert jobs.claim(job_id=job.id) is None, "it is held"


def test_a_pause_and_its_end_within_one_step_change_nothing(job, tiny_models):
    def blink():
        pausing.pause(job_id=job.id)
        pausing.resume(job_id=job.id)

    clip = ClipThatDoes(blink, at_step=5)
    runner.run(job.id, load_models=models_with(clip))
    assert (state_of(job), clip.steps) == (Job.State.DONE, job.steps)


def test_a_paused_run_that_dies_stays_paused_and_goes_on_from_its_checkpoint(job):
    running = jobs.claim(job_id=job.id)
    with_checkpoint(running)
    pausing.pause(job_id=job.id)
    fall_silent(job)
    assert jobs.claim(job_id=job.id) is None, "what is paused is not taken over"
    recovery.requeue_stale()
    job.refresh_from_db()
    assert (job.state, job.claim, job.checkpoint_step) == (Job.State.PAUSED, None, 10)
    with pytest.raises(jobs.JobLost):
        pausing.put_down(job=running)
    pausing.resume(job_id=job.id)
    assert jobs.claim(job_id=job.id).checkpoint_step == 10


def test_a_pause_ends_the_turn_so_that_nobody_takes_all_turns_by_pausing(alice, bob):
    first, second = ask(alice), ask(alice, seed=1)
    waiting = ask(bob)
    running = jobs.claim(job_id=first.id)
    pausing.pause(job_id=first.id)
    pausing.put_down(job=running)
    pausing.resume(job_id=first.id)
    assert turns.order() == [waiting.id, first.id, second.id]


def test_a_paused_job_can_be_stopped_with_what_there_is_or_cancelled(alice, tiny_models):
    begun, fresh = ask(alice), ask(alice, seed=1)
    clip = ClipThatDoes(lambda: pausing.pause(job_id=begun.id), at_step=7)
    runner.run(begun.id, load_models=models_with(clip))
    pausing.pause(job_id=fresh.id)
    assert not jobs.stop(job_id=fresh.id), "there is nothing to keep"
    assert jobs.stop(job_id=begun.id)
    runner.run_next(load_models=tiny_models)
    begun.refresh_from_db()
    assert (begun.state, begun.step) == (Job.State.DONE, 8)
    assert jobs.cancel(job_id=fresh.id)
    assert state_of(fresh) == Job.State.CANCELLED


def test_cancelling_a_paused_job_leaves_no_checkpoint(job):
    clip = ClipThatDoes(lambda: pausing.pause(job_id=job.id), at_step=7)
    runner.run(job.id, load_models=models_with(clip))
    jobs.cancel(job_id=job.id)
    assert checkpoint_files() == []


def test_a_paused_job_still_counts_as_one_of_its_owners(alice, settings):
    settings.JOBS_PER_PERSON = 1
    pausing.pause(job_id=ask(alice).id)
    with pytest.raises(jobs.JobLimitReached):
        ask(alice)


def test_all_of_ones_own_are_paused_and_resumed_at_once(alice, bob):
    mine, other = [ask(alice, seed=seed) for seed in range(3)], ask(bob)
    jobs.claim(job_id=mine[0].id)
    assert pausing.pause_all(owner=alice) == 3
    assert state_of(other) == Job.State.QUEUED
    assert pausing.resume_all(owner=alice) == 3
    assert [state_of(job) for job in mine] == ["running", "queued", "queued"]


def test_finishing_in_the_moment_of_a_pause_is_done(job):
    running = jobs.claim(job_id=job.id)
    pausing.pause(job_id=job.id)
    with pytest.raises(AssertionError):
        jobs.finish(job=running, step=24, store=store_nothing)  # tried, as the last step has been taken
    assert state_of(job) == Job.State.PAUSED
    models = Models(vqgan=TinyVqgan(), clip=ClipThatDoes(lambda: pausing.pause(job_id=job.id), at_step=24))
    pausing.resume(job_id=job.id)
    jobs.release(job=running)
    runner.run(job.id, load_models=lambda: models)
    assert state_of(job) == Job.State.DONE


def test_a_job_is_enqueued_although_the_client_that_resumed_it_is_gone(job, settings):
    """Open pages are told first, which the server's cancelling of the request breaks off."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.gallery.test_storing.LeavingLayer"}}
    Job.objects.filter(pk=job.id).update(state=Job.State.PAUSED)
    OrmQ.objects.all().delete()

    async def main() -> None:
        request = asyncio.create_task(sync_to_async(pausing.resume, thread_sensitive=False)(job_id=job.id))
        get_channel_layer().request = request
        with suppress(asyncio.CancelledError):
            await request

    asyncio.run(main())
    assert OrmQ.objects.count() == 1
