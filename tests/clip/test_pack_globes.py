"""Globes and surfaces out of maps, cut-out drawings, a game's surfaces: what the pack's CLIP learns from."""

import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from tests.clip.packed import packed
from weights.pack.art4apps import cut_out, read_art4apps
from weights.pack.dataset import EVERYDAY, TRAIN, Dataset, Pair, split_of
from weights.pack.features import LYING_ABOUT, object_pixels
from weights.pack.globes import globe, near, read_globes
from weights.pack.objects import Object
from weights.pack.packages import Package
from weights.pack.photographs import LABELS, MORE_LABELS
from weights.pack.render import png
from weights.pack.surfaces import read_game_surfaces
from weights.pack.views import in_rows, random_views, shake

PACKAGE = Package("things", "debian", "things", "1", "things.tgz", "", "GPL-2.0-only", "Somebody", "")
MAPS = "./usr/share/stellarium/textures/"
ART = "./usr/share/games/pysiogame/res/images/art4apps/"
GAME = "./usr/share/games/ufoai/base/0textures.pk3"
COPYRIGHT = "./usr/share/doc/ufoai-textures/copyright"


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def surface(height: int = 64) -> np.ndarray:
    """A map with a bright northern half."""
    pixels = np.full((height, 2 * height, 3), 60, np.uint8)
    pixels[: height // 2] = 220
    return pixels


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=95)
    return out.getvalue()


def test_a_globe_is_lit_on_black_with_its_north_above():
    made = random()
    tops = bottoms = 0
    for _ in range(20):
        pixels = globe(surface(), made)
        assert pixels.shape == (320, 320, 3)
        assert pixels.max() > 40
        lit = pixels.max(axis=-1)
        bright = np.argwhere(lit > 0.6 * lit.max())[:, 0].mean()
        dim = np.argwhere((lit > 10) & (lit <= 0.6 * lit.max()))[:, 0].mean()
        tops, bottoms = tops + (bright < dim), bottoms + (bright >= dim)
    assert tops > bottoms


def test_globes_differ_in_phase_and_place():
    made = random()
    shares = [(globe(surface(), made) > 10).any(axis=-1).mean() for _ in range(12)]
    assert min(shares) < 0.35
    assert max(shares) > 0.5


def test_a_surface_from_near_is_grey_and_uses_the_range():
    pixels = near(np.random.default_rng(0).integers(90, 110, (256, 512, 3), np.uint8), random())
    assert np.array_equal(pixels[..., 0], pixels[..., 2])
    assert np.ptp(pixels) > 100


def test_the_moon_has_the_most_pictures_and_they_are_the_same_each_time(tmp_path):
    drawn = png(Image.fromarray(surface(160)))
    names = ("moon_4k.jpg", "mars.png", "rhea.png", "fog.png")
    archive = packed(tmp_path, {f"{MAPS}{name}": drawn for name in names})
    things = list(read_globes(PACKAGE, archive))
    assert [thing.data for thing in things] == [thing.data for thing in read_globes(PACKAGE, archive)]
    said = [(thing.label, thing.keywords) for thing in things]
    assert said.count(("moon", ("surface of the moon", "lunar craters"))) == 20
    assert said.count(("moon", ("rhea",))) == said.count(("planet", ("mars",))) == 3
    assert len(said) == 26


def test_the_paper_around_a_drawing_is_cut_away_and_white_inside_it_stays():
    page = Image.new("RGB", (60, 60), "white")
    page.paste((200, 30, 30), (15, 15, 45, 45))
    page.paste("white", (25, 25, 35, 35))
    alpha = np.asarray(cut_out(png(page)).getchannel("A"))
    assert alpha[0, 0] == alpha[59, 59] == 0
    assert alpha[20, 20] == alpha[30, 30] == 255


def test_a_drawing_that_fills_its_square_stays_whole():
    assert np.asarray(cut_out(picture((90, 140, 60))).getchannel("A")).min() == 255


def test_everyday_words_are_read_and_parts_of_bodies_are_not(tmp_path):
    names = ("jobs/astronaut.jpg", "jobs/police.jpg", "animals/guinea_pig.jpg", "body/ankle.jpg")
    drawings = read_art4apps(packed(tmp_path, {f"{ART}{name}": picture((255, 255, 255)) for name in names}))
    said = {drawing.label: (drawing.keywords, drawing.licence) for drawing in drawings}
    assert said == {
        "guinea pig": (("animal",), "CC-BY-SA"),
        "astronaut": ((), "CC-BY-SA"),
        "police officer": ((), "CC-BY-SA"),
    }


def test_a_games_surfaces_are_named_and_bricks_are_seen_from_afar_too(tmp_path):
    out = io.BytesIO()
    names = ("tex_ctp1/bricks_r_1.jpg", "tex_ctp1/bricks_r_1_nm.png", "tex_nature/grass003_way_d2r.jpg",
             "tex_nature/grass001.jpg", "tex_ufo/ufo1_01.png")  # fmt: skip
    with zipfile.ZipFile(out, "w") as files:
        files.writestr("textures/tex_ctp1/", b"")
        for name in names:
            files.writestr(f"textures/{name}", picture((150, 60, 40)))
    said = (
        "Files:\n base/textures/tex_ctp1/bricks_r_1.jpg\n base/textures/tex_ctp1/bricks_r_1_nm.png\n"
        "Copyright:\n Somebody\nLicense: Expat\n\n\n"
        "Files:\n base/textures/tex_nature/grass001.jpg\nCopyright:\n Somebody\nLicense: CC-BY-SA-3.0\n"
    )
    archive = packed(tmp_path, {GAME: out.getvalue(), COPYRIGHT: said.encode()})
    surfaces = list(read_game_surfaces(PACKAGE, archive))
    licences = {thing.key: thing.licence for thing in surfaces}
    assert licences["tex_ctp1/bricks_r_1.jpg"] == licences["tex_ctp1/bricks_r_1.jpg from afar"] == "MIT"
    assert licences["tex_nature/grass001.jpg"] == "CC-BY-SA-3.0"
    assert licences["tex_nature/grass003_way_d2r.jpg"] == ""  # the package's, then
    assert {thing.key: thing.label for thing in surfaces} == {
        "tex_ctp1/bricks_r_1.jpg": "brick wall",
        "tex_ctp1/bricks_r_1.jpg from afar": "brick wall",
        "tex_nature/grass001.jpg": "grass",
        "tex_nature/grass003_way_d2r.jpg": "path through grass",
    }
    (afar,) = (thing for thing in surfaces if "afar" in thing.key)
    with Image.open(io.BytesIO(afar.data)) as seen:
        assert seen.size == (80, 60)


@pytest.mark.parametrize("label", sorted({*LABELS, *MORE_LABELS}))
def test_what_photographs_are_asked_for_is_learned(label):
    """As a word and by its head noun, which is the concept of most."""
    assert split_of(label) == split_of(Object("", b"", label).head_noun) == TRAIN


def test_no_more_is_learned_for_it_than_has_to_be():
    """All but what emoji call otherwise: a boat is a sailboat there, and a computer a desktop computer."""
    asked = {*LABELS, *MORE_LABELS}
    nouns = asked | {Object("", b"", label).head_noun for label in asked}
    assert {"sailboat", "desktop computer"} == EVERYDAY - nouns


def test_a_camera_that_moved_draws_a_dot_as_a_line():
    pixels = torch.zeros(16, 3, 257, 257)
    pixels[:, :, 128, 128] = 1
    lines = shake(pixels, torch.Generator().manual_seed(0))
    assert torch.allclose(lines.sum(dim=(2, 3)), torch.ones(16, 3), atol=1e-3)
    for line in lines[:, 0]:
        y, x = ((line > 0.01).nonzero().float() - 128).T
        along, across = torch.linalg.svdvals(torch.stack([x, y]))
        assert along > 2 * across


def seen(rgba: np.ndarray, surfaces: np.ndarray | None, seed: int = 0) -> torch.Tensor:
    keep = torch.zeros(len(rgba), dtype=torch.bool)
    random = torch.Generator().manual_seed(seed)
    return random_views(rgba, recolour=keep, flip=keep, random=random, surfaces=surfaces).pixels


def test_half_of_the_things_lie_on_a_surface():
    things = np.zeros((64, 96, 96, 4), np.uint8)
    things[:, 40:56, 40:56] = (30, 30, 30, 255)
    green = np.zeros((3, 96, 96, 3), np.uint8)
    green[..., 1] = 200
    corners = seen(things, green)[:, :, :4, :4].mean(dim=(2, 3))
    lying = (corners[:, 1] > corners[:, 0] + 0.4) & (corners[:, 1] > corners[:, 2] + 0.4)
    assert 20 <= lying.sum() <= 44
    assert not torch.equal(seen(things, green), seen(things, None))
    assert torch.equal(seen(things, green), seen(things, green))


def test_a_quarter_of_what_is_cut_out_comes_in_rows_and_whole_photographs_never():
    cut_outs = torch.zeros(200, 4, 96, 96)
    cut_outs[:, :, 24:72, 24:72] = 1
    rows = in_rows(cut_outs, torch.Generator().manual_seed(0))
    changed = (rows != cut_outs).flatten(1).any(dim=1)
    assert 30 <= changed.sum() <= 70
    # As much is drawn as before, in four, nine or sixteen places.
    assert torch.allclose(rows[:, 3].mean(dim=(1, 2)), torch.full((200,), 0.25), atol=0.03)
    assert rows[changed][:, 3, :, 48].diff(dim=1).abs().gt(0.5).sum(dim=1).ge(4).any()
    whole = torch.rand(40, 4, 96, 96)
    whole[:, 3] = 1
    assert torch.equal(in_rows(whole, torch.Generator().manual_seed(0)), whole)


def test_only_some_views_of_objects_have_surfaces_and_those_are_learned_ones():
    def square(source: str, split: str, colour: tuple[int, int, int, int]) -> tuple[Pair, np.ndarray]:
        pair = Pair(source, source, "thing", (), "", "thing", split, "someone", "MIT")
        return pair, np.full((160, 160, 4), colour, np.uint8)

    things = [square("ufoai", "train", (0, 200, 0, 255)), square("ufoai", "test", (200, 0, 0, 255)),
              square("noto", "train", (0, 0, 0, 255)), square("scratch", "train", (0, 0, 0, 0))]  # fmt: skip
    data = Dataset(np.stack([pixels for _, pixels in things]), [pair for pair, _ in things])
    assert np.array_equal(data.surfaces, data.images[[0], ..., :3])
    rows = np.full(32, 3)
    green = [
        int(((p := object_pixels(data, rows, 64, number))[:, 1] > p[:, 0] + 0.4).flatten(1).all(dim=1).sum())
        for number in range(1, 4)
    ]
    assert [number + 1 for number, found in enumerate(green) if found >= 8] == list(LYING_ABOUT)
