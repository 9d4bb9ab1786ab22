"""A perceptual hash: 64 bits that hardly change when a picture is scaled, recompressed or brightened.

The signs of its lowest frequencies against their median (Zauner 2010, “Implementation and Benchmarking of
Perceptual Image Hash Functions”, section 3.2.1). Pillow and numpy only.
"""

import numpy as np
from PIL import Image

SIDE = 32  # pixels that the picture is scaled to
LOW = 8  # frequencies looked at, in each direction
FLATTEST = 12.0  # largest coefficient of a picture with nothing in it but noise


def fingerprint(picture: Image.Image) -> int | None:
    """A signed number of 64 bits, as databases hold them. None for a picture without any shape in it."""
    small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, np.float32)  # (32, 32) in [0, 255]
    frequencies = (_DCT @ grey @ _DCT.T).ravel()  # (64,)
    frequencies[0] = 0  # the mean brightness
    if np.abs(frequencies).max() < FLATTEST:
        return None
    bits = frequencies > np.median(frequencies)
    return int(np.packbits(bits).view(">i8")[0])


def _cosines() -> np.ndarray:
    """(8, 32): the rows of the orthonormal DCT-II for the lowest frequencies."""
    place = (2 * np.arange(SIDE) + 1) / (2 * SIDE)
    rows = np.cos(np.pi * np.arange(LOW)[:, None] * place[None, :]) * np.sqrt(2 / SIDE)
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


_DCT = _cosines()
