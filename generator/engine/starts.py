"""What a run starts from other than a drawer's own start, and what is laid over it on the way."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.colours import parse_colour
from generator.engine.drawers import CanBecome, Drawer
from generator.engine.pictures import Pictures, layer, on_white
from generator.engine.settings import GenerateSettings

OCTAVES = 6  # grids of fractal noise, each twice as fine as the one before
COARSEST = 2  # cells along the shorter side of the first
FIT_STEPS, FIT_RATE = 60, 0.3  # for drawers that cannot be turned back into parameters


def begin(drawer: Drawer, settings: GenerateSettings, pictures: Pictures, rng: torch.Generator) -> None:
    """Bring a fresh drawer to the start that `settings` ask for; nothing is drawn from `rng` for "usual"."""
    if settings.start == "usual" and not settings.init_picture:
        return
    with torch.no_grad():
        picture = drawer.render()
    if settings.start != "usual":
        picture = _ground(settings, rng).to(picture)
    if settings.init_picture:
        top, alpha = layer(pictures[settings.init_picture], picture.shape[2:], picture.device)
        picture = torch.lerp(picture, top, alpha * settings.init_opacity)
    become(drawer, picture)


def start_picture(drawer: Drawer, settings: GenerateSettings, pictures: Pictures) -> Tensor:
    """What a run is held to, (1, 3, H, W): its init picture, or else what the drawer shows before a step."""
    with torch.no_grad():
        shown = drawer.render()
    if not settings.init_picture:
        return shown
    pixels = pictures[settings.init_picture]
    return on_white(pixels, shown.shape[2:], shown.device)


def overlay_is_due(settings: GenerateSettings, done: int) -> bool:
    """Whether the overlay is laid on before the next step, after `done` steps."""
    late = settings.overlay_until and done >= settings.overlay_until
    since = done - settings.overlay_offset
    return bool(settings.overlay_picture) and not late and since >= 0 and since % settings.overlay_every == 0


def overlay(drawer: Drawer, settings: GenerateSettings, pictures: Pictures) -> None:
    """Lay the overlay over the picture as it is, and go on from that: Pixray's re_average_z."""
    with torch.no_grad():
        picture = drawer.render()
    top, alpha = layer(pictures[settings.overlay_picture], picture.shape[2:], picture.device)
    become(drawer, torch.lerp(picture, top, alpha * settings.overlay_opacity))


def become(drawer: Drawer, picture: Tensor) -> None:
    """Let a drawer show a picture (1, 3, H, W) in [0, 1] as nearly as it can, by changing its parameters in
    place: a drawer that cannot do so by itself by a descent along the mean squared difference."""
    if isinstance(drawer, CanBecome):
        drawer.become(picture)
    else:
        _fit(drawer, picture)
    drawer.constrain()


def _fit(drawer: Drawer, picture: Tensor) -> None:
    optimiser = torch.optim.Adam(drawer.parameters(), lr=FIT_RATE)
    for _ in range(FIT_STEPS):
        loss = (drawer.render() - picture).square().mean()
        gradients = torch.autograd.grad(loss, drawer.parameters())
        for parameter, gradient in zip(drawer.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()
        drawer.constrain()
    optimiser.zero_grad(set_to_none=True)


def _ground(settings: GenerateSettings, rng: torch.Generator) -> Tensor:
    """(1, 3, H, W) in [0, 1]: one colour, a gradient between random ones, or one of two kinds of noise."""
    width, height = settings.width, settings.height
    if settings.start == "colour":
        return torch.tensor(parse_colour(settings.start_colour)).view(1, 3, 1, 1).expand(1, 3, height, width)
    if settings.start == "gradient":
        corners = torch.rand((1, 3, 2, 2), generator=rng)
        return F.interpolate(corners, size=(height, width), mode="bilinear", align_corners=True)
    if settings.start == "pixels":
        return torch.rand((1, 3, height, width), generator=rng)
    return fractal_noise(width, height, rng)


def fractal_noise(width: int, height: int, rng: torch.Generator) -> Tensor:
    """(1, 3, height, width) in [0, 1]: value noise in OCTAVES, each half as strong and twice as fine as the
    one before: Ebert et al. 2003, "Texturing and Modeling", chapter 2, "Fractional Brownian motion"."""
    total = torch.zeros((1, 3, height, width))
    for octave in range(OCTAVES):
        cell = max(1, min(width, height) // (COARSEST << octave))
        grid = torch.randn((1, 3, height // cell + 1, width // cell + 1), generator=rng)
        total += F.interpolate(grid, size=(height, width), mode="bicubic", align_corners=True) / 2**octave
    low, high = total.amin(dim=(2, 3), keepdim=True), total.amax(dim=(2, 3), keepdim=True)
    return (total - low) / (high - low)
