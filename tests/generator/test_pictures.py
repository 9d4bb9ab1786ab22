"""Pictures made from pictures: who may name which, on the form and when the job runs."""

import io
import uuid

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image as Pillow

from gallery.models import Image
from gallery.uploads import delete_image, store_image
from generator import pictures, runner
from generator.models import Job
from tests.gallery.drawing import png
from tests.generator.wishes import ask

STUDIO = "/studio/"
INPUT = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5"}
NOBODYS = str(uuid.UUID(int=7))


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def hers(alice) -> Image:
    return store_image(owner=alice, file=png(), title="An owl at night")


@pytest.fixture
def bobs(bob) -> Image:
    return store_image(owner=bob, file=png(color="blue"))


@pytest.mark.parametrize("written", ["{}", "picture:{}", "http://127.0.0.1:8000/pictures/{}/", " {} "])
def test_a_picture_is_named_by_its_id_or_the_address_of_its_page(alices, hers, written):
    assert alices.post(STUDIO, {**INPUT, "init_picture": written.format(hers.pk)}).status_code == 302
    assert Job.objects.get().options == {"init_picture": str(hers.pk)}


@pytest.mark.parametrize("field", ["init_picture", "overlay_picture", "spot_picture"])
@pytest.mark.parametrize("value", ["an owl", f"{NOBODYS} {NOBODYS}", NOBODYS])
def test_what_names_no_picture_is_explained(alices, field, value):
    answer = alices.post(STUDIO, {**INPUT, field: value})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.parametrize("field", ["prompt", "inside", "outside"])
def test_prompts_can_name_pictures_that_one_may_see_and_no_others(alices, hers, bobs, field):
    def answer(image: Image):
        return alices.post(STUDIO, {**INPUT, field: f"an owl | picture:{image.pk}:0.5"})

    refused = answer(bobs)
    assert refused.status_code == 400
    assert "There is no picture with this id that you may see." in str(refused.context["form"].errors[field])
    assert answer(hers).status_code == 302
    Image.objects.filter(pk=bobs.pk).update(visibility=Image.Visibility.PUBLIC)
    assert answer(bobs).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("prompt", "an owl | picture:7", "the id of a picture has to follow. (at character 18)"),
        ("prompt", "an owl | noise:x", "a seed has to follow"),
        ("prompt", "noise:7 loud", "only a weight may follow"),
        ("inside", "a ^ b", "has no story"),
        ("outside", "a:0", "from -10 to 10 and not 0"),
        ("palette", "#f00 red", "“red” is no colour"),
        ("ground_colour", "white", "“white” is no colour"),
        ("learning_rate_drops", "75 50", "rising percentages"),
        ("optimiser", "sgd", "not one of the available choices"),
    ],
)
def test_what_cannot_be_read_is_kept_and_explained(alices, field, value, message):
    answer = alices.post(STUDIO, {**INPUT, field: value})
    assert answer.status_code == 400
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert message in str(form.errors[field])
    assert form[field].value() == value


def test_the_page_of_a_picture_leads_to_a_form_that_begins_with_it(alices, hers):
    Image.objects.filter(pk=hers.pk).update(width=400, height=300)
    link = f"{STUDIO}?init={hers.pk}"
    assert link in alices.get(hers.get_absolute_url()).content.decode()
    answer = alices.get(link)
    form, page = answer.context["form"], answer.content.decode()
    assert (form["init_picture"].value(), form["shape"].value()) == (str(hers.pk), "wide")
    assert "Start from a picture: An owl at night" in page
    assert '<details class="options" open>' in page


@pytest.mark.parametrize("value", [NOBODYS, "no-id"])
def test_a_form_cannot_begin_with_a_picture_that_is_not_there(alices, value):
    assert alices.get(STUDIO, {"init": value}).status_code == 404


def test_a_form_cannot_begin_with_a_picture_out_of_sight(alices, bobs):
    assert alices.get(STUDIO, {"init": str(bobs.pk)}).status_code == 404


def test_a_picture_that_was_typed_out_of_sight_is_not_shown(alices, bobs):
    page = alices.post(STUDIO, {**INPUT, "init_picture": str(bobs.pk), "steps": "0"}).content.decode()
    assert "Pictures that this is made from" not in page


def test_the_page_of_a_job_leads_to_the_pictures_it_is_made_from(alices, alice, hers):
    job = ask(alice, prompt=f"an owl | picture:{hers.pk}", options={"init_picture": str(hers.pk)})
    page = alices.get(job.get_absolute_url()).content.decode()
    assert f'<a class="tag" href="/pictures/{hers.pk}/">' in page
    assert f'<dd><a href="/pictures/{hers.pk}/">' in page


@pytest.mark.django_db(transaction=True)
def test_a_run_is_given_the_pictures_that_its_owner_sees(alice, hers, tiny_models):
    wish = {"prompt": f"an owl | picture:{hers.pk}:0.5", "steps": 2}
    jobs = [ask(alice, **wish), ask(alice, **wish, options={"init_picture": str(hers.pk)})]
    for job in jobs:
        runner.run(job.id, load_models=tiny_models)
        job.refresh_from_db()
        assert (job.state, job.image.title) == (Job.State.DONE, "an owl")
    assert jobs[0].image != jobs[1].image


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fate", ["deleted", "private", "damaged"])
def test_without_its_picture_a_job_fails_and_says_so(alice, bobs, tiny_models, fate):
    Image.objects.filter(pk=bobs.pk).update(visibility=Image.Visibility.PUBLIC)
    job = ask(alice, steps=2, options={"overlay_picture": str(bobs.pk)})
    if fate == "deleted":
        delete_image(image=bobs)
    elif fate == "private":
        Image.objects.filter(pk=bobs.pk).update(visibility=Image.Visibility.PRIVATE)
    else:
        with bobs.original.storage.open(bobs.original.name, "wb") as file:
            file.write(b"nothing")
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.PICTURE)


def test_transparency_and_the_colours_under_it_reach_the_engine(alice):
    drawn = np.zeros((8, 8, 4), dtype=np.uint8)
    drawn[..., 0], drawn[:4, :, 3], drawn[4:, :, 3] = 200, 255, 128
    buffer = io.BytesIO()
    Pillow.fromarray(drawn).save(buffer, "PNG")
    image = store_image(owner=alice, file=ContentFile(buffer.getvalue(), name="drawn.png"))
    (found,) = pictures.load([str(image.pk)], user=alice).values()
    assert found.shape == (8, 8, 4)
    assert np.abs(found.astype(int) - drawn).max() <= 2
