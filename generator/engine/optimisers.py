"""How parameters move along a gradient, and how far: the optimisers and the learning rate over a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

FINAL_LEARNING_RATE = 0.1  # of the first step's
DROP = 0.1  # what a learning-rate drop leaves, as in Pixray
BETAS = (0.9, 0.999)
EPSILON = 1e-8
ADAMP_PARALLEL = 0.1  # δ of Heo et al. 2021: below it a gradient counts as orthogonal to the weights


class DiffGrad(Optimizer):
    """Adam whose steps shrink where the gradient changes little: Dubey et al. 2019, "diffGrad: an
    optimization method for convolutional neural networks", section III, equations 10 to 13."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                gradient = parameter.grad
                change = (state.get("previous", torch.zeros_like(gradient)) - gradient).abs()
                state["previous"] = gradient.clone()
                mean, deviation = _moments(state, gradient)
                parameter -= group["lr"] * torch.sigmoid(change) * mean / deviation


class AdamP(Optimizer):
    """Adam without the part of a step that only makes the weights longer: Heo et al. 2021, "AdamP: slowing
    down the slowdown for momentum optimizers on scale-invariant weights", algorithm 2.

    Each tensor as a whole is one vector of weights.
    """

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                mean, deviation = _moments(self.state[parameter], gradient)
                step = mean / deviation
                cosine = torch.cosine_similarity(parameter.flatten(), gradient.flatten(), dim=0).abs()
                if cosine < ADAMP_PARALLEL / math.sqrt(parameter.numel()):
                    along = parameter / (parameter.norm() + EPSILON)
                    step -= along * (along * step).sum()
                parameter -= group["lr"] * step


def _moments(state: dict[str, Any], gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Adam's first moment and the root of its second, both corrected for their start at 0; they are kept in
    `state`: Kingma and Ba 2015, "Adam: a method for stochastic optimization", algorithm 1."""
    if "step" not in state:
        state.update(step=0, first=torch.zeros_like(gradient), second=torch.zeros_like(gradient))
    state["step"] += 1
    state["first"].lerp_(gradient, 1 - BETAS[0])
    state["second"].lerp_(gradient.square(), 1 - BETAS[1])
    mean = state["first"] / (1 - BETAS[0] ** state["step"])
    deviation = (state["second"] / (1 - BETAS[1] ** state["step"])).sqrt() + EPSILON
    return mean, deviation


OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "radam": torch.optim.RAdam,
    "nadam": torch.optim.NAdam,
    "adamax": torch.optim.Adamax,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "diffgrad": DiffGrad,
    "adamp": AdamP,
}


def learning_rate(full: float, *, done: int, steps: int, drops: tuple[float, ...] = ()) -> float:
    """The rate after `done` of a scene's steps: a cosine from `full` to FINAL_LEARNING_RATE of it, or with
    drops, in shares of the steps, `full` until the first, and DROP of it after each."""
    if drops:
        return full * DROP ** sum(done >= drop * steps for drop in drops)
    fall = (1 + math.cos(math.pi * done / steps)) / 2
    return full * (FINAL_LEARNING_RATE + (1 - FINAL_LEARNING_RATE) * fall)
