"""Time-lapses: the frames in their order as one file, made by the queue, kept for a day."""

import io
import subprocess
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from PIL import Image as Pillow
from PIL import ImageSequence

from gallery.models import Image
from gallery.trash import move_to_trash
from gallery.uploads import delete_image
from generator import continuing, tasks, time_lapses
from generator.filmstrip import frames_of
from generator.models import Job, TimeLapse
from tests.generator.test_filmstrip import made
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)
SHADES = [Pillow.new("RGB", (33, 17), (shade, shade, shade)) for shade in (0, 80, 160, 240)]


@pytest.fixture
def done(alice) -> Job:
    return made(ask(alice))


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def page_of(job: Job) -> str:
    return reverse("generator:time-lapse", args=[job.pk])


def file_of(job: Job, format: str) -> str:
    return reverse("generator:time-lapse-file", args=[job.pk, format])


def work() -> None:
    """What the queue does with those who wait."""
    for film in TimeLapse.objects.filter(state="waiting"):
        tasks.make_time_lapse(str(film.job_id), film.format)


def shades_in(content: bytes) -> list[int]:
    with Pillow.open(io.BytesIO(content)) as picture:
        return [frame.convert("L").getpixel((5, 5)) for frame in ImageSequence.Iterator(picture)]


def test_a_time_lapse_goes_with_the_picture_that_its_first_frames_led_to(alices, alice, done):
    rest = made(continuing.continue_job(job=done, steps=8))
    alices.post(page_of(rest), {"format": "webp"})
    work()
    assert alices.get(file_of(rest, "webp")).status_code == 200
    move_to_trash(images=Image.objects.filter(pk=done.image_id))
    assert alices.get(file_of(rest, "webp")).status_code == 404
    assert file_of(rest, "webp") not in alices.get(page_of(rest)).content.decode()
    alices.post(page_of(rest), {"format": "webp"})
    work()
    answer = alices.get(file_of(rest, "webp"))
    # WebP makes one frame of several that are alike.
    assert 1 <= len(shades_in(answer.content)) <= len(frames_of(rest)) < 12
    delete_image(image=Image.objects.get(pk=done.image_id))
    assert not TimeLapse.objects.filter(job=rest).exists()
    assert frames_of(rest)


@pytest.mark.parametrize("format", ["webp", "gif"])
def test_an_animation_has_the_frames_in_their_order_and_ends_standing_still(format):
    content = time_lapses.encode(SHADES, format=format)
    assert shades_in(content) == pytest.approx([0, 80, 160, 240], abs=4)
    with Pillow.open(io.BytesIO(content)) as picture:
        durations = []
        for frame in ImageSequence.Iterator(picture):
            frame.load()
            durations.append(frame.info["duration"])
    assert durations[-1] > 3 * durations[0] > 0


@pytest.mark.skipif(not time_lapses.ffmpeg(), reason="ffmpeg is not installed")
def test_a_video_can_be_played_whatever_the_size():
    content = time_lapses.encode(SHADES, format="mp4")
    assert content[4:8] == b"ftyp"
    command = [time_lapses.ffmpeg(), "-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    played = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    frames = [played[at] for at in range(5 * 34 + 5, len(played), 34 * 18)]
    assert frames[0] == pytest.approx(0, abs=20)
    assert frames[-1] == pytest.approx(240, abs=20)
    assert frames == sorted(frames)


def test_of_no_frames_there_is_no_film():
    with pytest.raises(ValueError, match="no frames"):
        time_lapses.encode([], format="gif")


def test_it_is_asked_for_made_and_downloaded_under_the_name_of_the_prompt(alices, done):
    answer = alices.post(page_of(done), {"format": "gif"}, follow=True)
    assert "Being made" in answer.content.decode()
    assert [row.func() for row in OrmQ.objects.exclude(key="generate")].count(time_lapses.TASK) == 1
    work()
    assert "Being made" not in alices.get(page_of(done)).content.decode()
    answer = alices.get(file_of(done, "gif"))
    assert answer["Content-Type"] == "image/gif"
    assert answer["Content-Disposition"] == 'attachment; filename="a-red-heart.gif"'
    assert len(shades_in(answer.content)) == done.frames.count()


def test_asked_for_twice_it_is_made_once(alices, done):
    for _ in range(2):
        assert alices.post(page_of(done), {"format": "webp"}).status_code == 302
    assert [row.func() for row in OrmQ.objects.exclude(key="generate")].count(time_lapses.TASK) == 1
    work()
    work()
    assert len(default_storage.listdir("timelapses")[1]) == 1


@pytest.mark.parametrize("format", ["", "exe", "../x"])
def test_another_format_is_no_choice(alices, done, format):
    assert alices.post(page_of(done), {"format": format}).status_code == 400
    assert not TimeLapse.objects.exists()


def test_without_ffmpeg_there_is_no_video_and_the_page_says_why(alices, done, monkeypatch):
    monkeypatch.setattr(time_lapses, "ffmpeg", lambda: "")
    assert "once ffmpeg is installed" in alices.get(page_of(done)).content.decode()
    assert alices.post(page_of(done), {"format": "mp4"}).status_code == 400


def test_while_the_picture_is_being_made_there_is_none(alices, running_job):
    assert alices.post(page_of(running_job), {"format": "gif"}).status_code == 409
    assert alices.get(file_of(running_job, "gif")).status_code == 404


def test_what_goes_wrong_is_told_and_may_be_asked_for_again(alices, done, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    alices.post(page_of(done), {"format": "gif"})
    with monkeypatch.context() as broken:
        broken.setattr(time_lapses, "encode", fail)
        work()
    assert TimeLapse.objects.get().state == "failed"
    alices.post(page_of(done), {"format": "gif"})
    work()
    assert TimeLapse.objects.get().state == "done"


def test_a_task_that_never_came_back_does_not_block_the_next_one(alices, done):
    alices.post(page_of(done), {"format": "gif"})
    TimeLapse.objects.update(asked_at=timezone.now() - 2 * time_lapses.LOST_AFTER)
    alices.post(page_of(done), {"format": "gif"})
    assert [row.func() for row in OrmQ.objects.exclude(key="generate")].count(time_lapses.TASK) == 2


def test_after_a_day_the_file_goes_and_the_frames_stay(alices, done):
    alices.post(page_of(done), {"format": "gif"})
    work()
    assert time_lapses.discard_expired() == 0
    TimeLapse.objects.update(asked_at=timezone.now() - timedelta(days=2))
    assert time_lapses.discard_expired() == 1
    assert default_storage.listdir("timelapses")[1] == []
    assert done.frames.exists()


def test_nobody_else_asks_for_it_or_gets_it(client, bob, done):
    time_lapses.ask(job=done, format=TimeLapse.Format.GIF)
    work()
    client.force_login(bob)
    assert client.get(page_of(done)).status_code == 404
    assert client.post(page_of(done), {"format": "gif"}).status_code == 404
    assert client.get(file_of(done, "gif")).status_code == 404
