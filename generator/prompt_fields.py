"""Prompts on a form: lines become one, and what cannot be read is told with its place."""

import re
import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from generator.engine.prompts import PromptError, Trouble, parse_prompt

TROUBLES = {
    Trouble.NO_TEXT: _("Words are missing here."),
    Trouble.NO_WEIGHT: _("A number is missing after the colon."),
    Trouble.WEIGHT: _(
        "A weight is from -10 to 10 and not 0. Put text with a colon and a number in quotation marks."
    ),
    Trouble.STOP: _("A stop is a distance of at most 4.9, with the sign of its weight."),
    Trouble.PICTURE: _("After “picture:” the id of a picture has to follow."),
    Trouble.NOISE: _("After “noise:” a seed has to follow, a whole number up to 4294967295."),
    Trouble.AFTER_ID: _("After the picture or the noise only a weight may follow."),
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


def check_single_scene(prompt: str) -> None:
    try:
        scenes = len(parse_prompt(prompt))
    except PromptError:
        return  # check_notation says what is wrong
    if scenes > 1:
        raise ValidationError(_("A part of the picture has no story: leave out the ^."), code="story")


class PromptField(forms.CharField):
    """Words on one or several lines; a line break or tab counts as a space."""

    widget = forms.Textarea
    default_validators = [reject_control_characters, check_notation]

    def to_python(self, value: str | None) -> str:
        return re.sub(r"[\r\n\t]+", " ", super().to_python(value) or "")
