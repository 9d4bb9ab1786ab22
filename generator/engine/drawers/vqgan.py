"""Drawing by a VQGAN: its latent is optimised, its decoder paints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from generator.engine.drawers.drawer import (
    border_closeness,
    clamp_with_gradient,
    grid_shapes,
    sum_of_grids,
)
from generator.engine.settings import SettingsError


class Decoder(Protocol):
    """The part of a VQGAN that drawing needs; generator.engine.vqgan.Vqgan is one."""

    @property
    def codebook(self) -> Tensor:
        """(K, C) codebook vectors."""
        ...

    @property
    def factor(self) -> int:
        """Pixels along one side of a latent cell."""
        ...

    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (B, 3, H, W) in [-1, 1] → latent (B, C, H/factor, W/factor)."""
        ...

    def quantize(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → its nearest codebook vectors; the gradient passes straight through to z."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → picture (B, 3, h·factor, w·factor) in about [-1, 1]."""
        ...


class WrappedDecoder:
    """A decoder that does what another one does; what it does otherwise, a subclass says."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    @property
    def codebook(self) -> Tensor:
        return self._decoder.codebook

    @property
    def factor(self) -> int:
        return self._decoder.factor

    def encode(self, pixels: Tensor) -> Tensor:
        return self._decoder.encode(pixels)

    def quantize(self, z: Tensor) -> Tensor:
        return self._decoder.quantize(z)

    def decode(self, z: Tensor) -> Tensor:
        return self._decoder.decode(z)


class VqganDrawer:
    """Draws by a VQGAN's decoder from a latent that starts as random codebook vectors on a white ground.

    The latent (1, C, h, w) is a sum of `levels` grids, each half as fine as the one before.
    """

    def __init__(
        self,
        vqgan: Decoder,
        *,
        width: int,
        height: int,
        rng: torch.Generator,
        levels: int = 1,
        quantised: bool = True,
    ) -> None:
        """Draws the first latent from `rng`. Raises SettingsError for a size off the factor's grid."""
        for name, side in (("width", width), ("height", height)):
            if side % vqgan.factor:
                raise SettingsError(name, f"must be a multiple of {vqgan.factor} pixels for this model")
        self.vqgan = vqgan
        self.quantised = quantised
        codebook = vqgan.codebook.detach()  # (K, C)
        rows, columns = height // vqgan.factor, width // vqgan.factor
        shapes = grid_shapes(rows, columns, levels)
        picks = torch.randint(len(codebook), shapes[-1], generator=rng)
        start = codebook[picks.to(codebook.device)].permute(2, 0, 1)[None]
        channels = codebook.shape[1]
        self._grids = [torch.zeros((1, channels, *shape), device=codebook.device) for shape in shapes]
        self._grids[-1] += start
        self._grids[0] += self._ground(height, width)
        for grid in self._grids:
            grid.requires_grad_()
        self._low = codebook.amin(dim=0).view(1, -1, 1, 1)
        self._high = codebook.amax(dim=0).view(1, -1, 1, 1)

    @torch.inference_mode()
    def _ground(self, height: int, width: int) -> Tensor:
        """What to add to the random start so that it fades to the latent of a white picture at the border."""
        start = self.latent(self._grids)  # (1, C, h, w)
        white = self.vqgan.encode(torch.ones((1, 3, height, width), device=start.device))
        _, _, rows, columns = start.shape
        return border_closeness(rows, columns, start.device) * (white - start)

    def parameters(self) -> list[Tensor]:
        return self._grids

    def render(self) -> Tensor:
        return self.picture(self._grids)

    def picture(self, grids: Sequence[Tensor]) -> Tensor:
        """The picture (1, 3, H, W) in [0, 1] of parameters other than the current ones."""
        latent = self.latent(grids)
        if self.quantised:
            latent = self.vqgan.quantize(latent)
        return clamp_with_gradient(self.vqgan.decode(latent).float() / 2 + 0.5)

    def latent(self, grids: Sequence[Tensor]) -> Tensor:
        """The sum of the grids, (1, C, h, w)."""
        return sum_of_grids(grids)

    @torch.no_grad()
    def become(self, picture: Tensor) -> None:
        """Show a picture (1, 3, H, W) in [0, 1] as nearly as the model can, in place: its encoder's latent,
        all of it in the finest grid."""
        for grid in self._grids:
            grid.zero_()
        self._grids[0] += self.vqgan.encode(picture * 2 - 1)

    def codebook_distance(self) -> Tensor:
        """Mean squared distance of the latent's cells to their nearest codebook vectors."""
        latent = self.latent(self._grids)
        nearest = self.vqgan.quantize(latent.detach())
        return (latent - nearest).square().sum(dim=1).mean()

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep the latent inside the codebook's box, by moving the finest grid."""
        latent = self.latent(self._grids)
        self._grids[0] += latent.maximum(self._low).minimum(self._high) - latent
