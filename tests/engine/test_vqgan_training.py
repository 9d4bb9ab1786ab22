"""Training a small VQGAN on generated pictures."""

from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from generator.engine.training.codebook import CodebookUsage, perplexity, revive
from generator.engine.training.config import Phase, TrainingConfig, TrainingConfigError
from generator.engine.training.losses import (
    FrozenFeatures,
    adaptive_weight,
    codebook_loss,
    discriminator_loss,
    feature_distance,
)
from generator.engine.training.trainer import ResumeError, Trainer
from generator.engine.vqgan import VqganSource, load_vqgan
from generator.engine.vqgan_files import Architecture
from weights.pack.vqgan import export

TINY = Architecture(
    kind="vq",
    embed_dim=8,
    n_embed=32,
    ddconfig={
        "double_z": False,
        "z_channels": 8,
        "resolution": 16,
        "in_channels": 3,
        "out_ch": 3,
        "ch": 32,
        "ch_mult": [1, 1],
        "num_res_blocks": 1,
        "attn_resolutions": [],
    },
)
PHASE = Phase(steps=6, size=16, batch=4, learning_rate=2e-3, adversarial_weight=0.5)
CONTINUOUS = replace(PHASE, steps=2, adversarial_weight=0, quantized=False)
CONFIG = TrainingConfig(
    architecture=TINY,
    phases=(CONTINUOUS, PHASE),
    warmup_steps=1,
    revive_every=3,
    discriminator_channels=8,
    discriminator_layers=1,
    bfloat16=False,
)


def discs(step, phase):
    """A plain disc of a random colour and place on a plain ground, in each picture."""
    random = torch.Generator().manual_seed(step)
    grid = torch.linspace(-1, 1, phase.size)
    centres = torch.rand(phase.batch, 2, 1, 1, generator=random) - 0.5
    inside = (grid[None, :, None] - centres[:, 0]) ** 2 + (grid[None, None, :] - centres[:, 1]) ** 2 < 0.25
    colours = torch.rand(2, phase.batch, 3, 1, 1, generator=random) * 2 - 1
    return torch.where(inside[:, None], colours[0], colours[1])


class Pyramid(nn.Module):
    """Two stages of fixed random filters."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, stride=2, padding=1)

    def forward(self, pixels):
        first = torch.relu(self.first(pixels))
        return [first, torch.relu(self.second(first))]


def features():
    return FrozenFeatures(Pyramid(), mean=127, scale=128)


def trainer(config=CONFIG):
    return Trainer(config, discs, features())


def test_the_reconstruction_gets_better_in_a_few_steps():
    phases = (replace(CONTINUOUS, steps=10), replace(PHASE, steps=50, adversarial_weight=0))
    config = replace(CONFIG, phases=phases)
    run = Trainer(config, lambda _step, phase: discs(0, phase), features())
    losses = [row["pixel"] for row in run.train()]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_an_interrupted_run_goes_on_with_the_same_numbers(tmp_path):
    whole = trainer()
    expected = list(whole.train())

    first = trainer()
    taken = list(islice(first.train(), 4))
    first.save(tmp_path / "checkpoint.pt")
    second = trainer(replace(CONFIG))
    torch.manual_seed(123)  # the global generator must not matter
    second.restore(tmp_path / "checkpoint.pt")
    taken += list(second.train())

    assert taken == expected
    for part in ("model", "average", "discriminator"):
        for name, tensor in getattr(whole, part).state_dict().items():
            assert torch.equal(tensor, getattr(second, part).state_dict()[name]), (part, name)


def test_the_same_seed_trains_the_same_model_and_another_does_not():
    one, same, other = (list(trainer(replace(CONFIG, seed=seed)).train()) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_what_training_exports_loads_with_its_checksums_and_draws_the_same(tmp_path):
    run = trainer()
    list(run.train())
    export(run.average, tmp_path)
    folder, sums = tmp_path / "vqgan", tmp_path / "SHA256SUMS"
    loaded = load_vqgan(VqganSource(folder / "model.safetensors", folder / "config.yaml", checksums=sums))
    pictures = discs(99, PHASE)
    with torch.no_grad():
        trained, read = run.average.decode(run.average.codebook.T[None, :, :, None]), loaded.codebook
        drawn = loaded.decode(read.T[None, :, :, None])
        assert F.l1_loss(run.average(pictures), loaded(pictures)) < 0.02
    torch.testing.assert_close(drawn, trained, atol=0.02, rtol=0)
    assert read.std().item() == pytest.approx(1, abs=1e-3)


def test_a_checkpoint_of_another_seed_is_refused(tmp_path):
    trainer().save(tmp_path / "checkpoint.pt")
    with pytest.raises(ResumeError, match="seed 0"):
        trainer(replace(CONFIG, seed=1)).restore(tmp_path / "checkpoint.pt")


def test_the_average_follows_the_weights_more_slowly():
    run = trainer()
    start = run.model.decoder.conv_in.weight.detach().clone()
    list(run.train())
    moved = (run.model.decoder.conv_in.weight - start).norm()
    lag = (run.model.decoder.conv_in.weight - run.average.decoder.conv_in.weight).norm()
    assert 0 < lag < moved


def test_codes_that_nothing_chooses_are_moved_onto_the_data():
    run = trainer(replace(CONFIG, phases=(PHASE,)))
    with torch.no_grad():
        run.model.codebook[:] = 100.0  # all alike and far away: only one of them can ever be the nearest
    rows = list(run.train())
    assert rows[2]["used"] > 1.5 / 32
    assert run.model.codebook.abs().max() < 100
    assert run.average.codebook.abs().max() < 100


def test_reviving_moves_the_dead_codes_alone_and_forgets_their_momentum():
    codebook = nn.Parameter(torch.zeros(4, 2))
    optimizer = torch.optim.Adam([codebook])
    codebook.grad = torch.ones(4, 2)
    optimizer.step()
    before = codebook.detach().clone()
    usage = CodebookUsage(4)
    usage.add(torch.tensor([[0, 0], [2, 0]]))
    latents = torch.tensor([[5.0, 5.0], [6.0, 6.0], [7.0, 7.0]])
    moved = revive(codebook, usage.dead, latents, optimizer, torch.Generator().manual_seed(0))
    assert moved.tolist() == [1, 3]
    assert torch.equal(codebook[[0, 2]], before[[0, 2]])
    assert all(any(torch.equal(codebook[code], latent) for latent in latents) for code in (1, 3))
    assert not torch.equal(codebook[1], codebook[3])
    assert optimizer.state[codebook]["exp_avg"][[1, 3]].abs().sum() == 0
    assert optimizer.state[codebook]["exp_avg"][[0, 2]].abs().sum() > 0


def test_perplexity_counts_the_codes_in_even_use():
    assert perplexity(torch.tensor([3, 3, 3, 0])) == pytest.approx(3)
    assert perplexity(torch.tensor([9, 0, 0, 0])) == pytest.approx(1)


def test_lambda_balances_the_gradients_at_the_last_layer():
    """Equation 7, against the two losses' gradients taken in the plain way."""
    weight = nn.Parameter(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))
    picture = torch.ones(2, 4) @ weight
    loss, adversarial = picture.square().mean(), -picture.mean()
    (one,) = torch.autograd.grad(loss, weight, retain_graph=True)
    (other,) = torch.autograd.grad(adversarial, weight, retain_graph=True)
    assert adaptive_weight(one, other).item() == pytest.approx((one.norm() / other.norm()).item(), rel=1e-4)
    assert adaptive_weight(one, torch.zeros_like(other)).item() <= 1e4


def test_the_codebook_loss_pulls_each_side_with_its_own_weight():
    z, vectors = torch.zeros(1, 1, 1, 1, requires_grad=True), torch.ones(1, 1, 1, 1, requires_grad=True)
    codebook_loss(z, vectors, 0.25).backward()
    assert vectors.grad.item() == pytest.approx(2)
    assert z.grad.item() == pytest.approx(-0.5)


def test_the_hinge_loss_stops_at_the_margin():
    assert discriminator_loss(torch.tensor([2.0]), torch.tensor([-2.0])).item() == 0
    assert discriminator_loss(torch.tensor([0.0]), torch.tensor([0.0])).item() == 1


def test_feature_distance_is_zero_for_equal_pictures_and_grows_with_blur():
    pictures = discs(0, replace(PHASE, size=32))
    blurred = [F.avg_pool2d(pictures, side, 1, side // 2) for side in (3, 7)]
    distances = [feature_distance(features(), pictures, other).item() for other in (pictures, *blurred)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances[0] < distances[1] < distances[2]


def test_frozen_features_stay_in_evaluation_mode():
    network = features().train()
    assert not network.training
    assert not network.network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    "change",
    [
        {"phases": ()},
        {"phases": (replace(PHASE, size=15),)},
        {"ema_decay": 1.0},
        {"revive_every": 0},
    ],
)
def test_settings_that_cannot_be_right_are_refused(change):
    with pytest.raises(TrainingConfigError):
        replace(CONFIG, **change)


def test_phases_follow_each_other_and_the_rate_warms_up():
    second = replace(PHASE, steps=5, learning_rate=1e-4)
    config = replace(CONFIG, phases=(PHASE, second), warmup_steps=4)
    assert config.steps == 11
    assert [config.phase(step) for step in (0, 5, 6, 10, 11)] == [PHASE, PHASE, second, second, second]
    assert [config.step_in_phase(step) for step in (0, 5, 6, 10, 11)] == [0, 5, 0, 4, 5]
    assert config.learning_rate(0) == pytest.approx(0.5e-3)
    assert config.learning_rate(3) == pytest.approx(2e-3)
    assert config.learning_rate(8) == pytest.approx(1e-4)
