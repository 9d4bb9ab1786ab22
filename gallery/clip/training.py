"""Contrastive training: the loss, its targets, the learning rate and the average of weights."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MAX_LOGIT_SCALE = math.log(100)  # Radford et al. 2021, section 2.5: larger scales made training unstable


def similarity_targets(query_texts: Tensor, candidate_texts: Tensor, temperature: float) -> Tensor:
    """Which candidates count as right for each query, from how close their captions are.

    query_texts (N, D), candidate_texts (M, D): unit rows of a frozen text tower. Returns (N, M),
    rows that sum to 1. Pictures by several artists of one thing are in a batch together; with one-hot targets
    they would be each other's negatives. A small temperature means almost "equal captions share the target".
    """
    return F.softmax(query_texts @ candidate_texts.T / temperature, dim=-1)


def contrastive_loss(
    image_vectors: Tensor, text_vectors: Tensor, logit_scale: Tensor, targets: Tensor | None = None
) -> Tensor:
    """Symmetric InfoNCE: Radford et al. 2021, section 2.3, figure 3.

    image_vectors, text_vectors: (N, D) unit rows, row i of both belong together. logit_scale: scalar, the
    factor itself. targets: (N, N) with rows that sum to 1; the diagonal when left out. Returns a scalar.
    """
    logits = logit_scale * image_vectors @ text_vectors.T  # (N, N)
    if targets is None:
        targets = torch.eye(len(logits), dtype=logits.dtype, device=logits.device)
    back = targets.T / targets.T.sum(dim=1, keepdim=True)
    return (soft_cross_entropy(logits, targets) + soft_cross_entropy(logits.T, back)) / 2


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """(N, M) logits against (N, M) target distributions → the mean over rows."""
    return -(targets * F.log_softmax(logits, dim=-1)).sum(dim=-1).mean()


def warmup_cosine(step: int, *, total: int, warmup: int) -> float:
    """Factor of the learning rate: up in a line, down in half a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, total - warmup))))


class WeightAverage:
    """Exponential moving average of a module's weights, which generalises better than the last step's."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self._steps = 0
        self._average = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Takes in one step; the first steps count more, so that the start is forgotten."""
        self._steps += 1
        decay = min(self.decay, (1 + self._steps) / (10 + self._steps))
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                self._average[name].lerp_(tensor, 1 - decay)
            else:
                self._average[name].copy_(tensor)

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights, by the module's names."""
        return self._average

    def load_state_dict(self, state: dict[str, Tensor], *, steps: int) -> None:
        """Goes on from an average that was saved after so many steps."""
        self._steps = steps
        for name, tensor in state.items():
            self._average[name].copy_(tensor)
