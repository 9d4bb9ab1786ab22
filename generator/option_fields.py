"""The engine's options on the studio's form: every setting beside the basic ones, by theme, each explained.

A field has the name of its setting. Left empty, the setting has its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.formats import localize
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generator.engine.settings import LIMITS, OPTIONS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise


def _with_range(explanation: Text, low: float, high: float, usual: float) -> str:
    numbers = {"low": localize(low), "high": localize(high), "usual": localize(usual)}
    return f"{explanation} " + gettext("From %(low)s to %(high)s, normally %(usual)s.") % numbers


_lazy_with_range = lazy(_with_range, str)


def number(name: str, label: Text, explanation: Text) -> forms.Field:
    """The field of a number that has limits; its explanation goes on with these and the default."""
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
    """The field of what is on or off: a choice, because an unticked box and a missing field look the same."""
    return forms.TypedChoiceField(
        label=label,
        help_text=explanation,
        required=False,
        choices=[(True, _("Yes")), (False, _("No"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        initial=OPTIONS[name],
    )


@dataclass(frozen=True)
class Section:
    """Fields of one theme, as the page shows them together."""

    title: Text
    fields: list[forms.BoundField]


class OptionFields(forms.Form):
    """A form's fields for options. Its subclass has the basic ones."""

    cutouts = number("cutouts", _("Views"), _("How many parts of the picture are judged in each step."))
    cutout_power = number(
        "cutout_power",
        _("Preference for small views"),
        _("Above 1 small views are likelier, below 1 large ones."),
    )
    cutout_smallest = number(
        "cutout_smallest", _("Smallest view"), _("Its side, as a share of the picture's shorter side.")
    )
    cutout_largest = number("cutout_largest", _("Largest view"), _("Above 1 it looks past the border."))
    augmentation = number(
        "augmentation",
        _("Variation of the views"),
        _("How much they are turned, tinted, blurred and made noisy."),
    )
    learning_rate = number(
        "learning_rate",
        _("Learning rate"),
        _("How far a step moves the picture: more is bolder and rougher."),
    )
    coarse_levels = number(
        "coarse_levels", _("Coarse levels"), _("With more of them, shapes form before textures do.")
    )
    quantise = switch(
        "quantise", _("Keep to the codebook"), _("Paint only with the patches that the model has learned.")
    )
    codebook_pull = number(
        "codebook_pull",
        _("Pull to the codebook"),
        _("How strongly patches are drawn to those that the model knows."),
    )
    averaging = number(
        "averaging",
        _("Averaging"),
        _("How slowly the picture shown follows the steps; 0 shows each as it is."),
    )
    ground = number(
        "ground", _("White ground"), _("How strongly the rest fades to white, most of all at the border.")
    )
    smoothness = number("smoothness", _("Smoothness"), _("How strongly neighbouring pixels are made alike."))

    SECTIONS: tuple[tuple[Text, tuple[str, ...]], ...] = (
        (_("What it looks like"), ("ground", "smoothness")),
        (
            _("How it is judged"),
            ("cutouts", "augmentation", "cutout_smallest", "cutout_largest", "cutout_power"),
        ),
        (
            _("How it moves"),
            ("learning_rate", "coarse_levels", "averaging", "quantise", "codebook_pull"),
        ),
    )

    def sections(self) -> Iterator[Section]:
        for title, names in self.SECTIONS:
            yield Section(title, [self[name] for name in names])

    @property
    def shows_options(self) -> bool:
        """Whether an option wants to be seen: it is wrong, or differs from its default."""
        return any(
            bound.errors or _differs(bound.name, bound.value())
            for section in self.sections()
            for bound in section.fields
        )

    def options(self) -> dict[str, Any]:
        """The validated options that differ from their defaults."""
        given = {name: self.cleaned_data.get(name) for name in OPTIONS}
        return {name: value for name, value in given.items() if value not in (None, "", OPTIONS[name])}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        smallest, largest = (
            OPTIONS[name] if (value := data.get(name)) is None else value
            for name in ("cutout_smallest", "cutout_largest")
        )
        if smallest > largest:
            self.add_error("cutout_smallest", _("The smallest view is larger than the largest."))
        return data


def _differs(name: str, value: object) -> bool:
    """Whether what stands in a field, perhaps as it was typed, is something else than the default."""
    return value not in (None, "", OPTIONS[name], str(OPTIONS[name]))


def describe(options: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """A job's options in words, label and value, in the form's order; those that are no more are left out."""
    names = [name for _title, names in OptionFields.SECTIONS for name in names if name in options]
    return [(OptionFields.base_fields[name].label or name, _in_words(name, options[name])) for name in names]


def _in_words(name: str, value: Any) -> Text:
    choices = dict(getattr(OptionFields.base_fields[name], "choices", ()))
    return choices.get(value) or localize(value)
