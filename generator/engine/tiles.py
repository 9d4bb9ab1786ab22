"""A VQGAN over pictures that are too large for it at once: in tiles that overlap and fade into each other.

Memory is then that of one tile, also in training: each tile is computed again when its gradient is wanted
(Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"), so a step takes one more pass.

A tile's outermost cells lack what lies around them and do not count; between the tiles' middles, weights fade
from one to the other. What a model's convolutions see is then exactly what they see in the whole; its
normalisation and attention look at a whole tile, so that tiles may differ a little, and fade too.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from generator.engine.drawers import Decoder, WrappedDecoder

WHOLE_PIXELS = 512 * 512  # a picture of up to so many is computed in one
TILE_PIXELS, FEWEST_CELLS = 384, 24  # side of a tile, whichever is more
OVERLAP = 8  # cells that neighbours share, at least
UNSEEN = 2  # of these, how many at a tile's border do not count


def needs_tiles(width: int, height: int) -> bool:
    return width * height > WHOLE_PIXELS


class TiledDecoder(WrappedDecoder):
    """A decoder that paints and encodes in tiles; it quantises as before, which each cell does by itself."""

    def __init__(self, decoder: Decoder, tile: int = 0) -> None:
        """tile: cells along a side, more than OVERLAP; 0: as many as suit the decoder."""
        super().__init__(decoder)
        self.tile = tile or max(FEWEST_CELLS, TILE_PIXELS // decoder.factor)

    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (B, 3, H, W) in [-1, 1] → latent (B, C, H/factor, W/factor)."""
        return _in_tiles(self._decoder.encode, pixels, self.tile, taken=self.factor, given=1)

    def decode(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → pixels (B, 3, h·factor, w·factor) in about [-1, 1]."""
        return _in_tiles(self._decoder.decode, z, self.tile, taken=1, given=self.factor)


def _in_tiles(
    compute: Callable[[Tensor], Tensor], whole: Tensor, tile: int, *, taken: int, given: int
) -> Tensor:
    """What `compute` makes of each tile, put together. taken, given: side of a cell before and after it."""
    rows, columns = (side // taken for side in whole.shape[2:])
    result: Tensor | None = None
    down, across = (list(zip(spans(n, tile), weights(n, tile, given), strict=True)) for n in (rows, columns))
    for ((top, bottom), tall), ((left, right), wide) in product(down, across):
        part = whole[..., top * taken : bottom * taken, left * taken : right * taken].contiguous()
        made = checkpoint(compute, part, use_reentrant=False, preserve_rng_state=False)
        if result is None:
            result = made.new_zeros((*made.shape[:2], rows * given, columns * given))
        weight = (tall[:, None] * wide).to(made)
        result[..., top * given : bottom * given, left * given : right * given] += weight * made
    if result is None:
        raise ValueError(f"{tuple(whole.shape)} has no cells")
    return result


def spans(length: int, tile: int) -> list[tuple[int, int]]:
    """Where tiles begin and end along a line of cells: all of one size, with OVERLAP or more in common."""
    if length <= tile:
        return [(0, length)]
    count = -(-(length - OVERLAP) // (tile - OVERLAP))
    starts = [round(number * (length - tile) / (count - 1)) for number in range(count)]
    return [(start, start + tile) for start in starts]


def weights(length: int, tile: int, given: int) -> list[Tensor]:
    """How much each point of each span counts, (cells · given,) float32; at every place the sum is 1."""
    parts = spans(length, tile)
    raw = torch.zeros(len(parts), length * given)
    for row, (start, end) in zip(raw, parts, strict=True):
        places = torch.arange(start * given, end * given) + 0.5
        after_start = places - (start + UNSEEN) * given if start else torch.full_like(places, torch.inf)
        before_end = (end - UNSEEN) * given - places if end < length else torch.full_like(places, torch.inf)
        fading = (OVERLAP - 2 * UNSEEN) * given
        row[start * given : end * given] = (torch.minimum(after_start, before_end) / fading).clamp(0, 1)
    raw /= raw.sum(dim=0)
    return [row[start * given : end * given] for row, (start, end) in zip(raw, parts, strict=True)]
