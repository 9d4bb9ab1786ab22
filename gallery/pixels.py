"""Opening pictures and turning them into plain pixels. Pillow only, so that the encoder can use it too."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageOps

from gallery.disguises import disguised_as
from gallery.prints import prints_of

# Pillow's format → content type. MPO is what cameras write as .jpg when they add a second view.
CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "HEIF": "image/heic",
}
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "HEIF")
ANIMATED_FORMATS = {"PNG", "WEBP", "GIF", "AVIF"}  # further pictures in the others are pages or views

# What Pillow's decoders raise on broken data.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)

SKETCH = 1024  # pixels of the longer side from which a print is made

_ORIENTATION_TAG = 0x0112
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height
_TURNS = {  # EXIF orientation → what makes it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureError(Exception):
    """A file cannot be used as a picture."""


class NotAPicture(PictureError):
    """The content is no picture of any kind that is known."""


class UnsupportedFormat(PictureError):
    """A picture, but of a format that is not accepted. `args[0]` names it."""


class DamagedPicture(PictureError):
    """The content starts like a picture and cannot be decoded to its end."""


class TooManyPixels(PictureError):
    """Decoding would take more memory than is allowed."""


class TooManyFrames(PictureError):
    """An animation of more frames than MAX_FRAMES."""


class TooMuchMetadata(PictureError):
    """What is noted in the picture has more than MAX_METADATA bytes."""


class AlsoSomethingElse(PictureError):
    """A picture that other programs take for something else. `args[0]` names it."""


class TooSlow(PictureError):
    """Decoding takes longer than is allowed."""


@dataclass(frozen=True)
class Inspected:
    """What the content of a file says about itself, after all of its first frame was decoded."""

    content_type: str
    width: int  # pixels, orientation applied
    height: int
    is_animated: bool
    prints: str | None = None  # prints.prints_of() the first frame, in hexadecimal digits

    def prints_in_full(self) -> np.ndarray | None:
        """(2, 32, 32) uint8."""
        if self.prints is None:
            return None
        return np.frombuffer(bytes.fromhex(self.prints), np.uint8).reshape(2, 32, 32)


MAX_FRAMES = 5000  # nearly three minutes at 30 a second
MAX_METADATA = 8 * 1024 * 1024  # bytes of EXIF, XMP, comments and colour profile together

_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def prepare_pillow(max_pixels: int) -> None:
    """Adds HEIC, sets Pillow's own limit for this whole process, and makes its warning the error that it
    should be.

    open_picture() checks every picture by itself; Pillow's limit also stops frames and tiles that turn out
    larger than the picture they belong to.
    """
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    Image.MAX_IMAGE_PIXELS = max_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def open_picture(file: BinaryIO, *, max_pixels: int) -> Image.Image:
    """The picture with its pixels not decoded yet, of an accepted format and within `max_pixels`.

    The content decides, not the file's name. Raises NotAPicture, UnsupportedFormat, DamagedPicture or
    TooManyPixels.
    """
    file.seek(0)
    try:
        picture = Image.open(file, formats=FORMATS)
    except _BOMBS:
        raise TooManyPixels from None
    except DECODE_ERRORS as error:
        raise _why_not(file) from error
    width, height = picture.size
    if width * height > max_pixels:
        raise TooManyPixels
    return picture


def decode_fully(file: BinaryIO, *, max_pixels: int) -> Image.Image:
    """The first frame, decoded. Checksums and data are both checked: each finds damage the other misses."""
    checked = open_picture(file, max_pixels=max_pixels)
    try:
        checked.verify()
    except _BOMBS:
        raise TooManyPixels from None
    except DECODE_ERRORS as error:
        raise DamagedPicture from error
    picture = open_picture(file, max_pixels=max_pixels)  # verify() leaves an object that cannot be read
    load_pixels(picture)
    return picture


def inspect(file: BinaryIO, *, max_pixels: int) -> Inspected:
    """Decodes all of the first frame.

    Raises as open_picture(), TooManyFrames, TooMuchMetadata or AlsoSomethingElse.
    """
    picture = decode_fully(file, max_pixels=max_pixels)
    if _metadata_size(picture) > MAX_METADATA:
        raise TooMuchMetadata
    if _has_more_frames(picture, MAX_FRAMES):
        raise TooManyFrames
    if kind := disguised_as(file):
        raise AlsoSomethingElse(kind)
    width, height = oriented_size(picture)
    animated = is_animated(picture)
    found = prints_of(_sketch(picture))
    return Inspected(
        CONTENT_TYPES[picture.format or ""],
        width,
        height,
        animated,
        prints=None if found is None else found.tobytes().hex(),
    )


def load_pixels(picture: Image.Image) -> None:
    try:
        picture.load()
    except _BOMBS:
        raise TooManyPixels from None
    except DECODE_ERRORS as error:
        raise DamagedPicture from error


def oriented_size(picture: Image.Image) -> tuple[int, int]:
    """Width and height as people see the picture, after its EXIF orientation."""
    width, height = picture.size
    return (height, width) if _orientation(picture) in _SIDEWAYS else (width, height)


def is_animated(picture: Image.Image) -> bool:
    """Whether more than the first frame is there, damaged or not."""
    if picture.format not in ANIMATED_FORMATS:
        return False
    try:
        return bool(getattr(picture, "is_animated", False))
    except DECODE_ERRORS:
        return False


def _has_more_frames(picture: Image.Image, limit: int) -> bool:
    """Frames are counted, not decoded; where one is broken the count ends."""
    if not is_animated(picture):
        return False
    try:
        return int(getattr(picture, "n_frames", 1)) > limit
    except DECODE_ERRORS:
        return False


def _metadata_size(picture: Image.Image) -> int:
    return sum(len(value) for value in picture.info.values() if isinstance(value, bytes | str))


def clean_pixels(file: BinaryIO, *, max_pixels: int, at_least: int | None = None) -> Image.Image:
    """The picture as upright sRGB pixels on white, without metadata.

    `at_least`: a size in pixels that is enough for both sides; large JPEGs are then decoded at a half, a
    quarter or an eighth of their size, which takes a fraction of the time and memory.
    """
    picture = open_picture(file, max_pixels=max_pixels)
    if at_least:
        picture.draft(None, (at_least, at_least))  # only JPEG does anything here
    load_pixels(picture)
    orientation = _orientation(picture)
    upright = ImageOps.exif_transpose(picture) if orientation != 1 else picture
    return _without_metadata(_to_rgb(upright))


def _sketch(picture: Image.Image) -> Image.Image:
    """A decoded picture as small upright sRGB pixels on white, without a second copy in its full size."""
    size, orientation = picture.size, _orientation(picture)
    if max(size) > SKETCH:
        is_smooth = picture.mode in {"L", "RGB", "RGBA", "LA", "CMYK", "YCbCr"}
        method = Image.Resampling.BOX if is_smooth else Image.Resampling.NEAREST  # palettes do not mix
        scale = SKETCH / max(size)
        small = picture.resize((max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), method)
        small.info = picture.info
    else:
        small = picture
    upright = small.transpose(_TURNS[orientation]) if orientation in _TURNS else small
    upright.info = picture.info
    return _to_rgb(upright)


def fit(picture: Image.Image, longest: int) -> Image.Image:
    """The picture scaled down so that its longest side has `longest` pixels; never scaled up."""
    if max(picture.size) <= longest:
        return picture
    scale = longest / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _why_not(file: BinaryIO) -> PictureError:
    """Why Pillow could not open the file as one of the accepted formats."""
    file.seek(0)
    head = file.read(32)
    if _is_heic(head) or any(Image.OPEN[name][1](head) for name in FORMATS if name in Image.OPEN):  # type: ignore[misc]
        return DamagedPicture()
    if head.startswith(b"%PDF"):
        return UnsupportedFormat("PDF")
    file.seek(0)
    try:
        other = Image.open(file)  # reads a header only, never pixels
    except (*_BOMBS, *DECODE_ERRORS):
        return NotAPicture()
    return UnsupportedFormat(other.format or "?")


def _is_heic(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"}


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except DECODE_ERRORS:
        return 1  # an EXIF block that cannot be read does not spoil the picture
    return value if value in range(1, 9) else 1


def _to_rgb(picture: Image.Image) -> Image.Image:
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


def _without_metadata(picture: Image.Image) -> Image.Image:
    """A picture of nothing but these pixels: re-saving another keeps comments, EXIF and profiles."""
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    return clean
