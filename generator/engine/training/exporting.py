"""A trained VQGAN as files that load_vqgan reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from safetensors.torch import save_file
from torch import Tensor

from generator.engine.vqgan import Architecture, Vqgan
from generator.engine.vqgan_import import CONFIG, WEIGHTS


def unit_codebook(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same model with the latent in units of the codebook's standard deviation.

    The scale of the latent space is a leftover of training; drawing steps in it, so it is fixed to 1.
    Scaling every latent, the codebook among them, by one number changes no distance's order and no picture.
    """
    scale = 1 / weights["quantize.embedding.weight"].std()
    factors = {
        "quantize.embedding.weight": scale,
        "quant_conv.weight": scale,
        "quant_conv.bias": scale,
        "post_quant_conv.weight": 1 / scale,
    }
    return {name: tensor * factors.get(name, 1) for name, tensor in weights.items()}


def taming_config(architecture: Architecture) -> dict[str, Any]:
    """The yaml that taming-transformers releases beside a checkpoint."""
    return {
        "model": {
            "target": "taming.models.vqgan.VQModel",
            "params": {
                "embed_dim": architecture.embed_dim,
                "n_embed": architecture.n_embed,
                "ddconfig": dict(architecture.ddconfig),
            },
        }
    }


def write_vqgan(model: Vqgan, folder: Path) -> None:
    """fp16 weights, whole or not at all, and their yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = unit_codebook(model.state_dict())
    halved = {name: tensor.half().cpu().contiguous() for name, tensor in weights.items()}
    partial = folder / "model.partial"
    save_file(halved, partial, metadata={"format": "pt"})
    partial.chmod(0o644)  # safetensors makes files that only their owner can read
    os.replace(partial, folder / WEIGHTS)
    OmegaConf.save(OmegaConf.create(taming_config(model.architecture)), folder / CONFIG)
