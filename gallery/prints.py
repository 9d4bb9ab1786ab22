"""Prints: 256 bits that hardly change when a picture is scaled, recompressed, cropped a little or turned.

In the manner of PDQ (Facebook 2019, “The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm”, section “PDQ hashing algorithm”): luminance, 64×64, the lowest 16×16 frequencies of a DCT without
those of the mean, each bit whether one is above their median. Other than there, a picture has two prints, of
the whole and of what lies within its empty border, because both a new border and a mark on an old one change
one of them alone; and a picture that comes in is also tried a little rotated and with a little added around
it, in the eight ways to turn and mirror each. docs/hash-block.md has what that is good for. Pillow and numpy.

The fingerprint of near-duplicates (fingerprint.py) is coarser, and meant for one person's own pictures.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

BITS = 256
BYTES = 64  # of a picture's two prints, as they are kept
SIDE = 64  # pixels that the picture is scaled to
LOW = 16  # frequencies looked at, in each direction
LARGEST = 512  # pixels a side that borders are looked for in
BORDER = 12  # grey levels, of 255, that a border may differ from its corner
LEAST_LEFT = 0.25  # of a side, or nothing is cut off
FLATTEST = 0.12  # quality below which no print is kept: it would be that of many pictures
FLATTEST_TRIED = (
    0.04  # below which a picture that comes in is not compared; a darker copy has less than the kept
)
ROTATIONS = (2, -2)  # degrees that a picture is tried with
ADDED = 0.03  # of a side, at each edge

Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Prints:
    """ways: (2, 32, 32), of the picture without its border and of the whole, in 32 ways each: as it is, then
    turned and mirrored in seven, then the same of it extended and rotated. quality: as of quality_of()."""

    ways: Bits
    quality: float

    @property
    def kept(self) -> bytes | None:
        """BYTES for a row in the database: both prints of the picture as it is. None for one with too little
        in it to tell it from others."""
        return np.ascontiguousarray(self.ways[:, 0]).tobytes() if self.quality >= FLATTEST else None


def prints_of(picture: Image.Image) -> Prints | None:
    """None for a picture with so little in it that it is not even compared."""
    grey = picture.convert("L")
    if max(grey.size) > LARGEST:
        grey = ImageOps.contain(grey, (LARGEST, LARGEST), Image.Resampling.BILINEAR)
    within = _without_border(grey)
    quality = quality_of(_small(within))
    if quality < FLATTEST_TRIED:
        return None
    return Prints(np.stack([_all_ways(within), _all_ways(grey)]), quality)


def from_kept(rows: Iterable[bytes | memoryview | None]) -> Bits:
    """(N, 2, 32) of N rows, none of them None."""
    return np.frombuffer(b"".join(bytes(row or b"") for row in rows), np.uint8).reshape(-1, 2, BITS // 8)


def turned(one: Bits) -> Bits:
    """(2, 32) → (2, 8, 32): nearly the eight ways to turn the picture, where nothing but its prints is kept.

    A sign that turns around turns its bit around as far as the median is nothing, from which it is never far.
    """
    low = np.unpackbits(one, axis=1).reshape(2, LOW, LOW) - np.float32(0.5)
    return np.stack([[np.packbits(way.ravel() > 0) for way in _turned(each)] for each in low])


def apart(known: Bits, one: Bits) -> NDArray[np.uint16]:
    """(N, 2, 32) and (2, W, 32) → (N,): the bits in which each of the known differs from the nearest of the W
    ways, within the border or as a whole."""
    return np.minimum(distances(known[:, 0], one[0]).min(axis=1), distances(known[:, 1], one[1]).min(axis=1))


def distances(one: Bits, others: Bits) -> NDArray[np.uint16]:
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


def _all_ways(grey: Image.Image) -> Bits:
    """(32, 32)."""
    values = np.asarray(grey)
    ground = int(values[0, 0])
    small = ImageOps.contain(grey, (3 * SIDE, 3 * SIDE), Image.Resampling.BILINEAR)  # is rotated much faster
    rotated = [small.rotate(each, Image.Resampling.BILINEAR, fillcolor=ground) for each in ROTATIONS]
    more = [(round(ADDED * side),) * 2 for side in values.shape]
    extended = Image.fromarray(np.pad(values, more, mode="edge"))
    frequencies = [_DCT @ _small(each) @ _DCT.T for each in (grey, extended, *rotated)]  # of (16, 16)
    return np.stack([_bits(way) for low in frequencies for way in _turned(low)])


def _small(grey: Image.Image) -> NDArray[np.float32]:
    """(64, 64) in [0, 255]."""
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)


def _without_border(picture: Image.Image) -> Image.Image:
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


def _turned(low: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """Mirroring turns the sign of every second frequency around, and a quarter turn is the transposed
    picture mirrored: so no further DCT is needed. The picture itself comes first."""
    mirrored = [low, low * _SIGNS[None, :], low * _SIGNS[:, None], low * _SIGNS[None, :] * _SIGNS[:, None]]
    return [*mirrored, *(each.T for each in mirrored)]


def _bits(low: NDArray[np.floating]) -> Bits:
    return np.packbits(low.ravel() > np.median(low))


def _cosines() -> NDArray[np.float32]:
    """(16, 64): the rows 1 to 16 of the orthonormal DCT-II."""
    place = (2 * np.arange(SIDE) + 1) / (2 * SIDE)
    frequencies = np.arange(1, LOW + 1)
    return (np.cos(np.pi * frequencies[:, None] * place[None, :]) * np.sqrt(2 / SIDE)).astype(np.float32)


_DCT = _cosines()
_SIGNS = np.where(np.arange(1, LOW + 1) % 2, -1, 1).astype(np.float32)  # of a mirrored picture
