"""Colours as people write them: `#e63946`, or several with spaces or commas between."""

from __future__ import annotations

import re

MAX_COLOURS = 32
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)

Colour = tuple[float, float, float]


class ColourError(ValueError):
    """`word` is no colour; empty where colours are missing or too many."""

    def __init__(self, word: str) -> None:
        reason = f"{word!r} is no colour such as #e63946" if word else f"needs 1 to {MAX_COLOURS} colours"
        super().__init__(reason)
        self.word = word


def parse_colours(text: str) -> tuple[Colour, ...]:
    """Red, green and blue in [0, 1] of each colour, in their order. Raises ColourError."""
    words = re.split(r"[\s,;]+", text.strip(" ,;\t"))
    if not words[0] or len(words) > MAX_COLOURS:
        raise ColourError("")
    return tuple(_parse(word) for word in words)


def parse_colour(text: str) -> Colour:
    """Red, green and blue in [0, 1]. Raises ColourError."""
    return _parse(text.strip())


def _parse(word: str) -> Colour:
    found = _HEX.fullmatch(word)
    if not found:
        raise ColourError(word)
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue
