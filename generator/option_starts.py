"""Options for what a picture begins as, what is laid over it, how it is zoomed, and what only a part of it
is to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from generator.option_kinds import choice, colour, number, part_prompt, picture

if TYPE_CHECKING:
    from generator.option_kinds import Sections


class StartFields(forms.Form):
    inside = part_prompt("inside", _("Inside the spot"), _("A prompt for this part of the picture alone."))
    outside = part_prompt("outside", _("Outside the spot"), _("A prompt for all that lies around it."))
    spot = choice(
        "spot",
        _("Spot"),
        _("Where it is, if one of the two prompts is given."),
        {
            "circle": _("A circle in the middle"),
            "square": _("A square in the middle"),
            "left": _("The left half"),
            "right": _("The right half"),
            "top": _("The upper half"),
            "bottom": _("The lower half"),
        },
    )
    spot_picture = picture(
        "spot_picture",
        _("Spot from a picture"),
        _("The address of a picture's page: what is light in it is the spot."),
    )

    start = choice(
        "start",
        _("Start"),
        _("What there is before the first step."),
        {
            "usual": _("The usual"),
            "colour": _("One colour"),
            "gradient": _("A gradient"),
            "pixels": _("Noise of pixels"),
            "fractal": _("Clouds of noise"),
        },
    )
    start_colour = colour("start_colour", _("Colour of the start"), _("Where it is one colour."))
    init_picture = picture(
        "init_picture",
        _("Start from a picture"),
        _("The address of its page, or press “Make from this” there."),
    )
    init_opacity = number(
        "init_opacity", _("Opacity of the picture"), _("How much it covers of the start under it.")
    )
    init_weight = number(
        "init_weight", _("Hold to the start"), _("How strongly the picture stays what it was.")
    )
    init_distance = choice(
        "init_distance",
        _("Held by"),
        _("What of the start is kept."),
        {
            "pixels": _("Its pixels"),
            "latent": _("The model's view of it"),
            "cosine": _("The direction of that view"),
            "angle": _("The angle of that view"),
        },
    )
    overlay_picture = picture(
        "overlay_picture",
        _("Overlay"),
        _("The address of a picture's page that is laid over the picture again and again."),
    )
    overlay_opacity = number("overlay_opacity", _("Opacity of the overlay"), _("How much it covers."))
    overlay_every = number("overlay_every", _("Every so many steps"), _("How often it is laid on."))
    overlay_offset = number("overlay_offset", _("First after so many steps"), _("When it is first laid on."))
    overlay_until = number("overlay_until", _("Until this step"), _("When it ends; 0 is never."))

    zoom_every = number(
        "zoom_every",
        _("Zoom every so many steps"),
        _("Each zoom becomes a picture of the zoom video; 0 is no zoom."),
    )
    zoom_scale = number(
        "zoom_scale", _("Scale of a zoom"), _("How much larger it gets each time; below 1 it gets smaller.")
    )
    zoom_shift_x = number(
        "zoom_shift_x",
        _("Shift to the right"),
        _("Pixels that it moves with each zoom; below 0 it moves to the left."),
    )
    zoom_shift_y = number(
        "zoom_shift_y", _("Shift down"), _("Pixels that it moves with each zoom; below 0 it moves up.")
    )
    zoom_start = number("zoom_start", _("First zoom after so many steps"), _("Until then it stands still."))

    SECTIONS: Sections = (
        (
            _("What it starts from"),
            ("start", "start_colour", "init_picture", "init_opacity", "init_weight", "init_distance"),
        ),
        (
            _("What is laid over it"),
            ("overlay_picture", "overlay_opacity", "overlay_every", "overlay_offset", "overlay_until"),
        ),
        (_("Zooming"), ("zoom_every", "zoom_scale", "zoom_shift_x", "zoom_shift_y", "zoom_start")),
        (_("A part of the picture"), ("inside", "outside", "spot", "spot_picture")),
    )
