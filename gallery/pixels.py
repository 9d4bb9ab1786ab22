"""Opening pictures and turning them into plain pixels. Pillow only, so that the encoder can use it too."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

from gallery.disguises import disguised_as
from gallery.prints import Prints, prints_of
from gallery.sketch import sketch
from gallery.srgb import to_rgb

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

_ORIENTATION_TAG = 0x0112
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height


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
    ways: str | None = None  # of the prints of the first frame, see prints.py, in hexadecimal digits
    quality: float = 0.0  # of these

    @property
    def prints(self) -> Prints | None:
        if self.ways is None:
            return None
        return Prints(np.frombuffer(bytes.fromhex(self.ways), np.uint8).reshape(2, 32, 32), self.quality)


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
    found = _prints(picture)
    return Inspected(
        CONTENT_TYPES[picture.format or ""],
        width,
        height,
        animated,
        ways=found.ways.tobytes().hex() if found else None,
        quality=found.quality if found else 0.0,
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
    return _without_metadata(to_rgb(upright))


def _prints(picture: Image.Image) -> Prints | None:
    """None also where the pixels have colours that cannot be converted, which its preparation will tell."""
    try:
        return prints_of(sketch(picture, orientation=_orientation(picture)))
    except DECODE_ERRORS:
        return None


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


def _without_metadata(picture: Image.Image) -> Image.Image:
    """A picture of nothing but these pixels: re-saving another keeps comments, EXIF and profiles."""
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    return clean
