"""Options of the engine: from the form through the job to its page, its picture and the next form."""

import io
import json

import pytest
from PIL import Image as Pillow

from generator import jobs, runner
from generator.engine.settings import OPTIONS, GenerateSettings, SettingsError
from generator.forms import SHAPES, SIZES, shape_of, sides_of
from generator.models import Job
from generator.option_fields import OptionFields
from tests.generator.wishes import WISH, ask

STUDIO = "/studio/"
INPUT = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5"}
CHOSEN = {"cutouts": "4", "learning_rate": "0.2", "quantise": "False", "smoothness": "0"}


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def test_every_option_has_a_field_in_one_section_that_offers_its_default():
    named = [name for _title, names in OptionFields.SECTIONS for name in names]
    assert sorted(named) == sorted(OPTIONS)
    for name, usual in OPTIONS.items():
        field = OptionFields.base_fields[name]
        assert field.initial == usual
        assert not field.required


def test_a_job_keeps_only_the_options_that_differ(alices):
    assert alices.post(STUDIO, {**INPUT, **CHOSEN}).status_code == 302
    assert Job.objects.get().options == {"cutouts": 4, "learning_rate": 0.2, "quantise": False}


def test_without_options_or_with_empty_ones_a_job_has_none(alices):
    for options in ({}, dict.fromkeys(OPTIONS, "")):
        alices.post(STUDIO, {**INPUT, **options})
    assert [job.options for job in Job.objects.all()] == [{}, {}]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("cutouts", "0", "greater than or equal to 1"),
        ("cutouts", "2.5", "whole number"),
        ("ground", "nan", "a number"),
        ("averaging", "1", "less than or equal to 0.999"),
        ("quantise", "perhaps", "not one of the available choices"),
        ("cutout_smallest", "1.5", "The smallest view is larger than the largest."),
        ("shape", "round", "not one of the available choices"),
    ],
)
def test_a_wrong_option_is_kept_and_explained_where_one_sees_it(alices, field, value, message):
    answer = alices.post(STUDIO, {**INPUT, field: value})
    form = answer.context["form"]
    assert answer.status_code == 400
    assert list(form.errors) == [field]
    assert message in str(form.errors[field])
    assert form[field].value() == value
    assert form.shows_options == (field in OPTIONS)
    assert not Job.objects.exists()


def test_options_are_folded_away_until_one_differs(alices, alice):
    assert '<details class="options">' in alices.get(STUDIO).content.decode()
    job = ask(alice, options={"cutouts": 9})
    page = alices.get(STUDIO, {"like": str(job.id)}).content.decode()
    assert '<details class="options" open>' in page
    assert 'name="cutouts" value="9"' in page


def test_the_page_of_a_job_lists_the_options_that_differ(alices, alice):
    page = alices.get(ask(alice, options={"cutouts": 9, "quantise": False}).get_absolute_url())
    assert "<dt>Views</dt><dd>9</dd><dt>Keep to the codebook</dt><dd>No</dd>" in page.content.decode()


def test_limits_are_written_as_people_write_them(alices):
    page = alices.get(STUDIO).content.decode()
    assert "From 0 to 10, normally 1.5." in page
    alices.cookies["django_language"] = "sv"
    assert "Från 0 till 10, normalt 1,5." in alices.get(STUDIO).content.decode()


def test_an_option_that_is_no_more_fails_the_job_and_leaves_its_page(alices, alice, tiny_models):
    job = ask(alice)
    Job.objects.update(options={"sparkle": 3})
    assert alices.get(job.get_absolute_url()).status_code == 200
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.SETTINGS)


@pytest.mark.parametrize("options", [{"sparkle": 3}, {"cutouts": 0}, {"quantise": "yes"}, {"seed": 3}])
def test_a_wish_with_options_that_the_engine_has_not_makes_no_job(alice, options):
    with pytest.raises(SettingsError) as error:
        ask(alice, options=options)
    assert error.value.field in options
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_picture_is_made_with_the_options_and_says_so(alice, tiny_models):
    plain, soft = ask(alice, steps=3), ask(alice, steps=3, options={"smoothness": 50.0})
    recipes, pixels = [], []
    for job in (plain, soft):
        runner.run(job.id, load_models=tiny_models)
        job.refresh_from_db()
        with job.image.original.open() as file, Pillow.open(io.BytesIO(file.read())) as picture:
            recipes.append(json.loads(picture.text["clipweb"]))
            pixels.append(picture.tobytes())
    assert [recipe["smoothness"] for recipe in recipes] == [0, 50]
    assert pixels[0] != pixels[1]


def test_a_wish_that_names_defaults_is_the_plain_wish(alice):
    assert ask(alice, options=dict(OPTIONS)).options == {}
    assert jobs.recipe_of(jobs.Wish(**WISH)) == GenerateSettings(**WISH)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_every_shape_of_every_size_is_one_of_the_engines_and_is_known_again(size, shape):
    width, height = sides_of(size, shape)
    GenerateSettings(prompt="x", width=width, height=height)
    assert (min(width, height), shape_of(width, height)) == (size, shape)


def test_the_form_can_begin_with_an_earlier_shape(alices, alice):
    job = ask(alice, width=256, height=192)
    form = alices.get(STUDIO, {"like": str(job.id)}).context["form"]
    assert [form[name].value() for name in ("size", "shape")] == [192, "wide"]
