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


def multiplies_in_bf16(device: torch.device) -> bool:
    """Whether the processor has instructions for it; without, it is emulated and slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
