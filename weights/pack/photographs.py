"""The photographs that registry packages carry, each among fifty everyday labels.

All of scikit-image, scikit-learn, SciPy and Matplotlib but those from microscopes and clinics, whose own
documentation names their free licences; and, asked apart, those of OpenCV's examples, gradio, mahotas and
PyWavelets that show one thing with a plain name, which are only looked at. None was ever trained on, and the
labels of each part were chosen before the first of its pictures was asked.
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
OPENCV = "./usr/share/doc/opencv-doc/examples/"
GRADIO = "gradio/media_assets/images/"
MORE_PATHS = {  # package and path: label
    ("opencv", f"{OPENCV}data/aloeL.jpg"): "potted plant",
    ("opencv", f"{OPENCV}alphamat/input_images/plant.jpg"): "potted plant",
    ("opencv", f"{OPENCV}data/apple.jpg"): "apple",
    ("opencv", f"{OPENCV}data/orange.jpg"): "orange",
    ("opencv", f"{OPENCV}data/fruits.jpg"): "fruit",
    ("opencv", f"{OPENCV}data/smarties.png"): "candy",
    ("opencv", f"{OPENCV}data/baboon.jpg"): "baboon",
    ("opencv", f"{OPENCV}data/squirrel_cls.jpg"): "squirrel",
    ("opencv", f"{OPENCV}data/chicky_512.png"): "dog",
    ("opencv", f"{OPENCV}data/butterfly.jpg"): "butterfly",
    ("opencv", f"{OPENCV}hfs/data/000.jpg"): "bird",
    ("opencv", f"{OPENCV}hfs/data/001.jpg"): "lake",
    ("opencv", f"{OPENCV}hfs/data/002.jpg"): "tree",
    ("opencv", f"{OPENCV}data/aero1.jpg"): "city from above",
    ("opencv", f"{OPENCV}data/leuvenA.jpg"): "street",
    ("opencv", f"{OPENCV}data/building.jpg"): "office building",
    ("opencv", f"{OPENCV}data/home.jpg"): "church",
    ("opencv", f"{OPENCV}data/graf1.png"): "graffiti",
    ("opencv", f"{OPENCV}data/licenseplate_motion.jpg"): "car",
    ("opencv", f"{OPENCV}data/messi5.jpg"): "football player",
    ("opencv", f"{OPENCV}data/board.jpg"): "circuit board",
    ("opencv", f"{OPENCV}data/sudoku.png"): "sudoku puzzle",
    ("gradio", f"{GRADIO}cheetah.jpg"): "cheetah",
    ("gradio", f"{GRADIO}cheetah1.jpg"): "cheetah",
    ("gradio", "gradio/test_data/cheetah2.jpg"): "cheetah",
    ("gradio", f"{GRADIO}lion.jpg"): "lion",
    ("gradio", f"{GRADIO}tower.jpg"): "tower",
    ("mahotas", "mahotas/demos/data/luispedro.jpg"): "portrait of a man",
    ("pywavelets", "pywt/data/ascent.npz"): "staircase",
}
MORE_OTHERS = (
    "cat", "horse", "cow", "fish", "flower", "train", "airplane", "boat", "bicycle", "motorcycle", "bridge",
    "mountain", "beach", "computer", "telephone", "television", "chair", "bed", "bottle", "bread", "guitar",
    "umbrella", "clock", "cup of coffee",
)  # fmt: skip
MORE_LABELS = (*dict.fromkeys(MORE_PATHS.values()), *MORE_OTHERS)
FACE_SHAPE = (768, 1024, 3)  # of scipy's face.dat: raw pixels, compressed


def photographs(packages_folder: Path) -> dict[str, Image.Image]:
    """Each label's photograph. Raises PackageError when a package cannot be had."""
    archives = fetch_all(sorted({package for package, _ in PATHS.values()}), packages_folder)
    return {label: open_picture(archives[package], path) for label, (package, path) in PATHS.items()}


def more_photographs(packages_folder: Path) -> list[tuple[str, str, Image.Image]]:
    """File, label and pixels; without OpenCV's where there is no apt-get. Raises PackageError."""
    archives = fetch_all(sorted({package for package, _ in MORE_PATHS}), packages_folder)
    return [
        (Path(path).name, label, open_picture(archives[package], path))
        for (package, path), label in MORE_PATHS.items()
        if package in archives
    ]


def open_picture(archive: Path, path: str) -> Image.Image:
    """The picture at a path inside a package's archive, as RGB."""
    (data,) = read_members(archive, path.__eq__).values()
    if path.endswith(".dat"):
        return Image.fromarray(np.frombuffer(bz2.decompress(data), np.uint8).reshape(FACE_SHAPE))
    if path.endswith(".npz"):
        grey = np.load(io.BytesIO(data), allow_pickle=False)["data"]
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")
