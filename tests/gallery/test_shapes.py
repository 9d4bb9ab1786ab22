"""The grid's rows: each picture has a class of CSS for its proportions, and all classes are there."""

import re

import pytest
from django.conf import settings

from gallery.shapes import SHAPES, shape_of


def test_the_style_sheet_knows_every_shape_by_its_ratio():
    css = (settings.BASE_DIR / "static" / "css" / "rows.css").read_text(encoding="utf-8")
    rules = dict(re.findall(r"\.shape-(\d+) \{ --ratio: ([\d.]+); \}", css))
    assert {int(shape): float(ratio) for shape, ratio in rules.items()} == {
        shape: shape / 100 for shape in SHAPES
    }


@pytest.mark.parametrize("size", [(4, 3), (3, 4), (16, 9), (9, 16), (1, 1), (3, 2), (5, 4), (2048, 1365)])
def test_hardly_anything_of_a_picture_is_cut_off(size):
    ratio, shape = size[0] / size[1], shape_of(*size) / 100
    assert max(ratio / shape, shape / ratio) < 1.03


@pytest.mark.parametrize(("size", "shape"), [((20_000, 10), SHAPES[-1]), ((1, 5000), SHAPES[0])])
def test_what_is_longer_than_any_shape_gets_the_longest(size, shape):
    assert shape_of(*size) == shape
