import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gallery.clip.training import (
    WeightAverage,
    contrastive_loss,
    similarity_targets,
    soft_cross_entropy,
    warmup_cosine,
)


def unit_rows(rows: int, width: int, seed: int) -> torch.Tensor:
    return F.normalize(torch.randn(rows, width, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_without_targets_it_is_the_two_cross_entropies_of_the_clip_paper():
    images, texts, scale = unit_rows(6, 8, 0), unit_rows(6, 8, 1), torch.tensor(10.0)
    logits, right = scale * images @ texts.T, torch.arange(6)
    expected = (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2
    assert contrastive_loss(images, texts, scale).item() == pytest.approx(expected.item(), abs=1e-5)


def test_pictures_that_match_their_texts_lose_less_than_shuffled_ones():
    texts, scale = unit_rows(6, 8, 2), torch.tensor(10.0)
    assert contrastive_loss(texts, texts, scale) < contrastive_loss(texts.roll(1, dims=0), texts, scale)


def test_equal_captions_share_the_target_and_other_captions_get_almost_none():
    texts = unit_rows(3, 64, 3)
    repeated = texts[[0, 0, 1, 2]]
    targets = similarity_targets(repeated, repeated, 0.03)
    assert torch.allclose(targets.sum(dim=1), torch.ones(4))
    assert torch.allclose(targets[0, :2], torch.tensor([0.5, 0.5]), atol=0.01)


def test_pictures_with_the_same_caption_are_not_each_others_negatives():
    texts = unit_rows(3, 64, 4)[[0, 0, 1, 2]]
    logits = (50 * texts @ texts.T).requires_grad_()
    soft_cross_entropy(logits, similarity_targets(texts, texts, 0.01)).backward()
    assert logits.grad[0, 1].abs() < 1e-3  # nothing pulls the twin's caption away
    logits.grad = None
    soft_cross_entropy(logits, torch.eye(4)).backward()
    assert logits.grad[0, 1] > 0.1


def test_the_learning_rate_rises_then_falls_to_nothing():
    rates = [warmup_cosine(step, total=100, warmup=10) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert math.isclose(rates[100], 0, abs_tol=1e-6)


def test_the_average_of_weights_follows_slowly_and_can_be_put_back():
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = WeightAverage(module, 0.9)
    nn.init.ones_(module.weight)
    average.update(module)
    first = average.state_dict()["weight"].item()
    assert 0 < first < 1
    restored = WeightAverage(module, 0.9)
    restored.load_state_dict(average.state_dict(), steps=1)
    average.update(module)
    restored.update(module)
    assert restored.state_dict()["weight"].item() == pytest.approx(average.state_dict()["weight"].item())
