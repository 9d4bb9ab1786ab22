"""Decoding what strangers send, in processes of its own: a decoder cannot be stopped, a process can.

The processes stay for the next file; one that was ended is replaced when it is needed. No Django here.
"""

import contextlib
import functools
import json
import os
import queue
import selectors
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from gallery import pixels
from gallery.decoder.process import REQUEST

ROOT = Path(__file__).resolve().parents[2]
SIZE = min(os.cpu_count() or 1, 4)  # files decoded at once; each may take some hundred megabytes


class DecoderBusy(Exception):
    """All processes were decoding for as long as one file may take."""


class DecoderPool:
    """Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._idle: queue.LifoQueue[Decoder | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)

    def inspect(
        self, chunks: Iterable[bytes], size: int, *, max_pixels: int, seconds: float
    ) -> pixels.Inspected:
        """Raises pixels' errors, TooSlow among them, or DecoderBusy."""
        try:
            decoder = self._idle.get(timeout=seconds)
        except queue.Empty:
            raise DecoderBusy from None
        try:
            if decoder is None or not decoder.is_alive():
                decoder = Decoder()
            reply = decoder.ask(chunks, size, max_pixels=max_pixels, seconds=seconds)
        except BaseException:
            if decoder is not None:
                decoder.kill()
            decoder = None
            raise
        finally:
            self._idle.put(decoder)
        return _result(reply)


class Decoder:
    """One process. After any exception of ask() it has to be killed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "gallery.decoder.process"]
        self._process = subprocess.Popen(  # noqa: S603  # nothing in the command comes from outside
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, chunks: Iterable[bytes], size: int, *, max_pixels: int, seconds: float) -> dict[str, Any]:
        stdin, stdout = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        try:
            stdin.write(REQUEST.pack(size, max_pixels, seconds))
            for chunk in chunks:
                stdin.write(chunk)
            stdin.flush()
        except BrokenPipeError:
            raise pixels.DamagedPicture from None
        return json.loads(_read_line(stdout.fileno(), time.monotonic() + seconds))

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)


def decoders() -> DecoderPool:
    """This process's pool."""
    return _pool(os.getpid())


@functools.lru_cache(maxsize=1)
def _pool(pid: int) -> DecoderPool:
    """`pid` keeps a forked worker from using its parent's."""
    return DecoderPool(SIZE)


def _read_line(descriptor: int, deadline: float) -> bytes:
    """Raises TooSlow at the deadline, and DamagedPicture if the process has died of the file."""
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise pixels.TooSlow
            piece = os.read(descriptor, 65536)
            if not piece:
                raise pixels.DamagedPicture
            line += piece
    return line


def _result(reply: dict[str, Any]) -> pixels.Inspected:
    if "found" in reply:
        return pixels.Inspected(**reply["found"])
    raise getattr(pixels, reply["error"])(*reply["args"])


def _close(pipe: Any) -> None:
    with contextlib.suppress(BrokenPipeError):  # some of the file was still to be sent
        pipe.close()
