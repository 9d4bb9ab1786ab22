"""Random views of the artwork for training: moved, turned, recoloured, on grounds of many kinds."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from weights.pack.colours import name_colours


@dataclass(frozen=True)
class Views:
    pixels: Tensor  # (B, 3, S, S) float32 in [0, 1]
    colours: list[str]  # the one colour of each drawing as seen, or ""
    recoloured: Tensor  # (B,) bool: its colours are not the artist's


def plain_views(rgba: np.ndarray, grounds: np.ndarray) -> Tensor:
    """(B, S, S, 4) uint8 over (B, 3) uint8 grounds → (B, 3, S, S) float32 in [0, 1]."""
    picture = torch.from_numpy(rgba.copy()).permute(0, 3, 1, 2).float() / 255  # (B, 4, S, S)
    ground = torch.from_numpy(grounds).float()[:, :, None, None] / 255
    return picture[:, :3] * picture[:, 3:] + ground * (1 - picture[:, 3:])


def random_views(
    rgba: np.ndarray,
    *,
    recolour: Tensor,
    flip: Tensor,
    random: torch.Generator,
    surfaces: np.ndarray | None = None,
) -> Views:
    """One random view of each picture.

    rgba (B, S, S, 4) uint8, straight alpha. recolour and flip (B,) bool: where a turned hue or a mirror image
    would not make the caption wrong. surfaces (M, S, S, 3) uint8: of what half of the grounds are then made,
    and a quarter of what is cut out is there several times, in rows.
    """
    picture = torch.from_numpy(rgba.copy()).permute(0, 3, 1, 2).float() / 255  # (B, 4, S, S)
    rgb, alpha = picture[:, :3], picture[:, 3:]
    recoloured = recolour & (torch.rand(len(rgb), generator=random) < 0.3)
    if recoloured.any():
        rgb = rgb.clone()
        rgb[recoloured] = turn_hues(rgb[recoloured], random)
    colours = name_colours(rgb[:, :, ::4, ::4], alpha[:, :, ::4, ::4])
    grounds = _grounds(rgb, alpha, random)
    drawn = torch.cat([rgb * alpha, alpha], dim=1)  # premultiplied, or edges would darken
    if surfaces is not None:
        lies = torch.rand(len(rgb), generator=random) < 0.5
        under = torch.randint(len(surfaces), (int(lies.sum()),), generator=random)
        grounds[lies] = torch.from_numpy(surfaces[under.numpy()]).permute(0, 3, 1, 2).float() / 255
        drawn = in_rows(drawn, random)
    moved = _move(drawn, flip, random)
    pixels = torch.addcmul(moved[:, :3], grounds, 1 - moved[:, 3:])
    return Views(_jitter(pixels, random).clamp(0, 1), colours, recoloured)


def _uniform(count: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return torch.rand(count, generator=random) * (high - low) + low


def turn_hues(rgb: Tensor, random: torch.Generator) -> Tensor:
    """Hues turned by a random angle about the grey axis; silhouettes without colour are painted."""
    count = len(rgb)
    angle = _uniform(count, 0.15 * torch.pi, 1.85 * torch.pi, random)
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    axis = torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / 3**0.5
    turn = cos * torch.eye(3) + (1 - cos) * axis + sin * cross  # (B, 3, 3), Rodrigues' formula
    turned = torch.einsum("bij,bjhw->bihw", turn, rgb)
    grey = (rgb.amax(dim=1) - rgb.amin(dim=1)).amax(dim=(1, 2)) < 0.1  # (B,)
    paint = torch.rand(count, 3, generator=random)[:, :, None, None]
    painted = paint + (rgb - rgb.mean(dim=(1, 2, 3), keepdim=True)) * 0.3
    return torch.where(grey[:, None, None, None], painted, turned).clamp(0, 1)


def _grounds(rgb: Tensor, alpha: Tensor, random: torch.Generator) -> Tensor:
    """(B, 3, S, S): white, a tint, a gradient or clutter, chosen so that the drawing does not vanish."""
    count, size = len(rgb), rgb.shape[-1]
    drawn = (rgb * alpha).sum(dim=(2, 3)) / alpha.sum(dim=(2, 3)).clamp_min(1)  # (B, 3) mean colour
    tint = torch.rand(count, 3, generator=random) ** _uniform(count, 0.25, 2, random)[:, None]
    close = (tint - drawn).abs().amax(dim=1) < 0.3
    tint[close] = (1 - drawn[close]).round()
    other = (tint + _uniform(count * 3, -0.4, 0.4, random).view(count, 3)).clamp(0, 1)
    ramp = torch.linspace(0, 1, size).expand(size, size)
    coarse = tint[:, :, None, None] + torch.randn(count, 3, 7, 7, generator=random) * 0.18
    kind = torch.rand(count, generator=random)
    white = (drawn.amin(dim=1) < 0.8) & (kind < 0.45)
    grounds = tint[:, :, None, None].expand(-1, -1, size, size).clone()
    grounds[white] = 1.0
    graded, cluttered = (kind > 0.70) & (kind <= 0.82), kind > 0.82
    grounds[graded] = torch.lerp(tint[graded][:, :, None, None], other[graded][:, :, None, None], ramp.t())
    if cluttered.any():
        clutter = F.interpolate(coarse[cluttered], size=(size, size), mode="bilinear", align_corners=False)
        grounds[cluttered] = clutter
    return grounds


def in_rows(drawn: Tensor, random: torch.Generator) -> Tensor:
    """(B, 4, S, S) premultiplied: a quarter of what is cut out 2 by 2, 3 by 3 or 4 by 4 times."""
    many = (torch.rand(len(drawn), generator=random) < 0.25) & (drawn[:, 3].mean(dim=(1, 2)) < 0.98)
    times = torch.randint(2, 5, (len(drawn),), generator=random)
    size = drawn.shape[-1]
    drawn = drawn.clone()
    for row in many.nonzero()[:, 0].tolist():
        each = F.interpolate(drawn[row : row + 1], size=(size // int(times[row]),) * 2, mode="area")
        grid = each.repeat(1, 1, int(times[row]), int(times[row]))
        drawn[row] = F.interpolate(grid, size=(size, size), mode="nearest")[0]
    return drawn


def _move(picture: Tensor, flip: Tensor, random: torch.Generator) -> Tensor:
    """Scaled, stretched, turned, mirrored and shifted, mostly inside the frame."""
    count = len(picture)
    scale = _uniform(count, 0.5, 1.08, random)
    close_up = torch.rand(count, generator=random) < 0.12
    scale = torch.where(close_up, _uniform(count, 1.1, 1.6, random), scale)
    stretch = _uniform(count, -0.16, 0.16, random).exp()
    angle = torch.randn(count, generator=random) * 0.14
    mirror = torch.where(flip & (torch.rand(count, generator=random) < 0.4), -1.0, 1.0)
    room = (1 - scale).abs() + 0.06
    shift = torch.stack([_uniform(count, -1, 1, random) * room, _uniform(count, -1, 1, random) * room], dim=1)
    # affine_grid maps output to input coordinates, so everything is inverted.
    across, down = 1 / (scale * stretch) * mirror, stretch / scale
    cos, sin = angle.cos(), angle.sin()
    matrix = torch.stack(
        [torch.stack([cos * across, -sin * across], 1), torch.stack([sin * down, cos * down], 1)], 1
    )
    offset = -torch.einsum("bij,bj->bi", matrix, shift)
    grid = F.affine_grid(
        torch.cat([matrix, offset[:, :, None]], dim=2), list(picture.shape), align_corners=False
    )
    return F.grid_sample(picture, grid, align_corners=False)


def _jitter(pixels: Tensor, random: torch.Generator) -> Tensor:
    """Brightness, contrast, noise, and now and then a softer picture or one of a camera that moved."""
    count = len(pixels)
    brightness = _uniform(count, -0.12, 0.12, random)[:, None, None, None]
    contrast = _uniform(count, 0.75, 1.2, random)[:, None, None, None]
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = torch.addcmul(mean * (1 - contrast) + brightness, pixels, contrast)
    soft = torch.rand(count, generator=random) < 0.15
    if soft.any():
        size = pixels.shape[-1]
        small = F.interpolate(pixels[soft], scale_factor=0.45, mode="area")
        pixels[soft] = F.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)
    shaken = torch.rand(count, generator=random) < 0.08
    if shaken.any():
        pixels[shaken] = shake(pixels[shaken], random)
    noisy = torch.rand(count, generator=random) < 0.2
    pixels[noisy] += 0.04 * torch.randn(pixels[noisy].shape, generator=random)
    return pixels


def shake(pixels: Tensor, random: torch.Generator) -> Tensor:
    """The mean of each picture along a line of up to an eighth of its width, in a direction of its own."""
    count, steps = len(pixels), 7
    angle = _uniform(count, 0, torch.pi, random)
    length = _uniform(count, 0.05, 0.25, random)  # of the grid's -1 to 1
    way = torch.stack([angle.cos(), angle.sin()], dim=1) * length[:, None]
    turn = torch.eye(2).expand(count, 2, 2)
    blurred = torch.zeros_like(pixels)
    for step in torch.linspace(-0.5, 0.5, steps):
        matrix = torch.cat([turn, (way * step)[:, :, None]], dim=2)
        grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
        blurred += F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return blurred / steps
