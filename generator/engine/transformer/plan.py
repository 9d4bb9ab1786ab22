"""A transformer trained on somebody's own pictures: what a person chooses, and what is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gallery.training.folder import RunError
from generator.engine.training.pictures import middle
from generator.engine.transformer.config import TransformerConfig, TransformerError
from generator.engine.transformer.model import TokenTransformer
from generator.engine.transformer.sampling import SamplingSettings, pictures, sample
from generator.engine.transformer.training import Captioned, Phase, TransformerTraining
from generator.engine.vqgan import Vqgan

SMALL_SHARE = 0.6  # of the steps, on pictures of half the size: a quarter of the places
SMALL_BATCH = 3  # times as many of them a step
BATCH = 16  # pictures encoded at once
SHOWN = SamplingSettings(top_p=0.9)  # in the samples of a run


class Reader(Protocol):
    """The text side of a CLIP model; see gallery.clip.model.ClipModel."""

    def text_states(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True, kw_only=True)
class TransformerPlan:
    """vqgan: the registry's name of the one whose codes it draws with. size: pixels a side of a picture."""

    vqgan: str
    steps: int = 2000
    size: int = 128
    batch: int = 16
    learning_rate: float = 2e-3
    width: int = 384
    layers: int = 6
    heads: int = 6
    text_length: int = 16
    seed: int = 0

    def sides(self, factor: int) -> tuple[int, ...]:
        """Codes a side of each grid, coarse to fine, for a VQGAN that makes one of factor × factor pixels."""
        if self.size < factor or self.size % factor:
            raise RunError(f"With this VQGAN the size has to be a multiple of {factor}.")
        side = self.size // factor
        return (side // 2, side) if side % 2 == 0 and self.steps > 1 else (side,)

    def training(self, vqgan: Vqgan, text_width: int, *, bfloat16: bool) -> TransformerTraining:
        """Raises RunError for what cannot be trained."""
        sides = self.sides(vqgan.factor)
        *small, large = sides
        early = max(1, round(SMALL_SHARE * self.steps)) if small else 0
        phases = [Phase(steps=early, side=side, batch=SMALL_BATCH * self.batch) for side in small]
        try:
            return TransformerTraining(
                model=TransformerConfig(
                    codes=len(vqgan.codebook),
                    text_width=text_width,
                    sides=sides,
                    text_length=self.text_length,
                    width=self.width,
                    layers=self.layers,
                    heads=self.heads,
                ),
                phases=(*phases, Phase(steps=self.steps - early, side=large, batch=self.batch)),
                seed=self.seed,
                learning_rate=self.learning_rate,
                warmup_steps=min(50, self.steps // 10),
                bfloat16=bfloat16,
            )
        except TransformerError as error:
            raise RunError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error


@torch.no_grad()
def codes_of(vqgan: Vqgan, squares: Sequence[Tensor], size: int) -> Tensor:
    """Pictures (3, h, w) uint8 → their middles as codes, (N, size / f, size / f) int64."""
    codes = []
    for start in range(0, len(squares), BATCH):
        pixels = torch.stack([middle(square, size) for square in squares[start : start + BATCH]])
        codes.append(vqgan.quantize.nearest(vqgan.encode(pixels)))
    return torch.cat(codes)


class CaptionedPictures:
    """Random pictures with what is said of each; a batch depends on the seed and the step alone."""

    def __init__(
        self, codes: Mapping[int, Tensor], captions: Sequence[str], reader: Reader, *, length: int, seed: int
    ) -> None:
        """codes[side]: (N, side, side) int64; captions: N. length: states of a text that are kept."""
        self.codes, self.captions, self.seed = codes, captions, seed
        row_of = {text: row for row, text in enumerate(dict.fromkeys(captions))}
        self._rows = torch.tensor([row_of[text] for text in captions])
        self._states, self._mask = read(reader, list(row_of), length)

    def __len__(self) -> int:
        return len(self.captions)

    def __call__(self, step: int, phase: Phase) -> Captioned:
        """The batch of a step."""
        chosen = np.random.default_rng([self.seed, step]).integers(len(self), size=phase.batch)
        return self._some(chosen.tolist(), phase.side)

    def at(self, side: int) -> Captioned:
        """All of them once, at a size."""
        return self._some(list(range(len(self))), side)

    def _some(self, chosen: list[int], side: int) -> Captioned:
        rows = self._rows[chosen]
        codes = [grid[chosen].flatten(1) for each, grid in sorted(self.codes.items()) if each <= side]
        return Captioned(self._states[rows].float(), self._mask[rows], torch.cat(codes, dim=1))


def captioned(
    plan: TransformerPlan, vqgan: Vqgan, reader: Reader, squares: Sequence[Tensor], captions: Sequence[str]
) -> CaptionedPictures:
    """squares: pictures (3, h, w) uint8, of which the middle is learned; captions: what is said of each."""
    codes = {side: codes_of(vqgan, squares, side * vqgan.factor) for side in plan.sides(vqgan.factor)}
    return CaptionedPictures(codes, captions, reader, length=plan.text_length, seed=plan.seed)


def read(reader: Reader, texts: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
    """The first `length` states of each text: (N, length, W) float16 and (N, length) bool."""
    states, masks = [], []
    for start in range(0, len(texts), 64):
        some, mask = (each[:, :length] for each in reader.text_states(texts[start : start + 64]))
        missing = length - some.shape[1]
        states.append(F.pad(some, (0, 0, 0, missing)).half())
        masks.append(F.pad(mask, (0, missing), value=False))
    return torch.cat(states), torch.cat(masks)


def draw(
    model: TokenTransformer,
    vqgan: Vqgan,
    reader: Reader,
    prompts: Sequence[str],
    settings: SamplingSettings,
) -> Tensor:
    """One picture for each prompt, (N, 3, S, S) in [0, 1]."""
    states, mask = reader.text_states(prompts)
    *_, codes = sample(model, states, mask, settings)
    return pictures(vqgan, codes)


class Judge(Protocol):
    """Both sides of a CLIP model; see gallery.clip.model.ClipModel."""

    @property
    def image_size(self) -> int: ...

    def encode_text(self, texts: Sequence[str]) -> Tensor: ...

    def encode_pixels(self, pixels: Tensor) -> Tensor: ...


@torch.no_grad()
def best_first(judge: Judge, prompt: str, drawn: Tensor) -> Tensor:
    """drawn (N, 3, S, S) in [0, 1] by their cosine with the prompt: Ramesh et al. 2021, section 2.6."""
    size = (judge.image_size, judge.image_size)
    seen = F.interpolate(drawn, size=size, mode="bicubic", antialias=True).clamp(0, 1)
    fit = judge.encode_pixels(seen) @ judge.encode_text([prompt])[0]
    return drawn[fit.argsort(descending=True, stable=True)]
