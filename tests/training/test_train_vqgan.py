"""`manage.py train_vqgan` from a folder of pictures to a model that the studio can draw with."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command

from clipweb.registry import proof, store
from clipweb.registry.chosen import read_choice
from gallery.training.decoding import decode
from gallery.training.folder import RunError, RunFolder
from gallery.training.pictures import digest_of, files_of_folder, held_out
from gallery.training.run import Pace, take_steps
from generator.engine.training.losses import feature_distance
from generator.engine.training.perceptual import shipped_features
from generator.engine.training.pictures import RandomParts, scaled
from generator.engine.training.trainer import Trainer
from generator.engine.training.vqgan_run import VqganPlan, measure
from generator.engine.vqgan import VqganSource, load_vqgan
from tests.clipweb.registry.conftest import proof_in_this_process  # noqa: F401
from tests.gallery.drawing import noise, plain, scenery

SMALL = VqganPlan(steps=6, size=32, batch=2, codes=32, channels=32)
ARGUMENTS = ["--steps=6", "--size=32", "--batch=2", "--codes=32", "--threads=1", "--device=cpu"]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve pictures, two of them in a folder of their own, and three files that are none."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for seed in range(12):
        scenery(80, 60, seed=seed).save(folder / ("more" if seed > 9 else "") / f"{seed:02}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "note.txt").write_text("no picture")
    return folder


def test_pictures_of_a_folder_become_a_model_that_draws(folder, site, capsys):
    call_command("train_vqgan", "--run", "mine", "--pictures", folder, *ARGUMENTS)
    said = capsys.readouterr()
    assert "Left out, as they cannot be read: broken.png" in said.err
    assert "11 pictures to learn from, 1 to measure on, cpu" in said.out

    run = RunFolder(site.TRAINING_DIR / "mine")
    assert run.state == "done"
    assert run.summary()["held_out"]
    assert [path.name for path in run.samples()] == ["step-000006.png"]
    assert [row["step"] for row in run.rows()] == [6]
    assert run.curves_file.read_text().startswith("<svg")

    call_command("models", "list")
    assert "mine" in capsys.readouterr().out
    call_command("models", "use", "mine")
    assert read_choice(site.MODELS_DIR).vqgan == "mine"
    with pytest.raises(CommandError, match="another name with --install"):
        call_command("train_vqgan", "--run", "mine")
    model = store.find("mine")
    drawn = load_vqgan(VqganSource(model.folder / "model.safetensors", model.folder / "config.yaml"))
    assert drawn(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 32, 32)


def test_a_name_that_is_taken_is_refused_before_anything_is_trained(folder, site):
    with pytest.raises(CommandError, match="comes with the repository"):
        call_command(
            "train_vqgan", "--run", "mine", "--install", "mini-vqgan", "--pictures", folder, *ARGUMENTS
        )
    assert not RunFolder(site.TRAINING_DIR / "mine").path.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say what to learn from"),
        (["--pictures", "/nowhere"], "There is no folder /nowhere"),
        (["--public", "--size", "20"], "multiple of 16"),
        (["--public", "--batch", "0"], "batch must be more than 0"),
        (["--public", "--steps", "2"], "at least 4 steps"),
        (["--public", "--run", "../out"], "is no name"),
        (["--album", "none"], "There is no album none"),
        (["--user", "nobody"], "Nobody here is called nobody"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(arguments, message, site, db, store_public):
    with pytest.raises(CommandError, match=message):
        call_command("train_vqgan", "--device", "cpu", *arguments)
    assert not list(site.TRAINING_DIR.glob("*/config.json"))


def test_a_run_goes_on_with_its_own_settings_alone(folder, site):
    call_command("train_vqgan", "--run", "mine", "--pictures", folder, "--no-install", *ARGUMENTS)
    noise(seed=1).save(folder / "new.png")
    with pytest.raises(CommandError, match="seed is 0 there and 5 now"):
        call_command("train_vqgan", "--run", "mine", "--no-install", "--seed", "5")
    with pytest.raises(CommandError, match="pictures is"):
        call_command("train_vqgan", "--run", "mine", "--no-install")


def test_a_stopped_run_gives_the_same_weights(folder, tmp_path):
    pictures, _unreadable = decode(files_of_folder(folder), shortest=40)
    features = shipped_features()

    def trainer(*, stopped_at=None):
        parts = RandomParts(pictures, seed=0)

        def batches(step, phase):
            if step == stopped_at:
                os.kill(os.getpid(), signal.SIGINT)
            return parts(step, phase)

        return Trainer(SMALL.config(bfloat16=False), batches, features)

    def go(name, trainer):
        return take_steps(RunFolder(tmp_path / name), trainer, steps=6, pace=Pace(log_every=2))

    whole, first, second = trainer(), trainer(stopped_at=2), trainer()
    assert go("straight", whole)
    assert not go("broken", first)
    assert go("broken", second)

    for name, weights in whole.average.state_dict().items():
        assert torch.equal(weights, second.average.state_dict()[name]), name
    rows = [RunFolder(tmp_path / name).rows() for name in ("straight", "broken")]
    for row in (*rows[0], *rows[1]):
        del row["seconds"]
    assert rows[0] == rows[1]


def test_a_plan_has_exactly_the_steps_that_were_asked_for():
    for steps in (4, 5, 7, 100, 1999):
        config = replace(SMALL, steps=steps).config(bfloat16=False)
        assert config.steps == steps
        assert [phase.quantized for phase in config.phases] == [False, True, True, True]
        assert [phase.adversarial_weight > 0 for phase in config.phases] == [False, False, True, True]


def test_features_are_those_of_the_shipped_tower():
    """Alike pictures are nearer than others, and the gradient reaches the picture."""
    pictures = _pixels(scenery(64, 64, seed=1))
    other, near = _pixels(scenery(64, 64, seed=2)), (pictures + 0.02).clamp(-1, 1)
    features = shipped_features()
    assert feature_distance(features, pictures, near) < 0.2 * feature_distance(features, pictures, other)
    near.requires_grad_()
    feature_distance(features, pictures, near).backward()
    assert near.grad.abs().sum() > 0
    assert [tuple(stage.shape[1:]) for stage in features(pictures)] == [
        (16, 32, 32),
        (24, 16, 16),
        (40, 8, 8),
        (112, 4, 4),
    ]


def _pixels(picture):
    return scaled(torch.from_numpy(np.array(picture)).permute(2, 0, 1), 64)[None]


def test_parts_are_the_same_at_every_resumption_and_of_any_shape():
    pictures = [torch.randint(0, 256, (3, 40, 70), dtype=torch.uint8), torch.zeros(3, 90, 40).byte()]
    phase = SMALL.config(bfloat16=False).phases[-1]
    first, again = RandomParts(pictures, seed=3)(5, phase), RandomParts(pictures, seed=3)(5, phase)
    assert torch.equal(first, again)
    assert first.shape == (phase.batch, 3, 32, 32)
    assert first.min() >= -1
    assert first.max() <= 1
    assert not torch.equal(first, RandomParts(pictures, seed=3)(6, phase))


def test_the_shipped_model_gives_back_what_it_is_measured_on():
    pictures = [torch.full((3, 64, 64), 128, dtype=torch.uint8)]
    assert measure(load_vqgan(VqganSource()), pictures, 64)["psnr"] > 20


@pytest.mark.parametrize(("count", "measured"), [(0, 0), (9, 0), (10, 1), (100, 10), (640, 64), (50_000, 63)])
def test_some_pictures_are_held_out(count, measured):
    learned, held = held_out(count)
    assert len(held) == measured
    assert sorted([*learned, *held]) == list(range(count))


def test_another_picture_or_other_words_are_other_material(folder):
    files = files_of_folder(folder)
    assert len(files) == 13  # one of them cannot be read
    assert digest_of(files) == digest_of(files_of_folder(folder))
    assert digest_of(files) != digest_of(files[1:])
    assert digest_of(files) != digest_of([replace(files[0], text="a cat"), *files[1:]])


def test_long_pictures_are_cut_in_the_middle(tmp_path):
    plain("red", 300, 30).save(tmp_path / "long.png")
    (picture,), _ = decode(files_of_folder(tmp_path), shortest=20)
    assert picture.shape == (3, 20, 40)


def test_too_many_pictures_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("gallery.training.decoding.MOST_PICTURES", 1)
    for seed in range(2):
        noise(seed=seed).save(tmp_path / f"{seed}.png")
    with pytest.raises(RunError, match="2 pictures are too many"):
        decode(files_of_folder(tmp_path), shortest=20)


def test_the_proof_of_the_registry_is_used(folder, site, monkeypatch):
    """What is damaged is not installed."""

    def broken(options):
        return {"error": "The weights give pictures that are not numbers: they are damaged."}

    monkeypatch.setattr(proof, "import_model", broken)
    with pytest.raises(CommandError, match="not numbers"):
        call_command("train_vqgan", "--run", "mine", "--pictures", folder, *ARGUMENTS)
    assert store.installed() == []
