"""CLIP models that a wish names: on the form, in the queue, in the recipe, and when one is not here."""

import io
import json

import pytest
from django.core.exceptions import ValidationError
from PIL import Image as Pillow

from generator import continuing, perceptors, runner
from generator.loading import Models
from generator.models import Job
from tests.engine.tiny import TinyClip, TinyVqgan
from tests.generator.test_options import INPUT, STUDIO
from tests.generator.wishes import ask


@pytest.fixture(autouse=True)
def models_dir(settings, tmp_path):
    settings.MODELS_DIR = tmp_path / "models"
    return settings.MODELS_DIR


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def install(folder, name: str, **record) -> None:
    (folder / name).mkdir(parents=True)
    content = {"kind": "clip", "architecture": "ViT-B-32", "files": {"a": "1"}, **record}
    (folder / name / "model.json").write_text(json.dumps(content))


def judged(loaded: list[str]):
    """Tiny models that note which of them were asked for."""

    def load(name: str) -> TinyClip:
        loaded.append(name)
        clip = TinyClip(seed=len(name))
        clip.model_id = f"tiny {name}"
        return clip

    return lambda: Models(vqgan=TinyVqgan(), clip=TinyClip(), load_perceptor=load)


def test_there_are_the_usual_one_the_members_of_the_pack_and_what_is_installed(models_dir):
    assert perceptors.names() == ["usual", "mini-1", "mini-2", "mini-3"]
    install(models_dir, "own-clip")
    install(models_dir, "own-vqgan", kind="vqgan")
    install(models_dir, ".new-half", kind="clip")
    (models_dir / "broken").mkdir()
    (models_dir / "broken" / "model.json").write_text("{")
    assert perceptors.names()[4:] == ["own-clip"]


def test_the_form_tells_the_names(alices, models_dir):
    install(models_dir, "own-clip")
    assert "There are: usual, mini-1, mini-2, mini-3, own-clip." in alices.get(STUDIO).content.decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mini-1 mini-9", "There is no CLIP model mini-9 here. There are: usual, mini-1, mini-2, mini-3."),
        ("mini-1:0", "after a colon a weight from 0.01 to 100."),
        ("mini-1 mini-1", "each once"),
    ],
)
def test_what_cannot_be_is_explained_and_kept(alices, text, message):
    answer = alices.post(STUDIO, {**INPUT, "perceptors": text})
    form = answer.context["form"]
    assert answer.status_code == 400
    assert message in str(form.errors["perceptors"])
    assert form["perceptors"].value() == text
    assert form["prompt"].value() == INPUT["prompt"]
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_picture_is_judged_by_them_and_its_file_says_so(alices):
    alices.post(STUDIO, {**INPUT, "steps": "3", "quality": "own", "perceptors": "mini-2 usual:0.5"})
    job = Job.objects.get()
    assert job.options["perceptors"] == "mini-2 usual:0.5"
    loaded: list[str] = []
    runner.run(job.id, load_models=judged(loaded))
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert loaded == ["mini-2"]  # the usual one is there already
    with job.image.original.open() as file:
        content = file.read()
    with Pillow.open(io.BytesIO(content)) as picture:
        recipe = json.loads(picture.text["clipweb"])
    assert (recipe["clip"], recipe["perceptors"]) == ("tiny mini-2 + tiny", "mini-2 usual:0.5")
    file = io.BytesIO(content)
    file.name = "made.png"
    form = alices.post("/studio/remix/", {"file": file}).context["form"]
    assert form["perceptors"].value() == "mini-2 usual:0.5"
    page = alices.get(job.get_absolute_url()).content.decode()
    assert "<dt>Judged by</dt><dd>mini-2 usual:0.5</dd>" in page


@pytest.mark.django_db(transaction=True)
def test_a_model_that_went_while_the_job_waited_fails_it_with_the_reason_and_keeps_the_wish(
    alices, alice, models_dir, tiny_models
):
    install(models_dir, "own-clip")
    job = ask(alice, options={"perceptors": "own-clip mini-1"})
    (models_dir / "own-clip" / "model.json").unlink()
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, Job.Failure.PERCEPTOR)
    assert "is no longer here" in alices.get(job.get_absolute_url()).content.decode()
    form = alices.get(STUDIO, {"like": str(job.id)}).context["form"]
    assert form["perceptors"].value() == "own-clip mini-1"


@pytest.mark.django_db(transaction=True)
def test_a_finished_picture_cannot_be_continued_without_its_model(alices, alice, models_dir):
    install(models_dir, "own-clip")
    job = ask(alice, steps=3, options={"perceptors": "own-clip"})
    runner.run(job.id, load_models=judged([]))
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    (models_dir / "own-clip" / "model.json").unlink()
    with pytest.raises(ValidationError, match="no CLIP model own-clip"):
        continuing.continue_job(job=job, steps=2)
    answer = alices.post(f"{job.get_absolute_url()}continue/", {"steps": "2"})
    assert answer.status_code == 400
    assert "There is no CLIP model own-clip here." in answer.content.decode()
    assert Job.objects.count() == 1


def test_a_model_is_wanted_as_long_as_a_picture_waits_for_it(alice, models_dir):
    install(models_dir, "own-clip")
    job = ask(alice, options={"perceptors": "mini-1 own-clip:2"})
    assert perceptors.is_wanted("own-clip")
    assert not perceptors.is_wanted("own")
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    assert not perceptors.is_wanted("own-clip")
