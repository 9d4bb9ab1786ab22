"""Beside a run: says that it is alive, also in long steps, hears when to stop, and ends what hangs."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from django.conf import settings
from django.db import OperationalError, connection
from django_q.conf import Conf
from django_q.status import Stat

from gallery.live import CONNECTION_ERRORS
from generator import jobs
from generator.models import Job

logger = logging.getLogger(__name__)

LISTEN_SECONDS = 1.0
BEATS_BEFORE_STALE = 4


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)  # what hangs in native code hears no other signal


class Heartbeat:
    """`with Heartbeat(job) as heartbeat:` around a run; `heartbeat.must_stop` says that the worker has to go.

    That is when the process gets SIGTERM, whose usual meaning, the process's end, waits until the `with`
    block is left; and when the cluster is stopping, which tells its workers nothing until they are idle.

    A run that has not `moved()` for JOB_HUNG_SECONDS will not come back: its process is killed, so that the
    cluster starts another and the job is taken up again.
    """

    def __init__(self, job: Job, *, end_process: Callable[[], None] = kill_this_process) -> None:
        self.job = job
        self._end_process = end_process
        self._moved_at = time.monotonic()
        self._must_stop = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"heartbeat {job.id}", daemon=True)
        self._in_main_thread = threading.current_thread() is threading.main_thread()
        self._terminated = False

    @property
    def must_stop(self) -> bool:
        return self._must_stop.is_set()

    def moved(self) -> None:
        """The run has got further, be it by one step."""
        self._moved_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._in_main_thread:
            self._previous = signal.signal(signal.SIGTERM, self._on_sigterm)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._in_main_thread:
            signal.signal(signal.SIGTERM, self._previous)
            if self._terminated:
                signal.raise_signal(signal.SIGTERM)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        self._terminated = True
        self._must_stop.set()

    def _watch(self) -> None:
        beat_every = settings.JOB_HEARTBEAT_STALE / BEATS_BEFORE_STALE
        beat_at = time.monotonic() + beat_every
        try:
            while not self._ended.wait(min(LISTEN_SECONDS, beat_every)):
                if cluster_is_stopping():
                    self._must_stop.set()
                if time.monotonic() - self._moved_at > settings.JOB_HUNG_SECONDS:
                    logger.critical("Job %s: hangs, so its worker is killed", self.job.id)
                    self._end_process()
                    return
                if time.monotonic() >= beat_at:
                    beat_at = time.monotonic() + beat_every
                    self._beat()
        except jobs.JobLost:
            pass  # the run learns it at its own next report
        finally:
            connection.close()  # this thread's

    def _beat(self) -> None:
        try:
            jobs.heartbeat(job=self.job)
        except OperationalError as error:
            logger.warning("Job %s: a heartbeat was missed: %s", self.job.id, error)


def cluster_is_stopping() -> bool:
    """Whether the cluster that this process works for has been told to stop, by its published status."""
    try:
        clusters = Stat.get_all()
    except CONNECTION_ERRORS:
        return False
    here = (socket.gethostname(), os.getppid())
    return any((c.host, c.sentinel) == here and c.status == Conf.STOPPING for c in clusters)
