"""VQGAN for drawing: taming-transformers' modules under the names that released checkpoints use.

Esser, Rombach, Ommer 2021, "Taming Transformers for High-Resolution Image Synthesis", section 3.1: an encoder
maps a picture to a grid of latent vectors, each is replaced by the nearest vector of a learned codebook, and
a decoder maps the grid back. `taming.models` needs pytorch-lightning, so the model is put together here from
`taming.modules`.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from taming.modules.diffusionmodules.model import Decoder, Encoder
from taming.modules.vqvae.quantize import GumbelQuantize, VectorQuantizer2
from torch import Tensor, nn

from generator.engine.vqgan_files import (
    CHECKSUMS,
    MINI_PACK,
    Architecture,
    VqganError,
    check_sum,
    in_pack,
    read_architecture,
    read_weights,
    remedy,
)

__all__ = ["MINI_PACK", "Architecture", "Vqgan", "VqganError", "VqganSource", "load_vqgan"]

# What a released checkpoint holds beside the model: its training's discriminator and perceptual network, and
# around a first stage the transformer and what it is conditioned on.
TRAINING_ONLY_PREFIXES = ("loss.", "first_stage_model.loss.")
OTHER_STAGES = ("transformer.", "cond_stage_model.")
NAMES_IN_MESSAGE = 8


@dataclass(frozen=True)
class VqganSource:
    """Where a VQGAN comes from: the pack's own by default, or a released checkpoint with its yaml.

    weights: .safetensors, or .ckpt as released by taming-transformers; config: its yaml; checksums: a listing
    in the format of sha256sum, with paths relative to its own folder, that both files are checked against.
    Files in the pack are checked against the pack's listing in any case.
    """

    weights: Path = MINI_PACK / "vqgan" / "model.safetensors"
    config: Path = MINI_PACK / "vqgan" / "config.yaml"
    checksums: Path | None = None
    device: str = "cpu"


class NearestCodebook(VectorQuantizer2):
    """The codebook of a VQModel: van den Oord et al. 2017, section 3.2."""

    def __init__(self, *, n_embed: int, embed_dim: int) -> None:
        super().__init__(n_embed, embed_dim, beta=0.25)

    @property
    def vectors(self) -> Tensor:
        """(K, C)."""
        return self.embedding.weight

    def latent(self, hidden: Tensor) -> Tensor:
        """What `quant_conv` gives is the latent itself."""
        return hidden

    def nearest(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → int64 (B, h, w), the index of the nearest vector by Euclidean distance."""
        return _nearest(z, self.vectors)

    def forward(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → its nearest vectors (B, C, h, w); the gradient passes to z unchanged."""
        return _straight_through(self.vectors[self.nearest(z)].permute(0, 3, 1, 2), z)


class GumbelCodebook(GumbelQuantize):
    """The codebook of a GumbelVQ: the encoder scores each vector (Ramesh et al. 2021, section 2.1).

    In drawing nothing is sampled: the encoder's choice is the vector with the highest score, and a latent
    that is being optimised is quantised to its nearest vector, as with any other codebook.
    """

    def __init__(self, *, n_embed: int, embed_dim: int, num_hiddens: int) -> None:
        super().__init__(num_hiddens, embed_dim, n_embed)

    @property
    def vectors(self) -> Tensor:
        """(K, C)."""
        return self.embed.weight

    def latent(self, hidden: Tensor) -> Tensor:
        """Hidden (B, z_channels, h, w) → the vectors with the highest scores (B, C, h, w)."""
        return self.vectors[self.proj(hidden).argmax(dim=1)].permute(0, 3, 1, 2)

    def nearest(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → int64 (B, h, w), the index of the nearest vector by Euclidean distance."""
        return _nearest(z, self.vectors)

    def forward(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → its nearest vectors (B, C, h, w); the gradient passes to z unchanged."""
        return _straight_through(self.vectors[self.nearest(z)].permute(0, 3, 1, 2), z)


@torch.no_grad()
def _nearest(z: Tensor, vectors: Tensor) -> Tensor:
    cells = z.permute(0, 2, 3, 1).to(vectors.dtype)  # (B, h, w, C)
    # |z - e|² without |z|², which is the same for every e: (B, h, w, K)
    distances = vectors.square().sum(dim=1) - 2 * cells @ vectors.T
    return distances.argmin(dim=3)


def _straight_through(vectors: Tensor, z: Tensor) -> Tensor:
    """The value of the first, the gradient to the second; z - z is 0, so the value is exactly a vector."""
    return vectors.detach() + (z - z.detach())


class Vqgan(nn.Module):
    """A VQGAN whose parameters have the names of a released checkpoint.

    encode: pixels (B, 3, H, W) in [-1, 1] → latent (B, C, H/f, W/f), H and W multiples of f
    quantize: latent → its nearest codebook vectors, gradient straight through
    decode: latent → pixels in about [-1, 1], not clamped
    """

    quantize: NearestCodebook | GumbelCodebook

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        settings = dict(architecture.ddconfig)
        channels, dim = settings["z_channels"], architecture.embed_dim
        with contextlib.redirect_stdout(io.StringIO()):  # taming's Decoder prints the shape of its latent
            self.encoder = Encoder(**settings)
            self.decoder = Decoder(**settings)
        if architecture.kind == "gumbel":
            self.quantize = GumbelCodebook(n_embed=architecture.n_embed, embed_dim=dim, num_hiddens=channels)
        else:
            self.quantize = NearestCodebook(n_embed=architecture.n_embed, embed_dim=dim)
        if "norm_groups" in settings:
            _regroup(self, settings["norm_groups"])
        self.quant_conv = nn.Conv2d(channels, dim, 1)
        self.post_quant_conv = nn.Conv2d(dim, channels, 1)

    @property
    def codebook(self) -> Tensor:
        """(K, C) codebook vectors."""
        return self.quantize.vectors

    @property
    def factor(self) -> int:
        """Pixels along one side of a latent cell."""
        return self.architecture.factor

    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (B, 3, H, W) in [-1, 1] → latent (B, C, H/f, W/f).

        A VQModel's is not quantised yet; a GumbelVQ's encoder chooses codebook vectors by itself.
        """
        return self.quantize.latent(self.quant_conv(self.encoder(pixels)))

    def decode(self, z: Tensor) -> Tensor:
        """Latent (B, C, h, w) → pixels (B, 3, h·f, w·f), in about [-1, 1]: the caller clamps."""
        # A permuted view would switch the layers to another memory format: slower, and less exact.
        return self.decoder(self.post_quant_conv(z.contiguous()))

    def forward(self, pixels: Tensor) -> Tensor:
        """The reconstruction of pixels (B, 3, H, W), of the same shape."""
        return self.decode(self.quantize(self.encode(pixels)))


def _regroup(model: nn.Module, groups: int) -> None:
    """Normalise over other groups of channels than taming's fixed 32.

    In 32 groups of one channel each, the mean of every channel is taken away and with it the picture's
    colour; released models have at least 4 channels in a group.
    """
    for module in model.modules():
        if isinstance(module, nn.GroupNorm):
            if module.num_channels % groups:
                raise ValueError(f"norm_groups {groups} does not divide {module.num_channels} channels")
            module.num_groups = groups


def load_vqgan(source: VqganSource) -> Vqgan:
    """The model in evaluation mode, float32, without gradients to its weights.

    Raises VqganError when a file is missing, damaged, altered, of another format, or does not match its yaml.
    """
    for path, what in ((source.weights, "weights"), (source.config, "yaml")):
        if not path.is_file():
            raise VqganError(f"no {what} of the VQGAN at {path}: {remedy(path)}")
        if source.checksums is not None:
            check_sum(path, source.checksums)
        elif in_pack(path):
            check_sum(path, MINI_PACK / CHECKSUMS)
    architecture = read_architecture(source.config)
    model = _build(architecture, source.config)
    left_out = TRAINING_ONLY_PREFIXES + (OTHER_STAGES if architecture.prefix else ())
    weights = {
        name.removeprefix(architecture.prefix): tensor
        for name, tensor in read_weights(source.weights).items()
        if not name.startswith(left_out)
    }
    _check_names(model, weights, source)
    model.load_state_dict(weights, strict=True)
    return model.to(source.device).eval().requires_grad_(False)


def _build(architecture: Architecture, path: Path) -> Vqgan:
    try:
        return Vqgan(architecture)
    except (TypeError, ValueError, RuntimeError, IndexError, ZeroDivisionError) as error:
        raise VqganError(f"{path}: no model can be built from its ddconfig ({error})") from error


def _check_names(model: nn.Module, weights: Mapping[str, Tensor], source: VqganSource) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    problems = {
        "missing": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
        "of another shape": [
            f"{name} {found[name]} instead of {shape}"
            for name, shape in expected.items()
            if name in found and found[name] != shape
        ],
    }
    listed = [f"{len(names)} {what}: {_listed(names)}" for what, names in problems.items() if names]
    if listed:
        raise VqganError(
            f"{source.weights} does not fit {source.config} ({'; '.join(listed)}). "
            "Give the yaml that belongs to the checkpoint."
        )


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_IN_MESSAGE
    return ", ".join(names[:NAMES_IN_MESSAGE]) + (f" and {more} more" if more > 0 else "")
