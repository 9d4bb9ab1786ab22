"""Puts back what got lost: jobs whose run fell silent, waiting jobs without a task in the queue."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone
from django_q.models import OrmQ

from generator import jobs, room
from generator.models import Job

logger = logging.getLogger(__name__)

REQUEUE_AFTER = timedelta(seconds=30)  # a task just enqueued may be on its way from the queue to a worker


def requeue_stale() -> int:
    """How many tasks were missing and are in the queue now.

    Harmless when a task was only late: a second task for a job finds nothing to take up.
    """
    jobs.release_silent()
    if room.is_short():
        return 0  # no task would be taken up
    lost = _waiting_without_task()
    for job_id in lost:
        logger.warning("Job %s goes back in the queue", job_id)
        jobs.enqueue(job_id=job_id)
    return len(lost)


def _waiting_without_task() -> list[UUID]:
    """Waiting jobs that are too many for the tasks in the queue, those that have waited longest.

    A task that a cluster has fetched does not count: its cluster may have died with it.
    """
    tasks = OrmQ.objects.filter(key=jobs.QUEUE, lock__lte=timezone.now())
    missing = Job.objects.waiting().count() - sum(row.func() == jobs.TASK for row in tasks)
    if missing <= 0:
        return []
    enqueued_long_ago = Q(enqueued_at=None) | Q(enqueued_at__lt=timezone.now() - REQUEUE_AFTER)
    waiting = Job.objects.waiting().filter(enqueued_long_ago).order_by(F("enqueued_at").asc(nulls_first=True))
    return list(waiting.values_list("pk", flat=True)[:missing])
