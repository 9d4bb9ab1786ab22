"""The data tool's parts that need no registry."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from tests.clip.packed import packed
from weights.pack.captions import draw_caption
from weights.pack.colours import name_colours, without_colours
from weights.pack.dataset import (
    TEST,
    TRAIN,
    VALIDATION,
    Pair,
    on_ground,
    plain_ground,
    split_of,
    visible_ground,
)
from weights.pack.emoji import concept_of, plain_hexcode, slug
from weights.pack.jpeg import jpeg_within
from weights.pack.openclipart import clean_title, read_openclipart
from weights.pack.packages import Package, PackageError, fetch, pinned_packages, read_members
from weights.pack.render import SIZE, RenderError, render_bitmap, render_svg
from weights.pack.retrieval import far_from_training, named_among, recall
from weights.pack.views import random_views

CIRCLE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}">'
    '<circle cx="{1}" cy="{1}" r="{2}" fill="{3}"/></svg>'
)


def pair(label: str = "red heart", keywords: tuple[str, ...] = ("love", "red")) -> Pair:
    return Pair("noto", "red-heart", label, keywords, "", label, TRAIN, "someone", "MIT")


def test_a_small_drawing_in_a_large_page_fills_the_picture():
    pixels = render_svg(CIRCLE.format(400, 60, 20, "red"))
    assert pixels.shape == (SIZE, SIZE, 4)
    drawn = np.argwhere(pixels[..., 3] > 128)
    assert (drawn.max(axis=0) - drawn.min(axis=0)).min() > 0.85 * SIZE
    assert tuple(pixels[SIZE // 2, SIZE // 2]) == (255, 0, 0, 255)
    assert pixels[0, 0, 3] == 0


def test_sizes_in_points_and_millimetres_render():
    svg = CIRCLE.format(100, 50, 40, "blue").replace('width="100" height="100"', 'width="30mm" height="80pt"')
    assert render_svg(svg)[..., 3].any()


@pytest.mark.parametrize("svg", [CIRCLE.format(90, 40, 0, "red"), "<svg", "<html/>"])
def test_artwork_that_draws_nothing_is_dropped(svg):
    with pytest.raises(RenderError):
        render_svg(svg)


def test_a_wide_bitmap_keeps_its_shape():
    stream = io.BytesIO()
    Image.new("RGBA", (200, 50), (0, 90, 200, 255)).save(stream, "WEBP", lossless=True)
    drawn = np.argwhere(render_bitmap(stream.getvalue())[..., 3] > 128)
    height, width = drawn.max(axis=0) - drawn.min(axis=0) + 1
    assert width / height == pytest.approx(4, abs=0.2)


def test_one_concept_holds_gender_variants_clock_faces_and_directions():
    assert concept_of("man running") == concept_of("woman running") == concept_of("person running")
    assert concept_of("three o'clock") == concept_of("ten-thirty") == "clock face"
    assert concept_of("left arrow") == concept_of("down arrow")
    assert concept_of("family: man, woman, boy") == concept_of("family: woman, girl")
    assert concept_of("cat face", is_animal=True) == "cat"
    assert concept_of("flag of Sweden") != concept_of("flag of Norway")


def test_the_split_is_eighty_ten_ten_and_never_changes():
    splits = [split_of(f"concept {number}") for number in range(4000)]
    assert splits.count(TEST) / 4000 == pytest.approx(0.1, abs=0.02)
    assert splits.count(VALIDATION) / 4000 == pytest.approx(0.1, abs=0.02)
    assert (split_of("cat"), split_of("bag"), split_of("kite")) == (TRAIN, VALIDATION, TEST)


def test_hexcodes_and_names_of_all_sets_agree():
    assert plain_hexcode("0023-FE0F-20E3") == plain_hexcode("23-20e3")
    assert slug("Flag: Åland Islands") == "flag-aland-islands"


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("Clipart by Nicu Buculei - pear", "pear"),
        ("Duck (Yellow)", "duck yellow"),
        ("A Red_Apple 02", "red apple"),
        ("muffin b and w", "muffin"),
    ],
)
def test_titles_lose_what_does_not_describe(title, cleaned):
    assert clean_title(title) == cleaned


def svg_with(title: str, licence: str, shade: int) -> bytes:
    return (
        f"<svg><!-- {shade} --><metadata><dc:title>{title}</dc:title>"
        f'<rdf:li>bird</rdf:li><cc:license rdf:resource="{licence}"/></metadata></svg>'
    ).encode()


def test_clip_art_without_a_dedication_or_title_is_left_out(tmp_path):
    public = "http://web.resource.org/cc/PublicDomain"
    files = {
        "usr/share/openclipart/svg/animals/duck.svg": svg_with("Duck", public, 1),
        "usr/share/openclipart/svg/animals/same.svg": svg_with("Duck", public, 1),
        "usr/share/openclipart/svg/animals/owned.svg": svg_with("Swan", "http://example.org/all-rights", 2),
        "usr/share/openclipart/svg/animals/nameless.svg": svg_with("untitled", public, 3),
    }
    links = {"usr/share/openclipart/svg/animals/link.svg": "duck.svg"}
    drawings = list(read_openclipart(packed(tmp_path, files, links)))
    assert [drawing.title for drawing in drawings] == ["duck"]
    assert drawings[0].keywords == ("bird", "animals")


def test_a_package_that_is_not_the_pinned_file_is_refused(tmp_path):
    package = Package(
        "x", "npm", "x", "1.0.0", "x-1.0.0.tgz", "0" * 64, "MIT", "someone", "https://example.org"
    )
    (tmp_path / package.file).write_bytes(b"something else")
    with pytest.raises(PackageError, match="SHA-256"):
        fetch(package, tmp_path)


def test_every_pinned_package_names_version_checksum_licence_and_author():
    packages = pinned_packages()
    assert packages["openmoji"].licence == "CC-BY-SA-4.0"
    for package in packages.values():
        assert package.version
        assert len(package.sha256) == 64
        assert package.licence
        assert package.author


def test_the_data_member_of_a_debian_package_is_found(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:xz") as archive:
        member = tarfile.TarInfo("./usr/a.svg")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    path = tmp_path / "p.deb"
    with path.open("wb") as deb:
        deb.write(b"!<arch>\n")
        for name, data in (("debian-binary", b"2.0\n\n"), ("data.tar.xz", stream.getvalue())):
            deb.write(f"{name:<16}{'0':<12}{'0':<6}{'0':<6}{'100644':<8}{len(data):<10}`\n".encode())
            deb.write(data + b"\n" * (len(data) % 2))
    assert read_members(path, lambda name: name.endswith(".svg")) == {"./usr/a.svg": b"abc"}


def test_a_drawing_never_lies_on_a_ground_of_its_own_colour():
    random = np.random.default_rng(0)
    for colour in [(255, 255, 255), (0, 0, 0), (128, 128, 128), (255, 220, 60)]:
        rgba = np.full((8, 8, 4), (*colour, 255), np.uint8)
        for _ in range(50):
            assert np.abs(visible_ground(rgba, random).astype(int) - colour).max() > 50
        assert np.abs(plain_ground(rgba).astype(int) - colour).max() > 50


def test_half_transparent_pixels_are_mixed_with_the_ground():
    rgba = np.full((1, 2, 2, 4), (200, 0, 0, 128), np.uint8)
    mixed = on_ground(rgba, np.array([[0, 0, 100]], np.uint8))
    assert np.allclose(mixed[0, 0, 0], (100, 0, 50), atol=1)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((220, 30, 30), "red"), ((250, 210, 40), "yellow"), ((40, 160, 60), "green"),
        ((40, 80, 220), "blue"),
        ((250, 140, 30), "orange"), ((10, 10, 10), "black"), ((250, 250, 250), "white"),
        ((120, 72, 40), "brown"),
    ],
)  # fmt: skip
def test_plain_colours_get_their_names(rgb, name):
    picture = torch.tensor(rgb).float().div(255)[None, :, None, None].expand(1, 3, 10, 10)
    assert name_colours(picture, torch.ones(1, 1, 10, 10)) == [name]


def test_a_picture_of_many_colours_gets_no_colour_name():
    picture = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    assert name_colours(picture, torch.ones(1, 1, 40, 40)) == [""]


def test_a_recoloured_heart_is_never_called_red():
    random = np.random.default_rng(0)
    captions = [draw_caption(pair(), "blue", True, random) for _ in range(200)]
    assert not any("red" in caption.split() for caption in captions)
    assert any("blue heart" in caption for caption in captions)
    assert without_colours("large red circle") == "large circle"


def test_the_same_seed_makes_the_same_views_and_another_seed_others():
    rgba = render_svg(CIRCLE.format(90, 45, 40, "red"))[None].repeat(3, axis=0)
    yes = torch.ones(3, dtype=torch.bool)

    def views(seed: int) -> torch.Tensor:
        return random_views(rgba, recolour=yes, flip=yes, random=torch.Generator().manual_seed(seed)).pixels

    assert torch.equal(views(1), views(1))
    assert not torch.equal(views(1), views(2))
    assert views(1).shape == (3, 3, SIZE, SIZE)
    assert 0 <= views(1).min() <= views(1).max() <= 1


def test_recall_counts_a_query_once_and_chance_is_that_of_a_random_order():
    images = np.eye(20, dtype=np.float32)
    labels = ["a", "a", *[f"other {number}" for number in range(18)]]
    exact = recall("t", labels, ["a"], images[:1], images)
    assert exact.recall == (1.0, 1.0, 1.0)
    assert exact.chance[0] == pytest.approx(2 / 20)
    worst = recall("t", labels, ["a"], -(images[:1] + images[1:2]), images)
    assert worst.recall == (0.0, 0.0, 0.0)
    assert (exact.median_rank, worst.median_rank) == (1, 19)


def test_named_among_counts_pictures_whose_own_label_fits_best():
    images = np.eye(4, dtype=np.float32)
    labels = ["a", "b", "c", "d"]
    assert named_among(labels, labels, images, images, ways=3) == 1
    swapped = images[[1, 0, 2, 3]]  # a looks like b and b like a
    assert named_among(labels, labels, swapped, images, ways=4) == 0.5


def test_the_strict_subset_leaves_out_synonyms_of_training_captions():
    vectors = {"cat": [1.0, 0.0], "kitten": [0.95, 0.312], "bridge": [0.0, 1.0]}

    def encode(texts):
        return np.array([vectors[text] for text in texts], np.float32)

    assert far_from_training(["kitten", "bridge"], ["cat"], encode) == ["bridge"]


def test_captions_for_drawing_from_words_name_what_is_seen():
    random = np.random.default_rng(0)
    said = {draw_caption(pair(), "", False, random, keywords=False) for _ in range(60)}
    assert all("red heart" in caption and "love" not in caption for caption in said)
    assert len(said) > 5


def test_jpeg_of_few_bytes_is_the_closest_that_fits():
    ramp = torch.linspace(-1, 1, 64).expand(3, 64, 64).contiguous()
    few, more = jpeg_within(ramp, 40), jpeg_within(ramp, 400)
    errors = [(fake - ramp).square().mean().item() for fake in (few, more)]
    assert few.shape == ramp.shape
    assert errors[1] <= errors[0] < 0.1 * ramp.square().mean().item()
    with pytest.raises(ValueError, match="has only 0 bytes"):
        jpeg_within(ramp, 0)
