from __future__ import annotations

import torch

from generator.engine.drawers import VqganDrawer
from tests.engine.tiny import TinyVqgan


def drawer(vqgan: TinyVqgan, **changes) -> VqganDrawer:
    chosen = {"width": 64, "height": 32, "rng": torch.Generator().manual_seed(0)}
    return VqganDrawer(vqgan, **(chosen | changes))


def test_the_first_latent_is_random_codebook_vectors_that_fade_to_white_at_the_border(vqgan):
    (latent,) = drawer(vqgan).parameters()
    assert latent.shape == (1, 4, 4, 8)
    white = vqgan.encode(torch.ones(1, 3, 32, 64))
    assert torch.allclose(latent[..., 0, :], white[..., 0, :], atol=1e-6)
    assert torch.allclose(latent[..., :, -1], white[..., :, -1], atol=1e-6)
    assert (latent[..., 1:-1, 2:-2] - white[..., 1:-1, 2:-2]).abs().amax(dim=1).min() > 0.01
    other = drawer(vqgan, rng=torch.Generator().manual_seed(1)).parameters()[0]
    assert not torch.equal(latent, other)


def test_only_codebook_vectors_are_decoded_and_the_gradient_reaches_every_cell(vqgan):
    decoded = []

    class Listening(TinyVqgan):
        def decode(self, z):
            decoded.append(z.detach())
            return super().decode(z)

    drawing = drawer(Listening())
    with torch.no_grad():
        drawing.parameters()[0] += 0.1
    (gradient,) = torch.autograd.grad(drawing.render().square().mean(), drawing.parameters())
    cells = decoded[0].flatten(2)[0].T  # (32, C)
    assert (cells[:, None] == vqgan.codebook[None]).all(dim=2).any(dim=1).all()
    assert (gradient.abs().sum(dim=1) > 0).all()


def test_without_quantising_the_latent_itself_is_decoded(vqgan):
    drawing = drawer(vqgan, quantised=False)
    with torch.no_grad():
        drawing.parameters()[0] += 0.1
    picture = vqgan.decode(drawing.parameters()[0]) / 2 + 0.5
    assert torch.equal(drawing.render(), picture)


def test_a_picture_is_in_range_and_of_its_size(vqgan):
    picture = drawer(vqgan, levels=3).render()
    assert picture.shape == (1, 3, 32, 64)
    assert 0 <= picture.min() < picture.max() <= 1


def test_every_grid_moves_the_picture(vqgan):
    drawing = drawer(vqgan, levels=3)
    assert [tuple(grid.shape[2:]) for grid in drawing.parameters()] == [(4, 8), (2, 4), (1, 2)]
    gradients = torch.autograd.grad(drawing.render().square().mean(), drawing.parameters())
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


def test_clamped_pixels_are_pulled_back_but_not_pushed_further_out(vqgan):
    class Bright(TinyVqgan):
        def decode(self, z):
            return super().decode(z) * 0 + 3 + z.mean()

    drawing = drawer(Bright())
    (pushed_up,) = torch.autograd.grad(-drawing.render().sum(), drawing.parameters())
    (pulled_down,) = torch.autograd.grad(drawing.render().sum(), drawing.parameters())
    assert (pushed_up == 0).all()
    assert (pulled_down > 0).all()


def test_constraining_keeps_the_latent_inside_the_codebooks_box(vqgan):
    drawing = drawer(vqgan, levels=2)
    with torch.no_grad():
        for grid in drawing.parameters():
            grid += 100 * torch.randn(grid.shape, generator=torch.Generator().manual_seed(1))
    drawing.constrain()
    latent = drawing.latent(drawing.parameters())[0].flatten(1).T  # (32, C)
    assert (latent <= vqgan.codebook.amax(dim=0) + 1e-3).all()
    assert (latent >= vqgan.codebook.amin(dim=0) - 1e-3).all()


def test_codebook_vectors_have_no_distance_to_the_codebook(vqgan):
    drawing = drawer(vqgan)
    assert drawing.codebook_distance().item() > 0
    with torch.no_grad():
        drawing.parameters()[0].copy_(vqgan.quantize(drawing.parameters()[0]))
    assert drawing.codebook_distance().item() == 0
