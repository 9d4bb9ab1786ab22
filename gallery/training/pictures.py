"""The pictures that a training learns from: found, decoded once, kept in memory as bytes."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gallery.pixels import PictureError, clean_pixels, prepare_pillow
from gallery.training.folder import RunError

MAX_PIXELS = 80_000_000  # of a file
MOST_PICTURES = 50_000  # at 160 pixels a side these are 3.8 GB
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff", ".heic"}


@dataclass(frozen=True)
class PictureFile:
    """name: its own for as long as its content is the same. open: gives its bytes. text: what it shows."""

    name: str
    open: Callable[[], BinaryIO]
    text: str = ""


def files_of_folder(folder: Path) -> list[PictureFile]:
    """Every picture in a folder and its folders, by path. Raises RunError where there is no such folder.

    What is said of `beach.jpg` is in `beach.txt` beside it; without one, the file's name says it.
    """
    if not folder.is_dir():
        raise RunError(f"There is no folder {folder}.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return [
        PictureFile(
            f"{path.relative_to(folder)}:{path.stat().st_size}", partial(path.open, "rb"), _said(path)
        )
        for path in paths
        if path.is_file()
    ]


def _said(path: Path) -> str:
    beside = path.with_suffix(".txt")
    words = beside.read_text(encoding="utf-8") if beside.is_file() else re.sub(r"[-_\d]+", " ", path.stem)
    return " ".join(words.split())


def digest_of(files: Iterable[PictureFile]) -> str:
    """Of which pictures these are and what is said of them, so that a run only goes on with the same ones."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0{file.text}\0".encode())
    return digest.hexdigest()[:16]


def opened(
    files: Iterable[PictureFile], *, at_least: int
) -> Iterator[tuple[PictureFile, Image.Image | None]]:
    """Each file with its picture, upright on white, or None if it cannot be read. at_least: pixels a side."""
    prepare_pillow(MAX_PIXELS)
    for file in files:
        try:
            with file.open() as content:
                picture = clean_pixels(content, max_pixels=MAX_PIXELS, at_least=at_least)
        except (PictureError, OSError):
            yield file, None
            continue
        yield file, picture


def decode(files: Sequence[PictureFile], *, shortest: int) -> tuple[list[Tensor], list[PictureFile]]:
    """Pictures (3, h, w) uint8, the shorter side `shortest` pixels, and the files that cannot be read.

    A side longer than twice the other is cut in the middle. Raises RunError for too many to hold, or none.
    """
    if len(files) > MOST_PICTURES:
        raise RunError(f"{len(files)} pictures are too many to hold in memory: take at most {MOST_PICTURES}.")
    pictures, unreadable = [], []
    for file, picture in opened(files, at_least=shortest):
        if picture is None:
            unreadable.append(file)
        else:
            pictures.append(_scaled(picture, shortest))
    if not pictures:
        raise RunError("None of the pictures can be read.")
    return pictures, unreadable


def _scaled(picture: Image.Image, shortest: int) -> Tensor:
    scale = shortest / min(picture.size)
    wide, high = (max(shortest, round(side * scale)) for side in picture.size)
    picture = picture.resize((wide, high), Image.Resampling.LANCZOS, reducing_gap=3.0)
    most = 2 * shortest
    left, top = max(0, (wide - most) // 2), max(0, (high - most) // 2)
    picture = picture.crop((left, top, left + min(wide, most), top + min(high, most)))
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def held_out(count: int, *, every: int = 10, most: int = 64) -> tuple[list[int], list[int]]:
    """Places of those to learn from and of those to measure on: every tenth or so, and not too many."""
    step = max(every, -(-count // most))
    measured = list(range(step - 1, count, step))
    return sorted(set(range(count)) - set(measured)), measured
