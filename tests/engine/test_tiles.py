"""A decoder in tiles: the whole picture without seams, in memory of one tile, and as resumable as any run."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise

import pytest
import torch

from generator.engine import tiles
from generator.engine.loop import generate
from generator.engine.settings import GenerateSettings
from generator.engine.tiles import OVERLAP, TiledDecoder
from generator.engine.vqgan import VqganSource, load_vqgan
from tests.engine.tiny import TinyClip, TinyVqgan

SETTINGS = GenerateSettings(prompt="a red heart", steps=4, width=64, height=96, threads=1)


def latent(rows: int, columns: int) -> torch.Tensor:
    return torch.randn((1, 4, rows, columns), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("length", [5, 12, 13, 20, 31, 64])
def test_tiles_cover_a_line_with_one_size_and_enough_in_common(length):
    spans = tiles.spans(length, 12)
    assert (spans[0][0], spans[-1][1]) == (0, length)
    assert {end - start for start, end in spans} == {min(length, 12)}
    assert all(former[1] - latter[0] >= OVERLAP for former, latter in pairwise(spans))
    total = torch.zeros(length * 4)
    for (start, end), weight in zip(spans, tiles.weights(length, 12, 4), strict=True):
        total[start * 4 : end * 4] += weight
    assert torch.allclose(total, torch.ones(length * 4))


@pytest.mark.parametrize(("rows", "columns"), [(10, 12), (30, 12), (17, 40)])
def test_convolutions_see_in_tiles_what_they_see_in_the_whole(vqgan, rows, columns):
    z = latent(rows, columns)
    assert torch.allclose(TiledDecoder(vqgan, tile=12).decode(z), vqgan.decode(z), atol=1e-5)
    pixels = torch.rand((1, 3, rows * 8, columns * 8), generator=torch.Generator().manual_seed(2)) * 2 - 1
    assert torch.allclose(TiledDecoder(vqgan, tile=12).encode(pixels), vqgan.encode(pixels), atol=1e-6)


def test_the_gradient_is_that_of_the_whole(vqgan):
    z = latent(26, 18).requires_grad_()
    target = torch.rand((1, 3, 208, 144), generator=torch.Generator().manual_seed(3))

    def gradient(decoder) -> torch.Tensor:
        return torch.autograd.grad((decoder.decode(z) - target).square().mean(), z)[0]

    assert torch.allclose(gradient(TiledDecoder(vqgan, tile=12)), gradient(vqgan), atol=1e-8)


def test_a_gradient_keeps_no_more_than_one_tile_at_a_time(vqgan):
    """Counted in what autograd saves: hidden layers are not among it, in tiles."""

    def saved(decoder) -> int:
        sizes = []
        z = latent(26, 26).requires_grad_()
        with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, lambda x: x):
            decoder.decode(z)
        return sum(sizes)

    hidden = 16 * 26 * 26 * 8 * 8
    assert saved(vqgan) > hidden
    assert saved(TiledDecoder(vqgan, tile=12)) < hidden


def test_a_picture_of_the_shipped_model_has_no_seams():
    """Its normalisation looks at a whole tile, so that tiles differ from the whole; they hardly do, and where
    they meet, neighbouring pixels differ no more than anywhere else."""
    vqgan = load_vqgan(VqganSource())
    y, x = torch.meshgrid(torch.linspace(0, 9, 192), torch.linspace(0, 9, 320), indexing="ij")
    picture = torch.stack([y.sin(), (x + y).cos(), (x * y / 4).sin()])[None] * 0.8
    with torch.inference_mode():
        z = vqgan.encode(picture)
        whole = vqgan.decode(z)
        tiled = TiledDecoder(vqgan, tile=24).decode(z)
    assert (tiled - whole).abs().mean() < 0.02
    change = (tiled - whole).diff(dim=3).abs().mean(dim=(0, 1, 2))  # what tiles add between columns
    assert change.max() < 0.02


def test_only_a_large_picture_is_drawn_in_tiles_and_goes_on_in_the_same_bytes(monkeypatch):
    whole = [step.image().tobytes() for step in generate(SETTINGS, TinyVqgan(), TinyClip())]
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 64 * 96)
    assert [step.image().tobytes() for step in generate(SETTINGS, TinyVqgan(), TinyClip())] == whole
    larger = replace(SETTINGS, width=128, height=320)
    made = [step.image().tobytes() for step in generate(larger, TinyVqgan(), TinyClip())]
    state = next(islice(generate(larger, TinyVqgan(), TinyClip()), 1, None)).state()
    rest = generate(larger, TinyVqgan(), TinyClip(), resume=state)
    assert [step.image().tobytes() for step in rest] == made[2:]
