import asyncio
import threading
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer, get_channel_layer
from django.conf import settings as project_settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django_q.models import OrmQ

from gallery import preparation
from gallery.models import Embedding, EmbeddingChange, Image, User
from gallery.preparation import prepare_image
from gallery.uploads import DuplicateImage, delete_image, delete_user, store_image, title_from_name
from tests.gallery.drawing import encoded, noise, png, upload


def files_left() -> list[str]:
    root = project_settings.MEDIA_ROOT
    return sorted(path.name for path in root.rglob("*") if path.is_file()) if root.exists() else []


def test_the_original_is_kept_byte_for_byte(alice):
    content = encoded(noise(), "JPEG", comment=b"my comment")
    image = store_image(owner=alice, file=upload(content))
    assert image.original.open().read() == content
    assert image.byte_size == len(content)
    assert str(alice.pk) in image.original.name
    assert image.sha256 in image.original.name


def test_a_stored_picture_is_enqueued_on_commit(alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        image = store_image(owner=alice, file=png())
        assert OrmQ.objects.count() == 0
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("gallery.tasks.process_image", (str(image.pk), 0))
    assert image.status == Image.Status.PENDING


def test_the_same_file_of_the_same_owner_is_refused_with_the_existing_picture(alice):
    first = store_image(owner=alice, file=png())
    with pytest.raises(DuplicateImage) as caught:
        store_image(owner=alice, file=png("another name.png"))
    assert caught.value.existing == first
    assert (Image.objects.count(), len(files_left())) == (1, 1)


def test_another_owner_may_have_the_same_file(alice, bob):
    store_image(owner=alice, file=png())
    store_image(owner=bob, file=png())
    assert (Image.objects.count(), len(files_left())) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_the_same_file_at_the_same_moment_is_stored_once(alice):
    content = encoded(noise(400, 300))
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def store() -> None:
        together.wait()
        try:
            store_image(owner=alice, file=upload(content))
            outcomes.append("stored")
        except DuplicateImage:
            outcomes.append("duplicate")
        finally:
            connection.close()

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate"] * 3 + ["stored"]
    assert (Image.objects.count(), len(files_left())) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_owner_who_is_gone_by_now_leaves_no_file():
    gone = User(pk=4711, username="gone")
    with pytest.raises(IntegrityError):
        store_image(owner=gone, file=png())
    assert not Image.objects.exists()
    assert files_left() == []


def test_a_row_that_is_refused_leaves_no_file(alice):
    with pytest.raises(ValueError, match="x"):
        store_image(owner=alice, file=png(), visibility=Explosive())
    assert files_left() == []
    assert not Image.objects.exists()


class Explosive:
    """A value that the database layer cannot take."""

    def __str__(self) -> str:
        raise ValueError("x")

    def resolve_expression(self, *args: object, **kwargs: object) -> None:
        raise ValueError("x")


def test_a_file_that_fails_a_check_is_not_stored(alice):
    with pytest.raises(ValidationError) as caught:
        store_image(owner=alice, file=upload(b"text"))
    assert caught.value.code == "not_a_picture"
    assert files_left() == []


def test_a_long_title_is_cut_with_an_ellipsis(alice):
    image = store_image(owner=alice, file=png(), title="a" * 500)
    image.refresh_from_db()
    assert image.title == "a" * 199 + "…"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("red_heart.png", "red heart"),
        ("C:\\photos\\sea.jpeg", "sea"),
        ("../../etc/passwd", "passwd"),
        ("bell\x07\u202e.png", "bell"),
        ("two.dots.png", "two.dots"),
        ("", ""),
    ],
)
def test_a_first_title_comes_from_the_files_name(name, title):
    assert title_from_name(name) == title


def test_deleting_removes_row_vectors_and_files(alice, encoder, django_capture_on_commit_callbacks):
    image = store_image(owner=alice, file=png())
    prepare_image(image_id=image.pk, attempt=0)
    assert len(files_left()) == 3
    assert Embedding.objects.count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        delete_image(image=image)
        assert len(files_left()) == 3  # not before the row is gone for good
    assert (Image.objects.count(), Embedding.objects.count(), files_left()) == (0, 0, [])
    assert EmbeddingChange.objects.last().image_id == image.pk


def test_a_deletion_that_is_rolled_back_keeps_everything(alice, django_capture_on_commit_callbacks):
    image = store_image(owner=alice, file=png())
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        delete_image(image=image)
        transaction.set_rollback(True)
    assert Image.objects.count() == 1
    assert len(files_left()) == 1


def test_deleting_twice_is_harmless(alice):
    image = store_image(owner=alice, file=png())
    delete_image(image=image)
    delete_image(image=image)
    assert not Image.objects.exists()


def test_deleting_a_person_deletes_their_files_and_nobody_elses(
    alice, bob, store, django_capture_on_commit_callbacks
):
    store(alice), store(alice)
    kept = store(bob)
    with django_capture_on_commit_callbacks(execute=True):
        delete_user(user=alice)
    assert list(Image.objects.all()) == [kept]
    assert len(files_left()) == 1
    assert not User.objects.filter(username="alice").exists()


def test_a_queue_that_takes_no_task_costs_a_stored_picture_nothing(transactional_db, monkeypatch):
    carol = User.objects.create_user("carol")

    def refuse(*args: object) -> None:
        raise OSError("no queue")

    monkeypatch.setattr(preparation, "enqueue", refuse)
    image = store_image(owner=carol, file=png())
    assert default_storage.exists(image.original_name)
    assert Image.objects.get().retry_at is not None  # so that it is taken up later


class LeavingLayer(BaseChannelLayer):
    """Cancels the request that sends, as the server does when the client has gone away."""

    request: asyncio.Task

    async def group_send(self, group: str, message: dict) -> None:
        self.request.cancel()
        await asyncio.sleep(5)


@pytest.mark.django_db(transaction=True)
def test_a_client_that_goes_away_just_when_its_file_is_stored_loses_nothing(alice, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.gallery.test_storing.LeavingLayer"}}

    async def main() -> None:
        store = sync_to_async(store_image, thread_sensitive=False)
        request = asyncio.create_task(store(owner=alice, file=upload(encoded(noise()))))
        get_channel_layer().request = request
        with suppress(asyncio.CancelledError):
            await request

    asyncio.run(main())
    assert Image.objects.get(owner=alice).original.open().read() == encoded(noise())
