"""Searching by a picture that is not stored: what stays of it, and what its address is worth."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from gallery.embedding import store_vector
from gallery.models import Image, QueryPicture
from gallery.tasks import forget_query_pictures
from tests.gallery.colour_model import direction
from tests.gallery.drawing import encoded, plain, png, upload

URL = "/search/picture/"


@pytest.fixture
def coloured(client, alice, store, embed, encoder) -> dict[str, Image]:
    client.force_login(alice)
    images = {}
    for name, colour in {"red": (1, 0, 0), "yellow": (1, 1, 0), "blue": (0, 0, 1)}.items():
        images[name] = store(alice, title=name)
        embed(images[name], *colour)
    return images


def ask(client, file: SimpleUploadedFile, **form: str):
    return client.post(URL, {"file": file, **form})


def titles(response) -> list[str]:
    return [hit.image.title for hit in response.context["results"].hits]


def test_a_picture_finds_those_like_it_at_an_address_that_can_be_opened_again(client, coloured, alice):
    response = ask(client, png(color="blue"))
    (kept,) = QueryPicture.objects.all()
    assert response.status_code == 302
    assert response["Location"] == f"/search/?q=given%3A{kept.pk}"
    for _again in range(2):
        page = client.get(response["Location"])
        assert titles(page) == ["blue", "red", "yellow"]
        assert "The given picture" in page.content.decode()
    assert kept.asker == alice


def test_nothing_of_the_picture_stays_but_its_vector(client, coloured, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "temporary"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 100  # bytes, so that Django writes it to a file
    before = [
        path for folder in (settings.MEDIA_ROOT, settings.UPLOADS_DIR) for path in Path(folder).rglob("*")
    ]
    ask(client, png(color="red", name="my secret.png"))
    after = [
        path for folder in (settings.MEDIA_ROOT, settings.UPLOADS_DIR) for path in Path(folder).rglob("*")
    ]
    assert after == before
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    assert Image.objects.count() == len(coloured)
    (kept,) = QueryPicture.objects.values()
    assert set(kept) == {"id", "asker_id", "model_id", "dim", "vector", "created_at", "expires_at"}
    assert len(kept["vector"]) == 4 * kept["dim"] == 16


def test_filters_go_along_and_pages_lead_on(client, coloured, monkeypatch):
    monkeypatch.setattr("gallery.search.PAGE_SIZE", 2)
    address = ask(client, png(color="red"), owner="mine")["Location"]
    assert address.endswith("&owner=mine")
    page = client.get(address)
    assert page.context["page_query"] + "page=2" in page.content.decode().replace("&amp;", "&")
    assert titles(client.get(address + "&page=2")) == ["blue"]


def test_it_can_be_mixed_with_words_and_pictures(client, coloured):
    ask(client, png(color="yellow"))
    term = f"given:{QueryPicture.objects.get().pk}"
    assert titles(client.get("/search/", {"q": f"{term} - red"}))[-1] == "red"
    mixed = client.get("/search/", {"q": f"0.2*{term} + 3*picture:{coloured['blue'].pk} + blue"})
    assert titles(mixed) == ["red", "yellow"] or titles(mixed) == ["yellow", "red"]


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        (lambda: upload(b"Dear picture,"), 400, "This is not a picture"),
        (lambda: upload(b""), 400, "The file is empty"),
        (lambda: upload(encoded(plain("red"))[:90]), 400, "damaged"),
        (lambda: png(color="red"), 413, "too many pixels"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_nothing_is_kept(
    client, coloured, settings, file, status, said
):
    if status == 413:
        settings.UPLOAD_MAX_PIXELS = 100
    response = ask(client, file())
    assert response.status_code == status
    assert said in response.content.decode()
    assert not QueryPicture.objects.exists()


def test_without_a_file_the_page_asks_for_one(client, coloured):
    response = client.post(URL)
    assert response.status_code == 400
    assert "Choose a picture to search by." in response.content.decode()
    assert client.get(URL).status_code == 405


def test_an_encoder_that_is_away_is_told_with_503(client, coloured, no_encoder):
    response = ask(client, png(color="red"))
    assert response.status_code == 503
    assert "is not answering" in response.content.decode()


def test_too_many_in_an_hour_are_refused_with_429_whoever_asks(client, coloured, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "query-pictures": (1, 3600)}
    for sign_out in (False, True):
        if sign_out:
            client.logout()
        assert ask(client, png(color="red")).status_code == 302
        response = ask(client, png(color="red"))
        assert response.status_code == 429
        assert "Try again in" in response.content.decode()
    assert QueryPicture.objects.count() == 2


def test_the_link_can_be_given_to_others_who_find_what_they_may_see(client, coloured, bob, store, embed):
    address = ask(client, png(color="red"))["Location"]
    embed(store(bob, title="public red", public=True), 1, 0.1, 0)
    client.logout()
    assert titles(client.get(address)) == ["public red"]


def test_when_its_time_is_over_the_address_says_what_to_do_and_the_vector_goes(client, coloured):
    address = ask(client, png(color="red"))["Location"]
    client.logout()
    ask(client, png(color="red"))
    of_member, of_visitor = QueryPicture.objects.order_by("asker")[::-1]
    assert of_visitor.asker is None or of_member.asker is None
    lives = sorted((kept.expires_at - timezone.now()).days for kept in (of_member, of_visitor))
    assert lives == [0, 29]  # a visitor's a day
    QueryPicture.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = client.get(address)
    assert response.status_code == 404
    assert "Choose the picture again. (at character 1)" in response.content.decode()
    assert forget_query_pictures() == 2
    assert not QueryPicture.objects.exists()
    assert client.get(address).status_code == 404


def test_after_a_change_of_the_model_the_address_says_what_to_do(client, coloured):
    address = ask(client, png(color="red"))["Location"]
    QueryPicture.objects.update(model_id="the model before")
    for changed in (address, address + "+%2B+blue"):
        response = client.get(changed)
        assert response.status_code == 409
        assert "a model that is no longer in use" in response.content.decode()
    store_vector(image=coloured["red"], model_id="the model before", vector=direction((1, 0, 0)))
    assert client.get(address).status_code == 200


def test_a_person_who_leaves_takes_the_vectors_along(client, coloured, alice):
    ask(client, png(color="red"))
    alice.delete()
    assert not QueryPicture.objects.exists()


@pytest.mark.parametrize("text", ["given:00000000-0000-4000-8000-000000000000", "given:nothing"])
def test_made_up_ids_are_told(client, coloured, text):
    response = client.get(reverse("gallery:search"), {"q": f"red + {text}"})
    assert response.status_code == (400 if "nothing" in text else 404)
    assert "(at character 7)" in response.content.decode()
