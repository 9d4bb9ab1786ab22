"""Makes the demo gallery from artwork and photographs with free licences: `python -m weights.pack.demo`.

Writes `gallery/demo/*.png|jpg|webp` and `gallery/demo/pictures.json`, which says where each picture is from.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from weights.pack.data import ARTWORK, PACKAGES_FOLDER, fetch_all
from weights.pack.packages import PackageError, pinned_packages
from weights.pack.photographs import open_picture
from weights.pack.render import render_bitmap, render_svg
from weights.pack.sources import Artwork, read_all

FOLDER = Path("gallery/demo")
ARTWORK_SIZE, PHOTO_SIZE = 640, 900  # pixels
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Drawing:
    """A rendered piece of artwork: key is its name in the source, ground the colour behind it."""

    file: str
    source: str
    key: str
    title: str
    label: str
    ground: tuple[int, int, int] = WHITE


@dataclass(frozen=True)
class Photograph:
    """A photograph inside a package, by its path there."""

    file: str
    source: str
    path: str
    title: str
    label: str
    author: str
    licence: str


@dataclass(frozen=True)
class Picture:
    """One row of pictures.json."""

    file: str
    title: str
    source: str
    author: str
    licence: str
    url: str
    label: str


DRAWINGS = (
    Drawing("red-heart.png", "openmoji", "red-heart", "A red heart", "red heart"),
    Drawing("yellow-cat.png", "twemoji", "cat-face", "A yellow cat face", "yellow cat face"),
    Drawing("tropical-fish.png", "openmoji", "tropical-fish", "Tropical fish", "fish", (214, 238, 247)),
    Drawing("sailboat.png", "openmoji", "sailboat", "Sailing boat", "sailboat", (226, 241, 252)),
    Drawing("pizza.png", "openmoji", "pizza", "A slice of pizza", "pizza"),
    Drawing("swedish-flag.png", "openmoji", "flag-sweden", "The Swedish flag", "flag of Sweden"),
    Drawing("oak.webp", "noto", "deciduous-tree", "A green tree", "tree", (245, 247, 235)),
    Drawing("strawberry.webp", "noto", "strawberry", "Strawberry", "strawberry"),
    Drawing("steam-engine.webp", "noto", "locomotive", "Steam engine", "steam locomotive", (238, 234, 226)),
    Drawing("sunflower.webp", "twemoji", "sunflower", "Sunflower", "sunflower", (232, 244, 255)),
    Drawing("owl.webp", "twemoji", "owl", "An owl at night", "owl", (46, 52, 84)),
    Drawing("rainbow.webp", "twemoji", "rainbow", "Rainbow", "rainbow", (240, 248, 255)),
    Drawing("butterfly.jpg", "fluent-emoji-3d", "1f98b", "Butterfly", "butterfly"),
    Drawing("guitar.jpg", "fluent-emoji-3d", "1f3b8", "Guitar", "guitar", (250, 244, 236)),
    Drawing("red-car.jpg", "fluent-emoji-3d", "1f697", "A red car", "red car", (236, 240, 241)),
    Drawing("snowman.jpg", "fluent-emoji-3d", "2603-fe0f", "Snowman", "snowman", (178, 210, 232)),
    Drawing(
        "lighthouse.png",
        "openclipart",
        "buildings/homes/lighthouse_matthew_gates_.svg",
        "The lighthouse",
        "lighthouse",
    ),
    Drawing("teapot.png", "openclipart", "food/beverages/teapot_ganson.svg", "Teapot", "teapot"),
    Drawing("violin.png", "openclipart", "recreation/music/violin_colour_ganson.svg", "Violin", "violin"),
)
PHOTOGRAPHS = (
    Photograph(
        "chelsea.jpg", "scikit-image", "skimage/data/chelsea.png",
        "Chelsea the cat", "photo of a cat", "Stefan van der Walt", "CC0-1.0",
    ),
    Photograph(
        "coffee.jpg", "scikit-image", "skimage/data/coffee.png",
        "A cup of coffee", "cup of coffee", "Rachel Michetti", "CC0-1.0",
    ),
    Photograph(
        "astronaut.jpg", "scikit-image", "skimage/data/astronaut.png",
        "Eileen Collins, astronaut", "astronaut", "NASA", "public domain",
    ),
    Photograph(
        "rocket-launch.jpg", "scikit-image", "skimage/data/rocket.jpg",
        "Falcon 9 lifts off", "rocket launch", "SpaceX", "public domain",
    ),
    Photograph(
        "photographer.jpg", "scikit-image", "skimage/data/camera.png",
        "The photographer", "photographer with a camera", "Lav Varshney", "CC0-1.0",
    ),
    Photograph(
        "galaxies.jpg", "scikit-image", "skimage/data/hubble_deep_field.jpg",
        "Hubble's deep field", "galaxies", "NASA", "public domain",
    ),
    Photograph(
        "grass.jpg", "scikit-image", "skimage/data/grass.png", "Grass", "grass", "Linolafett", "CC0-1.0",
    ),
    Photograph(
        "bricks.jpg", "scikit-image", "skimage/data/brick.png",
        "A brick wall", "brick wall", "CC0Textures", "CC0-1.0",
    ),
    Photograph(
        "summer-palace.jpg", "scikit-learn", "sklearn/datasets/images/china.jpg",
        "The Summer Palace", "temple", "danielbuechele", "CC-BY-2.0",
    ),
    Photograph(
        "dahlia.jpg", "scikit-learn", "sklearn/datasets/images/flower.jpg",
        "A dahlia", "flower", "vultilion", "CC-BY-2.0",
    ),
    Photograph(
        "grace-hopper.jpg", "matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "Grace Hopper", "portrait of an officer", "United States Navy", "public domain",
    ),
)  # fmt: skip


def draw(drawing: Drawing, artwork: Artwork) -> Image.Image:
    """The artwork on its ground, ARTWORK_SIZE square."""
    if artwork.svg is not None:
        pixels = render_svg(artwork.svg, ARTWORK_SIZE)
    else:
        pixels = render_bitmap(artwork.bitmap or b"", ARTWORK_SIZE)
    ground = Image.new("RGBA", (ARTWORK_SIZE, ARTWORK_SIZE), (*drawing.ground, 255))
    return Image.alpha_composite(ground, Image.fromarray(pixels)).convert("RGB")


def copy_photograph(photograph: Photograph, archive: Path) -> Image.Image:
    copy = open_picture(archive, photograph.path)
    copy.thumbnail((PHOTO_SIZE, PHOTO_SIZE), Image.Resampling.LANCZOS)
    return copy


def make_demo(folder: Path, packages_folder: Path) -> list[Picture]:
    """Writes every picture and the list of them. Raises PackageError when a picture is not in its package."""
    packages = pinned_packages()
    archives = fetch_all(ARTWORK, packages_folder)
    by_key = {(artwork.source, artwork.key): artwork for artwork in read_all(archives, packages)}
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for drawing in DRAWINGS:
        artwork = by_key.get((drawing.source, drawing.key))
        if artwork is None:
            raise PackageError(f"{drawing.key} is not in the package {drawing.source}")
        _save(draw(drawing, artwork), folder / drawing.file)
        package = packages[drawing.source]
        source = f"{package.name} {package.version}"
        rows.append(
            Picture(
                drawing.file,
                drawing.title,
                source,
                artwork.author,
                package.licence,
                package.url,
                drawing.label,
            )
        )
    photo_archives = fetch_all(sorted({each.source for each in PHOTOGRAPHS}), packages_folder)
    for photograph in PHOTOGRAPHS:
        _save(copy_photograph(photograph, photo_archives[photograph.source]), folder / photograph.file)
        package = packages[photograph.source]
        source = f"{package.name} {package.version}"
        said = (photograph.author, photograph.licence, package.url, photograph.label)
        rows.append(Picture(photograph.file, photograph.title, source, *said))
    listing = json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)
    (folder / "pictures.json").write_text(listing + "\n", encoding="utf-8")
    return rows


def _save(picture: Image.Image, path: Path) -> None:
    if path.suffix == ".png":
        picture.quantize(128).save(path, optimize=True)
    else:
        picture.save(path, quality=86)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    options = parser.parse_args()
    rows = make_demo(options.folder, options.packages)
    size = sum((options.folder / row.file).stat().st_size for row in rows)
    print(f"{len(rows)} pictures in {options.folder}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
