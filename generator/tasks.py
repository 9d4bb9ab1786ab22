"""Edges of the queue: each fetches nothing itself and calls one function."""

from uuid import UUID

from generator import checkpoints, jobs, runner


def run_job(job_id: str) -> None:
    runner.run(UUID(job_id))


def requeue_stale() -> int:
    checkpoints.sweep()
    return jobs.requeue_stale()
