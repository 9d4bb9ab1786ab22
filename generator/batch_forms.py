"""What people send to ask for many pictures at once."""

import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import localize
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generator.batches import Axis
from generator.engine.settings import LIMITS, MAX_PROMPT_CHARACTERS, OPTIONS, GenerateSettings
from generator.forms import SIZES
from generator.jobs import Wish
from generator.prompt_fields import check_notation, reject_control_characters

MOST_CHARACTERS = 20_000  # of all prompts
# Settings that can change from row to row or column to column.
SETTINGS = {
    "seed": _("Seed"),
    "steps": _("Steps"),
    "learning_rate": _("Learning rate"),
    "cutouts": _("Views"),
    "augmentation": _("Variation of the views"),
    "ground": _("White ground"),
    "smoothness": _("Smoothness"),
}
CHOICES = [("", _("Nothing")), *SETTINGS.items()]


class BatchForm(forms.Form):
    """Several prompts are the rows of the table; of one prompt, rows are the values of a setting."""

    prompts = forms.CharField(
        label=_("Prompts"),
        help_text=_("One on each line, in English. Several are the rows of the table."),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write what the picture should show.")},
    )
    row_setting = forms.ChoiceField(label=_("From row to row changes"), choices=CHOICES, required=False)
    row_values = forms.CharField(
        label=_("Values of the rows"),
        required=False,
        max_length=500,
        help_text=_("Numbers with spaces between."),
    )
    column_setting = forms.ChoiceField(
        label=_("From column to column changes"), choices=CHOICES, required=False
    )
    column_values = forms.CharField(
        label=_("Values of the columns"),
        required=False,
        max_length=500,
        help_text=_("Numbers with spaces between."),
    )
    size = forms.TypedChoiceField(
        label=_("Size"),
        coerce=int,
        choices=[(size, str(size)) for size in SIZES],
        initial=GenerateSettings.width,
    )
    steps = forms.IntegerField(
        label=_("Steps"),
        min_value=int(LIMITS["steps"][0]),
        max_value=int(LIMITS["steps"][1]),
        initial=GenerateSettings.steps,
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        min_value=int(LIMITS["seed"][0]),
        max_value=int(LIMITS["seed"][1]),
        help_text=_("The same for all pictures, so that they can be compared. Empty: a random one."),
    )

    def clean_prompts(self) -> list[str]:
        """Each line without what surrounds it; empty ones are passed over."""
        prompts = []
        for number, line in enumerate(self.cleaned_data["prompts"].splitlines(), start=1):
            if not (prompt := line.strip()):
                continue
            try:
                if len(prompt) > MAX_PROMPT_CHARACTERS:
                    raise ValidationError(
                        gettext("It has more than %(most)d characters.") % {"most": MAX_PROMPT_CHARACTERS}
                    )
                reject_control_characters(prompt)
                check_notation(prompt)
            except ValidationError as error:
                message = gettext("Line %(number)d: %(reason)s")
                raise ValidationError(message % {"number": number, "reason": error.messages[0]}) from error
            prompts.append(prompt)
        return prompts

    def clean_row_values(self) -> tuple[float, ...]:
        return self._numbers("row")

    def clean_column_values(self) -> tuple[float, ...]:
        return self._numbers("column")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        prompts, row, column = data.get("prompts"), data.get("row_setting"), data.get("column_setting")
        if prompts and len(prompts) > 1 and row:
            self.add_error("row_setting", _("Several prompts are the rows already."))
        elif row and row == column:
            self.add_error("column_setting", _("Rows and columns change the same."))
        elif prompts and len(prompts) == 1 and not row and not column:
            self.add_error("prompts", _("Write several prompts, or choose what changes."))
        return data

    def wish(self) -> Wish:
        """What all pictures have in common, with the first prompt."""
        data, seeds = self.cleaned_data, int(LIMITS["seed"][1]) + 1
        return Wish(
            prompt=data["prompts"][0],
            seed=data["seed"] if data["seed"] is not None else secrets.randbelow(seeds),
            steps=data["steps"],
            width=data["size"],
            height=data["size"],
        )

    def axes(self) -> tuple[Axis, Axis]:
        """Of the rows and of the columns."""
        data = self.cleaned_data
        columns = Axis(data["column_setting"], data["column_values"]) if data["column_setting"] else Axis()
        if len(data["prompts"]) > 1:
            return Axis("prompt", tuple(data["prompts"])), columns
        return Axis(data["row_setting"], data["row_values"]) if data["row_setting"] else Axis(), columns

    def _numbers(self, side: str) -> tuple[float, ...]:
        setting = self.cleaned_data.get(f"{side}_setting")
        if not setting:
            return ()
        texts = self.cleaned_data[f"{side}_values"].replace(";", " ").split()
        if not texts:
            raise ValidationError(_("Write the values, with spaces between."))
        numbers = tuple(_number(setting, text) for text in texts)
        if len(set(numbers)) < len(numbers):
            raise ValidationError(_("A value stands there twice."))
        return numbers


def _number(setting: str, text: str) -> float:
    """Raises ValidationError with the limits in it."""
    low, high = LIMITS[setting]
    is_whole = isinstance(OPTIONS.get(setting, 0), int)
    try:
        number = int(text) if is_whole else float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    if low <= number <= high:
        return number
    message = gettext("%(text)s is not a number from %(low)s to %(high)s.")
    raise ValidationError(message % {"text": text, "low": localize(low), "high": localize(high)})
