"""The upload page: by its script, one file a request, and by the plain form."""

import pytest
from django.test import Client
from django.urls import reverse

from gallery.models import Image
from tests.gallery.drawing import png, upload

URL = "/upload/"
JSON = {"accept": "application/json"}


@pytest.fixture
def alices(client, alice) -> Client:
    client.force_login(alice)
    return client


def send_json(client: Client, *files, **data):
    return client.post(URL, {"files": list(files), "visibility": "private"} | data, headers=JSON)


def test_a_stored_picture_is_answered_with_its_address(alices, alice):
    response = send_json(alices, png("red_heart.png"))
    image = Image.objects.get()
    assert response.status_code == 201
    assert response.json() == {"id": str(image.pk), "url": image.get_absolute_url(), "title": "red heart"}
    assert (image.owner, image.visibility, image.origin) == (alice, "private", "uploaded")


def test_visibility_is_the_readers_choice(alices):
    send_json(alices, png(), visibility="public")
    assert Image.objects.get().visibility == "public"


@pytest.mark.parametrize("visibility", ["", "everybody"])
def test_an_unknown_visibility_is_refused(alices, visibility):
    assert send_json(alices, png(), visibility=visibility).status_code == 400
    assert not Image.objects.exists()


def test_a_duplicate_is_answered_with_the_existing_picture(alices):
    first = send_json(alices, png()).json()
    again = send_json(alices, png("copy.png"))
    assert again.status_code == 409
    assert (again.json()["code"], again.json()["url"]) == ("duplicate", first["url"])


@pytest.mark.parametrize("state", [{"status": "failed"}, {"is_hidden": True}, {"visibility": "public"}])
def test_a_duplicate_of_a_picture_in_any_state_is_told(alices, state):
    first = send_json(alices, png()).json()
    Image.objects.update(**state)
    again = send_json(alices, png("copy.png"))
    assert (again.status_code, again.json()["url"]) == (409, first["url"])
    assert alices.get(first["url"]).status_code == 200


def test_a_request_without_a_file_is_refused(alices):
    response = alices.post(URL, {"visibility": "private"}, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "form")


def test_a_request_of_the_script_carries_one_file(alices):
    assert send_json(alices, png(seed=1), png(seed=2)).status_code == 400
    assert not Image.objects.exists()


def test_the_script_learns_that_the_person_is_signed_out(client, db):
    response = send_json(client, png())
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_uploads_need_the_token_of_the_form(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert send_json(strict, png()).status_code == 403
    assert not Image.objects.exists()


def test_the_plain_form_takes_several_files(alices):
    response = alices.post(URL, {"files": [png(seed=1), png(seed=2)], "visibility": "private"}, follow=True)
    assert response.redirect_chain == [(reverse("gallery:mine"), 302)]
    assert Image.objects.count() == 2
    assert "2 pictures were added." in response.content.decode()


def test_the_plain_form_lists_what_became_of_each_file(alices):
    send_json(alices, png(seed=1))
    files = [png("twin.png", seed=1), upload(b"text", "letter.png"), png("good.png", seed=2)]
    response = alices.post(URL, {"files": files, "visibility": "private"})
    page = response.content.decode()
    assert response.status_code == 200
    assert Image.objects.count() == 2
    assert "You have this picture already." in page
    assert "This is not a picture." in page
    assert [outcome.status for outcome in response.context["outcomes"]] == [409, 400, 201]


def test_the_plain_form_has_the_status_of_the_refusal_when_nothing_was_stored(alices, settings):
    assert alices.post(URL, {"files": upload(b"text"), "visibility": "private"}).status_code == 400
    settings.UPLOAD_MAX_BYTES = 10
    assert alices.post(URL, {"files": png(), "visibility": "private"}).status_code == 413


def test_the_plain_form_without_files_says_so(alices):
    response = alices.post(URL, {"visibility": "private"})
    assert response.status_code == 400
    assert "Choose at least one picture." in response.content.decode()


def test_more_files_than_allowed_are_refused_as_a_whole(alices, settings):
    settings.UPLOAD_MAX_FILES = 2
    files = [png(seed=seed) for seed in range(3)]
    assert alices.post(URL, {"files": files, "visibility": "private"}).status_code == 400
    assert not Image.objects.exists()


def test_a_file_name_cannot_inject_markup(alices):
    response = alices.post(
        URL, {"files": upload(b"text", "<script>alert(1)</script>.png"), "visibility": "private"}
    )
    assert "<script>alert(1)" not in response.content.decode()


def test_the_page_tells_the_limits(alices):
    page = alices.get(URL).content.decode()
    assert "AVIF" in page
    assert "80 million pixels" in page
    assert 'enctype="multipart/form-data"' in page
