import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from gallery.clip.preprocess import Preprocess


def noise_image(width: int, height: int) -> Image.Image:
    random = np.random.default_rng(width + height)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [(300, 200), (121, 333), (64, 64), (20, 31)])
def test_it_is_open_clips_own_transform_in_every_mode(mode, interpolation, size):
    config = PreprocessCfg(size=64, interpolation=interpolation, resize_mode=mode, fill_color=7)
    preprocess = Preprocess.from_open_clip(config)
    image = noise_image(*size)
    ours = preprocess.normalise(preprocess.pixels(image))
    theirs = image_transform_v2(config, is_train=False)(image)
    assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("image_mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_any_picture_mode_becomes_three_channels_between_zero_and_one(image_mode):
    preprocess = Preprocess(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    image = noise_image(40, 30)
    image = image.convert("I").convert("I;16") if image_mode == "I;16" else image.convert(image_mode)
    pixels = preprocess.pixels(image)
    assert pixels.shape == (3, 32, 32)
    assert 0 <= pixels.min() <= pixels.max() <= 1


def test_a_palette_colour_marked_transparent_is_seen_on_white():
    image = Image.new("P", (40, 40), 0)
    image.putpalette([255, 0, 0] + [0, 0, 0] * 255)
    image.info["transparency"] = 0
    pixels = Preprocess(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)).pixels(image)
    assert pixels.min() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"size": 0}, {"std": (0.0, 1.0, 1.0)}, {"interpolation": "nearest"}, {"resize_mode": "stretch"}],
)
def test_impossible_preprocessing_is_refused_where_it_is_built(wrong):
    fields = {"size": 32, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)} | wrong
    with pytest.raises(ValueError):
        Preprocess(**fields)
