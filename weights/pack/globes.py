"""The moon and the planets as telescopes show them: globes in many phases and surfaces from near.

Stellarium has their maps. A map is not what a camera sees, so they are laid on a sphere, turned and lit here.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from weights.pack.objects import Object
from weights.pack.packages import Package, read_members
from weights.pack.render import png

_MAPS = "./usr/share/stellarium/textures/"
_MOON = "moon_4k.jpg"
_MOONS = ("ariel", "callisto", "charon", "dione", "ganymede", "iapetus", "mimas", "oberon", "rhea", "tethys",
          "titania", "triton", "umbriel")  # fmt: skip
_PLANETS = {"earthmap": "earth", "jupiter": "jupiter", "mars": "mars", "mercury": "mercury",
            "neptune": "neptune", "uranus": "uranus", "venus": "venus"}  # fmt: skip
_SIZE = 320


def read_globes(package: Package, archive: Path) -> Iterator[Object]:
    """Twenty pictures of the moon, three of each other moon and of each planet, always the same ones."""
    plans = {_MOON: ("moon", "", 12, 8)}
    plans |= {f"{name}.png": ("moon", name, 2, 1) for name in _MOONS}
    plans |= {f"{name}.png": ("planet", planet, 3, 0) for name, planet in _PLANETS.items()}
    files = read_members(archive, lambda name: name.removeprefix(_MAPS) in plans)
    for number, (path, data) in enumerate(sorted(files.items())):
        label, name, globes, surfaces = plans[path.removeprefix(_MAPS)]
        with Image.open(io.BytesIO(data)) as picture:
            surface = np.asarray(picture.convert("RGB"))
        random = np.random.default_rng(number)
        keywords = (name,) if name else ("surface of the moon", "lunar craters")
        views = [globe(surface, random) for _ in range(globes)]
        views += [near(surface, random) for _ in range(surfaces)]
        for view, pixels in enumerate(views):
            key = f"{Path(path).stem} {view}"
            yield Object(key, png(Image.fromarray(pixels)), label, keywords, author=package.author)


def globe(surface: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(320, 320, 3) uint8: an orthographic view of a map (H, 2 H, 3) in equirectangular projection.

    Lit by the sun from anywhere in front or at the side; black around it.
    """
    radius = random.uniform(0.7, 1.4)  # of the picture's half; above 1 the globe is cut off
    across, down = (random.uniform(-0.25, 0.25, 2) * radius)[:, None, None]
    row = np.linspace(-1, 1, _SIZE)
    x, y = np.broadcast_arrays((row[None, :] - across) / radius, (row[:, None] - down) / radius)
    inside = x**2 + y**2 < 1
    towards = np.stack([x, y, np.sqrt(np.clip(1 - x**2 - y**2, 0, None))], axis=-1)
    pixels = _sampled(surface, towards @ _turn(random))
    sun = np.array([*random.normal(size=2), random.uniform(-0.2, 1.5)])
    light = np.clip(towards @ (sun / np.linalg.norm(sun)), 0, 1) ** 0.6
    brightness = random.uniform(0.9, 1.3)
    return (pixels * (light * inside * brightness)[..., None]).clip(0, 255).astype(np.uint8)


def near(surface: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(320, 320, 3) uint8: a square of a map, grey as most of its pictures are, with its contrast raised."""
    height, width = surface.shape[:2]
    side = int(height * random.uniform(0.1, 0.35))
    top = int(random.uniform(0.3 * height, 0.7 * height - side))  # the map is stretched towards the poles
    left = int(random.uniform(0, width - side))
    grey = surface[top : top + side, left : left + side].mean(axis=-1)
    low, high = np.percentile(grey, [1, 99])
    contrast, dark = random.uniform(120, 230), random.uniform(0, 40)
    stretched = np.clip((grey - low) / max(high - low, 1), 0, 1) * contrast + dark
    square = Image.fromarray(stretched.clip(0, 255).astype(np.uint8))
    return np.asarray(square.resize((_SIZE, _SIZE), Image.Resampling.BICUBIC).convert("RGB"))


def _turn(random: np.random.Generator) -> np.ndarray:
    """(3, 3): about the axis by any angle, and that axis leant by up to half a radian each way."""
    length, tilt, lean = random.uniform(0, 2 * np.pi), *random.uniform(-0.5, 0.5, 2)
    about_y = np.array([[np.cos(length), 0, np.sin(length)], [0, 1, 0], [-np.sin(length), 0, np.cos(length)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    about_z = np.array([[np.cos(lean), -np.sin(lean), 0], [np.sin(lean), np.cos(lean), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def _sampled(surface: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The map's pixels in directions (..., 3), unit vectors with y down."""
    height, width = surface.shape[:2]
    x, y, z = np.moveaxis(directions, -1, 0)
    column = ((np.arctan2(x, z) / (2 * np.pi) + 0.5) * width).astype(int) % width
    row = ((np.arcsin(np.clip(y, -1, 1)) / np.pi + 0.5) * height).astype(int).clip(0, height - 1)
    return surface[row, column]
