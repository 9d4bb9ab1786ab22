"""Edges of the queue: each fetches nothing itself and calls one function."""

from generator import checkpoints, qualities, recovery, runner


def run_job(job_id: str) -> None:
    """`job_id`: the job that this task came with; whose turn it is now may be another's."""
    runner.run_next()


def requeue_stale() -> int:
    checkpoints.sweep()
    return recovery.requeue_stale()


def measure_qualities() -> int:
    return qualities.measure(load_models=runner.models_of_this_process)


def request_measurement() -> bool:
    return qualities.request_measurement()
