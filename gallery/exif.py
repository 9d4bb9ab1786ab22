"""What a camera noted in a picture. Pillow only; nothing that stands there is believed unchecked.

Tags by their numbers in Exif 2.32 (CIPA DC-008-2019), sections 4.6.4 to 4.6.6.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, BinaryIO

from gallery import pixels

DETAILS_IFD, PLACE_IFD = 0x8769, 0x8825
MAKE, MODEL, LENS = 0x010F, 0x0110, 0xA434
TAKEN, TAKEN_OFFSET = 0x9003, 0x9011
SCANNED, SCANNED_OFFSET = 0x9004, 0x9012
EXPOSURE, F_NUMBER, ISO, FOCAL_LENGTH, FOCAL_LENGTH_35MM = 0x829A, 0x829D, 0x8827, 0x920A, 0xA405
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE = range(1, 7)

LONGEST_TEXT = 80
DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
FIRST_PHOTOGRAPH = 1826
LARGEST_OFFSET = timedelta(hours=14)
BELOW_SEA = 1  # of ALTITUDE_REF


@dataclass(frozen=True)
class Spot:
    """A place on Earth."""

    latitude: float  # degrees, north positive
    longitude: float  # degrees, east positive
    altitude: float | None  # metres above the sea


@dataclass(frozen=True)
class Facts:
    """Empty texts and None: not there, or not to be understood."""

    taken: datetime | None = None  # by the camera's clock; without a zone where it noted none
    make: str = ""
    model: str = ""
    lens: str = ""
    exposure: float | None = None  # seconds
    f_number: float | None = None
    iso: int | None = None
    focal_length: float | None = None  # millimetres
    focal_length_35mm: float | None = None  # with the same view on 35 mm film
    spot: Spot | None = None


def read_facts(file: BinaryIO, *, max_pixels: int) -> Facts:
    """Raises PictureError if the file is no picture; metadata that cannot be read are no facts."""
    picture = pixels.open_picture(file, max_pixels=max_pixels)
    try:
        exif = picture.getexif()
        main, details, place = dict(exif), exif.get_ifd(DETAILS_IFD), exif.get_ifd(PLACE_IFD)
    except pixels.DECODE_ERRORS:
        return Facts()
    return Facts(
        taken=_taken(details),
        make=_text(main.get(MAKE)),
        model=_text(main.get(MODEL)),
        lens=_text(details.get(LENS)),
        exposure=_number(details.get(EXPOSURE), above=0, upto=7 * 24 * 3600),
        f_number=_number(details.get(F_NUMBER), above=0, upto=1000),
        iso=_whole(_number(details.get(ISO), above=0, upto=10_000_000)),
        focal_length=_number(details.get(FOCAL_LENGTH), above=0, upto=100_000),
        focal_length_35mm=_number(details.get(FOCAL_LENGTH_35MM), above=0, upto=100_000),
        spot=_spot(place),
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    shown = "".join(letter for letter in value.split("\0")[0] if letter.isprintable())
    return " ".join(shown.split())[:LONGEST_TEXT]


def _number(value: Any, *, above: float, upto: float) -> float | None:
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    return number if above < number <= upto else None  # NaN is neither


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)


def _taken(details: dict[int, Any]) -> datetime | None:
    for tag, offset_tag in ((TAKEN, TAKEN_OFFSET), (SCANNED, SCANNED_OFFSET)):
        match = DATE.fullmatch(_text(details.get(tag)))
        if match and int(match[1]) >= FIRST_PHOTOGRAPH:
            try:
                clock = datetime(*map(int, match.groups()), tzinfo=_zone(details.get(offset_tag)))  # type: ignore[arg-type,misc]
            except ValueError:
                continue
            return clock
    return None


def _zone(value: Any) -> timezone | None:
    match = OFFSET.fullmatch(_text(value))
    if not match:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return None if offset > LARGEST_OFFSET else timezone(offset if match[1] == "+" else -offset)


def _spot(place: dict[int, Any]) -> Spot | None:
    latitude = _degrees(place.get(LATITUDE), _text(place.get(LATITUDE_REF)), "NS", 90)
    longitude = _degrees(place.get(LONGITUDE), _text(place.get(LONGITUDE_REF)), "EW", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:  # zeros: no satellites yet
        return None
    altitude = _number(place.get(ALTITUDE), above=-1, upto=100_000)
    if altitude is not None and place.get(ALTITUDE_REF) in {BELOW_SEA, b"\x01"}:
        altitude = -altitude
    return Spot(latitude, longitude, altitude)


def _degrees(value: Any, ref: str, refs: str, limit: float) -> float | None:
    """Degrees, minutes and seconds as three numbers, and the half of the globe as a letter."""
    if not isinstance(value, tuple | list) or len(value) != 3 or ref not in tuple(refs):
        return None
    parts = [_number(part, above=-1, upto=360) for part in value]
    if any(part is None for part in parts):
        return None
    degrees = math.fsum((part or 0) / 60**power for power, part in enumerate(parts))
    if not 0 <= degrees <= limit:
        return None
    return -degrees if ref == refs[1] else degrees
