"""Surfaces and stuffs: stone, wood, cloth and sky, as GIMP has them to paint with."""

import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from PIL import Image

from weights.pack.objects import Object, words
from weights.pack.packages import Package, PackageError, read_members
from weights.pack.render import png, tiled

_PATTERNS = "./usr/share/gimp/2.0/patterns/"
_SHELVES = ("Animal", "Fabric", "Food", "Paper", "Plant", "Sky", "Stone", "Water", "Wood")
_PLAINER = {"leopard": "leopard fur", "choc swirl": "chocolate", "java": "coffee beans", "parque": "parquet",
            "crinklepaper": "crumpled paper", "terra": "terracotta tiles", "pool": "swimming pool water",
            "ground": "dried mud", "cracked": "cracked stone", "burlwood": "burl wood",
            "starfield": "starry sky", "moonfoot": "footprint", "corkboard": "cork board",
            "electric": "water"}  # fmt: skip
_TIMES = 3  # that a pattern is laid beside itself; one alone is often some 64 pixels wide
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # by bytes a pixel


def read_patterns(package: Package, archive: Path) -> Iterator[Object]:
    """`Stone/brick.pat` is a surface of brick, and stone."""
    shelves = tuple(f"{_PATTERNS}{shelf}/" for shelf in _SHELVES)
    files = read_members(archive, lambda name: name.startswith(shelves) and name.endswith(".pat"))
    for path, data in sorted(files.items()):
        inside = PurePosixPath(path.removeprefix(_PATTERNS))
        name, shelf = words(inside.stem), inside.parent.name.lower()
        yield Object(
            key=str(inside),
            data=png(tiled(read_pattern(data), _TIMES)),
            label=_PLAINER.get(name, name),
            keywords=(shelf,) if shelf != name else (),
            author=package.author,
        )


def read_pattern(data: bytes) -> Image.Image:
    """GIMP's format: six big-endian numbers, the name, rows of pixels (devel-docs/pat.txt).

    Raises PackageError for another.
    """
    if data[20:24] != b"GPAT":
        raise PackageError("a pattern that does not say GPAT")
    start, _, width, height, depth = struct.unpack_from(">5I", data)
    return Image.frombytes(_MODES[depth], (width, height), data[start:])
