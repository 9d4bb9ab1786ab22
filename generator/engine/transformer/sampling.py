"""Drawing pictures from a transformer, code by code."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from generator.engine.transformer.config import TransformerError
from generator.engine.transformer.model import Cache, TokenTransformer
from generator.engine.vqgan import Vqgan


@dataclass(frozen=True, kw_only=True)
class SamplingSettings:
    """How the next code is chosen. The same settings, text, seed, machine and threads give the same codes."""

    seed: int = 0
    side: int = 16  # codes a side
    temperature: float = 1.0  # scores are divided by it; 0 takes the likeliest code each time
    top_k: int = 0  # choose among so many of the likeliest; 0: all
    top_p: float = 1.0  # … and among the likeliest that share this probability: Holtzman et al. 2020
    guidance: float = 3.0  # 1: none. Crowson 2021 for tokens, after Ho and Salimans 2022, equation 6

    def __post_init__(self) -> None:
        limits: tuple[tuple[str, float, float], ...] = (
            ("temperature", 0, 10),
            ("top_k", 0, math.inf),
            ("guidance", 0, 50),
        )
        for name, low, high in limits:
            if not low <= getattr(self, name) <= high:
                raise TransformerError(f"{name} must be from {low} to {high}, not {getattr(self, name)}")
        if not 0 < self.top_p <= 1:
            raise TransformerError(f"top_p must be above 0 and at most 1, not {self.top_p}")


@torch.no_grad()
def sample(
    model: TokenTransformer, states: Tensor, mask: Tensor, settings: SamplingSettings
) -> Iterator[Tensor]:
    """Pictures of B texts side by side, row by row: Ramesh et al. 2021, section 2.2, without the reranking.

    states (B, L, text_width), mask (B, L) bool: of the text tower. Yields int64 (B, rows, s) after each row
    of each grid, coarse to fine, the last one whole: (B, side, side). The keys and values of the places
    before are kept, so that a picture costs as much as one pass over it.
    """
    batch = len(states)
    guided = settings.guidance != 1
    if guided:
        states, mask = torch.cat([states, states]), torch.cat([mask, torch.zeros_like(mask)])
    random = torch.Generator(states.device).manual_seed(settings.seed)
    cache = Cache()
    codes = torch.empty(batch, 0, dtype=torch.int64, device=states.device)
    x = torch.cat([model.prefix(states, mask), model.entries(_twice(codes, guided), 0)], dim=1)
    sides = model.config.sides_to(settings.side)
    *begins, end = accumulate((side**2 for side in sides), initial=0)
    for begin, side in zip(begins, sides, strict=True):
        for place in range(begin, begin + side**2):
            for block in model.blocks:
                x = block(x, cache)
            logits = model.head(model.norm(x[:, -1])).float()  # (B or 2 B, K)
            if guided:
                with_text, without = logits.chunk(2)
                logits = without + settings.guidance * (with_text - without)
            codes = torch.cat([codes, _choose(logits, settings, random)], dim=1)
            drawn = codes[:, begin:]
            if drawn.shape[1] % side == 0:
                yield drawn.reshape(batch, -1, side)
            if place + 1 < end:
                x = model.entries(_twice(codes, guided), place + 1)


@torch.no_grad()
def pictures(vqgan: Vqgan, codes: Tensor) -> Tensor:
    """codes (B, h, w) int64 → the VQGAN's pictures of them, (B, 3, h · f, w · f) in [0, 1]."""
    z = vqgan.codebook[codes].permute(0, 3, 1, 2)
    return (vqgan.decode(z).clamp(-1, 1) + 1) / 2


def _twice(codes: Tensor, guided: bool) -> Tensor:
    return torch.cat([codes, codes]) if guided else codes


def _choose(logits: Tensor, settings: SamplingSettings, random: torch.Generator) -> Tensor:
    """(B, K) scores → (B, 1) codes."""
    if settings.temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    probabilities = kept(logits / settings.temperature, settings.top_k, settings.top_p).softmax(dim=-1)
    return torch.multinomial(probabilities, 1, generator=random)


def kept(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """(B, K) with -∞ where a code is out: not among the top_k, or beyond the likeliest that share top_p.

    The likeliest code always stays.
    """
    if 0 < top_k < logits.shape[-1]:
        least = logits.topk(top_k, dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < least, -math.inf)
    if top_p < 1:
        ordered, order = logits.sort(dim=-1, descending=True)
        shares = ordered.softmax(dim=-1)
        out = shares.cumsum(dim=-1) - shares >= top_p  # what the ones before already share
        logits = logits.masked_fill(torch.zeros_like(out).scatter(-1, order, out), -math.inf)
    return logits
