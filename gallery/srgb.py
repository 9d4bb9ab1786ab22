"""The colours of a picture as a screen shows them: 8 bits of red, green and blue, whatever its file has."""

import io

import numpy as np
from PIL import Image, ImageCms


def to_rgb(picture: Image.Image) -> Image.Image:
    """On white where it is transparent."""
    if picture.mode.startswith(("I", "F")):
        picture = _to_8_bits(picture)
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "CMYK", "L"}:
        picture = _to_srgb(picture, profile)
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(ground, picture).convert("RGB")
    return picture.convert("RGB")


def _to_8_bits(picture: Image.Image) -> Image.Image:
    """16-bit greys by their high byte; other integers and floats by the span of their values.

    Pillow's own conversion of these modes clips at 255, which makes nearly everything white.
    """
    values = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        return Image.fromarray((values >> 8).astype(np.uint8))
    grey = np.nan_to_num(values.astype(np.float32))
    low, high = float(grey.min()), float(grey.max())
    if picture.mode == "I" and low >= 0:  # a 16-bit PNG in a wider mode
        low, high = 0.0, 65535.0 if high > 255 else 255.0
    span = (high - low) or 1.0
    return Image.fromarray(((grey - low) / span * 255).clip(0, 255).astype(np.uint8))


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as a screen shows them; phones' wide-gamut pictures look pale without this."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture  # a profile that does not fit the picture: its plain numbers are the best guess
    return converted or picture
