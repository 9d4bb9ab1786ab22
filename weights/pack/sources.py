"""Reads each artwork package into named pieces of artwork (not rendered yet)."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from weights.pack.art4apps import read_art4apps
from weights.pack.emoji import SKIN_TONES, EmojiNames, concept_of, slug
from weights.pack.gcompris import read_gcompris
from weights.pack.globes import read_globes
from weights.pack.objects import Object, read_faces, read_rooms, read_scratch, read_stamps
from weights.pack.openclipart import read_openclipart
from weights.pack.packages import Package, read_members
from weights.pack.pages import FONTS, TEXTS, read_pages
from weights.pack.sky import CATALOGUE, read_sky
from weights.pack.surfaces import read_game_surfaces, read_patterns

# Order matters: sets with a table of code points come first and teach the others their names.
EMOJI_SETS = (
    "noto", "twemoji", "fluent-emoji-flat", "openmoji", "noto-v1", "emojione", "fxemoji", "streamline-emojis",
)  # fmt: skip
FLAG_SETS = ("flag", "circle-flags")
ICON_SETS = ("flat-color-icons", "meteocons", "fluent-color", "game-icons")
TITLED_SET = "game-icons"  # every title is a thing of its own: `war axe`, `templar eye`
HELD_OUT_ARTIST = "openmoji"
# Who reads each set, and out of which packages; author and licence are the first one's.
OBJECT_SETS: dict[str, tuple[Callable[..., Iterator[Object]], tuple[str, ...]]] = {
    "tuxpaint-stamps": (read_stamps, ("tuxpaint-stamps",)),
    "scratch": (read_scratch, ("scratch",)),
    "sweethome3d": (read_rooms, ("sweethome3d",)),
    "sweethome3d-furniture": (read_rooms, ("sweethome3d-furniture",)),
    "gcompris": (read_gcompris, ("gcompris",)),
    "gnome-faces": (read_faces, ("gnome-faces",)),
    "gimp-patterns": (read_patterns, ("gimp-patterns",)),
    "ufoai": (read_game_surfaces, ("ufoai",)),
    "stellarium": (read_sky, ("stellarium", CATALOGUE)),
    "globes": (read_globes, ("stellarium",)),
    "pages": (read_pages, (FONTS, TEXTS)),
}
SURFACE_SETS = ("gimp-patterns", "ufoai")
OBJECT_PACKAGES = sorted({key for _, keys in OBJECT_SETS.values() for key in keys})

_TONE_NAMES = re.compile(
    r"(-(light|medium|dark|medium-light|medium-dark)(-skin-tone)?\b)|skin-tone|skin-type"
)


@dataclass(frozen=True)
class Artwork:
    """One picture before rendering, with everything that is said about it."""

    source: str  # the package's key
    key: str  # its name inside the package
    svg: str | None
    bitmap: bytes | None
    label: str
    keywords: tuple[str, ...]
    swedish: str
    concept: str
    author: str
    licence: str = ""  # "" is the package's


@dataclass(frozen=True)
class IconSet:
    package: Package
    icons: dict[str, str]  # name → svg
    chars: dict[str, str]  # name → hexcode


def read_icon_set(package: Package, archive: Path) -> IconSet:
    """An Iconify set: `icons.json` holds bodies of SVG files, `chars.json` (some sets) code points."""
    wanted = {"package/icons.json", "package/chars.json"}
    files = {name: json.loads(data) for name, data in read_members(archive, wanted.__contains__).items()}
    table = files["package/icons.json"]
    icons = {
        name: _svg(icon, table) for name, icon in sorted(table["icons"].items()) if not icon.get("hidden")
    }
    chars = {name: hexcode for hexcode, name in files.get("package/chars.json", {}).items()}
    return IconSet(package, icons, chars)


def _svg(icon: dict, table: dict) -> str:
    left, top = icon.get("left", 0), icon.get("top", 0)
    width = icon.get("width", table.get("width", 16))
    height = icon.get("height", table.get("height", 16))
    body = icon["body"].replace("currentColor", "#222222")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" viewBox="{left} {top} {width} {height}">{body}</svg>'
    )


def read_emoji_set(icon_set: IconSet, names: EmojiNames) -> Iterator[Artwork]:
    """Emoji drawings; skin tone variants (some 2,000 near-copies a set) are dropped."""
    for name, hexcode in icon_set.chars.items():
        names.learn_name(name, hexcode)
    for name, svg in icon_set.icons.items():
        hexcode = icon_set.chars.get(name, "")
        if SKIN_TONES.search(hexcode) or _TONE_NAMES.search(name):
            continue
        emoji = names.at(hexcode) if hexcode else None
        if icon_set.package.key == "fxemoji":
            emoji = names.named_without_hyphens(name)
        elif emoji is None:
            emoji = names.named(name)
        if emoji is not None:
            label, keywords, swedish, concept = emoji.label, emoji.tags, emoji.swedish, emoji.concept
        elif hexcode or icon_set.package.key == "streamline-emojis":
            label = re.sub(r" \d$", "", name.replace("-", " "))  # the artist's own name, outside Unicode
            keywords, swedish, concept = (), "", concept_of(label)
        else:
            continue
        author = icon_set.package.author
        yield Artwork(icon_set.package.key, name, svg, None, label, keywords, swedish, concept, author)


def read_emoji_bitmaps(package: Package, archive: Path, names: EmojiNames) -> Iterator[Artwork]:
    """Bitmaps named by code points: `package/assets/1f63a.webp`."""
    files = read_members(archive, lambda name: name.endswith(".webp"))
    for path, data in sorted(files.items()):
        emoji = names.at(Path(path).stem)
        if emoji is not None:
            said = (emoji.label, emoji.tags, emoji.swedish, emoji.concept)
            yield Artwork(package.key, Path(path).stem, None, data, *said, package.author)


def read_flags(icon_set: IconSet, names: EmojiNames) -> Iterator[Artwork]:
    """Flags named by ISO 3166 codes, which are also the code points of flag emoji."""
    for name, svg in icon_set.icons.items():
        code = name.removesuffix("-4x3")
        if not re.fullmatch(r"[a-z]{2}", code):
            continue
        emoji = names.at("-".join(f"{0x1F1E6 + ord(letter) - ord('a'):x}" for letter in code))
        if emoji is not None:
            said = (emoji.label, emoji.tags, emoji.swedish, emoji.concept)
            yield Artwork(icon_set.package.key, name, svg, None, *said, icon_set.package.author)


def read_icons(icon_set: IconSet, names: EmojiNames) -> Iterator[Artwork]:
    """Icons named in words. An interface icon varies its first word (`cloud-add`)."""
    key = icon_set.package.key
    for name, svg in _largest_sizes(icon_set.icons).items():
        words = [word for word in re.sub(r"-(fill|alt)\b", "", name).split("-") if not word.isdigit()]
        if not words or words[0] in {"abstract", "letter", "number"}:
            continue
        label = " ".join(words)
        concept = title_concept(label, names) if key == TITLED_SET else head_concept(words[0], names)
        yield Artwork(key, name, svg, None, label, (), "", concept, icon_set.package.author)


def _largest_sizes(icons: dict[str, str]) -> dict[str, str]:
    """`star-16`, `star-24`, … are one drawing: the largest stays."""
    largest: dict[str, tuple[int, str]] = {}
    for name, svg in icons.items():
        match = re.fullmatch(r"(.+)-(12|16|20|24|28|32|48)", name)
        stem, size = (match[1], int(match[2])) if match else (name, 0)
        if stem not in largest or size > largest[stem][0]:
            largest[stem] = (size, svg)
    return {stem: svg for stem, (_, svg) in largest.items()}


def head_concept(head: str, names: EmojiNames) -> str:
    """A head noun's group: the emoji's if there is one of that name, so that artists meet in one concept."""
    singular = head[:-1] if len(head) > 3 and head.endswith("s") and not head.endswith("ss") else head
    emoji = names.named(slug(singular)) or names.named(slug(head))
    return emoji.concept if emoji is not None else singular


def title_concept(title: str, names: EmojiNames) -> str:
    """A title's group: the emoji's of the same name, or the title itself."""
    emoji = names.named(slug(title))
    return emoji.concept if emoji is not None else title


def read_objects(
    source: str, archives: dict[str, Path], packages: dict[str, Package], names: EmojiNames
) -> Iterator[Artwork]:
    """Photographs and renderings of things; none where a package is not there."""
    read, keys = OBJECT_SETS[source]
    if not archives.keys() >= set(keys):
        return
    package = packages[keys[0]]
    for thing in read(package, *(archives[key] for key in keys)):
        yield _artwork(source, thing, names, thing.licence or package.licence)


def _artwork(source: str, thing: Object, names: EmojiNames, licence: str) -> Artwork:
    emoji = names.named(slug(thing.label))
    concept = emoji.concept if emoji is not None else head_concept(thing.head_noun, names)
    is_svg = thing.key.endswith(".svg")
    return Artwork(
        source, thing.key,
        thing.data.decode("utf-8", errors="replace") if is_svg else None, None if is_svg else thing.data,
        thing.label, thing.keywords, thing.swedish, concept, thing.author, licence,
    )  # fmt: skip


def read_all(archives: dict[str, Path], packages: dict[str, Package]) -> Iterator[Artwork]:
    """Every piece of artwork in the fetched archives, in a fixed order."""
    names = EmojiNames(archives["emojibase"])
    for key in EMOJI_SETS:
        yield from read_emoji_set(read_icon_set(packages[key], archives[key]), names)
    yield from read_emoji_bitmaps(packages["fluent-emoji-3d"], archives["fluent-emoji-3d"], names)
    readers: dict[str, Callable[[IconSet, EmojiNames], Iterator[Artwork]]] = dict.fromkeys(
        FLAG_SETS, read_flags
    )
    readers |= dict.fromkeys(ICON_SETS, read_icons)
    for key, reader in readers.items():
        yield from reader(read_icon_set(packages[key], archives[key]), names)
    if "openclipart" in archives:
        for drawing in read_openclipart(archives["openclipart"]):
            yield Artwork(
                "openclipart", drawing.path, drawing.svg, None, drawing.title, drawing.keywords, "",
                head_concept(drawing.head_noun, names), drawing.author,
            )  # fmt: skip
    if "pysiogame" in archives:
        for thing in read_art4apps(archives["pysiogame"]):
            yield _artwork("pysiogame", thing, names, thing.licence)
    for key in OBJECT_SETS:
        yield from read_objects(key, archives, packages, names)
