"""Training the transformer: it learns which codes belong to which text, and goes on with the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from generator.engine.transformer import SamplingSettings, TransformerConfig, TransformerError
from generator.engine.transformer.files import load_transformer, save_transformer
from generator.engine.transformer.sampling import pictures, sample
from generator.engine.transformer.training import Captioned, Phase, TransformerTrainer, TransformerTraining
from generator.engine.vqgan import VqganError

SHAPE = TransformerConfig(codes=16, text_width=8, sides=(2, 4), text_length=3, width=32, layers=2, heads=4)
CONFIG = TransformerTraining(
    model=SHAPE,
    phases=(Phase(steps=30, side=2, batch=8), Phase(steps=90, side=4, batch=8)),
    learning_rate=1e-2,
    warmup_steps=5,
    ema_decay=0.9,
    bfloat16=False,
)
_RANDOM = torch.Generator().manual_seed(5)
TEXTS = torch.randn(2, 2, 8, generator=_RANDOM)
SMALL, FINE = (torch.randint(0, 16, (2, side**2), generator=_RANDOM) for side in (2, 4))
PICTURES = {2: SMALL, 4: torch.cat([SMALL, FINE], dim=1)}


def two_pictures(step, phase):
    which = torch.randint(0, 2, (phase.batch,), generator=torch.Generator().manual_seed(step))
    return Captioned(TEXTS[which], torch.ones(phase.batch, 2, dtype=torch.bool), PICTURES[phase.side][which])


def trained(config=CONFIG):
    trainer = TransformerTrainer(config, two_pictures)
    return trainer, list(trainer.train())


def test_each_text_gets_its_picture():
    trainer, losses = trained()
    assert losses[0]["loss"] == pytest.approx(torch.log(torch.tensor(16.0)).item(), abs=1e-3)
    assert losses[-1]["loss"] < 0.5
    mask = torch.ones(2, 2, dtype=torch.bool)
    settings = SamplingSettings(side=4, temperature=0, guidance=1)
    *_, drawn = sample(trainer.averaged(), TEXTS, mask, settings)
    assert torch.equal(drawn.flatten(1), FINE)
    assert trainer.held_out_loss(Captioned(TEXTS, mask, PICTURES[4])) < 0.5


def test_texts_are_withheld_from_some_pictures_so_that_guidance_has_both():
    no_text = torch.zeros(2, 2, dtype=torch.bool)

    def without_text(share):
        trainer, _ = trained(replace(CONFIG, text_dropout=share))
        return trainer.held_out_loss(Captioned(TEXTS, no_text, PICTURES[4]))

    assert without_text(0.3) < without_text(0.0) / 2


def test_going_on_gives_the_same_numbers_as_no_interruption(tmp_path):
    config = replace(CONFIG, phases=(Phase(steps=4, side=2, batch=4), Phase(steps=4, side=4, batch=4)))
    whole, losses = trained(config)
    first = TransformerTrainer(config, two_pictures)
    steps = first.train()
    begun = [next(steps) for _ in range(3)]
    first.save(tmp_path / "state.pt")
    torch.manual_seed(99)
    second = TransformerTrainer(config, two_pictures)
    second.restore(tmp_path / "state.pt")
    assert begun + list(second.train()) == losses
    for name, tensor in whole.averaged().state_dict().items():
        assert torch.equal(tensor, second.averaged().state_dict()[name])


def test_codes_become_the_vqgan_s_pictures(vqgan):
    codes = torch.zeros(1, 4, 4, dtype=torch.int64)
    drawn = pictures(vqgan, codes)
    side = 4 * vqgan.factor
    assert drawn.shape == (1, 3, side, side)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert not torch.equal(drawn, pictures(vqgan, codes + 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phases": ()}, "at least one phase"),
        ({"phases": (Phase(steps=1, side=3, batch=1),)}, "2 or 4 codes a side, not 3"),
        ({"text_dropout": 1.0}, "text_dropout"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
    ],
)
def test_settings_that_cannot_train_are_refused(change, message):
    with pytest.raises(TransformerError, match=message):
        replace(CONFIG, **change)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    model = TransformerTrainer(CONFIG, two_pictures).averaged()
    save_transformer(model, tmp_path)
    return model, tmp_path


def test_a_saved_model_comes_back_in_half_precision(saved):
    model, folder = saved
    loaded = load_transformer(folder)
    assert loaded.config == model.config
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float())
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_files_that_are_missing_damaged_or_of_something_else_each_have_their_message(saved):
    _, folder = saved
    weights, config = folder / "model.safetensors", folder / "config.json"
    tensors = load_file(weights)
    save_file({name: tensor for name, tensor in tensors.items() if name != "start"}, weights)
    with pytest.raises(TransformerError, match=r"(?s)does not fit .*start"):
        load_transformer(folder)
    weights.write_bytes(b"no weights at all")
    with pytest.raises(VqganError, match="damaged or no safetensors"):
        load_transformer(folder)
    weights.unlink()
    with pytest.raises(TransformerError, match=r"train one with .manage.py train_transformer"):
        load_transformer(folder)
    weights.write_bytes(b"")
    config.write_text(json.dumps({"codes": 16, "colour": "red"}))
    with pytest.raises(TransformerError, match="does not describe a transformer"):
        load_transformer(folder)
