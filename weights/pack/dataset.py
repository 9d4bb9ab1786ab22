"""The rendered data set: pictures with alpha, their names, and the split of concepts.

A folder holds `images.npy`, uint8 (N, 160, 160, 4) with straight alpha, opened as a memory map, and
`pairs.jsonl`, one Pair a row in the same order.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from weights.pack.sources import OBJECT_SETS, SURFACE_SETS

TRAIN, VALIDATION, TEST, HELD_OUT_ARTIST = "train", "validation", "test", "held-out artist"
LEARNED_OBJECTS = (TRAIN, VALIDATION)  # photographs: too few to hold back what has chosen already
# The hash would hold these concepts out, but they are everyday words that photographs are asked for
# (`photographs.py`): somebody who owns a camera will look for one.
EVERYDAY = frozenset({
    "airplane", "camera", "church", "coin", "desktop computer", "gravel", "guitar", "mountain", "orange",
    "player", "puzzle", "raccoon", "sailboat", "boat", "staircase", "television", "umbrella", "wall",
})  # fmt: skip
DEFAULT_FOLDER = Path(".work/dataset")


class DatasetError(Exception):
    """The data set is missing or incomplete."""


@dataclass(frozen=True)
class Pair:
    """A picture and what is said about it."""

    source: str
    key: str
    label: str
    keywords: tuple[str, ...]
    swedish: str
    concept: str
    split: str
    author: str
    licence: str

    @property
    def is_drawing(self) -> bool:
        """Whether it is of the artwork, and no photograph or rendering of a thing."""
        return self.source not in OBJECT_SETS

    @property
    def is_learned(self) -> bool:
        """Whether the pack's CLIP learns from it."""
        return self.split == TRAIN if self.is_drawing else self.split in LEARNED_OBJECTS


@dataclass(frozen=True)
class Dataset:
    images: np.ndarray  # (N, S, S, 4) uint8, straight alpha
    pairs: Sequence[Pair]

    def rows(self, split: str) -> np.ndarray:
        """(M,) int64 positions of the drawings in one split."""
        return self._rows(split, is_drawing=True)

    def object_rows(self, split: str) -> np.ndarray:
        """(M,) int64 positions of the photographs and renderings of things in one split."""
        return self._rows(split, is_drawing=False)

    def learned_objects(self) -> np.ndarray:
        """(M,) int64 positions of the photographs and renderings that the CLIP learns from."""
        return np.concatenate([self.object_rows(split) for split in LEARNED_OBJECTS])

    @cached_property
    def surfaces(self) -> np.ndarray:
        """(M, S, S, 3) uint8 the learned pictures of surfaces, which things may lie on."""
        rows = [row for row in self.learned_objects() if self.pairs[row].source in SURFACE_SETS]
        return self.images[np.array(rows, dtype=np.int64)][..., :3]

    def key(self, rows: np.ndarray) -> str:
        """Eight digits that tell which pictures these are and in what order, for the names of caches."""
        said = "\n".join(f"{self.pairs[row].source}/{self.pairs[row].key}" for row in rows)
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def _rows(self, split: str, *, is_drawing: bool) -> np.ndarray:
        found = [
            row
            for row, pair in enumerate(self.pairs)
            if pair.split == split and pair.is_drawing == is_drawing
        ]
        return np.array(found, dtype=np.int64)


def split_of(concept: str) -> str:
    """80/10/10 by a hash of the concept: the split depends on no order and on no other sets."""
    if concept in EVERYDAY:
        return TRAIN
    bucket = int(hashlib.sha256(concept.encode()).hexdigest(), 16) % 10
    return {8: VALIDATION, 9: TEST}.get(bucket, TRAIN)


def load_dataset(folder: Path = DEFAULT_FOLDER) -> Dataset:
    """Raises DatasetError when `python -m weights.pack.data` has not finished here."""
    rows = folder / "pairs.jsonl"
    if not rows.exists():
        raise DatasetError(f"no data set in {folder}: run `python -m weights.pack.data` first")
    pairs = []
    for line in rows.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row["keywords"] = tuple(row["keywords"])
        pairs.append(Pair(**row))
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    if len(images) != len(pairs):
        raise DatasetError(f"{folder} is incomplete: remove it and run `python -m weights.pack.data` again")
    return Dataset(images, pairs)


def on_ground(rgba: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Pictures over a plain colour.

    rgba (..., S, S, 4) uint8 with straight alpha; ground (..., 3) uint8. Returns (..., S, S, 3) uint8.
    """
    alpha = rgba[..., 3:].astype(np.float32) / 255
    over = rgba[..., :3] * alpha + ground[..., None, None, :].astype(np.float32) * (1 - alpha)
    return over.round().astype(np.uint8)


def visible_ground(rgba: np.ndarray, random: np.random.Generator, *, contrast: float = 60) -> np.ndarray:
    """(3,) uint8 ground on which the picture stands out: white if it can be, else a random tint.

    White shapes vanish on white and silhouettes on black, so a ground close to the picture's mean brightness
    is drawn again.
    """
    alpha = rgba[..., 3].astype(np.float32)
    colour = (rgba[..., :3] * alpha[..., None]).sum((0, 1)) / max(alpha.sum(), 1)
    white = np.full(3, 255, np.uint8)
    if random.random() < 0.4 and np.abs(255 - colour).max() > contrast:
        return white
    for _ in range(8):
        tint = (255 - random.random() ** 2 * random.integers(0, 256, 3)).astype(np.uint8)
        if np.abs(tint - colour).max() > contrast:
            return tint
    return white if colour.mean() < 128 else np.zeros(3, np.uint8)


def plain_ground(rgba: np.ndarray) -> np.ndarray:
    """(3,) uint8: white, or dark grey for pictures that are themselves almost white. For tests: no chance."""
    alpha = rgba[..., 3].astype(np.float32)
    colour = (rgba[..., :3] * alpha[..., None]).sum((0, 1)) / max(alpha.sum(), 1)
    return np.full(3, 72 if colour.min() > 215 else 255, np.uint8)
