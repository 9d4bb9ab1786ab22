"""The order of dimensions in which a transformer's layers are fast."""

from __future__ import annotations

from typing import Any

from open_clip.transformer import ResidualAttentionBlock, Transformer
from torch import nn


def put_positions_first(network: nn.Module) -> nn.Module:
    """Let open_clip's transformers compute on (L, N, D) rather than (N, L, D); their results are the same.

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
