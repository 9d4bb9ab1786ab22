"""Seeing in bfloat16 changes next to nothing but the time."""

from pathlib import Path

import open_clip
import pytest
import torch
from torch.nn import functional as F

from gallery.clip import precision
from gallery.clip.model import PACK, ClipConfig, load_clip
from gallery.clip.precision import is_transformer, sees_in_bf16
from gallery.clip.service import parse_arguments

CPU = torch.device("cpu")


def vit():
    torch.manual_seed(2)
    eyes = {"image_size": 32, "patch_size": 8, "layers": 4, "width": 128, "head_width": 32}
    words = {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1}
    return open_clip.CLIP(embed_dim=32, vision_cfg=eyes, text_cfg=words).eval()


def pack(asked):
    return load_clip(ClipConfig(PACK, "", Path("weights/mini/clip"), quick=True, precision=asked))


@pytest.fixture(scope="module")
def exact():
    return pack("fp32")


@pytest.fixture
def pictures(exact):
    return torch.rand(4, 3, exact.image_size, exact.image_size, generator=torch.Generator().manual_seed(1))


def test_the_pack_s_tower_is_convolutional_and_a_vit_is_not(exact):
    assert not is_transformer(exact.network.visual)
    assert is_transformer(vit().visual)


@pytest.mark.parametrize(
    ("asked", "able", "transformer", "convolutional"),
    [
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("bf16", False, True, True),
        ("fp32", True, False, False),
    ],
)
def test_bfloat16_is_for_transformers_where_the_processor_has_it_or_where_asked_for(
    exact, monkeypatch, asked, able, transformer, convolutional
):
    monkeypatch.setattr(precision, "multiplies_in_bf16", lambda device: able)
    assert sees_in_bf16(vit().visual, asked, CPU) is transformer
    assert sees_in_bf16(exact.network.visual, asked, CPU) is convolutional


def test_the_pack_can_be_asked_to_see_in_bfloat16(exact, pictures):
    rounded = pack("bf16").encode_pixels(pictures)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded.norm(dim=-1), torch.ones(4))
    cosines = F.cosine_similarity(rounded, exact.encode_pixels(pictures))
    assert 0.99 < cosines.min() < 1 - 1e-6  # it did round; noise, which this is, more than a picture


def test_a_transformer_s_texts_stay_exact_and_its_pictures_nearly():
    exact, rounded = vit(), vit()
    see = precision.Sight(rounded, "bf16", CPU)
    pictures = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        cosines = F.cosine_similarity(see(pictures), exact.encode_image(pictures))
        assert 0.999 < cosines.min() < 1 - 1e-6
        tokens = torch.ones(1, exact.context_length, dtype=torch.int64)
        assert torch.equal(rounded.encode_text(tokens), exact.encode_text(tokens))


def test_rounding_what_is_around_it_leaves_a_convolutional_tower_exact(exact, pictures):
    """A decoder that paints in bfloat16 must not blur what guides it."""
    with torch.autocast("cpu", torch.bfloat16):
        surrounded = exact.encode_pixels(pictures)
    assert torch.equal(surrounded, exact.encode_pixels(pictures))


def test_guidance_still_gets_gradients(exact):
    pixels = torch.rand(1, 3, exact.image_size, exact.image_size, requires_grad=True)
    pack("bf16").encode_pixels(pixels).sum().backward()
    assert pixels.grad.abs().sum() > 0


def test_the_encoder_refuses_another_precision(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--port", "1", "--precision", "int4"])
    assert "invalid choice: 'int4'" in capsys.readouterr().err
