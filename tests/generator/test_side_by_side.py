"""Ways of drawing: chosen on the studio's form, all at once if wished, and their pictures side by side."""

import re

import pytest

from generator import side_by_side
from generator.engine.settings import DRAWERS
from generator.models import Job
from tests.generator.wishes import ask

STUDIO = "/studio/"
INPUT = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5"}
PAGE = "/studio/side-by-side/"


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def test_the_way_of_drawing_reaches_the_job_and_its_page(alices):
    answer = alices.post(STUDIO, {**INPUT, "drawer": "knit", "cells": "20"}, follow=True)
    assert Job.objects.get().options == {"drawer": "knit", "cells": 20}
    assert "<dt>Way of drawing</dt><dd>Knitted stitches</dd>" in answer.content.decode()


@pytest.mark.parametrize(("field", "value"), [("drawer", "crayons"), ("cells", "3"), ("strokes", "1000")])
def test_what_cannot_be_drawn_is_explained(alices, field, value):
    answer = alices.post(STUDIO, {**INPUT, field: value})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.parametrize("others", [{"drawer": "lines"}, {"every_drawer": "on"}])
def test_a_codebook_that_is_not_there_cannot_pull(alices, others):
    answer = alices.post(STUDIO, {**INPUT, "codebook_pull": "1", **others})
    assert answer.status_code == 400
    assert "Only what the model paints has a codebook." in answer.content.decode()
    assert not Job.objects.exists()


def test_every_way_of_drawing_at_once_differs_in_nothing_else_and_leads_to_the_comparison(alices):
    answer = alices.post(STUDIO, {**INPUT, "every_drawer": "on", "cutouts": "4"})
    jobs = Job.objects.all()
    assert [job.options.pop("drawer", "vqgan") for job in reversed(jobs)] == list(DRAWERS)
    assert {(job.prompt, job.seed, job.steps, job.width, str(job.options)) for job in jobs} == {
        ("a red heart", 5, 30, 128, "{'cutouts': 4}")
    }
    assert answer.url == side_by_side.address(reversed(jobs))
    page = alices.get(answer.url).content.decode()
    assert re.findall(r"Way of drawing: ([^<]+)</span>", page) == [
        *("Painted by the model", "Squares, as in pixel art", "Hexagons", "Knitted stitches"),
        *("Waves", "Brush strokes", "Lines of a pen"),
    ]


def test_every_way_of_drawing_has_one_picture_each(alices):
    answer = alices.post(STUDIO, {**INPUT, "every_drawer": "on", "pictures": "2"})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["pictures"]
    assert not Job.objects.exists()


def test_every_way_of_drawing_counts_as_so_many_pictures(alices, settings):
    settings.JOBS_PER_PERSON = len(DRAWERS) - 1
    assert alices.post(STUDIO, {**INPUT, "every_drawer": "on"}).status_code == 429
    assert not Job.objects.exists()


def test_a_card_says_what_sets_it_apart_and_nothing_else(alices, alice):
    common = {"options": {"cutouts": 4, "drawer": "lines"}}
    pair = [ask(alice, seed=1, **common), ask(alice, seed=2, options={"cutouts": 4, "strokes": 9})]
    page = alices.get(side_by_side.address(pair)).content.decode()
    titles = re.findall(r'picture-card__title">([^<]+)<', page)
    assert titles == [
        "Way of drawing: Lines of a pen · Strokes: 48 · Seed: 1",
        "Way of drawing: Painted by the model · Strokes: 9 · Seed: 2",
    ]


def test_the_grid_comes_alone_for_refreshing_and_only_while_something_happens(alices, alice):
    job = ask(alice)
    page = alices.get(side_by_side.address([job]))
    part = alices.get(page.context["refresh_url"]).content.decode()
    assert "<html" not in part
    assert 'data-state="queued"' in part
    assert "http-equiv" in page.content.decode()
    Job.objects.update(state=Job.State.CANCELLED)
    assert "http-equiv" not in alices.get(side_by_side.address([job])).content.decode()


def test_a_job_asked_for_twice_stands_there_once(alices, alice):
    job = ask(alice)
    assert len(alices.get(PAGE, {"job": [str(job.pk)] * 2}).context["entries"]) == 1


def test_one_job_out_of_sight_and_all_are_not_found(client, alice, bob, admin):
    pair = [ask(alice), ask(bob)]
    for person, status in ((alice, 404), (bob, 404), (admin, 200)):
        client.force_login(person)
        assert client.get(side_by_side.address(pair)).status_code == status


@pytest.mark.parametrize("query", ["", "?job=", "?job=no-id", "?job=00000000-0000-4000-8000-000000000000"])
def test_nothing_to_show_is_not_found(alices, query):
    assert alices.get(PAGE + query).status_code == 404


def test_too_many_are_not_found_rather_than_loaded(alices, alice, settings):
    settings.JOBS_PER_PERSON = 100
    jobs = [ask(alice, seed=number) for number in range(side_by_side.MOST + 1)]
    assert alices.get(side_by_side.address(jobs)).status_code == 404
    assert alices.get(side_by_side.address(jobs[1:])).status_code == 200


def test_whoever_is_not_signed_in_is_asked_to(client, alice):
    answer = client.get(side_by_side.address([ask(alice)]))
    assert answer.status_code == 302
    assert "login" in answer.url
