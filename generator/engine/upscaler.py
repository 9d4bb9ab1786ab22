"""Networks for super-resolution in their released layouts: Real-ESRGAN and the others that spandrel knows.

A picture goes through in tiles, so that memory is that of one tile whatever the picture's size. Each tile is
computed with a margin of its neighbours, which is then cut off. What the network's convolutions see beyond
the margin is missing, so near the tiles' borders the result may differ a little from that of the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from spandrel import (
    ImageModelDescriptor,
    ModelDescriptor,
    ModelLoader,
    UnsupportedModelError,
    canonicalize_state_dict,
)

from generator.engine.threads import threads
from generator.engine.upscaler_files import REMEDY, UpscalerError, read_tensors

CELL = 16  # pixels; tiles begin at multiples, so that what a network folds or looks at in windows lies alike
TILE_CELLS = 8  # along a side of a tile, at most
MARGIN = 16  # pixels of its neighbours that a tile is computed with
REVISION = 8  # digits of the file's SHA-256 in a network's id

# What spandrel and torch raise on tensors that have the names of one network and the shapes of another.
_MISFIT = (
    *(RuntimeError, ValueError, LookupError, AssertionError),
    *(TypeError, AttributeError, ArithmeticError),
)


@dataclass(frozen=True)
class Upscaler:
    """A network that makes pictures `scale` times as wide and high, on the processor in float32."""

    model_id: str
    network: ImageModelDescriptor[Any]

    @property
    def scale(self) -> int:
        return self.network.scale

    def enlarge(
        self, pixels: NDArray[np.uint8], *, after_tile: Callable[[], None], threads_used: int
    ) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 → (H·scale, W·scale, 3) uint8. after_tile: called after each, may raise."""
        height, width, _ = pixels.shape
        result = np.empty((height * self.scale, width * self.scale, 3), np.uint8)
        for (top, bottom), (left, right) in product(spans(height), spans(width)):
            above, before = max(0, top - MARGIN), max(0, left - MARGIN)
            part = pixels[above : bottom + MARGIN, before : right + MARGIN]
            with threads(threads_used):
                made = self._enlarge_tile(part)
            down, across = (top - above) * self.scale, (left - before) * self.scale
            rows, columns = (bottom - top) * self.scale, (right - left) * self.scale
            target = result[top * self.scale : bottom * self.scale, left * self.scale : right * self.scale]
            target[:] = made[down : down + rows, across : across + columns]
            after_tile()
        return result

    def _enlarge_tile(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        picture = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255  # (1, 3, h, w)
        made = self.network(picture)[0]  # (3, h·scale, w·scale) in [0, 1]
        return (made * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def spans(length: int) -> list[tuple[int, int]]:
    """Where tiles begin and end along a line of pixels, without their margins: of about one size."""
    cells = -(-length // CELL)
    count = -(-cells // TILE_CELLS)
    borders = [min(round(number * cells / count) * CELL, length) for number in range(count + 1)]
    return list(pairwise(borders))


def load_upscaler(path: Path) -> Upscaler:
    """The network in a released checkpoint, whatever its architecture is. Raises UpscalerError."""
    tensors = read_tensors(path)
    try:
        network = ModelLoader().load_from_state_dict(tensors)
        _check_nothing_is_left(network, tensors)
    except UnsupportedModelError as error:
        raise UpscalerError(f"{path} is no network for super-resolution that is known: {REMEDY}") from error
    except _MISFIT as error:
        raise UpscalerError(
            f"{path} has tensors that are missing, left over or of another shape than its network's "
            f"({_first_words(error)}): {REMEDY}"
        ) from error
    if not isinstance(network, ImageModelDescriptor) or network.purpose != "SR" or network.scale < 2:
        raise UpscalerError(f"{path} is a network for {network.purpose} and enlarges nothing: {REMEDY}")
    if (network.input_channels, network.output_channels) != (3, 3):
        raise UpscalerError(f"{path} is not for pictures in red, green and blue: {REMEDY}")
    network.float().eval().model.requires_grad_(False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Upscaler(f"{path.stem}@{digest[:REVISION]}", network)


def _check_nothing_is_left(network: ModelDescriptor, tensors: dict[str, Any]) -> None:
    """Of ESRGAN's layouts alone spandrel passes over tensors that it does not know. Raises ValueError."""
    if network.architecture.id != "ESRGAN":
        return
    given = sum(tensor.numel() for tensor in canonicalize_state_dict(tensors).values())
    taken = sum(tensor.numel() for tensor in network.model.state_dict().values())
    if given != taken:
        raise ValueError(f"{given:,} values in the file, {taken:,} in the network")


def _first_words(error: Exception) -> str:
    """The first things that are wrong: a list of every tensor would be long."""
    return " ".join(f"{type(error).__name__} {error}".split())[:300]
