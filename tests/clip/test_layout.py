"""A patch is one product of matrices: the convolution's numbers, forwards and backwards."""

import open_clip
import pytest
import torch
from torch import nn

from gallery.clip.layout import PatchProduct, arrange


@pytest.mark.parametrize(("size", "bias"), [((16, 24), True), ((18, 23), False)])
def test_a_patch_product_is_the_convolution(size, bias):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 8, 8, bias=bias)
    product = PatchProduct.of(convolution)
    assert product.state_dict().keys() == convolution.state_dict().keys()
    found = []
    for module in (convolution, product):
        pixels = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1), requires_grad=True)
        patches = module(pixels)
        patches.square().sum().backward()
        found.append((patches, pixels.grad, convolution.weight.grad.clone()))
        convolution.weight.grad = None
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{"stride": 4}, {"stride": 8, "padding": 2}, {"stride": 8, "dilation": 2}, {"stride": 8, "groups": 2}],
)
def test_other_convolutions_are_none(options):
    assert not PatchProduct.can_replace(nn.Conv2d(4, 4, 8, **options))


def test_a_vit_gets_one_and_keeps_its_weights_names_and_vectors():
    torch.manual_seed(2)
    eyes = {"image_size": 32, "patch_size": 8, "layers": 2, "width": 32, "head_width": 16}
    words = {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1}
    network = open_clip.CLIP(embed_dim=16, vision_cfg=eyes, text_cfg=words).eval()
    pixels, before = torch.rand(2, 3, 32, 32), network.state_dict()
    with torch.no_grad():
        expected = network.encode_image(pixels)
        arranged = arrange(network)
        torch.testing.assert_close(arranged.encode_image(pixels), expected, atol=1e-5, rtol=1e-5)
    assert isinstance(arranged.visual.conv1, PatchProduct)
    assert {name: tensor.shape for name, tensor in arranged.state_dict().items()} == {
        name: tensor.shape for name, tensor in before.items()
    }
