"""A decoded picture made small at once, for what looks at its shapes only."""

from PIL import Image

from gallery.srgb import to_rgb

LONGEST = 1024  # pixels
_TURNS = {  # EXIF orientation → what makes it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def sketch(picture: Image.Image, *, orientation: int) -> Image.Image:
    """Upright sRGB pixels on white, without a second copy of the picture in its full size. orientation: as in
    EXIF, 1 to 8."""
    small = _smaller(picture) if max(picture.size) > LONGEST else picture
    upright = small.transpose(_TURNS[orientation]) if orientation in _TURNS else small
    upright.info = picture.info
    return to_rgb(upright)


def _smaller(picture: Image.Image) -> Image.Image:
    is_smooth = picture.mode in {"L", "RGB", "RGBA", "LA", "CMYK", "YCbCr"}
    method = Image.Resampling.BOX if is_smooth else Image.Resampling.NEAREST  # palettes do not mix
    scale = LONGEST / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), method)
