"""What people are told of the queue: their own jobs in it, each with when it is expected to start and end."""

from dataclasses import dataclass

from gallery.models import User
from generator import estimates, turns
from generator.estimates import Expected
from generator.models import Job


@dataclass(frozen=True)
class Entry:
    job: Job
    expected: Expected | None  # None: it is paused


def own_queue(owner: User) -> list[Entry]:
    """The owner's unfinished jobs: what is being made, what waits as it will be taken up, what is paused."""
    unfinished = {job.id: job for job in Job.objects.filter(owner=owner).unfinished().order_by("created_at")}
    waiting = [unfinished.pop(job_id) for job_id in turns.order() if job_id in unfinished]
    paused = [job for job in unfinished.values() if job.state == Job.State.PAUSED]
    held = [job for job in unfinished.values() if job.state != Job.State.PAUSED]
    expected = estimates.expected() if held or waiting else {}
    return [
        *(Entry(job, expected.get(job.id)) for job in [*held, *waiting]),
        *(Entry(job, None) for job in paused),
    ]
