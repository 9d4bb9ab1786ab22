"""Reading a VQGAN's files strictly: the yaml, the weights, their checksums."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from safetensors.torch import load_file
from torch import Tensor

MINI_PACK = Path(__file__).resolve().parents[2] / "weights" / "mini"
CHECKSUMS = "SHA256SUMS"  # beside the pack's folders, in the format of sha256sum

TARGETS = {"taming.models.vqgan.VQModel": "vq", "taming.models.vqgan.GumbelVQ": "gumbel"}
# A transformer over the codebook, as COCO and FacesHQ were released, has its VQGAN in it.
TRANSFORMER = "taming.models.cond_transformer.Net2NetTransformer"
FIRST_STAGE = "first_stage_model."  # what its names begin with there
REQUIRED_SETTINGS = frozenset(
    {
        "z_channels",
        "resolution",
        "in_channels",
        "out_ch",
        "ch",
        "ch_mult",
        "num_res_blocks",
        "attn_resolutions",
    }
)
# norm_groups is this project's own: groups of channels in each normalisation, 32 in every released model.
OPTIONAL_SETTINGS = frozenset({"double_z", "dropout", "resamp_with_conv", "norm_groups"})


class VqganError(Exception):
    """The VQGAN cannot be loaded; the message says which file is wrong and what to do about it."""


@dataclass(frozen=True)
class Architecture:
    """`model.params` of a taming yaml: everything that decides the shapes of the weights."""

    kind: str  # vq or gumbel
    embed_dim: int  # C, channels of a codebook vector
    n_embed: int  # K, vectors in the codebook
    ddconfig: Mapping[str, Any]  # settings of taming's Encoder and Decoder
    prefix: str = ""  # of the names in the checkpoint

    @property
    def factor(self) -> int:
        """Pixels along one side of a latent cell: each level after the first halves the picture."""
        return 2 ** (len(self.ddconfig["ch_mult"]) - 1)


def read_architecture(path: Path) -> Architecture:
    """The architecture in a taming yaml. Raises VqganError when it is not one."""
    try:
        config = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    except (yaml.YAMLError, OmegaConfBaseException, OSError, UnicodeDecodeError) as error:
        raise VqganError(f"{path} is not readable yaml: {error}") from error
    model = config.get("model") if isinstance(config, dict) else None
    params = model.get("params") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(params, dict):
        raise VqganError(f"{path} has no model.params: give the yaml that was released with the checkpoint")
    target, prefix = model.get("target"), ""
    if target == TRANSFORMER:
        first = params.get("first_stage_config")
        if not isinstance(first, dict) or not isinstance(first.get("params"), dict):
            raise VqganError(f"{path} has no model.params.first_stage_config.params: it names no VQGAN")
        target, params, prefix = first.get("target"), first["params"], FIRST_STAGE
    if target not in TARGETS:
        raise VqganError(f"{path} describes {target!r}; only {' and '.join(TARGETS)} can be drawn with")
    return _architecture(path, TARGETS[target], params, prefix)


def _architecture(path: Path, kind: str, params: Mapping[str, Any], prefix: str) -> Architecture:
    settings = params.get("ddconfig")
    if not isinstance(settings, dict):
        raise VqganError(f"{path} has no model.params.ddconfig")
    missing = sorted(REQUIRED_SETTINGS - settings.keys())
    unknown = sorted(settings.keys() - REQUIRED_SETTINGS - OPTIONAL_SETTINGS)
    if missing or unknown:
        raise VqganError(f"{path}: in ddconfig {missing} are missing and {unknown} are unknown")
    for name in ("embed_dim", "n_embed"):
        value = params.get(name)
        if not isinstance(value, int) or value < 1:
            raise VqganError(f"{path}: model.params.{name} must be a positive whole number, not {value!r}")
    if params.get("remap") is not None:
        raise VqganError(f"{path}: remapped codebooks are not supported; give a checkpoint without remap")
    if settings.get("double_z"):
        raise VqganError(f"{path}: double_z belongs to an autoencoder without a codebook")
    # Without the setting, taming's Encoder would give twice the channels.
    return Architecture(kind, params["embed_dim"], params["n_embed"], {**settings, "double_z": False}, prefix)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, float32, from .safetensors or a checkpoint of pytorch-lightning (.ckpt, .pt, .pth).

    A checkpoint is a pickle; it is read without running any code from it. Raises VqganError.
    """
    weights = _read_checkpoint(path) if path.suffix in {".ckpt", ".pt", ".pth"} else _read_safetensors(path)
    return {name: tensor.float() for name, tensor in weights.items()}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise VqganError(f"{path} is damaged or no safetensors file ({error}): {remedy(path)}") from error


class _Placeholder:
    """Stands for a class that a checkpoint names but that drawing has no use for."""


# Checkpoints of pytorch-lightning 1.x name their callbacks by class. These names resolve to a placeholder;
# every other global in a pickle is refused.
_HARMLESS_GLOBALS: list[Any] = [
    (_Placeholder, "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"),
    (_Placeholder, "pytorch_lightning.callbacks.early_stopping.EarlyStopping"),
]


# What the unpickler raises on bytes that are no pickle depends on the bytes.
_DAMAGED = (RuntimeError, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError)


def _read_checkpoint(path: Path) -> dict[str, Tensor]:
    try:
        with torch.serialization.safe_globals(_HARMLESS_GLOBALS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise VqganError(
            f"{path} is no checkpoint, or holds more than tensors and could run code when opened, so it was "
            f"not opened: save its state_dict as .safetensors. ({str(error).splitlines()[0]})"
        ) from error
    except _DAMAGED as error:
        raise VqganError(f"{path} is damaged or no checkpoint ({error}): {remedy(path)}") from error
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise VqganError(f"{path} has no state_dict of tensors: give a checkpoint of a VQGAN")
    return weights


def check_sum(path: Path, listing: Path) -> None:
    """Compare a file with its line in a listing of sha256sum, whose paths are relative to its own folder.

    Raises VqganError when the listing or the line is missing, or the file is another.
    """
    try:
        lines = listing.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise VqganError(f"no list of checksums at {listing}: {remedy(listing)}") from error
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    name = Path(os.path.relpath(path.resolve(), listing.resolve().parent)).as_posix()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if expected.get(name) != digest:
        raise VqganError(
            f"{path} is not the file that belongs here: its SHA-256 is {digest}, "
            f"{listing} names {expected.get(name, 'none')} for it; {remedy(path)}"
        )


def in_pack(path: Path) -> bool:
    """Whether a file is one of those that the project ships."""
    return path.resolve().is_relative_to(MINI_PACK)


def remedy(path: Path) -> str:
    """What to do about a file that is missing or wrong."""
    if in_pack(path):
        return "restore it with `git checkout -- weights/mini`, or make the pack again with `make pack`"
    return (
        "set VQGAN_CHECKPOINT and VQGAN_CONFIG to a released checkpoint and its yaml, "
        "or unset both for the VQGAN in weights/mini"
    )
