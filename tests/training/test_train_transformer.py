"""`manage.py train_transformer` from drawn shapes to pictures of a prompt."""

import os
import signal

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from clipweb.training.transformers import load_parts
from gallery.training.folder import RunError, RunFolder
from gallery.training.run import Pace, take_steps
from generator.engine.transformer.plan import TransformerPlan, best_first, captioned
from generator.engine.transformer.training import TransformerTrainer
from tests.gallery.drawing import plain, scenery

SMALL = ["--steps=4", "--size=16", "--batch=2", "--width=32", "--layers=1", "--heads=2", "--device=cpu"]
SHAPES = ["--shapes=40", "--threads=1", *SMALL]
PLAN = TransformerPlan(vqgan="mini-vqgan", steps=4, size=16, batch=2, width=32, layers=1, heads=2)


def train(*arguments):
    call_command("train_transformer", "--run", "mine", *arguments)


def test_words_and_pictures_become_a_model_that_draws(site, capsys, tmp_path):
    train(*SHAPES)
    assert "36 pictures to learn from, 4 to measure on, cpu" in capsys.readouterr().out
    run = RunFolder(site.TRAINING_DIR / "mine")
    assert run.state == "done"
    assert run.summary()["chance"] == pytest.approx(6.9315, abs=1e-3)
    assert [path.name for path in run.samples()] == ["step-000004.png"]

    sheet = tmp_path / "drawn.png"
    asked = ["a red circle", "two blue stars", "--count=3", "--of=5", f"--output={sheet}", "--threads=1"]
    call_command("sample_transformer", "mine", *asked)
    assert Pillow.open(sheet).size == (3 * 16, 2 * 16)
    first = sheet.read_bytes()
    call_command("sample_transformer", "mine", *asked)
    assert sheet.read_bytes() == first


def test_a_run_that_is_stopped_goes_on_with_the_same_numbers(tmp_path):
    parts = load_parts("mini-vqgan")
    squares = [torch.randint(0, 256, (3, 16, 16), dtype=torch.uint8) for _ in range(6)]
    data = captioned(PLAN, parts.vqgan, parts.clip, squares, ["a", "b", "c", "a", "b", "c"])
    config = PLAN.training(parts.vqgan, parts.text_width, bfloat16=False)

    def steps_of(folder, stops_at=None):
        trainer = TransformerTrainer(config, data)

        def stopping():
            for numbers in TransformerTrainer.train(trainer):
                if trainer.step == stops_at:
                    os.kill(os.getpid(), signal.SIGINT)
                yield numbers

        trainer.train = stopping
        is_done = take_steps(
            RunFolder(folder), trainer, steps=4, pace=Pace(log_every=1), say=lambda line: None
        )
        return is_done, trainer

    is_done, whole = steps_of(tmp_path / "whole")
    assert is_done
    assert not steps_of(tmp_path / "parts", stops_at=2)[0]
    is_done, again = steps_of(tmp_path / "parts")
    assert is_done
    numbers = [
        [{key: row[key] for key in ("step", "loss")} for row in RunFolder(tmp_path / name).rows()]
        for name in ("whole", "parts")
    ]
    assert numbers[0] == numbers[1]
    for name, tensor in whole.averaged().state_dict().items():
        assert torch.equal(tensor, again.averaged().state_dict()[name]), name


def test_the_picture_that_fits_the_prompt_best_comes_first():
    clip = load_parts("mini-vqgan").clip
    drawn = torch.stack(
        [
            torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1) / 255
            for picture in (scenery(64, 64, seed=1), plain("red", 64, 64), scenery(64, 64, seed=2))
        ]
    )
    assert torch.equal(best_first(clip, "red", drawn)[0], drawn[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shapes=5"], "5 pictures have a title, a caption or tags: it takes at least 20"),
        ([], "Say what to learn from"),
        ([*SHAPES, "--size=20"], "the size has to be a multiple of 8"),
        ([*SHAPES, "--heads=5"], "Width 32 is no multiple of 5 heads"),
        ([*SHAPES, "--vqgan=nothing"], "nothing is no VQGAN that is here"),
        ([*SHAPES, "--run=mini"], "mini is the transformer that comes with clipweb"),
        ([*SHAPES, "--steps=0"], "Steps of a phase must be at least 1"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_written(site, arguments, message):
    with pytest.raises(CommandError, match=message):
        train(*arguments)
    assert not (site.TRAINING_DIR / "mine").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a tree", "--count=0"], "from 1 to 64"),
        (["a tree", "--count=4", "--of=2"], "no less than --count"),
        ([" "], "A prompt has from 1 to 500 characters"),
        (["a tree", "--output=/nowhere/at/all.png"], "There is no folder /nowhere/at"),
        (["a tree", "--top-p=0"], "top_p must be above 0"),
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(site, arguments, message):
    train(*SHAPES)
    with pytest.raises(CommandError, match=message):
        call_command("sample_transformer", "mine", *arguments)


def test_the_shipped_transformer_draws_without_a_run(site, tmp_path):
    sheet = tmp_path / "drawn.png"
    call_command("sample_transformer", "mini", "a red heart", "--count=1", f"--output={sheet}", "--threads=1")
    red, green, blue = np.asarray(Pillow.open(sheet).convert("RGB")).reshape(-1, 3).mean(axis=0)
    assert Pillow.open(sheet).size == (128, 128)
    assert red > 1.15 * max(green, blue)


def test_a_shipped_transformer_that_is_missing_says_what_to_do(site, tmp_path):
    site.WEIGHTS_DIR = tmp_path
    with pytest.raises(CommandError, match=r"no config\.json of the transformer in"):
        call_command("sample_transformer", "mini", "a tree")


def test_only_a_finished_run_of_a_transformer_can_draw(site):
    with pytest.raises(CommandError, match="no run of train_transformer"):
        call_command("sample_transformer", "nothing", "a tree")
    RunFolder(site.TRAINING_DIR / "begun").settle(command="train_transformer", given={}, defaults={})
    with pytest.raises(CommandError, match="train_transformer --run begun"):
        call_command("sample_transformer", "begun", "a tree")


def test_a_plan_needs_a_size_that_the_vqgan_can_draw():
    with pytest.raises(RunError, match="multiple of 8"):
        TransformerPlan(vqgan="mini-vqgan", size=12).sides(8)
    assert TransformerPlan(vqgan="mini-vqgan", size=24).sides(8) == (3,)
