"""The form, its answers to bad input, and the list of one's own jobs."""

import pytest
from django.urls import reverse

from gallery.models import Image
from generator.engine.prompts import Trouble
from generator.engine.settings import GenerateSettings
from generator.forms import SIZES
from generator.models import Job
from generator.prompt_fields import TROUBLES
from tests.generator.wishes import ask

STUDIO = "/studio/"
INPUT = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5"}


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def test_nobody_asks_for_pictures_without_signing_in(client, db):
    answer = client.post(STUDIO, INPUT)
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))
    assert not Job.objects.exists()


def test_a_wish_becomes_a_job_and_leads_to_its_page(alices, alice):
    answer = alices.post(STUDIO, INPUT)
    job = Job.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/studio/{job.id}/"
    assert (job.owner, job.prompt, job.seed, job.steps) == (alice, "a red heart", 5, 30)
    assert (job.width, job.height) == (128, 128)


def test_without_a_seed_each_job_gets_another(alices):
    for _ in range(3):
        alices.post(STUDIO, {**INPUT, "seed": ""})
    assert len(set(Job.objects.values_list("seed", flat=True))) == 3


def test_several_pictures_of_one_wish_differ_in_their_seed(alices):
    answer = alices.post(STUDIO, {**INPUT, "seed": "4294967294", "pictures": "3"})
    assert answer.url == STUDIO
    assert sorted(Job.objects.values_list("seed", flat=True)) == [0, 4294967294, 4294967295]
    assert set(Job.objects.values_list("prompt", flat=True)) == {"a red heart"}


def test_several_pictures_are_asked_for_all_or_none(alices, settings):
    settings.JOBS_PER_PERSON = 2
    assert alices.post(STUDIO, {**INPUT, "pictures": "3"}).status_code == 429
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [
        ("❤️ 🏳️‍🌈 en röd ros", "❤️ 🏳️‍🌈 en röd ros"),
        ("  a red heart\r\non a\ttable ", "a red heart on a table"),
        ("x" * 500, "x" * 500),
    ],
)
def test_prompts_of_every_script_and_layout_are_fine(alices, prompt, kept):
    alices.post(STUDIO, {**INPUT, "prompt": prompt})
    assert Job.objects.get().prompt == kept


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("prompt", "", "Write what the picture should show."),
        ("prompt", " \n ", "Write what the picture should show."),
        ("prompt", "x" * 501, "at most 500 characters"),
        ("prompt", "x" * 10_000, "at most 500 characters"),
        ("prompt", "a red\x00heart", "Null characters are not allowed."),
        ("prompt", "a red\x1bheart", "control characters"),
        ("prompt", "a red heart |", "Words are missing here. (at character 14)"),
        ("prompt", "a clock showing 10:30", "from -10 to 10 and not 0"),
        ("prompt", "a red heart:-1", "Say also what to draw"),
        ("prompt", "a ^ “b", "The quotation mark is never closed. (at character 5)"),
        ("size", "129", "not one of the available choices"),
        ("size", "", "required"),
        ("steps", "0", "greater than or equal to 1"),
        ("steps", "2001", "less than or equal to 2000"),
        ("steps", "many", "whole number"),
        ("seed", "-1", "greater than or equal to 0"),
        ("seed", "4294967296", "less than or equal to 4294967295"),
        ("seed", "1.5", "whole number"),
        ("pictures", "0", "greater than or equal to 1"),
        ("pictures", "9", "less than or equal to 8"),
    ],
)
def test_bad_input_is_kept_explained_and_makes_no_job(alices, field, value, message):
    sent = {**INPUT, field: value}
    answer = alices.post(STUDIO, sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert message in page
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert {name: form[name].value() for name in sent} == sent
    assert not Job.objects.exists()


def test_missing_fields_are_bad_input_too(alices):
    assert alices.post(STUDIO, {}).status_code == 400


def test_over_the_limit_the_wish_is_kept_and_answered_by_429(alices, settings):
    settings.JOBS_PER_PERSON = 1
    alices.post(STUDIO, INPUT)
    answer = alices.post(STUDIO, INPUT)
    assert answer.status_code == 429
    assert "1 picture in the making at a time" in answer.content.decode()
    assert "a red heart</textarea>" in answer.content.decode()
    assert Job.objects.count() == 1


def test_every_offered_size_is_one_of_the_engines():
    for size in SIZES:
        GenerateSettings(prompt="x", width=size, height=size)


@pytest.mark.parametrize("url", [STUDIO, "/studio/jobs"])
def test_the_list_has_ones_own_jobs_alone(client, alice, bob, admin, url):
    ask(alice, prompt="the wish of alice")
    ask(bob, prompt="the wish of bob")
    client.force_login(alice)
    page = client.get(url).content.decode()
    assert "the wish of alice" in page
    assert "the wish of bob" not in page
    client.force_login(admin)
    assert "the wish of" not in client.get(url).content.decode()


def test_the_list_has_pages(alices, alice, settings):
    settings.JOBS_PER_PERSON = 100
    for number in range(21):
        ask(alice, prompt=f"wish {number}")
    assert "wish 0<" in alices.get(STUDIO).content.decode(), "what is in the making is all on one page"
    Job.objects.update(state=Job.State.CANCELLED)
    assert "wish 0<" not in alices.get(STUDIO).content.decode()
    assert "wish 0<" in alices.get(STUDIO, {"page": 2}).content.decode()


def test_the_list_shows_finished_pictures(alices, alice):
    image = Image.objects.create(owner=alice, sha256="a", byte_size=1, width=1, height=1)
    Job.objects.filter(pk=ask(alice).pk).update(state=Job.State.DONE, image=image)
    assert f"/pictures/{image.id}/original" in alices.get(STUDIO).content.decode()


def test_what_a_prompt_says_is_text_and_never_markup(alices, alice):
    ask(alice, prompt="<script>alert(1)</script>")
    page = alices.get(STUDIO).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_every_trouble_with_a_prompt_has_its_sentence():
    assert set(TROUBLES) == set(Trouble)


def test_a_job_shows_how_its_prompt_is_read(alices, alice):
    page = alices.get(ask(alice, prompt="a seed ^ a tree:2 | night:-0.5").get_absolute_url()).content.decode()
    assert "How the prompt is read" in page
    assert 'a tree <span class="tag__count">× 2</span>' in page
    assert 'night <span class="tag__count">× -0.5</span>' in page
    plain = alices.get(ask(alice).get_absolute_url()).content.decode()
    assert "How the prompt is read" not in plain


def test_a_job_from_before_the_notation_still_has_its_page(alices, alice):
    job = ask(alice)
    Job.objects.filter(pk=job.pk).update(prompt="a clock showing 10:30")
    page = alices.get(job.get_absolute_url())
    assert page.status_code == 200
    assert "How the prompt is read" not in page.content.decode()


def test_the_form_can_begin_as_an_earlier_wish(alices, alice):
    job = ask(alice, prompt="an owl", steps=33, width=192, height=192)
    form = alices.get(STUDIO, {"like": str(job.id)}).context["form"]
    assert [form[name].value() for name in ("prompt", "size", "steps", "seed")] == ["an owl", 192, 33, None]


@pytest.mark.parametrize("value", ["00000000-0000-4000-8000-000000000000", "no-id"])
def test_an_earlier_wish_that_is_not_there_is_not_found(alices, value):
    assert alices.get(STUDIO, {"like": value}).status_code == 404


def test_the_wish_of_another_is_not_found(client, alice, bob):
    job = ask(alice)
    client.force_login(bob)
    assert client.get(STUDIO, {"like": str(job.id)}).status_code == 404
