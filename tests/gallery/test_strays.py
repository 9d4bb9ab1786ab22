"""Files that no picture has are found and removed; the files of pictures never are."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.memory import InMemoryStorage
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from gallery import strays
from gallery.models import Image, Upload, User
from gallery.preparation import prepare_image
from gallery.uploads import delete_image, store_image
from tests.gallery.drawing import encoded, noise

LONG_AGO = timezone.now() - 2 * strays.SAFE_AGE


class Deadly(ContentFile):
    """Its reader is killed when it has read everything and has written that as the original."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield from super().chunks(chunk_size)
        if default_storage.exists("originals"):
            os.kill(os.getpid(), signal.SIGKILL)


def store_deadly(owner: User) -> None:
    store_image(owner=owner, file=Deadly(encoded(noise(seed=5)), name="noise.png"))


def files(settings) -> list[Path]:
    return sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())


def age(paths: list[Path]) -> None:
    for path in paths:
        os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))


def check(**options) -> str:
    out = StringIO()
    call_command("check_files", stdout=out, **options)
    return out.getvalue()


def test_the_original_of_an_upload_that_was_killed_before_its_row_is_removed(transactional_db, settings):
    dora = User.objects.create_user("dora")
    connections.close_all()
    child = multiprocessing.get_context("fork").Process(target=store_deadly, args=(dora,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not Image.objects.exists()
    (left,) = files(settings)
    assert "Every file is a picture's" in check(delete=True)  # it is young: its row might still come
    age([left])
    name = str(left.relative_to(settings.MEDIA_ROOT))
    assert f"no picture has {name}" in check()
    assert left.exists()
    assert f"removed {name}" in check(delete=True)
    assert files(settings) == []


def test_the_files_of_pictures_stay_however_old_also_in_the_trash(alice, store, encoder, settings):
    kept, trashed = store(alice), store(alice)
    for image in (kept, trashed):
        prepare_image(image_id=image.pk, attempt=0)
    Image.objects.filter(pk=trashed.pk).update(trashed_at=LONG_AGO)
    before = files(settings)
    assert len(before) >= 6  # two originals and their thumbnails
    age(before)
    assert strays.check_files(delete=True) == strays.Report()
    assert files(settings) == before


def test_what_a_deleted_picture_left_behind_is_removed(alice, store, encoder, settings):
    gone, kept = store(alice), store(alice)
    prepare_image(image_id=gone.pk, attempt=0)
    default_storage.save(gone.copy_path, ContentFile(b"copy"))
    default_storage.save("originals/notes.txt", ContentFile(b"of nobody"))
    delete_image(
        image=gone
    )  # inside the test's transaction, which never commits: as if killed before the files
    age(files(settings))
    assert len(strays.check_files(delete=True).strays) == 5
    assert files(settings) == [Path(kept.original.path)]


def test_the_file_of_an_upload_that_may_be_asked_for_again_stays(alice, settings):
    upload = Upload.objects.create(owner=alice, length=5, expires_at=timezone.now() + timedelta(hours=1))
    default_storage.save(f"originals/{alice.pk}/ab/abc-{upload.pk}.png", ContentFile(b"half"))
    age(files(settings))
    assert strays.check_files(delete=True).strays == []
    upload.discard()
    assert len(strays.check_files(delete=True).strays) == 1


def test_a_picture_without_its_original_is_reported(alice, store):
    image, _whole = store(alice), store(alice)
    default_storage.delete(image.original_name)
    with pytest.raises(CommandError, match=str(image.pk)):
        check()
    assert strays.check_files(delete=True).missing == [image.pk]
    assert Image.objects.count() == 2


def test_it_asks_nothing_of_a_storage_but_what_all_have(alice, settings):
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    assert isinstance(default_storage._wrapped, InMemoryStorage) or default_storage.exists("") is not None
    default_storage.save("thumbnails/00000000-0000-4000-8000-000000000000/320.webp", ContentFile(b"x"))
    store_image(owner=alice, file=ContentFile(encoded(noise()), name="noise.png"))
    assert strays.check_files(delete=False) == strays.Report()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strays, "SAFE_AGE", -timedelta(hours=1))
        found = strays.check_files(delete=True)
    assert found.strays == ["thumbnails/00000000-0000-4000-8000-000000000000/320.webp"]
    assert strays.check_files(delete=False) == strays.Report()
