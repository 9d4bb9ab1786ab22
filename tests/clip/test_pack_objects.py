"""Named photographs and renderings of things, as the packages hold them."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.clip.packed import packed
from weights.pack.dataset import TEST, TRAIN, VALIDATION, Dataset, Pair
from weights.pack.examples import OBJECT_VIEWS, seen_views, training_rows
from weights.pack.features import GREY_SHARE, may_recolour, object_pixels
from weights.pack.objects import read_rooms, read_scratch, read_stamps
from weights.pack.packages import Package
from weights.pack.render import SIZE, render_photograph

PACKAGE = Package("things", "debian", "things", "1", "things.tgz", "", "GPL-2.0-only", "Somebody", "")
STAMPS = "./usr/share/tuxpaint/stamps/"
LIBRARY = "./usr/share/scratch/Media/"


def picture(mode: str, colour: tuple[int, ...], size: tuple[int, int] = (40, 20)) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("A duck.", "duck"),
        ("A pair of blue jeans.", "blue jeans"),
        ("A European coin of 1 cent (0.01 €).", "European coin of 1 cent"),
        ("Eat your broccoli!", "little food"),  # a sentence names nothing: its file does
        ("The Earth. Our planet!", "little food"),
        ("This tower is hundreds of years old.", "little food"),
        ("", "little food"),
    ],
)
def test_a_stamp_is_named_by_its_text_or_else_by_its_file(tmp_path, said, label):
    files = {f"{STAMPS}food/little_food2.png": b"pixels", f"{STAMPS}food/little_food2.txt": said.encode()}
    (stamp,) = read_stamps(PACKAGE, packed(tmp_path, files))
    assert stamp.label.lower() == label.lower()
    assert stamp.keywords == ("food",)
    assert stamp.author == "Somebody"


def test_a_stamp_has_its_swedish_name_and_the_kinds_that_it_belongs_to(tmp_path):
    said = "A duck.\nsq.utf8=Një rosak.\nsv.utf8=En anka (fågel).\n"
    files = {f"{STAMPS}animals/birds/duck.png": b"pixels", f"{STAMPS}animals/birds/duck.txt": said.encode()}
    (stamp,) = read_stamps(PACKAGE, packed(tmp_path, files))
    assert (stamp.swedish, stamp.keywords) == ("anka", ("animal", "bird"))


def test_letters_mirror_images_and_second_copies_of_a_stamp_are_left_out(tmp_path):
    names = ("symbols/alphabets/a.png", "household/tape_mirror.png", "town/house.png", "town/house.svg")
    stamps = read_stamps(PACKAGE, packed(tmp_path, {f"{STAMPS}{name}": b"pixels" for name in names}))
    assert [stamp.key for stamp in stamps] == ["town/house.png"]


def test_poses_of_one_thing_have_its_name(tmp_path):
    names = (
        *("Costumes/Animals/bat1-a.png", "Costumes/Animals/bat1-b.png", "Costumes/Letters/a.png"),
        *("Backgrounds/Outdoors/brick-wall2.jpg", "Backgrounds/Outdoors/thumbs.db"),
    )
    things = read_scratch(PACKAGE, packed(tmp_path, {f"{LIBRARY}{name}": b"pixels" for name in names}))
    assert sorted(thing.label for thing in things) == ["bat", "bat", "brick wall"]


def test_a_catalogue_names_its_pictures_in_two_languages_with_each_maker_and_licence(tmp_path):
    english = (
        "name=Everything\nname#1=Bed 140x190\nicon#1=/pictures/bed.png\n"
        "tags#1=Blend Swap, Double\ncreator#1=Ann\n"
        "name#2=Ghost\nicon#2=/pictures/none.png\n"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as catalogue:
        catalogue.writestr("PluginFurnitureCatalog.properties", english)
        catalogue.writestr("PluginFurnitureCatalog_sv.properties", "name#1=S\\u00e4ng\n")
        catalogue.writestr("pictures/bed.png", b"pixels")
    files = {"./usr/share/sweethome3d/furniture/BlendSwap-CC-0.sh3f": stream.getvalue()}
    (bed,) = read_rooms(PACKAGE, packed(tmp_path, files))
    assert (bed.label, bed.swedish, bed.keywords) == ("bed", "säng", ("double",))
    assert (bed.author, bed.licence, bed.data) == ("Ann", "CC0-1.0", b"pixels")


def test_a_whole_photograph_fills_the_square_and_a_cut_out_one_keeps_its_shape():
    whole = render_photograph(picture("RGB", (200, 10, 10)))
    assert whole.shape == (SIZE, SIZE, 4)
    assert np.all(whole == (200, 10, 10, 255))
    cut_out = render_photograph(picture("RGBA", (200, 10, 10, 200)))
    drawn = np.argwhere(cut_out[..., 3] > 128)
    height, width = drawn.max(axis=0) - drawn.min(axis=0) + 1
    assert width / height == pytest.approx(2, abs=0.1)


def data_of(*sources: str) -> Dataset:
    images = np.full((len(sources), SIZE, SIZE, 4), (250, 120, 10, 255), np.uint8)
    pairs = [Pair(source, "key", "thing", (), "", "thing", TRAIN, "someone", "MIT") for source in sources]
    return Dataset(images, pairs)


def test_drawings_and_objects_are_told_apart_and_objects_are_seen_more_often():
    data = data_of("noto", "scratch", "twemoji")
    assert data.rows(TRAIN).tolist() == [0, 2]
    assert data.object_rows(TRAIN).tolist() == [1]
    assert [rows.tolist() for rows in seen_views(data)] == [[0, 2, 1], *([[1]] * OBJECT_VIEWS)]
    assert [may_recolour(pair) for pair in data.pairs] == [True, False, True]


def test_photographs_held_back_for_validation_are_learned_in_the_end_and_drawings_are_not():
    data = data_of("noto", "scratch", "noto", "scratch")
    splits = (VALIDATION, VALIDATION, TEST, TEST)
    pairs = [replace(pair, split=split) for pair, split in zip(data.pairs, splits, strict=True)]
    data = replace(data, pairs=pairs)
    assert [pair.is_learned for pair in data.pairs] == [False, True, False, False]
    assert training_rows(data).tolist() == data.learned_objects().tolist() == [1]


def test_some_views_of_objects_have_no_colour_and_a_number_gives_the_same_views():
    data = data_of(*["scratch"] * 60)
    rows = np.arange(60)
    pixels = object_pixels(data, rows, 32, number=2)
    assert pixels.shape == (60, 3, 32, 32)
    grey = (pixels.amax(dim=1) - pixels.amin(dim=1)).amax(dim=(1, 2)) < 1e-6
    assert grey.float().mean().item() == pytest.approx(GREY_SHARE, abs=0.2)
    assert np.array_equal(pixels, object_pixels(data, rows, 32, number=2))
    assert not np.array_equal(pixels, object_pixels(data, rows, 32, number=3))
