"""Saved searches and recent ones: each person's own, with all that their addresses say."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gallery import searches
from gallery.models import QueryPicture, RecentSearch, SavedSearch
from gallery.tasks import forget_query_pictures
from tests.gallery.colour_model import direction

ASK, SAVE, LIST = "/search/ask/", "/searches/save/", "/searches/"
QUERY = "q=red+-+blue&colour=red&sort=date"


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def saved(alices) -> SavedSearch:
    alices.post(SAVE, {"name": "Red things", "query": QUERY})
    return SavedSearch.objects.get()


def given_picture(**fields: object) -> QueryPicture:
    vector = direction((1, 0, 0))
    return QueryPicture.objects.create(
        model_id="colours",
        dim=len(vector),
        vector=vector.tobytes(),
        **{"expires_at": timezone.now() + timedelta(days=1), **fields},
    )


def test_a_search_is_saved_with_filters_and_order_and_opened_by_its_name(alices, saved):
    assert saved.get_absolute_url() == f"/search/?{QUERY}"
    page = alices.get(LIST).content.decode()
    assert f'<a href="/search/?{QUERY.replace("&", "&amp;")}">Red things</a>' in page
    assert "red − blue · Main colour: Red · Sort by: Date" in page


def test_every_page_of_results_offers_to_save_it_to_those_who_are_signed_in(
    client, alice, encoder, store, embed
):
    embed(store(alice, public=True), 1, 0, 0)
    assert "Save this search" not in client.get("/search/", {"q": "red"}).content.decode()
    client.force_login(alice)
    assert 'name="query" value="q=red"' in client.get("/search/", {"q": "red"}).content.decode()


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("", 400, "This field is required"),
        ("x" * 81, 400, "at most 80 characters"),
        (" red THINGS ", 409, "You have a saved search of this name."),
    ],
)
def test_a_name_that_will_not_do_is_told_and_the_search_is_not_lost(alices, saved, name, status, said):
    response = alices.post(SAVE, {"name": name, "query": "q=green"})
    assert response.status_code == status
    page = response.content.decode()
    assert said in page
    assert 'name="query" value="q=green"' in page
    assert SavedSearch.objects.count() == 1


def test_another_person_may_use_the_same_name(client, saved, bob):
    client.force_login(bob)
    assert client.post(SAVE, {"name": "Red things", "query": "q=red"}).status_code == 302
    assert SavedSearch.objects.count() == 2


def test_there_is_a_limit(alices, saved, monkeypatch):
    monkeypatch.setattr(searches, "MAX_SAVED", 1)
    response = alices.post(SAVE, {"name": "One more", "query": "q=green"})
    assert response.status_code == 409
    assert "which is the limit" in response.content.decode()


@pytest.mark.parametrize(
    "query", ["", "q=red+%2B", "colour=infrared", f"like={'0' * 8}-{'0' * 4}-4000-8000-{'0' * 12}"]
)
def test_only_what_can_be_searched_for_is_saved(alices, query):
    response = alices.post(SAVE, {"name": "Nothing", "query": query}, follow=True)
    assert "cannot be saved" in response.content.decode()
    assert not SavedSearch.objects.exists()


def test_a_search_is_renamed_and_deleted_after_a_question(alices, saved):
    rename, delete = (reverse(f"gallery:search_{name}", args=[saved.pk]) for name in ("rename", "delete"))
    alices.post(SAVE, {"name": "Green things", "query": "q=green"})
    assert 'value="Red things"' in alices.get(rename).content.decode()
    assert alices.post(rename, {"name": "green things"}).status_code == 409
    assert alices.post(rename, {"name": ""}).status_code == 400
    assert alices.post(rename, {"name": "RED THINGS"}).status_code == 302
    saved.refresh_from_db()
    assert saved.name == "RED THINGS"
    assert "“RED THINGS”" in alices.get(delete).content.decode()
    alices.post(delete)
    assert [search.name for search in SavedSearch.objects.all()] == ["Green things"]


def test_a_saved_search_keeps_the_vector_of_its_picture_as_long_as_it_is_there(alices):
    kept, other = given_picture(), given_picture()
    alices.post(SAVE, {"name": "Like mine", "query": f"q=given:{kept.pk}"})
    QueryPicture.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert forget_query_pictures() == 1
    assert list(QueryPicture.objects.known()) == [kept]
    assert other not in QueryPicture.objects.all()
    SavedSearch.objects.get().delete()
    assert forget_query_pictures() == 1


def test_what_a_search_names_and_is_gone_is_said(alices, alice, store):
    image = store(alice, title="a secret title")
    alices.post(SAVE, {"name": "Like it", "query": f"q=picture:{image.pk}"})
    assert "a secret title" in alices.get(LIST).content.decode()
    image.delete()
    assert "Something that this search names is gone." in alices.get(LIST).content.decode()


def test_asking_notes_the_search_once_and_leads_to_its_address(alices, alice):
    for query in ("red", "green", "red"):
        response = alices.post(ASK, {"q": query, "owner": "mine", "colour": "", "sort": ""})
        assert response["Location"] == f"/search/?q={query}&owner=mine"
    assert [recent.query for recent in RecentSearch.objects.of(alice)] == [
        "q=red&owner=mine",
        "q=green&owner=mine",
    ]
    assert "red · Owner: mine" in alices.get(LIST).content.decode()


def test_looking_at_a_search_notes_nothing(alices, encoder):
    assert alices.get("/search/", {"q": "red"}).status_code == 200
    assert not RecentSearch.objects.exists()


def test_only_the_last_ones_are_kept(alices, monkeypatch):
    monkeypatch.setattr(searches, "MAX_RECENT", 2)
    for query in ("red", "green", "blue"):
        alices.post(ASK, {"q": query})
    assert [recent.query for recent in RecentSearch.objects.all()] == ["q=blue", "q=green"]


@pytest.mark.parametrize("query", ["red +", "x" * 501, "red + picture:cat"])
def test_a_search_that_cannot_be_read_is_told_with_400_and_not_noted(alices, query):
    response = alices.post(ASK, {"q": query})
    assert response.status_code == 400
    assert query in response.content.decode()
    assert not RecentSearch.objects.exists()


def test_asking_for_pictures_like_one_that_is_not_there_is_not_found(alices):
    assert alices.post(ASK, {"q": "red", "like": "00000000-0000-4000-8000-000000000000"}).status_code == 404
    assert not RecentSearch.objects.exists()


def test_asking_for_nothing_leads_to_the_empty_page(alices):
    assert alices.post(ASK, {"q": " ", "colour": ""})["Location"] == "/search/"
    assert not RecentSearch.objects.exists()


def test_recent_searches_are_forgotten_one_by_one_or_all(alices, alice):
    for query in ("red", "green", "blue"):
        alices.post(ASK, {"q": query})
    alices.post(reverse("gallery:search_forget", args=[RecentSearch.objects.get(query="q=green").pk]))
    assert [recent.query for recent in RecentSearch.objects.all()] == ["q=blue", "q=red"]
    clear = reverse("gallery:searches_clear")
    assert "Forget your recent searches?" in alices.get(clear).content.decode()
    alices.post(clear)
    assert not RecentSearch.objects.exists()


def test_who_wants_none_kept_has_none(alices, alice):
    alices.post(ASK, {"q": "red"})
    alices.post("/profile/", {"display_name": "", "language": "en"})
    alice.refresh_from_db()
    assert not alice.keep_searches
    alices.post(ASK, {"q": "green"})
    assert not RecentSearch.objects.exists()
    assert f'action="{ASK}"' not in alices.get("/search/").content.decode()


def test_a_visitors_search_is_answered_and_not_noted(client, db):
    assert f'action="{ASK}"' not in client.get("/search/").content.decode()
    assert client.post(ASK, {"q": "red"})["Location"] == "/search/?q=red"
    assert not RecentSearch.objects.exists()


@pytest.mark.parametrize("person", ["bob", "admin", None])
def test_nobody_else_sees_or_changes_them_moderators_included(client, saved, person, request):
    client.post(ASK, {"q": "green"})
    recent = RecentSearch.objects.get()
    client.logout()
    if person:
        client.force_login(request.getfixturevalue(person))
        assert "Red things" not in client.get(LIST).content.decode()
        client.post(reverse("gallery:searches_clear"))
    expected = 404 if person else 302
    for name, search in {"search_rename": saved, "search_delete": saved, "search_forget": recent}.items():
        address = reverse(f"gallery:{name}", args=[search.pk])
        assert client.post(address, {"name": "mine"}).status_code == expected
        if name != "search_forget":
            assert client.get(address).status_code == expected
    saved.refresh_from_db()
    assert saved.name == "Red things"
    assert RecentSearch.objects.get() == recent
