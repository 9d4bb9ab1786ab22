"""A layout in a process of its own: scikit-learn's memory goes with it, and its time and memory have limits.

No Django here, and no scikit-learn: the worker that waits for the process stays as light as it was.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from gallery.map.neighbours import Layout
from gallery.map.process import OUT_OF_MEMORY, REQUEST

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 300  # of one core
MOST_MEMORY = 1536 * 1024 * 1024  # bytes, for 50,000 pictures two times what is needed
BEAT = 5.0  # seconds between two signs of life
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class LayoutError(Exception):
    """There is no layout."""


class TooSlow(LayoutError):
    """It would have taken more time than is allowed."""


class TooLarge(LayoutError):
    """It would have taken more memory than is allowed."""


def compute(
    vectors: np.ndarray,
    *,
    beat: Callable[[], None],
    seconds: int = MOST_SECONDS,
    memory: int = MOST_MEMORY,
) -> Layout:
    """Lays out (N, D) unit rows. `beat` is called every few seconds meanwhile; what it raises ends the work.

    Raises LayoutError.
    """
    command = [sys.executable, "-m", "gallery.map.process"]
    process = subprocess.Popen(  # noqa: S603  # nothing in the command comes from outside
        command,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    stdin, stdout = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    try:
        with contextlib.suppress(BrokenPipeError):  # its exit status says more
            stdin.write(REQUEST.pack(*vectors.shape, seconds, memory))
            stdin.write(vectors.astype("<f4", copy=False).tobytes())
            stdin.flush()
        content = _read_all(stdout, beat)
        _check(process.wait())
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(BrokenPipeError):
            stdin.close()
        stdout.close()
    return _layout(content, len(vectors))


def _read_all(stdout: BinaryIO, beat: Callable[[], None]) -> bytes:
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while not selector.select(BEAT):
            beat()
    return stdout.read()


def _check(status: int) -> None:
    if status == -signal.SIGXCPU:
        raise TooSlow
    if status == OUT_OF_MEMORY:
        raise TooLarge
    if status != 0:
        raise LayoutError(f"The process ended with status {status}.")


def _layout(content: bytes, count: int) -> Layout:
    if len(content) != 9 * count:
        raise LayoutError(f"{len(content)} bytes for {count} pictures.")
    positions = np.frombuffer(content[: 8 * count], "<f4").reshape(count, 2)
    return Layout(positions, np.frombuffer(content[8 * count :], np.uint8))
