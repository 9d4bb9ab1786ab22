import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from generator.engine.prompts import PromptError, Trouble, parse_prompt
from generator.engine.settings import LIMITS, MAX_PROMPT_CHARACTERS, SIZE_MULTIPLE, GenerateSettings
from generator.jobs import Wish
from generator.option_fields import OptionFields

SIZES = (128, 192, 256)  # pixels, the shorter side
SHAPES = {"square": (1, 1), "wide": (4, 3), "tall": (3, 4), "widest": (16, 9), "tallest": (9, 16)}
MOST_AT_ONCE = 8
TROUBLES = {
    Trouble.NO_TEXT: _("Words are missing here."),
    Trouble.NO_WEIGHT: _("A number is missing after the colon."),
    Trouble.WEIGHT: _(
        "A weight is from -10 to 10 and not 0. Put text with a colon and a number in quotation marks."
    ),
    Trouble.STOP: _("A stop is a distance of at most 4.9, with the sign of its weight."),
    Trouble.OPEN_QUOTE: _("The quotation mark is never closed."),
    Trouble.AFTER_QUOTE: _("After the quotation mark only a weight may follow."),
    Trouble.ONLY_NEGATIVE: _("Say also what to draw, not only what to keep away from."),
    Trouble.TOO_MANY_TEXTS: _("A scene has at most eight texts."),
    Trouble.TOO_MANY_SCENES: _("A story has at most eight scenes."),
}


def reject_control_characters(text: str) -> None:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValidationError(
            _("The prompt has control characters in it. Write it as plain text."), code="control_characters"
        )


def check_notation(prompt: str) -> None:
    try:
        parse_prompt(prompt)
    except PromptError as error:
        message = format_lazy(
            _("{reason} (at character {position})"),
            reason=TROUBLES[error.trouble],
            position=error.position + 1,
        )
        raise ValidationError(message, code="notation") from error


class PromptField(forms.CharField):
    """Words on one or several lines; a line break or tab counts as a space."""

    widget = forms.Textarea

    def to_python(self, value: str | None) -> str:
        return re.sub(r"[\r\n\t]+", " ", super().to_python(value) or "")


def sides_of(size: int, shape: str) -> tuple[int, int]:
    """Width and height in pixels: the shorter side is `size`, the other the nearest that the engine has."""
    across, down = SHAPES[shape]
    longer = round(size * max(across, down) / min(across, down) / SIZE_MULTIPLE) * SIZE_MULTIPLE
    return (longer, size) if across > down else (size, longer)


def shape_of(width: int, height: int) -> str:
    """The shape that gives these sides, or the square where none does."""
    size = min(width, height)
    return next((shape for shape in SHAPES if sides_of(size, shape) == (width, height)), "square")


def initial_of(
    prompt: str, width: int, height: int, steps: int, options: Mapping[str, Any]
) -> dict[str, object]:
    """What the form begins with to make a picture like one of these settings; the seed is left to chance."""
    return {
        "prompt": prompt,
        "size": min(width, height),
        "shape": shape_of(width, height),
        "steps": steps,
        **options,
    }


class JobForm(OptionFields):
    prompt = PromptField(
        label=_("Prompt"),
        help_text=_("Say what the picture should show, in English."),
        max_length=MAX_PROMPT_CHARACTERS,
        validators=[reject_control_characters, check_notation],
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
    steps = forms.IntegerField(
        label=_("Steps"),
        min_value=int(LIMITS["steps"][0]),
        max_value=int(LIMITS["steps"][1]),
        initial=GenerateSettings.steps,
        help_text=_("More take longer and fit the words better."),
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

    like = forms.UUIDField(required=False, widget=forms.HiddenInput)  # the job that it was changed from

    def wishes(self) -> list[Wish]:
        """The validated settings of each picture; the first seed is random where none was given."""
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
                options=self.options(),
            )
            for number in range(data["pictures"] or 1)
        ]
