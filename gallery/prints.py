"""Prints: 256 bits that hardly change when a picture is scaled, recompressed, cropped a little or turned.

In the manner of PDQ (Facebook 2019, “The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm”, section “PDQ hashing algorithm”): luminance, 64×64, the lowest 16×16 frequencies of a DCT without
those of the mean, each bit whether one is above their median. Other than there, empty borders are cut off
first, and the eight ways to turn and mirror a picture are compared too. Pillow and numpy only.

The fingerprint of near-duplicates (fingerprint.py) is coarser, and meant for one person's own pictures.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

BITS = 256
SIDE = 64  # pixels that the picture is scaled to
LOW = 16  # frequencies looked at, in each direction
LARGEST = 512  # pixels a side that borders are looked for in
BORDER = 12  # grey levels, of 255, that a border may differ from its corner
LEAST_LEFT = 0.25  # of a side, or nothing is cut off
FLATTEST = 0.03  # quality below which there is no print: a plain area, or a line on one

Print = NDArray[np.uint8]  # (32,)


def prints_of(picture: Image.Image) -> Print | None:
    """(8, 32): the print of the picture as it is, then of the seven ways to turn and mirror it, all from one
    DCT. None for a picture with too little in it to tell it from others."""
    grey = _grey(picture)
    if quality_of(grey) < FLATTEST:
        return None
    low = _DCT @ grey @ _DCT.T  # (16, 16)
    return np.stack([_bits(turned) for turned in _turned(low)])


def distances(one: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(A, 32) and (B, 32) → (A, B): bits in which they differ, 0 to 256."""
    a, b = (np.ascontiguousarray(prints).view(np.uint64) for prints in (one, others))  # (A, 4), (B, 4)
    return sum(
        (np.bitwise_count(a[:, None, word] ^ b[None, :, word]).astype(np.uint16) for word in range(4)),
        start=np.zeros((len(a), len(b)), np.uint16),
    )


def quality_of(grey: NDArray[np.float32]) -> float:
    """How much there is to see, 0 to 1: the mean step between neighbours, of 255, where a step below a
    hundredth counts as none, ten times over.

    grey: (64, 64) in [0, 255].
    """
    steps = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    return min(1.0, float(sum(np.where(step < 2.55, 0, step).mean() for step in steps)) / 2 / 25.5)


def _grey(picture: Image.Image) -> NDArray[np.float32]:
    """(64, 64) in [0, 255]: the luminance of what lies within the borders."""
    picture = picture.convert("L")
    if max(picture.size) > LARGEST:
        picture = ImageOps.contain(picture, (LARGEST, LARGEST), Image.Resampling.BOX)
    picture = _without_borders(picture)
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)


def _without_borders(picture: Image.Image) -> Image.Image:
    """Without the rows and columns at the edges that are of one colour, the same all around."""
    values = np.asarray(picture, np.int16)
    corner = np.median([values[0, 0], values[0, -1], values[-1, 0], values[-1, -1]])
    drawn = np.abs(values - corner) > BORDER
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not len(rows):
        return picture
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    if bottom - top < LEAST_LEFT * picture.height or right - left < LEAST_LEFT * picture.width:
        return picture
    return picture.crop((int(left), int(top), int(right), int(bottom)))


def _turned(low: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Mirroring turns the sign of every second frequency around, and a quarter turn is the transposed
    picture mirrored: so no further DCT is needed. The picture itself comes first."""
    mirrored = [low, low * _SIGNS[None, :], low * _SIGNS[:, None], low * _SIGNS[None, :] * _SIGNS[:, None]]
    return [*mirrored, *(each.T for each in mirrored)]


def _bits(low: NDArray[np.float32]) -> Print:
    return np.packbits(low.ravel() > np.median(low))


def _cosines() -> NDArray[np.float32]:
    """(16, 64): the rows 1 to 16 of the orthonormal DCT-II."""
    place = (2 * np.arange(SIDE) + 1) / (2 * SIDE)
    frequencies = np.arange(1, LOW + 1)
    return (np.cos(np.pi * frequencies[:, None] * place[None, :]) * np.sqrt(2 / SIDE)).astype(np.float32)


_DCT = _cosines()
_SIGNS = np.where(np.arange(1, LOW + 1) % 2, -1, 1).astype(np.float32)  # of a mirrored picture
