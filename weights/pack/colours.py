"""Names the colour of a drawing, so that captions can say it."""

import torch
from torch import Tensor

NAMES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")
_SPOKEN = {*NAMES, "grey", "violet", "magenta", "cyan", "turquoise", "golden", "silver"}
_DOMINANT = 0.6  # share of what is drawn that one colour must have before a caption may name it
# Upper ends of hue intervals in degrees; red comes back after pink.
_HUES = (
    (14, "red"),
    (40, "orange"),
    (68, "yellow"),
    (165, "green"),
    (258, "blue"),
    (292, "purple"),
    (345, "pink"),
)


def without_colours(text: str) -> str:
    """`large red circle` → `large circle`."""
    return " ".join(word for word in text.split() if word.lower() not in _SPOKEN)


def names_colour(text: str) -> bool:
    return any(word.lower() in _SPOKEN for word in text.split())


def colour_indices(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) in [0, 1] → (B, H, W) int64 positions in NAMES."""
    value, _ = rgb.max(dim=1)  # (B, H, W)
    chroma = value - rgb.min(dim=1).values
    red, green, blue = rgb.unbind(dim=1)
    safe = chroma.clamp_min(1e-6)
    sector = torch.where(
        value == red, (green - blue) / safe % 6,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )  # fmt: skip
    hue = sector * 60
    index = torch.full_like(hue, NAMES.index("red"), dtype=torch.long)
    for upper, name in reversed(_HUES):
        index[hue < upper] = NAMES.index(name)
    saturation = chroma / value.clamp_min(1e-6)
    orange_like = (index == NAMES.index("orange")) | (index == NAMES.index("red"))
    index[orange_like & (value < 0.65) & (value > 0.2) & (hue > 8) & (hue < 40)] = NAMES.index("brown")
    index[(index == NAMES.index("red")) & (saturation < 0.5) & (value > 0.8)] = NAMES.index("pink")
    dull = saturation < 0.15
    index[dull] = NAMES.index("gray")
    index[dull & (value > 0.88)] = NAMES.index("white")
    index[value < 0.2] = NAMES.index("black")
    return index


def name_colours(rgb: Tensor, alpha: Tensor) -> list[str]:
    """The one colour that each picture has, or an empty string.

    rgb (B, 3, H, W) and alpha (B, 1, H, W) in [0, 1], straight alpha. Outlines in black and shines in white
    do not count unless nearly everything is black or white.
    """
    index, drawn = colour_indices(rgb), alpha[:, 0] > 0.5
    names = []
    for picture, mask in zip(index, drawn, strict=True):
        counts = torch.bincount(picture[mask], minlength=len(NAMES)).float()
        for plain in ("black", "white"):
            if counts[NAMES.index(plain)] < 0.85 * counts.sum():
                counts[NAMES.index(plain)] = 0
        share, best = (counts / counts.sum().clamp_min(1)).max(dim=0)
        names.append(NAMES[int(best)] if share > _DOMINANT and counts.sum() > 0.4 * mask.sum() else "")
    return names
