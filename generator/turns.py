"""Whose turn it is: people take turns, whoever was served longest ago first, with their jobs in order.

So however many pictures somebody asks for, nobody waits for two of them while having had none. A job that has
been begun and given back goes first: its worker was stopped, and its turn is not over.
"""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Max

from generator.models import Job

NEVER = datetime.min.replace(tzinfo=UTC)


def order() -> list[UUID]:
    """The waiting jobs as they will be taken up, if nobody asks for anything until then."""
    waiting = Job.objects.waiting().order_by("created_at", "id").values_list("pk", "owner", "started_at")
    begun = [job_id for job_id, _, started_at in waiting if started_at]
    fresh = [(job_id, owner) for job_id, owner, started_at in waiting if not started_at]
    served = _last_served({owner for _, owner in fresh})
    asked: Counter[int] = Counter()
    turns = []
    for job_id, owner in fresh:
        turns.append((asked[owner], served.get(owner, NEVER), job_id))
        asked[owner] += 1
    turns.sort(key=lambda turn: turn[:2])  # stable: who asked first, where neither was served before
    return [*begun, *(job_id for _, _, job_id in turns)]


def count_ahead(job: Job) -> int:
    """Pictures that come before this one while it waits, those being made among them."""
    waiting = order()
    place = waiting.index(job.id) if job.id in waiting else 0
    return place + Job.objects.running().exclude(claim=None).count()


def _last_served(owners: set[int]) -> dict[int, datetime]:
    """Owner → when a job of theirs was last taken up."""
    begun = Job.objects.filter(owner__in=owners, started_at__isnull=False)
    return dict(begun.values_list("owner").annotate(Max("started_at")))
