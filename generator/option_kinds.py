"""Kinds of fields for options: each knows the setting's limits and default, and explains itself in a line."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import localize
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generator import perceptors, upscaling
from generator.engine.colours import ColourError, parse_colour, parse_colours
from generator.engine.perceptors import (
    HIGHEST_WEIGHT,
    LOWEST_WEIGHT,
    MOST,
    PerceptorError,
    parse_perceptors,
)
from generator.engine.settings import (
    CHOICES,
    ENLARGEMENTS,
    LIMITS,
    MAX_PROMPT_CHARACTERS,
    OPTIONS,
    parse_drops,
)
from generator.prompt_fields import PromptField, check_single_scene

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
    Sections = tuple[tuple[Text, tuple[str, ...]], ...]  # titles, each with names of fields

LONGEST_LIST = 300  # characters of a list of colours or of percentages
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def as_written(value: object) -> str:
    """A value as people write it in their language: 1 and not 1.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(localize(value))


def _with_range(explanation: Text, low: float, high: float, usual: float) -> str:
    numbers = {"low": as_written(low), "high": as_written(high), "usual": as_written(usual)}
    return f"{explanation} " + gettext("From %(low)s to %(high)s, normally %(usual)s.") % numbers


_lazy_with_range = lazy(_with_range, str)


def _with_names(explanation: Text) -> str:
    return f"{explanation} " + gettext("There are: %(names)s.") % {"names": ", ".join(perceptors.names())}


_lazy_with_names = lazy(_with_names, str)


def number(name: str, label: Text, explanation: Text) -> forms.Field:
    """A number with limits; its explanation goes on with these and the default."""
    usual = OPTIONS[name]
    low, high = (type(usual)(limit) for limit in LIMITS[name])
    field = forms.IntegerField if isinstance(usual, int) else forms.FloatField
    return field(
        label=label,
        help_text=_lazy_with_range(explanation, low, high, usual),
        required=False,
        min_value=low,
        max_value=high,
        initial=usual,
        widget=forms.NumberInput(attrs={"step": 1 if isinstance(usual, int) else "any"}),
    )


def switch(name: str, label: Text, explanation: Text) -> forms.Field:
    """What is on or off: a choice, because an unticked box and a missing field look the same."""
    return forms.TypedChoiceField(
        label=label,
        help_text=explanation,
        required=False,
        choices=[(True, _("Yes")), (False, _("No"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        initial=OPTIONS[name],
    )


def choice(name: str, label: Text, explanation: Text, names: dict[str, Text]) -> forms.Field:
    """One of a few words. names: what each is called on the page."""
    if names.keys() != set(CHOICES[name]):
        raise ValueError(f"{name} can be {CHOICES[name]}, not {tuple(names)}")
    return forms.ChoiceField(
        label=label, help_text=explanation, required=False, choices=list(names.items()), initial=OPTIONS[name]
    )


def enlargement(name: str, label: Text, names: dict[int, Text]) -> forms.Field:
    """One of a few whole numbers, explained by what this site enlarges with."""
    if names.keys() != set(ENLARGEMENTS):
        raise ValueError(f"{name} can be {ENLARGEMENTS}, not {tuple(names)}")
    return forms.TypedChoiceField(
        label=label,
        help_text=upscaling.explanation(),
        required=False,
        choices=list(names.items()),
        coerce=int,
        empty_value=None,
        initial=OPTIONS[name],
    )


def colour(name: str, label: Text, explanation: Text) -> forms.Field:
    """One colour, as engine/colours.py reads it."""
    return _listed(name, label, explanation, check_colour)


def palette(name: str, label: Text, explanation: Text) -> forms.Field:
    """Several colours."""
    return _listed(name, label, explanation, check_colours)


def percentages(name: str, label: Text, explanation: Text) -> forms.Field:
    """Rising percentages of the steps."""
    return _listed(name, label, explanation, check_percentages)


def clip_models(name: str, label: Text, explanation: Text) -> forms.Field:
    """CLIP models by name, each with a weight; the explanation goes on with those that are here."""
    field = _listed(name, label, explanation, check_perceptors)
    field.help_text = _lazy_with_names(explanation)
    return field


def picture(name: str, label: Text, explanation: Text) -> PictureField:
    """A picture of the gallery. Whether it may be seen, the form has to find out."""
    return PictureField(label=label, help_text=explanation, required=False, initial=OPTIONS[name])


def part_prompt(name: str, label: Text, explanation: Text) -> PromptField:
    """What a part of the picture is to show."""
    return PromptField(
        label=label,
        help_text=explanation,
        required=False,
        max_length=MAX_PROMPT_CHARACTERS,
        validators=[check_single_scene],
        widget=forms.TextInput,
        initial=OPTIONS[name],
    )


class PictureField(forms.CharField):
    """The address of a picture's page, or its id, also as the search box writes it; the value is the id."""

    def to_python(self, value: str | None) -> str:
        text = super().to_python(value) or ""
        found = _UUID.findall(text)
        if text and len(found) != 1:
            raise ValidationError(_("This is no address of a picture's page."), code="picture")
        return str(uuid.UUID(found[0])) if found else ""


def check_colour(text: str) -> None:
    try:
        parse_colour(text)
    except ColourError as error:
        raise _no_colour(error) from error


def check_colours(text: str) -> None:
    try:
        parse_colours(text)
    except ColourError as error:
        raise _no_colour(error) from error


def check_percentages(text: str) -> None:
    try:
        parse_drops(text)
    except ValueError as error:
        message = _("Write rising percentages between 0 and 100, with spaces between them, such as 50 75.")
        raise ValidationError(message, code="percentages") from error


def check_perceptors(text: str) -> None:
    try:
        named = parse_perceptors(text)
    except PerceptorError as error:
        message = _(
            "Write up to %(most)s names of CLIP models, each once, with spaces between; after a colon a "
            "weight from %(low)s to %(high)s."
        )
        limits = {"most": MOST, "low": as_written(LOWEST_WEIGHT), "high": as_written(HIGHEST_WEIGHT)}
        raise ValidationError(message, code="perceptors", params=limits) from error
    perceptors.check_here(each.name for each in named)


def _no_colour(error: ColourError) -> ValidationError:
    if not error.word:
        return ValidationError(_("Write one to 32 colours with spaces between them."), code="colours")
    return ValidationError(
        _("“%(word)s” is no colour. Write it like #e63946."), code="colour", params={"word": error.word[:20]}
    )


def _listed(name: str, label: Text, explanation: Text, check: Callable[[str], None]) -> forms.Field:
    return forms.CharField(
        label=label,
        help_text=explanation,
        required=False,
        max_length=LONGEST_LIST,
        validators=[check],
        initial=OPTIONS[name],
    )
