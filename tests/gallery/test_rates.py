"""How often one may ask: each limit on its page, who is counted as whom, and life without the cache."""

import logging
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.urls import reverse

from clipweb.environment import env_rates
from clipweb.limits import DEFAULT_LIMITS
from gallery.rates import Rate, TooOften, TooOftenMiddleware, asker, wait_for
from gallery.sockets import TRY_AGAIN_LATER
from tests.conftest import PASSWORD
from tests.gallery.drawing import png
from tests.generator.websocket_client import WebSocketClient
from tests.processes import ROOT

TUS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "9",
    "Upload-Metadata": "filename YQ==,visibility cHJpdmF0ZQ==",
}
WISH = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5"}
GRID = {
    "prompts": "a rose\na tulip",
    "column_setting": "seed",
    "column_values": "1 2",
    "size": 128,
    "steps": 9,
}


@pytest.fixture
def once(settings):
    """Whatever is named may be asked for once an hour, and all else as often as wanted."""

    def once(*names: str) -> None:
        settings.RATE_LIMITS = {name: (1, 3600) if name in names else None for name in settings.RATE_LIMITS}

    return once


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def is_refused(response) -> str:
    """The page, which says when to come again, and so does the header."""
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 2 * 3600
    page = response.content.decode()
    assert "too often in a short time" in page
    return page


def test_searching_by_words_too_often_keeps_the_words(alices, once, encoder, valkey):
    once("searches")
    assert alices.get("/search/", {"q": "red"}).status_code == 200
    page = is_refused(alices.get("/search/", {"q": "blue", "owner": "mine"}))
    assert 'value="blue"' in page
    assert alices.get("/search/", {"owner": "mine"}).status_code == 200  # a list, which asks no model


def test_more_like_this_counts_as_a_search(alices, alice, once, store, embed, encoder):
    once("searches")
    embed(image := store(alice), 1, 0, 0)
    address = reverse("gallery:similar", args=[image.pk])
    assert alices.get(address).status_code == 200
    is_refused(alices.get(address))


def test_labelling_too_often_keeps_the_labels(alices, alice, once, store, embed, encoder):
    once("labels")
    embed(image := store(alice), 1, 0, 0)
    asked = {"picture": image.pk, "labels": "red\nblue"}
    assert alices.get("/which/", asked).status_code == 200
    assert "red\nblue" in is_refused(alices.get("/which/", asked))
    is_refused(alices.get("/which/csv", asked))


def test_uploads_by_the_form_are_counted_file_by_file(alices, once):
    once("uploads")
    files = {"files": [png(seed=1), png(seed=2)], "visibility": "private"}
    page = alices.post("/upload/", files)
    assert page.status_code == 200  # one of them came in
    assert [outcome.status for outcome in page.context["outcomes"]] == [201, 429]
    again = {"files": [png(seed=3)], "visibility": "private"}
    is_refused(alices.post("/upload/", again))
    refused = alices.post(
        "/upload/", {**again, "files": [png(seed=3)]}, headers={"accept": "application/json"}
    )
    assert refused.json()["code"] == "too_often"
    is_refused(refused)


def test_uploads_piece_by_piece_are_counted_by_their_beginning(alices, once):
    once("uploads")
    assert alices.post("/uploads/", headers=TUS).status_code == 201
    assert is_refused(alices.post("/uploads/", headers=TUS))


@pytest.mark.parametrize(("address", "wish"), [("/studio/", WISH), ("/studio/batches/new/", GRID)])
def test_asking_for_pictures_too_often_keeps_the_wish(alices, once, address, wish):
    once("jobs")
    assert alices.post(address, wish).status_code == 302
    words = wish.get("prompt") or wish["prompts"]
    assert words in is_refused(alices.post(address, wish))


def test_reporting_too_often_keeps_the_note(alices, bob, once, store):
    once("reports")
    for number in range(2):
        address = reverse("gallery:report", args=["image", store(bob, public=True).pk])
        response = alices.post(address, {"reason": "spam", "note": f"note {number}"})
    assert "note 1" in is_refused(response)


@pytest.mark.django_db(transaction=True)
async def test_opening_sockets_too_often_is_refused_before_anything_is_asked(once):
    once("sockets")
    codes = [await WebSocketClient("/ws/gallery/").connect() for _number in range(2)]
    assert codes[1] == TRY_AGAIN_LATER != codes[0]


def test_where_a_view_says_nothing_itself_there_is_the_page_of_429(db):
    request = request_of(AnonymousUser(), "192.0.2.1")
    middleware = TooOftenMiddleware(lambda request: None)
    response = middleware.process_exception(request, TooOften(200))
    assert "Try again in 4 minutes." in is_refused(middleware.process_response(request, response))
    assert middleware.process_exception(request, ValueError()) is None


def test_the_wait_is_said_in_seconds_or_minutes():
    assert TooOften(1).words.endswith("Try again in 1 second.")
    assert TooOften(91).words.endswith("Try again in 2 minutes.")


def test_the_guessing_of_passwords_is_told_when_to_come_again(client, db, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    for _number in range(2):
        response = client.post(reverse("account_login"), {"login": "alice", "password": "guess"})
    assert (response.status_code, response["Retry-After"]) == (429, "60")


def request_of(user, address: str):
    request = RequestFactory().get("/", REMOTE_ADDR=address, headers={"x-forwarded-for": "192.0.2.99"})
    request.user = user
    return request


def test_people_are_counted_by_account_and_visitors_by_address(alice, bob):
    visitor = AnonymousUser()
    assert asker(request_of(alice, "192.0.2.1")) == asker(request_of(alice, "192.0.2.2"))
    assert asker(request_of(alice, "192.0.2.1")) != asker(request_of(bob, "192.0.2.1"))
    assert asker(request_of(visitor, "192.0.2.1")) != asker(request_of(visitor, "192.0.2.2"))
    assert asker(request_of(visitor, "192.0.2.1")) == asker(request_of(visitor, "::ffff:192.0.2.1"))
    assert asker(request_of(visitor, "2001:db8::1")) == asker(request_of(visitor, "2001:db8::ffff:1:2:3"))
    assert asker(request_of(visitor, "2001:db8::1")) != asker(request_of(visitor, "2001:db8:0:1::1"))
    assert asker(request_of(visitor, "")) == "address-"


def test_the_window_slides(valkey):
    begin = 1_000_000_000.0  # where a window of 100 s begins
    ask = {"times": 10, "seconds": 100}
    assert [wait_for("slide", now=begin + 90, **ask) for _number in range(11)] == [0] * 10 + [20]
    assert wait_for("slide", now=begin + 101, **ask) == 9  # all ten were asked for within the last 100 s
    assert [wait_for("slide", now=begin + 150, **ask) for _number in range(6)] == [0] * 5 + [10]
    assert wait_for("slide", now=begin + 500, **ask) == 0


def test_what_is_refused_does_not_prolong_the_wait(valkey):
    ask = {"times": 2, "seconds": 100, "now": 1_000_000_050.0}
    waits = [wait_for("patience", **ask) for _number in range(30)]
    assert waits[:2] == [0, 0]
    assert len(set(waits[2:])) == 1


def test_a_limit_that_is_off_counts_nothing(settings, valkey):
    settings.RATE_LIMITS = {"searches": None}
    for _number in range(5):
        Rate("searches").count_asker("somebody")
    assert valkey.keys() == []


def test_without_the_cache_everybody_is_let_through_and_it_is_logged_once(settings, tmp_path, caplog):
    nobody = {**settings.CACHES["default"], "LOCATION": f"unix://{tmp_path}/nobody.sock"}
    there = settings.CACHES
    settings.RATE_LIMITS = {"searches": (1, 60)}
    with caplog.at_level(logging.WARNING, logger="gallery.rates"):
        for caches, messages in (({"default": nobody}, 1), (there, 1), ({"default": nobody}, 2)):
            settings.CACHES = caches
            for _number in range(3 if caches is not there else 1):
                Rate("searches").count_asker("somebody")
            assert len(caplog.records) == messages


def test_without_the_cache_no_password_is_tried_and_the_page_says_so(client, alice, settings, tmp_path):
    there = settings.CACHES
    settings.CACHES = {"default": {**there["default"], "LOCATION": f"unix://{tmp_path}/nobody.sock"}}
    form = {"login": "alice", "password": PASSWORD}
    response = client.post(reverse("account_login"), form)
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert "Just a moment" in response.content.decode()
    assert "_auth_user_id" not in client.session
    settings.CACHES = there
    assert client.post(reverse("account_login"), form).status_code == 302


def test_limits_are_read_from_one_variable(monkeypatch):
    known = {"searches": (600, 60), "jobs": (600, 3600)}
    monkeypatch.setenv("LIMITS", "searches=5/10, jobs=off")
    assert env_rates("LIMITS", known) == {"searches": (5, 10), "jobs": None}
    monkeypatch.delenv("LIMITS")
    assert env_rates("LIMITS", known) == known


@pytest.mark.parametrize("wrong", ["searches", "searches=5", "searches=0/60", "searches=-1/60", "stones=1/1"])
def test_a_limit_that_cannot_be_read_is_named(monkeypatch, wrong):
    monkeypatch.setenv("LIMITS", wrong)
    with pytest.raises(ImproperlyConfigured, match="LIMITS: "):
        env_rates("LIMITS", {"searches": (600, 60)})


def test_the_readme_says_what_the_limits_are():
    listed = dict(re.findall(r"`([\w-]+)=(\d+/\d+)`", (ROOT / "README.md").read_text()))
    assert listed == {name: f"{times}/{seconds}" for name, (times, seconds) in DEFAULT_LIMITS.items()}
