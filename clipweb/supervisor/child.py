"""One process that the supervisor starts, watches and ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LAUNCHER = Path(__file__).with_name("launcher.py")
LOG_BYTES = 5_000_000  # a log longer than this is moved aside, one older one is kept
FIRST_DELAY = 0.2  # seconds before a process that ended starts again
LONGEST_DELAY = 30.0
STEADY_SECONDS = 30.0  # after this long in good health earlier failures no longer count


class NotAnsweringError(Exception):
    """A process runs and does not do its work; the message says what is missing."""


def with_parent(command: Sequence[str]) -> list[str]:
    """The command line that runs `command` as a process that dies with this one."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]


def nothing_to_do() -> None:
    """What most processes need before they start."""


@dataclass(frozen=True)
class Spec:
    """What to run, how to tell that it works, and how patient to be. All times are in seconds.

    `probe(pid)` returns a few words about the healthy process, None when it cannot be told (because what it
    would ask is down itself), and raises NotAnsweringError when the process does not do its work.
    """

    name: str
    command: Sequence[str]
    probe: Callable[[int], str | None]
    environment: Mapping[str, str] = field(default_factory=dict)
    before_start: Callable[[], None] = nothing_to_do
    start_seconds: float = 60.0  # from start to the first good probe
    silent_seconds: float = 20.0  # from the last good probe to being started anew
    grace_seconds: float = 8.0  # from SIGTERM to SIGKILL


class Child:
    """A running `Spec`: its process, its health and how often it had to be started again."""

    def __init__(self, spec: Spec, *, log: Path) -> None:
        self.spec = spec
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0  # time.time() of the newest start
        self.restarts = 0
        self.failures = 0  # ends in a row without STEADY_SECONDS of health between them
        self.has_been_ready = False
        self.ready = False
        self.detail = ""
        self.trouble = ""  # why the newest probe failed
        self._ready_since = 0.0
        self._last_good = 0.0
        self._next_start = 0.0

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def may_start(self) -> bool:
        return self.process is None and time.monotonic() >= self._next_start

    def start(self) -> None:
        """Starts the process in a session of its own, so that its whole group can be ended together."""
        self.spec.before_start()
        shorten(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 — commands built in this package
                with_parent(self.spec.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.spec.environment},
                start_new_session=True,
            )
        self.started_at = time.time()
        self._last_good = time.monotonic()

    def probe(self) -> None:
        """Asks the process how it is. Called from a thread of the child's own."""
        process = self.process
        if process is None:
            return
        try:
            detail = self.spec.probe(process.pid)
        except NotAnsweringError as error:
            if self.process is process:
                self.trouble = str(error)
            return
        if self.process is not process:  # ended and started again in the meantime
            return
        self._last_good = time.monotonic()
        if detail is None:
            return
        if not self.ready:
            self._ready_since = self._last_good
        self.detail, self.trouble = detail, ""
        self.ready = self.has_been_ready = True

    def ended(self) -> int | None:
        """The exit status if the process has ended since the last call (negative: the signal), else None."""
        if self.process is None or self.process.poll() is None:
            return None
        status = self.process.returncode
        self.kill_group()
        steady = self.ready and time.monotonic() - self._ready_since > STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        self.restarts += 1
        self._next_start = time.monotonic() + min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self.failures - 1))
        self.process, self.ready = None, False
        return status

    def is_stuck(self) -> bool:
        """Whether a running process has not answered for longer than its spec allows."""
        if self.process is None:
            return False
        patience = self.spec.silent_seconds if self.ready else self.spec.start_seconds
        return time.monotonic() - self._last_good > patience

    def terminate(self) -> None:
        """Asks the main process alone to end: a queue's main process ends its workers in the right order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def kill_group(self) -> None:
        """Ends the process and all it has forked, at once."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # the whole group is gone already
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def state(self) -> dict[str, Any]:
        """For the state file and the status page."""
        if self.process is None:
            state = "waiting"
        else:
            state = "ready" if self.ready and not self.trouble else "silent" if self.ready else "starting"
        return {
            "pid": self.pid,
            "state": state,
            "since": self.started_at,
            "restarts": self.restarts,
            "detail": self.detail,
            "trouble": self.trouble,
        }


def shorten(log: Path) -> None:
    """Moves a long log aside. Copies and truncates, because running processes hold the file open."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def last_lines(log: Path, count: int = 8, *, most_bytes: int = 8_000) -> list[str]:
    """The end of a log, for showing why a process ended."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - most_bytes))
        return file.read().decode(errors="replace").splitlines()[-count:]
