"""The state file of a run: whole or the one before, read as data and never as code."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """state: what the next step depends on, of tensors and plain values; the random states are added."""
    write_state(path, {**state, "random_states": random_states()})


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The state, on the CPU; every source of random numbers goes on from where it was."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    set_random_states(state.pop("random_states"))
    return state


def write_state(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def random_states() -> dict[str, Any]:
    """Of torch on every device, of numpy and of Python, as weights_only lets them in again."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [str(kind), torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "python": random.getstate(),
    }


def set_random_states(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["torch"])
    if states["cuda"] and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    version, inner, gauss = states["python"]
    random.setstate((version, tuple(inner), gauss))


@contextmanager
def unmoved_random_states() -> Iterator[None]:
    """What is done inside draws no number from those of the training."""
    states = random_states()
    try:
        yield
    finally:
        set_random_states(states)
