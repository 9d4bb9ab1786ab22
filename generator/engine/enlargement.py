"""A finished picture at a multiple of its size: by a network for super-resolution, or by interpolation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from generator.engine.upscaler import Upscaler

LANCZOS = "lanczos"  # what enlarges where there is no network
AROUND = 16  # pixels of the next copy that a picture which repeats is enlarged with


def enlarge(
    pixels: NDArray[np.uint8],
    times: int,
    *,
    upscaler: Upscaler | None,
    repeats: str = "no",
    threads: int = 1,
    after_tile: Callable[[], None] = lambda: None,
) -> NDArray[np.uint8]:
    """(H, W, 3) or with alpha (H, W, 4) uint8 → the same with `times` H and W; 1 gives back what it got.

    A network whose own scale is another one is followed by Lanczos interpolation, which alpha gets alone.
    repeats: as in GenerateSettings; sides that fit each other go on doing so.
    """
    if times == 1:
        return pixels
    height, width = pixels.shape[:2]
    whole, down, across = _with_surroundings(pixels, repeats)
    size = whole.shape[1] * times, whole.shape[0] * times
    colours = whole[..., :3]
    if upscaler is not None:
        colours = upscaler.enlarge(colours, after_tile=after_tile, threads_used=threads)
    large = [_resized(colours, size)]
    if pixels.shape[2] == 4:
        large.append(_resized(whole[..., 3], size)[..., None])
    top, left = down * times, across * times
    cut = np.concatenate(large, axis=2)[top : top + height * times, left : left + width * times]
    return np.ascontiguousarray(cut)


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """size: width and height."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.LANCZOS))


def _with_surroundings(pixels: NDArray[np.uint8], repeats: str) -> tuple[NDArray[np.uint8], int, int]:
    """A picture amid parts of the copies beside it, and how many pixels lie above it and before it."""
    down = AROUND if repeats in {"both", "down", "shifted"} else 0
    across = AROUND if repeats in {"both", "across", "shifted"} else 0
    if down:
        shift = pixels.shape[1] // 2 if repeats == "shifted" else 0
        neighbour = np.roll(pixels, shift, axis=1)
        pixels = np.concatenate([neighbour[-down:], pixels, neighbour[:down]])
    if across:
        pixels = np.concatenate([pixels[:, -across:], pixels, pixels[:, :across]], axis=1)
    return pixels, down, across
