"""The order in which a vision transformer's sums are fast; they are the same sums."""

from __future__ import annotations

from typing import Any, Self

from open_clip.transformer import ResidualAttentionBlock, Transformer, VisionTransformer
from torch import Tensor, nn
from torch.nn import functional as F


def arrange(network: nn.Module) -> nn.Module:
    """Changes in place how open_clip's transformers compute; the names and shapes of weights stay."""
    put_positions_first(network)
    towers: list[Any] = [module for module in network.modules() if type(module) is VisionTransformer]
    for tower in towers:
        if PatchProduct.can_replace(tower.conv1):
            tower.conv1 = PatchProduct.of(tower.conv1)
    return network


def put_positions_first(network: nn.Module) -> nn.Module:
    """Let open_clip's transformers compute on (L, N, D) rather than (N, L, D), as OpenAI's own do.

    torch's attention works on (L, N, D) and turns what comes otherwise. What it then multiplies is not
    contiguous, so that the weights of the projection are repeated for every position: of no account in
    float32, six times slower in bfloat16.
    """
    transformers: list[Any] = [module for module in network.modules() if type(module) is Transformer]
    for transformer in transformers:
        if all(type(block) is ResidualAttentionBlock for block in transformer.resblocks):
            transformer.batch_first = False
            for block in transformer.resblocks:
                block.attn.batch_first = False
    return network


class PatchProduct(nn.Conv2d):
    """The convolution that cuts a picture into patches, as the one matrix product that it is.

    Its patches do not overlap. As a convolution its way back to the pixels takes ten times as long.
    """

    @staticmethod
    def can_replace(convolution: nn.Conv2d) -> bool:
        return (
            convolution.stride == convolution.kernel_size
            and convolution.padding in {(0, 0), "valid"}
            and convolution.dilation == (1, 1)
            and convolution.groups == 1
        )

    @classmethod
    def of(cls, convolution: nn.Conv2d) -> Self:
        """Has its very weights."""
        channels, patch = (convolution.in_channels, convolution.out_channels), convolution.kernel_size
        product = cls(*channels, patch, patch, bias=False, device="meta")  # type: ignore[arg-type]
        product.weight, product.bias = convolution.weight, convolution.bias
        return product

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) → (B, D, H / height of a patch, W / width of a patch)."""
        rows, columns = self.kernel_size
        count, channels, height, width = input.shape
        across, down = width // columns, height // rows
        cut = input[:, :, : down * rows, : across * columns]
        patches = cut.reshape(count, channels, down, rows, across, columns).permute(0, 2, 4, 1, 3, 5)
        seen = F.linear(patches.reshape(count, down * across, -1), self.weight.flatten(1), self.bias)
        return seen.transpose(1, 2).reshape(count, -1, down, across)
