"""Learning from pictures and words: large batches in little memory, locked towers, what counts as better."""

import os
import random
import signal
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gallery.clip.learning.caching import cached_backward
from gallery.clip.learning.cuts import image_cut, text_cut
from gallery.clip.learning.pixels import model_pixels
from gallery.clip.learning.retrieval import Recall, gain, measure_recall
from gallery.clip.learning.sides import make_sides
from gallery.clip.learning.starting import pack_start, small_start
from gallery.clip.learning.trainer import ClipPlan, ClipTrainer, default_plan
from gallery.clip.training import contrastive_loss
from gallery.training.folder import RunError, RunFolder
from gallery.training.pictures import held_out
from gallery.training.run import Pace, take_steps
from gallery.training.shapes import drawn_shapes
from generator.engine.vqgan import MINI_PACK

CPU = torch.device("cpu")
PACK = MINI_PACK / "clip"
PLAN = ClipPlan(steps=6, batch=8, chunk=3, size=16)


def tower(inputs, dropout):
    return nn.Sequential(nn.Linear(inputs, 16), nn.GELU(), nn.Dropout(dropout), nn.Linear(16, 8))


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("chunk", [1, 4, 5, 13])
def test_cached_gradients_are_those_of_the_whole_batch(dropout, chunk):
    torch.manual_seed(0)
    images, texts = torch.randn(13, 6), torch.randn(13, 4)
    image, text = tower(6, dropout), tower(4, dropout)
    scale = nn.Parameter(torch.tensor(2.0))
    parameters = [*image.parameters(), *text.parameters(), scale]

    def loss_of(a, b):
        return contrastive_loss(F.normalize(a, dim=-1), F.normalize(b, dim=-1), scale.exp())

    torch.manual_seed(1)
    cached = cached_backward([image, text], [images, texts], loss_of, chunk=chunk)
    found = [parameter.grad.clone() for parameter in parameters]

    # The whole batch in one graph; dropout is drawn part by part, as above.
    torch.manual_seed(1)
    for parameter in parameters:
        parameter.grad = None
    whole = [
        torch.cat([encode(part) for part in given.split(chunk)])
        for encode, given in ((image, images), (text, texts))
    ]
    loss = loss_of(*whole)
    loss.backward()

    assert abs(cached.item() - loss.item()) < 1e-6
    for parameter, gradient in zip(parameters, found, strict=True):
        assert torch.allclose(parameter.grad, gradient, atol=1e-5)


def test_caching_passes_over_a_locked_side():
    image, rows = tower(6, 0), torch.randn(9, 6)
    vectors = torch.randn(9, 8)
    calls = []

    def locked(part):
        calls.append(len(part))
        return part

    def loss_of(a, b):
        return (a * b).sum()

    cached_backward([image, locked], [rows, vectors], loss_of, chunk=4)
    assert all(parameter.grad is not None for parameter in image.parameters())
    assert sum(calls) == 9 + 4  # once for the vectors, and one part tells that there is nothing to train


def small_trainer(*, plan=PLAN, stopped_at=None):
    start = small_start(size=plan.size, seed=plan.seed)
    pixels, files, _ = model_pixels(drawn_shapes(30, seed=1), start.preprocess)
    captions = [file.text for file in files]
    image, text = make_sides(start, pixels, captions, lock=plan.lock, device=CPU, bfloat16=False)
    calls = []

    def read(rows):
        calls.append(rows)
        if len(calls) == stopped_at:
            os.kill(os.getpid(), signal.SIGINT)
        return text.encode(rows)

    scale = start.network.logit_scale
    learned, _ = held_out(30, every=5)
    sides = image, replace(text, encode=read)
    return ClipTrainer(*sides, scale, captions=captions, learned=learned, plan=plan), start


def test_a_stopped_run_gives_the_same_weights(tmp_path):
    def go(name, trainer):
        return take_steps(RunFolder(tmp_path / name), trainer, steps=6, pace=Pace(log_every=2))

    (whole, one), (first, _), (second, two) = small_trainer(), small_trainer(stopped_at=8), small_trainer()
    assert go("straight", whole)
    assert not go("broken", first)
    assert 0 < first.step < 6
    assert go("broken", second)

    for name, weights in one.network.state_dict().items():
        assert torch.equal(weights, two.network.state_dict()[name]), name
    rows = [RunFolder(tmp_path / name).rows() for name in ("straight", "broken")]
    for row in (*rows[0], *rows[1]):
        del row["seconds"]
    assert rows[0] == rows[1]


def test_the_loss_falls():
    trainer, _ = small_trainer(plan=replace(PLAN, steps=20, batch=24, chunk=24, learning_rate=3e-3))
    losses = [numbers["loss"] for numbers in trainer.train()]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


@pytest.mark.parametrize(
    ("lock", "learns"),
    [("none", {"visual", "text"}), ("image", {"text"}), ("text", {"visual"}), ("towers", {"projections"})],
)
def test_what_is_locked_does_not_change(lock, learns):
    start = small_start(size=16, seed=0)
    before = {name: tensor.clone() for name, tensor in start.network.state_dict().items()}
    pixels, files, _ = model_pixels(drawn_shapes(10, seed=1), start.preprocess)
    captions = [file.text for file in files]
    image, text = make_sides(start, pixels, captions, lock=lock, device=CPU, bfloat16=False)
    plan = ClipPlan(start="some", lock=lock, steps=2, batch=8, learning_rate=1e-2)
    scale = start.network.logit_scale
    trainer = ClipTrainer(image, text, scale, captions=captions, learned=range(10), plan=plan)
    list(trainer.train())

    changed = {name for name, old in before.items() if not torch.equal(old, start.network.state_dict()[name])}
    changed.remove("logit_scale")
    projections = {"visual.proj", "text_projection"}
    assert ({"visual"} <= learns) == any(name.startswith("visual.") for name in changed - projections)
    assert ({"text"} <= learns) == any(not name.startswith("visual.") for name in changed - projections)
    if lock == "towers":
        assert changed == projections


def test_a_cut_tower_and_its_projection_are_the_whole():
    for start in (small_start(size=16, seed=0), pack_start(PACK, quick=True), pack_start(PACK, quick=False)):
        pixels, files, _ = model_pixels(drawn_shapes(2, seed=1), start.preprocess)
        seen = start.preprocess.normalise(pixels.float() / 255)
        tokens = start.tokenize([file.text for file in files])
        image, text = image_cut(start.network), text_cut(start.network)
        with torch.no_grad():
            whole = start.network.encode_image(seen), start.network.encode_text(tokens)
            parts = image.project(image.features(seen)), text.project(text.features(tokens))
            again = start.network.encode_image(seen)
        for one, other in zip(whole, parts, strict=True):
            assert torch.allclose(F.normalize(one, dim=-1), F.normalize(other, dim=-1), atol=1e-5)
        assert torch.equal(again, whole[0])


@pytest.fixture(scope="module")
def gallery():
    """500 captioned pictures, what the shipped pack sees of them, and the pack's projections as they were."""
    start = pack_start(PACK, quick=True)
    pixels, files, _ = model_pixels(drawn_shapes(500, seed=0), start.preprocess)
    captions = [file.text for file in files]
    image, text = make_sides(start, pixels, captions, lock="towers", device=CPU, bfloat16=False)
    state = {name: tensor.clone() for name, tensor in start.network.state_dict().items()}
    return start, image, text, captions, state


def fine_tune(gallery, order):
    """Gain of held-out recall where picture n has the words of picture order[n]."""
    start, image, text, captions, state = gallery
    start.network.load_state_dict(state)
    captions = [captions[place] for place in order]
    said = replace(text, inputs=text.inputs[torch.tensor(order)])
    plan = replace(default_plan("mini-quick", "towers"), steps=40)
    learned, measured = held_out(500, every=5, most=1000)
    scale = start.network.logit_scale
    trainer = ClipTrainer(image, said, scale, captions=captions, learned=learned, plan=plan)
    before = trainer.recall(measured)
    list(trainer.train())
    return before, trainer.recall(measured)


def test_fine_tuning_finds_pictures_better_that_it_never_saw(gallery):
    before, after = fine_tune(gallery, list(range(500)))
    assert gain(before, after).is_sure
    assert after.rates[0] > before.rates[0] + 0.2


def test_fine_tuning_on_shuffled_captions_is_no_gain(gallery):
    order = list(range(500))
    random.Random(0).shuffle(order)
    before, after = fine_tune(gallery, order)
    assert not gain(before, after).is_sure


def test_recall_counts_every_picture_of_the_same_words():
    captions = ["a cat", "a dog", "a cat"]
    texts = torch.eye(3).numpy()[[0, 1, 0]]
    images = torch.eye(3).numpy()[[2, 1, 0]]
    recall = measure_recall(texts, images, captions)
    assert recall.found.shape == (2, 3)  # two different captions
    assert recall.rates == (1.0, 1.0, 1.0)
    assert str(recall) == "R@1 100.0%, R@5 100.0%, R@10 100.0%"
    assert measure_recall(texts, images[[1, 2, 1]], captions).rates[0] == 0.0  # all of them astray


def test_a_gain_within_luck_is_none():
    def recall(hits):
        return Recall(np.array(hits, dtype=bool)[:, None].repeat(3, axis=1), len(hits))

    none, some, all_of_them = recall([0] * 20), recall([1] + [0] * 19), recall([1] * 20)
    assert not gain(none, none).is_sure
    assert not gain(none, some).is_sure
    assert gain(none, all_of_them).is_sure
    assert not gain(all_of_them, none).is_sure
    assert not gain(recall([0]), recall([1])).is_sure  # one query tells nothing


def test_pictures_of_the_same_words_are_no_negatives_of_each_other():
    trainer, _ = small_trainer()
    trainer.captions[:3] = ["same", "same", "other"]
    targets = trainer._targets(np.array([0, 1, 2]))
    assert targets.tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 1}, "at least two"),
        ({"steps": 0}, "steps must be more than 0"),
        ({"learning_rate": -1.0}, "learning-rate must be more than 0"),
        ({"lock": "image"}, "New towers know nothing"),
        ({"size": 20}, "multiple of 8"),
        ({"start": "mini", "lock": "all"}, "--lock is one of"),
    ],
)
def test_a_plan_that_cannot_be_trained_is_refused(options, message):
    with pytest.raises(RunError, match=message):
        ClipPlan(**options)


def test_shapes_are_the_same_every_time_and_say_what_they_show():
    first, again = drawn_shapes(5, seed=3), drawn_shapes(5, seed=3)
    assert [file.text for file in first] == [file.text for file in again]
    assert first[0].open().read() == again[0].open().read()
    assert len({file.text for file in drawn_shapes(200, seed=0)}) > 50
    (file,) = islice((f for f in drawn_shapes(200, seed=0) if f.text == "two red crosses"), 1)
    assert "red" in file.text
