"""A file of weights → tensors by name, told by its content and not by its suffix."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gallery.clip.checksums import WeightsError
from gallery.clip.released.torchscript import is_torchscript, read_torchscript

SAFETENSORS, CHECKPOINT, TORCHSCRIPT = "safetensors", "torch checkpoint", "TorchScript archive"
HEADER_LIMIT = 100 * 1024 * 1024  # bytes that safetensors itself allows its header to have

# What is often found under the name of weights, by its first bytes.
FOREIGN = {
    b"version https://git-lfs": "a Git LFS pointer, not the file that it points to",
    b"<!DOCTYPE": "a web page, as a download page gives it instead of the file",
    b"<!doctype": "a web page, as a download page gives it instead of the file",
    b"<html": "a web page, as a download page gives it instead of the file",
    b"GGUF": "a GGUF file, which holds language models",
    b"\x89HDF": "an HDF5 file, as Keras writes it",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "packed with gzip: unpack it first",
}
# What the unpickler raises on bytes that are no pickle depends on the bytes.
DAMAGED = (RuntimeError, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError)


def read_weights(path: Path) -> tuple[str, dict[str, Tensor]]:
    """The format and the tensors by name, in the file's dtypes.

    A training checkpoint's `state_dict` and the `module.` of a distributed run are taken off. Raises
    WeightsError, with a message for each of: missing, empty, foreign, cut off, damaged, not only tensors.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise WeightsError(f"{path} is empty.")
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise WeightsError(f"{path} is {what}.")
    if _looks_like_safetensors(head, size):
        return SAFETENSORS, _read_safetensors(path)
    if head.startswith(b"PK\x03\x04") and not zipfile.is_zipfile(path):
        raise WeightsError(f"{path} is cut off: its end, which lists what is in it, is missing.")
    if is_torchscript(path):
        return TORCHSCRIPT, read_torchscript(path)
    if head.startswith((b"PK\x03\x04", b"\x80\x02")):
        return CHECKPOINT, _unwrapped(path, _read_checkpoint(path))
    raise WeightsError(f"{path} is neither safetensors nor a file that torch saved.")


def _looks_like_safetensors(head: bytes, size: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 0 < length < HEADER_LIMIT


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path} is cut off or damaged safetensors: {error}.") from error


def _read_checkpoint(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds more than tensors and could run code when opened, so it was not opened: save its "
            f"state_dict as safetensors. ({str(error).splitlines()[0]})"
        ) from error
    except DAMAGED as error:
        raise WeightsError(f"{path} is a damaged checkpoint. {str(error).splitlines()[0]}") from error


def _unwrapped(path: Path, content: Any) -> dict[str, Tensor]:
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not state:
        raise WeightsError(f"{path} has no state_dict.")
    if not all(isinstance(each, Tensor) for each in state.values()):
        raise WeightsError(f"{path} has no state_dict of tensors.")
    return {str(name).removeprefix("module."): tensor for name, tensor in state.items()}
