"""The studio's form, filled in from the recipe in a file that somebody has."""

import json

import pytest

from gallery.models import Image
from generator.engine.settings import MAX_PROMPT_CHARACTERS, GenerateSettings
from generator.models import Job
from tests.gallery.drawing import png, upload
from tests.generator.test_recipes import made, noted

REMIX = "/studio/remix/"
RECIPE = GenerateSettings(
    prompt="an owl", seed=41, steps=33, width=256, height=192, cutouts=9, quantise=False
)


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def send(client, content: bytes, name: str = "owl.png"):
    return client.post(REMIX, {"file": upload(content, name)})


def test_the_form_is_filled_in_and_nothing_is_stored(alices):
    answer = send(alices, made(RECIPE))
    assert answer.status_code == 200
    form = answer.context["form"]
    names = ("prompt", "size", "shape", "steps", "seed", "cutouts", "quantise")
    assert [form[name].value() for name in names] == ["an owl", 192, "wide", 33, None, 9, False]
    assert form.shows_options
    assert "Its seed was 41;" in answer.content.decode()
    assert not Job.objects.exists()
    assert not Image.objects.exists()


def test_what_the_form_does_not_take_over_is_told(alices):
    recipe = {"prompt": "an owl", "width": 64, "height": 96, "zebra": 1, "<b>": 2}
    page = send(alices, noted(clipweb=json.dumps(recipe)).read()).content.decode()
    assert "Its size of 64 × 96 pixels is not among those on offer." in page
    assert "2 settings of the file are not known here and left out: &lt;b&gt;, zebra" in page


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"no picture", 422, "This is not a picture."),
        (made()[:-40], 422, "damaged or was cut off"),
        (png().read(), 422, "does not say how it was made"),
        (noted(clipweb="{").read(), 422, "The recipe in this file cannot be used (it is no JSON)."),
        (
            noted(clipweb=json.dumps({"prompt": "x" * (MAX_PROMPT_CHARACTERS + 1)})).read(),
            422,
            "must not be longer than 500 characters",
        ),
        (b"", 400, "The file is empty."),
    ],
)
def test_a_file_that_cannot_be_used_is_answered_with_the_reason(alices, content, status, words):
    answer = send(alices, content)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert list(answer.context["remix_form"].errors) == ["file"]
    assert not answer.context["form"].errors


def test_the_limits_of_uploads_hold_here_too(alices, settings):
    settings.UPLOAD_MAX_PIXELS = 100
    assert send(alices, made()).status_code == 413
    settings.UPLOAD_MAX_BYTES = 10
    assert send(alices, made()).status_code == 413


def test_without_a_file_the_form_says_what_is_missing(alices):
    answer = alices.post(REMIX)
    assert answer.status_code == 400
    assert "Choose a picture that was made here." in answer.content.decode()


def test_very_many_files_are_answered_by_429(alices, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "remixes": (1, 60)}
    send(alices, made())
    assert send(alices, made()).status_code == 429


def test_who_is_not_signed_in_is_asked_to_and_looking_at_it_is_not_allowed(client, db, alice):
    assert send(client, made()).status_code == 302
    client.force_login(alice)
    assert client.get(REMIX).status_code == 405
