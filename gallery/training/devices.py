"""Where a training runs."""

import torch

from gallery.training.folder import RunError


def choose_device(name: str) -> torch.device:
    """`auto` is the GPU if there is one, else the CPU. Raises RunError for a GPU that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RunError("There is no GPU that PyTorch can use: leave --device out, or write --device cpu.")
    return device
