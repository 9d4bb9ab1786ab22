"""Reading the file of a network for super-resolution strictly: tensors, and nothing that could run."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

CHECKPOINTS = frozenset({".pth", ".pt", ".ckpt"})
REMEDY = "set UPSCALER_CHECKPOINT to a released checkpoint such as RealESRGAN_x4plus.pth, or leave it empty"
# What the unpickler raises on bytes that are no pickle depends on the bytes.
_DAMAGED = (RuntimeError, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError)


class UpscalerError(Exception):
    """The network cannot be loaded; the message says which file is wrong and what to do about it."""


def read_tensors(path: Path) -> dict[str, Any]:
    """What a .safetensors, .pth, .pt or .ckpt holds: tensors by name, perhaps with other tensors around them.

    A checkpoint is a pickle; it is read without running any code from it. Raises UpscalerError.
    """
    if not path.is_file():
        raise UpscalerError(f"there is no file {path}: {REMEDY}")
    if path.suffix not in CHECKPOINTS | {".safetensors"}:
        endings = ", ".join(sorted(CHECKPOINTS))
        raise UpscalerError(f"{path} ends neither in .safetensors nor in {endings}: {REMEDY}")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_checkpoint(path)
    tensors = list(_tensors_in(content))
    if not tensors:
        raise UpscalerError(f"{path} has no tensors in it: {REMEDY}")
    if not all(bool(tensor.isfinite().all()) for tensor in tensors):
        raise UpscalerError(f"{path} has values that are no numbers: it was damaged in training, {REMEDY}")
    return content


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        return dict(load_file(path))
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error, "safetensors file") from error


def _read_checkpoint(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UpscalerError(
            f"{path} is no checkpoint, or holds more than tensors and could run code when opened, so it was "
            f"not opened: save its state_dict as .safetensors. ({str(error).splitlines()[0]})"
        ) from error
    except _DAMAGED as error:
        raise _damaged(path, error, "checkpoint") from error
    if not isinstance(content, dict):
        raise UpscalerError(f"{path} has no state_dict: {REMEDY}")
    return content


def _damaged(path: Path, error: Exception, kind: str) -> UpscalerError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return UpscalerError(f"{path} is cut off, damaged or no {kind} ({reason}): get it again, or {REMEDY}")


def _tensors_in(content: Mapping[Any, Any]) -> list[Tensor]:
    """All of them, also in what Real-ESRGAN's authors put around: `params_ema`, `params`."""
    found: list[Tensor] = []
    for value in content.values():
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, Mapping):
            found += _tensors_in(value)
    return found
