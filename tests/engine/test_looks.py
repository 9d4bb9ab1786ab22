"""Each look: 0 or least where a picture has it, and a gradient that leads there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from generator.engine.colours import ColourError, parse_colour, parse_colours
from generator.engine.losses import latents, looks
from generator.engine.losses.terms import look_terms
from generator.engine.settings import GenerateSettings

RED, WHITE = (1.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def picture(seed: int = 0, height: int = 16, width: int = 24) -> Tensor:
    noise = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(seed))
    return (noise / 2 + 0.25).requires_grad_()


def moved_against_the_gradient(distance: Callable[[Tensor], Tensor], begun: Tensor) -> Tensor:
    """The picture after a small step of the size that a pixel's eighth bit has."""
    (gradient,) = torch.autograd.grad(distance(begun), begun)
    return (begun - gradient / gradient.abs().max() / 128).detach()


DISTANCES = {
    "steps between pixels": looks.total_variation,
    "lengths of edges": looks.edge_length,
    "logarithms of edges": lambda shown: looks.edge_length(shown, logarithmic=True),
    "white ground": looks.ground_distance,
    "red ground": lambda shown: looks.ground_distance(shown, RED),
    "dullness": looks.dullness,
    "left and right": lambda shown: looks.asymmetry(shown, left_right=True, top_bottom=False),
    "top and bottom": lambda shown: looks.asymmetry(shown, left_right=False, top_bottom=True),
    "palette": lambda shown: looks.palette_distance(shown, (RED, WHITE)),
    "border": lambda shown: looks.border_distance(shown, RED, width=0.1),
    "another picture": lambda shown: looks.picture_distance(shown, picture(1).detach()),
}


@pytest.mark.parametrize("name", DISTANCES)
def test_a_step_against_the_gradient_leads_closer_to_the_look(name):
    begun = picture()
    distance = DISTANCES[name]
    assert distance(moved_against_the_gradient(distance, begun)) < distance(begun)


def test_colourfulness_rises_and_with_a_negative_weight_falls():
    def spread(shown: Tensor) -> float:
        return shown.std(dim=1).mean().item()

    begun = picture()
    brighter = moved_against_the_gradient(looks.dullness, begun)
    greyer = moved_against_the_gradient(lambda shown: -looks.dullness(shown), begun)
    assert spread(greyer) < spread(begun) < spread(brighter)
    assert looks.dullness(torch.full((1, 3, 8, 8), 0.3)).item() == pytest.approx(0, abs=1e-3)


def test_what_has_the_look_has_no_distance_to_it():
    plain = torch.tensor(RED).view(1, 3, 1, 1).expand(1, 3, 16, 24)
    assert looks.ground_distance(plain, RED) == 0
    assert looks.border_distance(plain, RED, width=0.2) == 0
    assert looks.palette_distance(plain, (WHITE, RED)) == 0
    assert looks.asymmetry(plain, left_right=True, top_bottom=True) == 0
    assert looks.edge_length(plain).item() == pytest.approx(0, abs=1e-3)


def test_a_mirror_looks_at_its_own_axis_alone():
    ramp = torch.linspace(0, 1, 24).expand(1, 3, 16, 24)
    assert looks.asymmetry(ramp, left_right=False, top_bottom=True) == 0
    assert looks.asymmetry(ramp, left_right=True, top_bottom=False) > 0.1


def test_the_border_alone_is_pulled_to_its_colour():
    begun = picture()
    (gradient,) = torch.autograd.grad(looks.border_distance(begun, RED, width=0.25), begun)
    assert (gradient[..., 4:-4, 4:-4] == 0).all()
    assert (gradient[:, 0, 0] < 0).all()  # more red
    assert (gradient[:, 1:, 0] > 0).all()


def test_each_pixel_is_pulled_to_its_nearest_colour():
    begun = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.9, 0.9]]).T.reshape(1, 3, 1, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(looks.palette_distance(begun, (RED, WHITE)), begun)
    assert gradient[0, :, 0, 0].sign().tolist() == [-1, 1, 1]
    assert gradient[0, :, 0, 1].sign().tolist() == [-1, -1, -1]


def test_texture_costs_more_than_one_edge_where_edges_are_spared():
    edge = (torch.arange(16) >= 8).float().expand(1, 3, 16, 16)
    texture = 0.5 + 0.5 / 8 * (-1) ** torch.arange(16).float().expand(1, 3, 16, 16)
    ratio = [
        (distance(texture) / distance(edge)).item()
        for distance in (looks.total_variation, looks.edge_length, DISTANCES["logarithms of edges"])
    ]
    assert ratio[0] < ratio[1] < ratio[2]


@pytest.mark.parametrize(
    "distance", [latents.squared_distance, latents.cosine_distance, latents.angle_distance]
)
def test_parameters_are_pulled_back_to_what_they_were(distance):
    rng = torch.Generator().manual_seed(0)
    begun = [torch.randn((2, 3), generator=rng), torch.randn((4,), generator=rng)]
    now = [(tensor + torch.randn(tensor.shape, generator=rng)).requires_grad_() for tensor in begun]
    gradients = torch.autograd.grad(distance(now, begun), now)
    closer = [tensor - gradient / 100 for tensor, gradient in zip(now, gradients, strict=True)]
    assert distance(closer, begun) < distance(now, begun)
    assert distance(begun, begun).item() == pytest.approx(0, abs=2e-6)
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(distance(now, now), now))


def test_only_looks_that_have_a_weight_are_looked_at():
    def count(**chosen) -> int:
        return len(look_terms(GenerateSettings(prompt="x", **chosen)))

    assert count(ground=0.0) == 0
    assert count() == 1
    assert count(smoothness=1.0, saturation=-1.0, symmetry=1.0, border=1.0, palette="#f00") == 6
    assert count(palette="#f00", palette_weight=0.0) == 1


def test_colours_are_read_as_people_write_them():
    assert parse_colour("#ff0000") == parse_colour("F00") == RED
    assert parse_colours("#f00, #FFFFFF;#000") == (RED, WHITE, (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("text", "word"), [("", ""), ("#12", "#12"), ("#fff red", "red"), ("#fff " * 33, "")]
)
def test_what_is_no_colour_is_named(text, word):
    with pytest.raises(ColourError) as error:
        parse_colours(text)
    assert error.value.word == word


def test_total_variation_is_zero_for_a_plain_colour_and_largest_for_a_checkerboard():
    plain = torch.full((1, 3, 8, 8), 0.4)
    ramp = torch.linspace(0, 1, 8).expand(1, 3, 8, 8)
    checkers = ((torch.arange(8)[:, None] + torch.arange(8)) % 2).float().expand(1, 3, 8, 8)
    assert looks.total_variation(plain) == 0
    assert 0 < looks.total_variation(ramp) < looks.total_variation(checkers)
    assert looks.total_variation(checkers).item() == pytest.approx(2.0)


def test_white_is_the_ground_and_the_border_counts_most():
    white, black = torch.ones(1, 3, 64, 32), torch.zeros(1, 3, 64, 32)
    spot_at_centre, spot_at_border = white.clone(), white.clone()
    spot_at_centre[..., 30:34, 14:18] = 0
    spot_at_border[..., :4, 14:18] = 0
    assert looks.ground_distance(white) == 0
    assert looks.ground_distance(black).item() == pytest.approx(1.0)
    assert 0 < 3 * looks.ground_distance(spot_at_centre) < looks.ground_distance(spot_at_border)
