"""Several viewers of one job, over real connections of a real server and a real valkey."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator

import pytest
import redis
import uvicorn
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from websockets.asyncio.client import ClientConnection, connect

from clipweb.asgi import application
from clipweb.socket_protocol import SocketProtocol
from generator import newest, progress
from generator.models import Job
from generator.progress import Frame

pytestmark = pytest.mark.django_db(transaction=True)

VIEWERS = 8
PICTURE = bytes(100_000)  # the server does not look into it
SECONDS = 40


@pytest.fixture
async def server() -> AsyncIterator[uvicorn.Server]:
    config = uvicorn.Config(application, ws=SocketProtocol, port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # serve() would also take over the signals of pytest
    while not server.started:
        await asyncio.sleep(0.02)
    yield server
    server.should_exit = True
    await task


@pytest.fixture
def session(alice) -> str:
    client = Client()
    client.force_login(alice)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def viewer(server: uvicorn.Server, job: Job, session: str) -> ClientConnection:
    """Let in, behind a small buffer, and told how the job stands."""
    host, port = server.servers[0].sockets[0].getsockname()
    ours = socket.socket()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ours.setblocking(False)
    await asyncio.get_running_loop().sock_connect(ours, (host, port))
    client = await connect(
        f"ws://{host}:{port}/ws/jobs/{job.id}/",
        sock=ours,
        origin=f"http://{host}:{port}",
        additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"},
        compression=None,
        max_queue=1,
        close_timeout=0.1,
    )
    assert isinstance(await client.recv(), str)
    return client


async def publish(job: Job, step: int) -> None:
    frame = Frame(step=step, total=1000, loss=1 / step, picture=PICTURE)
    await sync_to_async(progress.publish)(job.id, frame)


async def received(client: ClientConnection, step: int) -> None:
    """Until that frame or a newer one has come."""
    async with asyncio.timeout(SECONDS):
        while Frame.from_bytes(await client.recv()).step < step:  # type: ignore[arg-type]
            pass


async def test_a_frame_is_read_once_for_all_who_watch_and_kept_while_they_do(
    server, session, running_job, valkey: redis.Redis
):
    viewers = [await viewer(server, running_job, session) for _ in range(VIEWERS)]
    await publish(running_job, 1)  # each also looks when it is let in, which may be as late as this
    await asyncio.gather(*(received(client, 1) for client in viewers))
    for step in (2, 3, 4):
        before = reads(valkey)
        await publish(running_job, step)
        await asyncio.gather(*(received(client, step) for client in viewers))
        assert reads(valkey) - before == 1
    assert running_job.id in newest._in_use

    for client in viewers:
        await client.close()
    async with asyncio.timeout(SECONDS):
        while running_job.id in newest._in_use:
            gc.collect()
            await asyncio.sleep(0.05)


def reads(valkey: redis.Redis) -> int:
    return valkey.info("commandstats").get("cmdstat_get", {"calls": 0})["calls"]


async def test_a_viewer_who_reads_nothing_costs_the_others_no_frame_and_the_server_no_memory(
    server, session, running_job
):
    silent = await viewer(server, running_job, session)
    silent.transport.pause_reading()
    others = [await viewer(server, running_job, session) for _ in range(2)]
    for step in range(1, 101):
        await publish(running_job, step)
        await asyncio.gather(*(received(client, step) for client in others))
    held = [connection.transport.get_write_buffer_size() for connection in server.server_state.connections]
    assert sum(held) <= len(PICTURE)
    for client in (silent, *others):
        client.transport.abort()
