"""The bodies of requests through the whole ASGI application: streamed or limited, never piled up on disk."""

import asyncio
import tempfile
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from clipweb import bodies
from clipweb.asgi import application
from gallery.models import Upload, User
from gallery.receiving import create_upload

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 10


class Request(ApplicationCommunicator):
    """A request whose body comes in parts, when the test says so."""

    def __init__(self, method: str, path: str, **headers: str) -> None:
        lines = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
        }
        super().__init__(application, scope)

    async def say(self, body: bytes, *, more: bool = True) -> None:
        await self.send_input({"type": "http.request", "body": body, "more_body": more})

    async def break_off(self) -> None:
        await self.send_input({"type": "http.disconnect"})

    async def status(self) -> int:
        return (await self.receive_output(SECONDS))["status"]


def patching(user: User, upload: Upload) -> Request:
    client = Client()
    client.force_login(user)
    token = "t" * 32
    cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
    cookies[settings.CSRF_COOKIE_NAME] = token
    return Request(
        "PATCH",
        f"/uploads/{upload.pk}",
        cookie="; ".join(f"{name}={value}" for name, value in cookies.items()),
        x_csrftoken=token,
        content_type="application/offset+octet-stream",
        tus_resumable="1.0.0",
        upload_offset=str(upload.offset),
    )


async def until(condition: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not await sync_to_async(condition)():
            await asyncio.sleep(0.01)


@pytest.fixture
def upload(alice) -> Upload:
    return create_upload(owner=alice, length=1000)


@pytest.fixture
def no_spooling(monkeypatch) -> None:
    def spooled(*args: object, **options: object) -> None:
        raise AssertionError("the body was spooled")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", spooled)


async def test_a_piece_is_written_while_it_comes(alice, upload, no_spooling):
    request = await sync_to_async(patching)(alice, upload)
    await request.say(b"a" * 300)
    await request.say(b"b" * 200)
    await request.say(b"", more=False)
    assert await request.status() == 204
    await upload.arefresh_from_db()
    assert upload.offset == 500
    assert upload.path.read_bytes() == b"a" * 300 + b"b" * 200


async def test_a_piece_that_breaks_off_counts_as_far_as_it_came(alice, upload):
    request = await sync_to_async(patching)(alice, upload)
    await request.say(b"a" * 300)
    await request.break_off()
    await until(lambda: Upload.objects.get().offset == 300)
    again = await sync_to_async(patching)(alice, await Upload.objects.aget())
    await again.say(b"b" * 700, more=False)
    assert await again.status() == 204


async def test_a_sender_that_falls_silent_holds_nothing_up(alice, upload, monkeypatch):
    monkeypatch.setattr(bodies, "SILENCE_SECONDS", 0.1)
    request = await sync_to_async(patching)(alice, upload)
    await request.say(b"a" * 300)
    await until(lambda: Upload.objects.get().offset == 300)


async def test_a_piece_is_cut_at_the_declared_length(alice, upload):
    request = await sync_to_async(patching)(alice, upload)
    await request.say(b"a" * 5000)
    assert await request.status() == 204
    assert upload.path.stat().st_size == 1000


async def test_a_stranger_is_refused_before_the_body_comes(alice, bob, upload):
    request = await sync_to_async(patching)(bob, upload)
    assert await request.status() == 404


async def test_a_body_that_says_it_is_too_large_is_refused_unread():
    request = Request("POST", "/accounts/login/", content_length=str(10**12))
    assert await request.status() == 413


async def test_a_body_that_turns_out_too_large_is_refused_where_it_does(settings):
    settings.UPLOAD_MAX_BYTES = settings.UPLOAD_FORM_MAX_BYTES = 100
    for path in ("/accounts/login/", "/upload/"):
        request = Request("POST", path, transfer_encoding="chunked")
        await request.say(b"x" * bodies.BESIDE_FILES)
        await request.say(b"x" * 101)
        assert await request.status() == 413


async def test_the_plain_form_may_carry_several_files(settings):
    assert bodies.limit_of("/upload/") > bodies.limit_of("/search/") > settings.UPLOAD_MAX_BYTES
