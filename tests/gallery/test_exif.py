"""What a camera noted is read where it makes sense, and never believed where it does not."""

import io
import random
from datetime import datetime, timedelta, timezone

import pytest

from gallery.exif import Facts, Spot, read_facts
from tests.gallery.drawing import camera_exif, encoded, noise, photo

pytestmark = pytest.mark.filterwarnings("ignore:.*(EXIF|Tag data|Metadata).*:UserWarning")
SUMMER_TIME = timezone(timedelta(hours=2))


def facts_of(file) -> Facts:
    return read_facts(file, max_pixels=1_000_000)


def facts_with(**tags: object) -> Facts:
    return facts_of(photo(**tags))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_all_that_the_camera_noted_is_read(kind):
    found = facts_of(photo(kind=kind))
    assert found.taken == datetime(2024, 7, 1, 23, 30, tzinfo=SUMMER_TIME)
    assert (found.make, found.model, found.lens) == ("NIKON CORPORATION", "NIKON D90", "AF-S 35mm f/1.8")
    assert (found.exposure, found.f_number, found.iso) == (0.004, 2.8, 200)
    assert (found.focal_length, found.focal_length_35mm) == (35, 52)
    assert found.spot == Spot(pytest.approx(59.3295), pytest.approx(18.0686, abs=1e-4), 28)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_a_picture_without_notes_has_no_facts(kind):
    assert facts_of(io.BytesIO(encoded(noise(), kind))) == Facts()


def test_south_west_and_below_the_sea_are_negative():
    spot = facts_with(g1="S", g3="W", g5=b"\x01").spot
    assert spot is not None
    assert spot.latitude < 0
    assert spot.longitude < 0
    assert spot.altitude == -28


@pytest.mark.parametrize(
    "tags",
    [
        {"g2": (91.0, 0.0, 0.0)},
        {"g4": (181.0, 0.0, 0.0)},
        {"g2": (0.0, 0.0, 0.0), "g4": (0.0, 0.0, 0.0)},
        {"g1": "X"},
        {"g1": None},
        {"g2": (59.0, 19.0)},
        {"g2": None},
    ],
)
def test_a_place_that_cannot_be_is_none(tags):
    assert facts_with(**tags).spot is None


@pytest.mark.parametrize(
    "date",
    ["0000:00:00 00:00:00", "2024:02:31 10:00:00", "2024:07:01", "yesterday", "", "1700:01:01 00:00:00"],
)
def test_a_date_that_cannot_be_is_none(date):
    assert facts_with(t9003=date).taken is None


def test_the_date_of_a_scan_stands_in_for_a_missing_one():
    assert facts_with(t9003=None, t9004="1999:12:31 23:59:59").taken == datetime(1999, 12, 31, 23, 59, 59)


@pytest.mark.parametrize("offset", ["+25:00", "Z", "two hours", "", None])
def test_a_clock_without_a_sensible_offset_has_no_zone(offset):
    assert facts_with(t9011=offset).taken == datetime(2024, 7, 1, 23, 30)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_number_that_cannot_be_is_none(value):
    found = facts_with(t829D=value, t920A=value)
    assert (found.f_number, found.focal_length) == (None, None)


def test_texts_are_cut_and_cleaned():
    found = facts_with(tA434="  50\x07mm  lens  \0rest" + 200 * "x")
    assert found.lens == "50mm lens"
    assert len(facts_with(tA434=500 * "x").lens) == 80


def test_garbage_is_no_facts_and_no_error():
    """Every byte of the block may be wrong; the numbers decide, so that a failure can be repeated."""
    whole = camera_exif().tobytes()
    for seed in range(300):
        chance = random.Random(seed)
        broken = bytearray(whole)
        for _ in range(chance.choice([1, 4, 40, len(broken)])):
            broken[chance.randrange(6, len(broken))] = chance.randrange(256)
        content = encoded(noise(8, 8), "JPEG", exif=bytes(broken[: chance.randrange(8, len(broken) + 1)]))
        assert isinstance(facts_of(io.BytesIO(content)), Facts)
