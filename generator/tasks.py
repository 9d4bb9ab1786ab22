"""Edges of the queue: each fetches nothing itself and calls one function."""

from uuid import UUID

from generator import checkpoints, filmstrip, loading, qualities, recovery, runner, time_lapses
from generator.models import Job


def run_job(job_id: str) -> None:
    """`job_id`: the job that this task came with; whose turn it is now may be another's."""
    runner.run_next()


def requeue_stale() -> int:
    checkpoints.sweep()
    filmstrip.discard(jobs=Job.objects.all())
    time_lapses.discard_expired()
    return recovery.requeue_stale()


def make_time_lapse(job_id: str, format: str) -> None:
    time_lapses.make(job_id=UUID(job_id), format=format)


def measure_qualities() -> int:
    return qualities.measure(load_models=loading.models_of_this_process)


def request_measurement() -> bool:
    return qualities.request_measurement()
