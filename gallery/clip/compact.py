"""The pack's weights in eight bits: half the file of half precision.

Each group of 64 neighbouring inputs of an output has a step of its own, its largest weight over 127, and a
weight is a whole number of them (Jacob et al. 2018, section 2.1, without a zero point; blocks as in Dettmers
et al. 2022, section 2.1). Only the file is in eight bits: a network computes in what it always did.
"""

from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from gallery.clip.checksums import WeightsError

GROUP = 64  # inputs that share a scale; all inputs do where 64 does not divide their number
SCALE = ".scale"  # is put after the name of what is in eight bits
EXACT = ("text.proj.weight",)  # undoes what the texts have in common, and would magnify the rounding
FEWEST = 2**16  # weights; the smaller early layers, whose rounding every later one would see, stay exact
LEVELS = 127


def compact(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Large matrices and 1 × 1 convolutions as int8 with scales in float32; all else in half precision."""
    stored: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if _is_matrix(tensor) and name not in EXACT:
            inputs = tensor.shape[1]
            size = GROUP if inputs % GROUP == 0 else inputs
            grouped = tensor.detach().float().reshape(len(tensor), -1, size)  # (outputs, groups, size)
            scale = grouped.abs().amax(dim=-1).clamp_min(torch.finfo(torch.float32).tiny) / LEVELS
            stored[name] = (grouped / scale[..., None]).round().to(torch.int8).reshape(tensor.shape)
            stored[name + SCALE] = scale
        else:
            stored[name] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
    return stored


def widen(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What compact was given, near enough: float32 where there are scales, the rest as it is.

    Raises WeightsError for scales that do not fit.
    """
    state: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        scale = stored.get(name + SCALE)
        if name.endswith(SCALE) and name.removesuffix(SCALE) in stored:
            continue
        if scale is None:
            state[name] = tensor
            continue
        is_table = scale.ndim == 2 and scale.numel() > 0 and tensor.ndim >= 2 and len(scale) == len(tensor)
        if tensor.dtype != torch.int8 or not is_table or tensor.numel() % scale.numel():
            raise WeightsError(f"{name} and its scales do not fit each other.")
        grouped = tensor.float().reshape(*scale.shape, -1)
        state[name] = (grouped * scale[..., None]).reshape(tensor.shape)
    return state


def _is_matrix(tensor: Tensor) -> bool:
    """Also as a convolution of single pixels."""
    is_pointwise = tensor.ndim == 4 and tensor.shape[2:] == (1, 1)
    return tensor.is_floating_point() and tensor.numel() >= FEWEST and (tensor.ndim == 2 or is_pointwise)


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, those in eight bits widened. Raises WeightsError."""
    try:
        return widen(load_file(path))
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a readable safetensors file: {error}") from error


def write_state(state: Mapping[str, Tensor], path: Path) -> None:
    """Writes a file that read_state reads."""
    save_file(compact(state), path, metadata={"format": "pt"})
    path.chmod(0o644)


def write_widened(path: Path, target: Path) -> None:
    """A copy of the pack's folder, whose weights are at path, that open_clip reads: four times as large."""
    target.mkdir(parents=True, exist_ok=True)
    for beside in path.parent.iterdir():
        if beside != path:
            copyfile(beside, target / beside.name)
    save_file(read_state(path), target / path.name, metadata={"format": "pt"})
