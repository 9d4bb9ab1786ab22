"""What a CLIP model's text tower says of each token, before it is summed up in one vector."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


@torch.no_grad()
def text_states(network: nn.Module, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """The tower's last hidden states, of any of open_clip's architectures.

    tokens (B, L) as the model's tokenizer gives them. Returns states (B, L, W) float32 and mask (B, L) bool,
    True where there is text. open_clip has no public way to them, but every text tower ends in one module.
    """
    last, ids = _last_module(network)
    seen: list[Any] = []
    hook = last.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    try:
        network.encode_text(tokens)  # type: ignore[operator]
    finally:
        hook.remove()
    states = seen[0] if isinstance(seen[0], Tensor) else seen[0].last_hidden_state
    if ids is not None:
        return states.float(), tokens != ids
    # CLIP's own tokenizer ends a text with its largest id and pads with 0: Radford et al. 2021, section 2.4.
    places = torch.arange(tokens.shape[1], device=tokens.device)
    return states[:, : tokens.shape[1]].float(), places <= tokens.argmax(dim=-1, keepdim=True)


def _last_module(network: nn.Module) -> tuple[nn.Module, int | None]:
    """The module whose output are the states, and the padding's id where the tower knows it."""
    text = getattr(network, "text", network)
    if hasattr(text, "ln_final"):
        return text.ln_final, None  # type: ignore[return-value]
    return text.transformer, text.config.pad_token_id  # type: ignore[union-attr, return-value]
