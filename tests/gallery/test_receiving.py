"""Uploads piece by piece, as the tus protocol (version 1.0.0) has it, and what becomes of them."""

import base64
import fcntl
import hashlib
import os
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gallery import receiving, tasks
from gallery.decoder.pool import decoders
from gallery.models import Image, Upload
from gallery.models.image import original_path
from gallery.trash import move_to_trash
from gallery.uploads import delete_user
from tests.gallery.drawing import encoded, noise

PIECE = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def alices(client, alice) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def content() -> bytes:
    return encoded(noise())


def create(client, length, *, body=None, headers=None, **values):
    pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items()]
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": ",".join(pairs)} | (headers or {})
    kind = PIECE if body is not None else "application/octet-stream"
    return client.post(reverse("gallery:uploads"), body or b"", content_type=kind, headers=headers)


def patch(client, url, offset, body, *, kind=PIECE):
    headers = TUS | {"Upload-Offset": str(offset)}
    return client.patch(url, body, content_type=kind, headers=headers)


def offset_of(client, url) -> int:
    return int(client.head(url, headers=TUS)["Upload-Offset"])


def store(client, url):
    return client.post(f"{url}/store", headers=TUS)


def partial_files(settings) -> list[str]:
    return sorted(path.name for path in settings.UPLOADS_DIR.glob("*"))


def test_a_file_comes_in_pieces_and_becomes_a_picture(alices, alice, content, settings):
    url = create(alices, len(content), name="red_heart.png", visibility="public")["Location"]
    first = patch(alices, url, 0, content[:1000])
    assert (first.status_code, first["Upload-Offset"], first["Tus-Resumable"]) == (204, "1000", "1.0.0")
    assert offset_of(alices, url) == 1000
    assert patch(alices, url, 1000, content[1000:])["Upload-Offset"] == str(len(content))
    answer = store(alices, url)
    image = Image.objects.get()
    assert (answer.status_code, answer.json()["url"]) == (201, image.get_absolute_url())
    assert (image.title, image.visibility, image.owner) == ("red heart", "public", alice)
    assert image.original.open().read() == content
    assert (Upload.objects.count(), partial_files(settings)) == (0, [])


def test_a_small_file_comes_along_with_its_creation(alices, content):
    response = create(alices, len(content), body=content)
    assert (response.status_code, response["Upload-Offset"]) == (201, str(len(content)))
    assert store(alices, response["Location"]).status_code == 201


def test_the_server_says_what_it_can_do(alices, settings):
    response = alices.options(reverse("gallery:uploads"))
    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert response["Tus-Max-Size"] == str(settings.UPLOAD_MAX_BYTES)
    assert set(response["Tus-Extension"].split(",")) >= {"creation", "termination", "expiration"}


def test_an_upload_tells_its_size_and_until_when_it_is_kept(alices):
    response = alices.head(create(alices, 500)["Location"], headers=TUS)
    assert (response["Upload-Length"], response["Cache-Control"]) == ("500", "no-store")
    assert response["Upload-Expires"].endswith("GMT")


def test_another_version_of_the_protocol_is_refused_with_ours(alices):
    response = create(alices, 5, headers={"Tus-Resumable": "0.2.2"})
    assert (response.status_code, response["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Length": ""},
        {"Upload-Length": "-1"},
        {"Upload-Length": "many"},
        {"Upload-Length": "9" * 40},
        {"Upload-Defer-Length": "1"},
        {"Upload-Metadata": "name %%%"},
        {"Upload-Metadata": "name //4="},  # base64 of what is not UTF-8
        {"Upload-Metadata": "visibility " + base64.b64encode(b"everybody").decode()},
    ],
)
def test_what_cannot_be_read_is_refused_and_makes_nothing(alices, headers):
    assert create(alices, 5, headers=headers).status_code == 400
    assert not Upload.objects.exists()


def test_a_file_above_the_limit_is_refused_before_any_byte(alices, settings):
    response = create(alices, settings.UPLOAD_MAX_BYTES + 1)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert not Upload.objects.exists()


def test_only_so_many_files_are_on_their_way_at_once(alices, settings, bob):
    settings.UPLOADS_PER_PERSON = 2
    first, _ = create(alices, 5), create(alices, 5)
    refused = create(alices, 5)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    alices.delete(first["Location"], headers=TUS)
    assert create(alices, 5).status_code == 201
    alices.force_login(bob)
    assert create(alices, 5).status_code == 201


def test_asking_twice_with_one_key_makes_one_upload(alices, content):
    first = create(alices, len(content), key="k1", body=content[:100])
    again = create(alices, len(content), key="k1", body=content[:700])
    assert (again["Location"], again["Upload-Offset"]) == (first["Location"], "100")
    assert Upload.objects.count() == 1


def test_a_piece_at_the_wrong_place_changes_nothing(alices, content):
    url = create(alices, len(content), body=content[:100])["Location"]
    for offset in (0, 99, 101):
        assert patch(alices, url, offset, b"x").status_code == 409
    assert patch(alices, url, 100, content[100:]).status_code == 204
    assert store(alices, url).status_code == 201


def test_more_than_the_declared_length_is_refused_and_cut(alices, settings):
    url = create(alices, 10, body=b"12345")["Location"]
    assert patch(alices, url, 5, b"678901").status_code == 413
    upload = Upload.objects.get()

    class Endless:
        def read(self, size: int) -> bytes:
            return b"x" * size

    receiving.append(upload=upload, offset=5, body=Endless())  # as without a Content-Length
    assert upload.path.stat().st_size == 10


def test_a_piece_needs_its_type_and_its_place(alices):
    url = create(alices, 10)["Location"]
    assert patch(alices, url, 0, b"12345", kind="application/octet-stream").status_code == 415
    assert patch(alices, url, "x", b"12345").status_code == 400
    assert offset_of(alices, url) == 0


def test_what_came_before_the_connection_broke_is_kept(alices, content):
    url = create(alices, len(content))["Location"]

    class Broken:
        left = 3

        def read(self, size: int) -> bytes:
            self.left -= 1
            if not self.left:
                raise ConnectionError("the sender has gone")
            return content[:400] if self.left == 2 else content[400:700]

    receiving.append(upload=Upload.objects.get(), offset=0, body=Broken())
    assert offset_of(alices, url) == 700
    patch(alices, url, 700, content[700:])
    assert store(alices, url).status_code == 201


def test_bytes_that_were_written_and_not_noted_before_a_crash_are_written_again(alices, content):
    url = create(alices, len(content), body=content[:100])["Location"]
    with Upload.objects.get().path.open("ab") as file:
        file.write(b"torn")
    assert offset_of(alices, url) == 100
    patch(alices, url, 100, content[100:])
    store(alices, url)
    assert Image.objects.get().original.open().read() == content


def test_a_partial_file_that_was_lost_is_sent_from_its_start(alices, content):
    url = create(alices, len(content), body=content[:100])["Location"]
    Upload.objects.get().path.unlink()
    assert patch(alices, url, 100, content[100:]).status_code == 409
    assert offset_of(alices, url) == 0
    assert patch(alices, url, 0, content).status_code == 204


def test_two_windows_cannot_write_into_one_upload(alices, content):
    url = create(alices, len(content), body=content[:100])["Location"]
    with Upload.objects.get().path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert patch(alices, url, 100, content[100:]).status_code == 423
        assert store(alices, url).status_code == 423
    assert offset_of(alices, url) == 100
    assert patch(alices, url, 100, content[100:]).status_code == 204


def test_an_upload_that_is_cancelled_while_a_piece_comes_leaves_nothing(alices, content, settings):
    url = create(alices, len(content))["Location"]

    class Cancelled:
        def read(self, size: int) -> bytes:
            alices.delete(url, headers=TUS)
            return b""

    with pytest.raises(Upload.DoesNotExist):
        receiving.append(upload=Upload.objects.get(), offset=0, body=Cancelled())
    assert (Upload.objects.count(), partial_files(settings)) == (0, [])


def test_a_cancelled_upload_is_gone(alices, content, settings):
    url = create(alices, len(content), body=content)["Location"]
    assert alices.delete(url, headers=TUS).status_code == 204
    assert partial_files(settings) == []
    assert alices.head(url, headers=TUS).status_code == 404
    assert patch(alices, url, 0, content).status_code == 404
    assert store(alices, url).status_code == 404
    assert alices.delete(url, headers=TUS).status_code == 404


def test_storing_waits_for_the_whole_file(alices, content):
    url = create(alices, len(content), body=content[:100])["Location"]
    response = store(alices, url)
    assert (response.status_code, response.json()["code"]) == (409, "incomplete")
    assert Upload.objects.exists()


def test_storing_again_after_a_lost_answer_says_the_same(alices, content):
    url = create(alices, len(content), body=content)["Location"]
    first, again = store(alices, url), store(alices, url)
    assert (again.status_code, again.json()) == (201, first.json())
    assert Image.objects.count() == 1


def test_storing_again_after_a_crash_in_between_says_the_same(alices, alice, content, settings):
    url = create(alices, len(content), body=content)["Location"]
    row = Upload.objects.get()
    kept = row.path.read_bytes()
    first = store(alices, url)
    row.save(force_insert=True)  # as if the picture had been stored and the upload not been removed
    row.path.write_bytes(kept)
    assert store(alices, url).json() == first.json()
    assert (Image.objects.count(), Upload.objects.count(), partial_files(settings)) == (1, 0, [])


def test_storing_again_after_a_lost_answer_says_the_same_of_a_picture_from_the_trash(
    alices, alice, bob, content, settings
):
    first = store(alices, create(alices, len(content), body=content)["Location"]).json()
    move_to_trash(images=Image.objects.filter(owner=alice))
    url = create(alices, len(content), body=content, key="k")["Location"]
    restored, again = store(alices, url), store(alices, url)
    assert (restored.status_code, restored.json()) == (201, first)
    assert (again.status_code, again.json()) == (201, first)
    assert partial_files(settings) == []
    assert alices.get(reverse("gallery:uploads"), headers=TUS).json() == {"uploads": []}
    assert create(alices, 5, key="k").status_code == 201  # the page may send another file under this key
    Upload.objects.update(expires_at=timezone.now())
    assert tasks.discard_expired_uploads() == 2
    alices.force_login(bob)
    assert store(alices, url).status_code == 404


def test_what_a_crash_left_of_the_original_is_not_kept_beside_it(alices, alice, content, settings):
    url = create(alices, len(content), body=content)["Location"]
    row = Upload.objects.get()
    digest = hashlib.sha256(content).hexdigest()
    unsaved = Image(pk=row.pk, owner=alice, sha256=digest, content_type="image/png")
    left = default_storage.save(original_path(unsaved, digest), ContentFile(b"half of it"))
    assert store(alices, url).status_code == 201
    assert Image.objects.get().original_name == left
    assert default_storage.open(left).read() == content
    folder = left.rpartition("/")[0]
    assert len(default_storage.listdir(folder)[1]) == 1


def test_a_file_without_room_is_refused_before_any_byte(alices, settings):
    settings.QUOTA_BYTES = 1000
    response = create(alices, 1001)
    assert (response.status_code, response.json()["code"]) == (413, "quota")
    assert not Upload.objects.exists()


def test_an_upload_waits_while_too_many_others_are_checked(alices, content, settings):
    settings.UPLOAD_MAX_SECONDS = 0.05
    url = create(alices, len(content), body=content)["Location"]
    idle = decoders()._idle
    taken = [idle.get() for _ in range(idle.qsize())]
    response = store(alices, url)
    assert (response.status_code, response.json()["code"]) == (503, "busy")
    for decoder in taken:
        idle.put(decoder)
    settings.UPLOAD_MAX_SECONDS = 20
    assert store(alices, url).status_code == 201


def test_a_duplicate_is_told_with_the_picture_that_is_there(alices, content, settings):
    first = store(alices, create(alices, len(content), body=content)["Location"])
    again = store(alices, create(alices, len(content), body=content)["Location"])
    assert (again.status_code, again.json()["code"]) == (409, "duplicate")
    assert again.json()["url"] == first.json()["url"]
    assert (Upload.objects.count(), partial_files(settings)) == (0, [])


@pytest.mark.parametrize(("content", "code"), [(b"", "empty"), (b"Dear picture,", "not_a_picture")])
def test_a_file_that_fails_a_check_is_refused_with_the_reason_and_removed(alices, content, code, settings):
    response = store(alices, create(alices, len(content), body=content)["Location"])
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert response.json()["error"]
    assert (Upload.objects.count(), partial_files(settings), Image.objects.count()) == (0, [], 0)


@pytest.mark.parametrize(("person", "status"), [("bob", 404), ("admin", 404), ("visitor", 401)])
def test_somebody_elses_upload_is_not_there(alices, content, person, status, request):
    url = create(alices, len(content), body=content[:100])["Location"]
    stranger = Client()
    if person != "visitor":
        stranger.force_login(request.getfixturevalue(person))
    assert stranger.head(url, headers=TUS).status_code == status
    assert patch(stranger, url, 100, content[100:]).status_code == status
    assert store(stranger, url).status_code == status
    assert stranger.delete(url, headers=TUS).status_code == status
    listed = stranger.get(reverse("gallery:uploads"), headers=TUS)
    assert (listed.status_code, b"offset" in listed.content) == (200 if status == 404 else 401, False)
    assert offset_of(alices, url) == 100


def test_whoever_asks_while_another_request_stores_the_file_gets_the_same_picture(alices, alice, content):
    url = create(alices, len(content), body=content)["Location"]
    first = []

    def store_meanwhile(execute, sql, params, many, context):
        """Right after the request has read the upload's row, another one stores the file."""
        cursor = execute(sql, params, many, context)
        if not first and "gallery_upload" in sql:
            first.append(None)
            first[0] = store(alices, url)
        return cursor

    with connection.execute_wrapper(store_meanwhile):
        again = store(alices, url)
    assert (first[0].status_code, again.status_code) == (201, 201)
    assert again.json() == first[0].json()
    assert Image.objects.filter(owner=alice).count() == 1


def test_a_stored_picture_is_not_told_of_by_its_uploads_address_to_others(alices, content, bob):
    url = create(alices, len(content), body=content, visibility="public")["Location"]
    store(alices, url)
    alices.force_login(bob)
    assert store(alices, url).status_code == 404


def test_a_persons_own_uploads_are_listed(alices):
    url = create(alices, 9, body=b"12345", key="k1", name="sea.png", modified="1700000000000")["Location"]
    (listed,) = alices.get(reverse("gallery:uploads"), headers=TUS).json()["uploads"]
    assert listed == {
        "url": url,
        "key": "k1",
        "name": "sea.png",
        "modified": "1700000000000",
        "length": 9,
        "offset": 5,
        "visibility": "private",
    }


def test_pieces_need_the_token_of_the_page(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert create(strict, 5).status_code == 403
    url = reverse("gallery:send", args=[Upload.objects.create(**an_upload_of(alice)).pk])
    assert patch(strict, url, 0, b"12345").status_code == 403
    assert strict.delete(url, headers=TUS).status_code == 403


def an_upload_of(owner, **changes) -> dict:
    values = {"owner": owner, "key": "k", "length": 5, "expires_at": timezone.now() + timedelta(hours=1)}
    return values | changes


def test_an_upload_that_does_not_go_on_is_removed_when_its_time_is_over(alices, alice, settings):
    create(alices, 10, body=b"12345", key="going")
    create(alices, 10, body=b"12345", key="left")
    Upload.objects.filter(key="left").update(expires_at=timezone.now())
    assert tasks.discard_expired_uploads() == 1
    assert [upload.key for upload in Upload.objects.all()] == ["going"]
    assert len(partial_files(settings)) == 1


def test_every_piece_gives_an_upload_more_time(alices):
    url = create(alices, 10)["Location"]
    soon = timezone.now() + timedelta(minutes=1)
    Upload.objects.update(expires_at=soon)
    patch(alices, url, 0, b"12345")
    assert Upload.objects.get().expires_at > soon + timedelta(hours=1)


def test_a_partial_file_without_a_row_is_removed_after_a_while(db, settings):
    settings.UPLOADS_DIR.mkdir()
    old, young = settings.UPLOADS_DIR / "old.part", settings.UPLOADS_DIR / "young.part"
    old.write_bytes(b"x"), young.write_bytes(b"x")
    past = time.time() - 2 * receiving.STRAY_AFTER
    os.utime(old, (past, past))
    assert tasks.discard_expired_uploads() == 1
    assert partial_files(settings) == ["young.part"]


def test_deleting_a_person_deletes_what_was_on_its_way(alices, alice, settings):
    create(alices, 10, body=b"12345")
    delete_user(user=alice)
    assert (Upload.objects.count(), partial_files(settings)) == (0, [])
