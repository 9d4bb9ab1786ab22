"""Checkpoints: what a run needs to go on bit-identically, in the default storage, so that any machine can.

A file is the SHA-256 of the rest, because torch notices a cut file but no changed bytes, and then what
`torch.save` wrote. The job's row names the one that counts; others of the job are leftovers. A finished job
keeps its last one for a while, so that another job can go on from there.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from generator.models import Job

FOLDER = "checkpoints"
DIGEST_BYTES = 32
SWEEP_AFTER = timedelta(minutes=10)  # a file younger than this may be of a run that is about to name it


class CheckpointError(Exception):
    """A checkpoint is missing, cut, changed or of another format."""


def save(*, job: Job, step: int, state: dict[str, Any]) -> str:
    """Store a state and return its name, which has claim and step in it: no run overwrites another's."""
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    claim = job.claim.hex if job.claim else "none"
    name = f"{FOLDER}/{job.id.hex}.{claim}.{step}.pt"
    return default_storage.save(name, ContentFile(hashlib.sha256(payload).digest() + payload))


def load(name: str) -> dict[str, Any]:
    """The state that `save` stored; code in the file is never run. Raises CheckpointError."""
    import torch

    try:
        with default_storage.open(name) as file:
            data = file.read()
    except OSError as error:
        raise CheckpointError(f"{name}: {error}") from error
    digest, payload = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        raise CheckpointError(f"{name}: the checksum does not fit")
    try:
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(f"{name}: {error}") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{name}: holds a {type(state).__name__}")
    return state


def copy(*, job: Job, to: Job) -> str:
    """Give the job `to` a checkpoint of its own with the state that `job` ended in. Its name, empty where
    that state is gone."""
    name = f"{FOLDER}/{to.id.hex}.{job.id.hex}.{job.checkpoint_step}.pt"
    try:
        with default_storage.open(job.checkpoint) as file:
            return default_storage.save(name, file)
    except FileNotFoundError:
        return ""


def size(name: str) -> int:
    """In bytes."""
    return default_storage.size(name)


def delete(name: str) -> None:
    if name:
        default_storage.delete(name)


def delete_unnamed(name: str) -> None:
    """Delete the file unless a job's row names it, as it does once the end it was saved for is certain."""
    if not Job.objects.filter(checkpoint=name).exists():
        delete(name)


def sweep() -> int:
    """Delete the files that no job names: of jobs that came to nothing or are gone, of runs that crashed."""
    discard_old_states()
    try:
        _, files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0  # nothing has ever been saved
    names = {f"{FOLDER}/{file}" for file in files}
    names -= set(Job.objects.exclude(checkpoint="").values_list("checkpoint", flat=True))
    leftovers = [name for name in names if _is_old(name)]
    for name in leftovers:
        default_storage.delete(name)
    return len(leftovers)


def discard_old_states() -> int:
    """Let finished jobs forget their last state: after JOB_STATE_DAYS, when their picture is gone, and the
    oldest where all together take more than JOB_STATES_BYTES."""
    oldest = timezone.now() - timedelta(days=settings.JOB_STATE_DAYS)
    done = Job.objects.filter(state=Job.State.DONE)
    kept = done.exclude(checkpoint="").order_by("-finished_at")
    total = discarded = 0
    for job in kept.only("image_id", "checkpoint", "state_bytes", "finished_at"):
        total += job.state_bytes
        is_expired = job.finished_at is not None and job.finished_at < oldest
        if not (is_expired or job.image_id is None or total > settings.JOB_STATES_BYTES):
            continue
        named = done.filter(pk=job.pk, checkpoint=job.checkpoint)
        if named.update(checkpoint="", checkpoint_step=0, state_bytes=0):
            delete(job.checkpoint)
            discarded += 1
    return discarded


def _is_old(name: str) -> bool:
    try:
        return default_storage.get_modified_time(name) < timezone.now() - SWEEP_AFTER
    except FileNotFoundError:
        return False  # a run has just deleted it
