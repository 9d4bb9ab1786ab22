"""Prints know a picture again after what people do to it, and tell it from others."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageEnhance, ImageOps

from gallery import pixels, prints
from tests.gallery.drawing import encoded, noise, plain, scenery

THRESHOLD = 36  # the default of PrintBlocking


def apart(one: Pillow.Image, other: Pillow.Image) -> int:
    first, second = prints.prints_of(one), prints.prints_of(other)
    assert first is not None
    assert second is not None
    assert first.kept
    return int(prints.apart(prints.from_kept([first.kept]), second.ways)[0])


def saved(picture: Pillow.Image, kind: str, **options: object) -> Pillow.Image:
    return Pillow.open(io.BytesIO(encoded(picture, kind, **options))).convert("RGB")


CHANGES = {
    "scaled down": lambda picture: picture.resize((80, 60)),
    "scaled up": lambda picture: picture.resize((900, 675)),
    "JPEG of quality 30": lambda picture: saved(picture, "JPEG", quality=30),
    "WebP of quality 30": lambda picture: saved(picture, "WEBP", quality=30),
    "cropped": lambda picture: picture.crop((6, 4, picture.width - 4, picture.height - 2)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "rotated a little": lambda picture: picture.rotate(1),
    "bordered": lambda picture: ImageOps.expand(picture, 30, "white"),
    "a quarter turn": lambda picture: picture.transpose(Pillow.Transpose.ROTATE_90),
    "half a turn": lambda picture: picture.transpose(Pillow.Transpose.ROTATE_180),
    "mirrored": ImageOps.mirror,
    "transposed": lambda picture: picture.transpose(Pillow.Transpose.TRANSVERSE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_known_again(change):
    for seed in range(3):
        picture = scenery(seed=seed)
        assert apart(picture, CHANGES[change](picture)) <= THRESHOLD


def test_a_mark_on_an_empty_border_changes_little():
    picture = ImageOps.expand(scenery(), 30, "white")
    marked = picture.copy()
    marked.paste((200, 0, 0), (5, picture.height - 20, 60, picture.height - 10))
    assert apart(picture, marked) <= THRESHOLD


def test_pictures_that_have_nothing_to_do_with_each_other_differ_in_about_half_of_the_bits():
    found = np.stack([prints.prints_of(scenery(seed=seed)).ways[0, 0] for seed in range(40)])
    between = prints.distances(found, found)[np.triu_indices(40, 1)]
    assert between.min() > 2 * THRESHOLD
    assert abs(between.mean() - prints.BITS / 2) < 4


def test_a_darker_copy_is_compared_though_no_print_of_it_would_be_kept():
    picture = ImageOps.autocontrast(scenery(seed=3))
    known = prints.prints_of(picture)
    assert known is not None
    found = prints.prints_of(ImageEnhance.Brightness(picture).enhance(0.1 / known.quality))
    assert found is not None
    assert (found.kept, bool(known.kept)) == (None, True)
    assert prints.apart(prints.from_kept([known.kept]), found.ways)[0] <= THRESHOLD


def test_a_flat_picture_has_no_print():
    assert prints.prints_of(plain("#3366cc")) is None
    assert prints.prints_of(ImageOps.expand(plain("black", 8, 4), 60, "white")) is None  # a speck


def test_the_eight_ways_to_turn_a_picture_come_from_its_bits_alone_too():
    for seed in range(5):
        exact = prints.prints_of(scenery(seed=seed))
        assert exact is not None
        near = prints.turned(exact.ways[:, 0])
        assert (near[:, 0] == exact.ways[:, 0]).all()
        assert np.diagonal(prints.distances(near[1], exact.ways[1, :8])).max() <= 20


def test_distances_count_bits():
    nothing, all_bits = np.zeros((1, 32), np.uint8), np.full((1, 32), 255, np.uint8)
    one_bit = np.zeros((1, 32), np.uint8)
    one_bit[0, 17] = 4
    assert prints.distances(nothing, np.concatenate([nothing, one_bit, all_bits])).tolist() == [[0, 1, 256]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_file_is_inspected_the_way_up_that_people_see_it(orientation):
    picture = scenery()
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    content = encoded(picture, "JPEG", exif=exif, quality=90)
    found = pixels.inspect(io.BytesIO(content), max_pixels=10**7)
    seen = prints.prints_of(pixels.clean_pixels(io.BytesIO(content), max_pixels=10**7))
    assert found.prints is not None
    assert seen is not None
    assert (found.prints.ways == seen.ways).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "I;16", "CMYK"])
def test_every_kind_of_pixels_has_a_print_also_when_it_is_large(mode):
    picture = scenery(1500, 1100)
    if mode == "I;16":
        turned = Pillow.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        turned = picture.convert(mode)
    content = encoded(turned, "TIFF" if mode == "CMYK" else "PNG")
    found = pixels.inspect(io.BytesIO(content), max_pixels=10**7)
    known, plainly = found.prints, prints.prints_of(picture)
    assert known is not None
    assert plainly is not None
    assert prints.apart(plainly.ways[None, :, 0], known.ways)[0] <= (THRESHOLD if mode == "1" else 12)


def test_noise_is_told_from_other_noise():
    assert apart(noise(seed=1), noise(seed=2)) > 2 * THRESHOLD
