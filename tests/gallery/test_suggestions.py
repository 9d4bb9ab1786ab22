"""What a search box offers: only words that the typing person may see, and their own searches."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone

from gallery.models import Image
from gallery.suggestions import suggest
from gallery.tagging import set_tags

URL = "/search/suggestions"


def offered(client, typed: str) -> list[str]:
    return [item["text"] for item in client.get(URL, {"q": typed}).json()["suggestions"]]


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def seaside(alice, store) -> Image:
    image = store(alice, title="Sunrise at the sea")
    Image.objects.filter(pk=image.pk).update(
        caption="We were up early. A sunny morning, with nobody else about; then rain."
    )
    set_tags(image=image, names=["sunday", "midsummer", "sea"])
    return image


def test_tags_titles_and_captions_complete_the_words(alices, seaside):
    items = alices.get(URL, {"q": "Sun"}).json()["suggestions"]
    assert [(item["kind"], item["text"]) for item in items] == [
        ("Tag", "sunday"),
        ("Title", "Sunrise at the sea"),
        ("Caption", "sunny morning, with nobody else about"),
    ]
    assert {item["address"] for item in items} == {""}
    assert [item["query"] for item in items] == [item["text"] for item in items]


def test_the_last_term_of_a_mix_is_completed(alices, seaside):
    items = alices.get(URL, {"q": "2*beach - 0.5*mid"}).json()["suggestions"]
    assert [item["query"] for item in items] == ["2*beach - 0.5*midsummer"]
    assert offered(alices, 'beach + "mid') == []


def test_words_that_would_be_a_mix_are_quoted(alices, alice, store):
    store(alice, title="Rock + roll")
    (item,) = alices.get(URL, {"q": "jazz + rock"}).json()["suggestions"]
    assert item["query"] == 'jazz + "Rock + roll"'


def test_what_begins_with_the_words_comes_first_and_nothing_twice(alices, alice, store):
    for title in ("A red car", "Scarred tree", "Red", "red", "Car, red", "reddish"):
        store(alice, title=title)
    assert offered(alices, "red") == ["Red", "reddish", "A red car", "Car, red"]


@pytest.mark.parametrize("typed", ["", "s", " ", "%", "_", "\0", "x" * 600, "zzz"])
def test_too_little_or_nothing_known_offers_nothing(alices, seaside, typed):
    assert offered(alices, typed) == []


@pytest.mark.parametrize("person", ["owner", "member", "visitor", "moderator"])
@pytest.mark.parametrize("state", ["private", "public", "hidden", "trashed"])
def test_words_on_a_picture_show_to_those_who_may_see_it(client, seaside, alice, bob, admin, person, state):
    Image.objects.filter(pk=seaside.pk).update(
        visibility="private" if state == "private" else "public",
        is_hidden=state == "hidden",
        trashed_at=timezone.now() if state == "trashed" else None,
    )
    people = {"owner": alice, "member": bob, "moderator": admin}
    if person in people:
        client.force_login(people[person])
    may_see = {
        "private": {"owner", "moderator"},
        "public": {"owner", "member", "visitor", "moderator"},
        "hidden": {"owner", "moderator"},
        "trashed": set(),
    }
    for typed in ("sunday", "Sunrise", "sunny"):
        assert bool(offered(client, typed)) == (person in may_see[state])


def test_own_searches_are_offered_with_their_address_also_before_anything_is_typed(alices, seaside):
    alices.post("/search/ask/", {"q": "red + sun", "owner": "mine"})
    alices.post("/search/ask/", {"q": f"picture:{seaside.pk}"})
    alices.post("/searches/save/", {"name": "Sundays", "query": "tag=sunday"})
    for typed in ("", "SUN"):
        own = alices.get(URL, {"q": typed}).json()["suggestions"][:2]
        assert [(item["kind"], item["text"], item["address"]) for item in own] == [
            ("Saved search", "Sundays", "/search/?tag=sunday"),
            ("Recent search", "red + sun", "/search/?q=red+%2B+sun&owner=mine"),
        ]


def test_searches_of_others_are_never_offered(alices, client, bob, admin):
    alices.post("/search/ask/", {"q": "sunken ships"})
    alices.post("/searches/save/", {"name": "Sunken", "query": "q=red"})
    for person in (bob, admin):
        client.force_login(person)
        assert offered(client, "sunk") == offered(client, "") == []
    assert suggest(user=AnonymousUser(), typed="sunk") == []


def test_kinds_are_said_in_the_readers_language(alices, seaside):
    items = alices.get(URL, {"q": "sunday"}, headers={"accept-language": "sv"}).json()["suggestions"]
    assert [item["kind"] for item in items] == ["Tagg"]


def test_who_asks_without_a_pause_is_told_to_wait(alices, settings, seaside):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "suggestions": (1, 60)}
    assert alices.get(URL, {"q": "sun"}).status_code == 200
    response = alices.get(URL, {"q": "sun"})
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 120


def test_without_the_cache_nobody_is_stopped(alices, settings, seaside, tmp_path):
    nobody = {**settings.CACHES["default"], "LOCATION": f"unix://{tmp_path}/nobody.sock"}
    settings.CACHES = {"default": nobody}
    assert offered(alices, "sunday") == ["sunday"]


def test_the_answer_is_nobody_elses(alices, db):
    response = alices.get(URL)
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert alices.post(URL).status_code == 405
    assert f'data-suggestions="{reverse("gallery:suggestions")}"' in alices.get("/gallery/").content.decode()
