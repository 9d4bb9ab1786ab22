"""The engine's options on the studio's form: every setting beside the basic ones, by theme, each explained.

A field has the name of its setting. Left empty, the setting has its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from generator.engine.settings import OPTIONS, PICTURES
from generator.option_drawers import DrawerFields
from generator.option_kinds import as_written, choice, clip_models, enlargement, number, percentages, switch
from generator.option_looks import LookFields
from generator.option_starts import StartFields

if TYPE_CHECKING:
    from generator.option_kinds import Sections, Text


@dataclass(frozen=True)
class Section:
    """Fields of one theme, as the page shows them together."""

    title: Text
    fields: list[forms.BoundField]


class OptionFields(DrawerFields, LookFields, StartFields, forms.Form):
    """A form's fields for options. Its subclass has the basic ones."""

    cutouts = number("cutouts", _("Views"), _("How many parts of the picture are judged in each step."))
    augmentation = number(
        "augmentation",
        _("Variation of the views"),
        _("How much they are turned, tinted, blurred and made noisy."),
    )
    cutout_smallest = number(
        "cutout_smallest", _("Smallest view"), _("Its side, as a share of the picture's shorter side.")
    )
    cutout_largest = number("cutout_largest", _("Largest view"), _("Above 1 it looks past the border."))
    cutout_power = number(
        "cutout_power",
        _("Preference for small views"),
        _("Above 1 small views are likelier, below 1 large ones."),
    )

    perceptors = clip_models(
        "perceptors",
        _("Judged by"),
        _(
            "CLIP models with spaces between, such as mini-1 mini-2:0.5, where the number is a weight. Each "
            "takes its own time and memory in every step. Empty: usual."
        ),
    )

    optimiser = choice(
        "optimiser",
        _("Optimiser"),
        _("The rule by which a step follows from those before."),
        {
            "adam": "Adam",
            "adamw": "AdamW",
            "radam": "RAdam",
            "nadam": "NAdam",
            "adamax": "Adamax",
            "adagrad": "Adagrad",
            "rmsprop": "RMSprop",
            "diffgrad": "DiffGrad",
            "adamp": "AdamP",
        },
    )
    learning_rate = number(
        "learning_rate",
        _("Learning rate"),
        _("How far a step moves the picture: more is bolder and rougher."),
    )
    learning_rate_drops = percentages(
        "learning_rate_drops",
        _("Drops of the learning rate"),
        _("Percentages of the steps at which it falls to a tenth, such as 50 75; empty: it falls slowly."),
    )
    patience = number(
        "patience",
        _("Patience"),
        _("It ends after so many steps in which the loss falls no further; 0 takes all steps."),
    )
    coarse_levels = number(
        "coarse_levels", _("Coarse levels"), _("With more of them, shapes form before textures do.")
    )
    averaging = number(
        "averaging",
        _("Averaging"),
        _("How slowly the picture shown follows the steps; 0 shows each as it is."),
    )
    quantise = switch(
        "quantise", _("Keep to the codebook"), _("Paint only with the patches that the model has learned.")
    )
    codebook_pull = number(
        "codebook_pull",
        _("Pull to the codebook"),
        _("How strongly patches are drawn to those that the model knows."),
    )

    enlarge = enlargement(
        "enlarge",
        _("Enlarge at the end"),
        {1: _("No"), 2: _("2 times as wide and high"), 4: _("4 times as wide and high")},
    )

    SECTIONS: Sections = (
        *DrawerFields.SECTIONS,
        *LookFields.SECTIONS,
        *StartFields.SECTIONS,
        (
            _("How it is judged"),
            (
                *("perceptors", "cutouts", "augmentation"),
                *("cutout_smallest", "cutout_largest", "cutout_power"),
            ),
        ),
        (
            _("How it moves"),
            (
                *("optimiser", "learning_rate", "learning_rate_drops", "patience"),
                *("coarse_levels", "averaging", "quantise", "codebook_pull"),
            ),
        ),
        (_("When it is finished"), ("enlarge",)),
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
        if data.get("codebook_pull") and data.get("drawer") not in ("", None, "vqgan"):
            self.add_error("codebook_pull", _("Only what the model paints has a codebook."))
        return data


def _differs(name: str, value: object) -> bool:
    """Whether what stands in a field, perhaps as it was typed, is something else than the default."""
    return value not in (None, "", OPTIONS[name], str(OPTIONS[name]))


def describe(options: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """A job's options in words, label and value, in the form's order; those that are no more are left out."""
    names = [name for _title, names in OptionFields.SECTIONS for name in names if name in options]
    return [(OptionFields.base_fields[name].label or name, _in_words(name, options[name])) for name in names]


def _in_words(name: str, value: Any) -> Text:
    if name in PICTURES:
        return format_html('<a href="{}">{}</a>', reverse("gallery:picture", args=[value]), _("a picture"))
    choices = dict(getattr(OptionFields.base_fields[name], "choices", ()))
    return choices.get(value) or as_written(value)
