"""The life of a job. Every change of state is one conditional update, which open pages are then told of.

queued → running → done | failed, and cancelled from either of the first two. A running job that shall keep
what there is goes through stopping to done, also when another run has to take it up for that. A run that
takes a job up gets a claim; everything it reports is conditional on it, so that a run which lost the job
(cancelled, or taken over after its heartbeats stopped) learns so at its next word and stops.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from gallery.models import Image, User
from gallery.quota import check_not_full
from gallery.uploads import discard_file
from generator import checkpoints, progress
from generator.engine.settings import GenerateSettings, with_options
from generator.models import Job

logger = logging.getLogger(__name__)

QUEUE = "generate"
TASK = "generator.tasks.run_job"
REQUEUE_AFTER = timedelta(seconds=30)  # a task just enqueued may be on its way from the queue to a worker
MAX_ERROR_CHARACTERS = 300


def _unless_stopping(state: Job.State) -> Case:
    """The wish to stop outlives the run that was to obey it."""
    stopping = Job.State.STOPPING
    return Case(When(state=stopping, then=Value(stopping.value)), default=Value(state.value))


_WAITING: dict[str, Any] = {
    "state": _unless_stopping(Job.State.QUEUED),
    "claim": None,
    "heartbeat_at": None,
}


class JobLimitReached(Exception):
    """A person has as many unfinished jobs as one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"No more than {limit} unfinished jobs a person")
        self.limit = limit


class JobLost(Exception):
    """The run no longer holds the job: it was cancelled, deleted, or taken over by another run."""


class Wish(TypedDict):
    """What a picture is to be made from."""

    prompt: str
    seed: int
    steps: int
    width: int
    height: int
    options: NotRequired[dict[str, Any]]  # of the engine, by name; those left out have their defaults


def submit(*, owner: User, wishes: Sequence[Wish]) -> list[Job]:
    """Put a job for each wish in the queue, all or none. Raises SettingsError when the engine has no such
    settings, JobLimitReached, or ValidationError when the owner has no room left for pictures."""
    check_not_full(owner=owner)
    recipes = [recipe_of(wish) for wish in wishes]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # one submission of a person at a time
        unfinished = Job.objects.filter(owner=owner).unfinished().count()
        if unfinished + len(recipes) > settings.JOBS_PER_PERSON:
            raise JobLimitReached(settings.JOBS_PER_PERSON)
        submitted = [_create(owner, recipe) for recipe in recipes]
        for job in submitted:
            transaction.on_commit(partial(enqueue, job_id=job.id))
    return submitted


def recipe_of(wish: Wish) -> GenerateSettings:
    """The engine's settings. Raises SettingsError."""
    basics = {name: value for name, value in wish.items() if name != "options"}
    return with_options(wish.get("options", {}), **basics)


def _create(owner: User, recipe: GenerateSettings) -> Job:
    return Job.objects.create(
        owner=owner,
        prompt=recipe.prompt,
        seed=recipe.seed,
        steps=recipe.steps,
        width=recipe.width,
        height=recipe.height,
        options=recipe.options,
    )


def enqueue(*, job_id: UUID) -> None:
    """One task for one job: a worker that gets it makes the picture whose turn it is then (see turns.py)."""
    Job.objects.filter(pk=job_id).update(enqueued_at=timezone.now())
    async_task(TASK, str(job_id), cluster=QUEUE)


def claim(*, job_id: UUID) -> Job | None:
    """Take up a job that waits, or whose run has fallen silent; None when there is nothing to take up.

    A job that was taken up JOB_MAX_ATTEMPTS times without getting further fails instead.
    """
    now = timezone.now()
    free = Job.objects.filter(pk=job_id)
    free = free.waiting() | free.filter(_silent_since(now))
    changed = free.filter(attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
        state=_unless_stopping(Job.State.RUNNING),
        claim=(token := uuid.uuid4()),
        attempts=F("attempts") + 1,
        heartbeat_at=now,
        started_at=Coalesce("started_at", now),
    )
    if not changed:
        if free.update(**_ended(Job.State.FAILED), failure=Job.Failure.ATTEMPTS):
            _after_end(job_id)
        return None
    _announce(job_id)
    return Job.objects.filter(pk=job_id, claim=token).first()


def heartbeat(*, job: Job) -> None:
    """Say that the run is alive. Raises JobLost, as do all reports of a run."""
    _report(job, heartbeat_at=timezone.now())


def record_step(*, job: Job, step: int, loss: float) -> bool:
    """Whether the run shall go on; otherwise it finishes with the picture so far."""
    _report(job, step=step, loss=loss, heartbeat_at=timezone.now())
    return not Job.objects.filter(pk=job.id, state=Job.State.STOPPING).exists()


def record_checkpoint(*, job: Job, step: int, name: str) -> None:
    """Name the checkpoint that the job goes on from. It got further, so earlier attempts no longer count."""
    _report(job, checkpoint=name, checkpoint_step=step, attempts=1, heartbeat_at=timezone.now())


def release(*, job: Job) -> None:
    """Give the job back to the queue because the worker has to stop; that is no attempt of the job's."""
    _report(job, **_WAITING, attempts=F("attempts") - 1)
    _announce(job.id)
    transaction.on_commit(partial(enqueue, job_id=job.id))


def retry(*, job: Job, detail: str) -> None:
    """Give the job back after an error that nobody foresaw; claim() counts such attempts and ends them."""
    _report(job, **_WAITING, error=detail[:MAX_ERROR_CHARACTERS])
    _announce(job.id)
    transaction.on_commit(partial(enqueue, job_id=job.id))


def finish(*, job: Job, step: int, store: Callable[[], Image]) -> Image:
    """End the job after `step` as done with the picture that `store` makes, both or neither.

    The job's row is changed first and locked until the picture is stored: a cancellation comes before, and
    nothing is stored, or after, and finds a finished job.
    """
    image: Image | None = None
    committed: list[bool] = []
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(True))  # the first hook: a later one may fail
            _report(job, **_ended(Job.State.DONE), step=step, error="")
            image = store()
            Job.objects.filter(pk=job.id).update(image=image)
            _after_end(job.id)
    except BaseException:
        if image is not None and not committed:
            discard_file(image=image)  # its row is rolled back
        raise
    return image


def fail(*, job: Job, failure: Job.Failure, detail: str) -> None:
    _report(job, **_ended(Job.State.FAILED), failure=failure, error=detail[:MAX_ERROR_CHARACTERS])
    _after_end(job.id)
    transaction.on_commit(partial(progress.forget, job.id))


def stop(*, job_id: UUID) -> bool:
    """Let a running job end with the picture so far; False when it does not run."""
    changed = Job.objects.filter(pk=job_id, state=Job.State.RUNNING).update(state=Job.State.STOPPING)
    if changed:
        _announce(job_id)
    return bool(changed)


def cancel(*, job_id: UUID) -> bool:
    """Stop a job that is not finished and keep nothing of it; False when it had already ended."""
    with transaction.atomic():
        changed = Job.objects.filter(pk=job_id).unfinished().update(**_ended(Job.State.CANCELLED))
        if changed:
            _after_end(job_id)
            transaction.on_commit(partial(progress.forget, job_id))
    return bool(changed)


def restart(*, job_id: UUID) -> bool:
    """Make a failed or cancelled job anew, from its first step; False when it is neither."""
    with transaction.atomic():
        changed = Job.objects.filter(pk=job_id, state__in=[Job.State.FAILED, Job.State.CANCELLED]).update(
            state=Job.State.QUEUED,
            failure="",
            error="",
            step=0,
            loss=None,
            attempts=0,
            started_at=None,
            finished_at=None,
        )
        if changed:
            _announce(job_id)
            transaction.on_commit(partial(enqueue, job_id=job_id))
    return bool(changed)


def requeue_stale() -> int:
    """Put back what got lost: running jobs whose run fell silent, waiting jobs without a task in the queue.

    Harmless when a task was only late: a second task for a job finds nothing to take up.
    """
    _release_silent()
    lost = _waiting_without_task()
    for job_id in lost:
        logger.warning("Job %s goes back in the queue", job_id)
        enqueue(job_id=job_id)
    return len(lost)


def _release_silent() -> None:
    silent = Job.objects.filter(_silent_since(timezone.now()))
    for job_id in silent.values_list("pk", flat=True):
        if silent.filter(pk=job_id).update(**_WAITING, enqueued_at=None):
            _announce(job_id)


def _waiting_without_task() -> list[UUID]:
    """Waiting jobs that are too many for the tasks in the queue, those that have waited longest.

    A task that a cluster has fetched does not count: its cluster may have died with it.
    """
    tasks = OrmQ.objects.filter(key=QUEUE, lock__lte=timezone.now())
    missing = Job.objects.waiting().count() - sum(row.func() == TASK for row in tasks)
    if missing <= 0:
        return []
    enqueued_long_ago = Q(enqueued_at=None) | Q(enqueued_at__lt=timezone.now() - REQUEUE_AFTER)
    waiting = Job.objects.waiting().filter(enqueued_long_ago).order_by(F("enqueued_at").asc(nulls_first=True))
    return list(waiting.values_list("pk", flat=True)[:missing])


def _silent_since(now: datetime) -> Q:
    stale = now - timedelta(seconds=settings.JOB_HEARTBEAT_STALE)
    return Q(state__in=Job.HELD, heartbeat_at__lt=stale)


def _ended(state: Job.State) -> dict[str, Any]:
    return {"state": state, "claim": None, "heartbeat_at": None, "finished_at": timezone.now()}


def _report(job: Job, **changes: Any) -> None:
    held = Job.objects.running().filter(pk=job.id, claim=job.claim)
    if held.update(**changes) != 1:
        raise JobLost(f"Job {job.id} is no longer this run's")


def _announce(job_id: UUID) -> None:
    transaction.on_commit(partial(progress.announce, job_id))


def _after_end(job_id: UUID) -> None:
    """Once the end is certain and no run may name a checkpoint any more: drop the last, tell open pages."""
    transaction.on_commit(partial(_discard_checkpoint, job_id))
    transaction.on_commit(partial(progress.announce, job_id))


def _discard_checkpoint(job_id: UUID) -> None:
    ended = Job.objects.filter(pk=job_id).ended()
    for name in ended.exclude(checkpoint="").values_list("checkpoint", flat=True):
        if ended.filter(checkpoint=name).update(checkpoint="", checkpoint_step=0):
            checkpoints.delete(name)
