from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gallery.models import Image, User
from generator import pictures, upscaling
from generator.engine.prompts import pictures_in
from generator.engine.rhythm import Rhythm
from generator.engine.settings import (
    DRAWERS,
    LIMITS,
    MAX_PROMPT_CHARACTERS,
    MOST_STROKE_PIXELS,
    PARTS,
    PICTURES,
    SIZE_MULTIPLE,
    GenerateSettings,
)
from generator.jobs import Wish
from generator.option_fields import OptionFields
from generator.prompt_fields import PromptField
from generator.qualities import NAMES, OWN, QUALITIES, Choice, choices, quality_of, values_of

if TYPE_CHECKING:
    from generator.option_kinds import Text

SIZES = (128, 192, 256, 384, 512)  # pixels, the shorter side
SHAPES = {"square": (1, 1), "wide": (4, 3), "tall": (3, 4), "widest": (16, 9), "tallest": (9, 16)}
MOST_AT_ONCE = 8


def sides_of(size: int, shape: str) -> tuple[int, int]:
    """Width and height in pixels: the shorter side is `size`, the other the nearest that the engine has."""
    across, down = SHAPES[shape]
    longer = round(size * max(across, down) / min(across, down) / SIZE_MULTIPLE) * SIZE_MULTIPLE
    return (longer, size) if across > down else (size, longer)


def shape_of(width: int, height: int) -> str:
    """The shape that gives these sides, or the square where none does."""
    size = min(width, height)
    return next((shape for shape in SHAPES if sides_of(size, shape) == (width, height)), "square")


def nearest_shape(width: int, height: int) -> str:
    """The shape that a picture of these sides loses least in."""
    return min(SHAPES, key=lambda shape: abs(math.log(width / height * SHAPES[shape][1] / SHAPES[shape][0])))


def initial_of(
    prompt: str, width: int, height: int, steps: int, options: Mapping[str, Any]
) -> dict[str, object]:
    """What the form begins with to make a picture like one of these settings; the seed is left to chance."""
    return {
        "prompt": prompt,
        "size": min(width, height),
        "shape": shape_of(width, height),
        "steps": steps,
        "quality": quality_of(steps, options),
        **options,
    }


class JobForm(OptionFields):
    prompt = PromptField(
        label=_("Prompt"),
        help_text=_("Say what the picture should show, in English."),
        max_length=MAX_PROMPT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what the picture should show.")},
    )
    size = forms.TypedChoiceField(
        label=_("Size"),
        coerce=int,
        choices=[(size, str(size)) for size in SIZES],
        initial=GenerateSettings.width,
        help_text=_("Of the shorter side, in pixels. Larger pictures take longer."),
    )
    shape = forms.ChoiceField(
        label=_("Shape"),
        required=False,
        choices=[
            ("square", _("Square")),
            ("wide", _("Wide, 4 : 3")),
            ("tall", _("Tall, 3 : 4")),
            ("widest", _("Very wide, 16 : 9")),
            ("tallest", _("Very tall, 9 : 16")),
        ],
        initial="square",
        help_text=_("As near as the model's grid allows."),
    )
    quality = forms.ChoiceField(
        label=_("Quality"),
        required=False,
        choices=[*((name, quality.label) for name, quality in QUALITIES.items()), (OWN, _("My own"))],
        initial="normal",
        widget=forms.RadioSelect,
    )
    steps = forms.IntegerField(
        label=_("Steps"),
        required=False,
        min_value=int(LIMITS["steps"][0]),
        max_value=int(LIMITS["steps"][1]),
        initial=GenerateSettings.steps,
        help_text=_(
            "More take longer and fit the words better. The quality sets them, unless it is your own."
        ),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        min_value=int(LIMITS["seed"][0]),
        max_value=int(LIMITS["seed"][1]),
        help_text=_("The same seed and words give the same picture. Empty: a random one."),
    )
    pictures = forms.IntegerField(
        label=_("Pictures"),
        required=False,
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=1,
        help_text=_("Several differ in their seed, which counts up."),
    )
    every_drawer = forms.BooleanField(
        label=_("In every way of drawing"),
        required=False,
        help_text=_("One picture each, with the same seed, to compare them side by side."),
    )

    def __init__(self, *args: Any, owner: User | AnonymousUser, **kwargs: Any) -> None:
        """owner: whose wish it is; a wish can name only pictures that its owner may see."""
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("quality") in QUALITIES and not self._is_own_after_all(data):
            data |= values_of(data["quality"])
        elif data.get("steps") is None and "steps" not in self.errors:
            self.add_error("steps", forms.Field.default_error_messages["required"])
        named = {name: _pictures_of(name, data.get(name)) for name in ("prompt", *PARTS, *PICTURES)}
        there = pictures.visible(set().union(*named.values()), user=self.owner)
        for name, ids in named.items():
            if ids - there.keys():
                self.add_error(name, _("There is no picture with this id that you may see."))
        self._check_strokes(data)
        self._check_enlargement(data)
        zooming = Rhythm(data.get("zoom_every") or 0, data.get("zoom_start") or 0)
        if zooming and not zooming.has_begun(data.get("steps") or int(LIMITS["steps"][1])):
            self.add_error("zoom_every", _("The picture is finished before its first zoom."))
        if data.get("every_drawer") and (data.get("pictures") or 1) > 1:
            self.add_error("pictures", _("In every way of drawing there is one picture each."))
        if data.get("every_drawer") and data.get("codebook_pull"):
            self.add_error("codebook_pull", _("Only what the model paints has a codebook."))
        return data

    def _check_strokes(self, data: dict[str, Any]) -> None:
        """Each stroke takes memory for each pixel."""
        draws = data.get("every_drawer") or data.get("drawer") in {"strokes", "lines"}
        if not draws or not data.get("size"):
            return
        width, height = sides_of(data["size"], data.get("shape") or "square")
        most = MOST_STROKE_PIXELS // (width * height)
        if (data.get("strokes") or 0) > most:
            message = _("In a picture of this size there can be at most %(most)s strokes.")
            self.add_error("strokes", ValidationError(message, params={"most": most}))

    def _check_enlargement(self, data: dict[str, Any]) -> None:
        if not data.get("enlarge") or not data.get("size"):
            return
        width, height = sides_of(data["size"], data.get("shape") or "square")
        try:
            upscaling.check_size(width=width, height=height, times=data["enlarge"])
        except ValidationError as error:
            self.add_error("enlarge", error)

    def _is_own_after_all(self, data: dict[str, Any]) -> bool:
        """Whether somebody has changed what the shown quality sets and has left it chosen, as happens
        without scripts."""
        quality = data["quality"]
        return data.get("shown_quality") == quality and not _is_as_set(quality, data)

    @property
    def quality_as_set(self) -> str:
        """The quality that the form shows, if all that it sets is shown as well; else empty."""
        quality = self["quality"].value()
        shown = {name: self[name].value() for name in ("steps", *NAMES)}
        return quality if quality in QUALITIES and _is_as_set(quality, shown) else ""

    @property
    def qualities(self) -> list[Choice]:
        try:
            return choices(int(self["size"].value()))
        except (TypeError, ValueError):
            return choices(0)

    def chosen_pictures(self) -> list[tuple[Text, Image]]:
        """The pictures that stand in the form's own fields for them, each with the field's label."""
        fields = [self[name] for name in PICTURES]
        ids = {bound.name: _read_id(bound) for bound in fields}
        there = pictures.visible(filter(None, ids.values()), user=self.owner)
        return [(bound.label, there[ids[bound.name]]) for bound in fields if ids[bound.name] in there]

    shown_quality = forms.CharField(required=False, widget=forms.HiddenInput)  # see _is_own_after_all()
    like = forms.UUIDField(required=False, widget=forms.HiddenInput)  # the job that it was changed from

    def wishes(self) -> list[Wish]:
        """The validated settings of each picture; the first seed is random where none was given.

        Several differ in their seed, or in what draws them.
        """
        data = self.cleaned_data
        seeds = int(LIMITS["seed"][1]) + 1
        first = data["seed"] if data["seed"] is not None else secrets.randbelow(seeds)
        width, height = sides_of(data["size"], data["shape"] or "square")
        return [
            Wish(
                prompt=data["prompt"],
                seed=(first + number) % seeds,
                steps=data["steps"],
                width=width,
                height=height,
                options=options,
            )
            for number in range(data["pictures"] or 1)
            for options in self._options_of_each()
        ]

    def _options_of_each(self) -> list[dict[str, Any]]:
        options = self.options()
        return [options | {"drawer": drawer} for drawer in DRAWERS] if self.compares else [options]

    @property
    def compares(self) -> bool:
        """Whether the valid form asks for pictures to be seen side by side."""
        return self.cleaned_data["every_drawer"]


def _is_as_set(quality: str, values: Mapping[str, Any]) -> bool:
    """values: of the form's fields, cleaned or as they are shown; a field that is empty says nothing else."""
    try:
        return all(
            values.get(name) in {None, ""} or float(values[name]) == value
            for name, value in values_of(quality).items()
        )
    except ValueError:
        return False


def _pictures_of(name: str, value: str | None) -> set[str]:
    """The ids of pictures in a field's validated value; none where it was not valid."""
    if not value:
        return set()
    return {value} if name in PICTURES else pictures_in(value)


def _read_id(bound: forms.BoundField) -> str:
    """The id in a picture's field as it was typed; empty where there is none."""
    try:
        return bound.field.clean(bound.value())
    except ValidationError:
        return ""
