import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from gallery.models import Image, User
from tests.gallery.drawing import encoded, noise


@pytest.fixture
def folder(tmp_path):
    entries = []
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(encoded(noise(seed=number)))
        entries.append(
            {
                "file": f"{number}.png",
                "title": f"Picture {number}",
                "source": "a museum",
                "author": "A. Painter",
                "licence": "CC0-1.0",
                "url": "https://example.org/picture",
                "label": "noise",
            }
        )
    (tmp_path / "pictures.json").write_text(json.dumps(entries))
    return tmp_path


def load(folder=None) -> str:
    out = StringIO()
    options = {"folder": folder} if folder else {}
    call_command("load_demo", stdout=out, **options)
    return out.getvalue()


def test_demo_pictures_are_public_and_credited(client, db, folder):
    load(folder)
    image = Image.objects.public().get(title="Picture 1")
    page = client.get(image.get_absolute_url()).content.decode()
    assert "A. Painter, CC0-1.0, a museum" in page
    assert 'href="https://example.org/picture"' in page


def test_loading_again_adds_nothing(db, folder):
    assert "3 added, 3 there" in load(folder)
    assert "0 added, 3 there" in load(folder)
    assert Image.objects.count() == 3


def test_nobody_can_sign_in_as_the_demo(db, folder):
    load(folder)
    assert not User.objects.get(username="demo").has_usable_password()


def test_a_person_with_that_name_is_left_alone(db, folder):
    User.objects.create_user("demo", "demo@example.org", "a password of their own")
    with pytest.raises(CommandError, match="demo"):
        load(folder)
    assert not Image.objects.exists()


def test_a_missing_list_is_told(db, tmp_path):
    with pytest.raises(CommandError, match=r"pictures\.json"):
        load(tmp_path)


def test_the_demo_that_ships_is_complete(db):
    load()
    images = Image.objects.filter(owner__username="demo")
    assert images.count() >= 20
    assert all(image.title and image.credit for image in images)
