"""The state machine: every change is conditional, so that late and double messages change nothing."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from gallery.models import Image
from gallery.uploads import store_image
from generator import jobs, progress, recovery
from generator.engine.settings import SettingsError
from generator.models import Job
from tests.gallery.drawing import png
from tests.generator.runs import fall_silent, store_nothing, tasks_of, with_checkpoint
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)

FRAME = progress.Frame(step=3, total=24, loss=0.5, picture=b"jpeg")


def test_submitting_puts_one_task_in_the_queue_of_the_generators(job):
    assert job.state == Job.State.QUEUED
    assert tasks_of(job) == 1
    assert OrmQ.objects.get().func() == "generator.tasks.run_job"


def test_settings_that_the_engine_does_not_have_make_no_job(alice):
    with pytest.raises(SettingsError):
        ask(alice, width=100)
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_person_has_a_limited_number_of_unfinished_jobs(alice, bob, settings):
    settings.JOBS_PER_PERSON = 2
    first = ask(alice)
    ask(alice)
    with pytest.raises(jobs.JobLimitReached) as caught:
        ask(alice)
    assert caught.value.limit == 2
    ask(bob)
    jobs.cancel(job_id=first.id)
    ask(alice)


def test_of_many_runs_that_claim_a_job_at_once_exactly_one_gets_it(job):
    def claim(_):
        try:
            return jobs.claim(job_id=job.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        claims = [claimed for claimed in pool.map(claim, range(6)) if claimed]
    assert len(claims) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.claim) == (Job.State.RUNNING, 1, claims[0].claim)


def test_a_second_task_for_a_running_job_finds_nothing_to_take_up(running_job):
    assert jobs.claim(job_id=running_job.id) is None
    running_job.refresh_from_db()
    assert running_job.attempts == 1


def test_a_job_whose_run_fell_silent_is_taken_over_and_the_old_run_learns_it(running_job):
    fall_silent(running_job)
    taken_over = jobs.claim(job_id=running_job.id)
    assert taken_over.attempts == 2
    for report in (
        lambda: jobs.heartbeat(job=running_job),
        lambda: jobs.record_step(job=running_job, step=9, loss=0.1),
        lambda: jobs.record_checkpoint(job=running_job, step=9, name="x"),
        lambda: jobs.release(job=running_job),
        lambda: jobs.fail(job=running_job, failure=Job.Failure.ENGINE, detail="x"),
        lambda: jobs.finish(job=running_job, step=24, store=store_nothing),
    ):
        with pytest.raises(jobs.JobLost):
            report()
    taken_over.refresh_from_db()
    assert (taken_over.state, taken_over.step) == (Job.State.RUNNING, 0)


def test_a_job_that_stops_its_worker_again_and_again_fails_with_a_reason(job, settings):
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        assert jobs.claim(job_id=job.id)
        fall_silent(job)
    assert jobs.claim(job_id=job.id) is None
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.ATTEMPTS)
    assert "interrupted" in job.get_failure_display()


def test_a_job_that_gets_further_between_crashes_is_not_given_up(job, settings):
    for _ in range(settings.JOB_MAX_ATTEMPTS + 2):
        claimed = jobs.claim(job_id=job.id)
        with_checkpoint(claimed)
        fall_silent(job)
    assert jobs.claim(job_id=job.id)


def test_giving_a_job_back_is_no_attempt(running_job):
    jobs.release(job=running_job)
    running_job.refresh_from_db()
    assert (running_job.state, running_job.attempts) == (Job.State.QUEUED, 0)
    assert tasks_of(running_job) == 2


@pytest.mark.parametrize("is_running", [False, True])
def test_cancelling_keeps_nothing(job, is_running, valkey):
    if is_running:
        job = jobs.claim(job_id=job.id)
        checkpoint = with_checkpoint(job)
        progress.publish(job.id, FRAME)
    assert jobs.cancel(job_id=job.id)
    job.refresh_from_db()
    assert (job.state, job.checkpoint, job.image) == (Job.State.CANCELLED, "", None)
    assert progress.snapshot(job.id) is None
    assert not is_running or not default_storage.exists(checkpoint)
    assert jobs.claim(job_id=job.id) is None


def test_finishing_after_a_cancellation_stores_no_picture(running_job):
    jobs.cancel(job_id=running_job.id)
    with pytest.raises(jobs.JobLost):
        jobs.finish(job=running_job, step=24, store=store_nothing)
    running_job.refresh_from_db()
    assert running_job.state == Job.State.CANCELLED


def test_stopping_is_for_a_running_job_alone_and_its_run_learns_it_with_the_next_step(job):
    assert not jobs.stop(job_id=job.id)
    running = jobs.claim(job_id=job.id)
    assert jobs.record_step(job=running, step=3, loss=0.5) == Job.State.RUNNING
    assert jobs.stop(job_id=job.id)
    assert not jobs.stop(job_id=job.id)
    assert jobs.record_step(job=running, step=4, loss=0.4) == Job.State.STOPPING
    job.refresh_from_db()
    assert (job.state, job.step) == (Job.State.STOPPING, 4)


@pytest.mark.parametrize("way", ["silent", "given back"])
def test_a_job_that_shall_stop_still_shall_after_its_run_was_lost(running_job, way):
    jobs.stop(job_id=running_job.id)
    OrmQ.objects.all().delete()
    if way == "silent":
        fall_silent(running_job)
        assert recovery.requeue_stale() == 1
    else:
        jobs.release(job=running_job)
    assert tasks_of(running_job) == 1
    again = jobs.claim(job_id=running_job.id)
    assert again.state == Job.State.STOPPING
    assert jobs.record_step(job=again, step=1, loss=0.5) == Job.State.STOPPING
    assert jobs.claim(job_id=running_job.id) is None


def test_a_job_that_shall_stop_can_still_be_cancelled(running_job):
    jobs.stop(job_id=running_job.id)
    assert jobs.cancel(job_id=running_job.id)
    with pytest.raises(jobs.JobLost):
        jobs.finish(job=running_job, step=3, store=store_nothing)


def test_cancelling_after_the_end_changes_nothing(running_job, alice):
    image = Image.objects.create(owner=alice, sha256="a", byte_size=1, width=1, height=1)
    jobs.finish(job=running_job, step=24, store=lambda: image)
    assert not jobs.cancel(job_id=running_job.id)
    running_job.refresh_from_db()
    assert (running_job.state, running_job.image) == (Job.State.DONE, image)


def test_a_picture_that_cannot_be_stored_leaves_the_job_running(running_job):
    def store():
        raise OSError("disk full")

    with pytest.raises(OSError):
        jobs.finish(job=running_job, step=24, store=store)
    running_job.refresh_from_db()
    assert (running_job.state, running_job.finished_at) == (Job.State.RUNNING, None)


def test_what_fails_after_the_commit_costs_a_finished_picture_nothing(running_job, alice):
    def fail():
        raise OSError("the queue went away")

    def store():
        image = store_image(owner=alice, file=png())
        transaction.on_commit(fail)
        return image

    with pytest.raises(OSError, match="went away"):
        jobs.finish(job=running_job, step=24, store=store)
    assert default_storage.exists(Image.objects.get(jobs=running_job).original_name)


def test_a_finish_that_fails_after_the_picture_was_stored_leaves_no_file(
    running_job, alice, monkeypatch, settings
):
    def after_end(job_id):
        raise OSError("the database went away")

    def store():
        return store_image(owner=alice, file=png())

    monkeypatch.setattr(jobs, "_after_end", after_end)
    with pytest.raises(OSError, match="went away"):
        jobs.finish(job=running_job, step=24, store=store)
    assert not Image.objects.exists()
    assert [name for _, _, names in os.walk(settings.MEDIA_ROOT) for name in names] == []


def test_ending_removes_the_checkpoint(running_job):
    checkpoint = with_checkpoint(running_job)
    jobs.fail(job=running_job, failure=Job.Failure.ENGINE, detail="x" * 1000)
    running_job.refresh_from_db()
    assert (running_job.state, running_job.checkpoint) == (Job.State.FAILED, "")
    assert not default_storage.exists(checkpoint)


def test_requeueing_takes_a_job_from_a_silent_run(running_job):
    assert recovery.requeue_stale() == 0
    fall_silent(running_job)
    OrmQ.objects.all().delete()
    assert recovery.requeue_stale() == 1
    running_job.refresh_from_db()
    assert (running_job.state, running_job.claim) == (Job.State.QUEUED, None)
    assert tasks_of(running_job) == 1


def test_requeueing_finds_a_waiting_job_whose_task_got_lost_once(job):
    assert recovery.requeue_stale() == 0
    OrmQ.objects.all().delete()
    assert recovery.requeue_stale() == 0, "a task may be on its way to a worker"
    Job.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert recovery.requeue_stale() == 1
    assert recovery.requeue_stale() == 0
    assert tasks_of(job) == 1


def test_requeueing_leaves_a_job_alone_that_waits_long_with_its_task(job):
    Job.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert recovery.requeue_stale() == 0


def test_requeueing_does_not_trust_a_task_that_a_cluster_fetched_and_never_ran(job):
    Job.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    OrmQ.objects.update(lock=timezone.now() + timedelta(hours=3))
    assert recovery.requeue_stale() == 1
    assert recovery.requeue_stale() == 0


@pytest.mark.parametrize("state", [Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED])
def test_requeueing_leaves_ended_jobs_alone(job, state):
    Job.objects.update(state=state, enqueued_at=None)
    OrmQ.objects.all().delete()
    assert recovery.requeue_stale() == 0


def test_a_failed_job_can_be_made_anew_and_a_running_one_not(running_job):
    assert not jobs.restart(job_id=running_job.id)
    jobs.fail(job=running_job, failure=Job.Failure.MODELS, detail="no weights")
    assert jobs.restart(job_id=running_job.id)
    running_job.refresh_from_db()
    assert (running_job.state, running_job.failure, running_job.attempts) == (Job.State.QUEUED, "", 0)
    assert jobs.claim(job_id=running_job.id)
