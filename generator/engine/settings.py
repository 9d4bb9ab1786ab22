"""What one picture from words is made with: every choice that changes its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from generator.engine.limits import (
    CHOICES,
    DRAWERS,
    ENLARGEMENTS,
    LIMITS,
    MAX_PROMPT_CHARACTERS,
    MOST_PIXELS,
    MOST_STROKE_PIXELS,
    PARTS,
    PICTURES,
    SIZE_MULTIPLE,
    SettingsError,
    check_number,
    check_prompt,
    check_word,
    parse_drops,
)
from generator.engine.perceptors import parse_perceptors
from generator.engine.prompts import pictures_in, texts_in
from generator.engine.rhythm import Rhythm

__all__ = [
    "CHOICES",
    "DRAWERS",
    "ENLARGEMENTS",
    "LIMITS",
    "MAX_PROMPT_CHARACTERS",
    "MOST_STROKE_PIXELS",
    "OPTIONS",
    "PARTS",
    "PICTURES",
    "SIZE_MULTIPLE",
    "GenerateSettings",
    "SettingsError",
    "parse_drops",
    "with_options",
]


@dataclass(frozen=True, kw_only=True)
class GenerateSettings:
    """One run of VQGAN+CLIP. Same settings, models and machine give the same bytes.

    Raises SettingsError when built with a value out of LIMITS, with a prompt that is empty, too long, has
    control characters or cannot be read, or with a size that is no multiple of SIZE_MULTIPLE
    or too large.
    """

    prompt: str  # in the language of prompts.py
    seed: int = 0
    steps: int = 80
    # Steps that the scenes and the fall of the learning rate are spread over; 0: `steps`. What comes after
    # stays in the last scene at the last rate, so that runs of one schedule agree wherever they end.
    schedule_steps: int = 0
    width: int = 128  # pixels
    height: int = 128  # pixels

    drawer: str = "vqgan"  # one of DRAWERS
    cells: int = 32  # of squares, hexagons and stitches: how many lie along the shorter side
    outline: str = "squares"  # of squares: that of a cell
    strokes: int = 48  # of strokes and lines: how many there are
    stroke_width: float = 1.0  # of strokes and lines: times the usual widths
    stroke_length: float = 1.0  # times the usual length at the start
    repeats: str = "no"  # which of its sides fit each other, so that copies of it make one pattern

    perceptors: str = ""  # CLIP models that judge, with weights, as "mini-1 mini-2:0.5"; empty: the usual one
    cutouts: int = 6  # views of the picture in each step
    cutout_power: float = 1.0  # sizes are drawn as u ** power: above 1 small cutouts are likelier
    cutout_smallest: float = 0.7  # side of the smallest cutout, as a share of the picture's shorter side
    cutout_largest: float = 1.1  # above 1 a cutout looks past the border, which is continued outwards
    augmentation: float = 1.0  # strength of the random warp, colour, blur and noise; 0 is none

    optimiser: str = "adam"  # one of CHOICES
    learning_rate: float = 0.15  # in the latent's own units; falls to a tenth along a cosine
    learning_rate_drops: str = (
        ""  # instead: percentages of the steps at which it falls to a tenth, as "50 75"
    )
    coarse_levels: int = (
        3  # resolutions that the latent, or the cells' colours, are a sum of; 1 is the plain grid
    )
    quantise: bool = True  # snap the latent to the codebook in every step, as in training
    codebook_pull: float = 0.0  # weight of the mean squared distance to the nearest codebook vectors
    patience: int = 0  # steps of its last scene without a lower loss after which a run ends; 0: never
    averaging: float = 0.0  # decay of the running mean of latents that pictures are shown from; 0 is none

    # Looks: weights of what losses/looks.py measures, and what belongs to each
    ground: float = 1.5  # of the distance from a ground, which counts most near the border
    ground_colour: str = "#ffffff"
    smoothness: float = 0.0  # of the steps between neighbouring pixels
    smoothness_kind: str = "squares"  # of the steps, their lengths, or the logarithm of these
    saturation: float = 0.0  # of the colourfulness; below 0 the picture turns grey
    symmetry: float = 0.0  # of the difference to the mirrored picture
    symmetry_axis: str = "left_right"
    palette: str = ""  # colours as "#1d3557 #e63946"
    palette_weight: float = 5.0  # of the distance to the palette's colours, where there is one
    border: float = 0.0  # of the distance of a frame from its colour
    border_colour: str = "#ffffff"
    border_width: float = 0.05  # share of the shorter side

    transparent: bool = False  # whether the picture gets an alpha channel
    transparent_weight: float = 0.3  # of the mean of it, which makes what no text needs transparent

    # Parts: prompts in one scene for what lies in a spot, and for what lies around it
    inside: str = ""
    outside: str = ""
    spot: str = "circle"
    spot_picture: str = ""  # instead of a shape: what is light in it is the spot

    # Start: "usual" is the drawer's own; a picture comes on top of it
    start: str = "usual"
    start_colour: str = "#ffffff"
    init_picture: str = ""
    init_opacity: float = 1.0  # share of the picture, the rest is the start under it
    init_weight: float = 0.0  # weight of the distance from the start
    init_distance: str = "pixels"  # measured between pixels, or as losses/latents.py does

    # Overlay: a picture that is laid over the one in the making again and again
    overlay_picture: str = ""
    overlay_opacity: float = 0.5  # times the picture's own
    overlay_every: int = 10  # steps
    overlay_offset: int = 0  # the first step, counted from 0, that it is laid over before
    overlay_until: int = 0  # the step before which it ends; 0: never

    # Zoom: the picture so far is scaled about its middle, moved, and drawn on
    zoom_every: int = 0  # steps; 0: never
    zoom_scale: float = 1.02  # of each zoom; below 1 out of the picture
    zoom_shift_x: int = 0  # pixels to the right, after the scaling
    zoom_shift_y: int = 0  # pixels down
    zoom_start: int = 0  # the first step, counted from 0, that a zoom may come before

    # At the end: the sides of what is kept, times those that are drawn and shown on the way
    enlarge: int = 1  # one of ENLARGEMENTS

    precision: str = "auto"  # that the models compute in: bf16 is quicker, fp32 finer; see precision.py
    threads: int = 2  # sums are split between threads, so their number is part of the result

    def __post_init__(self) -> None:
        check_prompt(self.prompt)
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in LIMITS:
                check_number(field.name, value, whole=field.type == "int")
            elif field.type == "str":
                check_word(field.name, value)
            elif field.type == "bool" and not isinstance(value, bool):
                raise SettingsError(field.name, "must be true or false")
        for name in ("width", "height"):
            if getattr(self, name) % SIZE_MULTIPLE:
                raise SettingsError(name, f"must be a multiple of {SIZE_MULTIPLE} pixels")
        self._check_area()
        if self.enlarge not in ENLARGEMENTS:
            raise SettingsError("enlarge", f"must be one of {', '.join(map(str, ENLARGEMENTS))}")
        if self.codebook_pull and self.drawer != "vqgan":
            raise SettingsError("codebook_pull", "needs the drawer vqgan, as no other has a codebook")
        if self.cutout_smallest > self.cutout_largest:
            raise SettingsError("cutout_smallest", "must not be above cutout_largest")

    def _check_area(self) -> None:
        pixels = self.width * self.height
        if pixels > MOST_PIXELS:
            raise SettingsError("width", f"times height must not be above {MOST_PIXELS} pixels")
        if self.drawer in {"strokes", "lines"} and self.strokes * pixels > MOST_STROKE_PIXELS:
            most = MOST_STROKE_PIXELS // pixels
            raise SettingsError("strokes", f"must be at most {most} in a picture of this size")

    @property
    def schedule(self) -> int:
        return self.schedule_steps or self.steps

    @property
    def zooming(self) -> Rhythm:
        return Rhythm(self.zoom_every, self.zoom_start)

    @property
    def pictures(self) -> frozenset[str]:
        """The ids of all pictures that this needs."""
        return frozenset({getattr(self, name) for name in PICTURES} - {""}).union(
            *map(pictures_in, self._prompts)
        )

    @property
    def perceptor_names(self) -> tuple[str, ...]:
        """Of the CLIP models that this needs; none where that is the usual one."""
        return tuple(each.name for each in parse_perceptors(self.perceptors))

    @property
    def texts(self) -> list[str]:
        """What the picture and its parts shall show, text by text."""
        return [text for prompt in self._prompts for scene in texts_in(prompt) for text in scene]

    @property
    def _prompts(self) -> list[str]:
        return list(filter(None, [self.prompt, *(getattr(self, name) for name in PARTS)]))

    @property
    def options(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name, in values that JSON has."""
        return {name: chosen for name, usual in OPTIONS.items() if (chosen := getattr(self, name)) != usual}


# Chosen for every picture, or by the machine. All other settings are options: name → default.
BASICS = frozenset({"prompt", "seed", "steps", "schedule_steps", "width", "height", "threads"})
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
