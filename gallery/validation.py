"""What an uploaded file has to pass. Each check raises a ValidationError with a code of its own."""

from dataclasses import dataclass
from typing import BinaryIO, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from gallery import pixels

ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF, BMP, TIFF"


@dataclass(frozen=True)
class Picture:
    """What the content of a file says about itself."""

    content_type: str
    width: int  # pixels, orientation applied
    height: int


def validate_picture(file: File) -> Picture:
    """Checks an upload from the cheapest test to a full decode of its first frame.

    Codes: `empty`, `too_large`, `not_a_picture`, `unsupported_type`, `too_many_pixels`, `truncated`.
    """
    check_not_empty(file)
    check_byte_size(file)
    return check_content(file)


def check_not_empty(file: File) -> None:
    if not file.size:
        raise ValidationError(_("The file is empty."), code="empty")


def check_byte_size(file: File) -> None:
    check_size(file.size)


def check_size(size: int) -> None:
    """Of a file, in bytes; also before any of them is sent."""
    if size > settings.UPLOAD_MAX_BYTES:
        raise ValidationError(
            _("The file has %(size)s; at most %(limit)s are allowed."),
            code="too_large",
            params={
                "size": filesizeformat(size),
                "limit": filesizeformat(settings.UPLOAD_MAX_BYTES),
            },
        )


def check_content(file: File) -> Picture:
    """The content decides what a file is: a picture with a wrong extension is a picture."""
    try:
        picture = pixels.decode_fully(cast(BinaryIO, file), max_pixels=settings.UPLOAD_MAX_PIXELS)
    except pixels.NotAPicture:
        raise ValidationError(
            _("This is not a picture. Accepted are %(types)s."),
            code="not_a_picture",
            params={"types": ACCEPTED},
        ) from None
    except pixels.UnsupportedFormat as error:
        raise ValidationError(
            _("Pictures of the type %(type)s are not accepted; save it as one of %(types)s."),
            code="unsupported_type",
            params={"type": error.args[0], "types": ACCEPTED},
        ) from None
    except pixels.TooManyPixels:
        raise ValidationError(
            _("The picture has too many pixels; at most %(limit)d million are allowed."),
            code="too_many_pixels",
            params={"limit": settings.UPLOAD_MAX_PIXELS // 1_000_000},
        ) from None
    except pixels.DamagedPicture:
        raise ValidationError(
            _("The picture is damaged or was cut off on its way."), code="truncated"
        ) from None
    finally:
        file.seek(0)
    width, height = pixels.oriented_size(picture)
    return Picture(pixels.CONTENT_TYPES[picture.format or ""], width, height)
