"""The pictures that a training learns from: which ones, and what is said of them. No torch."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from gallery.pixels import PictureError, clean_pixels, prepare_pillow
from gallery.training.folder import RunError

MAX_PIXELS = 80_000_000  # of a file
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
        PictureFile(f"{path.relative_to(folder)}:{path.stat().st_size}", partial(_open, path), _said(path))
        for path in paths
        if path.is_file()
    ]


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


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


def held_out(count: int, *, every: int = 10, most: int = 64) -> tuple[list[int], list[int]]:
    """Places of those to learn from and of those to measure on: every tenth or so, and not too many."""
    step = max(every, -(-count // most))
    measured = list(range(step - 1, count, step))
    return sorted(set(range(count)) - set(measured)), measured
