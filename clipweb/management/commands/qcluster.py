"""django-q2's `qcluster`, made to survive the killing of any of its processes.

A worker that is killed does not block the others, and when the main process is killed its workers end with
it, so that none of them goes on beside the cluster that is started in its place.
"""

import os
from typing import Any

from django_q import cluster
from django_q.management.commands.qcluster import Command as QClusterCommand

from clipweb.queue_cluster import CrashSafeQueue, QueueStat
from clipweb.supervisor.launcher import die_with_parent


class Command(QClusterCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        cluster.Queue = CrashSafeQueue
        cluster.Stat = QueueStat
        os.register_at_fork(after_in_child=die_with_parent)
        super().handle(*args, **options)
