"""Clients that read slowly, or not at all, over real connections of a real server."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from clipweb.socket_protocol import MOST_HELD_BYTES, SocketProtocol

MESSAGE_BYTES = 64 * 1024
SMALL_BUFFER = 4096
STAMP = struct.Struct(">d")


class Impatient(SocketProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = 0.3


class Source:
    """An application that sends the time of day as often as it can."""

    def __init__(self) -> None:
        self.sent: list[int] = []  # messages, for each client in the order of coming
        self.gone: list[int] = []  # clients
        self.lasting = 1000
        self.patience = 60.0  # seconds for one message to go

    async def __call__(
        self, scope: dict[str, Any], receive: Callable, send: Callable[..., Awaitable]
    ) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        me = len(self.sent)
        self.sent.append(0)
        try:
            with suppress(TimeoutError):
                while self.sent[me] < self.lasting:
                    data = STAMP.pack(time.monotonic()) + bytes(MESSAGE_BYTES)
                    await asyncio.wait_for(send({"type": "websocket.send", "bytes": data}), self.patience)
                    self.sent[me] += 1
                    await asyncio.sleep(0.01)
            await send({"type": "websocket.close", "code": 1000})
        except OSError:
            self.gone.append(me)


@asynccontextmanager
async def serving(application: Any, *, ping_seconds: float = 20) -> AsyncIterator[uvicorn.Server]:
    config = uvicorn.Config(
        application,
        ws=Impatient,
        port=0,
        lifespan="off",
        log_level="error",
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # serve() would also take over the signals of pytest
    await until(lambda: server.started)
    yield server
    server.should_exit = True
    await task


async def client_of(server: uvicorn.Server, *, reads: bool = True) -> ClientConnection:
    """A client behind a small buffer."""
    ours = socket.socket()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    ours.setblocking(False)
    await asyncio.get_running_loop().sock_connect(ours, server.servers[0].sockets[0].getsockname())
    client = await connect(
        "ws://site.example/", sock=ours, compression=None, max_queue=1, ping_interval=None, close_timeout=0.1
    )
    if not reads:
        client.transport.pause_reading()
    return client


async def until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_slow_client_gets_few_messages_and_new_ones():
    async with serving(source := Source()) as server:
        client = await client_of(server)
        ages = []
        for _ in range(15):
            data = await client.recv()
            ages.append(time.monotonic() - STAMP.unpack_from(data)[0])
            await asyncio.sleep(0.1)
        client.transport.abort()
        await until(lambda: source.gone == [0])
    assert max(ages) < 1
    assert source.sent[0] < 20


async def test_a_client_that_reads_nothing_is_sent_next_to_nothing_while_another_gets_all():
    async with serving(source := Source()) as server:
        silent = await client_of(server, reads=False)
        other = await client_of(server)
        for _ in range(100):
            await other.recv()
        held = [
            connection.transport.get_write_buffer_size() for connection in server.server_state.connections
        ]
        assert source.sent[0] <= 2
        assert max(held) < 2 * MESSAGE_BYTES
        for client in (silent, other):
            client.transport.abort()
        await until(lambda: len(source.gone) == 2)


async def test_a_client_that_reads_nothing_is_cut_off_when_it_owes_an_answer_to_a_ping():
    async with serving(source := Source(), ping_seconds=0.3) as server:
        silent = await client_of(server, reads=False)
        await until(lambda: source.gone == [0], seconds=3)
        await until(lambda: not server.server_state.connections)
        silent.transport.abort()


async def test_a_goodbye_does_not_wait_for_a_client_that_reads_nothing():
    source = Source()
    source.patience = 0.2
    async with serving(source) as server:
        silent = await client_of(server, reads=False)
        await until(lambda: source.sent != [])
        await until(lambda: not server.server_state.connections, seconds=3)
        silent.transport.abort()


async def test_a_client_that_pings_and_reads_no_answer_is_cut_off():
    source = Source()
    source.lasting = 0

    async def quiet(scope: dict[str, Any], receive: Callable, send: Callable[..., Awaitable]) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async with serving(quiet) as server:
        client = await client_of(server, reads=False)
        pings = 1000 * Frame(Opcode.PING, bytes(125)).serialize(mask=True)
        most = 0
        async with asyncio.timeout(20):
            while server.server_state.connections:
                client.transport.write(pings)
                await asyncio.sleep(0)
                sizes = [one.transport.get_write_buffer_size() for one in server.server_state.connections]
                most = max([most, *sizes])
        assert most < MOST_HELD_BYTES + 2 * len(pings)
        client.transport.abort()


async def test_a_client_that_reads_hears_every_message_and_the_end():
    source = Source()
    source.lasting = 20
    async with serving(source) as server:
        client = await client_of(server)
        heard = [message async for message in client]  # raises unless the server says goodbye
    assert len(heard) == 20
    assert client.close_code == 1000
