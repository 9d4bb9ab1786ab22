"""Starts the processes of one machine, brings back those that end or fall silent, and ends them all."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import close_old_connections

from clipweb.supervisor.child import Child, last_lines
from clipweb.supervisor.state import write_state

logger = logging.getLogger(__name__)

TICK = 0.1  # seconds between two looks at the processes
PROBE_STARTING = 0.2  # seconds between two probes of a process that is not ready yet
PROBE_READY = 2.0
STATE_EVERY = 5.0
UPKEEP_EVERY = 5.0
TRIES_AT_START = 3  # a process that ends this often before it was ever ready ends the whole start
BAD_CONFIGURATION = os.EX_CONFIG  # an exit status that says that trying again will not help


class StartError(Exception):
    """A process cannot be started; the message says which, and holds the end of its log."""


class Supervisor:
    """The first of `children` is started alone; the others follow when it is ready.

    The main thread alone starts processes: the kernel ties a child's life to the thread that forked it.
    Probes and upkeep run in threads, so that a slow answer never keeps the others from being brought back.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        url: str,
        state_file: Path,
        upkeep: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.children = children
        self.url = url
        self.state_file = state_file
        self.upkeep = upkeep
        self.say = say
        self.since = time.time()
        self.is_up = False
        self._signals = 0
        self._stopping = threading.Event()
        self._announced: dict[str, float] = {}  # name → start that has been reported as ready
        self._state_at = 0.0

    def run(self) -> None:
        """Returns after SIGINT, SIGTERM or SIGHUP, with every process gone. Raises StartError."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        for work in (*(self._probing(child) for child in self.children), self._upkeep):
            threading.Thread(target=work, daemon=True).start()
        try:
            while not self._signals:
                self._tick()
                time.sleep(TICK)
            self.say("stopping…")
        finally:
            self._stopping.set()
            self._stop_all()
            self.state_file.unlink(missing_ok=True)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _tick(self) -> None:
        for child in self.children:
            if (status := child.ended()) is not None:
                self._report_end(child, status)
            elif child.is_stuck():
                self.say(f"{child.name} does not answer ({child.trouble}); ending it")
                child.kill_group()
            elif child.may_start() and (child is self.children[0] or self.children[0].has_been_ready):
                child.start()
            elif child.ready and self._announced.get(child.name) != child.started_at:
                self._announce(child)
        if not self.is_up and all(child.has_been_ready for child in self.children):
            self.is_up = True
            self.say(f"clipweb is running at {self.url} (Ctrl-C ends it)")
        if time.monotonic() - self._state_at > STATE_EVERY:
            self._write_state()

    def _announce(self, child: Child) -> None:
        again = " again" if child.name in self._announced else ""
        self._announced[child.name] = child.started_at
        self.say(f"{child.name} ready{again}{f': {child.detail}' if child.detail else ''}")
        self._write_state()

    def _report_end(self, child: Child, status: int) -> None:
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        hopeless = child.failures >= TRIES_AT_START or status == BAD_CONFIGURATION
        if not self.is_up and not child.has_been_ready and hopeless:
            raise StartError(
                "\n  ".join([f"{child.name} cannot be started ({how}). {child.log}:", *last_lines(child.log)])
            )
        self.say(f"{child.name} ended ({how}); starting it again")
        if status > 0:
            for line in last_lines(child.log, 5):
                self.say(f"  {line}")
        self._write_state()

    def _write_state(self) -> None:
        self._state_at = time.monotonic()
        write_state(self.state_file, self.state())

    def state(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "since": self.since,
            "written": time.time(),
            "url": self.url,
            "up": self.is_up,
            "processes": {child.name: child.state() for child in self.children},
        }

    def _probing(self, child: Child) -> Callable[[], None]:
        def work() -> None:
            while not self._stopping.wait(PROBE_READY if child.ready else PROBE_STARTING):
                close_old_connections()
                try:
                    child.probe()
                except Exception:
                    logger.exception("the probe of %s failed", child.name)

        return work

    def _upkeep(self) -> None:
        told = ""  # the trouble that has been told, once
        while not self._stopping.wait(UPKEEP_EVERY):
            close_old_connections()
            try:
                self.upkeep()
                told = ""
            except Exception as error:
                logger.exception("upkeep failed")
                trouble = f"{type(error).__name__}: {error}"
                if trouble != told:
                    self.say(f"upkeep failed ({trouble}); more in serve.log")
                told = trouble

    def _stop_all(self) -> None:
        """First those that use the others, then the rest; a second signal cuts the waiting short."""
        ends_last = [child for child in self.children if child.name in {"valkey", "encoder"}]
        ends_first = [child for child in self.children if child not in ends_last]
        for group in (ends_first, ends_last):
            self._stop(group)

    def _stop(self, group: Sequence[Child]) -> None:
        for child in group:
            child.terminate()
        started = time.monotonic()
        while self._signals < 2:
            waited = time.monotonic() - started
            running = [child for child in group if child.process and child.process.poll() is None]
            if not any(waited < child.spec.grace_seconds for child in running):
                break
            time.sleep(0.05)
        for child in group:
            child.kill_group()
