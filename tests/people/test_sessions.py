"""Where somebody is signed in, and ending that from elsewhere."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from asgiref.sync import sync_to_async
from django.conf import settings as project_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gallery.people.sessions import SEEN_EVERY, SEEN_KEY, device_of
from gallery.sockets import NOT_FOUND
from tests.conftest import PASSWORD
from tests.generator.websocket_client import WebSocketClient

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.6 Mobile/15E148 Safari/604.1"
)
PAGE = reverse("gallery:sessions")
SOON = 2.0  # seconds; sockets look by themselves only every 15


def signed_in(person, user_agent: str, address: str = "203.0.113.7") -> Client:
    client = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=address)
    client.force_login(person)
    assert client.get(reverse("gallery:mine")).status_code == 200
    return client


def test_the_page_names_each_session_and_those_of_nobody_else(alice, bob):
    here = signed_in(alice, FIREFOX)
    signed_in(alice, PHONE, "2001:db8::7")
    signed_in(bob, FIREFOX, "198.51.100.1")
    page = here.get(PAGE).content.decode()
    for text in ("Firefox, Linux", "Safari, iPhone", "203.0.113.7", "2001:db8::7"):
        assert text in page
    assert page.count("This one") == 1
    assert "198.51.100.1" not in page


def test_one_session_is_ended_and_the_others_stay(alice):
    here, phone, third = signed_in(alice, FIREFOX), signed_in(alice, PHONE), signed_in(alice, "curl/8")
    ended = UserSession.objects.get(user_agent=PHONE)
    assert here.post(PAGE, {"session": ended.pk}).url == PAGE
    assert phone.get(PAGE).status_code == 302
    assert here.get(PAGE).status_code == third.get(PAGE).status_code == 200


def test_all_others_are_ended_at_once(alice):
    here, phone, third = signed_in(alice, FIREFOX), signed_in(alice, PHONE), signed_in(alice, "curl/8")
    assert "2 sessions were ended." in here.post(PAGE, {"others": "1"}, follow=True).content.decode()
    assert [client.get(PAGE).status_code for client in (here, phone, third)] == [200, 302, 302]


@pytest.mark.parametrize(("form", "status"), [({}, 400), ({"session": "x"}, 400), ({"session": "9"}, 404)])
def test_what_is_no_session_ends_none(alice, form, status):
    here = signed_in(alice, FIREFOX)
    assert here.post(PAGE, form).status_code == status
    assert here.get(PAGE).status_code == 200


def test_nobody_ends_a_session_of_somebody_else(alice, bob):
    here, other = signed_in(alice, FIREFOX), signed_in(bob, FIREFOX)
    strange = UserSession.objects.get(user=bob)
    assert here.post(PAGE, {"session": strange.pk}).status_code == 404
    assert other.get(PAGE).status_code == 200


def test_a_new_password_ends_the_other_sessions(alice):
    here, phone = signed_in(alice, FIREFOX), signed_in(alice, PHONE)
    new = "another horse battery"
    here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert here.get(PAGE).status_code == 200
    assert phone.get(PAGE).status_code == 302
    assert here.get(PAGE).content.decode().count("Last used") == 1


def test_use_is_noted_every_few_minutes_and_not_by_each_picture(alice):
    here = signed_in(alice, FIREFOX)
    before = timezone.now() - 2 * timedelta(seconds=SEEN_EVERY)
    UserSession.objects.update(last_seen_at=before)
    here.get(reverse("gallery:mine"))
    assert UserSession.objects.get().last_seen_at == before
    session = here.session
    session[SEEN_KEY] -= SEEN_EVERY
    session.save()
    here.get(reverse("gallery:mine"), headers={"sec-fetch-dest": "image"})
    assert UserSession.objects.get().last_seen_at == before
    here.get(reverse("gallery:mine"))
    assert UserSession.objects.get().last_seen_at > before


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        (PHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537", "Chrome, Android"),
        ("curl/8.5", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_named_in_words(user_agent, device):
    assert device_of(user_agent) == device


@pytest.mark.django_db(transaction=True)
async def test_the_live_pages_of_an_ended_session_close_at_once(alice):
    here = await sync_to_async(signed_in)(alice, FIREFOX)
    phone = await sync_to_async(signed_in)(alice, PHONE)
    sockets = []
    for client in (here, phone):
        session = client.cookies[project_settings.SESSION_COOKIE_NAME].value
        sockets.append(WebSocketClient("/ws/gallery/", session=session))
        assert await sockets[-1].connect() is None
    await sync_to_async(here.post)(PAGE, {"others": "1"})
    closing = await sockets[1].receive_output(SOON)
    assert (closing["type"], closing["code"]) == ("websocket.close", NOT_FOUND)
    assert await sockets[0].receive_nothing(0.3)
    await sockets[0].disconnect()


@pytest.mark.django_db(transaction=True)
async def test_a_session_from_before_a_new_password_opens_no_socket(alice):
    phone = await sync_to_async(signed_in)(alice, PHONE)
    alice.set_password("another horse battery")
    await alice.asave()
    session = phone.cookies[project_settings.SESSION_COOKIE_NAME].value
    assert await WebSocketClient("/ws/gallery/", session=session).connect() == NOT_FOUND


@pytest.mark.django_db(transaction=True)
async def test_staff_without_the_second_factor_open_no_socket(admin, settings):
    client = await sync_to_async(signed_in)(admin, FIREFOX)
    settings.STAFF_TWO_FACTOR = True
    session = client.cookies[project_settings.SESSION_COOKIE_NAME].value
    assert await WebSocketClient("/ws/gallery/", session=session).connect() == NOT_FOUND
