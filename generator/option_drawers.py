"""Options for what draws the picture, and how coarsely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from generator.option_kinds import choice, number

if TYPE_CHECKING:
    from generator.option_kinds import Sections


class DrawerFields(forms.Form):
    drawer = choice(
        "drawer",
        _("Way of drawing"),
        _("What the picture is made of."),
        {
            "vqgan": _("Painted by the model"),
            "squares": _("Squares, as in pixel art"),
            "hexagons": _("Hexagons"),
            "knit": _("Knitted stitches"),
            "fft": _("Waves"),
            "strokes": _("Brush strokes"),
            "lines": _("Lines of a pen"),
        },
    )
    cells = number(
        "cells", _("Cells"), _("How many squares, hexagons or stitches lie along the shorter side.")
    )
    outline = choice(
        "outline",
        _("Outline of squares"),
        _("What the cells look like where squares are drawn."),
        {
            "squares": _("Straight rows"),
            "bricks": _("Bricks"),
            "diamonds": _("Diamonds"),
            "triangles": _("Triangles"),
        },
    )
    strokes = number("strokes", _("Strokes"), _("How many strokes or lines there are."))
    stroke_width = number(
        "stroke_width", _("Width of strokes"), _("How wide strokes and lines may be, times the usual.")
    )
    stroke_length = number(
        "stroke_length", _("Length of strokes"), _("How long they are at the start, times the usual.")
    )
    repeats = choice(
        "repeats",
        _("Pattern"),
        _("Which sides fit each other where copies are laid side by side; with a ground of 0 it fills all."),
        {
            "no": _("None: one picture"),
            "both": _("All sides"),
            "across": _("Left and right sides"),
            "down": _("Upper and lower sides"),
            "shifted": _("All sides, every other row shifted by half"),
        },
    )
    precision = choice(
        "precision",
        _("Precision"),
        _("How finely the models compute: rounded is faster, at hardly a visible difference."),
        {
            "auto": _("Rounded where it is faster"),
            "fp32": _("Fine"),
            "bf16": _("Rounded"),
        },
    )

    SECTIONS: Sections = (
        (
            _("How it is drawn"),
            (
                *("drawer", "cells", "outline", "strokes", "stroke_width", "stroke_length"),
                *("repeats", "precision"),
            ),
        ),
    )
