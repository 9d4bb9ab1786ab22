import io

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image as Pillow
from PIL import ImageCms, PngImagePlugin

from gallery.derivatives import dominant_color, make_thumbnails, placeholder, read_pixels
from gallery.models import Image
from gallery.uploads import store_image
from tests.gallery.drawing import encoded, noise, plain, upload


@pytest.fixture
def thumbnails(alice):
    """Stores a file and returns its thumbnails, by their size."""

    def thumbnails(content: bytes) -> dict[int, Pillow.Image]:
        image = store_image(owner=alice, file=upload(content))
        make_thumbnails(image=image, picture=read_pixels(image=image))
        image.refresh_from_db()
        assert image.has_thumbnails
        return {
            size: Pillow.open(io.BytesIO(default_storage.open(image.thumbnail_path(size)).read()))
            for size in Image.THUMBNAIL_SIZES
        }

    return thumbnails


def mean(picture: Pillow.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), np.float32).mean(axis=(0, 1))


def test_thumbnails_are_webp_with_the_longest_side_of_their_size(thumbnails):
    made = thumbnails(encoded(noise(2000, 1000), "JPEG"))
    assert {size: picture.size for size, picture in made.items()} == {320: (320, 160), 1280: (1280, 640)}
    assert made[320].format == "WEBP"


def test_small_pictures_are_not_blown_up(thumbnails):
    assert thumbnails(encoded(noise(100, 50)))[1280].size == (100, 50)


def test_a_line_of_pixels_has_thumbnails_too(thumbnails):
    assert thumbnails(encoded(noise(4000, 1)))[320].size == (320, 1)


def test_thumbnails_carry_no_metadata(thumbnails):
    exif = Pillow.Exif()
    exif[0x010E] = "taken at home"
    content = encoded(noise(), "JPEG", exif=exif, comment=b"secret", xmp=b"<x>secret</x>")
    for picture in thumbnails(content).values():
        assert not {"exif", "xmp", "comment", "icc_profile"} & picture.info.keys()
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "secret")
    for picture in thumbnails(encoded(noise(), "PNG", pnginfo=note)).values():
        assert "Comment" not in picture.info


def test_thumbnails_stand_upright(thumbnails):
    picture = plain("white", 80, 40)
    picture.paste("red", (0, 0, 40, 40))  # the left half
    exif = Pillow.Exif()
    exif[0x0112] = 6  # to be turned clockwise: left becomes top
    made = thumbnails(encoded(picture, "JPEG", exif=exif, quality=95))[320]
    assert made.size == (40, 80)
    top, bottom = np.asarray(made, np.int32)[5, 20], np.asarray(made, np.int32)[75, 20]
    assert top[0] > 200
    assert top[1] < 60
    assert bottom.min() > 200


def test_transparency_becomes_white(thumbnails):
    made = thumbnails(encoded(Pillow.new("RGBA", (50, 50), (255, 0, 0, 0))))[320]
    assert mean(made).min() > 250
    palette = Pillow.new("P", (50, 50), 0)
    palette.info["transparency"] = 0
    assert mean(thumbnails(encoded(palette, "GIF", transparency=0))[320]).min() > 250


def test_sixteen_bit_greys_keep_their_shades(thumbnails):
    ramp = np.linspace(0, 65535, 100 * 100).reshape(100, 100).astype(np.uint16)
    made = thumbnails(encoded(Pillow.fromarray(ramp)))[320]
    assert 110 < mean(made).mean() < 145


def test_cmyk_jpegs_keep_their_colours(thumbnails):
    made = thumbnails(encoded(plain("blue").convert("CMYK"), "JPEG"))[320]
    red, green, blue = mean(made)
    assert blue > 150
    assert max(red, green) < 110


def test_wide_colours_are_converted_to_srgb(thumbnails):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    fits = thumbnails(encoded(plain("#336699"), "PNG", icc_profile=srgb))[320]
    assert np.abs(mean(fits) - [0x33, 0x66, 0x99]).max() < 6
    unfit = thumbnails(encoded(plain("#336698"), "PNG", icc_profile=profile))[320]
    assert np.abs(mean(unfit) - [0x33, 0x66, 0x98]).max() < 6
    garbage = thumbnails(encoded(plain("#336697"), "PNG", icc_profile=b"garbage"))[320]
    assert np.abs(mean(garbage) - [0x33, 0x66, 0x97]).max() < 6


def test_the_first_frame_of_an_animation_is_shown(thumbnails):
    frames = [plain("red"), plain("blue")]
    for kind in ("GIF", "WEBP"):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        red, _, blue = mean(thumbnails(content)[320])
        assert red > 240
        assert blue < 20


@pytest.mark.parametrize("color", ["#ff0000", "#00a0ff", "#ffffff", "#000000"])
def test_the_dominant_colour_is_that_of_most_pixels(color):
    picture = plain(color, 200, 200)
    picture.paste("#123456", (0, 0, 60, 60))
    found = tuple(int(dominant_color(picture)[place : place + 2], 16) for place in (1, 3, 5))
    wanted = tuple(int(color[place : place + 2], 16) for place in (1, 3, 5))
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 12


def test_a_placeholder_has_the_colours_where_the_picture_has_them():
    picture = plain("white", 90, 60)
    picture.paste("red", (0, 0, 30, 60))
    picture.paste("blue", (60, 40, 90, 60))
    image = Image(placeholder=placeholder(picture))
    assert [cell["color"] for cell in image.placeholder_cells] == [
        *("ff0000", "ffffff", "ffffff"),
        *("ff0000", "ffffff", "ffffff"),
        *("ff0000", "ffffff", "0000ff"),
    ]


def test_making_thumbnails_again_leaves_the_same_files(alice):
    image = store_image(owner=alice, file=upload(encoded(noise(500, 400))))
    picture = read_pixels(image=image)
    for _ in range(2):
        make_thumbnails(image=image, picture=picture)
    folder = default_storage.listdir(f"thumbnails/{image.pk}")
    assert sorted(folder[1]) == ["1280.webp", "320.webp"]
