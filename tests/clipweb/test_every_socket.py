"""Every socket of the app: who is let in, and what they hear. One that is not in the table fails."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from clipweb.asgi import socket_addresses
from gallery import live
from gallery.models import Case, Decision, Image, Suspension, User
from gallery.moderation.roles import Role, ensure_groups
from gallery.sockets import NOT_FOUND
from generator import jobs
from generator.models import Job
from tests.generator.websocket_client import WebSocketClient
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)

ALL = {"visitor", "suspended", "member", "owner", "moderator", "admin"}
WATCHERS = {"owner", "moderator", "admin"}
# The address of each socket, of Alice's running job and for those who ask, and whom it lets in.
TABLE: dict[str, tuple[Callable[[Job], str], set[str]]] = {
    "ws/gallery/": (lambda job: "/ws/gallery/", ALL - {"visitor", "suspended"}),
    "ws/jobs/<uuid:job_id>/": (lambda job: f"/ws/jobs/{job.pk}/", WATCHERS),
    "": (lambda job: "/ws/unknown/", set()),
}
SILENCE = 0.3  # seconds, longer than changes are gathered


def test_every_socket_is_in_the_table():
    assert {str(address.pattern) for address in socket_addresses} == set(TABLE)


@pytest.fixture
def sessions(alice, bob, admin) -> dict[str, str]:
    ensure_groups()
    moderator, suspended = (User.objects.create_user(name) for name in ("moderator", "suspended"))
    moderator.groups.add(Group.objects.get(name=Role.MODERATOR))  # by hand: the audit log would stay behind
    people = {"owner": alice, "member": bob, "admin": admin, "moderator": moderator, "suspended": suspended}
    found = {"visitor": ""}
    for role, person in people.items():
        client = Client()
        client.force_login(person)
        found[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    case = Case.objects.create(kind=Case.Kind.PERSON, key=suspended.pk, owner=suspended)
    decision = Decision.objects.create(case=case, actions=["suspend"])
    Suspension.objects.create(person=suspended, decision=decision, scope=Suspension.Scope.SIGN_IN)
    return found


@pytest.fixture
def job(alice) -> Job:
    return jobs.claim(job_id=ask(alice).pk)


@pytest.mark.parametrize("address", TABLE)
async def test_a_socket_lets_in_who_may_hear_it(sessions, job, address):
    path, welcome = TABLE[address]
    let_in = set()
    for role, session in sessions.items():
        socket = WebSocketClient(path(job), session=session)
        code = await socket.connect()
        assert code in {None, NOT_FOUND}
        if code is None:
            let_in.add(role)
            await socket.disconnect()
    assert let_in == welcome


@pytest.mark.parametrize("address", TABLE)
async def test_a_socket_is_opened_by_the_sites_own_pages_alone(sessions, job, address):
    for origin in ("https://elsewhere.example", "null", ""):
        socket = WebSocketClient(TABLE[address][0](job), session=sessions["owner"], origin=origin)
        assert await socket.connect() is not None


async def test_of_a_picture_that_changes_its_owner_alone_hears(sessions, alice):
    sockets = {role: WebSocketClient("/ws/gallery/", session=session) for role, session in sessions.items()}
    sockets = {role: socket for role, socket in sockets.items() if await socket.connect() is None}
    image = await sync_to_async(picture_of)(alice)
    await sync_to_async(live.announce)(owner_id=alice.pk, image_id=image.pk)
    assert (await sockets["owner"].next_json())["pictures"][0]["id"] == str(image.pk)
    assert [role for role, socket in sockets.items() if not await socket.receive_nothing(SILENCE)] == []
    for socket in sockets.values():
        await socket.disconnect()


async def test_the_page_of_a_job_is_told_of_no_picture_that_is_in_the_trash(sessions, job, alice):
    image = await sync_to_async(picture_of)(alice, trashed=True)
    await Job.objects.filter(pk=job.pk).aupdate(state=Job.State.DONE, image=image)
    for role in WATCHERS:
        socket = WebSocketClient(f"/ws/jobs/{job.pk}/", session=sessions[role])
        assert await socket.connect() is None
        assert (await socket.next_json())["picture"] is None


def picture_of(owner: User, *, trashed: bool = False) -> Image:
    trashed_at = timezone.now() if trashed else None
    return Image.objects.create(
        owner=owner, sha256="a", byte_size=1, width=1, height=1, is_hidden=True, trashed_at=trashed_at
    )
