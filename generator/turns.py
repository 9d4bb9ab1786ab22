"""Whose turn it is: people take turns, whoever was served longest ago first, each with their own order.

So however many pictures somebody asks for, nobody waits for two of them while having had none. A job that
has been begun and given back goes first: its worker was stopped, and its turn is not over. Then come those
that a moderator put before all others.
"""

import heapq
from collections import defaultdict, deque
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from django.db.models import F, Max, QuerySet

from generator.models import Job

NEVER = datetime.min.replace(tzinfo=UTC)


def order() -> list[UUID]:
    """The waiting jobs as they will be taken up, if nobody asks for anything until then."""
    return [job.id for job in in_order()]


def in_order() -> list[Job]:
    waiting = in_own_order(Job.objects.waiting())
    begun = sorted((job for job in waiting if job.holds_turn), key=lambda job: job.served_at or NEVER)
    fresh = [job for job in waiting if not job.holds_turn]
    put_first = sorted(
        (job for job in fresh if job.first_at), key=lambda job: job.first_at or NEVER, reverse=True
    )
    others = _in_turns([job for job in fresh if not job.first_at], after=put_first)
    return [*begun, *put_first, *others]


def in_own_order(waiting: QuerySet[Job]) -> QuerySet[Job]:
    """As their owner has arranged them, then those that came later."""
    return waiting.order_by(F("place").asc(nulls_last=True), "created_at", "id")


def count_ahead(job: Job) -> int:
    """Pictures that come before this one while it waits, those being made among them."""
    waiting = order()
    place = waiting.index(job.id) if job.id in waiting else 0
    return place + Job.objects.running().count()


def _in_turns(waiting: list[Job], *, after: list[Job]) -> list[Job]:
    """The jobs in the turns of their owners, if those of `after` are served before."""
    queues: dict[int, deque[Job]] = defaultdict(deque)
    for job in waiting:
        queues[job.owner_id].append(job)
    turn = count()
    # (0, when) was served in the past, (1, n) will be by the nth of the turns to come.
    served: dict[int, tuple[int, datetime | int]] = {
        owner: (0, when) for owner, when in _last_served(set(queues)).items()
    }
    served |= {job.owner_id: (1, next(turn)) for job in after}
    people = [
        (served.get(owner, (0, NEVER)), min(job.created_at for job in own), owner)
        for owner, own in queues.items()
    ]
    heapq.heapify(people)
    ordered = []
    while people:
        _, asked_at, owner = heapq.heappop(people)
        ordered.append(queues[owner].popleft())
        if queues[owner]:
            heapq.heappush(people, ((1, next(turn)), asked_at, owner))
    return ordered


def _last_served(owners: set[int]) -> dict[int, datetime]:
    """Owner → when their turn last fell on a job of theirs."""
    served = Job.objects.filter(owner__in=owners, served_at__isnull=False)
    return dict(served.order_by().values_list("owner").annotate(Max("served_at")))
