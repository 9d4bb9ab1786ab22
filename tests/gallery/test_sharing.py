"""Originals carry what the camera noted: others get them if the owner allows it, and else clean copies."""

import io

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Pillow

from gallery import sharing, tasks
from gallery.details import requeue_outdated
from gallery.models import Image
from gallery.preparation import prepare_image
from gallery.uploads import delete_image, store_image
from tests.gallery.drawing import camera_exif, encoded, noise, upload

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
SECRETS = (b"NIKON", b"2024:07:01", b"my secret", b"Exif", b"xmp")


@pytest.fixture
def stored(alice, encoder):
    def stored(kind: str = "JPEG", **fields) -> Image:
        exif = camera_exif()
        exif[0x0112] = 6  # to be turned by a quarter
        more = {"comment": b"my secret", "xmp": b"<xmp>my secret</xmp>"} if kind == "JPEG" else {}
        content = encoded(noise(1400, 60), kind, exif=exif, **more)
        image = store_image(owner=alice, file=upload(content), **fields)
        prepare_image(image_id=image.pk, attempt=0)
        return Image.objects.get(pk=image.pk)

    return stored


def download(client, image: Image, person=None) -> tuple[str, bytes]:
    client.logout() if person is None else client.force_login(person)
    response = client.get(reverse("gallery:original", args=[image.pk]))
    assert response.status_code == 200
    content = b"".join(response)
    assert int(response["Content-Length"]) == len(content)
    return response["Content-Type"], content


def test_the_owner_gets_the_original(client, alice, stored):
    image = stored(visibility="public")
    assert download(client, image, alice) == ("image/jpeg", image.original.open().read())


@pytest.mark.parametrize(("kind", "copied"), [("JPEG", "jpeg"), ("PNG", "png"), ("HEIF", "jpeg")])
def test_others_get_a_copy_of_the_full_size_without_any_metadata(client, bob, stored, kind, copied):
    image = stored(kind, visibility="public")
    content_type, content = download(client, image, bob)
    assert content_type == f"image/{copied}"
    assert not [secret for secret in SECRETS if secret in content]
    picture = Pillow.open(io.BytesIO(content))
    assert picture.size == (image.width, image.height)
    assert not picture.getexif()
    assert not {"exif", "xmp", "comment", "icc_profile"} & picture.info.keys()


def test_copies_and_thumbnails_carry_nothing_that_the_camera_noted(stored):
    image = stored(visibility="public")
    for name in (image.copy_path, image.thumbnail_path(320), image.thumbnail_path(1280)):
        content = default_storage.open(name).read()
        assert not [secret for secret in SECRETS if secret in content]


def test_others_get_the_original_where_the_owner_allows_it(client, bob, stored):
    image = stored(visibility="public", share_original=True)
    assert not image.has_copy
    for person in (bob, None):
        assert download(client, image, person) == ("image/jpeg", image.original.open().read())


def test_a_moderator_gets_no_original_either(client, admin, stored):
    image = stored(visibility="private")
    content_type, content = download(client, image, admin)
    assert content_type == "image/webp"
    assert max(Pillow.open(io.BytesIO(content)).size) == 1280
    assert not [secret for secret in SECRETS if secret in content]


def test_knowing_the_originals_tag_does_not_tell_that_it_is_the_same(client, alice, bob, stored):
    image = stored(visibility="public")
    url = reverse("gallery:original", args=[image.pk])
    client.force_login(bob)
    assert client.get(url, headers={"if-none-match": f'"{image.sha256}"'}).status_code == 200


def test_a_picture_gets_its_copy_when_it_is_published(client, alice, bob, stored):
    image = stored()
    assert not default_storage.exists(image.copy_path)
    client.force_login(alice)
    client.post(reverse("gallery:edit", args=[image.pk]), {"title": "", "visibility": "public"})
    assert download(client, image, bob)[0] == "image/webp"  # for the few seconds until then
    assert requeue_outdated() == 1
    tasks.make_details(str(image.pk))
    image.refresh_from_db()
    assert download(client, image, bob)[0] == "image/jpeg"
    assert requeue_outdated() == 0


def test_until_there_is_anything_to_show_others_find_nothing(client, bob, store, alice):
    image = store(alice, public=True)
    client.force_login(bob)
    assert client.get(reverse("gallery:original", args=[image.pk])).status_code == 404


def test_the_owner_chooses_on_the_page_where_a_picture_is_edited(client, alice, stored):
    image = stored()
    client.force_login(alice)
    form = {"title": "", "visibility": "public", "share_original": "on"}
    client.post(reverse("gallery:edit", args=[image.pk]), form)
    image.refresh_from_db()
    assert image.share_original
    assert requeue_outdated() == 0  # no copy is wanted


def test_deleting_a_picture_deletes_its_copy(stored, django_capture_on_commit_callbacks):
    image = stored(visibility="public")
    assert default_storage.exists(image.copy_path)
    with django_capture_on_commit_callbacks(execute=True):
        delete_image(image=image)
    assert not default_storage.exists(image.copy_path)


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("person", ["alice", "bob", "admin"])
def test_the_rule_stands_in_one_place(request, stored, person, share):
    image = stored(visibility="public", share_original=share)
    user = request.getfixturevalue(person)
    assert sharing.may_have_original(user, image) == (share or person == "alice")
