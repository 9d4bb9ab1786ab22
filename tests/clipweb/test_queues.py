"""What the supervisor does to the queue's rows when it starts a cluster."""

import socket
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from clipweb.queue_cluster import QueueStat
from clipweb.supervisor.probes import cluster_stats
from clipweb.supervisor.queues import unlock_tasks

pytestmark = pytest.mark.django_db


def taken_task(queue: str) -> OrmQ:
    return OrmQ.objects.create(key=queue, payload="", lock=timezone.now() + timedelta(minutes=5))


def is_due(task: OrmQ) -> bool:
    return OrmQ.objects.filter(pk=task.pk, lock__lte=timezone.now()).exists()


def heartbeat(*, queue: str, host: str) -> None:
    """As a living cluster leaves it in the cache."""
    stat = QueueStat.__new__(QueueStat)
    stat.__dict__.update(
        broker=None, cluster_id=f"{queue}@{host}", queue=queue, host=host, pid=1, workers=[2]
    )
    cache.set(Conf.Q_STAT, [*cache.get(Conf.Q_STAT, []), stat.key])
    cache.set(stat.key, SignedPackage.dumps(stat, True), 3)


def test_tasks_that_a_dead_cluster_had_taken_are_due_again_at_once():
    mine, of_the_other_queue = taken_task("default"), taken_task("generate")
    unlock_tasks("default")
    assert is_due(mine)
    assert not is_due(of_the_other_queue)


def test_tasks_are_left_alone_while_another_machine_works_on_the_queue():
    task = taken_task("default")
    heartbeat(queue="default", host="another-machine")
    unlock_tasks("default")
    assert not is_due(task)


def test_a_cluster_of_another_queue_or_of_this_machine_does_not_keep_tasks():
    task = taken_task("default")
    heartbeat(queue="generate", host="another-machine")
    heartbeat(queue="default", host=socket.gethostname())
    unlock_tasks("default")
    assert is_due(task)


def test_a_heartbeat_names_its_queue():
    heartbeat(queue="default", host="one")
    heartbeat(queue="generate", host="two")
    assert [stat.host for stat in cluster_stats("generate")] == ["two"]
