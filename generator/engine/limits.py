"""What the settings can be: their limits, words and notations, and what is wrong with one that is not."""

from __future__ import annotations

import math
import re
import unicodedata
import uuid

from generator.engine.colours import parse_colour, parse_colours
from generator.engine.perceptors import parse_perceptors
from generator.engine.prompts import PromptError, parse_prompt

MAX_PROMPT_CHARACTERS = 500
# Ways of drawing: by a VQGAN, in three kinds of cells, in waves, in brush strokes, with a black pen.
DRAWERS = ("vqgan", "squares", "hexagons", "knit", "fft", "strokes", "lines")
SIZE_MULTIPLE = 32  # pixels; a multiple of every usual decoder's factor (8 and 16)

# Inclusive limits of the numeric settings.
LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "steps": (1, 2000),
    "schedule_steps": (0, 2000),
    "patience": (0, 500),
    "width": (64, 1024),
    "height": (64, 1024),
    "cells": (4, 128),
    "strokes": (1, 256),
    "stroke_width": (0.25, 4.0),
    "stroke_length": (0.25, 4.0),
    "cutouts": (1, 128),
    "cutout_power": (0.1, 4.0),
    "cutout_smallest": (0.1, 2.0),
    "cutout_largest": (0.1, 2.0),
    "augmentation": (0.0, 2.0),
    "learning_rate": (1e-4, 2.0),
    "coarse_levels": (1, 6),
    "ground": (0.0, 10.0),
    "smoothness": (0.0, 100.0),
    "saturation": (-10.0, 10.0),
    "symmetry": (0.0, 100.0),
    "palette_weight": (0.0, 100.0),
    "border": (0.0, 100.0),
    "border_width": (0.0, 0.5),
    "transparent_weight": (0.0, 10.0),
    "init_opacity": (0.0, 1.0),
    "init_weight": (0.0, 100.0),
    "overlay_opacity": (0.0, 1.0),
    "overlay_every": (1, 1000),
    "overlay_offset": (0, 1000),
    "overlay_until": (0, 2000),
    "zoom_every": (0, 1000),
    "zoom_scale": (0.7, 1.5),
    "zoom_shift_x": (-128, 128),
    "zoom_shift_y": (-128, 128),
    "zoom_start": (0, 2000),
    "codebook_pull": (0.0, 10.0),
    "averaging": (0.0, 0.999),
    "enlarge": (1, 4),
    "threads": (1, 64),
}

ENLARGEMENTS = (1, 2, 4)  # times the sides that were drawn

MOST_PIXELS = 1024 * 512
MOST_STROKE_PIXELS = 256 * 512 * 512  # each stroke has its distance to each pixel

# What the settings that are words can be.
CHOICES: dict[str, tuple[str, ...]] = {
    "drawer": DRAWERS,
    "outline": ("squares", "bricks", "diamonds", "triangles"),
    "precision": ("auto", "fp32", "bf16"),
    "repeats": ("no", "both", "across", "down", "shifted"),
    "smoothness_kind": ("squares", "lengths", "log"),
    "symmetry_axis": ("left_right", "top_bottom", "both"),
    "spot": ("circle", "square", "left", "right", "top", "bottom"),
    "start": ("usual", "colour", "gradient", "pixels", "fractal"),
    "init_distance": ("pixels", "latent", "cosine", "angle"),
    "optimiser": (
        *("adam", "adamw", "radam", "nadam", "adamax", "adagrad"),
        *("rmsprop", "diffgrad", "adamp"),
    ),
}
COLOURS = ("ground_colour", "border_colour", "start_colour")
PICTURES = ("init_picture", "overlay_picture", "spot_picture")  # ids of pictures; empty: none
PARTS = ("inside", "outside")  # prompts for a part of the picture; empty: none


class SettingsError(ValueError):
    """One setting is out of its limits. `field` names it, `reason` says what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def parse_drops(text: str) -> tuple[float, ...]:
    """Percentages with spaces between, as "50 75" → shares of the steps, above 0 and below 1, in order.

    Raises ValueError.
    """
    shares = tuple(float(word.rstrip("%")) / 100 for word in re.split(r"[\s,;]+", text.strip()) if word)
    if not all(0 < share < 1 for share in shares) or list(shares) != sorted(set(shares)):
        raise ValueError(f"{text!r} are no rising percentages above 0 and below 100")
    return shares


def check_prompt(prompt: object, name: str = "prompt") -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise SettingsError(name, "must not be empty")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise SettingsError(name, f"must not be longer than {MAX_PROMPT_CHARACTERS} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in prompt):
        raise SettingsError(name, "must not contain control characters")
    try:
        scenes = parse_prompt(prompt)
    except PromptError as error:
        raise SettingsError(name, str(error)) from error
    if name in PARTS and len(scenes) > 1:
        raise SettingsError(name, "must be one scene")


def check_word(name: str, value: object) -> None:
    if name == "prompt":
        return  # has been checked
    if not isinstance(value, str):
        raise SettingsError(name, "must be text")
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise SettingsError(name, f"must be one of {', '.join(CHOICES[name])}")
    elif value:
        _check_notation(name, value)
    elif name in COLOURS:
        raise SettingsError(name, "must be a colour")


def _check_notation(name: str, value: str) -> None:
    try:
        if name in COLOURS:
            parse_colour(value)
        elif name == "palette":
            parse_colours(value)
        elif name == "learning_rate_drops":
            parse_drops(value)
        elif name == "perceptors":
            parse_perceptors(value)
        elif name in PICTURES:
            _check_id(value)
    except ValueError as error:
        raise SettingsError(name, str(error)) from error
    if name in PARTS:
        check_prompt(value, name)


def _check_id(value: str) -> None:
    if str(uuid.UUID(value)) != value:
        raise ValueError("must be the id of a picture")


def check_number(name: str, value: object, *, whole: bool) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise SettingsError(name, "must be a whole number" if whole else "must be a number")
    low, high = LIMITS[name]
    if not math.isfinite(value) or not low <= value <= high:
        raise SettingsError(name, f"must be from {low:g} to {high:g}")
