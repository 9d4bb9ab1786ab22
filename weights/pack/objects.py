"""Photographs and renderings of everyday things, cut out or whole, named by those who made them.

Tux Paint's stamps, Scratch's library and Sweet Home 3D's catalogues. Drawings teach little of how things look
to a camera; these are what the registries have of named photographs under free licences.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from PIL import Image

from weights.pack.packages import Package, read_members
from weights.pack.render import png, tiled


@dataclass(frozen=True)
class Object:
    """One picture and what its makers say of it."""

    key: str  # its path inside the package
    data: bytes  # PNG, JPEG or GIF; SVG where the key ends so
    label: str
    keywords: tuple[str, ...] = ()
    swedish: str = ""
    author: str = ""
    licence: str = ""

    @property
    def head_noun(self) -> str:
        """`cup of coffee` → `cup`, `red apple` → `apple`."""
        return re.split(r" (?:of|with|and|in|on|for|from) ", self.label)[0].split()[-1]


_STAMPS = "./usr/share/tuxpaint/stamps/"
# Letters, signs and flags are drawings that other packages have more of; a mirrored picture is the same one.
_NO_STAMPS = re.compile(r"/(alphabets|math|flags|roadsigns|shapes|chess|faces)/|_mirror")
_ARTICLE = re.compile(r"^(?:a (?:pair|bunch|head|quarter) of|an?|the|our|some|two) ", re.IGNORECASE)
_SENTENCE = re.compile(r"[!?;:,…]|\b(is|are|can|you|we|your|this|that|it)\b", re.IGNORECASE)
_LONGEST = 5  # words of a name; more are a sentence
_NO_FOLDERS = {
    *("symbols", "naturalforces", "hobbies", "household", "seasonal", "town", "people", "wind", "string"),
    *(
        "brass",
        "percussion",
        "cartoon",
        "plastic",
        "photo",
        "00_symbols",
        "us",
        "euro",
        "canadian",
        "japanese",
    ),
    *(
        "equines",
        "bovines",
        "aquatic",
        "ammunition",
        "vehicles",
        "body_parts",
        "arttools",
        "space",
        "medical",
    ),
    *("dishes", "electronics", "newyears", "construction", "emergency", "military"),
}


def read_stamps(package: Package, archive: Path) -> Iterator[Object]:
    """Tux Paint's stamps: `duck.png` with `duck.txt`, which says “A duck.”, also in other languages."""
    files = read_members(
        archive, lambda name: name.startswith(_STAMPS) and name.endswith((".png", ".svg", ".txt"))
    )
    for path, data in sorted(files.items()):
        # Many are there twice, as the artist's SVG and as pixels.
        if (
            path.endswith(".txt")
            or _NO_STAMPS.search(path)
            or (path.endswith(".svg") and f"{path[:-4]}.png" in files)
        ):
            continue
        inside = PurePosixPath(path.removeprefix(_STAMPS))
        lines = files.get(f"{path[:-4]}.txt", b"").decode("utf-8", errors="replace").splitlines()
        label = _name(lines[0] if lines else "") or words(inside.stem)
        if not label:
            continue
        swedish = next((line.partition("=")[2] for line in lines if line.startswith("sv.utf8=")), "")
        yield Object(
            key=str(inside),
            data=data,
            label=label,
            keywords=tuple(
                _singular(folder) for folder in inside.parts[:-1] if folder.lower() not in _NO_FOLDERS
            ),
            swedish=_swedish(swedish),
            author=package.author,
        )  # fmt: skip


def _name(line: str) -> str:
    """“A grey jacket.” → `grey jacket`; "" for what is a sentence rather than a name."""
    line = re.sub(r"\(.*?\)|[“”\"'‘]", "", line).strip().rstrip(".").strip()
    name = _ARTICLE.sub("", line, count=1)
    is_name = 0 < len(name.split()) <= _LONGEST and "." not in name and not _SENTENCE.search(name)
    return name[0].lower() + name[1:] if is_name and not name[:2].isupper() else name if is_name else ""


def _swedish(line: str) -> str:
    line = re.sub(r"\(.*?\)", "", line).strip().rstrip(".")
    name = re.sub(r"^(?:ett par|en|ett|den|det|några|två) ", "", line, flags=re.IGNORECASE).strip()
    return name.lower() if 0 < len(name.split()) <= 3 and not re.search(r"[!?,:]", name) else ""


def words(stem: str) -> str:
    """A file's name in words: `brick-wall2` → `brick wall`, `DSLR_Camera` → `dslr camera`."""
    stem = re.sub(r"([a-z])([A-Z])", r"\1 \2", stem)
    kept = [word for word in re.split(r"[\W_\d]+", stem) if len(word) > 1]
    return " ".join(kept).lower()


def _singular(folder: str) -> str:
    folder = folder.replace("_", " ").lower()
    return (
        folder[:-1]
        if folder.endswith("s") and not folder.endswith(("ss", "us", "mas", "clothes"))
        else folder
    )


_LIBRARY = "./usr/share/scratch/Media/"
_SHELVES = ("Backgrounds/Nature", "Backgrounds/Outdoors", "Backgrounds/Indoors", "Backgrounds/Sports",
            "Costumes/Animals", "Costumes/Things", "Costumes/Transportation")  # fmt: skip
_PICTURES = (".png", ".jpg", ".gif")


def read_scratch(package: Package, archive: Path) -> Iterator[Object]:
    """Scratch's library: photographs of places, and drawings of things, named by their files."""
    shelves = tuple(f"{_LIBRARY}{shelf}/" for shelf in _SHELVES)
    files = read_members(archive, lambda name: name.startswith(shelves) and name.endswith(_PICTURES))
    for path, data in sorted(files.items()):
        # `bat1-a` and `bat1-b` are two poses; `sunglass-f2` a part that is held up.
        label = words(re.sub(r"-[a-d]$", "", Path(path).stem))
        if label:
            yield Object(path.removeprefix(_LIBRARY), data, label, author=package.author)


_FACES = "./usr/share/pixmaps/faces/"
_IN_FULL = {"flake": "snowflake", "launch": "rocket launch", "plane": "airplane", "soccerball": "football",
            "energy arc": "plasma globe", "coffee": "cup of coffee", "cat eye": "eye of a cat"}  # fmt: skip


def read_faces(package: Package, archive: Path) -> Iterator[Object]:
    """Photographs that GNOME offers for people's accounts, named by their files."""
    files = read_members(archive, lambda name: name.startswith(_FACES) and name.endswith(_PICTURES))
    for path, data in sorted(files.items()):
        name = words(Path(path).stem)
        yield Object(path.removeprefix(_FACES), data, _IN_FULL.get(name, name), author=package.author)


_CATALOGUES = {  # and which key names the picture of a thing
    "PluginFurnitureCatalog": "icon",
    "com/eteks/sweethome3d/io/DefaultFurnitureCatalog": "icon",
    "com/eteks/sweethome3d/io/DefaultTexturesCatalog": "image",
}
_SURFACE = "image"  # fits beside itself
_NO_TAGS = {"", "blend swap", "default", "scpts"}
_LICENCES = {  # of the catalogues, by their file
    "KatorLegaz": "CC-BY-3.0", "Reallusion": "CC-BY-3.0", "Scopia": "CC-BY-3.0",
    "BlendSwap-CC-BY": "CC-BY-3.0", "BlendSwap-CC-0": "CC0-1.0",
}  # fmt: skip


def read_rooms(package: Package, archive: Path) -> Iterator[Object]:
    """Sweet Home 3D's catalogues of furniture, as it shows them, and of the surfaces of walls and floors."""
    for path, data in read_members(archive, lambda name: name.endswith((".sh3f", ".jar"))).items():
        with zipfile.ZipFile(io.BytesIO(data)) as files:
            for stem, picture in _CATALOGUES.items():
                if f"{stem}.properties" in files.namelist():
                    yield from _catalogue(package, Path(path).stem, files, stem, picture)


def _catalogue(
    package: Package, name: str, files: zipfile.ZipFile, stem: str, picture: str
) -> Iterator[Object]:
    there = set(files.namelist())
    said = _properties(files.read(f"{stem}.properties"))
    swedish = _properties(files.read(f"{stem}_sv.properties")) if f"{stem}_sv.properties" in there else {}
    for number in sorted(int(key[5:]) for key in said if re.fullmatch(r"name#\d+", key)):
        place = said.get(f"{picture}#{number}", "").lstrip("/")
        label = _thing(said[f"name#{number}"])
        if place in there and label:
            tags = (tag.strip() for tag in said.get(f"tags#{number}", "").lower().split(","))
            thing = Object(
                key=f"{name}/{place}",
                data=files.read(place),
                label=label,
                keywords=tuple(tag for tag in tags if tag not in _NO_TAGS),
                swedish=_thing(swedish.get(f"name#{number}", "")),
                author=said.get(f"creator#{number}", package.author),
                licence=_LICENCES.get(name, package.licence),
            )
            yield thing
            if picture == _SURFACE:
                yield from_afar(thing, 3)


def from_afar(surface: Object, times: int) -> Object:
    """The surface with `times` by `times` of its picture beside each other."""
    with Image.open(io.BytesIO(surface.data)) as picture:
        laid = png(tiled(picture.convert("RGB"), times))
    return replace(surface, key=f"{surface.key} from afar", data=laid)


def _properties(data: bytes) -> dict[str, str]:
    """A Java properties file, as far as these catalogues use the format: ISO 8859-1 with \\u escapes."""
    lines = (line.strip() for line in data.decode("latin-1").splitlines())
    pairs = (line.partition("=")[::2] for line in lines if line[:1] not in {"#", "!", ""})
    escaped = re.compile(r"\\u([0-9a-fA-F]{4})")
    return {
        key.strip(): escaped.sub(lambda code: chr(int(code[1], 16)), value).strip() for key, value in pairs
    }


def _thing(name: str) -> str:
    """`Bed 140x190` → `bed`: without sizes."""
    return re.sub(r"\s*\b\d[\dx:.]*\b", "", name).strip(" -").lower()
