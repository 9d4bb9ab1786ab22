"""The life of a job. Every change of state is one conditional update, which open pages are then told of.

queued → running → done | failed, and cancelled from any state before the end. A running job that shall keep
what there is goes through stopping to done, also when another run has to take it up for that. How a job is
paused stands in pausing.py. A run that takes a job up gets a claim; everything it reports is conditional on
it, so that a run which lost the job (cancelled, or taken over after its heartbeats stopped) learns so at its
next word and stops.
"""

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NotRequired, TypedDict, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_q.tasks import async_task

from gallery.models import Image, User
from gallery.moderation.prompts import check_prompts
from gallery.moderation.suspensions import Scope, check_not_suspended
from gallery.quota import check_not_full
from gallery.uploads import discard_file
from generator import checkpoints, curves, filmstrip, perceptors, progress, upscaling
from generator.engine.settings import GenerateSettings, with_options
from generator.models import Job, JobQuerySet

QUEUE = "generate"
TASK = "generator.tasks.run_job"
MAX_ERROR_CHARACTERS = 300


def _unless_wished(state: Job.State) -> Case:
    """The wish to stop or to pause outlives the run that was to obey it."""
    return Case(
        When(state__in=[Job.State.STOPPING, Job.State.PAUSED], then=F("state")), default=Value(state.value)
    )


_LET_GO: dict[str, Any] = {
    "state": _unless_wished(Job.State.QUEUED),
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
    schedule_steps: NotRequired[int]
    options: NotRequired[dict[str, Any]]  # of the engine, by name; those left out have their defaults


WISHED = tuple(Wish.__annotations__)  # a job's row and the engine's settings have the same names


def submit(*, owner: User, wishes: Sequence[Wish], **origin: Any) -> list[Job]:
    """Put a job for each wish in the queue, all or none; `origin`: the fields that say where they come from.
    Raises what check() and create() do."""
    return create(owner=owner, recipes=check(owner=owner, wishes=wishes), **origin)


def check(*, owner: User, wishes: Sequence[Wish]) -> list[GenerateSettings]:
    """The engine's settings for each wish. To be called outside a transaction, as it may ask the encoder.

    Raises SettingsError when the engine has no such settings, or ValidationError when the owner has no room
    left for pictures (code `quota`), may not make any (code `suspended`), where a CLIP model is not here
    (`no_perceptor`), where a picture would be too large once enlarged (`too_large`), or where
    moderation/prompts.py has something against a prompt.
    """
    check_not_suspended(user=owner, scope=Scope.GENERATE)
    check_not_full(owner=owner)
    recipes = [recipe_of(wish) for wish in wishes]
    perceptors.check_here(name for recipe in recipes for name in recipe.perceptor_names)
    for recipe in recipes:
        upscaling.check_size(width=recipe.width, height=recipe.height, times=recipe.enlarge)
    check_prompts([text for recipe in recipes for text in recipe.texts])
    return recipes


@transaction.atomic
def create(*, owner: User, recipes: Sequence[GenerateSettings], **origin: Any) -> list[Job]:
    """A job for each of what was checked, all or none. Raises JobLimitReached."""
    User.objects.select_for_update().get(pk=owner.pk)  # one submission of a person at a time
    unfinished = Job.objects.filter(owner=owner).unfinished().count()
    if unfinished + len(recipes) > settings.JOBS_PER_PERSON:
        raise JobLimitReached(settings.JOBS_PER_PERSON)
    created = [_create(owner, recipe, **origin) for recipe in recipes]
    for job in created:
        transaction.on_commit(partial(enqueue, job_id=job.id))
    return created


def recipe_of(wish: Wish) -> GenerateSettings:
    """The engine's settings. Raises SettingsError."""
    basics = {name: value for name, value in wish.items() if name != "options"}
    return with_options(wish.get("options", {}), **basics)


def wish_of(job: Job) -> Wish:
    """What the job was asked for."""
    return cast(Wish, {name: getattr(job, name) for name in WISHED})


def _create(owner: User, recipe: GenerateSettings, **origin: Any) -> Job:
    wished = {name: getattr(recipe, name) for name in WISHED}
    return Job.objects.create(owner=owner, **wished, **origin)


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
    free = free.waiting() | free.silent().exclude(state=Job.State.PAUSED)
    changed = free.filter(attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
        state=_unless_wished(Job.State.RUNNING),
        claim=(token := uuid.uuid4()),
        attempts=F("attempts") + 1,
        heartbeat_at=now,
        started_at=Coalesce("started_at", now),
        served_at=Case(When(holds_turn=True, then=F("served_at")), default=Value(now)),
        holds_turn=True,
    )
    if not changed:
        if free.update(**_ended(Job.State.FAILED), failure=Job.Failure.ATTEMPTS):
            _after_end(job_id)
        return None
    announce(job_id)
    return Job.objects.filter(pk=job_id, claim=token).first()


def heartbeat(*, job: Job) -> None:
    """Say that the run is alive. Raises JobLost, as do all reports of a run."""
    _report(job, heartbeat_at=timezone.now())


def record_step(*, job: Job, step: int, loss: float) -> Job.State:
    """What the run shall do now: go on (running), finish with the picture so far (stopping), or put the job
    down (paused)."""
    job.losses = curves.with_loss(job.losses, step=step, loss=loss)
    _report(job, step=step, loss=loss, losses=job.losses, heartbeat_at=timezone.now())
    state = held(job).values_list("state", flat=True).first()
    if state is None:
        raise _lost(job)
    return Job.State(state)


def record_checkpoint(*, job: Job, step: int, name: str) -> None:
    """Name the checkpoint that the job goes on from. It got further, so earlier attempts no longer count."""
    _report(job, checkpoint=name, checkpoint_step=step, attempts=1, heartbeat_at=timezone.now())


def release(*, job: Job) -> None:
    """Give the job back to the queue because the worker has to stop; that is no attempt of the job's."""
    _report(job, **_LET_GO, attempts=F("attempts") - 1)
    announce(job.id)
    transaction.on_commit(partial(enqueue, job_id=job.id))


def retry(*, job: Job, detail: str) -> None:
    """Give the job back after an error that nobody foresaw; claim() counts such attempts and ends them."""
    _report(job, **_LET_GO, error=detail[:MAX_ERROR_CHARACTERS])
    announce(job.id)
    transaction.on_commit(partial(enqueue, job_id=job.id))


def finish(*, job: Job, step: int, store: Callable[[], Image], **last_state: Any) -> Image:
    """End the job after `step` as done with the picture that `store` makes, both or neither.
    `last_state`: the fields that name what a further job can go on from.

    The job's row is changed first and locked until the picture is stored: a cancellation comes before, and
    nothing is stored, or after, and finds a finished job.
    """
    image: Image | None = None
    committed: list[bool] = []
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(True))  # the first hook: a later one may fail
            _report(job, **_ended(Job.State.DONE), step=step, error="", **last_state)
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
    """Let a job that has begun end with the picture so far; False when there is none or it has ended."""
    begun = Q(state=Job.State.RUNNING) | (
        Q(state__in=[Job.State.QUEUED, Job.State.PAUSED]) & ~Q(claim=None, checkpoint="")
    )
    with transaction.atomic():
        changed = Job.objects.filter(begun, pk=job_id).update(state=Job.State.STOPPING)
        if changed:
            announce(job_id)
            transaction.on_commit(partial(enqueue_if_waiting, job_id))
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
            losses=[],
            attempts=0,
            started_at=None,
            finished_at=None,
        )
        if changed:
            announce(job_id)
            transaction.on_commit(partial(enqueue, job_id=job_id))
    return bool(changed)


def release_silent() -> None:
    """Take jobs from runs that have fallen silent, so that others can take them up."""
    for job_id in Job.objects.silent().values_list("pk", flat=True):
        if Job.objects.silent().filter(pk=job_id).update(**_LET_GO, enqueued_at=None):
            announce(job_id)


def _ended(state: Job.State) -> dict[str, Any]:
    return {
        "state": state,
        "claim": None,
        "heartbeat_at": None,
        "holds_turn": False,
        "finished_at": timezone.now(),
    }


def held(job: Job) -> JobQuerySet:
    """The job's row, as long as it is this run's."""
    return Job.objects.running().filter(pk=job.id, claim=job.claim)


def _lost(job: Job) -> JobLost:
    return JobLost(f"Job {job.id} is no longer this run's")


def _report(job: Job, **changes: Any) -> None:
    if held(job).update(**changes) != 1:
        raise _lost(job)


def enqueue_if_waiting(job_id: UUID) -> None:
    if Job.objects.waiting().filter(pk=job_id).exists():
        enqueue(job_id=job_id)


def announce(job_id: UUID) -> None:
    """Tell open pages, once it is certain, that the job's row has changed."""
    transaction.on_commit(partial(progress.announce, job_id))


def _after_end(job_id: UUID) -> None:
    """Once the end is certain and no run may add anything any more: drop what is left, tell open pages."""
    transaction.on_commit(partial(_discard_leftovers, job_id))
    transaction.on_commit(partial(progress.announce, job_id))


def _discard_leftovers(job_id: UUID) -> None:
    """Of what came to nothing; a finished job keeps its last state for a while (see checkpoints.py)."""
    filmstrip.discard(jobs=Job.objects.filter(pk=job_id))
    ended = Job.objects.filter(pk=job_id, state__in=[Job.State.FAILED, Job.State.CANCELLED])
    for name in ended.exclude(checkpoint="").values_list("checkpoint", flat=True):
        if ended.filter(checkpoint=name).update(checkpoint="", checkpoint_step=0):
            checkpoints.delete(name)
