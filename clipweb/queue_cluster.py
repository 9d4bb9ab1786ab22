"""What our queue clusters have beyond django-q2's: locks that end with their holder, heartbeats with a name.

`multiprocessing.Queue` guards its pipe by semaphores. A worker that waits for work holds one of them, and
when it is killed by SIGKILL nobody ever lets go of it: the cluster lives on and does nothing. The kernel
lets go of a file lock when its holder ends, however it ends.
"""

import fcntl
import os
import tempfile
from types import TracebackType
from typing import Any

from django_q.queues import Queue
from django_q.status import Stat


class FileLock:
    """Excludes other processes (not threads of the same one), with the methods that Queue uses of a Lock.

    By flock and not by POSIX record locks: those look for deadlocks between processes, and take two threads
    of one process, of which one reads and one writes, for one that waits for itself (EDEADLK).
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 — open as long as the lock lives
        self._descriptor = -1
        self._pid = 0

    def acquire(self) -> bool:
        if self._pid != os.getpid():
            # A lock belongs to the opening, which a fork shares: each process needs one of its own.
            inherited, self._pid = self._descriptor, os.getpid()
            self._descriptor = os.open(f"/proc/self/fd/{self._file.fileno()}", os.O_RDWR | os.O_CLOEXEC)
            if inherited >= 0:
                os.close(inherited)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class CrashSafeQueue(Queue):
    """django-q2's queue of one cluster, for `get()` that waits and `put()`; shared by fork alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rlock = FileLock()  # one thread of a process reads …
        self._wlock = FileLock()  # … and one, the queue's feeder, writes


class QueueStat(Stat):
    """A cluster's heartbeat with the name of the queue that it works on."""

    def __init__(self, sentinel: Any) -> None:
        super().__init__(sentinel)
        self.queue: str = sentinel.queue_name()
