"""Zoom videos: from the form through the run and its strip to the file."""

import io
import json
import time

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image as Pillow
from PIL import ImageSequence

from generator import continuing, enlarging, filmstrip, jobs, runner
from generator.engine.rhythm import Rhythm
from generator.filmstrip import MOST_ZOOMED, Filmstrip, is_wanted, surplus_of
from generator.models import Job, TimeLapse
from tests.generator.runs import run_until_killed
from tests.generator.test_filmstrip import GREY, made, steps_of
from tests.generator.test_time_lapses import file_of, page_of, shades_in, work
from tests.generator.wishes import ask

pytestmark = pytest.mark.django_db(transaction=True)
STUDIO = "/studio/"
INPUT = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5", "quality": "own"}
ZOOM = {"zoom_every": 3, "zoom_scale": 1.1}


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


# The form


def test_a_zoom_can_be_wished_is_listed_on_the_page_and_comes_with_the_next_form(alices):
    assert "Each zoom becomes a picture of the zoom video" in alices.get(STUDIO).content.decode()
    chosen = {"zoom_every": "3", "zoom_scale": "1.1", "zoom_shift_x": "-2", "zoom_shift_y": "0"}
    assert alices.post(STUDIO, INPUT | chosen).status_code == 302
    job = Job.objects.get()
    assert job.options == {"zoom_every": 3, "zoom_scale": 1.1, "zoom_shift_x": -2}
    page = alices.get(job.get_absolute_url()).content.decode()
    assert "<dt>Scale of a zoom</dt><dd>1.1</dd><dt>Shift to the right</dt><dd>-2</dd>" in page
    again = alices.get(STUDIO, {"like": str(job.pk)}).content.decode()
    assert 'name="zoom_every" value="3"' in again
    assert '<details class="options" open>' in again


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("zoom_every", "-1", "greater than or equal to 0"),
        ("zoom_scale", "1.6", "less than or equal to 1.5"),
        ("zoom_shift_x", "1.5", "whole number"),
        ("zoom_shift_y", "200", "less than or equal to 128"),
    ],
)
def test_what_is_out_of_its_limits_is_explained_beside_it(alices, field, value, message):
    answer = alices.post(STUDIO, {**INPUT, "zoom_every": "3", field: value})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert message in str(answer.context["form"].errors[field])
    assert not Job.objects.exists()


@pytest.mark.parametrize("late", [{"zoom_every": "30"}, {"zoom_every": "2", "zoom_start": "30"}])
def test_a_run_that_would_end_before_its_first_zoom_is_explained(alices, late):
    answer = alices.post(STUDIO, INPUT | late)
    assert answer.status_code == 400
    assert "finished before its first zoom" in str(answer.context["form"].errors["zoom_every"])
    assert alices.post(STUDIO, INPUT | late | {"steps": "31"}).status_code == 302


def test_drawn_larger_it_is_one_picture_and_no_zoom(alice):
    job = ask(alice, options=ZOOM | {"zoom_start": 2})
    assert not [name for name in enlarging.initial_for(job) if name.startswith("zoom_")]


# The strip


def strip_of(steps: int, zooming: Rhythm) -> set[int]:
    kept: set[int] = set()
    for step in range(1, steps + 1):
        if is_wanted(kept, step=step, is_last=step == steps, zooming=zooming):
            kept.add(step)
            kept -= surplus_of(kept, zooming=zooming)
    return kept


@pytest.mark.parametrize(
    ("steps", "zooming"),
    [(40, Rhythm(2)), (2000, Rhythm(1)), (2000, Rhythm(7, 3)), (500, Rhythm(10, 100)), (119, Rhythm(1, 118))],
)
def test_a_strip_of_zooms_is_even_bounded_and_has_nothing_between_them(steps, zooming):
    *zooms, last = sorted(strip_of(steps, zooming))
    assert last == steps
    assert all(zooming.has_beat(step) for step in zooms)
    assert len(set(np.diff(zooms))) == 1
    every = [step for step in range(1, steps) if zooming.has_beat(step)]
    assert (
        len(zooms) == len(every)
        if len(every) < MOST_ZOOMED
        else MOST_ZOOMED // 2 <= len(zooms) <= MOST_ZOOMED
    )


def test_each_zoom_leaves_a_frame_of_what_it_zooms_into_and_nothing_else_does(alice):
    job = made(ask(alice, steps=23, options=ZOOM))
    assert steps_of(job) == [3, 6, 9, 12, 15, 18, 21, 23]
    plain = made(ask(alice, steps=23))
    assert steps_of(plain)[0] == 1


def test_killed_and_gone_on_with_the_frames_and_the_picture_are_those_of_an_unbroken_run(alice, settings):
    settings.JOB_CHECKPOINT_EVERY = 5
    whole = made(ask(alice, options=ZOOM | {"averaging": 0.8}))
    broken = ask(alice, options=ZOOM | {"averaging": 0.8})
    run_until_killed(broken, at_step=14)
    assert set(steps_of(broken)) <= {3, 6, 9, 12}
    broken = made(broken)
    assert steps_of(broken) == steps_of(whole) == list(range(3, 25, 3))
    assert broken.image_id == whole.image_id  # the same bytes, which a person has once


def test_what_goes_on_from_it_zooms_on_in_the_same_rhythm(alice):
    first = made(ask(alice, steps=10, options=ZOOM))
    rest = made(continuing.continue_job(job=first, steps=6))
    assert steps_of(first) == [3, 6, 9, 10]
    assert steps_of(rest) == [3, 6, 9, 12, 15, 16]


def test_where_the_storage_is_slow_the_run_waits_for_each_zoom(alice, monkeypatch, running_job):
    def slow(*args):
        time.sleep(0.02)
        return write(*args)

    write = filmstrip._write
    monkeypatch.setattr(filmstrip, "_write", slow)
    Job.objects.filter(pk=running_job.pk).update(options={"zoom_every": 1})
    running_job.refresh_from_db()
    with Filmstrip(running_job) as strip:
        for step in range(1, 13):
            strip.keep(step=step, loss=1.0, pixels=GREY)
        strip.finish()
    assert steps_of(running_job) == list(range(1, 13))


# The video


def test_the_page_offers_a_zoom_video_which_is_its_frames_under_a_name_of_its_own(alices, alice):
    job = made(ask(alice, options=ZOOM))
    page = alices.get(job.get_absolute_url()).content.decode()
    assert "Zoom video" in page
    assert "Time-lapse" not in page
    answer = alices.post(page_of(job), {"format": "gif"}, follow=True).content.decode()
    assert "The zoom video is in the queue." in answer
    assert "<h1>Zoom video</h1>" in answer
    assert "Make the zoom video" in answer
    work()
    answer = alices.get(file_of(job, "gif"))
    assert answer["Content-Disposition"] == 'attachment; filename="a-red-heart-zoom.gif"'
    assert len(shades_in(answer.content)) == job.frames.count() == 8
    with Pillow.open(io.BytesIO(answer.content)) as film:
        sizes = {frame.size for frame in ImageSequence.Iterator(film)}
    assert sizes == {(64, 64)}
    assert TimeLapse.objects.get().state == TimeLapse.State.DONE


def test_without_zooms_or_stopped_before_the_first_it_is_a_time_lapse_as_ever(alices, alice):
    plain = made(ask(alice))
    assert "Zoom video" not in alices.get(plain.get_absolute_url()).content.decode()
    assert "<h1>Time-lapse</h1>" in alices.get(page_of(plain)).content.decode()
    early = ask(alice, options={"zoom_every": 20})
    Job.objects.filter(pk=early.pk).update(state=Job.State.DONE, step=20)
    assert "<h1>Time-lapse</h1>" in alices.get(page_of(early)).content.decode()
    Job.objects.filter(pk=early.pk).update(step=21)
    assert "<h1>Zoom video</h1>" in alices.get(page_of(early)).content.decode()


def test_the_recipe_in_the_picture_has_the_zoom_and_fills_the_form_again(alices, alice, tiny_models):
    job = ask(alice, steps=8, width=128, height=128, options=ZOOM | {"zoom_shift_y": 4})
    runner.run(job.pk, load_models=tiny_models)
    job.refresh_from_db()
    with job.image.original.open() as file:
        data = file.read()
    with Pillow.open(io.BytesIO(data)) as picture:
        recipe = json.loads(picture.text["clipweb"])
    assert [recipe[name] for name in ("zoom_every", "zoom_scale", "zoom_shift_y")] == [3, 1.1, 4]
    assert jobs.recipe_of(jobs.wish_of(job)).zooming == job.zooming == Rhythm(3)
    file = ContentFile(data, name="zoomed.png")
    page = alices.post(reverse("generator:remix"), {"file": file}).content.decode()
    assert 'name="zoom_every" value="3"' in page
    assert 'name="zoom_shift_y" value="4"' in page
