"""The live view, through the whole ASGI application and a real valkey."""

import asyncio
import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client

from gallery import sockets
from gallery.models import Image, User
from generator import consumers, jobs, progress
from generator.models import Job
from generator.progress import Frame
from tests.generator.websocket_client import SECONDS, WebSocketClient

pytestmark = pytest.mark.django_db(transaction=True)


def frame(step: int) -> Frame:
    return Frame(step=step, total=24, loss=0.5**step, picture=b"picture %d" % step)


@pytest.fixture
def session_of():
    def sign_in(user: User) -> str:
        client = Client()
        client.force_login(user)
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    return sign_in


def socket(job_id: uuid.UUID | str, session: str = "", **more: str) -> WebSocketClient:
    return WebSocketClient(f"/ws/jobs/{job_id}/", session=session, **more)


async def publish(job: Job, step: int) -> None:
    await sync_to_async(progress.publish)(job.id, frame(step))


async def next_frame(client: WebSocketClient) -> Frame:
    return Frame.from_bytes(await client.next_bytes())


@pytest.fixture
def alices(running_job, session_of, alice):
    return socket(running_job.id, session_of(alice))


async def test_the_owner_first_hears_where_the_job_stands_then_every_frame(alices, running_job):
    assert await alices.connect() is None
    state = await alices.next_json()
    assert state == {"state": "running", "step": 0, "total": 24, "loss": None, "picture": None}
    for step in range(1, 6):
        await publish(running_job, step)
        assert await next_frame(alices) == frame(step)
    await alices.disconnect()


async def test_who_comes_late_gets_the_newest_frame_at_once(alices, running_job):
    for step in (1, 2, 3):
        await publish(running_job, step)
    await alices.connect()
    assert (await alices.next_json())["state"] == "running"
    assert await next_frame(alices) == frame(3)
    assert await alices.receive_nothing(0.2)
    await alices.disconnect()


async def test_a_slow_client_skips_to_the_newest_frame_and_still_hears_of_the_end(alices, running_job, alice):
    alices._output_queue = asyncio.Queue(maxsize=1)  # as a full network buffer: each send waits to be read
    await alices.connect()
    for step in range(1, 25):
        await publish(running_job, step)
    image = await sync_to_async(Image.objects.create)(owner=alice, sha256="a", byte_size=1, width=1, height=1)
    await sync_to_async(jobs.finish)(job=running_job, step=24, store=lambda: image)

    received = []
    while (message := await alices.receive_output(SECONDS))["type"] == "websocket.send":
        received.append(message)
    frames = [Frame.from_bytes(message["bytes"]) for message in received if "bytes" in message]
    states = [json.loads(message["text"]) for message in received if "text" in message]
    assert len(frames) <= 3
    assert frames[-1] == frame(24)
    assert states[-1]["state"] == "done"
    assert states[-1]["picture"] == image.get_absolute_url()
    assert message["code"] == sockets.ENDED


async def test_a_cancellation_is_heard_and_ends_the_view(alices, running_job):
    await alices.connect()
    await alices.next_json()
    await sync_to_async(jobs.cancel)(job_id=running_job.id)
    assert (await alices.next_json())["state"] == "cancelled"
    assert await alices.close_code() == sockets.ENDED


async def test_the_start_of_a_waiting_job_is_heard(job, alice, session_of):
    client = socket(job.id, await sync_to_async(session_of)(alice))
    await client.connect()
    assert (await client.next_json())["state"] == "queued"
    await sync_to_async(jobs.claim)(job_id=job.id)
    assert (await client.next_json())["state"] == "running"
    await client.disconnect()


async def test_the_view_of_an_ended_job_says_so_and_ends(alices, running_job):
    await publish(running_job, 5)
    await sync_to_async(jobs.fail)(job=running_job, failure=Job.Failure.ENGINE, detail="")
    await alices.connect()
    assert (await alices.next_json())["state"] == "failed"
    assert await alices.close_code() == sockets.ENDED


async def test_a_moderator_may_watch(running_job, admin, session_of):
    client = socket(running_job.id, await sync_to_async(session_of)(admin))
    assert await client.connect() is None
    await client.disconnect()


async def test_others_and_unknown_jobs_are_not_found(running_job, alice, bob, session_of):
    bobs = await sync_to_async(session_of)(bob)
    alices = await sync_to_async(session_of)(alice)
    for client in (
        socket(running_job.id, bobs),
        socket(running_job.id),
        socket(running_job.id, "no-such-session"),
        socket(uuid.uuid4(), alices),
        socket("not-a-uuid", alices),
    ):
        assert await client.connect() == sockets.NOT_FOUND


async def test_a_page_of_another_site_gets_no_socket(running_job, alice, session_of):
    session = await sync_to_async(session_of)(alice)
    client = socket(running_job.id, session, origin="https://elsewhere.example")
    assert await client.connect() is not None


async def test_frames_reach_the_sockets_of_their_own_job_alone(alices, running_job, bob, session_of):
    from tests.generator.wishes import ask

    other = await sync_to_async(ask)(bob)
    bobs = socket(other.id, await sync_to_async(session_of)(bob))
    for client in (alices, bobs):
        await client.connect()
        await client.next_json()
    await publish(running_job, 1)
    assert await next_frame(alices) == frame(1)
    assert await bobs.receive_nothing(0.3)
    await alices.disconnect()
    await bobs.disconnect()


async def test_a_client_that_talks_is_cut_off(alices):
    await alices.connect()
    await alices.next_json()
    await alices.say("hello")
    assert await alices.close_code() == sockets.UNEXPECTED_MESSAGE


@pytest.fixture
def quick_rechecks(monkeypatch):
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.1)


async def test_a_lost_tick_is_made_up_for(quick_rechecks, alices, running_job):
    await alices.connect()
    await alices.next_json()
    await sync_to_async(jobs.record_step)(job=running_job, step=9, loss=0.5)  # and no tick
    assert (await alices.next_json())["step"] == 9
    await alices.disconnect()


async def test_signing_out_ends_the_view(quick_rechecks, running_job, alice, session_of):
    session = await sync_to_async(session_of)(alice)
    client = socket(running_job.id, session)
    await client.connect()
    await client.next_json()
    await sync_to_async(sign_out)(session)
    assert await client.close_code() == sockets.NOT_FOUND


def sign_out(session: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    client.logout()


async def test_a_right_that_is_lost_ends_the_view(quick_rechecks, running_job, admin, session_of):
    client = socket(running_job.id, await sync_to_async(session_of)(admin))
    await client.connect()
    await client.next_json()
    await User.objects.filter(pk=admin.pk).aupdate(is_superuser=False)
    assert await client.close_code() == sockets.NOT_FOUND


async def test_without_valkey_the_socket_says_to_come_again(alices, settings):
    layers = settings.CHANNEL_LAYERS
    config = {**layers["default"]["CONFIG"], "hosts": ["unix:///nowhere/valkey.sock"]}
    settings.CHANNEL_LAYERS = {"default": {**layers["default"], "CONFIG": config}}
    assert await alices.connect() == sockets.TRY_AGAIN_LATER
