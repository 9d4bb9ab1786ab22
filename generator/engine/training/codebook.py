"""Keeping every vector of the codebook in use."""

from __future__ import annotations

import torch
from torch import Tensor


class CodebookUsage:
    """Counts which codes are chosen, since the start of a window of steps."""

    def __init__(self, codes: int) -> None:
        self.counts = torch.zeros(codes, dtype=torch.int64)

    def add(self, indices: Tensor) -> None:
        """indices: int64 of any shape."""
        self.counts += torch.bincount(indices.flatten().cpu(), minlength=len(self.counts))

    def reset(self) -> None:
        """Start a new window."""
        self.counts.zero_()

    @property
    def dead(self) -> Tensor:
        """int64 (D,), the codes not chosen once in this window."""
        return (self.counts == 0).nonzero().flatten()

    @property
    def used(self) -> float:
        """The share of codes chosen at least once, in [0, 1]."""
        return (self.counts > 0).double().mean().item()

    @property
    def perplexity(self) -> float:
        """exp of the entropy of the choices: how many codes are in use, were all used alike."""
        return perplexity(self.counts)


def perplexity(counts: Tensor) -> float:
    """exp of the entropy of counts (K,); 1.0 when there are none."""
    shares = counts.double() / counts.sum().clamp(min=1)
    return torch.exp(-torch.xlogy(shares, shares).sum()).item()


@torch.no_grad()
def revive(
    codebook: Tensor,
    dead: Tensor,
    latents: Tensor,
    optimizer: torch.optim.Optimizer,
    rng: torch.Generator,
) -> Tensor:
    """Move dead codes onto random latents of the current batch; returns the codes moved, int64 (M,).

    Dhariwal et al. 2020, "Jukebox", section 3.1 (random restarts). codebook: (K, C); dead: int64 (D,);
    latents: (N, C) as the encoder gives them. At most N codes are moved, each to a latent of its own, and the
    optimiser's running moments of these rows start again from 0, or they would carry the vector off.
    """
    picks = torch.randperm(len(latents), generator=rng)[: len(dead)]
    moved = dead[: len(picks)]
    codebook[moved] = latents[picks].to(codebook.dtype)
    for moment in optimizer.state.get(codebook, {}).values():
        if isinstance(moment, Tensor) and moment.shape == codebook.shape:
            moment[moved] = 0
    return moved
