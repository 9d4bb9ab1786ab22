"""What somebody might send to do harm is refused with its reason, by the form and piece by piece alike."""

import pytest
from django.conf import settings as project_settings
from django.urls import reverse

from gallery.models import Image, Upload
from tests.gallery.drawing import encoded, noise, upload
from tests.gallery.hostile import FILES, HARMLESS, NAMES, readable
from tests.gallery.test_receiving import TUS, create, store


@pytest.fixture(autouse=True)
def signed_in(client, alice):
    client.force_login(alice)


def assert_nothing_is_left() -> None:
    root = project_settings.MEDIA_ROOT
    assert not Image.objects.exists()
    assert not Upload.objects.exists()
    assert not root.exists() or not [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("what", FILES)
def test_a_hostile_file_is_refused_with_its_reason(client, what):
    make, code = FILES[what]
    response = client.post(
        reverse("gallery:upload"),
        {"files": upload(make()), "visibility": "private"},
        headers={"accept": "application/json"},
    )
    assert response.status_code in {400, 413}
    assert (response.json()["code"], len(response.json()["error"]) > 10) == (code, True)
    assert_nothing_is_left()


@pytest.mark.parametrize("what", NAMES)
def test_a_hostile_name_is_refused_with_its_reason(client, what):
    content = encoded(noise())
    created = create(client, len(content), body=content, name=NAMES[what])
    response = store(client, created["Location"]) if created.status_code == 201 else created
    assert (response.status_code, response.json()["error"] != "") == (400, True)
    assert client.get(reverse("gallery:uploads"), headers=TUS).json() == {"uploads": []}
    assert_nothing_is_left()


@pytest.mark.parametrize("what", NAMES)
def test_a_plain_form_cuts_a_hostile_name_down(client, what):
    client.post(
        reverse("gallery:upload"), {"files": upload(encoded(noise()), NAMES[what]), "visibility": "private"}
    )
    for image in Image.objects.all():
        assert image.title.isprintable()
        assert not set("/\\") & set(image.title)
        assert image.original_name.startswith(f"originals/{image.owner_id}/")


@pytest.mark.parametrize("name", ["صورة\u200f.png", "åäö 写真.jpg", "a (1).png", "…"])
def test_a_name_in_any_script_is_fine(client, name):
    content = encoded(noise())
    assert store(client, create(client, len(content), body=content, name=name)["Location"]).status_code == 201


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_noted_in_a_picture_is_not_believed(client, what):
    content = HARMLESS[what]()
    assert store(client, create(client, len(content), body=content)["Location"]).status_code == 201


def test_the_disguised_ones_are_pictures():
    assert all(readable(make()) for make, code in FILES.values() if code == "disguised")
