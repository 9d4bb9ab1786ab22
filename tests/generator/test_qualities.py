"""The studio's qualities: what each sets, what it is said to take here, and how that is measured."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from django_q.models import OrmQ

from gallery.models import Image
from generator import qualities
from generator.estimates import record, work_of
from generator.forms import JobForm
from generator.models import Job, Pace
from generator.qualities import (
    MEASURED_SIZES,
    OWN,
    QUALITIES,
    Cost,
    costs,
    measure,
    quality_of,
    request_measurement,
)
from tests.generator.wishes import ask

KINDS = len(QUALITIES) * len(MEASURED_SIZES)


@pytest.fixture
def nobody_asked(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def wish(alice, **data):
    form = JobForm({"prompt": "an owl", "size": "128", "shape": "square", **data}, owner=alice)
    assert form.is_valid(), form.errors
    return form.wishes()[0]


def test_a_quality_sets_steps_and_views_whatever_else_stands_there(alice):
    best = wish(alice, quality="best", steps="12", cutouts="2")
    assert (best["steps"], best["options"]) == (320, {"cutouts": 16, "averaging": 0.95})
    draft = wish(alice, quality="draft", averaging="0.5", ground="0.5")
    assert (draft["steps"], draft["options"]) == (40, {"cutouts": 4, "ground": 0.5})


def test_the_normal_one_is_what_pictures_were_made_with_before(alice):
    assert wish(alice, quality="normal") | {"seed": 0} == wish(alice, quality=OWN, steps="80") | {"seed": 0}


def test_steps_that_were_changed_count_though_the_quality_was_left_chosen(client, alice):
    client.force_login(alice)
    page = client.get(reverse("generator:studio")).content.decode()
    assert '<input type="hidden" name="shown_quality" value="normal">' in page
    form = {"prompt": "an owl", "size": "128", "quality": "normal", "shown_quality": "normal"}
    for fields in ({"steps": "60"}, {"steps": "80"}, {"steps": "80", "quality": "draft"}):
        assert client.post(reverse("generator:studio"), form | fields).status_code == 302
    assert [job.steps for job in Job.objects.order_by("created_at")] == [60, 80, 40]


def test_a_form_that_comes_back_with_a_quality_that_was_chosen_keeps_it(client, alice):
    client.force_login(alice)
    form = {"prompt": "", "size": "128", "quality": "draft", "shown_quality": "normal", "steps": "80"}
    page = client.post(reverse("generator:studio"), form).content.decode()
    assert '<input type="hidden" name="shown_quality" value="">' in page


def test_ones_own_quality_is_what_stands_in_the_form(alice):
    own = wish(alice, quality=OWN, steps="12", cutouts="2")
    assert (own["steps"], own["options"]) == (12, {"cutouts": 2})
    assert wish(alice, steps="12")["steps"] == 12  # a form without the field


def test_ones_own_quality_needs_steps(alice):
    form = JobForm({"prompt": "an owl", "size": "128", "quality": OWN}, owner=alice)
    assert form.errors == {"steps": ["This field is required."]}


def test_a_quality_that_there_is_not_is_told(alice):
    form = JobForm({"prompt": "an owl", "size": "128", "quality": "divine", "steps": "80"}, owner=alice)
    assert list(form.errors) == ["quality"]


@pytest.mark.parametrize("name", QUALITIES)
def test_a_picture_is_known_by_the_quality_it_was_made_with(name):
    quality = QUALITIES[name]
    assert quality_of(quality.steps, quality.options) == name
    assert quality_of(quality.steps + 1, quality.options) == OWN


def test_making_it_again_begins_with_its_quality(client, alice):
    client.force_login(alice)
    job = ask(alice, steps=40, options={"cutouts": 4})
    page = client.get("/studio/", {"like": job.id}).content.decode()
    assert page.count(" checked data-values") == 1
    assert page.index('value="draft" checked') > 0


def test_what_was_not_measured_is_not_guessed(db):
    assert {str(cost) for by_size in costs().values() for cost in by_size.values()} == {"not measured yet"}


def test_what_a_quality_takes_is_its_steps_as_measured(client, alice):
    record(work=work_of(Job(width=256, height=256, options={})), seconds=0.25, peak=1_340_000_000)
    assert costs()["normal"][256] == Cost(20.0, 1_340_000_000)
    assert str(costs()["normal"][256]) == "about 20 s, 1.3 GB"
    client.force_login(alice)
    response = client.post("/studio/", {"prompt": "", "size": "256", "quality": "normal"})
    assert "about 20 s, 1.3 GB</span>" in response.content.decode()


def test_what_large_pictures_take_is_foreseen_from_two_sizes_until_one_was_made(db):
    for size, seconds, peak in ((192, 0.1, 1_000_000_000), (256, 0.2, 1_100_000_000)):
        record(work=work_of(Job(width=size, height=size, options={})), seconds=seconds, peak=peak)
    shares = (512**2 - 256**2) / (256**2 - 192**2)
    foreseen = costs()["normal"][512]
    assert foreseen.seconds == pytest.approx(80 * (0.2 + 0.1 * shares))
    assert foreseen.memory == round(1_100_000_000 + 100_000_000 * shares)
    assert str(foreseen).endswith("1.8 GB, judging by smaller ones")
    record(work=work_of(Job(width=512, height=512, options={})), seconds=0.5, peak=2_000_000_000)
    assert str(costs()["normal"][512]) == "about 40 s, 2.0 GB"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "about 1 s"), (13.4, "about 13 s"), (58, "about 60 s"), (170, "about 3 minutes")],
)
def test_times_promise_no_more_than_an_estimate_can(seconds, said):
    assert str(Cost(seconds, None)) == said


def test_the_worker_measures_a_few_steps_of_each_kind(db, tiny_models):
    assert measure(load_models=tiny_models) == KINDS
    assert Pace.objects.count() == KINDS
    assert all(cost.seconds > 0 for by_size in costs().values() for cost in by_size.values())
    assert Pace.objects.filter(memory__gt=10_000_000).count() == KINDS
    assert measure(load_models=tiny_models) == 0
    assert not Job.objects.exists()


def test_nobody_waits_for_a_measurement(alice, tiny_models):
    ask(alice)
    assert measure(load_models=tiny_models) == 0


def test_it_is_asked_for_once_and_only_where_nothing_else_is_to_be_done(alice, nobody_asked, settings):
    ask(alice)
    OrmQ.objects.all().delete()
    assert not request_measurement()
    Job.objects.all().delete()
    settings.MEASURE_QUALITIES = False
    assert not request_measurement()
    settings.MEASURE_QUALITIES = True
    assert [request_measurement(), request_measurement()] == [True, False]
    (task,) = OrmQ.objects.all()
    assert task.task["func"] == "generator.tasks.measure_qualities"


def test_pictures_in_preparation_come_first(alice, nobody_asked):
    Image.objects.create(
        owner=alice, original="none", sha256="0", content_type="image/png", byte_size=1, width=1, height=1
    )
    assert not request_measurement()


def test_all_known_means_nothing_to_ask(db, nobody_asked):
    for quality in QUALITIES.values():
        for size in MEASURED_SIZES:
            record(work=work_of(qualities._job(quality, size)), seconds=1.0)
    assert not request_measurement()
