"""Artwork to pixels: trimmed to what is drawn, centred and scaled to one size, with its alpha."""

import io

import numpy as np
import resvg_py
from PIL import Image, UnidentifiedImageError

SIZE = 160
MARGIN = 6 / 160  # transparent share on each side of the longer edge
_OVERSIZE = 1.6  # rendered larger than wanted, because trimming cuts and the rest is scaled


class RenderError(Exception):
    """The artwork has no size, cannot be parsed, or draws nothing."""


def render_svg(svg: str, size: int = SIZE) -> np.ndarray:
    """(size, size, 4) uint8, straight alpha. Raises RenderError."""
    try:
        # Without a resolution, files sized in points or millimetres fail with "invalid size". Fonts of this
        # machine are left out so that the same package renders the same everywhere.
        png = resvg_py.svg_to_bytes(
            svg_string=svg, width=round(_OVERSIZE * size), dpi=90, skip_system_fonts=True
        )
    except ValueError as error:
        raise RenderError(str(error)) from error
    return render_bitmap(bytes(png), size)


def render_photograph(data: bytes, size: int = SIZE) -> np.ndarray:
    """As render_bitmap; a picture without transparency fills the square, as an upload does for CLIP."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            rgba = picture.convert("RGBA")
    except UnidentifiedImageError as error:
        raise RenderError(str(error)) from error
    if rgba.getchannel("A").histogram()[255] < rgba.width * rgba.height:
        return render_bitmap(data, size)
    return np.asarray(rgba.resize((size, size), Image.Resampling.LANCZOS))


def render_bitmap(data: bytes, size: int = SIZE) -> np.ndarray:
    """As render_svg, for PNG or WebP artwork."""
    with Image.open(io.BytesIO(data)) as picture:
        rgba = picture.convert("RGBA")
    box = rgba.getchannel("A").point(lambda alpha: 255 if alpha > 8 else 0).getbbox()
    if box is None or box[2] - box[0] < 4 or box[3] - box[1] < 4:
        raise RenderError("nothing is drawn")
    drawn = rgba.crop(box)
    scale = (size - 2 * round(MARGIN * size)) / max(drawn.size)
    width, height = (max(1, round(side * scale)) for side in drawn.size)
    canvas = Image.new("RGBA", (size, size))
    canvas.paste(
        drawn.resize((width, height), Image.Resampling.LANCZOS), ((size - width) // 2, (size - height) // 2)
    )
    return np.asarray(canvas)


def tiled(picture: Image.Image, times: int) -> Image.Image:
    """A surface from further away: `times` by `times` of the picture side by side, RGB."""
    whole = Image.new("RGB", (times * picture.width, times * picture.height))
    for place in range(times * times):
        whole.paste(picture, (place % times * picture.width, place // times * picture.height))
    return whole


def png(picture: Image.Image) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
