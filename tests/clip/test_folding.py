"""Norms folded into convolutions: the same numbers, forwards and backwards, with a layer less."""

from pathlib import Path

import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import nn

from gallery.clip.compact import read_state
from gallery.clip.folding import fold_norms
from gallery.clip.model import WEIGHTS, build_pack_network, of_one_member

FOLDER = Path(__file__).parents[2] / "weights" / "mini" / "clip"


def first_member() -> nn.Module:
    network = build_pack_network(FOLDER, quick=True)
    network.load_state_dict(of_one_member(read_state(FOLDER / WEIGHTS), 0))
    return network.visual.eval().requires_grad_(False)


def norms(tower: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in tower.modules())


def test_the_pack_sees_the_same_without_its_norms():
    tower, folded = first_member(), first_member()
    assert norms(tower) == 49
    assert fold_norms(folded) == 49
    assert norms(folded) == 0
    seen = []
    for each in (tower, folded):
        pixels = torch.randn(2, 3, 192, 192, generator=torch.Generator().manual_seed(0), requires_grad=True)
        vectors = each(pixels)
        vectors.square().sum().backward()
        seen.append((vectors, pixels.grad))
    (vectors, gradient), (folded_vectors, folded_gradient) = seen
    assert torch.allclose(folded_vectors, vectors, rtol=1e-4, atol=1e-4)
    assert torch.cosine_similarity(gradient.flatten(), folded_gradient.flatten(), dim=0) > 0.9999


def test_a_tower_whose_order_is_not_known_is_left_as_it_is():
    tower = ModifiedResNet((1, 1, 1, 1), output_dim=8, heads=2, image_size=32, width=4)
    before = norms(tower)
    assert fold_norms(tower) == 0
    assert norms(tower) == before > 0
