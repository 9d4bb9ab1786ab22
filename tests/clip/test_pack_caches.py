"""What was computed for other pictures is not read back for these."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from weights.pack.codes import encode, load_codes
from weights.pack.dataset import VALIDATION, Dataset, Pair


def dataset(*labels: str) -> Dataset:
    """A grey square for each label, the lighter the later."""
    pairs = [Pair("noto", label, label, (), "", label, VALIDATION, "someone", "MIT") for label in labels]
    images = np.full((len(pairs), 160, 160, 4), 255, np.uint8)
    images[..., :3] = (np.arange(len(pairs)) * 60 + 40)[:, None, None, None]
    return Dataset(images, pairs)


class Brightness(nn.Module):
    """Stands for the VQGAN: a code is the brightness of its pixels, 0 to 255."""

    factor = 8

    def encode(self, pixels: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(pixels.float(), self.factor).mean(dim=1)

    @property
    def quantize(self) -> "Brightness":
        return self

    def nearest(self, z: Tensor) -> Tensor:
        return ((z + 1) * 127.5).round().to(torch.int32)


def test_a_key_tells_pictures_and_their_order_apart():
    data = dataset("cat", "dog", "owl")
    keys = {data.key(np.array(rows)) for rows in ([0, 1], [1, 0], [0, 2], [0, 1, 2])}
    assert len(keys) == 4
    assert data.key(np.array([0, 1])) == dataset("cat", "dog").key(np.array([0, 1]))


def test_codes_of_another_data_set_are_not_taken_for_this_one(tmp_path: Path):
    before, after = dataset("cat", "dog", "owl"), dataset("dog", "owl")
    encode(before, Brightness(), VALIDATION, tmp_path, views=1)  # type: ignore[arg-type]
    encode(after, Brightness(), VALIDATION, tmp_path, views=1)  # type: ignore[arg-type]
    codes = load_codes(after, VALIDATION, tmp_path, views=1)
    assert [pair.label for pair in codes.pairs] == ["dog", "owl"]
    assert codes.codes[8].shape == (1, 2, 8, 8)
    assert len(load_codes(before, VALIDATION, tmp_path, views=1).codes[16][0]) == 3


def test_what_is_there_already_is_not_computed_again(tmp_path: Path):
    data = dataset("cat", "dog")
    encode(data, Brightness(), VALIDATION, tmp_path, views=1)  # type: ignore[arg-type]
    encode(data, None, VALIDATION, tmp_path, views=1)  # type: ignore[arg-type]
    assert len(load_codes(data, VALIDATION, tmp_path, views=1).pairs) == 2
