"""Trains the pack's transformer: `python -m weights.pack.transformer`, after `python -m weights.pack.codes`.

It may be stopped at any time and goes on where it was, and there is a usable model long before the last step.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gallery.clip.model import PACK, ClipConfig, ClipModel, load_clip
from generator.engine.transformer.config import TransformerConfig
from generator.engine.transformer.training import Captioned, Phase, TransformerTraining
from weights.pack.captions import draw_caption
from weights.pack.codes import Codes
from weights.pack.dataset import Pair

# What small drawings of one thing have in common is learned first, at a quarter of the price.
SHAPE = TransformerConfig(codes=1024, text_width=384, grid=16, text_length=16, width=384, layers=6, heads=6)
CONFIG = TransformerTraining(
    model=SHAPE, phases=(Phase(steps=1200, side=8, batch=48), Phase(steps=1500, side=16, batch=16))
)
# Nouns of clip art are guesses from titles; emoji are drawn by several artists each.
SOURCE_WEIGHTS = {"openclipart": 0.3, "meteocons": 0.5, "flag": 0.5, "circle-flags": 0.5}


class CaptionedCodes:
    """Random pictures of the training split with a caption each; a batch depends on seed and step alone."""

    def __init__(self, codes: Codes, clip: ClipModel, *, seed: int) -> None:
        self.codes = codes
        self.clip = clip
        self.seed = seed
        weights = np.array([SOURCE_WEIGHTS.get(pair.source, 1.0) for pair in codes.pairs])
        self.shares = weights / weights.sum()

    def __call__(self, step: int, phase: Phase) -> Captioned:
        random = np.random.default_rng([self.seed, step])
        rows = random.choice(len(self.codes.pairs), size=phase.batch, p=self.shares)
        views = random.integers(len(self.codes.colours), size=phase.batch)
        captions = [
            caption(self.codes.pairs[row], self.codes.colours[v][row], bool(self.codes.recoloured[v, row]), random)
            for row, v in zip(rows, views, strict=True)
        ]
        states, mask = self.clip.text_states(captions)
        codes = self.codes.codes[phase.side][views, rows].astype(np.int64)
        return Captioned(states, mask, torch.from_numpy(codes))


def caption(pair: Pair, colour: str, recoloured: bool, random: np.random.Generator) -> str:
    return draw_caption(pair, colour, recoloured, random)
