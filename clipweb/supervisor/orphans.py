"""Processes left over from a supervisor that was killed. Normally the kernel has ended them already."""

import os
import signal
import time
from pathlib import Path

MARK = "CLIPWEB_SERVED_FROM"  # in the environment of every child: the data folder it works on
PROC = Path("/proc")


def find_orphans(data_dir: Path) -> list[int]:
    """The processes that a supervisor of `data_dir` started. Only to be called by who holds its lock."""
    mark = f"{MARK}={data_dir}".encode()
    return [
        int(entry.name)
        for entry in (PROC.iterdir() if PROC.is_dir() else [])
        if entry.name.isdigit() and int(entry.name) != os.getpid() and mark in _environment(entry)
    ]


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it has ended, or it is somebody else's


def end_orphans(data_dir: Path, *, seconds: float = 5.0) -> int:
    """Kills what is left and waits until it is gone. Returns how many there were."""
    orphans = find_orphans(data_dir)
    for pid in orphans:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + seconds
    while find_orphans(data_dir) and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(orphans)
