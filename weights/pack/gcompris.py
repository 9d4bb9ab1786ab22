"""The photographs of GCompris, in Qt's resource files: animals, monuments, tools, each with its author."""

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from weights.pack.objects import Object, words
from weights.pack.packages import Package, PackageError, read_members

_FOLDER = "./usr/share/gcompris-qt/rcc/"
_ACTIVITIES = "/gcompris/gcompris/src/activities/"
_SHELVES = {  # what is on them, where the files do not say it themselves
    "categorization/resource/images/fishes": "fish",
    "categorization/resource/images/monuments": "monument",
    "categorization/resource/images/others": "",
    "categorization/resource/images/renewable": "",
    "categorization/resource/images/tools": "tool",
    "erase/resource": "animal",
    "explore_farm_animals/resource/animals": "animal",
    "explore_monuments/resource": "monument",
    "explore_world_animals/resource/animals": "animal",
}
_PLAINER = {"solar": "solar panel", "geothermal": "geothermal power station", "buffetset": "buffet",
            "blackslate": "blackboard", "burj": "skyscraper", "le musee": "museum"}  # fmt: skip
_JOINED = re.compile(r"(?<=[a-z])(of|des?|du)(?=[A-Z])")  # greatWallofChina
_COMPRESSED, _IS_FOLDER = 1, 2


def read_gcompris(package: Package, archive: Path) -> Iterator[Object]:
    """The photographs of a few activities; the READMEs beside them say whose they are."""
    activities = {shelf.partition("/")[0] for shelf in _SHELVES}
    wanted = {f"{_FOLDER}{activity}.rcc" for activity in activities}
    for data in read_members(archive, wanted.__contains__).values():
        files = read_resources(data)
        credits: dict[str, tuple[str, str]] = {}
        for path, text in files.items():
            if path.endswith("/README"):
                credits |= read_credits(text.decode("utf-8", errors="replace"), PurePosixPath(path).parent)
        for path, picture in sorted(files.items()):
            inside = path.removeprefix(_ACTIVITIES)
            kind = next((kind for shelf, kind in _SHELVES.items() if inside.startswith(f"{shelf}/")), None)
            if kind is not None and path.endswith(".webp"):
                author, licence = credits.get(path, (package.author, package.licence))
                name = words(_JOINED.sub(r" \1", PurePosixPath(path).stem))
                yield Object(
                    key=inside,
                    data=picture,
                    label=_PLAINER.get(name, name),
                    keywords=(kind,) if kind not in {"", name} else (),
                    author=author,
                    licence=licence,
                )


def read_resources(data: bytes) -> dict[str, bytes]:
    """The files in a Qt binary resource (`rcc --binary`) by their paths. Raises PackageError for another.

    A header has the offsets of the tree, the files' bytes and their names; a node of the tree is a folder
    with a range of nodes, or a file. Numbers are big-endian: Qt's qresource.cpp and rcc.cpp.
    """
    if data[:4] != b"qres":
        raise PackageError("a resource file that does not begin with qres")
    version, tree, files, names = struct.unpack_from(">4I", data, 4)
    size = 14 if version < 2 else 22  # later versions have a time of change
    found: dict[str, bytes] = {}

    def walk(node: int, folder: str) -> None:
        name, flags = struct.unpack_from(">IH", data, tree + node * size)
        (length,) = struct.unpack_from(">H", data, names + name)
        start = names + name + 6  # after the length and a hash
        path = f"{folder}/{data[start : start + 2 * length].decode('utf-16-be')}" if length else folder
        first, second = struct.unpack_from(">2I", data, tree + node * size + 6)
        if flags & _IS_FOLDER:
            for child in range(second, second + first):
                walk(child, path)
            return
        (count,) = struct.unpack_from(">I", data, files + second)
        content = data[files + second + 4 : files + second + 4 + count]
        # Compressed ones have their length first.
        found[path] = zlib.decompress(content[4:]) if flags & _COMPRESSED else content

    walk(0, "")
    return found


def read_credits(text: str, folder: PurePosixPath) -> dict[str, tuple[str, str]]:
    """Author and licence of each file that a README lists in its `Copyright:`, `License:`, `Files:`."""
    said: dict[str, tuple[str, str]] = {}
    for paragraph in re.split(r"\n\s*\n", text):
        author, licence = (_line(paragraph, key) for key in ("Copyright", "License"))
        for name in re.findall(r"[\w/-]+\.webp", paragraph.partition("Files:")[2]):
            if author and licence:
                said[str(folder / name)] = (author, licence)
    return said


def _line(paragraph: str, key: str) -> str:
    found = re.search(rf"^{key}: *(.+)$", paragraph, re.MULTILINE)
    return found[1].strip() if found else ""
