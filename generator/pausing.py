"""Pausing a job and going on with it: a paused job is held until its run has put it down with a checkpoint.

Resumed, it waits for its owner's turn like one that has not begun, and goes on bit-identically.
"""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When

from gallery.models import User
from generator import jobs
from generator.models import Job


def pause(*, job_id: UUID) -> bool:
    """Keep a waiting or running job from being made until it is resumed; False when it is neither.

    Its run puts it down after the step that it is taking, and its owner's turn is over with that.
    """
    pausable = Job.objects.filter(pk=job_id, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    changed = pausable.update(state=Job.State.PAUSED, holds_turn=False)
    if changed:
        jobs.announce(job_id)
    return bool(changed)


def resume(*, job_id: UUID) -> bool:
    """Let a paused job wait for its turn, or the run go on that has not put it down yet; False when it is
    not paused."""
    with transaction.atomic():
        changed = Job.objects.filter(pk=job_id, state=Job.State.PAUSED).update(
            state=_if_put_down(Job.State.QUEUED.value, Job.State.RUNNING.value),
            holds_turn=_if_put_down(False, True),
        )
        if changed:
            jobs.announce(job_id)
            transaction.on_commit(partial(jobs.enqueue_if_waiting, job_id))
    return bool(changed)


def pause_all(*, owner: User) -> int:
    """How many of the owner's jobs are paused by this."""
    waiting = Job.objects.filter(owner=owner, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    return sum(pause(job_id=job_id) for job_id in waiting.values_list("pk", flat=True))


def resume_all(*, owner: User) -> int:
    """How many of the owner's jobs go on by this."""
    paused = Job.objects.filter(owner=owner, state=Job.State.PAUSED)
    return sum(resume(job_id=job_id) for job_id in paused.values_list("pk", flat=True))


def put_down(*, job: Job) -> bool:
    """Let go of a paused job whose checkpoint is named; that is no attempt of the job's. False when it was
    resumed meanwhile, and its run goes on. Raises JobLost."""
    paused = jobs.held(job).filter(state=Job.State.PAUSED)
    if not paused.update(claim=None, heartbeat_at=None, attempts=F("attempts") - 1):
        jobs.heartbeat(job=job)
        return False
    jobs.announce(job.id)
    return True


def _if_put_down(then: bool | str, otherwise: bool | str) -> Case:
    return Case(When(claim=None, then=Value(then)), default=Value(otherwise))
