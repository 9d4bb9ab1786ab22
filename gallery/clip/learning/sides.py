"""The two sides of a CLIP in training: what goes in, what is trained of each, and what was computed ahead."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.learning.cuts import Cut, image_cut, text_cut
from gallery.clip.learning.starting import Start
from gallery.clip.precision import rounding

Lock = Literal["image", "text", "none", "towers"]
LOCKS: tuple[Lock, ...] = ("towers", "image", "text", "none")
Precision = Callable[[], AbstractContextManager[None]]
AT_ONCE = 32  # rows in one go where nothing is trained


@dataclass(frozen=True)
class Side:
    """inputs: (N, …), a row for each picture or text. encode: rows of them → (n, D) unit rows, float32."""

    inputs: Tensor
    encode: Callable[[Tensor], Tensor]
    parameters: Sequence[nn.Parameter]

    @torch.no_grad()
    def vectors(self, rows: Tensor) -> Tensor:
        """(len(rows), D) on the CPU."""
        return torch.cat([self.encode(part) for part in self.inputs[rows].split(AT_ONCE)]).cpu()


def make_sides(
    start: Start, pixels: Tensor, texts: Sequence[str], *, lock: Lock, device: torch.device, bfloat16: bool
) -> tuple[Side, Side]:
    """pixels: (N, 3, S, S) uint8 as the model's preprocessing gives them; texts: N.

    lock: "image" or "text" keeps that whole tower as it is (LiT: Zhai et al. 2022), "towers" both, so that
    only their projections learn; what a locked tower gives is computed here once. Raises RunError for a
    model whose projections cannot be told from the rest. Every other parameter of the network is frozen.
    """
    network: Any = start.network
    network.to(device, memory_format=torch.channels_last).requires_grad_(False)
    precision = partial(rounding, device, bfloat16=bfloat16)
    tokens = start.tokenize(list(texts))

    def look(rows: Tensor) -> Tensor:
        normalised = start.preprocess.normalise(rows.to(device).float() / 255)
        return normalised.contiguous(memory_format=torch.channels_last)  # convolutions take half the time

    def see(rows: Tensor) -> Tensor:
        with precision():
            return F.normalize(network.encode_image(look(rows)).float(), dim=-1)

    def read(rows: Tensor) -> Tensor:
        with precision():
            return F.normalize(network.encode_text(rows.to(device)).float(), dim=-1)

    image_parameters = [p for name, p in network.named_parameters() if name.startswith("visual.")]
    others = ("visual.", "logit_")
    text_parameters = [p for name, p in network.named_parameters() if not name.startswith(others)]
    if lock == "towers":
        image = _projected(image_cut(network), pixels, look, precision)
        text = _projected(text_cut(network), tokens, lambda rows: rows.to(device), precision)
    else:
        image = _locked(see, pixels) if lock == "image" else Side(pixels, see, image_parameters)
        text = _locked(read, tokens) if lock == "text" else Side(tokens, read, text_parameters)
    for parameter in (*image.parameters, *text.parameters, network.logit_scale):
        parameter.requires_grad_(True)
    return image, text


@torch.no_grad()
def _ahead(compute: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    return torch.cat([compute(part).float() for part in inputs.split(AT_ONCE)])


def _projected(cut: Cut, inputs: Tensor, prepare: Callable[[Tensor], Tensor], precision: Precision) -> Side:
    def ahead(rows: Tensor) -> Tensor:
        with precision():
            return cut.features(prepare(rows))

    features = _ahead(ahead, inputs)
    return Side(features, lambda rows: F.normalize(cut.project(rows).float(), dim=-1), cut.parameters())


def _locked(encode: Callable[[Tensor], Tensor], inputs: Tensor) -> Side:
    return Side(_ahead(encode, inputs), lambda rows: rows, [])
