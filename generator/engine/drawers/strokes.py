"""Drawing in strokes: cubic Bézier curves with a width, a colour and an opacity, painted over each other.

Frans, Soros, Witkowski 2021, "CLIPDraw: Exploring Text-to-Drawing Synthesis through Language-Image Encoders",
section 3. Their rasteriser is Li et al. 2020's, in C++; here each stroke is a soft function of the distance
to its curve, in torch alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# Lengths are in shares of the picture's shorter side.
POINT_UNIT = 0.08  # of a control point's coordinates, by one unit of a parameter
WIDTH_UNIT = 0.02
COLOUR_UNIT = 0.3  # of a channel or the opacity, of 0 to 1
STRETCH = 0.12  # how far, at most, a control point starts from the one before, in either direction
WIDTHS = (0.006, 0.12)  # the narrowest and the widest stroke
PEN_WIDTHS = (0.006, 0.025)  # of a black line
START_WIDTHS = (0.02, 0.06)
OPACITIES = (0.1, 0.98)  # below 1, so that what lies underneath still gets a gradient
MARGIN = 0.1  # how far outside the picture a control point may lie
SOFTNESS = 1 / 180  # over which a stroke's border fades, and never less than SOFTEST
SOFTEST = 0.6  # pixels
CURVE_SAMPLES = 24


class StrokeDrawer:
    """Draws by `count` strokes on white, the first lowest, which start short, curved and anywhere.

    Its parameters are control points (count, 4, 2) as x and y, widths (count,) and, where coloured, red,
    green, blue and opacity (count, 4). Without colours it is a black pen of a nearly even width.
    """

    def __init__(
        self,
        *,
        width: int,
        height: int,
        count: int,
        coloured: bool,
        rng: torch.Generator,
        device: torch.device,
        thickness: float = 1.0,
        length: float = 1.0,
    ) -> None:
        """thickness, length: times the usual widths, and the usual length at the start."""
        shorter = min(width, height)
        self._size = (height, width)
        self._extent = torch.tensor([width / shorter, height / shorter], device=device)
        self._softness = max(SOFTNESS, SOFTEST / shorter)
        narrowest, widest = WIDTHS if coloured else PEN_WIDTHS
        self._widths = (thickness * narrowest, thickness * widest)
        self._y = (torch.arange(height, device=device) + 0.5) / shorter
        self._x = (torch.arange(width, device=device) + 0.5) / shorter
        rows, columns = torch.meshgrid(self._y, self._x, indexing="ij")
        self._pixels = torch.stack([columns, rows], dim=-1).flatten(0, 1)  # (P, 2)

        first = torch.rand((count, 1, 2), generator=rng).to(device) * self._extent
        moves = length * STRETCH * (2 * torch.rand((count, 3, 2), generator=rng).to(device) - 1)
        points = torch.cat([first, first + moves.cumsum(dim=1)], dim=1)
        low, high = START_WIDTHS if coloured else PEN_WIDTHS
        widths = low + (high - low) * torch.rand(count, generator=rng).to(device)
        self._parameters = [points / POINT_UNIT, thickness * widths / WIDTH_UNIT]
        if coloured:
            self._parameters.append(torch.rand((count, 4), generator=rng).to(device) / COLOUR_UNIT)
        self.constrain()
        for parameter in self._parameters:
            parameter.requires_grad_()

    def parameters(self) -> list[Tensor]:
        return self._parameters

    def render(self) -> Tensor:
        return self.picture(self._parameters)

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture (1, 3, H, W) in [0, 1] of parameters other than the current ones."""
        points, widths = parameters[0] * POINT_UNIT, parameters[1] * WIDTH_UNIT
        cover = torch.sigmoid((widths[:, None] / 2 - self._distance(points)) / self._softness)  # (N, P)
        if len(parameters) == 2:
            ink = points.new_zeros((len(points), 3))
            cover = OPACITIES[1] * cover
        else:
            colours = parameters[2] * COLOUR_UNIT
            ink = colours[:, :3]
            cover = colours[:, 3:] * cover
        # What shines through the strokes from each one upwards: (N + 1, P), the last row is nothing above.
        through = torch.log1p(-cover).flip(0).cumsum(dim=0).flip(0)
        above = torch.cat([through[1:], torch.zeros_like(through[:1])]).exp()
        painted = torch.einsum("np,nc->cp", cover * above, ink) + through[0].exp()  # (3, P), on white
        return painted.clamp(0, 1).view(1, 3, *self._size)

    def _distance(self, points: Tensor) -> Tensor:
        """Distance (N, P) of every pixel to every curve, differentiable in the control points (N, 4, 2).

        Where a curve comes nearest moves with the curve, but to first order that does not change the distance
        (the envelope theorem), so the nearest place is found without a graph and then held.
        """
        place = self._nearest(points.detach())  # (N, P)
        nearest = torch.einsum("npk,nkd->npd", _bernstein(place), points)
        return ((self._pixels - nearest).square().sum(dim=2) + 1e-12).sqrt()

    @torch.no_grad()
    def _nearest(self, points: Tensor) -> Tensor:
        """Where along each curve, in [0, 1], it comes nearest to each pixel: (N, P)."""
        samples = torch.linspace(0, 1, CURVE_SAMPLES, device=points.device)
        curve = torch.einsum("sk,nkd->nsd", _bernstein(samples), points)  # (N, S, 2)
        aside = (self._x - curve[..., :1]).square()  # (N, S, W)
        above = (self._y - curve[..., 1:]).square()  # (N, S, H)
        best = points.new_full((len(points), *self._size), torch.inf)  # (N, H, W) squared distances
        place = torch.zeros_like(best)
        for sample in range(CURVE_SAMPLES):
            distance = above[:, sample, :, None] + aside[:, sample, None, :]
            place.masked_fill_(distance < best, samples[sample])
            best = torch.minimum(best, distance)
        place = place.flatten(1)
        return self._refined(place, points)

    def _refined(self, place: Tensor, points: Tensor) -> Tensor:
        """One step of Gauss and Newton from the nearest sample, never further than to the next."""
        offset = self._pixels - torch.einsum("npk,nkd->npd", _bernstein(place), points)  # (N, P, 2)
        slope = torch.einsum("npk,nkd->npd", _bernstein_slope(place), points)
        move = (offset * slope).sum(dim=2) / (slope.square().sum(dim=2) + 1e-9)
        spacing = 1 / (CURVE_SAMPLES - 1)
        return (place + move.clamp(-spacing, spacing)).clamp(0, 1)

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep the strokes near the picture, their widths drawable and their colours within a screen's."""
        points, widths = self._parameters[:2]
        furthest = (self._extent + MARGIN) / POINT_UNIT
        points.copy_(points.clamp(min=-MARGIN / POINT_UNIT).minimum(furthest))
        widths.clamp_(*(width / WIDTH_UNIT for width in self._widths))
        if len(self._parameters) > 2:
            colours = self._parameters[2]
            colours[:, :3].clamp_(0, 1 / COLOUR_UNIT)
            colours[:, 3].clamp_(*(opacity / COLOUR_UNIT for opacity in OPACITIES))


def _bernstein(t: Tensor) -> Tensor:
    """Weights (..., 4) of the control points of a cubic curve at t in [0, 1]."""
    rest = 1 - t
    return torch.stack([rest**3, 3 * t * rest**2, 3 * t**2 * rest, t**3], dim=-1)


def _bernstein_slope(t: Tensor) -> Tensor:
    """Derivative of the weights (..., 4) by t."""
    rest = 1 - t
    return torch.stack([-3 * rest**2, 3 * rest**2 - 6 * t * rest, 6 * t * rest - 3 * t**2, 3 * t**2], dim=-1)
