"""Options for what a picture looks like: its ground, colours, edges, symmetry and border."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from generator.option_kinds import choice, colour, number, palette, switch

if TYPE_CHECKING:
    from generator.option_kinds import Sections


class LookFields(forms.Form):
    ground = number(
        "ground", _("Ground"), _("How strongly the rest fades to one colour, most of all at the border.")
    )
    ground_colour = colour(
        "ground_colour", _("Colour of the ground"), _("Written like #ffffff, which is white.")
    )
    palette = palette(
        "palette", _("Palette"), _("The only colours to use, with spaces between, such as #1d3557 #e63946.")
    )
    palette_weight = number(
        "palette_weight", _("Strength of the palette"), _("How strongly other colours are pulled to it.")
    )
    saturation = number("saturation", _("Colourfulness"), _("Above 0 colours get stronger, below 0 greyer."))
    smoothness = number("smoothness", _("Smoothness"), _("How strongly neighbouring pixels are made alike."))
    smoothness_kind = choice(
        "smoothness_kind",
        _("What smoothness spares"),
        _("Which edges stay sharp in a smooth picture."),
        {
            "squares": _("Nothing: all is soft"),
            "lengths": _("Outlines"),
            "log": _("Outlines, even more"),
        },
    )
    symmetry = number("symmetry", _("Symmetry"), _("How strongly the picture is made like its mirror image."))
    symmetry_axis = choice(
        "symmetry_axis",
        _("Mirror"),
        _("Which halves are alike."),
        {
            "left_right": _("Left and right"),
            "top_bottom": _("Top and bottom"),
            "both": _("Both"),
        },
    )
    border = number("border", _("Border"), _("How strongly a frame is pulled to one colour."))
    border_colour = colour(
        "border_colour", _("Colour of the border"), _("Written like #000000, which is black.")
    )
    border_width = number(
        "border_width", _("Width of the border"), _("As a share of the picture's shorter side.")
    )

    transparent = switch(
        "transparent",
        _("Transparent"),
        _("What the words do not need becomes see-through. Until it is finished, that is shown as squares."),
    )
    transparent_weight = number(
        "transparent_weight",
        _("Pull to transparency"),
        _("How strongly all that is not needed is made transparent."),
    )

    SECTIONS: Sections = (
        (
            _("What it looks like"),
            (
                *("ground", "ground_colour", "palette", "palette_weight", "saturation"),
                *("smoothness", "smoothness_kind", "symmetry", "symmetry_axis"),
                *("border", "border_colour", "border_width"),
                *("transparent", "transparent_weight"),
            ),
        ),
    )
