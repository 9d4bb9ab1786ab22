"""When a job will start and end, as far as measured steps tell; nothing where they do not.

Each run measures its own steps. Waiting jobs are laid out behind each other in the order of turns.py, on as
many workers as work just now.
"""

import hashlib
import heapq
import json
import math
import time
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from generator import memory, room, turns
from generator.models import Job, Pace

NEWEST_SHARE = 0.3  # of a measurement in the moving mean
FEWEST_STEPS = 3  # that a measurement is made of; the first step of a run, which warms up, is none of them
# Options that change the picture and not the time; all others may.
FREE_OPTIONS = frozenset(
    {"learning_rate", "augmentation", "ground", "smoothness", "averaging", "codebook_pull"}
    | {
        "transparent_weight",
        "cutout_power",
        "cutout_smallest",
        "cutout_largest",
        "stroke_width",
        "stroke_length",
        "zoom_scale",
        "zoom_shift_x",
        "zoom_shift_y",
        "patience",
        "enlarge",
    }
)


@dataclass(frozen=True)
class Expected:
    """Seconds from now, None where unknown; starts_in is 0 for what is being made."""

    starts_in: float | None
    ends_in: float | None


class Stopwatch:
    """Of one run: `step_done()` after each of its steps, `keep()` now and then."""

    def __init__(self, job: Job) -> None:
        self._work = work_of(job)
        self._steps = 0
        self._warm_at = 0.0  # time.monotonic() when the first step was done

    def step_done(self) -> None:
        if self._steps == 0:
            self._warm_at = time.monotonic()
            memory.forget_peak()
        self._steps += 1

    def keep(self) -> None:
        """Let what the run has measured count in the mean of its kind of work."""
        measured = self._steps - 1
        if measured >= FEWEST_STEPS:
            seconds = (time.monotonic() - self._warm_at) / measured
            record(work=self._work, seconds=seconds, peak=memory.peak())


def record(*, work: str, seconds: float, peak: int | None = None) -> Pace:
    """peak: of the worker's memory in bytes, where it is known."""
    pace, is_new = Pace.objects.get_or_create(work=work, defaults={"seconds": seconds, "memory": peak})
    if not is_new:
        mean = F("seconds") * (1 - NEWEST_SHARE) + seconds * NEWEST_SHARE
        newest = {"memory": peak} if peak else {}
        Pace.objects.filter(pk=pace.pk).update(seconds=mean, measured_at=timezone.now(), **newest)
        pace.refresh_from_db()
    return pace


def work_of(job: Job) -> str:
    """A name for what a step of this job costs: the same for jobs that differ in nothing that takes time."""
    costly = {name: value for name, value in job.options.items() if name not in FREE_OPTIONS}
    size = f"{job.width}x{job.height}"
    if not costly:
        return size
    return f"{size} {hashlib.sha256(json.dumps(costly, sort_keys=True).encode()).hexdigest()[:16]}"


def expected() -> dict[UUID, Expected]:
    """Of all jobs that are being made or wait, none while the disk is full. A sum of many people's jobs, it
    tells of none of them."""
    if room.is_short():
        return {}
    paces = dict(Pace.objects.values_list("work", "seconds"))
    running = list(Job.objects.running())
    ends = {job.id: _seconds_left(job, job.step, paces) for job in running}
    answer = {job_id: Expected(starts_in=0.0, ends_in=_known(end)) for job_id, end in ends.items()}
    workers = list(ends.values()) or [0.0]
    heapq.heapify(workers)
    for job in turns.in_order():
        start = heapq.heappop(workers)
        end = start + _seconds_left(job, job.checkpoint_step, paces)
        heapq.heappush(workers, end)
        answer[job.id] = Expected(starts_in=_known(start), ends_in=_known(end))
    return answer


def _seconds_left(job: Job, step: int, paces: dict[str, float]) -> float:
    """Infinite where nobody knows."""
    if job.state in {Job.State.STOPPING, Job.State.PAUSED}:
        return 0.0  # a step
    return paces.get(work_of(job), math.inf) * max(0, job.steps - step)


def _known(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None
