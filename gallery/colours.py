"""A name for a colour, so that every database can filter by it exactly."""

import colorsys

from django.db import models
from django.utils.translation import gettext_lazy as _

DARK, BRIGHT = 0.16, 0.92  # lightness, 0 to 1: black below the first, white above the second
PALE = 0.14  # saturation of HSV times value, 0 to 1: grey below


class Colour(models.TextChoices):
    RED = "red", _("Red")
    ORANGE = "orange", _("Orange")
    BROWN = "brown", _("Brown")
    YELLOW = "yellow", _("Yellow")
    GREEN = "green", _("Green")
    TURQUOISE = "turquoise", _("Turquoise")
    BLUE = "blue", _("Blue")
    PURPLE = "purple", _("Purple")
    PINK = "pink", _("Pink")
    BLACK = "black", _("Black")
    GREY = "grey", _("Grey")
    WHITE = "white", _("White")


# Upper end of each hue, in degrees; what is left up to 360 is red again.
_HUES = [
    (18, Colour.RED),
    (43, Colour.ORANGE),
    (70, Colour.YELLOW),
    (160, Colour.GREEN),
    (195, Colour.TURQUOISE),
    (255, Colour.BLUE),
    (292, Colour.PURPLE),
    (342, Colour.PINK),
    (360, Colour.RED),
]


def named(color: str) -> Colour:
    """The name nearest to #rrggbb: by hue, once black, white and grey are told apart."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, _saturation = colorsys.rgb_to_hls(red, green, blue)
    chroma = max(red, green, blue) - min(red, green, blue)
    if lightness < DARK and chroma < 2 * DARK:
        return Colour.BLACK
    if lightness > BRIGHT:
        return Colour.WHITE
    if chroma < PALE:
        return Colour.GREY
    name = next(name for end, name in _HUES if hue * 360 <= end)
    if name is Colour.ORANGE and lightness < 0.42:
        return Colour.BROWN
    if name is Colour.RED and lightness > 0.72:
        return Colour.PINK
    return name


def cells(placeholder: str) -> list[dict[str, int | str]]:
    """Where in three rows of three each colour stands: nine times rrggbb, one after the other."""
    colours = [placeholder[start : start + 6] for start in range(0, len(placeholder), 6)]
    return [{"x": place % 3, "y": place // 3, "color": colour} for place, colour in enumerate(colours)]
