"""Pictures that are enlarged when they are finished: from the form to the file and back to the form."""

import io
import json

import pytest
from django.core.exceptions import ValidationError
from PIL import Image as Pillow

from generator import continuing, jobs, progress, recipes, runner
from generator.engine.settings import GenerateSettings
from generator.loading import Models
from generator.models import Job
from tests.engine.released_upscaler import rrdb_weights, write
from tests.engine.tiny import TinyClip, TinyVqgan
from tests.generator.runs import bytes_of
from tests.generator.test_options import INPUT, STUDIO
from tests.generator.wishes import WISH, ask


@pytest.fixture(autouse=True)
def no_network(settings):
    settings.UPSCALER_CHECKPOINT = ""
    return settings


@pytest.fixture
def checkpoint(settings, tmp_path):
    settings.UPSCALER_CHECKPOINT = str(write(tmp_path / "RealESRGAN_small.pth", rrdb_weights(scale=2)))
    return settings.UPSCALER_CHECKPOINT


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def made(job: Job, load_models) -> tuple[tuple[int, int], str, dict]:
    """Size, mode and recipe of the job's picture."""
    runner.run(job.id, load_models=load_models)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    with Pillow.open(io.BytesIO(bytes_of(job.image))) as picture:
        return picture.size, picture.mode, json.loads(picture.text["clipweb"])


def test_the_form_says_what_enlarges_here(alices, settings):
    assert "This is plain enlargement, which adds no detail" in alices.get(STUDIO).content.decode()
    settings.UPSCALER_CHECKPOINT = "/models/RealESRGAN_x4plus.pth"
    page = alices.get(STUDIO).content.decode()
    assert "made larger by the model RealESRGAN_x4plus" in page
    assert "plain enlargement" not in page
    assert "/models/" not in page


@pytest.mark.django_db(transaction=True)
def test_from_the_form_to_a_larger_file_that_says_how(alices, tiny_models, monkeypatch):
    previews = []
    monkeypatch.setattr(progress, "publish", lambda _job, frame: previews.append(frame.picture))
    asked = {**INPUT, "quality": "own", "steps": "3", "enlarge": "2", "transparent": "True"}
    assert alices.post(STUDIO, asked).status_code == 302
    job = Job.objects.get()
    assert job.options == {"enlarge": 2, "transparent": True}
    size, mode, recipe = made(job, tiny_models)
    assert (size, mode) == ((256, 256), "RGBA")
    assert (recipe["enlarge"], recipe["enlarged_by"], recipe["width"]) == (2, "lanczos", 128)
    assert (job.image.width, job.image.height) == (256, 256)
    with Pillow.open(io.BytesIO(previews[-1])) as preview:
        assert preview.size == (128, 128)
    page = alices.get(job.get_absolute_url()).content.decode()
    assert "<dt>Enlarge at the end</dt><dd>2 times as wide and high</dd>" in page
    assert alices.get(STUDIO, {"like": str(job.id)}).context["form"]["enlarge"].value() == 2


@pytest.mark.django_db(transaction=True)
def test_a_network_enlarges_and_is_named_and_gives_the_same_bytes_again(alice, bob, tiny_models, checkpoint):
    size, _mode, recipe = made(first := ask(alice, options={"enlarge": 4}), tiny_models)
    assert size == (256, 256)
    assert recipe["enlarged_by"].startswith("RealESRGAN_small@")
    made(again := ask(bob, options={"enlarge": 4}), tiny_models)
    assert bytes_of(first.image) == bytes_of(again.image)


@pytest.mark.django_db(transaction=True)
def test_what_is_not_enlarged_has_the_bytes_that_it_always_had(alice, tiny_models, checkpoint):
    _size, _mode, recipe = made(ask(alice), tiny_models)
    assert not recipe.keys() & {"enlarge", "enlarged_by"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("content", [None, b"hello"])
def test_without_its_file_or_with_a_wrong_one_the_job_fails_before_its_first_step(
    alice, tiny_models, settings, tmp_path, content
):
    path = tmp_path / "net.pth"
    if content:
        path.write_bytes(content)
    settings.UPSCALER_CHECKPOINT = str(path)
    job = ask(alice, options={"enlarge": 2})
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.failure, job.step) == (Job.State.FAILED, Job.Failure.MODELS, 0)
    assert str(path) in job.error
    made(ask(alice), tiny_models)  # what asks for no enlargement needs no file


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_is_heard_between_tiles(alice):
    job = ask(alice, options={"enlarge": 2})

    class Cancelled:
        model_id, scale = "slow", 2

        def enlarge(self, pixels, *, after_tile, threads_used):
            jobs.cancel(job_id=job.id)
            after_tile()
            raise AssertionError("it should have stopped")

    models = Models(vqgan=TinyVqgan(), clip=TinyClip(), load_upscaler=Cancelled)
    runner.run(job.id, load_models=lambda: models)
    job.refresh_from_db()
    assert (job.state, job.image) == (Job.State.CANCELLED, None)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_has_to_go_meanwhile_leaves_the_job_to_the_next(alice, tiny_models, monkeypatch):
    job = ask(alice, options={"enlarge": 2})

    class Slow:
        model_id, scale = "slow", 2

        def enlarge(self, pixels, *, after_tile, threads_used):
            monkeypatch.setattr(runner.Heartbeat, "must_stop", True)
            after_tile()
            raise AssertionError("it should have stopped")

    models = Models(vqgan=TinyVqgan(), clip=TinyClip(), load_upscaler=Slow)
    runner.run(job.id, load_models=lambda: models)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.image) == (Job.State.QUEUED, 0, None)
    monkeypatch.undo()
    assert made(job, tiny_models)[0] == (128, 128)


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_goes_on_is_enlarged_at_its_end_too(alice, tiny_models):
    made(job := ask(alice, steps=4, options={"enlarge": 2}), tiny_models)
    made(whole := ask(alice, steps=6, schedule_steps=4, options={"enlarge": 2}), tiny_models)
    child = continuing.continue_job(job=job, steps=2)
    size, _mode, _recipe = made(child, tiny_models)
    assert size == (128, 128)
    assert child.image == whole.image


@pytest.mark.parametrize("value", ["3", "8", "0", "x"])
def test_other_multiples_are_an_error_in_the_form(alices, value):
    answer = alices.post(STUDIO, {**INPUT, "enlarge": value})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["enlarge"]
    assert answer.context["form"].shows_options


def test_what_would_be_too_large_is_told_in_the_form_and_loses_nothing(alices, settings):
    settings.UPLOAD_MAX_PIXELS = 1_000_000
    answer = alices.post(STUDIO, {**INPUT, "size": "256", "shape": "wide", "enlarge": "4"})
    form = answer.context["form"]
    assert answer.status_code == 400
    assert list(form.errors) == ["enlarge"]
    assert "Enlarged, it would have 1.4 megapixels; at most 1.0 can be kept here." in str(form.errors)
    assert (form["enlarge"].value(), form["prompt"].value()) == ("4", INPUT["prompt"])
    assert not Job.objects.exists()
    assert alices.post(STUDIO, {**INPUT, "size": "256", "enlarge": "2"}).status_code == 302


def test_the_largest_on_offer_fits_the_usual_limits(alices):
    asked = {**INPUT, "size": "512", "shape": "widest", "enlarge": "4"}
    assert alices.post(STUDIO, asked).status_code == 302


def test_no_job_is_made_of_a_wish_that_would_be_too_large(alice, settings):
    settings.UPLOAD_MAX_PIXELS = 10_000
    with pytest.raises(ValidationError, match="megapixels"):
        ask(alice, options={"enlarge": 2})
    assert ask(alice).options == {}  # what is drawn is no matter of this limit


@pytest.mark.django_db(transaction=True)
def test_limits_that_came_after_the_wish_fail_the_job_before_its_first_step(alice, tiny_models, settings):
    job = ask(alice, options={"enlarge": 2})
    settings.UPLOAD_MAX_PIXELS = 10_000
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.failure, job.step) == (Job.State.FAILED, Job.Failure.SETTINGS, 0)


def test_a_recipe_is_read_back_without_what_enlarged_it():
    settings = GenerateSettings(prompt="an owl", enlarge=2)
    text = json.dumps({"prompt": "an owl", "enlarge": 2, "enlarged_by": "lanczos", "clip": "x"})
    assert recipes.parse(text) == recipes.Recipe(settings)
    with pytest.raises(recipes.BrokenRecipe, match="must be one of 1, 2, 4"):
        recipes.parse(json.dumps({"prompt": "an owl", "enlarge": 3}))


def test_a_wish_keeps_nothing_of_the_default(alice):
    assert ask(alice, options={"enlarge": 1}).options == {}
    assert jobs.recipe_of(jobs.Wish(**WISH)).enlarge == 1
