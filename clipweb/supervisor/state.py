"""The supervisor's files: the lock of a data folder, and the state that the status page and tests read."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any


class AlreadyRunningError(Exception):
    """Another supervisor holds the data folder; the message is its line in the lock file."""


class DataFolderLock:
    """One supervisor a data folder. The kernel lets go of the lock when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, line: str) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 1000).decode(errors="replace").strip()
            os.close(descriptor)
            raise AlreadyRunningError(holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, line.encode())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replaces the file in one step, so that a reader never sees half of it."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(state))
    draft.replace(path)


def read_state(path: Path) -> dict[str, Any] | None:
    """The newest state, or None when no supervisor has written one."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
