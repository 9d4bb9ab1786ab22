"""The order in which jobs wait: each person's own among theirs, and what a moderator puts before all."""

import logging
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from gallery.models import User
from gallery.models.people import is_moderator
from generator import jobs, turns
from generator.models import Job

logger = logging.getLogger(__name__)


class NotWaiting(Exception):
    """The job has no place of its owner's giving: it has begun, ended, is paused or goes first anyway."""


def arrangeable(*, owner: User) -> QuerySet[Job]:
    """The owner's jobs that wait for a turn, as they will be taken up."""
    waiting = Job.objects.filter(owner=owner, state=Job.State.QUEUED, holds_turn=False, first_at=None)
    return turns.in_own_order(waiting)


def move(*, job: Job, to: Job) -> Job:
    """Give the job the place of another one of its owner's, which makes room together with those between.
    Raises NotWaiting."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=job.owner_id)  # one arrangement of a person at a time
        ids = list(arrangeable(owner=job.owner).values_list("pk", flat=True))
        if job.id not in ids or to.id not in ids:
            raise NotWaiting(f"Job {job.id} or {to.id}")
        place = ids.index(to.id)
        ids.remove(job.id)
        ids.insert(place, job.id)
        places = [When(pk=job_id, then=Value(number)) for number, job_id in enumerate(ids)]
        Job.objects.filter(pk__in=ids).update(place=Case(*places))
    return job


def move_by(*, job: Job, step: int) -> Job:
    """Move the job one place, step -1 up or 1 down; at the end nothing changes. Raises NotWaiting."""
    waiting = list(arrangeable(owner=job.owner))
    if job not in waiting:
        raise NotWaiting(f"Job {job.id}")
    place = waiting.index(job) + step
    return move(job=job, to=waiting[place]) if 0 <= place < len(waiting) else job


def put_first(*, job_id: UUID, by: User) -> bool:
    """Put a waiting job before all that have not begun; False when it does not wait or is there already.
    Raises PermissionDenied."""
    return _set_first(job_id, by, is_first=True)


def put_back(*, job_id: UUID, by: User) -> bool:
    """Let the job wait for its owner's turn again. Raises PermissionDenied."""
    return _set_first(job_id, by, is_first=False)


def _set_first(job_id: UUID, by: User, *, is_first: bool) -> bool:
    if not is_moderator(by):
        raise PermissionDenied
    waiting = Job.objects.filter(pk=job_id, state=Job.State.QUEUED, first_at__isnull=is_first)
    changed = waiting.update(first_at=timezone.now() if is_first else None)
    if changed:
        where = "before all others" if is_first else "back in its turn"
        logger.info("%s put job %s %s", by.get_username(), job_id, where)
        jobs.announce(job_id)
    return bool(changed)
