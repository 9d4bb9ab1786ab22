"""What an uploaded file has to pass. Each check raises a ValidationError with a code of its own."""

import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from gallery import pixels
from gallery.decoder.pool import DecoderBusy, decoders

ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF, HEIC, BMP, TIFF"
# Of the direction of text: what forces it, unlike the marks that names in Arabic and Hebrew may need.
OVERRIDES = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
BUSY = "busy"  # the one refusal that says nothing about the file


def validate_picture(file: File) -> pixels.Inspected:
    """Checks an upload from the cheapest test to a full decode of its first frame.

    Codes: `name`, `empty`, `too_large`, `not_a_picture`, `unsupported_type`, `too_many_pixels`, `truncated`,
    `too_many_frames`, `too_much_metadata`, `disguised`, `too_slow`, `busy`.
    """
    check_name(file.name or "")
    check_not_empty(file)
    check_byte_size(file)
    return check_content(file)


def check_name(name: str) -> None:
    """A name that leads elsewhere or hides what it is; plain forms cut such names down themselves."""
    if any(character in "/\\" or unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise ValidationError(
            _("The file's name has characters that no name of a file has. Rename it."), code="name"
        )
    if any(character in OVERRIDES for character in name):
        raise ValidationError(
            _("The file's name has invisible characters that turn its text around. Rename it."), code="name"
        )


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


def check_content(file: File) -> pixels.Inspected:
    """The content decides what a file is: a picture with a wrong extension is a picture."""
    try:
        return _decode(file)
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
    except pixels.TooManyFrames:
        raise ValidationError(
            _("The animation has too many pictures; at most %(limit)d are allowed."),
            code="too_many_frames",
            params={"limit": pixels.MAX_FRAMES},
        ) from None
    except pixels.TooMuchMetadata:
        raise ValidationError(
            _("More than %(limit)s in the file are not the picture itself. Save it without its metadata."),
            code="too_much_metadata",
            params={"limit": filesizeformat(pixels.MAX_METADATA)},
        ) from None
    except pixels.AlsoSomethingElse as error:
        raise ValidationError(
            _("The file is a picture and something else as well (%(type)s). Save the picture anew."),
            code="disguised",
            params={"type": error.args[0]},
        ) from None
    except pixels.TooSlow:
        raise ValidationError(
            _("The picture takes too long to decode; at most %(limit)d s are allowed."),
            code="too_slow",
            params={"limit": settings.UPLOAD_MAX_SECONDS},
        ) from None
    except DecoderBusy:
        raise ValidationError(
            _("Too many pictures are being checked just now. Try again in a minute."), code=BUSY
        ) from None


def _decode(file: File) -> pixels.Inspected:
    file.seek(0)
    try:
        return decoders().inspect(
            file.chunks(),
            file.size,
            max_pixels=settings.UPLOAD_MAX_PIXELS,
            seconds=settings.UPLOAD_MAX_SECONDS,
        )
    finally:
        file.seek(0)
