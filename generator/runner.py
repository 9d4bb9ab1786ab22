"""One run of a job in a queue worker: claim → models → steps → checkpoints and previews → stored picture."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from gallery.models import Image
from gallery.moderation import checks
from gallery.uploads import DuplicateImage, store_image
from generator import checkpoints, jobs, pausing, progress, recipes, room, turns
from generator.checkers import on_checkers
from generator.engine.prompts import plain_text
from generator.engine.settings import SettingsError
from generator.estimates import Stopwatch
from generator.filmstrip import Filmstrip
from generator.heartbeat import Heartbeat
from generator.loading import JobFailed, Making, Models, gather, models_of_this_process
from generator.models import Job
from generator.previews import PreviewPace

if TYPE_CHECKING:  # torch is loaded by the worker that runs a job, and by nobody who only imports this module
    from generator.engine.loop import Step

logger = logging.getLogger(__name__)


class _MustStop(Exception):
    """The worker has to go before the picture was stored; the job goes on from its last checkpoint."""


def run_next(*, load_models: Callable[[], Models] | None = None) -> None:
    """Run the job whose turn it is; nothing when none waits or the disk is full."""
    if room.is_short():
        logger.warning("There is no room on the disk, so no job is taken up")
        return
    for job_id in turns.order():
        if run(job_id, load_models=load_models):
            return


def run(job_id: UUID, *, load_models: Callable[[], Models] | None = None) -> bool:
    """Take a waiting job up and bring it to its end, or to a checkpoint when the worker has to stop.

    False when there was nothing to take up: another run has it, or it has ended. A full disk gives the job
    back, which is no attempt of its own; an error that nobody foresaw gives it back too and is raised on.
    After a crash the heartbeats stop, and `recovery.requeue_stale` puts the job back.
    """
    job = jobs.claim(job_id=job_id)
    if job is None:
        logger.info("Job %s: nothing to take up", job_id)
        return False
    logger.info("Job %s: attempt %d, from step %d", job.id, job.attempts, job.checkpoint_step)
    try:
        with Heartbeat(job) as heartbeat, Filmstrip(job) as strip:
            _make(job, load_models or models_of_this_process, heartbeat, strip)
    except jobs.JobLost:
        logger.info("Job %s: cancelled or taken over, so this run stops", job.id)
        if not Job.objects.filter(pk=job.id).unfinished().exists():
            progress.forget(job.id)  # a frame may have come after the cancellation removed the last
    except JobFailed as error:
        logger.error("Job %s failed: %s", job.id, error)
        with _losing_is_fine(job):
            jobs.fail(job=job, failure=error.failure, detail=error.detail)
    except Exception as error:
        if room.is_want_of_room(error):
            room.note(error)
            with _losing_is_fine(job):
                jobs.release(job=job)
            return True
        with _losing_is_fine(job):
            jobs.retry(job=job, detail=f"{type(error).__name__}: {error}")
        raise
    return True


@contextmanager
def _losing_is_fine(job: Job) -> Iterator[None]:
    try:
        yield
    except jobs.JobLost:
        logger.info("Job %s: was cancelled or taken over before its error was noted", job.id)


def _make(job: Job, load_models: Callable[[], Models], heartbeat: Heartbeat, strip: Filmstrip) -> None:
    making = gather(job, load_models())
    pace, stopwatch = PreviewPace(), Stopwatch(job)
    for step in _steps(job, making):
        stopwatch.step_done()
        heartbeat.moved()
        wished = jobs.record_step(job=job, step=step.index, loss=step.loss)
        is_end = step.is_last or wished == Job.State.STOPPING
        if is_end or pace.is_due(step) or strip.has_to_see(step.index):
            with pace.timed():
                pixels = _show(job, step)
            strip.keep(step=step.index, loss=step.loss, pixels=pixels, is_last=is_end)
        if is_end:
            stopwatch.keep()
            strip.finish()
            try:
                _store(job, making, step, heartbeat)
            except _MustStop:
                jobs.release(job=job)
                logger.info("Job %s: put down while it was enlarged", job.id)
            return
        if (wished == Job.State.PAUSED or heartbeat.must_stop) and _put_down(job, step, wished, strip):
            return
        if step.index % settings.JOB_CHECKPOINT_EVERY == 0:
            _save_checkpoint(job, step)
            stopwatch.keep()


def _put_down(job: Job, step: Step, wished: Job.State, strip: Filmstrip) -> bool:
    """Save where the job stands and let go of it; False when it was resumed meanwhile."""
    _save_checkpoint(job, step)
    strip.finish()
    if wished == Job.State.PAUSED:
        is_down = pausing.put_down(job=job)
    else:
        jobs.release(job=job)
        is_down = True
    if is_down:
        logger.info("Job %s: put down at step %d, %s", job.id, step.index, wished)
    return is_down


def _steps(job: Job, making: Making) -> Iterator[Step]:
    """The job's steps, from its checkpoint when that can be used."""
    from generator.engine.loop import ResumeError

    steps = making.steps(resume=_saved_state(job))
    try:
        with _engine_errors():
            step = next(steps)
    except ResumeError as error:
        logger.warning("Job %s: its checkpoint cannot be used, so it starts again: %s", job.id, error)
        steps = making.steps()
        with _engine_errors():
            step = next(steps)
    while True:
        if not math.isfinite(step.loss):
            raise JobFailed(Job.Failure.ENGINE, f"the loss of step {step.index} is {step.loss}")
        yield step
        if step.is_last:
            return
        with _engine_errors():
            step = next(steps)


def _saved_state(job: Job) -> dict[str, Any] | None:
    if not job.checkpoint:
        return None
    try:
        return checkpoints.load(job.checkpoint)
    except checkpoints.CheckpointError as error:
        logger.warning("Job %s: its checkpoint is broken, so it starts again: %s", job.id, error)
        return None


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        raise JobFailed(Job.Failure.SETTINGS, error) from error
    except (RuntimeError, ValueError, ArithmeticError, MemoryError) as error:  # what torch raises
        raise JobFailed(Job.Failure.ENGINE, error) from error


def _show(job: Job, step: Step) -> Any:
    """The step's picture, (H, W, 3) uint8, after open pages were told of it."""
    with _engine_errors():
        pixels = on_checkers(step.image())
    picture = progress.encode_preview(pixels)
    frame = progress.Frame(step=step.index, total=step.total, loss=step.loss, picture=picture)
    progress.publish(job.id, frame)
    return pixels


def _save_checkpoint(job: Job, step: Step) -> None:
    previous = job.checkpoint
    job.checkpoint = checkpoints.save(job=job, step=step.index, state=step.state())
    try:
        jobs.record_checkpoint(job=job, step=step.index, name=job.checkpoint)
    except jobs.JobLost:
        checkpoints.delete(job.checkpoint)
        raise
    checkpoints.delete(previous)


def _store(job: Job, making: Making, step: Step, heartbeat: Heartbeat) -> None:
    with _engine_errors():
        pixels = making.enlarged(step.image(), partial(_still_wanted, job, heartbeat))
    data = recipes.encode_picture(
        pixels,
        recipe=making.recipe,
        clip=making.judged_by,
        step=step.index,
        enlarged_by=making.enlarged_by,
    )
    state = checkpoints.save(job=job, step=step.index, state=step.state())
    last_state = {
        "checkpoint": state,
        "checkpoint_step": step.index,
        "state_bytes": checkpoints.size(state),
    }
    try:
        image = jobs.finish(job=job, step=step.index, store=partial(_store_once, job, data), **last_state)
    except ValidationError as error:
        if isinstance(error, checks.Refused):  # the note of it was rolled back with the job's end
            checks.note_refusal(error)
        raise JobFailed(Job.Failure.STORAGE, "; ".join(error.messages)) from error
    finally:
        checkpoints.delete_unnamed(state)
    checkpoints.delete(job.checkpoint)
    logger.info("Job %s: done, picture %s", job.id, image.id)


def _still_wanted(job: Job, heartbeat: Heartbeat) -> None:
    """Between the parts of enlarging a picture, which may take minutes. Raises JobLost or _MustStop."""
    heartbeat.moved()
    jobs.heartbeat(job=job)
    if heartbeat.must_stop:
        raise _MustStop


def _store_once(job: Job, data: bytes) -> Image:
    """The owner's one copy of these bytes: a repeated run, or the same words and seed, add no second."""
    try:
        return store_image(
            owner=job.owner,
            file=ContentFile(data, name=f"{job.id}.png"),
            title=plain_text(job.prompt),
            origin=Image.Origin.GENERATED,
        )
    except DuplicateImage as duplicate:
        return duplicate.existing
