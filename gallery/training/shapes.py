"""Drawn shapes and what they show, for trying a training out without any picture of one's own."""

import io
import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from gallery.training.pictures import PictureFile

SIDE = 96  # pixels
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (50, 80, 220),
    "yellow": (240, 210, 40),
    "purple": (150, 60, 190),
    "black": (20, 20, 20),
}
CORNERS = {"triangle": 3, "square": 4, "pentagon": 5}
SHAPES = ("circle", "ring", "star", "cross", *CORNERS)
COUNTS = ("one", "two", "three")


def drawn_shapes(count: int, *, seed: int) -> list[PictureFile]:
    """`two red circles` and the like, on grounds of light noise; always the same for a seed."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        colour, shape = str(random.choice(list(COLOURS))), str(random.choice(SHAPES))
        many = int(random.integers(1, len(COUNTS) + 1))
        draw = partial(_draw, colour, shape, many, seed=(seed, number))
        made.append(PictureFile(f"{seed}-{number}", draw, caption_of(colour, shape, many)))
    return made


def caption_of(colour: str, shape: str, many: int) -> str:
    plural = "" if many == 1 else "es" if shape == "cross" else "s"
    return f"{COUNTS[many - 1]} {colour} {shape}{plural}"


def _draw(colour: str, shape: str, many: int, *, seed: tuple[int, int]) -> io.BytesIO:
    random = np.random.default_rng(seed)
    ground = random.integers(200, 256, (SIDE // 4, SIDE // 4, 3), dtype=np.uint8)
    picture = Image.fromarray(ground).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    drawing = ImageDraw.Draw(picture)
    for across in _places(many, random):
        radius = SIDE / (2.6 if many == 1 else 2.4 * many) * random.uniform(0.75, 1)
        middle = (across, SIDE * random.uniform(0.4, 0.6))
        _shape(drawing, shape, middle, radius, COLOURS[colour], random.uniform(0, 0.6))
    content = io.BytesIO()
    picture.save(content, "PNG")
    content.seek(0)
    return content


def _places(many: int, random: np.random.Generator) -> Iterator[float]:
    for number in range(many):
        yield SIDE * (number + 0.5 + random.uniform(-0.06, 0.06)) / many


def _shape(
    drawing: ImageDraw.ImageDraw,
    shape: str,
    middle: tuple[float, float],
    radius: float,
    colour: tuple[int, int, int],
    turn: float,
) -> None:
    x, y = middle
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        drawing.ellipse(box, fill=colour)
    elif shape == "ring":
        drawing.ellipse(box, outline=colour, width=max(2, round(radius / 3)))
    elif shape == "cross":
        thin = radius / 3
        drawing.rectangle((x - radius, y - thin, x + radius, y + thin), fill=colour)
        drawing.rectangle((x - thin, y - radius, x + thin, y + radius), fill=colour)
    else:
        corners = CORNERS.get(shape, 10)
        points = []
        for corner in range(corners):
            reach = radius * (0.45 if shape == "star" and corner % 2 else 1)
            angle = turn + 2 * math.pi * corner / corners
            points.append((x + reach * math.sin(angle), y - reach * math.cos(angle)))
        drawing.polygon(points, fill=colour)
