"""The socket of a person's own pages, through the whole ASGI application and a real valkey."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from django.urls import reverse

from gallery import consumers, live, sockets
from gallery.models import Image, User
from gallery.preparation import prepare_image
from tests.generator.websocket_client import WebSocketClient

pytestmark = pytest.mark.django_db(transaction=True)


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def alices(alice) -> WebSocketClient:
    return WebSocketClient("/ws/gallery/", session=session_of(alice))


@sync_to_async
def announce(image: Image) -> None:
    live.announce(owner_id=image.owner_id, image_id=image.pk)


async def statuses(client: WebSocketClient) -> list[tuple[str, str, bool]]:
    message = await client.next_json()
    return [(picture["id"], picture["status"], picture["shown"]) for picture in message["pictures"]]


async def test_a_new_picture_is_told_and_so_is_that_it_is_ready(alices, alice, store, encoder):
    assert await alices.connect() is None
    image = await sync_to_async(store)(alice)
    assert await statuses(alices) == [(str(image.pk), "pending", False)]
    await sync_to_async(prepare_image)(image_id=image.pk, attempt=0)
    told = await statuses(alices)
    while told[0][1] != "ready":
        told = await statuses(alices)
    assert told == [(str(image.pk), "ready", True)]
    await alices.disconnect()


async def test_many_changes_at_once_make_one_message(alices, alice, store):
    images = [await sync_to_async(store)(alice) for _ in range(5)]
    await alices.connect()
    for image in images:
        await announce(image)
    assert {row[0] for row in await statuses(alices)} == {str(image.pk) for image in images}
    await alices.disconnect()


async def test_nothing_is_heard_of_other_peoples_pictures(alices, alice, bob, store):
    theirs = await sync_to_async(store)(bob, public=True)
    await alices.connect()
    await announce(theirs)
    await sync_to_async(live.announce)(owner_id=alice.pk, image_id=theirs.pk)  # even if told by mistake
    assert await statuses(alices) == []
    await alices.disconnect()


@pytest.mark.parametrize("session", ["", "no-such-session"])
async def test_visitors_get_no_socket(db, session):
    assert await WebSocketClient("/ws/gallery/", session=session).connect() == sockets.NOT_FOUND


async def test_a_page_of_another_site_gets_no_socket(alice):
    session = await sync_to_async(session_of)(alice)
    client = WebSocketClient("/ws/gallery/", session=session, origin="https://elsewhere.example")
    assert await client.connect() is not None


async def test_signing_out_ends_the_socket(monkeypatch, alice):
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.1)
    session = await sync_to_async(session_of)(alice)
    client = WebSocketClient("/ws/gallery/", session=session)
    await client.connect()
    await sync_to_async(sign_out)(session)
    assert await client.close_code() == sockets.NOT_FOUND


def sign_out(session: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    client.logout()


async def test_a_client_that_talks_is_cut_off(alices):
    await alices.connect()
    await alices.say("hello")
    assert await alices.close_code() == sockets.UNEXPECTED_MESSAGE


async def test_without_valkey_the_socket_says_to_come_again(alices, settings):
    layers = settings.CHANNEL_LAYERS
    config = {**layers["default"]["CONFIG"], "hosts": ["unix:///nowhere/valkey.sock"]}
    settings.CHANNEL_LAYERS = {"default": {**layers["default"], "CONFIG": config}}
    assert await alices.connect() == sockets.TRY_AGAIN_LATER


def test_a_picture_is_stored_also_when_nobody_can_be_told(alice, store, settings):
    layers = settings.CHANNEL_LAYERS
    config = {**layers["default"]["CONFIG"], "hosts": ["unix:///nowhere/valkey.sock"]}
    settings.CHANNEL_LAYERS = {"default": {**layers["default"], "CONFIG": config}}
    assert store(alice).pk


def test_who_hears_nothing_may_ask(client, alice, store):
    client.force_login(alice)
    image = store(alice)
    asked = {"picture": [str(image.pk), str(uuid.uuid4()), "no-uuid"]}
    answer = client.get(reverse("gallery:states"), asked)
    assert answer.json() == {"pictures": [{"id": str(image.pk), "status": "pending", "shown": False}]}
