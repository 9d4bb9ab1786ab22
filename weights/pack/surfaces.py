"""Surfaces and stuffs: stone, wood, cloth and sky, as GIMP has them to paint and a game to build with."""

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from PIL import Image

from weights.pack.objects import Object, from_afar, words
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


_GAME = "./usr/share/games/ufoai/base/0textures.pk3"
_GAME_SURFACES = {  # by how the files begin; roads, signs and machines are not things to be asked for
    "tex_buildings/wall_brick": "brick wall", "tex_mattn/wall_bricks": "brick wall",
    "tex_mattn/brick": "brick wall", "tex_ctp1/bricks": "brick wall", "tex_trak/trak4_brick": "brick wall",
    "tex_mattn/clock": "clock", "tex_ctp1/asphalt": "asphalt", "tex_ctp1/bark": "tree bark",
    "tex_ctp1/concrete": "concrete", "tex_ctp1/curtains": "curtains", "tex_ctp1/door": "door",
    "tex_ctp1/fence": "iron fence", "tex_ctp1/grass": "grass", "tex_ctp1/hedge": "hedge",
    "tex_ctp1/marble": "marble", "tex_ctp1/pebbles": "pebbles", "tex_ctp1/rocks": "rock",
    "tex_ctp1/roof": "roof tiles", "tex_ctp1/sand": "sand", "tex_ctp1/tiles": "tiles",
    "tex_ctp1/wallpaper": "wallpaper", "tex_ctp1/window": "window", "tex_ctp1/wood": "wooden boards",
    "tex_nature/desert": "desert ground", "tex_nature/drymud": "dried mud", "tex_nature/flower": "flowers",
    "tex_nature/grass003_way": "path through grass", "tex_nature/grass": "grass", "tex_nature/hedge": "hedge",
    "tex_nature/ice": "ice", "tex_nature/leaves": "ivy leaves", "tex_nature/pjrock": "rock",
    "tex_nature/rock": "rock", "tex_nature/sand": "sand", "tex_nature/snow": "snow",
    "tex_nature/soil": "soil", "tex_nature/tree_bark": "tree bark", "tex_nature/wood_chips": "wood chips",
}  # fmt: skip
_COPYRIGHT = "./usr/share/doc/ufoai-textures/copyright"
_SPDX = {
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "Expat": "MIT",
    "public-domain": "public domain",
}
_NO_PICTURE = re.compile(r"_(nm|gm|sm)\.")  # how a surface is lit: normals, glow, gloss
_FROM_AFAR = "brick wall"  # and laid beside itself


def read_game_surfaces(package: Package, archive: Path) -> Iterator[Object]:
    """The photographed surfaces of UFO: Alien Invasion, named by their files, each with its own licence."""
    members = read_members(archive, {_GAME, _COPYRIGHT}.__contains__)
    licences = read_licences(members[_COPYRIGHT].decode("utf-8", errors="replace"))
    with zipfile.ZipFile(io.BytesIO(members[_GAME])) as files:
        for path in sorted(files.namelist()):
            inside = path.removeprefix("textures/")
            label = next((label for stem, label in _GAME_SURFACES.items() if inside.startswith(stem)), "")
            if not label or _NO_PICTURE.search(inside) or inside.endswith("/"):
                continue
            surface = Object(
                inside,
                files.read(path),
                label,
                author=package.author,
                licence=licences.get(f"base/{path}", ""),
            )
            yield surface
            if label == _FROM_AFAR:
                yield from_afar(surface, 2)


def read_licences(text: str) -> dict[str, str]:
    """The licence of each file by its path, out of a Debian copyright file that lists every one of them."""
    licences: dict[str, str] = {}
    for paragraph in re.split(r"\n\n+(?=Files:)", text):
        listed = re.search(r"^Files:(.*?)^Copyright:", paragraph, re.DOTALL | re.MULTILINE)
        name = re.search(r"^License: *(.+)$", paragraph, re.MULTILINE)
        if listed and name:
            licences |= dict.fromkeys(listed[1].split(), _SPDX.get(name[1], name[1]))
    return licences
