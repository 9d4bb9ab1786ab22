"""What is transparent, as the studio shows it on the way: on light and dark squares."""

from typing import Any

import numpy as np

LIGHT, DARK = 255, 204
SIDE = 8  # pixels of a square


def on_checkers(pixels: Any) -> Any:
    """(H, W, 4) uint8 → (H, W, 3) uint8; a picture without alpha, (H, W, 3), is returned as it is."""
    if pixels.shape[2] == 3:
        return pixels
    rows, columns = (np.arange(side) // SIDE for side in pixels.shape[:2])
    ground = np.where((rows[:, None] + columns) % 2 == 0, LIGHT, DARK)[..., None].astype(np.float32)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return (pixels[..., :3] * alpha + ground * (1 - alpha)).round().astype(np.uint8)
