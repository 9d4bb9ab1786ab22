"""The gradients of a large batch in the memory of a small one.

Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", section 3.2. The
contrastive loss needs every vector of a batch at once, but no layer below the vectors needs more than its
own rows. So the vectors are computed without a graph, the loss gives the gradient at each of them, and then
each part of the batch goes through its tower again, with a graph, and takes the gradients of its rows down.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

RandomStates = tuple[Tensor, list[Tensor]]
Encode = Callable[[Tensor], Tensor]  # inputs (n, …) → vectors (n, D)


def cached_backward(
    encoders: Sequence[Encode], inputs: Sequence[Tensor], loss_of: Callable[..., Tensor], *, chunk: int
) -> Tensor:
    """As `loss_of(*vectors).backward()` with every encoder's vectors of all its inputs; returns the loss.

    chunk: rows that go through an encoder at once. What is random in an encoder, such as dropout, is drawn
    alike both times. An encoder without parameters to train is gone through once.
    """
    if all(len(given) <= chunk for given in inputs):
        loss = loss_of(*(encode(given) for encode, given in zip(encoders, inputs, strict=True)))
        loss.backward()
        return loss.detach()
    states: list[list[RandomStates]] = []
    vectors = []
    for encode, given in zip(encoders, inputs, strict=True):
        rows, before = [], []
        for part in given.split(chunk):
            before.append(_random_states())
            with torch.no_grad():
                rows.append(encode(part))
        states.append(before)
        vectors.append(torch.cat(rows).detach().requires_grad_())
    loss = loss_of(*vectors)
    loss.backward()
    for encode, given, whole, before in zip(encoders, inputs, vectors, states, strict=True):
        _take_down(encode, given, whole, before, chunk)
    return loss.detach()


def _take_down(
    encode: Encode, given: Tensor, whole: Tensor, before: Sequence[RandomStates], chunk: int
) -> None:
    if whole.grad is None:
        return
    with torch.random.fork_rng():
        for part, gradient, states in zip(given.split(chunk), whole.grad.split(chunk), before, strict=True):
            _set_random_states(states)
            again = encode(part)
            if not again.requires_grad:
                return
            again.backward(gradient)


def _random_states() -> RandomStates:
    """Of the CPU and of each GPU: an encoder may draw on another device than its inputs are on."""
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []


def _set_random_states(states: RandomStates) -> None:
    torch.set_rng_state(states[0])
    if states[1]:
        torch.cuda.set_rng_state_all(states[1])
