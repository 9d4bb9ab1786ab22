"""A released checkpoint → a folder with the VQGAN alone: model.safetensors and config.yaml.

A checkpoint carries its training along: optimiser, discriminator, a whole transformer. What is loaded for
every picture holds the tensors that draw, and nothing else.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from omegaconf import OmegaConf
from safetensors.torch import save_file

from generator.engine.vqgan import Vqgan, VqganError, VqganSource, load_vqgan
from generator.engine.vqgan_files import TARGETS, Architecture

WEIGHTS, CONFIG = "model.safetensors", "config.yaml"


@dataclass(frozen=True)
class Imported:
    """layout: what the file was, in words. architecture: in the field's short form, `f16 1024`."""

    layout: str
    architecture: str


def import_vqgan(source: VqganSource, target: Path) -> Imported:
    """Writes the folder `target`, which exists and is empty. Raises VqganError as load_vqgan does."""
    model = load_vqgan(source)
    kept = source.weights.suffix == ".safetensors" and not model.architecture.prefix
    if kept:
        shutil.copyfile(source.weights, target / WEIGHTS)
        shutil.copyfile(source.config, target / CONFIG)
    else:
        save_file(
            {name: tensor.contiguous() for name, tensor in model.state_dict().items()}, target / WEIGHTS
        )
        _write_yaml(model.architecture, target / CONFIG)
    return Imported(_layout(source, model), describe(model.architecture))


def yaml_beside(weights: Path) -> Path:
    """The yaml of the same name, or the only one in the folder. Raises VqganError."""
    named = weights.with_suffix(".yaml")
    others = sorted([*weights.parent.glob("*.yaml"), *weights.parent.glob("*.yml")])
    if named.is_file():
        return named
    if len(others) != 1:
        raise VqganError(f"{weights} needs the yaml that was released with it: name it with --config")
    return others[0]


def describe(architecture: Architecture) -> str:
    """`f16 1024` for a codebook of 1024 vectors at a 16th of the size; Gumbel's says so."""
    return f"f{architecture.factor} {architecture.n_embed}" + (
        " Gumbel" if architecture.kind == "gumbel" else ""
    )


def _layout(source: VqganSource, model: Vqgan) -> str:
    if source.weights.suffix == ".safetensors":
        return "safetensors with its yaml"
    around = ", out of a transformer's" if model.architecture.prefix else ""
    return f"checkpoint of taming-transformers{around}"


def _write_yaml(architecture: Architecture, path: Path) -> None:
    target = next(name for name, kind in TARGETS.items() if kind == architecture.kind)
    params = {
        "embed_dim": architecture.embed_dim,
        "n_embed": architecture.n_embed,
        "ddconfig": dict(architecture.ddconfig),
    }
    OmegaConf.save(OmegaConf.create({"model": {"target": target, "params": params}}), path)
