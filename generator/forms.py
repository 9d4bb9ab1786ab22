import re
import secrets
import unicodedata
from typing import TypedDict

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generator.engine.settings import LIMITS, MAX_PROMPT_CHARACTERS, GenerateSettings

SIZES = (128, 192, 256)  # pixels, both sides


class Wish(TypedDict):
    """What `jobs.submit` wants to know beside the owner."""

    prompt: str
    seed: int
    steps: int
    width: int
    height: int


def reject_control_characters(text: str) -> None:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValidationError(
            _("The prompt has control characters in it. Write it as plain text."), code="control_characters"
        )


class PromptField(forms.CharField):
    """Words on one or several lines; a line break or tab counts as a space."""

    widget = forms.Textarea

    def to_python(self, value: str | None) -> str:
        return re.sub(r"[\r\n\t]+", " ", super().to_python(value) or "")


class JobForm(forms.Form):
    prompt = PromptField(
        label=_("Prompt"),
        help_text=_("Say what the picture should show, in English."),
        max_length=MAX_PROMPT_CHARACTERS,
        validators=[reject_control_characters],
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what the picture should show.")},
    )
    size = forms.TypedChoiceField(
        label=_("Size"),
        coerce=int,
        choices=[(size, f"{size} × {size}") for size in SIZES],
        initial=GenerateSettings.width,
        help_text=_("In pixels. Larger pictures take longer."),
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

    def wish(self) -> Wish:
        """The validated settings, with a random seed where none was given."""
        data = self.cleaned_data
        seed = data["seed"] if data["seed"] is not None else secrets.randbelow(int(LIMITS["seed"][1]) + 1)
        return Wish(
            prompt=data["prompt"], seed=seed, steps=data["steps"], width=data["size"], height=data["size"]
        )
