"""What one picture from words is made with: every choice that changes its bytes."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from generator.engine.prompts import PromptError, parse_prompt

MAX_PROMPT_CHARACTERS = 500
# Ways of drawing: by a VQGAN, in three kinds of cells, in waves, in brush strokes, with a black pen.
DRAWERS = ("vqgan", "squares", "hexagons", "knit", "fft", "strokes", "lines")
SIZE_MULTIPLE = 32  # pixels; a multiple of every usual decoder's factor (8 and 16)

# Inclusive limits of the numeric settings.
LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "steps": (1, 2000),
    "width": (64, 512),
    "height": (64, 512),
    "cells": (4, 128),
    "strokes": (1, 256),
    "cutouts": (1, 128),
    "cutout_power": (0.1, 4.0),
    "cutout_smallest": (0.1, 2.0),
    "cutout_largest": (0.1, 2.0),
    "augmentation": (0.0, 2.0),
    "learning_rate": (1e-4, 2.0),
    "coarse_levels": (1, 6),
    "smoothness": (0.0, 100.0),
    "ground": (0.0, 10.0),
    "codebook_pull": (0.0, 10.0),
    "averaging": (0.0, 0.999),
    "threads": (1, 64),
}


class SettingsError(ValueError):
    """One setting is out of its limits. `field` names it, `reason` says what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class GenerateSettings:
    """One run of VQGAN+CLIP. Same settings, models and machine give the same bytes.

    Raises SettingsError when built with a value out of LIMITS, with a prompt that is empty, too long, has
    control characters or cannot be read, or with a size that is no multiple of SIZE_MULTIPLE.
    """

    prompt: str  # in the language of prompts.py
    seed: int = 0
    steps: int = 80
    width: int = 128  # pixels
    height: int = 128  # pixels

    drawer: str = "vqgan"  # one of DRAWERS
    cells: int = 32  # of squares, hexagons and stitches: how many lie along the shorter side
    strokes: int = 48  # of strokes and lines: how many there are

    cutouts: int = 6  # views of the picture in each step
    cutout_power: float = 1.0  # sizes are drawn as u ** power: above 1 small cutouts are likelier
    cutout_smallest: float = 0.7  # side of the smallest cutout, as a share of the picture's shorter side
    cutout_largest: float = 1.1  # above 1 a cutout looks past the border, which is continued outwards
    augmentation: float = 1.0  # strength of the random warp, colour, blur and noise; 0 is none

    learning_rate: float = 0.15  # Adam's, in the latent's own units; falls to a tenth along a cosine
    coarse_levels: int = 3  # resolutions that the latent, or the cells' colours, are a sum of; 1 is the plain grid
    quantise: bool = True  # snap the latent to the codebook in every step, as in training
    smoothness: float = 0.0  # weight of the total variation
    ground: float = 1.5  # weight of the distance from white, which counts most near the border
    codebook_pull: float = 0.0  # weight of the mean squared distance to the nearest codebook vectors
    averaging: float = 0.0  # decay of the running mean of latents that pictures are shown from; 0 is none

    threads: int = 2  # sums are split between threads, so their number is part of the result

    def __post_init__(self) -> None:
        _check_prompt(self.prompt)
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in LIMITS:
                _check_number(field.name, value, whole=field.type == "int")
            elif field.type == "bool" and not isinstance(value, bool):
                raise SettingsError(field.name, "must be true or false")
        for name in ("width", "height"):
            if getattr(self, name) % SIZE_MULTIPLE:
                raise SettingsError(name, f"must be a multiple of {SIZE_MULTIPLE} pixels")
        if self.drawer not in DRAWERS:
            raise SettingsError("drawer", f"must be one of {', '.join(DRAWERS)}")
        if self.codebook_pull and self.drawer != "vqgan":
            raise SettingsError("codebook_pull", "needs the drawer vqgan, as no other has a codebook")
        if self.cutout_smallest > self.cutout_largest:
            raise SettingsError("cutout_smallest", "must not be above cutout_largest")

    @property
    def options(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name, in values that JSON has."""
        return {name: chosen for name, usual in OPTIONS.items() if (chosen := getattr(self, name)) != usual}


# Chosen for every picture, or by the machine. All other settings are options: name → default.
BASICS = frozenset({"prompt", "seed", "steps", "width", "height", "threads"})
OPTIONS: dict[str, Any] = {
    field.name: field.default for field in fields(GenerateSettings) if field.name not in BASICS
}


def with_options(options: Mapping[str, Any], **basics: Any) -> GenerateSettings:
    """The settings of the basic ones and of options by name, as `GenerateSettings.options` gives them.

    Raises SettingsError, also for an option that there is not.
    """
    for name in options:
        if name not in OPTIONS:
            raise SettingsError(name, "there is no such option")
    return GenerateSettings(**basics, **options)


def _check_prompt(prompt: object) -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise SettingsError("prompt", "must not be empty")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise SettingsError("prompt", f"must not be longer than {MAX_PROMPT_CHARACTERS} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in prompt):
        raise SettingsError("prompt", "must not contain control characters")
    try:
        parse_prompt(prompt)
    except PromptError as error:
        raise SettingsError("prompt", str(error)) from error


def _check_number(name: str, value: object, *, whole: bool) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise SettingsError(name, "must be a whole number" if whole else "must be a number")
    low, high = LIMITS[name]
    if not math.isfinite(value) or not low <= value <= high:
        raise SettingsError(name, f"must be from {low:g} to {high:g}")
