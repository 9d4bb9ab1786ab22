"""Viewers of a job beside the browser: benchmarks/frames.py starts them in a process of their own.

python -m benchmarks.frames_viewers ADDRESS SESSION READERS [silent] [slow]

Readers take each frame and drop it. `silent` reads nothing at all after it was let in. `slow` reads as over a
line of SLOW_BYTES a second. Prints "ready" when all are let in, and when the job has ended
{"readers": [[step, when it arrived], ...], "slow": [...]}.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

HEADER = struct.Struct(">3sBIIf")  # see generator/progress.py, which wants Django
SLOW_BYTES = 64 * 1024  # a second
SMALL_BUFFER = 4096  # bytes that the kernel keeps for a client that does not read them

Log = list[tuple[int, float]]


async def main(address: str, session: str, readers: int, others: list[str]) -> None:
    arrived: Log = []
    slowly: Log = []
    open_ones = [await opened(address, session) for _ in range(readers)]
    following = [read(viewer, arrived) for viewer in open_ones]
    if "slow" in others:
        following.append(read(await opened(address, session, small=True), slowly, rate=SLOW_BYTES))
    silent = await opened(address, session, small=True) if "silent" in others else None
    if silent:
        silent.transport.pause_reading()
    print("ready", flush=True)
    if following:
        await asyncio.gather(*following)
    else:
        await asyncio.to_thread(sys.stdin.readline)  # with nobody who hears of the end
    if silent:
        silent.transport.abort()
    print(json.dumps({"readers": arrived, "slow": slowly}), flush=True)


async def opened(address: str, session: str, *, small: bool = False) -> ClientConnection:
    parts = urlsplit(address)
    ours = socket.socket()
    if small:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    ours.connect((parts.hostname, parts.port))
    ours.setblocking(False)
    return await connect(
        address,
        sock=ours,
        origin=f"http://{parts.netloc}",
        additional_headers={"Cookie": session},
        compression=None,
        max_queue=1,
        ping_interval=None,
    )


async def read(viewer: ClientConnection, log: Log, *, rate: float = 0) -> None:
    """Until the server closes; `rate`: bytes a second, 0 for as fast as they come."""
    with suppress(ConnectionClosed):
        async for message in viewer:
            if isinstance(message, bytes):
                _magic, _version, step, _total, _loss = HEADER.unpack_from(message)
                log.append((step, time.time()))
            if rate:
                await asyncio.sleep(len(message) / rate)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
