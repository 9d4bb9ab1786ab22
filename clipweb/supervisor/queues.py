"""What the supervisor does to the queue's rows."""

import logging
import socket

import redis
from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.models import OrmQ

from clipweb.supervisor.probes import cluster_stats

logger = logging.getLogger(__name__)


def unlock_tasks(name: str) -> None:
    """Makes the tasks of queue `name` due that a cluster of this machine held when it ended.

    A row does not tell who locked it. When a cluster of another machine is alive the rows are left alone:
    its tasks may be among them, and the rows of this machine come back when their lock runs out.
    """
    now = timezone.now()
    try:
        if any(stat.host != socket.gethostname() for stat in cluster_stats(name)):
            return
        OrmQ.objects.filter(key=name, lock__gt=now).update(lock=now)
    except (DatabaseError, redis.RedisError):
        logger.exception("tasks of queue %s could not be unlocked", name)
