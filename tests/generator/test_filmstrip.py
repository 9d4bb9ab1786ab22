"""Frames that are kept on the way to a picture: bounded, shared by what goes on from it, gone with it."""

import os
from datetime import timedelta
from importlib import import_module

import numpy as np
import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from gallery import strays
from gallery.models import Image
from gallery.trash import move_to_trash, restore
from gallery.uploads import delete_image
from generator import continuing, filmstrip, jobs, runner
from generator.filmstrip import MOST, Filmstrip, is_wanted, span_at, surplus_of
from generator.models import Job, KeptFrame
from tests.generator.runs import ClipThatDoes, models_with, run_until_killed
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)
GREY = np.full((64, 64, 3), 128, np.uint8)


def made(job: Job) -> Job:
    runner.run(job.id, load_models=models_with(ClipThatDoes(lambda: None, at_step=0)))
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    return job


def steps_of(job: Job) -> list[int]:
    return [frame.step for frame in filmstrip.frames_of(job)]


def files() -> set[str]:
    if not default_storage.exists("frames"):
        return set()
    return {name for folder in default_storage.listdir("frames")[0] for name in files_in(folder)}


def files_in(folder: str) -> list[str]:
    return [f"frames/{folder}/{name}" for name in default_storage.listdir(f"frames/{folder}")[1]]


def address(job: Job, step: int) -> str:
    return reverse("generator:kept-frame", args=[job.pk, step])


# Which steps have a place


@pytest.mark.parametrize("total", [1, 8, 59, 60, 61, 500, 2000])
def test_a_strip_is_bounded_evenly_spread_and_has_the_first_and_the_last(total):
    kept: set[int] = set()
    for step in range(1, total + 1):
        if is_wanted(kept, step=step, is_last=step == total):
            kept.add(step)
            kept -= surplus_of(kept)
    assert len(kept) <= MOST + 1
    assert {1, total} <= kept
    gaps = np.diff(sorted(kept))
    assert len(kept) >= min(total, MOST // 2)
    assert gaps[:-1].max(initial=1) <= span_at(total)


# What a run leaves


def test_a_run_keeps_the_frames_that_it_showed_each_with_its_loss(alice):
    job = made(ask(alice))
    frames = filmstrip.frames_of(job)
    assert [frames[0].step, frames[-1].step] == [1, job.steps]
    assert len(frames) >= 8
    assert all(frame.loss for frame in frames)
    with default_storage.open(frames[-1].name) as file, Pillow.open(file) as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 64))
    assert {frame.name for frame in frames} == files()


def test_a_run_that_was_killed_goes_on_with_its_strip(alice, settings):
    settings.JOB_CHECKPOINT_EVERY = 5
    job = ask(alice)
    run_until_killed(job, at_step=13)
    before = steps_of(job)
    assert before
    assert before[0] == 1
    job = made(job)
    assert set(before) <= set(steps_of(job))
    assert steps_of(job)[-1] == job.steps
    assert len(set(steps_of(job))) == len(steps_of(job))


def test_a_run_that_has_lost_its_job_keeps_nothing_more(running_job):
    with Filmstrip(running_job) as strip:
        strip.keep(step=1, loss=1.0, pixels=GREY)
        strip.finish()
        Job.objects.filter(pk=running_job.pk).update(claim=None)
        strip.keep(step=2, loss=1.0, pixels=GREY)
        strip.finish()
    assert list(KeptFrame.objects.values_list("step", flat=True)) == [1]
    assert len(files()) == 1


def test_where_no_frame_can_be_written_the_picture_is_made_all_the_same(alice, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(filmstrip, "_write", full)
    job = made(ask(alice))
    assert job.image
    assert steps_of(job) == []


# What becomes of it


def test_cancelled_nothing_is_left(running_job):
    with Filmstrip(running_job) as strip:
        strip.keep(step=1, loss=1.0, pixels=GREY)
        strip.finish()
    assert files()
    jobs.cancel(job_id=running_job.pk)
    assert not KeptFrame.objects.exists()
    assert not files()


def test_what_goes_on_from_it_begins_with_its_strip_and_shares_the_files(alice):
    first = made(ask(alice))
    shared = files()
    rest = made(continuing.continue_job(job=first, steps=6))
    assert steps_of(rest)[: len(steps_of(first))] == steps_of(first)
    assert steps_of(rest)[-1] == 30
    assert shared < files()
    first.delete()
    assert shared < files()  # the other one still has them
    rest.delete()
    assert not files()


def test_with_the_picture_the_frames_go_and_from_the_trash_they_come_back(client, alice):
    job = made(ask(alice))
    client.force_login(alice)
    move_to_trash(images=Image.objects.filter(pk=job.image_id))
    job.refresh_from_db()
    assert filmstrip.frames_of(Job.objects.get(pk=job.pk)) == []
    assert client.get(address(job, 1)).status_code == 404
    delete_image(image=job.image)
    filmstrip.discard(jobs=Job.objects.all())
    assert not KeptFrame.objects.exists()
    assert not files()


def test_with_the_picture_that_it_goes_on_from_a_job_loses_the_frames_that_led_to_that(client, alice):
    first = made(ask(alice))
    rest = made(continuing.continue_job(job=first, steps=6))
    last = made(continuing.continue_job(job=rest, steps=4))
    client.force_login(alice)
    assert client.get(address(last, 1)).status_code == 200
    move_to_trash(images=Image.objects.filter(pk=first.image_id))
    for job, own in ((rest, 24), (last, 24)):
        assert steps_of(job)
        assert min(steps_of(job)) > own
        assert client.get(address(job, 1)).status_code == 404
        assert address(job, 1) not in client.get(job.get_absolute_url()).content.decode()
    restore(images=Image.objects.filter(pk=first.image_id))
    assert steps_of(last)[0] == 1
    led_to_first = {frame.name for frame in filmstrip.frames_of(first)}
    delete_image(image=first.image)
    assert min(steps_of(rest)) > 24
    assert 24 < min(steps_of(last)) < 30
    filmstrip.discard(jobs=Job.objects.all())
    assert not files() & led_to_first


def test_frames_that_were_shared_before_it_was_noted_get_their_picture_or_go_with_it(alice):
    jobs_made = [made(ask(alice, seed=seed)) for seed in (1, 2)]
    rests = [continuing.continue_job(job=job, steps=4) for job in jobs_made]
    noted = list(KeptFrame.objects.order_by("pk").values_list("job", "source").exclude(source=None))
    assert noted
    KeptFrame.objects.update(source=None)
    note = import_module("generator.migrations.0015_note_frame_sources").note_sources
    note(apps, None)
    assert list(KeptFrame.objects.order_by("pk").values_list("job", "source").exclude(source=None)) == noted
    KeptFrame.objects.update(source=None)
    jobs_made[0].image.delete()
    note(apps, None)
    assert [rest.frames.exists() for rest in rests] == [False, True]


def test_a_file_without_a_row_is_found_by_the_nightly_check_and_others_are_kept(alice, settings):
    made(ask(alice))
    kept = files()
    stray = default_storage.save("frames/aa/stray.webp", ContentFile(b"x"))
    assert strays.check_files(delete=True).strays == []  # it is new: its row may be on its way
    long_ago = (timezone.now() - 2 * timedelta(days=1)).timestamp()
    for path in settings.MEDIA_ROOT.rglob("*.webp"):
        os.utime(path, (long_ago, long_ago))
    assert stray in strays.check_files(delete=True).strays
    assert files() == kept


# In the browser


def test_the_owner_gets_a_frame_and_asks_again_in_vain_for_bytes(client, alice):
    job = made(ask(alice))
    client.force_login(alice)
    answer = client.get(address(job, 1))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "private, no-cache"
    again = client.get(address(job, 1), headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address(job, 2000)).status_code == 404


def test_somebody_else_gets_none(client, bob, alice):
    job = made(ask(alice))
    client.force_login(bob)
    assert client.get(address(job, 1)).status_code == 404


def test_the_page_of_the_job_has_a_link_to_each_frame(client, alice):
    job = made(ask(alice))
    client.force_login(alice)
    page = client.get(job.get_absolute_url()).content.decode()
    assert all(address(job, step) in page for step in steps_of(job))
    assert reverse("generator:time-lapse", args=[job.pk]) in page
