"""Private files: what travels, with which headers, and how."""

import pytest
from django.test import AsyncClient
from django.urls import reverse

from gallery.models import Image
from gallery.preparation import prepare_image
from gallery.uploads import store_image
from gallery.views.files import CHUNK
from tests.gallery.drawing import encoded, noise, plain, upload

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")


@pytest.fixture
def picture(client, alice, encoder) -> Image:
    content = encoded(noise(90, 60), "JPEG", comment=b"kept")
    image = store_image(owner=alice, file=upload(content), title="A red/<heart>")
    prepare_image(image_id=image.pk, attempt=0)
    client.force_login(alice)
    return Image.objects.get(pk=image.pk)


def original(image: Image) -> str:
    return reverse("gallery:original", args=[image.pk])


def thumbnail(image: Image, size: int = 320) -> str:
    return reverse("gallery:thumbnail", args=[image.pk, size])


def test_the_original_comes_back_byte_for_byte(client, picture):
    response = client.get(original(picture))
    assert b"".join(response) == picture.original.open().read()
    assert response["Content-Type"] == "image/jpeg"
    assert int(response["Content-Length"]) == picture.byte_size


def test_files_are_kept_by_the_readers_browser_alone_and_asked_about_each_time(client, picture):
    for url in (original(picture), thumbnail(picture)):
        response = client.get(url)
        assert response["Cache-Control"] == "private, no-cache"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["ETag"]
        assert response["Last-Modified"]


def test_a_file_that_the_browser_has_is_not_sent_again(client, picture):
    for url in (original(picture), thumbnail(picture)):
        first = client.get(url)
        by_etag = client.get(url, headers={"if-none-match": first["ETag"]})
        by_date = client.get(url, headers={"if-modified-since": first["Last-Modified"]})
        assert (by_etag.status_code, by_date.status_code) == (304, 304)
        assert by_etag["Cache-Control"] == "private, no-cache"
        assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200


def test_having_a_file_already_does_not_open_a_private_one(client, picture, bob):
    etag = client.get(original(picture))["ETag"]
    client.force_login(bob)
    assert client.get(original(picture), headers={"if-none-match": etag}).status_code == 404


def test_the_name_of_a_download_is_made_of_safe_letters(client, picture):
    shown = client.get(original(picture))["Content-Disposition"]
    saved = client.get(original(picture) + "?download")["Content-Disposition"]
    assert shown == 'inline; filename="a-redheart.jpg"'
    assert saved == 'attachment; filename="a-redheart.jpg"'


def test_a_title_without_safe_letters_gives_a_name_all_the_same(client, picture):
    Image.objects.filter(pk=picture.pk).update(title="★☆")
    assert str(picture.pk) in client.get(original(picture))["Content-Disposition"]


def test_thumbnails_are_webp(client, picture):
    response = client.get(thumbnail(picture))
    assert response["Content-Type"] == "image/webp"
    assert response.content[8:12] == b"WEBP"


def test_a_thumbnail_of_another_size_is_not_found(client, picture):
    assert client.get(thumbnail(picture, 321)).status_code == 404


def test_a_thumbnail_that_is_not_made_yet_is_not_found(client, alice, store):
    image = store(alice)
    client.force_login(alice)
    assert client.get(thumbnail(image)).status_code == 404


def test_a_file_that_the_disk_has_lost_is_not_found(client, picture):
    picture.original.storage.delete(picture.original.name)
    assert client.get(original(picture)).status_code == 404


def test_files_are_only_read(client, picture):
    assert client.post(original(picture)).status_code == 405
    assert client.post(thumbnail(picture)).status_code == 405


@pytest.fixture
def by_nginx(settings) -> None:
    settings.MEDIA_ACCEL_PREFIX = "/private-media/"


def test_nginx_is_told_where_the_file_is_and_sends_it(client, picture, by_nginx):
    for url, name in (
        (original(picture) + "?download", picture.original_name),
        (thumbnail(picture), picture.thumbnail_path(320)),
    ):
        response = client.get(url, headers={"range": "bytes=0-9"})
        assert (response.status_code, response.content) == (200, b"")
        assert response["X-Accel-Redirect"] == f"/private-media/{name}"
        assert response["Cache-Control"] == "private, no-cache"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "image/webp"
    saved = client.get(original(picture) + "?download")
    assert saved["Content-Disposition"] == 'attachment; filename="a-redheart.jpg"'
    assert saved["Content-Type"] == "image/jpeg"


def test_nginx_is_told_nothing_of_what_the_reader_may_not_see(client, picture, bob, by_nginx):
    client.force_login(bob)
    for url in (original(picture), thumbnail(picture)):
        response = client.get(url)
        assert response.status_code == 404
        assert "X-Accel-Redirect" not in response


def test_nginx_is_not_sent_after_a_file_that_the_disk_has_lost(client, picture, by_nginx):
    picture.original.storage.delete(picture.original.name)
    assert client.get(original(picture)).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_a_large_original_travels_in_pieces(alice):
    content = encoded(plain("red", 900, 900), "BMP")
    assert len(content) > 3 * CHUNK
    from asgiref.sync import sync_to_async

    image = await sync_to_async(store_image)(owner=alice, file=upload(content))
    client = AsyncClient()
    await client.aforce_login(alice)
    response = await client.get(original(image))
    assert response.is_async
    pieces = [piece async for piece in response]
    assert max(len(piece) for piece in pieces) <= CHUNK
    assert len(pieces) > 3
    assert b"".join(pieces) == content
