"""Photographs and surfaces from Debian's desktop packages, and the pages of print that are made here."""

import io
import sqlite3
import struct

import numpy as np
import pytest
from PIL import Image, ImageFont

from tests.clip.packed import packed
from weights.pack.objects import read_faces
from weights.pack.packages import Package, PackageError
from weights.pack.pages import draw_page, lines, read_pages
from weights.pack.render import tiled
from weights.pack.sky import read_sky
from weights.pack.surfaces import read_pattern, read_patterns

PACKAGE = Package("things", "debian", "things", "1", "things.tgz", "", "GPL-2.0-only", "Somebody", "")
FACES = "./usr/share/pixmaps/faces/"
PATTERNS = "./usr/share/gimp/2.0/patterns/"
NEBULAE = "./usr/share/stellarium/nebulae/default/"
PROSE = "All work and no play makes a dull page, which is why this one goes on for a while, and a while. "


def pattern(pixels: np.ndarray, name: bytes = b"Bricks") -> bytes:
    height, width, depth = pixels.shape
    start = 24 + len(name) + 1
    head = struct.pack(">5I", start, 1, width, height, depth) + b"GPAT"
    return head + name + b"\0" + pixels.tobytes()


def catalogue(*rows: tuple[str, str, str]) -> bytes:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE objects (name TEXT, type TEXT, messier TEXT)")
    database.executemany("INSERT INTO objects VALUES (?, ?, ?)", rows)
    database.commit()
    return database.serialize()


@pytest.fixture
def font() -> bytes:
    """A font as fonts are kept: the one that Pillow brings."""
    default = ImageFont.load_default(20)
    return default.font_bytes  # type: ignore[union-attr]


def test_a_face_is_named_by_its_file_or_by_what_is_plainer(tmp_path):
    names = ("legacy/launch.jpg", "tree.jpg", "flower2.jpg", "README")
    faces = read_faces(PACKAGE, packed(tmp_path, {f"{FACES}{name}": b"pixels" for name in names}))
    assert [face.label for face in faces] == ["flower", "rocket launch", "tree"]


def test_a_pattern_is_laid_beside_itself_and_named_by_its_file_and_shelf(tmp_path):
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    files = {f"{PATTERNS}Stone/brick.pat": pattern(pixels), f"{PATTERNS}Legacy/qube1.pat": pattern(pixels)}
    (brick,) = read_patterns(PACKAGE, packed(tmp_path, files))
    assert (brick.label, brick.keywords, brick.author) == ("brick", ("stone",), "Somebody")
    with Image.open(io.BytesIO(brick.data)) as surface:
        assert np.array_equal(np.asarray(surface), np.tile(pixels, (3, 3, 1)))


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_patterns_of_every_depth_are_read(depth):
    pixels = np.full((4, 5, depth), 7, np.uint8)
    assert np.asarray(read_pattern(pattern(pixels))).reshape(pixels.shape).tolist() == pixels.tolist()


def test_what_is_no_pattern_is_refused():
    with pytest.raises(PackageError, match="GPAT"):
        read_pattern(b"\x89PNG" + bytes(40))


def test_the_sky_is_told_apart_by_the_catalogue(tmp_path):
    rows = [("NGC0224", "G", "031"), ("NGC7000", "HII", ""), ("IC0001", "**", ""), ("NGC6205", "GCl", "013"),
            ("NGC5194A", "G", ""), ("IC0010", "GPair", "")]  # fmt: skip
    where = packed(tmp_path / "catalogue", {"pyongc/ongc.db": catalogue(*rows)})
    names = ("m31.png", "n7000-vasey.png", "ic1.png", "ic10.png", "m13.png", "n5194.png", "lmc_01.png")
    sky = read_sky(
        PACKAGE, packed(tmp_path / "sky", {f"{NEBULAE}{name}": b"pixels" for name in names}), where
    )
    assert {thing.key: thing.label for thing in sky} == {
        "m31": "galaxy",
        "n7000-vasey": "nebula",
        "ic10": "galaxy",
    }


def test_pages_are_the_same_each_time_and_no_two_alike(tmp_path, font):
    fonts = packed(tmp_path / "fonts", {"matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf": font})
    said = f"{PROSE * 3}\n\n{PROSE * 4}".encode()
    texts = packed(tmp_path / "texts", {"sklearn/datasets/descr/a.rst": said})
    pages = list(read_pages(PACKAGE, fonts, texts))
    again = list(read_pages(PACKAGE, fonts, texts))
    assert [page.data for page in pages] == [page.data for page in again]
    assert len({page.data for page in pages}) == len(pages)
    assert {page.label for page in pages} == {"printed page", "page of text", "document"}


def test_pages_without_fonts_or_texts_are_refused(tmp_path):
    nothing = packed(tmp_path, {"matplotlib/LICENSE": b""})
    with pytest.raises(PackageError, match="no fonts"):
        list(read_pages(PACKAGE, nothing, nothing))


@pytest.mark.parametrize("seed", range(6))
def test_a_page_is_dark_print_on_light_paper(font, seed):
    page = np.asarray(draw_page(font, [PROSE * 5] * 30, np.random.default_rng(seed)).convert("L"), np.float32)
    light, dark = np.percentile(page, 90), np.percentile(page, 1)
    assert light > 110
    assert dark < light - 80
    assert 0.03 < (page < (light + dark) / 2).mean() < 0.5


def test_lines_keep_every_word_and_stay_within_the_width(font):
    face = ImageFont.truetype(io.BytesIO(font), 12)
    said = list(lines(PROSE.strip(), face, 150))
    assert " ".join(said) == PROSE.strip()
    assert all(face.getlength(line) <= 150 for line in said)
    assert len(said) > 3


def test_a_surface_from_afar_has_its_picture_many_times():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    assert np.array_equal(np.asarray(tiled(Image.fromarray(pixels), 2)), np.tile(pixels, (2, 2, 1)))
